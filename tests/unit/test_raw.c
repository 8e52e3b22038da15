/*
 * Many echo requests in one call, and a kernel that takes only some of them: each is
 * sent once or has the reason why not, in its turn.
 *
 * sendmmsg() is this file's own: it answers what the test says and notes what it was
 * given.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check/icmp.h"
#include "check/run.h"
#include "lib/mono.h"

enum { RUNS = 70, CALLS = 80 };

/* ---- a kernel ---- */

static struct {
	int fd;
	const int *answers; /* a number of messages, or minus an errno */
	unsigned calls, asked[CALLS];
	unsigned n_sent;
	unsigned sent[RUNS]; /* which run's */
} kernel;

int sendmmsg(int fd, struct mmsghdr *msgs, unsigned n, int flags)
{
	int answer;

	if (fd != kernel.fd) /* reports: all of them go */
		return (int)n;
	answer = kernel.answers[kernel.calls];
	assert_true((flags & MSG_DONTWAIT) != 0);
	assert_in_range(kernel.calls, 0, CALLS - 1);
	kernel.asked[kernel.calls++] = n;
	if (answer < 0) {
		errno = -answer;
		return -1;
	}
	assert_in_range(answer, 1, n);
	for (int i = 0; i < answer; i++) {
		const struct iovec *iov = msgs[i].msg_hdr.msg_iov;

		assert_int_equal(iov->iov_len, 20);
		memcpy(&kernel.sent[kernel.n_sent++], (char *)iov->iov_base + 8,
		    sizeof(unsigned));
	}
	return answer;
}

/* ---- runs ---- */

struct fixture {
	struct checker c;
	struct check_conf check;
	struct probe probes[RUNS];
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
		.timeout_ms = 3600 * 1000,
		.rise = 1,
		.fall = 1 };
	for (size_t i = 0; i < RUNS; i++) {
		f->probes[i] =
		    (struct probe){ .check = &f->check, .started_us = mono_us() };
		addr_parse(&f->probes[i].addr, "192.0.2.1", 9);
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, ends) < 0)
		return -1;
	f->daemon = ends[0];
	if (!loop_init(&f->c.loop))
		return -1;
	for (int k = 0; k < RAW_KINDS; k++)
		f->c.raw.sockets[k].fd = -1;
	f->c.raw.sockets[RAW_ICMP4].fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	report_init(&f->c.report, &f->c, ends[1], 7);
	raw_start(&f->c.raw, &f->c);
	run_init_all(&f->c, f->probes, RUNS);
	memset(&kernel, 0, sizeof kernel);
	kernel.fd = f->c.raw.sockets[RAW_ICMP4].fd;
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	for (uint32_t i = 0; i < RUNS; i++)
		run_order(&f->c, &(struct probe_order){ i, PROBE_PAUSE });
	run_fini_all(&f->c);
	report_fini(&f->c.report);
	for (int k = 0; k < RAW_KINDS; k++)
		free(f->c.raw.batches[k]);
	loop_fini(&f->c.loop);
	close(f->c.raw.sockets[RAW_ICMP4].fd);
	close(f->c.report.fd);
	close(f->daemon);
	free(f);
	return 0;
}

/* The check of target I is under way, and its request waits for the end of the turn. */
static void queue(struct fixture *f, uint32_t i)
{
	run_order(&f->c, &(struct probe_order){ i, PROBE_NOW });
	assert_true(f->c.targets.all[i].in_flight);
}

static void end_turn(struct fixture *f)
{
	raw_flush(&f->c.raw);
}

/* ---- tests ---- */

