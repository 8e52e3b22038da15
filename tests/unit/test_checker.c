/*
 * The checker process from outside: real sockets on loopback, real reports.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check/due.h"
#include "lib/mono.h"
#include "tests/unit/checker_bench.h"

static void tcp_up(void **state)
{
	struct bench b = { 0 };
	struct probe_report r;
	uint16_t port = 0;
	int l = bench_listener("127.0.0.1", &port);

	(void)state;
	bench_add(&b, CHECK_TCP, "127.0.0.1", port);
	r = bench_once(&b);
	assert_int_equal(r.reason, REASON_OK);
	assert_int_equal(r.health, HEALTH_UP);
	assert_int_equal(r.score, 1);
	assert_int_not_equal(r.started_us, 0);
	assert_in_range(r.duration_us, 1, 5000000);
	close(l);
}

static void tcp_up_v6(void **state)
{
	struct bench b = { 0 };
	uint16_t port = 0;
	int l = bench_listener("::1", &port);

	(void)state;
	bench_add(&b, CHECK_TCP, "::1", port);
	assert_int_equal(bench_once(&b).reason, REASON_OK);
	close(l);
}

static void tcp_refused(void **state)
{
	struct bench b = { 0 };
	struct probe_report r;
	uint16_t port = 0;
	int l = bench_bound("127.0.0.1", &port);

	(void)state;
	bench_add(&b, CHECK_TCP, "127.0.0.1", port);
	r = bench_once(&b);
	assert_int_equal(r.reason, REASON_REFUSED);
	assert_int_equal(r.health, HEALTH_DOWN);
	close(l);
}

/* Fills the backlog of a listener, so that it drops further SYNs. */
static void tcp_silent(void **state)
{
	struct bench b = { 0 };
	struct probe_report r;
	uint16_t port = 0, any;
	int l = bench_bound("127.0.0.1", &port), fill[4];
	struct sockaddr_storage ss;
	socklen_t len = sizeof ss;

	(void)state;
	assert_int_equal(listen(l, 0), 0);
	assert_int_equal(getsockname(l, (struct sockaddr *)&ss, &len), 0);
	for (int i = 0; i < 4; i++) {
		any = 0;
		fill[i] = bench_bound("127.0.0.1", &any);
		assert_int_equal(connect(fill[i], (struct sockaddr *)&ss, len), -1);
	}
	bench_add(&b, CHECK_TCP, "127.0.0.1", port)->timeout_ms = 100;
	r = bench_once(&b);
	assert_int_equal(r.reason, REASON_TIMEOUT);
	assert_int_equal(r.health, HEALTH_DOWN);
	assert_true(r.duration_us >= 100000);
	for (int i = 0; i < 4; i++)
		close(fill[i]);
	close(l);
}

/* The server's end of a check sees a reset, not an orderly end. */
static void tcp_closes_by_reset(void **state)
{
	struct bench b = { 0 };
	uint16_t port = 0;
	int l = bench_listener("127.0.0.1", &port), fd;
	char c;

	(void)state;
	bench_add(&b, CHECK_TCP, "127.0.0.1", port);
	bench_start(&b);
	fd = bench_accept(l);
	bench_readable(fd);
	assert_int_equal(recv(fd, &c, 1, 0), -1);
	assert_int_equal(errno, ECONNRESET);
	assert_int_equal(bench_stop(&b), 0);
	close(fd);
	close(l);
}

/* A server that dies is reported, and when it is back too. */
static void tcp_down_and_up_again(void **state)
{
	struct bench b = { 0 };
	uint16_t port = 0;
	/* Keeps the port while nobody listens there. */
	int bound = bench_bound("127.0.0.1", &port);
	int l = bench_listener("127.0.0.1", &port);

	(void)state;
	bench_add(&b, CHECK_TCP, "127.0.0.1", port);
	bench_start(&b);
	assert_int_equal(bench_first(&b, 0).health, HEALTH_UP);
	close(l);
	assert_int_equal(bench_wait(&b, 0, REASON_REFUSED).health, HEALTH_DOWN);
	l = bench_listener("127.0.0.1", &port);
	assert_int_equal(bench_wait(&b, 0, REASON_OK).health, HEALTH_UP);
	assert_int_equal(bench_stop(&b), 0);
	close(l);
	close(bound);
}

