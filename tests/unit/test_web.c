/*
 * lvsweb's pure parts: answers cut into directors, the states of servers, what a status
 * takes over from the one before, which directors a page has, values as HTML.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lvsweb/changes.h"
#include "lvsweb/cut.h"
#include "lvsweb/history.h"
#include "lvsweb/html.h"
#include "lvsweb/listen.h"
#include "lvsweb/status.h"
#include "lvsweb/view.h"

/* ---- cut ---- */

static bool take(void *data, const char *key, const char *text, size_t len)
{
	buf_printf(data, "%s=%.*s ", key, (int)len, text);
	return strstr(text, "\"stop\"") != text + 1;
}

/* What is cut out of TEXT, "|", and what is left. */
static void assert_cut(const char *text, const char *want)
{
	struct buf out = { 0 }, rest = { 0 };
	struct cut_taker taker = { .take = take, .data = &out };

	assert_true(cut(text, strlen(text), &taker, &rest));
	buf_printf(&out, "|%s", rest.data);
	assert_string_equal(out.data, want);
	buf_fini(&out);
	buf_fini(&rest);
}

static void test_cut(void **state)
{
	(void)state;
	assert_cut("", "|");
	assert_cut("{}", "|{}");
	assert_cut("{\"a\":1}", "|{\"a\":1}");
	assert_cut("{\"d\":[{\"x\":1},{\"y\":{\"z\":[{}]}}],\"b\":true}",
	    "d={\"x\":1} d={\"y\":{\"z\":[{}]}} |{\"d\":[],\"b\":true}");
	assert_cut("{\"d\":[{}],\"e\":[{}]}", "d={} e={} |{\"d\":[],\"e\":[]}");
}

static void test_cut_objects_stay(void **state)
{
	(void)state;
	assert_cut("{\"o\":{\"p\":{\"q\":1}}}", "|{\"o\":{\"p\":{\"q\":1}}}");
	assert_cut("{\"a\":[1,[{}],\"x\"]}", "|{\"a\":[1,[{}],\"x\"]}");
}

static void test_cut_strings(void **state)
{
	(void)state;
	assert_cut("{\"d\":[{\"x\":\"}]\\\"}\"}]}", "d={\"x\":\"}]\\\"}\"} |{\"d\":[]}");
	assert_cut("{\"d\":[{\"x\":\"\\\\\"}]}", "d={\"x\":\"\\\\\"} |{\"d\":[]}");
	assert_cut("{\"d\":[\"{\"]}", "|{\"d\":[\"{\"]}");
}

/* What is no JSON goes to the end in any case. */
static void test_cut_broken(void **state)
{
	static const char *const broken[] = { "}}}]]]", "{\"d\":[{\"x\":", "\"", "\"\\",
		"[[[{", "{\"d\":[{]]]}}}" };

	(void)state;
	for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
		struct buf out = { 0 }, rest = { 0 };
		struct cut_taker taker = { .take = take, .data = &out };

		assert_true(cut(broken[i], strlen(broken[i]), &taker, &rest));
		buf_fini(&out);
		buf_fini(&rest);
	}
}

static void test_cut_stops(void **state)
{
	static const char text[] = "{\"d\":[{\"stop\":1},{\"x\":1}]}";
	struct buf out = { 0 }, rest = { 0 };
	struct cut_taker taker = { .take = take, .data = &out };

	(void)state;
	assert_false(cut(text, strlen(text), &taker, &rest));
	assert_string_equal(out.data, "d={\"stop\":1} ");
	buf_fini(&out);
	buf_fini(&rest);
}

/* ---- a status ---- */

/* A status of directors as JSON. */
static struct status *status_of(const struct status *before, const char *directors)
{
	struct buf raw = { 0 };
	char error[80] = "";
	struct status *s;

	buf_printf(&raw, "{\"ok\":true,\"directors\":[%s],\"complete\":true}", directors);
	s = status_new(&raw, before, error, sizeof error);
	assert_string_equal(error, "");
	assert_non_null(s);
	return s;
}

