/*
 * The checker's talks with servers that the test plays: tcp with words, udp, dns,
 * and agents.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <netinet/in.h>
#include <poll.h>
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

/* One probe with one round. */
static struct talk_conf *talk(
    struct bench *b, enum check_method method, const char *address, uint16_t port)
{
	struct check_conf *check = bench_add(b, method, address, port);

	check->interval_ms = 10000;
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
	if (first[0] != '\0')
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
	r = tcp_talk("220 mx ESMTP\r\n", "QUIT\r\n", "221 bye\r\n", false, "221 bye");
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
	assert_true(r.duration_us >= 200000);
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

/* --- udp and dns --- */

/* A UDP socket bound to any port of ADDRESS. */
static int udp_server(const char *address, uint16_t *port)
{
	struct sockaddr_storage ss;
	socklen_t len;
	struct addr a;
	int fd;

	assert_true(addr_parse(&a, address, strlen(address)));
	len = addr_sockaddr(&a, 0, &ss);
	fd = socket(a.family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&ss, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&ss, &len), 0);
	*port = ntohs(a.family == AF_INET ? ((struct sockaddr_in *)&ss)->sin_port
					  : ((struct sockaddr_in6 *)&ss)->sin6_port);
	return fd;
}

struct datagram {
	uint8_t bytes[512];
	size_t len;
	struct sockaddr_storage from;
	socklen_t from_len;
};

static struct datagram take(int fd)
{
	struct datagram d = { .from_len = sizeof d.from };
	ssize_t n;

	bench_readable(fd);
	n = recvfrom(
	    fd, d.bytes, sizeof d.bytes, 0, (struct sockaddr *)&d.from, &d.from_len);
	assert_true(n >= 0);
	d.len = (size_t)n;
	return d;
}

static void reply(int fd, const struct datagram *to, const void *bytes, size_t len)
{
	assert_int_equal(
	    sendto(fd, bytes, len, 0, (const struct sockaddr *)&to->from, to->from_len),
	    len);
}

static void udp_expect(void **state)
{
	static const char *const addresses[] = { "127.0.0.1", "::1" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct bench b = { 0 };
		struct probe_report r;
		uint16_t port;
		int fd = udp_server(addresses[i], &port);
		struct talk_conf *t = talk(&b, CHECK_UDP, addresses[i], port);
		struct datagram d;

		t->send = (struct payload){ "a\0b", 3 };
		t->expect = words("pong");
		bench_start(&b);
		d = take(fd);
		assert_int_equal(d.len, 3);
		assert_memory_equal(d.bytes, "a\0b", 3);
		reply(fd, &d, "a pong", 6);
		r = bench_first(&b, 0);
		assert_int_equal(r.reason, REASON_OK);
		assert_string_equal(r.text, "a pong");
		assert_int_equal(bench_stop(&b), 0);
		close(fd);
	}
}

static void udp_no_match(void **state)
{
	struct bench b = { 0 };
	struct probe_report r;
	struct datagram d;
	uint16_t port;
	int fd = udp_server("127.0.0.1", &port);

	(void)state;
	talk(&b, CHECK_UDP, "127.0.0.1", port)->expect = words("pong");
	bench_start(&b);
	d = take(fd);
	assert_int_equal(d.len, 0);
	reply(fd, &d, "pang", 4);
	r = bench_first(&b, 0);
	assert_int_equal(r.reason, REASON_NO_MATCH);
	assert_int_equal(r.health, HEALTH_DOWN);
	assert_int_equal(bench_stop(&b), 0);
	close(fd);
}

/* Silence is good when nothing is expected, and bad when something is; an ICMP
 * error is bad in both cases. */
static void udp_silence(void **state)
{
	(void)state;
	for (int expects = 0; expects <= 1; expects++) {
		struct bench b = { 0 };
		struct probe_report r;
		uint16_t port;
		int fd = udp_server("127.0.0.1", &port);
		struct talk_conf *t = talk(&b, CHECK_UDP, "127.0.0.1", port);

		t->expect = words(expects ? "x" : "");
		b.checks[0].timeout_ms = 200;
		r = bench_once(&b);
		assert_int_equal(r.reason, expects ? REASON_TIMEOUT : REASON_OK);
		assert_true(r.duration_us >= 200000);
		close(fd);
		r = bench_once(&b);
		assert_int_equal(r.reason, REASON_REFUSED);
		assert_int_equal(r.health, HEALTH_DOWN);
	}
}

