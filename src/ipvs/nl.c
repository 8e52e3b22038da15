/*
 * The kernel's table over one long-lived generic netlink socket.
 *
 * Operations go out many in one sendmsg; the kernel handles them in order and
 * answers refusals by itself, so an acknowledgement is asked only of the last
 * of each batch: when it is there, everything before it has been answered.
 * Answers are matched by sequence number. Every wait has a deadline. Buffers
 * never shrink: the kernel sizes the parts of a dump by the largest read seen,
 * and a smaller one later loses data.
 */
#include <errno.h>
#include <fcntl.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <linux/ip_vs.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ipvs/msg.h"
#include "ipvs/nl.h"
#include "lib/mono.h"
#include "lib/xalloc.h"

#define BATCH_OPS 512			/* messages in one sendmsg */
#define SOCKET_BUFFER (4 * 1024 * 1024) /* room for the refusals of a whole batch */
#define READ_BUFFER (64 * 1024)
#define ANSWER_US (10 * 1000000) /* how long the kernel may take for one batch */
#define MODPROBE_US (5 * 1000000)

/* Waits for more to read. False with errno when *DEADLINE_US has passed; 0
 * there means that the waiting begins now. */
static bool kernel_wait(struct kernel *k, uint64_t *deadline_us)
{
	struct pollfd p = { .fd = k->fd, .events = POLLIN };
	uint64_t now = mono_us();

	if (*deadline_us == 0)
		*deadline_us = now + ANSWER_US;
	if (now >= *deadline_us) {
		errno = ETIMEDOUT;
		return false;
	}
	poll(&p, 1, (int)((*deadline_us - now) / 1000) + 1);
	return true;
}

/* The clock is not asked when the answer is there already, which it is: the kernel works
 * while we send. */
int kernel_receive(struct kernel *k, uint64_t *deadline_us)
{
	for (;;) {
		int n = recvmmsg(k->fd, k->read, READS, MSG_DONTWAIT | MSG_TRUNC, NULL);

		for (int i = 0; i < n; i++)
			if (k->read[i].msg_len > READ_BUFFER) {
				errno = EMSGSIZE;
				return -1;
			}
		if (n > 0)
			return n;
		if (errno != EAGAIN && errno != EINTR)
			return -1;
		if (!kernel_wait(k, deadline_us))
			return -1;
	}
}

bool kernel_send(struct kernel *k, const void *data, size_t len)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	ssize_t sent;

	do
		sent = sendto(
		    k->fd, data, len, 0, (const struct sockaddr *)&kernel, sizeof kernel);
	while (sent < 0 && errno == EINTR);
	return sent == (ssize_t)len;
}

/* ---- operations ---- */

/* Puts the answers in READ to the operations of BATCH (the first has the sequence
 * number SEQ). True: the last of the batch was answered. */
static bool take_answers(
    const struct mmsghdr *read, struct ipvs_op **batch, uint32_t seq, size_t count)
{
	struct nlmsghdr *hdr = read->msg_hdr.msg_iov->iov_base;
	int rest = (int)read->msg_len;
	bool last = false;

	for (; nlmsg_ok(hdr, rest); hdr = nlmsg_next(hdr, &rest)) {
		const struct nlmsgerr *answer = nlmsg_data(hdr);
		uint32_t i = hdr->nlmsg_seq - seq;

		if (hdr->nlmsg_type != NLMSG_ERROR || i >= count)
			continue; /* late, from a batch that was given up */
		batch[i]->error = -answer->error;
		last = last || i == count - 1;
	}
	return last;
}

static bool apply_batch(struct kernel *k, struct ipvs_op **batch, size_t count)
{
	uint32_t seq = k->seq;
	uint64_t deadline_us = 0;
	size_t len = 0;
	bool done = false;

	k->seq += (uint32_t)count;
	for (size_t i = 0; i < count; i++) {
		len += msg_op(k->out + len, k->family, seq + (uint32_t)i,
		    i == count - 1 ? NLM_F_ACK : 0, batch[i]);
		batch[i]->error = 0;
	}
	if (!kernel_send(k, k->out, len))
		return false;
	while (!done) {
		int n = kernel_receive(k, &deadline_us);

		if (n < 0)
			return false;
		for (int i = 0; i < n; i++)
			done = take_answers(&k->read[i], batch, seq, count) || done;
	}
	return true;
}