/* Rise and fall start from the health that the daemon hands over. */
static void rise_and_fall(void **state)
{
	struct bench b = { 0 };
	struct check_conf *check;
	uint16_t port = 0;
	int l = bench_listener("127.0.0.1", &port);

	(void)state;
	check = bench_add(&b, CHECK_TCP, "127.0.0.1", port);
	check->rise = 3;
	b.probes[0].health = health_assumed(false, 3, 1);
	bench_start(&b);
	for (int score = 1; score <= 3; score++) {
		struct probe_report r;

		do
			r = bench_report(&b);
		while (r.score < score);
		/* Unchanged results are sent once a second, so some are not seen. */
		score = r.score;
		assert_int_equal(r.health, score < 3 ? HEALTH_DOWN : HEALTH_UP);
	}
	assert_int_equal(bench_stop(&b), 0);
	close(l);
}

/* Whether the checks of the probe after AFTER_US start in the first tenth of their
 * rounds, two of twenty in a row: a busy machine delays some. */
static bool is_in_phase(struct bench *b, uint32_t probe, uint64_t after_us)
{
	uint64_t interval_us = (uint64_t)b->checks[probe].interval_ms * 1000;
	uint64_t phase_us = due_phase_us(&b->probes[probe], interval_us);
	int right = 0;

	for (int i = 0; i < 20 && right < 2;) {
		uint64_t started_us = bench_first(b, probe).started_us;
		bool early = (started_us - phase_us) % interval_us < interval_us / 10;

		if (started_us <= after_us)
			continue;
		right = early ? right + 1 : 0;
		i++;
	}
	return right == 2;
}

/* Between two starts lies the interval, also when nothing changes. */
static void keeps_its_interval(void **state)
{
	struct bench b = { 0 };
	uint16_t port = 0;
	int l = bench_listener("127.0.0.1", &port);

	(void)state;
	bench_add(&b, CHECK_TCP, "127.0.0.1", port)->interval_ms = 1000;
	bench_start(&b);
	/* the first check is not in phase */
	assert_true(is_in_phase(&b, 0, bench_first(&b, 0).started_us));
	assert_int_equal(bench_stop(&b), 0);
	close(l);
}

static void source_not_here(void **state)
{
	struct bench b = { 0 };
	struct check_conf *check;
	struct probe_report r;
	uint16_t port = 0;
	int l = bench_listener("127.0.0.1", &port);

	(void)state;
	check = bench_add(&b, CHECK_TCP, "127.0.0.1", port);
	assert_true(addr_parse(&check->source, "192.0.2.77", 10));
	b.probes[0].health = health_assumed(true, 1, 1);
	r = bench_once(&b);
	assert_int_equal(r.reason, REASON_LOCAL_SOURCE);
	assert_int_equal(r.health, HEALTH_UP);
	close(l);
}

static void source_is_used(void **state)
{
	struct bench b = { 0 };
	struct check_conf *check;
	struct sockaddr_storage ss;
	socklen_t len = sizeof ss;
	struct addr from;
	char text[ADDR_TEXT_MAX];
	uint16_t port = 0;
	int l = bench_listener("127.0.0.1", &port), fd;

	(void)state;
	check = bench_add(&b, CHECK_TCP, "127.0.0.1", port);
	assert_true(addr_parse(&check->source, "127.0.0.5", 9));
	bench_start(&b);
	bench_readable(l);
	fd = accept(l, (struct sockaddr *)&ss, &len);
	assert_true(fd >= 0);
	from = addr_of_sockaddr((struct sockaddr *)&ss);
	assert_string_equal(addr_text(&from, text), "127.0.0.5");
	assert_int_equal(bench_stop(&b), 0);
	close(fd);
	close(l);
}

