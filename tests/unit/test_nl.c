/*
 * The netlink handle against a kernel that misbehaves.
 *
 * The calls by which nl.c reaches the kernel are replaced by the linker (--wrap):
 * what is sent goes to a script of the test, which queues the messages that are
 * read, or an error. Time is the script's, too, and passes only while somebody
 * waits, so that deadlines of seconds cost nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <linux/ip_vs.h>
#include <netinet/in.h>
#include <netlink/genl/genl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <time.h>
#include <unistd.h>

#include "ipvs/msg.h"
#include "lib/xalloc.h"

#define FAMILY 25

/* ---- the kernel of the test ---- */

/* One message to be read, or an error of the call. */
struct answer {
	STAILQ_ENTRY(answer) entry;
	int error;  /* errno value; 0: a message */
	size_t len; /* what recvmmsg says it is */
	unsigned char bytes[4096];
};

static struct {
	STAILQ_HEAD(, answer) answers;
	uint64_t now_us;
	unsigned sends, acks_asked, ops;
	/* the script */
	unsigned refused; /* this operation, from 1, is refused with EEXIST; 0: none */
	unsigned deaf_at; /* from this one on the kernel hears nothing; 0: none */
	int fail_read;	  /* errno value for the next read, which loses what is queued */
	unsigned interrupted; /* so many dumps are */
	int dump_error;	      /* in the end of a dump */
	bool dump_nonsense;
} kernel;

static struct answer *queue(size_t len)
{
	struct answer *a = xcalloc(1, sizeof *a);

	a->len = len;
	STAILQ_INSERT_TAIL(&kernel.answers, a, entry);
	return a;
}

static void queue_header(struct answer *a, uint16_t type, uint16_t flags, uint32_t seq)
{
	struct nlmsghdr hdr = { .nlmsg_len = (uint32_t)a->len,
		.nlmsg_type = type,
		.nlmsg_flags = flags,
		.nlmsg_seq = seq };

	memcpy(a->bytes, &hdr, sizeof hdr);
}

static void queue_error(uint32_t seq, int error)
{
	struct answer *a = queue(NLMSG_HDRLEN + sizeof(struct nlmsgerr));
	struct nlmsgerr e = { .error = -error };

	queue_header(a, NLMSG_ERROR, 0, seq);
	memcpy(a->bytes + NLMSG_HDRLEN, &e, sizeof e);
}

/* One service of a dump, that of port PORT. */
static void queue_service(uint32_t seq, uint16_t port, uint16_t flags)
{
	struct ipvs_svc svc = { .addr = { AF_INET, { 10, 9, 9, 1 } },
		.port = port,
		.protocol = IPPROTO_TCP,
		.sched = "wlc" };
	struct ipvs_op op = { IPVS_ADD_SVC, &svc, NULL, 0 };
	struct answer *a = queue(0);

	a->len = msg_op(a->bytes, FAMILY, seq, 0, &op);
	queue_header(a, FAMILY, NLM_F_MULTI | flags, seq);
}

static void queue_done(uint32_t seq, int error)
{
	struct answer *a = queue(NLMSG_HDRLEN + sizeof error);

	error = -error;
	queue_header(a, NLMSG_DONE, NLM_F_MULTI, seq);
	memcpy(a->bytes + NLMSG_HDRLEN, &error, sizeof error);
}

/* A dump has the services of ports 80 and 81; an interrupted one 80 twice. */
static void dump(uint32_t seq)
{
	bool interrupted = kernel.interrupted > 0;

	kernel.interrupted -= interrupted;
	if (kernel.dump_nonsense) {
		struct answer *a = queue(NLMSG_HDRLEN + GENL_HDRLEN);

		queue_header(a, FAMILY, NLM_F_MULTI, seq);
	}
	queue_service(seq, 81, 0);
	queue_service(seq, 80, interrupted ? NLM_F_DUMP_INTR : 0);
	if (interrupted)
		queue_service(seq, 80, 0);
	queue_done(seq, kernel.dump_error);
}