static void test_standing(void **state)
{
	static const struct {
		const char *server;
		enum standing standing;
	} cases[] = {
		{ "\"health\":\"up\",\"operator\":\"ready\",\"table_weight\":1",
		    STANDING_UP },
		{ "\"health\":\"down\",\"operator\":\"ready\"", STANDING_DOWN },
		{ "\"health\":\"unknown\"", STANDING_UNKNOWN },
		{ "\"health\":\"unchecked\"", STANDING_UNCHECKED },
		{ "\"health\":\"up\",\"operator\":\"drain\",\"table_weight\":0",
		    STANDING_DRAIN },
		{ "\"health\":\"down\",\"operator\":\"drain\",\"table_weight\":null",
		    STANDING_DRAINED },
		{ "\"health\":\"down\",\"operator\":\"maint\"", STANDING_MAINT },
		{ "\"health\":\"up\",\"agent\":{\"admin\":\"maint\"}", STANDING_MAINT },
		{ "\"health\":\"up\",\"operator\":\"maint\",\"agent\":{\"admin\":"
		  "\"drain\"}",
		    STANDING_MAINT },
		{ "\"health\":\"up\",\"agent\":{\"service\":\"down\"}", STANDING_DOWN },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char text[256];
		struct status *s;

		snprintf(text, sizeof text, "{\"servers\":[{%s}]}", cases[i].server);
		s = status_of(NULL, text);
		assert_int_equal(s->directors[0].servers[0].standing, cases[i].standing);
		assert_int_equal(s->standings[cases[i].standing], 1);
		status_release(s);
	}
}

static void test_sums(void **state)
{
	struct status *s = status_of(NULL,
	    "{\"name\":\"a\",\"servers\":[{\"active\":2,\"inactive\":3,\"rate\":{\"conns_s\":"
	    "5}},"
	    "{\"active\":7,\"rate\":null}]},{\"name\":\"b\",\"servers\":[{\"active\":11}]}");

	(void)state;
	assert_int_equal(s->n_directors, 2);
	assert_int_equal(s->n_servers, 3);
	assert_int_equal(s->active, 20);
	assert_int_equal(s->directors[0].active, 9);
	assert_int_equal(s->inactive, 3);
	assert_int_equal(s->rates.conns_s, 5);
	assert_true(s->directors[0].has_rates);
	assert_false(s->directors[1].has_rates);
	status_release(s);
}

static void assert_refused(const char *text, const char *want)
{
	struct buf raw = { 0 };
	char error[80] = "";

	buf_str(&raw, text);
	assert_null(status_new(&raw, NULL, error, sizeof error));
	assert_string_equal(error, want);
	buf_fini(&raw);
}

static void test_refused(void **state)
{
	(void)state;
	assert_refused("x", "lvsd's answer cannot be read");
	assert_refused("{\"ok\":false,\"error\":\"no\"}", "no");
	assert_refused(
	    "{\"ok\":true,\"complete\":false}", "lvsd was reloaded while it answered");
	assert_refused("{\"ok\":true,\"directors\":[{1}]}",
	    "a director in lvsd's answer cannot be read");
}

/* ---- history ---- */

#define SERVER(name, rate) "{\"name\":\"" name "\",\"rate\":{\"conns_s\":" rate "}}"
#define DIRECTOR(name, servers) "{\"name\":\"" name "\",\"servers\":[" servers "]}"

static const uint32_t *history_of(const struct status *s, const char *name)
{
	for (size_t i = 0; i < s->n_directors; i++)
		for (size_t j = 0; j < s->directors[i].n_servers; j++)
			if (strcmp(s->directors[i].servers[j].name, name) == 0)
				return s->directors[i].servers[j].history;
	return NULL;
}

/* A status STEPS after BEFORE, which is given back; what it takes over is A's. */
static struct status *next_status(
    struct arena *a, struct status *before, unsigned steps, const char *directors)
{
	struct status *s = status_of(NULL, directors);

	s->taken_us = before->taken_us + steps * STATUS_STEP_S * 1000000ULL;
	history_go_on(s, before, a);
	status_release(before);
	return s;
}

static void test_history(void **state)
{
	struct status *s =
	    status_of(NULL, DIRECTOR("a", SERVER("x", "1") "," SERVER("y", "2")));
	struct arena *a = arena_new();

	(void)state;
	assert_int_equal(history_of(s, "x")[STATUS_POINTS - 1], 1);
	assert_int_equal(history_of(s, "x")[STATUS_POINTS - 2], STATUS_NO_POINT);
	assert_int_equal(s->history[STATUS_POINTS - 1], 3);
	/* Another server in the place of the first, another director before theirs. */
	s = next_status(a, s, 1,
	    DIRECTOR("b", "") "," DIRECTOR("a", SERVER("w", "9") "," SERVER("y", "4")));
	assert_null(history_of(s, "x"));
	assert_int_equal(history_of(s, "y")[STATUS_POINTS - 1], 4);
	assert_int_equal(history_of(s, "y")[STATUS_POINTS - 2], 2);
	assert_int_equal(history_of(s, "w")[STATUS_POINTS - 1], 9);
	assert_int_equal(history_of(s, "w")[STATUS_POINTS - 2], STATUS_NO_POINT);
	status_release(s);
	arena_free(a);
}