static void says(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* A silent server: it accepts into its backlog and says nothing, for half a second to
 * each. There is one round only. */
static int many_silent(struct bench *b, size_t n)
{
	uint16_t port = 0;
	int l = bench_listener("127.0.0.1", &port);

	for (size_t i = 0; i < n; i++) {
		struct check_conf *check = bench_add(b, CHECK_HTTP, "127.0.0.1", port);

		check->interval_ms = 3600 * 1000;
		check->timeout_ms = 500;
	}
	return l;
}

/* When a round does not fit the budget, its rest is late, not failed. */
static void budget_of_descriptors(void **state)
{
	struct bench b = { .nofile = 24 };
	uint64_t first_us = UINT64_MAX, last_us = 0;
	int l = many_silent(&b, 16);

	(void)state;
	bench_start(&b);
	for (int i = 0; i < 16; i++) {
		struct probe_report r = bench_report(&b);

		assert_int_equal(r.reason, REASON_TIMEOUT);
		first_us = r.started_us < first_us ? r.started_us : first_us;
		last_us = r.started_us > last_us ? r.started_us : last_us;
	}
	assert_true(last_us - first_us >= 450000);
	assert_int_equal(bench_stop(&b), 0);
	close(l);
}

/* The budget of a limit of 8 is 4, but only 3 are free. */
static void out_of_descriptors(void **state)
{
	struct bench b = { .nofile = 8 };
	unsigned n_local = 0;
	int l = many_silent(&b, 4);

	(void)state;
	for (size_t i = 0; i < b.n; i++)
		b.probes[i].health = health_assumed(true, 1, 1);
	bench_start(&b);
	for (size_t i = 0; i < b.n; i++) {
		struct probe_report r = bench_report(&b);

		if (r.reason == REASON_LOCAL_DESCRIPTORS) {
			assert_int_equal(r.health, HEALTH_UP);
			assert_int_equal(r.code, EMFILE);
			n_local++;
		} else {
			assert_int_equal(r.health, HEALTH_DOWN);
		}
	}
	assert_int_equal(n_local, 1);
	assert_int_equal(bench_stop(&b), 0);
	close(l);
}

/* What the file allows counts before what the system allows, and the figures tell
 * of those that waited and of the rounds that passed. */
static void max_in_flight(void **state)
{
	struct bench b = { .max_in_flight = 2 };
	struct checker_figures f;
	int l = many_silent(&b, 6);

	(void)state;
	bench_start(&b);
	f = bench_figures(&b, 6);
	assert_int_equal(f.generation, 7);
	assert_int_equal(f.max_in_flight, 2);
	assert_int_equal(f.checks, 6);
	assert_int_equal(f.late, 4);
	assert_int_equal(f.local, 0);
	assert_int_equal(bench_stop(&b), 0);
	close(l);
}

/* Two silent servers, each for 190 of every 200 ms, share one place: one of them
 * always comes a round too late. */
static void rounds_are_skipped(void **state)
{
	struct bench b = { .max_in_flight = 1 };
	int l = many_silent(&b, 2);

	(void)state;
	for (size_t i = 0; i < b.n; i++) {
		b.checks[i].interval_ms = 200;
		b.checks[i].timeout_ms = 190;
	}
	bench_start(&b);
	do
		bench_report(&b);
	while (b.figures.skipped == 0);
	assert_true(b.figures.late > 0);
	assert_int_equal(bench_stop(&b), 0);
	close(l);
}

/* Counts the connections that wait at L, and takes them. */
static unsigned connections(int l)
{
	unsigned n = 0;
	int fd;

	while ((fd = accept(l, NULL, NULL)) >= 0) {
		close(fd);
		n++;
	}
	return n;
}

/* A paused probe makes no check while another makes some, and goes on in phase. */
static void pause_and_resume(void **state)
{
	struct bench b = { 0 };
	uint16_t port = 0, other_port = 0;
	int l = bench_listener("127.0.0.1", &port);
	int other = bench_listener("127.0.0.1", &other_port);
	unsigned others = 0;
	uint64_t resumed_us;

	(void)state;
	bench_add(&b, CHECK_TCP, "127.0.0.1", port)->interval_ms = 400;
	bench_add(&b, CHECK_TCP, "127.0.0.1", other_port);
	bench_start(&b);
	bench_first(&b, 0);
	bench_order(&b, 0, PROBE_PAUSE);
	/* Who makes two more checks of the other has read the order between them; what
	 * is in the backlog then was before the pause. */
	connections(other);
	while (others < 2) {
		bench_readable(other);
		others += connections(other);
	}
	connections(l);
	for (others = 0; others < 5;) {
		bench_readable(other);
		others += connections(other);
	}
	assert_int_equal(connections(l), 0);
	bench_order(&b, 0, PROBE_RESUME);
	resumed_us = mono_us();
	assert_true(is_in_phase(&b, 0, resumed_us));
	assert_int_equal(bench_stop(&b), 0);
	close(l);
	close(other);
}

/* One that is under way when it is paused has no result. */
static void pause_in_flight(void **state)
{
	struct bench b = { 0 };
	struct probe_report r;
	uint16_t port = 0;
	int l = bench_listener("127.0.0.1", &port), fd;
	char c;

	(void)state;
	bench_add(&b, CHECK_HTTP, "127.0.0.1", port)->interval_ms = 10000;
	b.checks[0].timeout_ms = 9000;
	b.probes[0].health = health_assumed(true, 1, 1);
	bench_start(&b);
	fd = bench_accept(l);
	bench_order(&b, 0, PROBE_PAUSE);
	while (recv(fd, &c, 1, 0) == 1)
		;
	assert_int_equal(errno, ECONNRESET);
	close(fd);
	bench_order(&b, 0, PROBE_RESUME);
	bench_order(&b, 0, PROBE_NOW);
	fd = bench_accept(l);
	says(fd, "HTTP/1.1 200 OK\r\n");
	r = bench_report(&b);
	assert_int_equal(r.reason, REASON_OK);
	assert_int_equal(bench_stop(&b), 0);
	close(fd);
	close(l);
}

/* A probe can begin paused; "now" does nothing then, and everything after. Orders
 * without sense change nothing. */
static void check_now(void **state)
{
	struct bench b = { 0 };
	uint16_t port = 0;
	int l = bench_listener("127.0.0.1", &port);

	(void)state;
	for (int i = 0; i < 2; i++)
		bench_add(&b, CHECK_TCP, "127.0.0.1", port)->interval_ms = 3600000;
	b.probes[0].paused = true;
	b.probes[1].started_us = mono_us();
	bench_start(&b);
	bench_order(&b, 99, PROBE_PAUSE);
	bench_order(&b, 1, (enum probe_what)99);
	assert_int_equal(send(b.fd, "x", 1, 0), 1);
	bench_order(&b, 0, PROBE_NOW);
	bench_order(&b, 1, PROBE_NOW);
	assert_int_equal(bench_report(&b).probe, 1);
	bench_order(&b, 0, PROBE_RESUME);
	bench_order(&b, 0, PROBE_NOW);
	assert_int_equal(bench_report(&b).probe, 0);
	assert_int_equal(bench_stop(&b), 0);
	close(l);
}

/* Down, a probe is checked every 100 ms, up once an hour. */
static void downinter(void **state)
{
	struct bench b = { 0 };
	struct check_conf *check;
	struct probe_report r;
	uint16_t port = 0;
	int l = bench_bound("127.0.0.1", &port);

	(void)state;
	check = bench_add(&b, CHECK_TCP, "127.0.0.1", port);
	check->interval_ms = 3600 * 1000;
	check->downinter_ms = check->fastinter_ms = 100;
	check->rise = 3;
	bench_start(&b);
	assert_int_equal(bench_wait(&b, 0, REASON_REFUSED).health, HEALTH_DOWN);
	assert_int_equal(listen(l, 64), 0);
	do
		r = bench_wait(&b, 0, REASON_OK);
	while (r.health != HEALTH_UP);
	assert_int_equal(bench_stop(&b), 0);
	close(l);
}

/* A probe that ran before keeps its phase; one that is overdue runs at once, not in its
 * phase. */
static void phase_is_kept(void **state)
{
	struct bench b = { 0 };
	struct probe_report r;
	uint64_t now_us = mono_us(), due_us;

	(void)state;
	/* The port makes the phase: one that is due in 3 to 4 seconds, and one
	 * whose last time was before now, and whose next is in more than 10. */
	bench_add(&b, CHECK_TCP, "127.0.0.1", 1)->interval_ms = 60000;
	b.probes[0].started_us = now_us;
	for (; (due_us = due_next_us(&b.probes[0], 60000000, now_us)) - now_us - 3000000 >
	       1000000;)
		b.probes[0].port++;
	bench_add(&b, CHECK_TCP, "127.0.0.1", 1)->interval_ms = 60000;
	b.probes[1].started_us = 1;
	while (due_next_us(&b.probes[1], 60000000, 1) >= now_us ||
	       due_next_us(&b.probes[1], 60000000, now_us) - now_us < 10000000)
		b.probes[1].port++;
	bench_start(&b);
	r = bench_report(&b);
	assert_int_equal(r.probe, 1);
	assert_true(r.started_us >= now_us);
	r = bench_report(&b);
	assert_int_equal(r.probe, 0);
	assert_in_range(r.started_us, due_us, due_us + 30000000);
	assert_int_equal(bench_stop(&b), 0);
}

/* End of file ends it, with probes and without. */
static void ends_with_the_daemon(void **state)
{
	struct bench none = { 0 }, b = { 0 };

	(void)state;
	bench_start(&none);
	assert_int_equal(bench_stop(&none), 0);
	bench_add(&b, CHECK_TCP, "127.0.0.1", 9);
	b.checks[0].interval_ms = 3600 * 1000;
	bench_start(&b);
	bench_first(&b, 0);
	assert_int_equal(bench_stop(&b), 0);
}

static void term_ends_it_and_int_does_not(void **state)
{
	struct bench b = { 0 };
	struct pollfd p;

	(void)state;
	bench_add(&b, CHECK_TCP, "127.0.0.1", 9);
	bench_start(&b);
	bench_first(&b, 0);
	assert_int_equal(kill(b.pid, SIGINT), 0);
	assert_int_equal(kill(b.pid, SIGHUP), 0);
	bench_first(&b, 0);
	assert_int_equal(kill(b.pid, SIGTERM), 0);
	p = (struct pollfd){ .fd = b.fd, .events = POLLRDHUP };
	assert_int_equal(poll(&p, 1, BENCH_DEADLINE_MS), 1);
	assert_int_equal(bench_stop(&b), SIGTERM);
}

/* The value of a line of /proc/PID/status. */
static void proc_value(pid_t pid, const char *name, char *value, size_t size)
{
	char path[64], line[256];
	FILE *f;

	snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
	f = fopen(path, "r");
	assert_non_null(f);
	value[0] = '\0';
	while (fgets(line, sizeof line, f) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, name, strlen(name)) == 0 && line[strlen(name)] == ':')
			snprintf(value, size, "%s",
			    line + strlen(name) + 1 +
				strspn(line + strlen(name) + 1, " \t"));
	}
	fclose(f);
}