static void hear(const struct nlmsghdr *hdr)
{
	bool ack = hdr->nlmsg_flags & NLM_F_ACK;

	if ((hdr->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP) {
		dump(hdr->nlmsg_seq);
		return;
	}
	kernel.ops++;
	kernel.acks_asked += ack;
	if (kernel.deaf_at != 0 && kernel.ops >= kernel.deaf_at)
		return;
	if (kernel.ops == kernel.refused)
		queue_error(hdr->nlmsg_seq, EEXIST);
	else if (ack)
		queue_error(hdr->nlmsg_seq, 0);
}

/* ---- in place of the real ones ---- */

int __wrap_genl_connect(struct nl_sock *sock);
int __wrap_genl_ctrl_resolve(struct nl_sock *sock, const char *name);
ssize_t __wrap_sendto(int fd, const void *data, size_t len, int flags,
    const struct sockaddr *to, socklen_t to_len);
int __wrap_recvmmsg(
    int fd, struct mmsghdr *v, unsigned n, int flags, struct timespec *timeout);
int __wrap_poll(struct pollfd *fds, nfds_t n, int timeout_ms);
int __wrap_clock_gettime(clockid_t clock, struct timespec *ts);

int __wrap_genl_connect(struct nl_sock *sock)
{
	(void)sock;
	return 0;
}

int __wrap_genl_ctrl_resolve(struct nl_sock *sock, const char *name)
{
	(void)sock;
	assert_string_equal(name, IPVS_GENL_NAME);
	return FAMILY;
}

ssize_t __wrap_sendto(int fd, const void *data, size_t len, int flags,
    const struct sockaddr *to, socklen_t to_len)
{
	const unsigned char *at = data, *end = at + len;

	(void)fd;
	(void)flags;
	(void)to;
	(void)to_len;
	kernel.sends++;
	while (at < end) {
		const struct nlmsghdr *hdr = (const void *)at;

		assert_int_equal(hdr->nlmsg_len % NLMSG_ALIGNTO, 0);
		hear(hdr);
		at += hdr->nlmsg_len;
	}
	return (ssize_t)len;
}

int __wrap_recvmmsg(
    int fd, struct mmsghdr *v, unsigned n, int flags, struct timespec *timeout)
{
	unsigned i = 0;
	struct answer *a;

	(void)fd;
	(void)flags;
	(void)timeout;
	while (i < n && kernel.fail_read == 0 &&
	       (a = STAILQ_FIRST(&kernel.answers)) != NULL) {
		STAILQ_REMOVE_HEAD(&kernel.answers, entry);
		memcpy(v[i].msg_hdr.msg_iov->iov_base, a->bytes, sizeof a->bytes);
		v[i++].msg_len = (unsigned)a->len;
		free(a);
	}
	if (i > 0)
		return (int)i;
	errno = EAGAIN;
	if (kernel.fail_read != 0) {
		errno = kernel.fail_read;
		kernel.fail_read = 0;
		a = STAILQ_FIRST(&kernel.answers); /* it did not fit */
		STAILQ_REMOVE_HEAD(&kernel.answers, entry);
		free(a);
	}
	return -1;
}

int __wrap_poll(struct pollfd *fds, nfds_t n, int timeout_ms)
{
	(void)fds;
	(void)n;
	kernel.now_us += (uint64_t)timeout_ms * 1000;
	return 0;
}

int __wrap_clock_gettime(clockid_t clock, struct timespec *ts)
{
	(void)clock;
	*ts = (struct timespec){ (time_t)(kernel.now_us / 1000000),
		(long)(kernel.now_us % 1000000) * 1000 };
	return 0;
}

/* ---- the tests ---- */

static int set_up(void **state)
{
	memset(&kernel, 0, sizeof kernel);
	kernel.now_us = 1000000;
	STAILQ_INIT(&kernel.answers);
	*state = ipvs_open_kernel();
	return *state == NULL;
}

static int tear_down(void **state)
{
	struct answer *a;

	while ((a = STAILQ_FIRST(&kernel.answers)) != NULL) {
		STAILQ_REMOVE_HEAD(&kernel.answers, entry);
		free(a);
	}
	ipvs_close(*state);
	return 0;
}

/* So many operations of one service. */
static struct ipvs_ops many(size_t n)
{
	static const struct ipvs_svc svc = { .addr = { AF_INET, { 10, 9, 9, 1 } },
		.port = 80,
		.protocol = IPPROTO_TCP,
		.sched = "wlc" };
	struct ipvs_ops ops = { .n = n, .cap = n };

	ops.list = xcalloc(n, sizeof *ops.list);
	for (size_t i = 0; i < n; i++)
		ops.list[i] = (struct ipvs_op){ IPVS_SET_SVC, &svc, NULL, -1 };
	return ops;
}

static size_t refused(const struct ipvs_ops *ops)
{
	size_t n = 0;

	for (size_t i = 0; i < ops->n; i++)
		n += ops->list[i].error != 0;
	return n;
}

static void test_one_bad_operation_fails_alone(void **state)
{
	struct ipvs_ops ops = many(1500);

	kernel.refused = 700;
	assert_true(ipvs_apply(*state, &ops));
	assert_int_equal(kernel.ops, 1500);
	assert_int_equal(ops.list[699].error, EEXIST);
	assert_int_equal(refused(&ops), 1);
	assert_int_equal(ipvs_stats(*state)->ops_refused, 1);
	ipvs_ops_fini(&ops);
}

/* One send and one acknowledgement for hundreds of them. */
static void test_operations_go_out_in_batches(void **state)
{
	struct ipvs_ops ops = many(1500);

	assert_true(ipvs_apply(*state, &ops));
	assert_in_range(kernel.sends, 1, 6);
	assert_int_equal(kernel.acks_asked, kernel.sends);
	assert_int_equal(refused(&ops), 0);
	ipvs_ops_fini(&ops);
}

/* The last of a batch may be the one that is refused: that ends it, too. */
static void test_the_last_one_is_refused(void **state)
{
	struct ipvs_ops ops = many(3);

	kernel.refused = 3;
	assert_true(ipvs_apply(*state, &ops));
	assert_int_equal(ops.list[2].error, EEXIST);
	assert_int_equal(refused(&ops), 1);
	ipvs_ops_fini(&ops);
}

/* What an earlier, given-up batch or dump is answered is nobody's. */
static void test_late_answers_are_ignored(void **state)
{
	struct ipvs_ops ops = many(3);
	struct ipvs_table t = { 0 };

	queue_error(0, EPERM);
	queue_error(UINT32_MAX, EPERM);
	queue_error(1 + 3, EPERM);
	queue_service(0, 99, 0);
	queue_done(0, 0);
	assert_true(ipvs_apply(*state, &ops));
	assert_int_equal(refused(&ops), 0);
	queue_service(1, 99, 0);
	queue_done(1, EPERM);
	queue_error(2, EPERM);
	assert_true(ipvs_read_services(*state, &t));
	assert_int_equal(t.n, 2);
	ipvs_table_fini(&t);
	ipvs_ops_fini(&ops);
}

static void test_one_service(void **state)
{
	struct ipvs_svc svc = {
		.addr = { AF_INET, { 10, 9, 9, 1 } }, .port = 80, .protocol = IPPROTO_TCP
	};
	bool there = false;

	queue_service(1, 80, 0);
	assert_true(ipvs_read_service(*state, &svc, &there));
	assert_true(there);
	assert_string_equal(svc.sched, "wlc");
	queue_error(2, ESRCH);
	assert_true(ipvs_read_service(*state, &svc, &there));
	assert_false(there);
	queue_error(3, EPERM);
	assert_false(ipvs_read_service(*state, &svc, &there));
	assert_int_equal(errno, EPERM);
}

/* An overrun loses answers; the caller is told and reads again. */
static void test_overrun(void **state)
{
	struct ipvs_ops ops = many(3);
	struct ipvs_table t = { 0 };

	kernel.fail_read = ENOBUFS;
	assert_false(ipvs_apply(*state, &ops));
	assert_int_equal(errno, ENOBUFS);
	assert_true(ipvs_read_services(*state, &t));
	assert_int_equal(t.n, 2);
	ipvs_table_fini(&t);
	kernel.fail_read = ENOBUFS;
	assert_false(ipvs_read_services(*state, &t));
	assert_int_equal(errno, ENOBUFS);
	assert_int_equal(t.n, 0);
	assert_true(ipvs_apply(*state, &ops));
	assert_int_equal(refused(&ops), 0);
	ipvs_ops_fini(&ops);
}

/* A length that the kernel does not believe ends the message: the rest, with
 * the acknowledgement, is not heard. */
static void test_silence_has_a_deadline(void **state)
{
	struct ipvs_ops ops = many(3);
	uint64_t begun_us = kernel.now_us;

	kernel.deaf_at = 2;
	assert_false(ipvs_apply(*state, &ops));
	assert_int_equal(errno, ETIMEDOUT);
	assert_in_range(kernel.now_us - begun_us, 1000000, 60 * 1000000);
	kernel.deaf_at = 0;
	assert_true(ipvs_apply(*state, &ops));
	ipvs_ops_fini(&ops);
}

/* Answers whose own length is absurd are not read beyond what came. */
static void test_absurd_length(void **state)
{
	static const uint32_t lengths[] = { 0, 1, 15, 1000, UINT32_MAX };
	struct ipvs_ops ops = many(3);

	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		struct answer *a = queue(NLMSG_HDRLEN + sizeof(struct nlmsgerr));

		queue_header(a, NLMSG_ERROR, 0, (uint32_t)(1 + 3 * i));
		memcpy(a->bytes, &lengths[i], sizeof lengths[i]);
		assert_true(ipvs_apply(*state, &ops));
		assert_int_equal(refused(&ops), 0);
	}
	ipvs_ops_fini(&ops);
}

