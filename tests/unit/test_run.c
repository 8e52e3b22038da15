/*
 * run, report and icmp inside one process: phases, texts, a report socket that
 * is full, and packets that are answers or only look like one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check/conn.h"
#include "check/due.h"
#include "check/icmp.h"
#include "check/run.h"
#include "lib/mono.h"

/* A checker without a process: two icmp probes that are due in an hour. */
struct fixture {
	struct checker c;
	struct check_conf check;
	struct probe probes[2];
	int daemon; /* the other end of the report socket */
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	int ends[2];

	f->check = (struct check_conf){ .method = CHECK_ICMP,
		.interval_ms = 3600 * 1000,
		.fastinter_ms = 3600 * 1000,
		.downinter_ms = 3600 * 1000,
		.timeout_ms = 10000,
		.rise = 1,
		.fall = 1 };
	for (size_t i = 0; i < 2; i++)
		f->probes[i] =
		    (struct probe){ .check = &f->check, .started_us = mono_us() };
	addr_parse(&f->probes[0].addr, "192.0.2.1", 9);
	addr_parse(&f->probes[1].addr, "2001:db8::1", 11);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, ends) < 0)
		return -1;
	f->daemon = ends[0];
	if (!loop_init(&f->c.loop))
		return -1;
	f->c.raw.echo_id = 0x4711;
	/* Nothing is sent, and nothing fails. */
	for (int k = 0; k < RAW_KINDS; k++)
		f->c.raw.sockets[k].fd = -1;
	report_init(&f->c.report, &f->c, ends[1], 7);
	run_init_all(&f->c, f->probes, 2);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	for (uint32_t i = 0; i < 2; i++)
		run_order(&f->c, &(struct probe_order){ i, PROBE_PAUSE });
	run_fini_all(&f->c);
	report_fini(&f->c.report);
	loop_fini(&f->c.loop);
	close(f->c.report.fd);
	close(f->daemon);
	free(f);
	return 0;
}

/* The report that is there now; false: none is. */
static bool reported(struct fixture *f, struct probe_report *r)
{
	ssize_t n;

	do
		n = recv(f->daemon, r, sizeof *r, MSG_DONTWAIT);
	while (n == sizeof(struct checker_figures));
	assert_true(n == -1 || n == sizeof *r);
	return n != -1;
}

/* As if the echo request had just left. */
static struct target *fly(struct fixture *f, uint32_t i)
{
	struct target *t = &f->c.targets.all[i];

	run_order(&f->c, &(struct probe_order){ i, PROBE_NOW });
	assert_true(t->in_flight);
	t->run->cookie = UINT64_C(0x0123456789abcdef);
	return t;
}

static void end(struct target *t, enum reason reason)
{
	run_ended(t->run, reason, 0);
}

/* --- phases and texts --- */

static void next_is_on_phase(void **state)
{
	struct check_conf check = { .method = CHECK_TCP };
	struct probe p = { .check = &check, .addr = { .family = AF_INET } };
	const char *given = getenv("SEED");
	unsigned seed =
	    given != NULL ? (unsigned)strtoul(given, NULL, 10) : (unsigned)mono_us();

	(void)state;
	printf("SEED=%u\n", seed);
	srandom(seed);
	for (int i = 0; i < 10000; i++) {
		uint64_t after_us = (uint64_t)random() * 1000 + (uint64_t)random() % 1000;
		uint64_t interval_us, next_us;

		interval_us = (1 + (uint64_t)random() % 100000) * 1000;
		for (size_t b = 0; b < 4; b++)
			p.addr.bytes[b] = (uint8_t)random();
		p.port = (uint16_t)random();
		next_us = due_next_us(&p, interval_us, after_us);
		assert_in_range(next_us, after_us + 1, after_us + interval_us);
		assert_int_equal(next_us % interval_us, due_phase_us(&p, interval_us));
		assert_int_equal(
		    due_next_us(&p, interval_us, next_us), next_us + interval_us);
		assert_int_equal(due_next_us(&p, interval_us, next_us - 1), next_us);
	}
}

/* Neighbours in one network fill the interval evenly: of ten parts each gets its
 * share of 10,000, five standard deviations off at most. */
