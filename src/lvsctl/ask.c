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

#define ANSWER_S 30 /* without a byte */

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

static bool send_line(int fd, const char *request)
{
	struct buf line = { 0 };
	ssize_t n;

	buf_printf(&line, "%s\n", request);
	do
		n = send(fd, line.data, line.len, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	n = n == (ssize_t)line.len ? 0 : -1;
	buf_fini(&line);
	return n == 0;
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

json_t *ask(const char *path, const char *request)
{
	struct buf answer = { 0 };
	json_t *o = NULL;
	int fd = connect_to(path);

	if (fd < 0 && (errno == EACCES || errno == EPERM))
		fprintf(stderr, "lvsctl: you may not use %s\n", path);
	else if (fd < 0)
		fprintf(
		    stderr, "lvsctl: no lvsd answers at %s: %s\n", path, strerror(errno));
	if (fd < 0)
		return NULL;
	if (send_line(fd, request) && read_all(fd, &answer))
		o = json_loadb(answer.data, answer.len, 0, NULL);
	if (o == NULL)
		fprintf(stderr,
		    "lvsctl: lvsd at %s closed the connection without an "
		    "answer\n",
		    path);
	buf_fini(&answer);
	close(fd);
	return o;
}
