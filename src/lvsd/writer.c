/*
 * A child, a pair of sockets, and a lock.
 *
 * The lock is on PATH.writer: taken with the first file, kept until the end. So there is
 * never more than one, whatever happened to its daemon, and the next daemon knows when the
 * last one is gone. It is not on the daemon's PATH.lock: over NFS that one's flock(2) is a
 * lock of all bytes as fcntl(2) has them, and would keep the daemon's own writer out.
 */
#include "lvsd/writer.h"

#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/mono.h"
#include "lib/xalloc.h"
#include "lvsd/children.h"
#include "lvsd/lvsd.h"
#include "lvsd/newfile.h"

#define WRITER_NICE 5 /* a lone processor is the loop's first */
#define SOCKET_BYTES (8 * WRITER_BYTES_MAX)
#define LOOK_MS 5

/* ---- the lock ---- */

/* -1: there is none, and cannot be with HOW. */
static int open_lock(const char *path, int how)
{
	char *name = xasprintf("%s.writer", path);
	int fd = open(name, O_RDWR | O_CLOEXEC | O_NOFOLLOW | how, 0600);

	free(name);
	return fd;
}

/* It belongs to FD, and not to this process (fcntl(2), F_OFD_SETLK). */
static bool lock(int fd, int how)
{
	struct flock writers = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1 };

	return fcntl(fd, how, &writers) == 0;
}

bool writer_await(const char *path, double wait_s)
{
	uint64_t until_us = mono_us() + (uint64_t)(wait_s * 1e6);
	int fd = open_lock(path, 0);
	bool free_of_it = true;

	if (fd < 0)
		return true;
	while (!lock(fd, F_OFD_SETLK) && (errno == EAGAIN || errno == EACCES)) {
		free_of_it = mono_us() < until_us;
		if (!free_of_it)
			break;
		poll(NULL, 0, LOOK_MS);
	}
	close(fd);
	return free_of_it;
}

/* ---- the child ---- */

static void reset_signals(void)
{
	/* They are for the daemon, which tells it when to end. */
	static const int not_ours[] = { SIGHUP, SIGINT, SIGTERM, SIGUSR1 };

	for (size_t i = 0; i < sizeof not_ours / sizeof *not_ours; i++)
		signal(not_ours[i], SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
}

/* Where -D was called from must not wait for this process's output, or its directory. */
static void leave_terminal(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (chdir("/") < 0)
		log_debug("the writer stays in the caller's directory");
	for (int fd = STDIN_FILENO; null >= 0 && fd <= STDERR_FILENO; fd++)
		dup2(null, fd);
}

/* Locks and sockets are the daemon's, and so are its rights: the file is its user's. */
static void confine(bool background)
{
	bool bounding;

	if (background)
		leave_terminal();
	closefrom(STDERR_FILENO + 2);
	capng_get_caps_process();
	bounding = capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP) != 0;
	capng_clear(CAPNG_SELECT_ALL);
	if (capng_apply(CAPNG_SELECT_CAPS | CAPNG_SELECT_AMBIENT |
			(bounding ? CAPNG_SELECT_BOUNDS : 0)) != 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		_exit(EXIT_SYSTEM);
}

/* Waits until no other writer has PATH. Without a lock it goes on all the same. */
static void hold(int *held, const char *path)
{
	if (*held >= 0)
		return;
	*held = open_lock(path, O_CREAT);
	while (*held >= 0 && !lock(*held, F_OFD_SETLKW) && errno == EINTR)
		;
}

static void __attribute__((noreturn)) serve(int fd)
{
	char record[1 + WRITER_BYTES_MAX + 1];
	struct newfile file = { 0 };
	int held = -1;

	for (;;) {
		ssize_t n = recv(fd, record, sizeof record - 1, 0);
		int error;

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			_exit(EXIT_OK); /* what is not whole never is */
		record[n] = '\0';
		switch ((enum writer_word)record[0]) {
		case WRITER_BEGIN:
			hold(&held, record + 1);
			newfile_begin(&file, record + 1);
			break;
		case WRITER_BYTES:
			newfile_add(&file, record + 1, (size_t)n - 1);
			break;
		case WRITER_END:
			error = newfile_end(&file);
			if (send(fd, &error, sizeof error, MSG_NOSIGNAL) < 0)
				_exit(EXIT_OK);
			break;
		}
	}
}

static void __attribute__((noreturn))
run_child(struct lvsd *l, pid_t parent, int fd, bool background)
{
	reset_signals();
	if (nice(WRITER_NICE) < 0)
		log_debug("the state file is written at the daemon's priority");
	if (dup2(fd, STDERR_FILENO + 1) < 0)
		_exit(EXIT_SYSTEM);
	confine(background);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(EXIT_SYSTEM);
	setproctitle("writer");
	children_forget(l);
	serve(STDERR_FILENO + 1);
}

/* ---- the daemon ---- */

bool writer_start(struct writer *w, struct lvsd *l)
{
	static const int bytes = SOCKET_BYTES;
	pid_t parent = getpid(), pid;
	int fds[2], error;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return false;
	setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
	pid = fork();
	if (pid == 0)
		run_child(l, parent, fds[1], l->options.daemonize);
	error = errno;
	close(fds[1]);
	if (pid < 0) {
		close(fds[0]);
		errno = error;
		return false;
	}
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	*w = (struct writer){ .pid = pid, .fd = fds[0] };
	return true;
}

bool writer_tell(
    const struct writer *w, enum writer_word word, const void *bytes, size_t len)
{
	char first = (char)word;
	struct iovec parts[] = { { &first, 1 }, { (void *)(uintptr_t)bytes, len } };
	const struct msghdr record = { .msg_iov = parts, .msg_iovlen = 2 };
	ssize_t n;

	do
		n = sendmsg(w->fd, &record, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n >= 0;
}

bool writer_answer(const struct writer *w, int *error)
{
	ssize_t n = recv(w->fd, error, sizeof *error, 0);

	if (n == (ssize_t)sizeof *error)
		return true;
	if (n >= 0 || (errno != EAGAIN && errno != EINTR))
		errno = EPIPE;
	else
		errno = EAGAIN;
	return false;
}

void writer_ended(struct writer *w)
{
	close(w->fd);
	*w = (struct writer){ 0 };
}

bool writer_kill(struct writer *w, double wait_s)
{
	uint64_t until_us = mono_us() + (uint64_t)(wait_s * 1e6);

	if (w->pid == 0)
		return true;
	kill(w->pid, SIGKILL);
	while (waitpid(w->pid, NULL, WNOHANG) == 0) {
		if (mono_us() > until_us)
			return false;
		poll(NULL, 0, 1);
	}
	writer_ended(w);
	return true;
}