static void phases_are_spread(void **state)
{
	struct check_conf check = { .method = CHECK_TCP };
	struct probe p = { .check = &check, .addr = { AF_INET, { 10 } }, .port = 80 };
	unsigned parts[10] = { 0 };

	(void)state;
	for (int i = 0; i < 10000; i++) {
		p.addr.bytes[2] = (uint8_t)(i / 250);
		p.addr.bytes[3] = (uint8_t)(i % 250 + 1);
		parts[due_phase_us(&p, 10000000) / 1000000]++;
	}
	for (int i = 0; i < 10; i++)
		assert_in_range(parts[i], 850, 1150);
}

static void escape(char *text, const char *from, size_t len)
{
	char *made = NULL;

	target_set_text(&made, from, len);
	strcpy(text, made != NULL ? made : "");
	free(made);
}

static void texts_are_printable(void **state)
{
	char text[PROBE_TEXT_MAX], long_text[200];

	(void)state;
	escape(text, "a\x1b[\xff\n\0z", 7);
	assert_string_equal(text, "a\\x1b[\\xff\\x0a\\x00z");
	escape(text, "a \"b\" \\x", 8);
	assert_string_equal(text, "a \\x22b\\x22 \\x5cx");
	escape(text, "", 0);
	assert_string_equal(text, "");
	memset(long_text, 'x', sizeof long_text);
	escape(text, long_text, sizeof long_text);
	assert_int_equal(strlen(text), PROBE_TEXT_MAX - 1);
	memset(long_text, 1, sizeof long_text);
	escape(text, long_text, sizeof long_text);
	assert_int_equal(strlen(text), (PROBE_TEXT_MAX - 1) / 4 * 4);
	assert_string_equal(text + strlen(text) - 4, "\\x01");
}

/* What is there already stays, but not for what only looks like it when escaped. */
static void texts_are_compared(void **state)
{
	char *text = NULL, *before;

	(void)state;
	target_set_text(&text, "no\n", 3);
	assert_string_equal(text, "no\\x0a");
	before = text;
	target_set_text(&text, "no\n", 3);
	assert_ptr_equal(text, before);
	target_set_text(&text, "no\\x0a", 6);
	assert_string_equal(text, "no\\x5cx0a");
	target_set_text(&text, "yes", 3);
	before = text;
	target_set_text(&text, "yes", 3);
	assert_ptr_equal(text, before);
	target_set_text(&text, "ye", 2);
	assert_string_equal(text, "ye");
	target_set_text(&text, "yes!", 3);
	assert_string_equal(text, "yes");
	target_set_text(&text, NULL, 0);
	assert_null(text);
}

/* --- reports --- */

static void change_goes_at_once(void **state)
{
	struct fixture *f = *state;
	struct probe_report r;

	run_done(fly(f, 1)->run, REASON_BAD_STATUS, 503, "no\n", 3);
	assert_true(reported(f, &r));
	assert_int_equal(r.generation, 7);
	assert_int_equal(r.probe, 1);
	assert_int_equal(r.health, HEALTH_DOWN);
	assert_int_equal(r.reason, REASON_BAD_STATUS);
	assert_int_equal(r.code, 503);
	assert_string_equal(r.text, "no\\x0a");
	/* the same again is no change ... */
	run_done(fly(f, 1)->run, REASON_BAD_STATUS, 503, "no", 2);
	assert_false(reported(f, &r));
	/* ... another code is, and another reason, and local trouble. */
	run_done(fly(f, 1)->run, REASON_BAD_STATUS, 500, NULL, 0);
	assert_true(reported(f, &r));
	assert_string_equal(r.text, "");
	run_done(fly(f, 1)->run, REASON_TIMEOUT, 0, NULL, 0);
	assert_true(reported(f, &r));
	run_done(fly(f, 1)->run, REASON_MALFORMED, 0, NULL, 0);
	assert_true(reported(f, &r));
	run_done(fly(f, 1)->run, REASON_LOCAL_MEMORY, 12, NULL, 0);
	assert_true(reported(f, &r));
	assert_int_equal(r.health, HEALTH_DOWN);
	run_done(fly(f, 1)->run, REASON_OK, 0, NULL, 0);
	assert_true(reported(f, &r));
	assert_int_equal(r.health, HEALTH_UP);
}