/* Whoever else answers is not heard. */
static void udp_wrong_host(void **state)
{
	struct bench b = { 0 };
	struct datagram d;
	uint16_t port, other_port;
	int fd = udp_server("127.0.0.1", &port);
	int other = udp_server("127.0.0.2", &other_port);

	(void)state;
	talk(&b, CHECK_UDP, "127.0.0.1", port)->expect = words("pong");
	b.checks[0].timeout_ms = 300;
	bench_start(&b);
	d = take(fd);
	reply(other, &d, "pong", 4);
	assert_int_equal(bench_first(&b, 0).reason, REASON_TIMEOUT);
	assert_int_equal(bench_stop(&b), 0);
	close(fd);
	close(other);
}

/* Datagrams that are no answers cost no more than 64 KiB of them. */
static void dns_flood(void **state)
{
	static const struct dns_conf dns = { .name = ".", .type = 6 };
	struct bench b = { 0 };
	struct pollfd p;
	struct datagram d;
	uint16_t port;
	int fd = udp_server("127.0.0.1", &port);

	(void)state;
	bench_add(&b, CHECK_DNS, "127.0.0.1", port)->dns = &dns;
	b.checks[0].interval_ms = 10000;
	b.checks[0].timeout_ms = 9000;
	bench_start(&b);
	d = take(fd);
	do {
		/* Until it hangs up, when there may be an ICMP error, too. */
		sendto(fd, "", 0, 0, (struct sockaddr *)&d.from, d.from_len);
		p = (struct pollfd){ .fd = b.fd, .events = POLLIN };
	} while (poll(&p, 1, 0) == 0);
	assert_int_equal(bench_first(&b, 0).reason, REASON_MALFORMED);
	assert_int_equal(bench_stop(&b), 0);
	close(fd);
}

/* The query is what RFC 1035 wants, and only its own answer counts: not one with
 * another id, nor a query, nor one to another question. */
static void dns_check(void **state)
{
	static const uint8_t question[] = "\1\0\0\1\0\0\0\0\0\0\2ex\3org\0\0\34\0\1";
	static const struct dns_conf dns = { .name = "ex.org", .type = 28, .rcode = 3 };
	static const struct {
		uint8_t flags;
		enum reason reason;
		const char *text;
	} rows[] = { { 3, REASON_OK, "NXDOMAIN" }, { 0, REASON_BAD_STATUS, "NOERROR" },
		{ 5, REASON_BAD_STATUS, "REFUSED" } };
	uint16_t ids[3];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct bench b = { 0 };
		struct probe_report r;
		struct datagram d, bad;
		uint16_t port;
		int fd = udp_server("127.0.0.1", &port);

		bench_add(&b, CHECK_DNS, "127.0.0.1", port)->dns = &dns;
		b.checks[0].interval_ms = 10000;
		bench_start(&b);
		d = take(fd);
		assert_int_equal(d.len, 2 + sizeof question - 1);
		assert_memory_equal(d.bytes + 2, question, sizeof question - 1);
		memcpy(&ids[i], d.bytes, 2);
		reply(fd, &d, d.bytes, d.len); /* a query */
		d.bytes[2] |= 0x80;
		bad = d;
		bad.bytes[1]++;
		reply(fd, &bad, bad.bytes, bad.len);
		bad = d;
		bad.bytes[d.len - 3]++;
		reply(fd, &bad, bad.bytes, bad.len);
		reply(fd, &d, d.bytes, d.len - 1);
		d.bytes[3] |= rows[i].flags;
		d.bytes[13] = 'E';
		reply(fd, &d, d.bytes, d.len);
		r = bench_first(&b, 0);
		assert_int_equal(r.reason, rows[i].reason);
		assert_int_equal(r.code, rows[i].flags);
		assert_string_equal(r.text, rows[i].text);
		assert_int_equal(bench_stop(&b), 0);
		close(fd);
	}
	assert_false(ids[0] == ids[1] && ids[1] == ids[2]);
}