static void has_no_rights(void **state)
{
	static const char *const caps[] = { "CapInh", "CapPrm", "CapEff", "CapAmb" };
	struct bench b = { 0 };
	char value[128], want[64];
	unsigned id = geteuid() == 0 ? 65534 : geteuid();

	(void)state;
	bench_add(&b, CHECK_TCP, "127.0.0.1", 9);
	bench_start(&b);
	bench_first(&b, 0);
	for (size_t i = 0; i < sizeof caps / sizeof *caps; i++) {
		proc_value(b.pid, caps[i], value, sizeof value);
		assert_string_equal(value, "0000000000000000");
	}
	proc_value(b.pid, "NoNewPrivs", value, sizeof value);
	assert_string_equal(value, "1");
	proc_value(b.pid, "Uid", value, sizeof value);
	snprintf(want, sizeof want, "%u\t%u\t%u\t%u", id, id, id, id);
	assert_string_equal(value, want);
	if (geteuid() == 0) {
		proc_value(b.pid, "Groups", value, sizeof value);
		assert_string_equal(value, "");
	}
	assert_int_equal(bench_stop(&b), 0);
}

int main(int argc, char **argv, char **envp)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tcp_up),
		cmocka_unit_test(tcp_up_v6),
		cmocka_unit_test(tcp_refused),
		cmocka_unit_test(tcp_silent),
		cmocka_unit_test(tcp_closes_by_reset),
		cmocka_unit_test(tcp_down_and_up_again),
		cmocka_unit_test(rise_and_fall),
		cmocka_unit_test(keeps_its_interval),
		cmocka_unit_test(source_not_here),
		cmocka_unit_test(source_is_used),
		cmocka_unit_test(budget_of_descriptors),
		cmocka_unit_test(out_of_descriptors),
		cmocka_unit_test(max_in_flight),
		cmocka_unit_test(rounds_are_skipped),
		cmocka_unit_test(pause_and_resume),
		cmocka_unit_test(pause_in_flight),
		cmocka_unit_test(check_now),
		cmocka_unit_test(downinter),
		cmocka_unit_test(phase_is_kept),
		cmocka_unit_test(ends_with_the_daemon),
		cmocka_unit_test(term_ends_it_and_int_does_not),
		cmocka_unit_test(has_no_rights),
	};

	setproctitle_init(argc, argv, envp);
	return cmocka_run_group_tests_name("checker", tests, NULL, NULL);
}