static void test_history_goes_on(void **state)
{
	struct status *s =
	    status_of(NULL, DIRECTOR("a", SERVER("x", "1") "," SERVER("y", "2")));
	struct arena *a = arena_new();
	const uint32_t *h;

	(void)state;
	s = next_status(a, s, 2, DIRECTOR("a", SERVER("y", "4")));
	h = history_of(s, "y");
	assert_int_equal(h[STATUS_POINTS - 1], 4);
	assert_int_equal(h[STATUS_POINTS - 2], STATUS_NO_POINT);
	assert_int_equal(h[STATUS_POINTS - 3], 2);
	/* No time for a point yet. */
	s = next_status(a, s, 0, DIRECTOR("a", SERVER("y", "5")));
	assert_int_equal(history_of(s, "y")[STATUS_POINTS - 1], 4);
	s = next_status(a, s, STATUS_POINTS + 5, DIRECTOR("a", SERVER("y", "6")));
	h = history_of(s, "y");
	assert_int_equal(h[STATUS_POINTS - 1], 6);
	for (size_t i = 0; i < STATUS_POINTS - 1; i++)
		assert_int_equal(h[i], STATUS_NO_POINT);
	status_release(s);
	arena_free(a);
}

/* Of two moments that lie DISTANCE_US apart: whether they are taken for one. */
static bool is_same_moment(int64_t distance_us)
{
	struct status *before = status_of(NULL, DIRECTOR("a", SERVER("x", "1")));
	struct status *s = status_of(NULL, DIRECTOR("a", SERVER("x", "1")));
	struct arena *a = arena_new();
	bool is_same;

	before->directors[0].servers[0].since_us = 1000000000;
	s->directors[0].servers[0].since_us = 1000000000 + (uint64_t)distance_us;
	history_go_on(s, before, a);
	is_same = s->directors[0].servers[0].since_us == 1000000000;
	status_release(before);
	status_release(s);
	arena_free(a);
	return is_same;
}

static void test_since(void **state)
{
	(void)state;
	assert_true(is_same_moment(0));
	assert_true(is_same_moment(900000));
	assert_true(is_same_moment(-900000));
	assert_false(is_same_moment(4000000));
	assert_false(is_same_moment(-4000000));
}

/* ---- changes ---- */

#define AT "\"time\":\"2026-11-21T08:53:44.336Z\","
#define EVENT(event, rest) "{\"event\":\"" event "\"," AT rest "}\n"

static void assert_change(const char *line, const char *who, const char *what)
{
	struct change changes[CHANGES_MAX];
	struct arena *a = arena_new();

	assert_int_equal(changes_read(a, line, strlen(line), changes), 1);
	assert_string_equal(changes[0].who, who);
	assert_string_equal(changes[0].what, what);
	assert_int_equal(changes[0].at, 1795251224);
	arena_free(a);
}

static void test_changes(void **state)
{
	(void)state;
	assert_change(
	    EVENT("server", "\"director\":\"web\",\"server\":\"rs2\",\"was\":\"up\","
			    "\"is\":\"down\",\"means\":\"timeout\""),
	    "web/rs2", "up \xe2\x86\x92 down: timeout");
	assert_change(
	    EVENT("server", "\"director\":\"web\",\"server\":\"rs2\",\"was\":\"down\","
			    "\"is\":\"up\",\"means\":\"ok\""),
	    "web/rs2", "down \xe2\x86\x92 up");
	assert_change(EVENT("director", "\"director\":\"web\",\"is\":\"nobody\""), "web",
	    "nobody serves");
	assert_change(EVENT("fault", "\"director\":\"web\",\"fault\":null"), "web",
	    "the kernel has it as it should be again");
	assert_change(
	    EVENT("operator", "\"director\":\"*\",\"server\":\"a\",\"says\":\"drain\""),
	    "*/a", "an operator says drain");
	assert_change(
	    EVENT("reload", "\"done\":false,\"error\":\"x\""), "reload", "refused");
	assert_change(EVENT("audit", "\"what\":\"it found 3\""), "audit", "it found 3");
}