/* A quiet result waits for the tick of about a second. */
static void unchanged_goes_later(void **state)
{
	struct fixture *f = *state;
	struct probe_report r;
	uint64_t before_us;

	end(fly(f, 0), REASON_OK);
	assert_true(reported(f, &r));
	before_us = mono_us();
	end(fly(f, 0), REASON_OK);
	end(fly(f, 0), REASON_OK);
	while (!reported(f, &r))
		run_turn(&f->c, true);
	assert_true(mono_us() - before_us >= 900000);
	assert_false(reported(f, &r));
}

static void fill(struct fixture *f)
{
	static const char junk[64];

	while (send(f->c.report.fd, junk, sizeof junk, MSG_DONTWAIT) > 0)
		;
}

static void drain(struct fixture *f)
{
	char junk[64];

	while (recv(f->daemon, junk, sizeof junk, MSG_DONTWAIT) == sizeof junk)
		;
}

/* While nobody reads, nothing piles up; then the newest of each is told, and
 * not only at the next tick. */
static void full_socket(void **state)
{
	struct fixture *f = *state;
	struct probe_report r = { 0 };
	int n = 0;

	fill(f);
	end(fly(f, 0), REASON_TIMEOUT);
	end(fly(f, 1), REASON_REFUSED);
	end(fly(f, 0), REASON_OK);
	end(fly(f, 0), REASON_UNREACHABLE);
	run_turn(&f->c, false);
	assert_true(f->c.report.full);
	assert_true(f->c.report.due_us == UINT64_MAX);
	drain(f);
	while (!reported(f, &r))
		run_turn(&f->c, true);
	do {
		assert_int_equal(
		    r.reason, r.probe == 0 ? REASON_UNREACHABLE : REASON_REFUSED);
		n++;
	} while (reported(f, &r));
	assert_int_equal(n, 2);
}

/* The same when it was the tick that found the socket full. */
static void full_socket_at_tick(void **state)
{
	struct fixture *f = *state;
	struct probe_report r = { 0 };

	end(fly(f, 0), REASON_OK);
	assert_true(reported(f, &r));
	fill(f);
	end(fly(f, 0), REASON_OK);
	assert_true(f->c.report.due_us != UINT64_MAX);
	while (f->c.report.due_us != UINT64_MAX)
		run_turn(&f->c, true);
	drain(f);
	while (!reported(f, &r))
		run_turn(&f->c, true);
	assert_int_equal(r.started_us, f->c.targets.all[0].started_us);
}

/* --- answers --- */

enum { ECHO_LEN = 20 };

static void make_echo(
    uint8_t *e, uint8_t type, uint16_t id, uint32_t run, uint64_t cookie)
{
	memset(e, 0, ECHO_LEN);
	e[0] = type;
	e[4] = (uint8_t)(id >> 8);
	e[5] = (uint8_t)id;
	e[6] = (uint8_t)(cookie >> 8);
	e[7] = (uint8_t)cookie;
	memcpy(e + 8, &run, 4);
	memcpy(e + 12, &cookie, 8);
}

static size_t make_v4(uint8_t *p, uint8_t type, uint8_t options)
{
	memset(p, 0, 60);
	p[0] = (uint8_t)(0x45 + options);
	make_echo(p + (p[0] & 15) * 4, type, 0x4711, 0, UINT64_C(0x0123456789abcdef));
	return (size_t)(p[0] & 15) * 4 + ECHO_LEN;
}

static void input4(struct fixture *f, const uint8_t *data, size_t len, const char *from)
{
	struct raw_packet p = { .len = len, .hop_limit = -1 };
	uint8_t *copy = malloc(len ? len : 1); /* its end is watched */

	memcpy(copy, data, len);
	p.data = copy;
	addr_parse(&p.from, from, strlen(from));
	if (p.from.family == AF_INET)
		icmp4_input(&f->c, &p);
	else
		icmp6_input(&f->c, &p);
	free(copy);
}