/* --- agents --- */

static void agent_speaks(void **state)
{
	struct bench b = { 0 };
	struct probe_report r;
	uint16_t port = 0;
	int l = bench_listener("127.0.0.1", &port), fd;

	(void)state;
	bench_add(&b, CHECK_AGENT, "127.0.0.1", port);
	bench_start(&b);
	fd = bench_accept(l);
	says(fd, "ready up 50%\n");
	r = bench_report(&b);
	close(fd);
	assert_int_equal(r.reason, REASON_OK);
	assert_string_equal(r.text, "ready up 50%");
	assert_int_equal(r.agent.admin, AGENT_READY);
	assert_int_equal(r.agent.service, AGENT_UP);
	assert_int_equal(r.agent.weighed, 1);
	assert_int_equal(r.agent.percent, 50);
	/* Another word goes up at once, and the others stay. The end of the
	 * connection ends the line. */
	fd = bench_accept(l);
	says(fd, "drain");
	shutdown(fd, SHUT_WR);
	do
		r = bench_report(&b);
	while (r.agent.admin == AGENT_READY);
	close(fd);
	assert_int_equal(r.agent.admin, AGENT_DRAIN);
	assert_int_equal(r.agent.percent, 50);
	/* No word or a wrong one takes nothing back. */
	fd = bench_accept(l);
	says(fd, "up maybe\n");
	r = bench_wait(&b, 0, REASON_MALFORMED);
	close(fd);
	assert_int_equal(r.agent.admin, AGENT_DRAIN);
	fd = bench_accept(l);
	close(l);
	close(fd);
	r = bench_wait(&b, 0, REASON_REFUSED);
	assert_int_equal(r.agent.admin, AGENT_DRAIN);
	assert_int_equal(r.agent.percent, 50);
	assert_int_equal(bench_stop(&b), 0);
}

/* A checker that starts anew goes on with what the agent said before. */
static void agent_is_carried(void **state)
{
	struct bench b = { 0 };
	struct probe_report r;
	uint16_t port = 0;
	int l = bench_listener("127.0.0.1", &port), fd;

	(void)state;
	bench_add(&b, CHECK_AGENT, "127.0.0.1", port);
	b.probes[0].agent = (struct agent_verdict){ .admin = AGENT_MAINT };
	bench_start(&b);
	fd = bench_accept(l);
	says(fd, "7%\r\n");
	r = bench_report(&b);
	assert_int_equal(r.agent.admin, AGENT_MAINT);
	assert_int_equal(r.agent.percent, 7);
	assert_int_equal(bench_stop(&b), 0);
	close(fd);
	close(l);
}

static void agent_without_end(void **state)
{
	struct bench b = { 0 };
	char flood[8192];
	uint16_t port = 0;
	int l = bench_listener("127.0.0.1", &port), fd;

	(void)state;
	bench_add(&b, CHECK_AGENT, "127.0.0.1", port)->interval_ms = 10000;
	memset(flood, ' ', sizeof flood);
	bench_start(&b);
	fd = bench_accept(l);
	send(fd, flood, sizeof flood, MSG_NOSIGNAL);
	assert_int_equal(bench_report(&b).reason, REASON_MALFORMED);
	assert_int_equal(bench_stop(&b), 0);
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
		cmocka_unit_test(udp_expect),
		cmocka_unit_test(udp_no_match),
		cmocka_unit_test(udp_silence),
		cmocka_unit_test(udp_wrong_host),
		cmocka_unit_test(dns_flood),
		cmocka_unit_test(dns_check),
		cmocka_unit_test(agent_speaks),
		cmocka_unit_test(agent_is_carried),
		cmocka_unit_test(agent_without_end),
	};

	signal(SIGPIPE, SIG_IGN);
	setproctitle_init(argc, argv, envp);
	return cmocka_run_group_tests_name("checker_talk", tests, NULL, NULL);
}
