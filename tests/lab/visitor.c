/*
 * visitor: many clients of a web server that do not behave.
 *
 *   visitor PORT half N   N connections to 127.0.0.1, half a request on each
 *   visitor PORT drip N   the same, and a byte more on each every 200 ms
 *   visitor PORT PATH N   a request for PATH on each, of whose answer nothing is read
 *
 * Prints "open N" when the number of connections that the server has not closed (with
 * PATH: that it began to answer with 200) was the same for three seconds, once for each
 * number, and ends when it is 0 or after 60 seconds.
 */
#include <err.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/mono.h"
#include "lib/xalloc.h"

#define TICK_MS 200
#define SETTLED_US 3000000
#define END_US 60000000

struct visit {
	uint16_t port;
	bool drip;
	const char *path; /* NULL: half a request */
};

static void ask(const struct visit *v, int fd)
{
	char request[256];
	int len;

	if (v->path != NULL)
		len = snprintf(request, sizeof request,
		    "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", v->path);
	else
		len = snprintf(
		    request, sizeof request, "GET / HTTP/1.1\r\nHost: localhost\r\nX: ");
	send(fd, request, (size_t)len, MSG_NOSIGNAL);
}

static int visit(const struct visit *v)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
		.sin_port = htons(v->port),
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	const int little = 4096;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		err(1, "socket");
	if (v->path != NULL)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &little, sizeof little);
	if (connect(fd, (const struct sockaddr *)&sin, sizeof sin) == 0)
		ask(v, fd);
	return fd;
}

static bool is_open(const struct visit *v, int fd)
{
	static const char good[] = "HTTP/1.1 200";
	char bytes[sizeof good - 1];
	ssize_t n = recv(fd, bytes, sizeof bytes, MSG_PEEK | MSG_DONTWAIT);

	if (v->path != NULL)
		return n == sizeof bytes && memcmp(bytes, good, sizeof bytes) == 0;
	return n < 0 && errno == EAGAIN;
}

static size_t count(const struct visit *v, const int *fds, size_t n)
{
	size_t open = 0;

	for (size_t i = 0; i < n; i++) {
		if (!is_open(v, fds[i]))
			continue;
		open++;
		if (v->drip)
			send(fds[i], "x", 1, MSG_NOSIGNAL);
	}
	return open;
}

int main(int argc, char **argv)
{
	struct rlimit files = { 4096, 4096 };
	size_t n, open, last, told = SIZE_MAX;
	uint64_t begun_us, since_us;
	struct visit v = { 0 };
	int *fds;

	if (argc != 4)
		errx(2, "usage: visitor PORT half|drip|PATH N");
	v.port = (uint16_t)strtonum(argv[1], 1, UINT16_MAX, NULL);
	v.drip = strcmp(argv[2], "drip") == 0;
	v.path = *argv[2] == '/' ? argv[2] : NULL;
	n = (size_t)strtonum(argv[3], 1, 4000, NULL);
	setrlimit(RLIMIT_NOFILE, &files);
	setvbuf(stdout, NULL, _IOLBF, 0);
	fds = xcalloc(n, sizeof *fds);
	for (size_t i = 0; i < n; i++)
		fds[i] = visit(&v);
	begun_us = since_us = mono_us();
	last = n;
	do {
		poll(NULL, 0, TICK_MS);
		open = count(&v, fds, n);
		if (open != last)
			since_us = mono_us();
		last = open;
		if (open != told && mono_us() - since_us > SETTLED_US) {
			printf("open %zu\n", open);
			told = open;
		}
	} while (told != 0 && mono_us() - begun_us < END_US);
	free(fds);
	return 0;
}