static void test_changes_last(void **state)
{
	struct change changes[CHANGES_MAX];
	struct arena *a = arena_new();
	struct buf b = { 0 };

	(void)state;
	assert_int_equal(changes_read(a, "", 0, changes), 0);
	assert_int_equal(changes_read(a, "\n\nx\n{}\n", 7, changes), 0);
	for (int i = 0; i < 100; i++)
		buf_printf(&b, EVENT("audit", "\"what\":\"%d\""), i);
	buf_str(&b, "{\"event\":\"lost\",\"lost\":17}\n");
	assert_int_equal(changes_read(a, b.data, b.len, changes), CHANGES_MAX);
	assert_string_equal(changes[0].what, "99");
	assert_string_equal(changes[CHANGES_MAX - 1].what, "92");
	/* Without a newline behind the last. */
	assert_int_equal(changes_read(a, b.data, b.len - 1, changes), CHANGES_MAX);
	assert_string_equal(changes[0].what, "99");
	buf_fini(&b);
	arena_free(a);
}

/* ---- views ---- */

/* N directors with SERVERS servers each, all of them up. */
static struct status *many(size_t n, size_t servers)
{
	struct buf b = { 0 };
	struct status *s;

	for (size_t i = 0; i < n; i++) {
		buf_printf(&b, "%s{\"name\":\"d%zu\",\"state\":\"up\",\"servers\":[",
		    i > 0 ? "," : "", i);
		for (size_t j = 0; j < servers; j++)
			buf_printf(&b, "%s{\"name\":\"s%zu\",\"health\":\"up\"}",
			    j > 0 ? "," : "", j);
		buf_str(&b, "]}");
	}
	s = status_of(NULL, b.len > 0 ? b.data : "");
	buf_fini(&b);
	return s;
}

static void assert_pages(
    const struct status *s, const struct view *v, size_t pages, size_t n, size_t first)
{
	struct view_page p = view_page(v, s);

	assert_int_equal(p.pages, pages);
	assert_int_equal(p.n, n);
	if (n > 0)
		assert_int_equal(p.directors[0], first);
	free(p.directors);
}

static void test_pages(void **state)
{
	struct status *s = many(0, 0);

	(void)state;
	assert_pages(s, &(struct view){ .page = 1 }, 1, 0, 0);
	status_release(s);
	s = many(VIEW_DIRECTORS, 1);
	assert_pages(s, &(struct view){ .page = 1 }, 1, VIEW_DIRECTORS, 0);
	status_release(s);
	s = many(VIEW_DIRECTORS + 1, 0);
	assert_pages(s, &(struct view){ .page = 1 }, 2, VIEW_DIRECTORS, 0);
	assert_pages(s, &(struct view){ .page = 2 }, 2, 1, VIEW_DIRECTORS);
	assert_pages(s, &(struct view){ .page = 9 }, 2, 1, VIEW_DIRECTORS);
	status_release(s);
	s = many(4, VIEW_SERVERS / 2);
	assert_pages(s, &(struct view){ .page = 2 }, 2, 2, 2);
	status_release(s);
	s = many(3, VIEW_SERVERS * 2);
	assert_pages(s, &(struct view){ .page = 3 }, 3, 1, 2);
	assert_pages(s, &(struct view){ .page = 1, .text = "D1" }, 1, 1, 1);
	assert_pages(s, &(struct view){ .page = 1, .text = "s9" }, 1, 3, 0);
	assert_pages(s, &(struct view){ .page = 1, .text = "t" }, 1, 0, 0);
	assert_pages(s, &(struct view){ .page = 1, .state = "down" }, 1, 0, 0);
	status_release(s);
}

static void assert_shown(const char *director, const char *state, bool first, bool second)
{
	struct status *s = status_of(NULL, director);
	struct view v = { .page = 1 };
	const struct web_director *d = &s->directors[0];

	snprintf(v.state, sizeof v.state, "%s", state);
	assert_int_equal(view_has_server(&v, d, &d->servers[0]), first);
	assert_int_equal(view_has_server(&v, d, &d->servers[1]), second);
	status_release(s);
}

