/* One connection a request, non-blocking, poll(2) for every wait. */
#include "lvsweb/ask.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/mono.h"

#define SILENCE_MS 10000	       /* without a byte */
#define ANSWER_MAX ((size_t)256 << 20) /* ten times that of 100,000 servers */

static bool fail(char *error, const char *what)
{
	snprintf(error, ASK_ERROR_MAX, "%s", what);
	return false;
}

static bool fail_errno(char *error, const char *what)
{
	snprintf(error, ASK_ERROR_MAX, "%s: %s", what, strerror(errno));
	return false;
}

static int reach(const char *path, char *error)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd;

	if (strlcpy(sun.sun_path, path, sizeof sun.sun_path) >= sizeof sun.sun_path) {
		errno = ENAMETOOLONG;
		fail_errno(error, path);
		return -1;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&sun, sizeof sun) == 0)
		return fd;
	fail_errno(error, path);
	if (fd >= 0)
		close(fd);
	return -1;
}

/* Until FD has something to read, or it is over. */
static bool wait_for(int fd, int stop, char *error)
{
	struct pollfd fds[] = { { .fd = fd, .events = POLLIN },
		{ .fd = stop, .events = POLLIN } };
	uint64_t end_us = mono_us() + SILENCE_MS * 1000;
	uint64_t now_us;
	int n;

	while ((now_us = mono_us()) < end_us) {
		n = poll(fds, 2, (int)((end_us - now_us) / 1000) + 1);
		if (n < 0 && errno != EINTR)
			return fail_errno(error, "poll");
		if (n > 0 && fds[1].revents != 0)
			return fail(error, "lvsweb ends");
		if (n > 0)
			return true;
	}
	return fail(error, "lvsd does not answer");
}

static bool read_all(int fd, int stop, struct buf *answer, char *error)
{
	char piece[65536];
	ssize_t n;

	while (answer->len < ANSWER_MAX) {
		n = recv(fd, piece, sizeof piece, 0);
		if (n > 0)
			buf_add(answer, piece, (size_t)n);
		else if (n == 0)
			break;
		else if (errno == EAGAIN && !wait_for(fd, stop, error))
			return false;
		else if (errno != EAGAIN && errno != EINTR)
			return fail_errno(error, "reading lvsd's answer");
	}
	if (answer->len >= ANSWER_MAX)
		return fail(error, "lvsd's answer has no end");
	if (answer->len == 0)
		return fail(error, "lvsd closed the connection without an answer");
	return true;
}

bool ask(const char *path, const char *request, int stop, struct buf *answer, char *error)
{
	struct buf line = { 0 };
	int fd = reach(path, error);
	bool done;

	if (fd < 0)
		return false;
	buf_printf(&line, "%s\n", request);
	/* A line always fits into the buffer of a new socket. */
	if (send(fd, line.data, line.len, MSG_NOSIGNAL) == (ssize_t)line.len)
		done = read_all(fd, stop, answer, error);
	else
		done = fail_errno(error, path);
	buf_fini(&line);
	close(fd);
	return done;
}