static void echo_reply(void **state)
{
	struct fixture *f = *state;
	uint8_t packet[128];
	size_t len = make_v4(packet, ICMP_ECHOREPLY, 0);
	struct target *t = fly(f, 0);

	input4(f, packet, len, "192.0.2.2");
	assert_true(t->in_flight); /* another host */
	for (size_t cut = 0; cut < len; cut++) {
		input4(f, packet, cut, "192.0.2.1");
		assert_true(t->in_flight);
	}
	/* every byte behind code and checksum counts */
	for (size_t at = 24; at < len; at++) {
		packet[at] ^= 1;
		input4(f, packet, len, "192.0.2.1");
		assert_true(t->in_flight);
		packet[at] ^= 1;
	}
	input4(f, packet, len, "192.0.2.1");
	assert_false(t->in_flight);
	assert_int_equal(t->reason, REASON_OK);
	/* again, when nothing is asked */
	input4(f, packet, len, "192.0.2.1");
	/* with IP options */
	len = make_v4(packet, ICMP_ECHOREPLY, 10);
	fly(f, 0);
	input4(f, packet, len, "192.0.2.1");
	assert_false(t->in_flight);
}

static void echo_reply_v6(void **state)
{
	struct fixture *f = *state;
	uint8_t packet[ECHO_LEN];
	struct target *t = fly(f, 1);

	make_echo(packet, ICMP6_ECHO_REPLY, 0x4711, 1, t->run->cookie);
	input4(f, packet, sizeof packet, "2001:db8::2");
	assert_true(t->in_flight);
	input4(f, packet, sizeof packet, "2001:db8::1");
	assert_false(t->in_flight);
	assert_int_equal(t->reason, REASON_OK);
}

/* --- turns --- */

static void count(struct watch *w, uint32_t events)
{
	assert_int_equal(events, EPOLLIN);
	++*(unsigned *)w->owner;
}

/* However many are ready, each is told of before times have their turn. */
static void all_that_is_ready(void **state)
{
	struct fixture *f = *state;
	enum { MANY = 700 };
	unsigned told = 0;
	struct watch w = { count, &told };
	int fds[MANY];

	for (int i = 0; i < MANY; i++) {
		fds[i] = eventfd(1, EFD_NONBLOCK);
		assert_true(fds[i] >= 0);
		assert_true(loop_add(&f->c.loop, fds[i], EPOLLIN | EPOLLET, &w));
	}
	run_turn(&f->c, false);
	assert_int_equal(told, MANY);
	run_turn(&f->c, false);
	assert_int_equal(told, MANY);
	for (int i = 0; i < MANY; i++)
		close(fds[i]);
}

/* --- events of sockets --- */

static void note_ready(struct conn *c)
{
	*(bool *)c->run->talk = true;
}

/* A socket that is used again may be told what its last connection left behind. */
static void stale_event(void **state)
{
	struct fixture *f = *state;
	struct sockets *s = &f->c.sockets;
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(0x7f000001) };
	socklen_t len = sizeof a;
	int l = socket(AF_INET, SOCK_STREAM, 0);
	struct target *t = fly(f, 0);
	struct run *r = t->run;
	bool ready = false;
	struct conn c;

	sockets_init(s, &f->c.loop);
	assert_int_equal(bind(l, (struct sockaddr *)&a, len), 0);
	assert_int_equal(listen(l, 1), 0);
	assert_int_equal(getsockname(l, (struct sockaddr *)&a, &len), 0);
	r->probe.addr = addr_of_sockaddr((struct sockaddr *)&a);
	r->probe.port = ntohs(a.sin_port);
	r->talk = &ready;
	conn_open(&c, r, SOCK_STREAM, note_ready);
	conn_event(&c, EPOLLERR | EPOLLHUP | EPOLLIN);
	assert_true(t->in_flight && !c.established && !ready);
	conn_event(&c, EPOLLIN);
	assert_true(t->in_flight && !c.established && !ready);
	conn_event(&c, EPOLLOUT);
	assert_true(ready);
	/* The socket is kept, and is the next one's. */
	conn_close(&c);
	assert_int_equal(s->n_idle, 1);
	conn_open(&c, r, SOCK_STREAM, note_ready);
	assert_int_equal(s->n_idle, 0);
	conn_close(&c);
	sockets_spare(s);
	assert_int_equal(s->n_idle, 0);
	free(SLIST_FIRST(&s->closed));
	close(l);
}