static void test_states(void **state)
{
	static const char mixed[] =
	    "{\"state\":\"up\",\"servers\":[{\"health\":\"down\"},"
	    "{\"health\":\"up\",\"operator\":\"drain\"}]}";
	static const char sorry[] =
	    "{\"state\":\"sorry\",\"servers\":[{\"health\":\"down\"},"
	    "{\"health\":\"unchecked\"}]}";

	(void)state;
	assert_shown(mixed, "", true, true);
	assert_shown(mixed, "down", true, false);
	assert_shown(mixed, "drain", false, true);
	assert_shown(mixed, "drained", false, true);
	assert_shown(mixed, "wrong", true, true);
	assert_shown(mixed, "nonsense", false, false);
	assert_shown(sorry, "sorry", true, true);
	assert_shown(sorry, "down", true, false);
	assert_shown(sorry, "wrong", true, true);
}

/* ---- values ---- */

static void assert_html(struct buf *b, const char *want)
{
	assert_string_equal(b->data, want);
	buf_fini(b);
}

static void test_html(void **state)
{
	struct buf b = { 0 };

	(void)state;
	html_text(&b, "a<b>&\"'\n\r");
	assert_html(&b, "a&lt;b&gt;&amp;&quot;&#39;&#10;&#13;");
	html_query(&b, "a b/c\xc3\xa9&=%");
	assert_html(&b, "a%20b%2Fc%C3%A9%26%3D%25");
}

static void test_html_numbers(void **state)
{
	static const struct {
		uint64_t n;
		const char *count, *bytes, *duration;
	} cases[] = {
		{ 0, "0", "0 B", "0 s" },
		{ 59, "59", "59 B", "59 s" },
		{ 60, "60", "60 B", "1 min 00 s" },
		{ 999, "999", "999 B", "16 min 39 s" },
		{ 3600, "3,600", "3.60 kB", "1 h 00 min" },
		{ 86399, "86,399", "86.4 kB", "23 h 59 min" },
		{ 86400, "86,400", "86.4 kB", "1 d 00 h" },
		{ 999999, "999,999", "1.00 MB", "11 d 13 h" },
		{ 1000000, "1.00 M", "1.00 MB", "11 d 13 h" },
		{ 123456789, "123 M", "123 MB", "1428 d" },
		{ UINT64_MAX, "18.4 E", "18.4 EB", "213503982334601 d" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buf b = { 0 };

		html_count(&b, cases[i].n);
		assert_html(&b, cases[i].count);
		html_bytes(&b, cases[i].n);
		assert_html(&b, cases[i].bytes);
		html_duration(&b, cases[i].n);
		assert_html(&b, cases[i].duration);
	}
}

static void test_html_spark(void **state)
{
	const uint32_t points[] = { UINT32_MAX, 0, 10, UINT32_MAX, 5 };
	struct buf b = { 0 };

	(void)state;
	html_spark(&b, points, 5, "x");
	assert_non_null(strstr(b.data, "aria-label=\"x, at most 10\""));
	assert_non_null(strstr(b.data, "d=\"M1 17.0L2 1.0M4 9.0\""));
	buf_fini(&b);
}

/* ---- where to listen ---- */

static void test_listen(void **state)
{
	static const char *const bad[] = { "", ":", "8404", "127.0.0.1",
		"127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:x",
		"localhost:80", "::1:80", "[::1]", "[::1]80", "[127.0.0.1]:80", "[::1:80",
		"]:80", "[]:80" };
	struct addr a;
	uint16_t port;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(listen_parse(bad[i], &a, &port));
	assert_true(listen_parse("10.0.0.5:65535", &a, &port));
	assert_int_equal(port, 65535);
	assert_false(listen_is_loopback(&a));
	assert_true(listen_parse("127.3.2.1:1", &a, &port));
	assert_true(listen_is_loopback(&a));
	assert_true(listen_parse("[::1]:8404", &a, &port));
	assert_true(listen_is_loopback(&a));
	assert_true(listen_parse("[2001:db8::1]:8404", &a, &port));
	assert_int_equal(port, 8404);
	assert_false(listen_is_loopback(&a));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_cut_objects_stay),
		cmocka_unit_test(test_cut_strings),
		cmocka_unit_test(test_cut_broken),
		cmocka_unit_test(test_cut_stops),
		cmocka_unit_test(test_standing),
		cmocka_unit_test(test_sums),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_history),
		cmocka_unit_test(test_history_goes_on),
		cmocka_unit_test(test_since),
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_changes_last),
		cmocka_unit_test(test_pages),
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_html),
		cmocka_unit_test(test_html_numbers),
		cmocka_unit_test(test_html_spark),
		cmocka_unit_test(test_listen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
