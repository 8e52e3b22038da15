/*
 * One request, one answer, with a deadline on every step. A call with a deadline is
 * not begun again by itself when the user has stopped lvsctl and lets it go on
 * (signal(7)).
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lvsctl/lvsctl.h"

#define ANSWER_S 70 /* without a byte: longer than lvsd lets one wait */

static int connect_to(const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	struct timeval deadline = { .tv_sec = ANSWER_S };
	int fd;

	if (strlcpy(sun.sun_path, path, sizeof sun.sun_path) >= sizeof sun.sun_path) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof deadline);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &deadline, sizeof deadline);
	while (connect(fd, (const struct sockaddr *)&sun, sizeof sun) != 0) {
		if (errno == EINTR)
			continue;
		close(fd);
		return -1;
	}
	return fd;
}

/* One message, so that what is PASSED (-1: nothing) comes with its line. */
static bool send_line(int fd, const char *request, int passed)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { .header = { CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS } };
	struct buf line = { 0 };
	struct iovec iov;
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n;
	bool sent;

	buf_printf(&line, "%s\n", request);
	iov = (struct iovec){ line.data, line.len };
	if (passed >= 0) {
		memcpy(CMSG_DATA(&control.header), &passed, sizeof passed);
		m.msg_control = &control;
		m.msg_controllen = sizeof control.bytes;
	}
	do
		n = sendmsg(fd, &m, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	sent = n == (ssize_t)line.len;
	buf_fini(&line);
	return sent;
}

static bool read_all(int fd, struct buf *answer)
{
	char piece[16384];
	ssize_t n;

	do {
		n = recv(fd, piece, sizeof piece, 0);
		if (n > 0)
			buf_add(answer, piece, (size_t)n);
	} while (n > 0 || (n < 0 && errno == EINTR));
	return n == 0 && answer->len > 0;
}

/* connect_to(), with what to say when it fails. */
static int reach(const char *path)
{
	int fd = connect_to(path);

	if (fd < 0 && (errno == EACCES || errno == EPERM))
		fprintf(stderr, "lvsctl: you may not use %s\n", path);
	else if (fd < 0)
		fprintf(
		    stderr, "lvsctl: no lvsd answers at %s: %s\n", path, strerror(errno));
	return fd;
}

void ask_print_silence(const char *path)
{
	fprintf(
	    stderr, "lvsctl: lvsd at %s closed the connection without an answer\n", path);
}

json_t *ask_with(const char *path, const char *request, int passed)
{
	struct buf answer = { 0 };
	json_t *o = NULL;
	int fd = reach(path);

	if (fd < 0)
		return NULL;
	if (send_line(fd, request, passed) && read_all(fd, &answer))
		o = json_loadb(answer.data, answer.len, 0, NULL);
	if (o == NULL)
		ask_print_silence(path);
	buf_fini(&answer);
	close(fd);
	return o;
}

json_t *ask(const char *path, const char *request)
{
	return ask_with(path, request, -1);
}

int ask_begin(const char *path, const char *request)
{
	int fd = reach(path);

	if (fd < 0 || send_line(fd, request, -1))
		return fd;
	ask_print_silence(path);
	close(fd);
	return -1;
}

FILE *ask_lines(const char *path, const char *request)
{
	static const struct timeval forever = { 0 };
	int fd = ask_begin(path, request);

	if (fd < 0)
		return NULL;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &forever, sizeof forever);
	return fdopen(fd, "r");
}