static bool kernel_apply(struct ipvs *h, struct ipvs_ops *ops)
{
	struct kernel *k = (struct kernel *)h;
	uint32_t *turns = ipvs_ops_by_chain(ops);
	struct ipvs_op *batch[BATCH_OPS];
	bool done = true;

	for (size_t i = 0; done && i < ops->n; i += BATCH_OPS) {
		size_t count = ops->n - i < BATCH_OPS ? ops->n - i : BATCH_OPS;

		for (size_t j = 0; j < count; j++)
			batch[j] = &ops->list[turns != NULL ? turns[i + j] : i + j];
		done = apply_batch(k, batch, count);
	}
	free(turns);
	return done;
}

/* ---- one service, timeouts, synchronisation ---- */

/* The answer to SEQ in READ, or NULL. */
static const struct nlmsghdr *find_answer(const struct mmsghdr *read, uint32_t seq)
{
	struct nlmsghdr *hdr = read->msg_hdr.msg_iov->iov_base;
	int rest = (int)read->msg_len;

	for (; nlmsg_ok(hdr, rest); hdr = nlmsg_next(hdr, &rest))
		if (hdr->nlmsg_seq == seq)
			return hdr;
	return NULL;
}

/* Sends the LEN bytes in k->out, a request with the number SEQ. Returns the one answer,
 * which is left in the read buffer; NULL with errno when there is none, or a refusal. */
static const struct nlmsghdr *ask(struct kernel *k, uint32_t seq, size_t len)
{
	const struct nlmsghdr *hdr = NULL;
	uint64_t deadline_us = 0;

	if (!kernel_send(k, k->out, len))
		return NULL;
	while (hdr == NULL) {
		int n = kernel_receive(k, &deadline_us);

		if (n < 0)
			return NULL;
		for (int i = 0; i < n && hdr == NULL; i++)
			hdr = find_answer(&k->read[i], seq);
	}
	if (hdr->nlmsg_type == NLMSG_ERROR) {
		const struct nlmsgerr *answer = nlmsg_data(hdr);

		errno = -answer->error;
		return answer->error == 0 ? hdr : NULL;
	}
	return hdr;
}

static bool kernel_read_service(struct ipvs *h, struct ipvs_svc *svc, bool *there)
{
	struct kernel *k = (struct kernel *)h;
	uint32_t seq = k->seq++;
	const struct nlmsghdr *hdr =
	    ask(k, seq, msg_service(k->out, k->family, seq, svc));

	*there = hdr != NULL;
	if (hdr == NULL)
		return errno == ESRCH;
	if (msg_read_svc(hdr, svc))
		return true;
	errno = EPROTO;
	return false;
}

/* Asks for the timeouts (T NULL) or sets them. */
static const struct nlmsghdr *ask_timeouts(
    struct kernel *k, const struct ipvs_timeouts *t)
{
	uint32_t seq = k->seq++;

	return ask(k, seq, msg_timeouts(k->out, k->family, seq, t));
}

static bool kernel_read_timeouts(struct ipvs *h, struct ipvs_timeouts *t)
{
	const struct nlmsghdr *hdr = ask_timeouts((struct kernel *)h, NULL);

	if (hdr != NULL && !msg_read_timeouts(hdr, t)) {
		errno = EPROTO;
		return false;
	}
	return hdr != NULL;
}

static bool kernel_set_timeouts(struct ipvs *h, const struct ipvs_timeouts *t)
{
	return ask_timeouts((struct kernel *)h, t) != NULL;
}

