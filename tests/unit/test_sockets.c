/*
 * Sockets: what the loop has learned of the use before is not told to the next one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "check/conn.h"
#include "check/sockets.h"

static unsigned told;

static void on_ready(struct conn *c)
{
	(void)c;
	told++;
}

static void test_batch_before_is_not_told(void **state)
{
	static const struct addr anywhere;
	struct conn first = { .on_ready = on_ready }, second = { .on_ready = on_ready };
	struct sockets sockets;
	struct socket *s;
	struct loop loop = { 0 };
	bool at_bind;

	(void)state;
	assert_true(loop_init(&loop));
	sockets_init(&sockets, &loop);
	s = sockets_take(&sockets, &first, AF_INET, SOCK_STREAM, &anywhere, &at_bind);
	assert_non_null(s);
	first.socket = second.socket = s;
	loop_wait(&loop, 0);
	s->watch.on_event(&s->watch, EPOLLOUT);
	assert_int_equal(told, 1);

	/* It changes hands; the rest of the batch is of the first one. */
	sockets_give(&sockets, s);
	assert_ptr_equal(
	    sockets_take(&sockets, &second, AF_INET, SOCK_STREAM, &anywhere, &at_bind),
	    s);
	s->watch.on_event(&s->watch, EPOLLOUT);
	assert_int_equal(told, 1);
	loop_wait(&loop, 0);
	s->watch.on_event(&s->watch, EPOLLOUT);
	assert_true(told > 1);
	sockets_give(&sockets, s);
	sockets_spare(&sockets);
	free(s); /* the checker keeps it for an event that may still name it */
	loop_fini(&loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_batch_before_is_not_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
