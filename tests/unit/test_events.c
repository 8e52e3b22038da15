/* events: the ring, those who follow it, and those who are too slow for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lvsd/events.h"

static int told; /* how often somebody was told that there is more */

static void count_ready(void *writer)
{
	(void)writer;
	told++;
}

static int setup(void **l)
{
	struct lvsd *made = calloc(1, sizeof *made);

	made->events = events_new();
	*l = made;
	told = 0;
	return 0;
}

static int teardown(void **l)
{
	struct lvsd *made = *l;

	events_free(made->events);
	free(made);
	return 0;
}

static struct reply *follow(struct lvsd *l, bool on)
{
	struct reply *r = events_reply(l->events, on);

	r->ready = count_ready;
	return r;
}

/* All that R has now; the number of lines. *NEXT is how it goes on. */
static size_t take(struct reply *r, struct buf *b, enum reply_next *next)
{
	size_t n = 0;

	buf_fini(b);
	do
		*next = r->ops->more(r, b);
	while (*next == REPLY_MORE);
	for (size_t i = 0; i < b->len; i++)
		n += b->data[i] == '\n';
	return n;
}

static void add(struct lvsd *l, int n)
{
	for (int i = 0; i < n; i++)
		events_note(l, "daemon", "a \"quoted\" \x01 word");
}

static void a_line_is_an_object(void **state)
{
	struct reply *r = follow(*state, false);
	enum reply_next next;
	struct buf b = { 0 };
	json_t *o;

	assert_int_equal(take(r, &b, &next), 0);
	assert_int_equal(next, REPLY_END);
	r->ops->free(r);
	add(*state, 2);
	r = follow(*state, false);
	add(*state, 1); /* it was asked for before this one */
	assert_int_equal(take(r, &b, &next), 2);
	assert_int_equal(next, REPLY_END);
	*strchr(b.data, '\n') = '\0';
	o = json_loads(b.data, 0, NULL);
	assert_string_equal(json_string_value(json_object_get(o, "event")), "daemon");
	assert_int_equal(json_integer_value(json_object_get(o, "number")), 1);
	assert_string_equal(
	    json_string_value(json_object_get(o, "what")), "a \"quoted\" \x01 word");
	json_decref(o);
	r->ops->free(r);
	buf_fini(&b);
}

static void who_follows_is_told(void **state)
{
	struct reply *r = follow(*state, true);
	enum reply_next next;
	struct buf b = { 0 };

	assert_int_equal(take(r, &b, &next), 0);
	assert_int_equal(next, REPLY_LATER);
	add(*state, 3);
	assert_int_equal(told, 3);
	assert_int_equal(take(r, &b, &next), 3);
	assert_int_equal(next, REPLY_LATER);
	add(*state, 4096);
	assert_int_equal(take(r, &b, &next), 4096);
	assert_int_equal(next, REPLY_LATER);
	r->ops->free(r);
	add(*state, 1); /* nobody is told */
	assert_int_equal(told, 3 + 4096);
	buf_fini(&b);
}

static void who_is_too_slow_is_cut(void **state)
{
	struct reply *slow = follow(*state, true), *fast = follow(*state, true);
	enum reply_next next;
	struct buf b = { 0 };

	add(*state, 10);
	assert_int_equal(take(fast, &b, &next), 10);
	add(*state, 4096);
	assert_int_equal(take(slow, &b, &next), 1);
	assert_int_equal(next, REPLY_END);
	assert_string_equal(b.data, "{\"event\":\"lost\",\"lost\":10}\n");
	assert_int_equal(take(fast, &b, &next), 4096);
	assert_int_equal(next, REPLY_LATER);
	slow->ops->free(slow);
	fast->ops->free(fast);
	buf_fini(&b);
}

static void the_oldest_go(void **state)
{
	enum reply_next next;
	struct buf b = { 0 };
	struct reply *r;

	add(*state, 10000);
	r = follow(*state, false);
	assert_int_equal(take(r, &b, &next), 4096);
	assert_non_null(strstr(b.data, "\"number\":5905,"));
	assert_null(strstr(b.data, "\"number\":5904,"));
	assert_non_null(strstr(b.data, "\"number\":10000,"));
	r->ops->free(r);
	buf_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_line_is_an_object, setup, teardown),
		cmocka_unit_test_setup_teardown(who_follows_is_told, setup, teardown),
		cmocka_unit_test_setup_teardown(who_is_too_slow_is_cut, setup, teardown),
		cmocka_unit_test_setup_teardown(the_oldest_go, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
