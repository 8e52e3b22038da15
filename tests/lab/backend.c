/*
 * backend: a server that says who it is.
 *
 * Answers every HTTP request on its TCP ports with its name as the body, and
 * every datagram on its UDP ports with its name, over IPv4 and IPv6 and on any
 * address of the host. A request that does not ask for the connection to be
 * closed can be followed by another one. With -g a connection is greeted with a line.
 * With -l each connection and datagram
 * adds a line to a file: when it came, on CLOCK_MONOTONIC, and to which port.
 * It goes to the background as soon as its ports are open and prints the process
 * that does the work, so whoever started it need not wait: a client that comes
 * then is served.
 */
#include "lib/mono.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/queue.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { REQUEST_MAX = 4096, ANSWER_MAX = 512, NAME_LIMIT = 64, EVENTS = 64 };

enum what { TCP_PORT, UDP_PORT, CONNECTION };

/* A thing epoll watches. Ports live as long as the process. */
struct watch {
	enum what what;
	int fd;
	uint16_t port; /* ports only */
	/* connections only */
	size_t have; /* bytes of the request so far */
	char request[REQUEST_MAX];
	uint64_t due_us;	 /* when the answer goes out; 0: no request is complete */
	TAILQ_ENTRY(watch) link; /* in waiting, while due_us is set */
};

/* All wait equally long, so the first to come is the first to be due. */
static TAILQ_HEAD(, watch) waiting = TAILQ_HEAD_INITIALIZER(waiting);
static const char *name = "backend", *greeting;
static int status = 200;
static uint64_t delay_us;
static int epoll_fd;
static int log_fd = -1;

static void watch_fd(struct watch *w, uint32_t events, int op)
{
	struct epoll_event ev = { .events = events, .data.ptr = w };

	if (epoll_ctl(epoll_fd, op, w->fd, &ev) != 0)
		err(1, "epoll_ctl");
}