/* What becomes of eight requests: a letter each, S sent, else the reason. */
static void partly(void **state)
{
	static const struct {
		int answers[9];
		const char *fate;
		unsigned calls;
	} rows[] = {
		/* clang-format off */
		{ { 8 },                                "SSSSSSSS", 1 },
		{ { 3, 5 },                             "SSSSSSSS", 2 },
		{ { 1, 1, 1, 1, 1, 1, 1, 1 },           "SSSSSSSS", 8 },
		{ { 3, -EPERM, 4 },                     "SSSPSSSS", 3 },
		{ { -EPERM, 7 },                        "PSSSSSSS", 2 },
		{ { 7, -EPERM },                        "SSSSSSSP", 2 },
		{ { 2, -ENETUNREACH, -EHOSTUNREACH, 4 }, "SSUUSSSS", 4 },
		{ { 4, -EAGAIN, 3 },                    "SSSSMSSS", 3 },
		{ { -ENOBUFS, -ENOBUFS, -ENOBUFS, -ENOBUFS, -ENOBUFS, -ENOBUFS, -ENOBUFS,
		    -ENOBUFS },                         "MMMMMMMM", 8 },
		/* clang-format on */
	};
	static const enum reason reasons[128] = { ['S'] = REASON_NONE,
		['P'] = REASON_LOCAL_PERMISSION,
		['U'] = REASON_UNREACHABLE,
		['M'] = REASON_LOCAL_MEMORY };

	for (size_t row = 0; row < sizeof rows / sizeof *rows; row++) {
		struct fixture *f;
		unsigned n_sent = 0;

		assert_int_equal(setup(state), 0);
		f = *state;
		kernel.answers = rows[row].answers;
		for (unsigned i = 0; i < 8; i++)
			queue(f, i);
		assert_int_equal(kernel.calls, 0);
		end_turn(f);
		assert_int_equal(kernel.calls, rows[row].calls);
		for (unsigned i = 0; i < 8; i++) {
			const struct target *t = &f->c.targets.all[i];
			int fate = rows[row].fate[i];

			assert_int_equal(t->in_flight, fate == 'S');
			assert_int_equal(t->reason, reasons[fate]);
			if (fate == 'S')
				assert_int_equal(kernel.sent[n_sent++], i);
		}
		assert_int_equal(kernel.n_sent, n_sent);
		end_turn(f);
		assert_int_equal(kernel.calls, rows[row].calls);
		teardown(state);
	}
}

/* More than a batch holds go in two. */
static void batches(void **state)
{
	static const int answers[] = { 64, 2, 4 };
	struct fixture *f = *state;

	kernel.answers = answers;
	for (unsigned i = 0; i < RUNS; i++)
		queue(f, i);
	assert_int_equal(kernel.calls, 1);
	end_turn(f);
	assert_int_equal(kernel.calls, 3);
	assert_int_equal(kernel.asked[0], 64);
	assert_int_equal(kernel.asked[1], 6);
	assert_int_equal(kernel.asked[2], 4);
	for (unsigned i = 0; i < RUNS; i++)
		assert_int_equal(kernel.sent[i], i);
}

/* A source that is not here is told as that, whatever the kernel calls it. */
static void no_source(void **state)
{
	static const int answers[] = { -EINVAL, 1 };
	struct fixture *f = *state;

	addr_parse(&f->check.source, "192.0.2.99", 10);
	kernel.answers = answers;
	queue(f, 0);
	queue(f, 1);
	end_turn(f);
	assert_int_equal(f->c.targets.all[0].reason, REASON_LOCAL_SOURCE);
	assert_true(f->c.targets.all[1].in_flight);
}

/* One that was paused meanwhile, or asks anew already, is not concerned. */
static void too_late(void **state)
{
	static const int answers[] = { -EPERM, -EPERM };
	struct fixture *f = *state;

	kernel.answers = answers;
	queue(f, 0);
	queue(f, 1);
	f->c.targets.all[0].run->cookie = 77;
	run_order(&f->c, &(struct probe_order){ 1, PROBE_PAUSE });
	end_turn(f);
	assert_int_equal(kernel.calls, 2);
	assert_true(f->c.targets.all[0].in_flight);
	assert_int_equal(f->c.targets.all[0].reason, REASON_NONE);
	assert_int_equal(f->c.targets.all[1].reason, REASON_NONE);
}

/* Without its socket there is nothing to wait for. */
static void not_open(void **state)
{
	static const struct addr nobody;
	struct fixture *f = *state;
	struct raw_send s = { .to = &f->probes[0].addr, .source = &nobody };

	f->c.raw.sockets[RAW_ICMP6].error = EPERM;
	assert_int_equal(raw_queue(&f->c.raw, RAW_ICMP6, &s, 0, 1), EPERM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(partly),
		cmocka_unit_test_setup_teardown(batches, setup, teardown),
		cmocka_unit_test_setup_teardown(no_source, setup, teardown),
		cmocka_unit_test_setup_teardown(too_late, setup, teardown),
		cmocka_unit_test_setup_teardown(not_open, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