/* The deadline comes first, even if its timer did not run yet. */
static void late_answer(void **state)
{
	struct fixture *f = *state;
	uint8_t packet[128];
	size_t len = make_v4(packet, ICMP_ECHOREPLY, 0);
	struct target *t = fly(f, 0);

	t->node.at_us = t->started_us;
	input4(f, packet, len, "192.0.2.1");
	assert_false(t->in_flight);
	assert_int_equal(t->reason, REASON_TIMEOUT);
}

static void unreachable(void **state)
{
	struct fixture *f = *state;
	uint8_t packet[256] = { 0x45 };
	struct target *t = fly(f, 0);
	size_t len;

	packet[20] = ICMP_UNREACH;
	len = 28 + make_v4(packet + 28, ICMP_ECHO, 1);
	memcpy(packet + 28 + 16, "\300\0\2\1", 4);
	input4(f, packet, len - 1, "198.51.100.1");
	assert_true(t->in_flight);
	packet[28 + 19] = 2; /* about another server */
	input4(f, packet, len, "198.51.100.1");
	assert_true(t->in_flight);
	packet[28 + 19] = 1;
	input4(f, packet, len, "198.51.100.1");
	assert_int_equal(t->reason, REASON_UNREACHABLE);

	t = fly(f, 1);
	memset(packet, 0, sizeof packet);
	packet[0] = ICMP6_DST_UNREACH;
	packet[8 + 6] = IPPROTO_ICMPV6;
	memcpy(packet + 8 + 24, f->probes[1].addr.bytes, 16);
	make_echo(packet + 48, ICMP6_ECHO_REQUEST, 0x4711, 1, t->run->cookie);
	input4(f, packet, 48 + ECHO_LEN, "2001:db8::ffff");
	assert_false(t->in_flight);
	assert_int_equal(t->reason, REASON_UNREACHABLE);
}

/* Noise does nothing, wherever its length ends. */
static void noise(void **state)
{
	struct fixture *f = *state;
	uint8_t packet[256];
	struct target *t4 = fly(f, 0), *t6 = fly(f, 1);

	srandom(1);
	for (int i = 0; i < 200000; i++) {
		size_t len = (size_t)random() % 120;

		for (size_t b = 0; b < len; b++)
			packet[b] = (uint8_t)random();
		packet[0] = i % 2 ? 0x45 : packet[0];
		packet[20] = i % 4 ? ICMP_UNREACH : packet[20];
		input4(f, packet, len, "192.0.2.1");
		packet[0] = i % 3 ? ICMP6_DST_UNREACH : ND_NEIGHBOR_ADVERT;
		input4(f, packet, len, "2001:db8::1");
	}
	assert_true(t4->in_flight);
	assert_true(t6->in_flight);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(next_is_on_phase),
		cmocka_unit_test(phases_are_spread),
		cmocka_unit_test(texts_are_printable),
		cmocka_unit_test(texts_are_compared),
		cmocka_unit_test_setup_teardown(change_goes_at_once, setup, teardown),
		cmocka_unit_test_setup_teardown(unchanged_goes_later, setup, teardown),
		cmocka_unit_test_setup_teardown(full_socket, setup, teardown),
		cmocka_unit_test_setup_teardown(full_socket_at_tick, setup, teardown),
		cmocka_unit_test_setup_teardown(echo_reply, setup, teardown),
		cmocka_unit_test_setup_teardown(echo_reply_v6, setup, teardown),
		cmocka_unit_test_setup_teardown(all_that_is_ready, setup, teardown),
		cmocka_unit_test_setup_teardown(stale_event, setup, teardown),
		cmocka_unit_test_setup_teardown(late_answer, setup, teardown),
		cmocka_unit_test_setup_teardown(unreachable, setup, teardown),
		cmocka_unit_test_setup_teardown(noise, setup, teardown),
	};

	alarm(60); /* the deadline of every run_turn() above */
	return cmocka_run_group_tests_name("run", tests, NULL, NULL);
}