static void open_port(const char *text, enum what what)
{
	const char *wrong;
	uint16_t port = (uint16_t)strtonum(text, 1, 65535, &wrong);
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	int type = what == TCP_PORT ? SOCK_STREAM : SOCK_DGRAM;
	int on = 1, off = 0;
	struct watch *w = calloc(1, sizeof *w);

	if (w == NULL)
		err(1, NULL);
	if (wrong != NULL)
		errx(2, "port %s: %s", text, wrong);
	w->what = what;
	w->port = port;
	w->fd = socket(AF_INET6, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (w->fd < 0)
		err(1, "socket");
	/* A datagram must be answered from the address it was sent to. */
	if (setsockopt(w->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
	    setsockopt(w->fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) != 0 ||
	    setsockopt(w->fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on) != 0)
		err(1, "setsockopt");
	if (bind(w->fd, (struct sockaddr *)&sin6, sizeof sin6) != 0 ||
	    (what == TCP_PORT && listen(w->fd, 4096) != 0))
		err(1, "port %s", text);
	watch_fd(w, EPOLLIN, EPOLL_CTL_ADD);
}

static void connection_free(struct watch *c)
{
	if (c->due_us != 0)
		TAILQ_REMOVE(&waiting, c, link);
	close(c->fd);
	free(c);
}

/*
 * Sends the answer to the request at the front of the buffer. An answer is so
 * short that a socket that takes only a part of it belongs to a client that
 * does not read. Returns false when the connection is done with.
 */
static bool answer(struct watch *c, size_t request_len)
{
	char out[ANSWER_MAX];
	bool last;
	int len;

	c->request[request_len - 1] = '\0';
	last = strcasestr(c->request, "\nConnection: close") != NULL ||
	       strstr(c->request, " HTTP/1.0") != NULL;
	len = snprintf(out, sizeof out,
	    "HTTP/1.1 %d %s\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n"
	    "Connection: %s\r\n\r\n%s\n",
	    status, status < 400 ? "OK" : "Error", strlen(name) + 1,
	    last ? "close" : "keep-alive", name);
	if (send(c->fd, out, (size_t)len, MSG_NOSIGNAL) != len || last)
		return false;
	c->have -= request_len;
	memmove(c->request, c->request + request_len, c->have);
	return true;
}

/* The length of the first request with its empty line, 0: not complete. */
static size_t request_end(const struct watch *c)
{
	const char *end = memmem(c->request, c->have, "\r\n\r\n", 4);

	return end == NULL ? 0 : (size_t)(end - c->request) + 4;
}

/* Answers what is there, or has it wait when answers are to be late. */
static void serve(struct watch *c)
{
	size_t len;

	while (c->due_us == 0 && (len = request_end(c)) != 0) {
		if (delay_us != 0) {
			c->due_us = mono_us() + delay_us;
			TAILQ_INSERT_TAIL(&waiting, c, link);
		} else if (!answer(c, len)) {
			connection_free(c);
			return;
		}
	}
}

static void on_connection(struct watch *c)
{
	ssize_t n = read(c->fd, c->request + c->have, sizeof c->request - c->have);

	if (n < 0 && errno == EAGAIN)
		return;
	/* A full buffer reads as 0 too: a request that large is not for us. */
	if (n <= 0) {
		connection_free(c);
		return;
	}
	c->have += (size_t)n;
	serve(c);
}

/* Somebody came. One write, so that others may add to the file, too. */
static void log_arrival(const struct watch *port)
{
	if (log_fd >= 0)
		dprintf(log_fd, "%.6f %u\n", (double)mono_us() / 1e6, port->port);
}

static void on_tcp_port(struct watch *w)
{
	struct watch *c;
	int fd;

	while ((fd = accept4(w->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		log_arrival(w);
		c = calloc(1, sizeof *c);
		if (c == NULL)
			err(1, NULL);
		if (greeting != NULL)
			dprintf(fd, "%s\n", greeting);
		c->what = CONNECTION;
		c->fd = fd;
		watch_fd(c, EPOLLIN, EPOLL_CTL_ADD);
	}
}

static void on_udp_port(struct watch *w)
{
	char control[CMSG_SPACE(sizeof(struct in6_pktinfo))], in[2048],
	    out[NAME_LIMIT + 1];
	struct sockaddr_in6 from;
	struct iovec iov = { in, sizeof in };
	struct msghdr msg = { .msg_name = &from,
		.msg_namelen = sizeof from,
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof control };
	struct cmsghdr *info;

	if (recvmsg(w->fd, &msg, 0) < 0)
		return;
	log_arrival(w);
	info = CMSG_FIRSTHDR(&msg);
	if (info != NULL)
		((struct in6_pktinfo *)CMSG_DATA(info))->ipi6_ifindex = 0;
	iov.iov_base = out;
	iov.iov_len = (size_t)snprintf(out, sizeof out, "%s\n", name);
	sendmsg(w->fd, &msg, 0);
}

/* Sends the answers that are due; returns epoll's wait for the next, in ms. */
static int on_time(void)
{
	uint64_t now_us = mono_us();
	struct watch *c;

	while ((c = TAILQ_FIRST(&waiting)) != NULL) {
		if (c->due_us > now_us)
			return (int)((c->due_us - now_us + 999) / 1000);
		TAILQ_REMOVE(&waiting, c, link);
		c->due_us = 0;
		if (answer(c, request_end(c)))
			serve(c);
		else
			connection_free(c);
	}
	return -1;
}

static void to_background(void)
{
	pid_t pid = fork();
	int null;

	if (pid < 0)
		err(1, "fork");
	if (pid > 0) {
		printf("%d\n", (int)pid);
		fflush(stdout);
		/* The ports are the child's now, not leaks of this process. */
		_exit(0);
	}
	setsid();
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0)
		err(1, "/dev/null");
}

static void usage(void)
{
	fprintf(stderr, "usage: backend [-n NAME] [-p TCP_PORT]... [-u UDP_PORT]... "
			"[-s HTTP_STATUS] [-d DELAY_MS] [-g LINE] "
			"[-l FILE]\n");
	exit(2);
}

int main(int argc, char **argv)
{
	struct rlimit files = { 65536, 65536 };
	struct epoll_event events[EVENTS];
	int opt, n, i;

	setrlimit(RLIMIT_NOFILE, &files);
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (epoll_fd < 0)
		err(1, "epoll_create1");
	while ((opt = getopt(argc, argv, "n:p:u:s:d:g:l:")) != -1) {
		switch (opt) {
		case 'n':
			if (strlen(optarg) >= NAME_LIMIT)
				errx(2, "the name is too long");
			name = optarg;
			break;
		case 'p':
			open_port(optarg, TCP_PORT);
			break;
		case 'u':
			open_port(optarg, UDP_PORT);
			break;
		case 's':
			status = (int)strtonum(optarg, 100, 599, NULL);
			break;
		case 'd':
			delay_us = (uint64_t)strtonum(optarg, 0, 3600000, NULL) * 1000;
			break;
		case 'g':
			greeting = optarg;
			break;
		case 'l':
			log_fd =
			    open(optarg, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
			if (log_fd < 0)
				err(1, "%s", optarg);
			break;
		default:
			usage();
		}
	}
	if (optind != argc)
		usage();
	to_background();
	for (;;) {
		n = epoll_wait(epoll_fd, events, EVENTS, on_time());
		for (i = 0; i < n; i++) {
			struct watch *w = events[i].data.ptr;

			if (w->what == TCP_PORT)
				on_tcp_port(w);
			else if (w->what == UDP_PORT)
				on_udp_port(w);
			else
				on_connection(w);
		}
	}
}
