/*
 * children: a checker that has much to tell does not hold the loop. A turn hears so many
 * reports, or as many as it has time for, and the rest in the next turns.
 *
 * The checker is a process that says one thing and waits for its end; reports come from a
 * socket call of our own, and take time on a clock of our own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "check/checker.h"
#include "lib/log.h"
#include "lvsd/children.h"
#include "tests/plan/call.h"

#define SERVERS 1000
#define AT_ONCE 16 /* reports in a call, children.c */

static struct {
	uint64_t now_us;
	uint64_t each_us; /* of a call */
	uint32_t generation, next;
	size_t calls;
} world;

/* ---- in place of the real ones ---- */

int __wrap_clock_gettime(clockid_t clock, struct timespec *ts);
int __wrap_recvmmsg(
    int fd, struct mmsghdr *v, unsigned n, int flags, struct timespec *timeout);
void __wrap_checker_run(const struct checker_start *start);

int __wrap_clock_gettime(clockid_t clock, struct timespec *ts)
{
	(void)clock;
	*ts = (struct timespec){ (time_t)(world.now_us / 1000000),
		(long)(world.now_us % 1000000) * 1000 };
	return 0;
}

/* Each server is up, one after the other. */
int __wrap_recvmmsg(
    int fd, struct mmsghdr *v, unsigned n, int flags, struct timespec *timeout)
{
	unsigned i = 0;

	(void)fd;
	(void)flags;
	(void)timeout;
	assert_int_equal(n, AT_ONCE);
	for (; i < n && world.next < SERVERS; i++) {
		struct probe_report r = {
			.generation = world.generation,
			.probe = world.next++,
			.health = HEALTH_UP,
			.reason = REASON_OK,
			.score = 1,
		};

		memcpy(v[i].msg_hdr.msg_iov->iov_base, &r, sizeof r);
		v[i].msg_len = sizeof r;
	}
	world.calls++;
	world.now_us += world.each_us;
	errno = EAGAIN;
	return i > 0 ? (int)i : -1;
}

void __wrap_checker_run(const struct checker_start *start)
{
	struct pollfd fd = { .fd = STDERR_FILENO + 1 };
	ssize_t sent = send(start->report_fd, "", 1, MSG_NOSIGNAL);

	dup2(start->report_fd, fd.fd);
	closefrom(fd.fd + 1);
	while (sent == 1 && fd.revents == 0)
		poll(&fd, 1, -1);
	_exit(0);
}

/* ---- the tests ---- */

static void make(struct lvsd *l)
{
	struct ipvs_table none = { 0 };
	struct buf text = { 0 };

	*l = (struct lvsd){ .loop = ev_default_loop(0) };
	log_open("test", LOG_TO_NOBODY, false);
	ev_timer_init(&l->checker_restart, NULL, 0., 0.);
	buf_str(&text, "director web 10.9.9.1:80\n");
	for (size_t i = 0; i < SERVERS; i++)
		buf_printf(&text, " server s%zu 10.2.%zu.%zu:80 check\n", i, i / 250,
		    i % 250 + 1);
	l->state = state_build(call_conf(text.data), NULL, &none, 1);
	assert_int_equal(l->state->n_probes, SERVERS);
	buf_fini(&text);
	memset(&world, 0, sizeof world);
	assert_true(checker_start(l));
	world.generation = l->generation;
}

static void unmake(struct lvsd *l)
{
	checker_stop(l);
	state_free(l->state);
	ev_loop_destroy(l->loop);
}

/* A turn hears CALLS calls of reports, until all are heard. */
static void expect_calls(uint64_t each_us, size_t calls)
{
	struct lvsd l;

	make(&l);
	world.each_us = each_us;
	while (world.next < SERVERS) {
		uint32_t before = world.next;

		world.calls = 0;
		ev_run(l.loop, EVRUN_ONCE);
		if (world.next == before)
			continue; /* it was something else that the loop waited for */
		assert_true(world.calls == calls || world.next == SERVERS);
		assert_true(world.calls <= calls);
		assert_true(world.next - before <= calls * AT_ONCE);
	}
	for (size_t i = 0; i < SERVERS; i++)
		assert_int_equal(l.state->servers[i].health.state, HEALTH_UP);
	assert_true(l.dirty);
	unmake(&l);
}

static void hears_for_a_millisecond(void **state)
{
	(void)state;
	expect_calls(300, 4);
	expect_calls(1000, 1);
}

static void hears_so_many(void **state)
{
	(void)state;
	expect_calls(0, 256 / AT_ONCE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hears_for_a_millisecond),
		cmocka_unit_test(hears_so_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