static bool kernel_set_sync(struct ipvs *h, const struct ipvs_sync *s)
{
	struct kernel *k = (struct kernel *)h;
	uint32_t seq = k->seq++;

	return ask(k, seq, msg_sync(k->out, k->family, seq, s)) != NULL;
}

/* ---- opening ---- */

/*
 * Loads the module as the kernel would: by the program named in
 * /proc/sys/kernel/modprobe. Whether that helped is seen by asking again.
 */
static void load_module(void)
{
	char program[256] = "/sbin/modprobe", quiet[] = "-q", name[] = "ip_vs";
	char *argv[] = { program, quiet, name, NULL };
	int fd = open("/proc/sys/kernel/modprobe", O_RDONLY | O_CLOEXEC);
	uint64_t deadline_us = mono_us() + MODPROBE_US;
	ssize_t len;
	pid_t pid;

	if (fd >= 0) {
		len = read(fd, program, sizeof program - 1);
		if (len > 0) {
			program[len] = '\0';
			program[strcspn(program, "\n")] = '\0';
		}
		close(fd);
	}
	if (posix_spawn(&pid, program, NULL, NULL, argv, environ) != 0)
		return;
	while (waitpid(pid, NULL, WNOHANG) == 0) {
		if (mono_us() > deadline_us) {
			kill(pid, SIGKILL);
			waitpid(pid, NULL, 0);
			return;
		}
		poll(NULL, 0, 5);
	}
}

static void kernel_close(struct ipvs *h)
{
	struct kernel *k = (struct kernel *)h;

	if (k->sock != NULL)
		nl_socket_free(k->sock);
	free(k->out);
	free(k->in);
	free(k);
}

static const struct ipvs_backend kernel_backend = {
	.read_services = kernel_read_services,
	.read_service = kernel_read_service,
	.read_more = kernel_read_more,
	.read_dests_more = kernel_read_dests_more,
	.read_dests = kernel_read_dests,
	.apply = kernel_apply,
	.read_timeouts = kernel_read_timeouts,
	.set_timeouts = kernel_set_timeouts,
	.read_sync = kernel_read_sync,
	.set_sync = kernel_set_sync,
	.close = kernel_close,
};

/* The socket, with buffers that hold a whole batch. 0, or an errno value. */
static int open_socket(struct kernel *k)
{
	int size = SOCKET_BUFFER, one = 1, error;

	k->sock = nl_socket_alloc();
	if (k->sock == NULL)
		return ENOMEM;
	error = genl_connect(k->sock);
	if (error < 0)
		return error == -NLE_PERM ? EPERM : EPROTONOSUPPORT;
	k->fd = nl_socket_get_fd(k->sock);
	fcntl(k->fd, F_SETFD, FD_CLOEXEC);
	/* Without CAP_NET_ADMIN these fail, and so will the first request. */
	setsockopt(k->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
	setsockopt(k->fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size);
	setsockopt(k->fd, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof one);
	k->family = genl_ctrl_resolve(k->sock, IPVS_GENL_NAME);
	if (k->family < 0) {
		load_module();
		k->family = genl_ctrl_resolve(k->sock, IPVS_GENL_NAME);
	}
	return k->family < 0 ? ENOENT : 0;
}

struct ipvs *ipvs_open_kernel(void)
{
	struct kernel *k = xcalloc(1, sizeof *k);
	int error;

	k->base.backend = &kernel_backend;
	k->seq = 1;
	k->out = xmalloc(BATCH_OPS * MSG_MAX);
	k->in = xmalloc((size_t)READS * READ_BUFFER);
	for (int i = 0; i < READS; i++) {
		k->iov[i] = (struct iovec){ k->in + i * READ_BUFFER, READ_BUFFER };
		k->read[i].msg_hdr =
		    (struct msghdr){ .msg_iov = &k->iov[i], .msg_iovlen = 1 };
	}
	error = open_socket(k);
	if (error == 0)
		return &k->base;
	kernel_close(&k->base);
	errno = error;
	return NULL;
}
