/*
 * hostile: a client of lvsd's sockets that does not behave.
 *
 * "hostile SOCKET WHAT" connects and does one of these; it ends when the daemon
 * closed the connection, and says on standard output what came back before. Alone:
 *   half        half a request, and no more
 *   long        a request of 1 MiB without an end
 *   deaf        "show status", and reads nothing; then how many bytes came
 *   crowd       1,000 connections; how many of them are served
 * With "plan" and descriptors that are not what lvsctl sends:
 *   unsealed    memory that can still be changed
 *   half-sealed that can still grow
 *   pipe, file  no memory at all
 *   hundred     100 descriptors at once, good ones
 *   huge        1 GiB, which is there on paper only
 *   zeros       32 MiB of nothing, in good order
 *   twice       one after the other
 *   early       a good one, and the connection closed before the request ends
 */
#include <err.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define CROWD 1000
#define SERVED 8 /* of one user */
#define HUNDRED 100
#define SEALS (F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK)

static int connect_to(const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strncpy(sun.sun_path, path, sizeof sun.sun_path - 1);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&sun, sizeof sun) < 0)
		err(1, "%s", path);
	return fd;
}

static void say(int fd, const char *text)
{
	if (write(fd, text, strlen(text)) < 0)
		warn("write");
}

/* TEXT with N descriptors. */
static void pass(int fd, const char *text, const int *fds, size_t n)
{
	char control[CMSG_SPACE(HUNDRED * sizeof(int))] = { 0 };
	struct iovec iov = { (void *)(unsigned long)text, strlen(text) };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control };
	struct cmsghdr *h;

	m.msg_controllen = CMSG_SPACE(n * sizeof(int));
	h = CMSG_FIRSTHDR(&m);
	h->cmsg_level = SOL_SOCKET;
	h->cmsg_type = SCM_RIGHTS;
	h->cmsg_len = CMSG_LEN(n * sizeof(int));
	memcpy(CMSG_DATA(h), fds, n * sizeof(int));
	if (sendmsg(fd, &m, 0) < 0)
		err(1, "sendmsg");
}

/* SIZE bytes of memory that begin with TEXT, sealed as SEALED says. */
static int memory(const char *text, off_t size, int sealed)
{
	int fd = memfd_create("hostile", MFD_ALLOW_SEALING);

	if (fd < 0 || ftruncate(fd, size) < 0 ||
	    pwrite(fd, text, strlen(text), 0) != (ssize_t)strlen(text) ||
	    fcntl(fd, F_ADD_SEALS, sealed) < 0)
		err(1, "memfd");
	return fd;
}

/* Prints all that comes, until the other end is closed. */
static void listen_to_end(int fd)
{
	char piece[65536];
	ssize_t n;

	while ((n = read(fd, piece, sizeof piece)) > 0)
		fwrite(piece, 1, (size_t)n, stdout);
}

/* Waits until the other end is closed, without reading before. */
static void wait_for_end(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLRDHUP };

	while (!(p.revents & (POLLRDHUP | POLLHUP | POLLERR)))
		if (poll(&p, 1, -1) < 0)
			err(1, "poll");
}

static void deaf(int fd)
{
	char piece[65536];
	size_t total = 0;
	ssize_t n;

	say(fd, "show status\n");
	wait_for_end(fd);
	while ((n = read(fd, piece, sizeof piece)) > 0)
		total += (size_t)n;
	printf("%zu\n", total);
}

static bool is_closed(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLRDHUP };

	return poll(&p, 1, 0) == 1;
}

/* All but a few are turned away; when that is over, the others are asked. */
static void crowd(const char *path)
{
	static int fds[CROWD];
	int closed = 0, served = 0;

	for (int i = 0; i < CROWD; i++)
		fds[i] = connect_to(path);
	while (closed < CROWD - SERVED) {
		closed = 0;
		for (int i = 0; i < CROWD; i++)
			closed += is_closed(fds[i]);
		poll(NULL, 0, 10);
	}
	for (int i = 0; i < CROWD; i++) {
		char answer[16];

		if (!is_closed(fds[i]) && send(fds[i], "nothing\n", 8, MSG_NOSIGNAL) == 8)
			served += recv(fds[i], answer, sizeof answer, 0) > 0;
	}
	printf("%d\n", served);
}

static void send_memory(int fd, const char *what)
{
	static const char text[] = "director web 10.9.9.1:80\n server a 10.0.0.1:80\n";
	off_t size = (off_t)strlen(text);
	int fds[HUNDRED], ends[2];

	if (strcmp(what, "unsealed") == 0)
		fds[0] = memory(text, size, F_SEAL_GROW);
	else if (strcmp(what, "half-sealed") == 0)
		fds[0] = memory(text, size, F_SEAL_WRITE | F_SEAL_SHRINK);
	else if (strcmp(what, "huge") == 0)
		fds[0] = memory(text, 1L << 30, SEALS);
	else if (strcmp(what, "zeros") == 0)
		fds[0] = memory("", 32L << 20, SEALS);
	else if (strcmp(what, "file") == 0)
		fds[0] = open("/etc/passwd", O_RDONLY);
	else if (strcmp(what, "pipe") == 0)
		fds[0] = pipe(ends) == 0 ? ends[0] : -1;
	else
		fds[0] = memory(text, size, SEALS);
	for (int i = 1; i < HUNDRED; i++)
		fds[i] = fds[0];
	if (strcmp(what, "twice") == 0)
		pass(fd, "pl", fds, 1);
	if (strcmp(what, "early") == 0) {
		pass(fd, "pl", fds, 1);
		exit(0);
	}
	pass(fd, strcmp(what, "twice") == 0 ? "an\n" : "plan\n", fds,
	    strcmp(what, "hundred") == 0 ? HUNDRED : 1);
}

int main(int argc, char **argv)
{
	const struct rlimit files = { CROWD + 100, CROWD + 100 };
	static char line[1 << 20];
	int fd;

	if (argc != 3)
		errx(2, "usage: hostile SOCKET WHAT");
	signal(SIGPIPE, SIG_IGN);
	setrlimit(RLIMIT_NOFILE, &files);
	if (strcmp(argv[2], "crowd") == 0) {
		crowd(argv[1]);
		return 0;
	}
	fd = connect_to(argv[1]);
	if (strcmp(argv[2], "half") == 0) {
		say(fd, "show sta");
	} else if (strcmp(argv[2], "long") == 0) {
		memset(line, 'x', sizeof line - 1);
		say(fd, line);
	} else if (strcmp(argv[2], "deaf") == 0) {
		deaf(fd);
		return 0;
	} else {
		send_memory(fd, argv[2]);
	}
	listen_to_end(fd);
	return 0;
}
