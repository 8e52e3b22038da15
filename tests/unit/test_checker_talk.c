/*
 * The checker's talks with servers that the test plays: tcp with words.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/mono.h"
#include "tests/unit/checker_bench.h"

static struct payload words(const char *text)
{
	return (struct payload){ text, strlen(text) };
}

/* One probe with a deadline that a busy machine cannot miss. */
static struct talk_conf *talk(
    struct bench *b, enum check_method method, const char *address, uint16_t port)
{
	struct check_conf *check = bench_add(b, method, address, port);

	check->interval_ms = 10000;
	check->timeout_ms = 5000;
	return bench_talk(b);
}

/* What the checker sent: LEN bytes. */
static void heard(int fd, const char *want, size_t len)
{
	char text[256];

	assert_true(len <= sizeof text);
	for (size_t have = 0; have < len;) {
		ssize_t n;

		bench_readable(fd);
		n = recv(fd, text + have, len - have, 0);
		assert_true(n > 0);
		have += (size_t)n;
	}
	assert_memory_equal(text, want, len);
}

static void says(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* --- tcp with send and expect --- */

/* The server says FIRST, then hears ASKS, then says THEN in two pieces, and
 * ends if END; what comes of it when EXPECT is expected. */
static struct probe_report tcp_talk(
    const char *first, const char *asks, const char *then, bool end, const char *expect)
{
	struct bench b = { 0 };
	uint16_t port = 0;
	int l = bench_listener("127.0.0.1", &port), fd;
	struct talk_conf *t = talk(&b, CHECK_TCP, "127.0.0.1", port);
	struct probe_report r;
	size_t half = strlen(then) / 2;

	if (asks != NULL)
		t->send = words(asks);
	if (expect != NULL)
		t->expect = words(expect);
	bench_start(&b);
	fd = bench_accept(l);
	says(fd, first);
	if (asks != NULL)
		heard(fd, asks, strlen(asks));
	/* Two events or one: both must do. The checker may hang up before. */
	send(fd, then, half, MSG_NOSIGNAL);
	send(fd, then + half, strlen(then) - half, MSG_NOSIGNAL);
	if (end)
		shutdown(fd, SHUT_WR);
	r = bench_first(&b, 0);
	assert_int_equal(bench_stop(&b), 0);
	close(fd);
	close(l);
	return r;
}

static void tcp_expect(void **state)
{
	struct probe_report r;

	(void)state;
	r = tcp_talk("220 mx ESMTP\r\n", "QUIT\r\n", "221 bye\r\n", false, "221 ");
	assert_int_equal(r.reason, REASON_OK);
	assert_string_equal(r.text, "221 bye");
	/* what the server says by itself */
	assert_int_equal(
	    tcp_talk("SSH-2.0-x\r\n", NULL, "", false, "SSH-2.0-").reason, REASON_OK);
	/* nothing is expected: it is over when all is sent */
	assert_int_equal(tcp_talk("", "bye\r\n", "", false, NULL).reason, REASON_OK);
}

static void tcp_no_match(void **state)
{
	struct probe_report r;

	(void)state;
	r = tcp_talk("", "PING\r\n", "-LOADING \x01\r\n", true, "+PONG");
	assert_int_equal(r.reason, REASON_NO_MATCH);
	assert_int_equal(r.health, HEALTH_DOWN);
	assert_string_equal(r.text, "-LOADING \\x01");
	assert_int_equal(
	    tcp_talk("", "PING\r\n", "", true, "+PONG").reason, REASON_CLOSED);
}

/* A server that speaks and speaks costs 64 KiB. */
static void tcp_endless(void **state)
{
	static const char flood[4096];
	struct bench b = { 0 };
	uint16_t port = 0;
	int l = bench_listener("127.0.0.1", &port), fd;
	size_t sent = 0;

	(void)state;
	talk(&b, CHECK_TCP, "127.0.0.1", port)->expect = words("never");
	bench_start(&b);
	fd = bench_accept(l);
	while (send(fd, flood, sizeof flood, MSG_NOSIGNAL) > 0)
		sent += sizeof flood;
	assert_int_equal(bench_first(&b, 0).reason, REASON_NO_MATCH);
	assert_true(sent >= 64 * 1024);
	assert_int_equal(bench_stop(&b), 0);
	close(fd);
	close(l);
}

/* One that says nothing costs the deadline. */
static void tcp_mute(void **state)
{
	struct bench b = { 0 };
	uint16_t port = 0;
	int l = bench_listener("127.0.0.1", &port);
	struct probe_report r;

	(void)state;
	talk(&b, CHECK_TCP, "127.0.0.1", port)->expect = words("x");
	b.checks[0].timeout_ms = 200;
	r = bench_once(&b);
	assert_int_equal(r.reason, REASON_TIMEOUT);
	assert_in_range(r.duration_us, 200000, 900000);
	close(l);
}

/* More than the kernel takes at once is sent as the server reads it. */
static void tcp_long_send(void **state)
{
	struct bench b = { 0 };
	uint16_t port = 0;
	int l = bench_listener("127.0.0.1", &port), fd, small = 4096;
	size_t len = 4 << 20, got = 0;
	char *much = calloc(1, len), in[65536];
	struct talk_conf *t = talk(&b, CHECK_TCP, "127.0.0.1", port);
	ssize_t n;

	(void)state;
	setsockopt(l, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
	t->send = (struct payload){ much, len };
	t->expect = words("done");
	bench_start(&b);
	fd = bench_accept(l);
	for (; got < len; got += (size_t)n) {
		bench_readable(fd);
		n = recv(fd, in, sizeof in, 0);
		assert_true(n > 0);
	}
	says(fd, "done");
	assert_int_equal(bench_first(&b, 0).reason, REASON_OK);
	assert_int_equal(bench_stop(&b), 0);
	free(much);
	close(fd);
	close(l);
}

int main(int argc, char **argv, char **envp)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tcp_expect),
		cmocka_unit_test(tcp_no_match),
		cmocka_unit_test(tcp_endless),
		cmocka_unit_test(tcp_mute),
		cmocka_unit_test(tcp_long_send),
	};

	signal(SIGPIPE, SIG_IGN);
	setproctitle_init(argc, argv, envp);
	return cmocka_run_group_tests_name("checker_talk", tests, NULL, NULL);
}