/* More than there is room for was cut off: that is no answer. */
static void test_too_long_a_message(void **state)
{
	struct ipvs_ops ops = many(3);

	queue(1 << 20);
	assert_false(ipvs_apply(*state, &ops));
	assert_int_equal(errno, EMSGSIZE);
	ipvs_ops_fini(&ops);
}

static void test_interrupted_dump_is_read_again(void **state)
{
	struct ipvs_table t = { 0 };

	kernel.interrupted = 2;
	assert_true(ipvs_read_services(*state, &t));
	assert_int_equal(kernel.sends, 3);
	assert_int_equal(t.n, 2);
	assert_int_equal(t.svcs[0].port, 80);
	assert_int_equal(t.svcs[1].port, 81);
	ipvs_table_fini(&t);
	/* but not for ever */
	kernel.interrupted = 1000;
	assert_false(ipvs_read_services(*state, &t));
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(t.n, 0);
	assert_in_range(kernel.sends, 4, 20);
}

static void test_failed_dumps(void **state)
{
	struct ipvs_svc svc = { .addr = { AF_INET, { 10, 9, 9, 1 } }, .port = 80 };
	struct ipvs_dest dest = { .addr = { AF_INET, { 10, 2, 0, 11 } } };
	struct ipvs_table t = { 0 };

	kernel.dump_error = ENOMEM;
	assert_false(ipvs_read_services(*state, &t));
	assert_int_equal(errno, ENOMEM);
	assert_int_equal(t.n, 0);
	kernel.dump_error = 0;
	kernel.dump_nonsense = true;
	assert_false(ipvs_read_services(*state, &t));
	assert_int_equal(errno, EPROTO);
	/* a service keeps what is known of it */
	ipvs_svc_add(&svc, &dest);
	assert_false(ipvs_read_dests(*state, &svc));
	assert_int_equal(errno, EPROTO);
	assert_int_equal(svc.n_dests, 1);
	ipvs_svc_fini(&svc);
	/* and the next one is none the worse for it */
	kernel.dump_nonsense = false;
	assert_true(ipvs_read_services(*state, &t));
	assert_int_equal(t.n, 2);
	ipvs_table_fini(&t);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_one_bad_operation_fails_alone),
		TEST(test_operations_go_out_in_batches),
		TEST(test_the_last_one_is_refused),
		TEST(test_late_answers_are_ignored),
		TEST(test_one_service),
		TEST(test_overrun),
		TEST(test_silence_has_a_deadline),
		TEST(test_absurd_length),
		TEST(test_too_long_a_message),
		TEST(test_interrupted_dump_is_read_again),
		TEST(test_failed_dumps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
