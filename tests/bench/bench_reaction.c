/*
 * bench_reaction: how long lvsd needs from a server's refusal to the changed table.
 *
 *   bench_reaction PORT ROUNDS COMMAND [ARGUMENT]...
 *
 * COMMAND is lvsd, in the foreground and with -v, with a server one/a 127.0.0.1:PORT that
 * this plays: it listens until the table has changed for that, closes, and takes the
 * time from the RST that answers the next check, as the kernel saw it leave (a packet
 * socket, which needs root), until lvsd says that the table is changed, which it does
 * when the kernel has acknowledged. Reading that line is in the time. Before the first
 * round the table has to have been quiet for three seconds. Prints the sorted times.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { QUIET_MS = 3000, ROUND_MS = 60000, ROUNDS_MAX = 1000 };

static int64_t real_us(const struct timespec *ts)
{
	return ts->tv_sec * INT64_C(1000000) + ts->tv_nsec / 1000;
}

static int64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return real_us(&ts);
}

/* ---- the server ---- */

static int open_server(uint16_t port)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
	    bind(fd, (struct sockaddr *)&sin, sizeof sin) < 0 || listen(fd, 64) < 0)
		err(1, "port %u", (unsigned)port);
	return fd;
}

static void take_connections(int server)
{
	int fd;

	while ((fd = accept4(server, NULL, NULL, SOCK_CLOEXEC)) >= 0)
		close(fd);
}

/* ---- its refusals ---- */

/* A packet socket that hears what leaves PORT with RST, on loopback. */
static int open_ear(uint16_t port)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 9), /* the protocol */
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_TCP, 0, 6),
		BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0), /* length of the IP header */
		BPF_STMT(BPF_LD | BPF_H | BPF_IND, 0),	/* the source port */
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, port, 0, 3),
		BPF_STMT(BPF_LD | BPF_B | BPF_IND, 13), /* flags */
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 4, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 64),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog filter = { sizeof code / sizeof *code, code };
	struct sockaddr_ll lo = { .sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_IP),
		.sll_ifindex = (int)if_nametoindex("lo") };
	int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1;

	if (fd < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) < 0 ||
	    bind(fd, (struct sockaddr *)&lo, sizeof lo) < 0)
		err(1, "packet socket");
	return fd;
}

/* When the first RST left that EAR has heard, and forgets the others; 0: none has. */
static int64_t heard_us(int ear)
{
	_Alignas(struct cmsghdr) char control[256];
	char packet[64];
	struct iovec iov = { packet, sizeof packet };
	int64_t first_us = 0;

	for (;;) {
		struct msghdr m = { .msg_iov = &iov,
			.msg_iovlen = 1,
			.msg_control = control,
			.msg_controllen = sizeof control };
		struct timespec ts;
		struct cmsghdr *c;

		if (recvmsg(ear, &m, 0) < 0)
			return first_us;
		c = CMSG_FIRSTHDR(&m);
		if (first_us != 0 || c == NULL || c->cmsg_type != SCM_TIMESTAMPNS)
			continue;
		memcpy(&ts, CMSG_DATA(c), sizeof ts);
		first_us = real_us(&ts);
	}
}

/* ---- lvsd ---- */

static pid_t start(char **argv, int *log)
{
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		err(1, "pipe");
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (pid == 0) {
		dup2(ends[1], STDERR_FILENO);
		execvp(argv[0], argv);
		err(1, "%s", argv[0]);
	}
	close(ends[1]);
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	*log = ends[0];
	return pid;
}

/* What lvsd said and was not looked at yet. */
struct log {
	int fd;
	size_t len;
	char text[1 << 16];
};

/* Takes lines off LOG until one has both words; false: none of those here has. */
static bool has_line(struct log *log, const char *word, const char *other)
{
	bool found = false;
	char *line = log->text, *end;

	log->text[log->len] = '\0';
	for (; !found && (end = strchr(line, '\n')) != NULL; line = end + 1) {
		*end = '\0';
		found = strstr(line, word) != NULL && strstr(line, other) != NULL;
	}
	log->len -= (size_t)(line - log->text);
	memmove(log->text, line, log->len);
	return found;
}

/* Waits at most MS for such a line; SERVER takes connections meanwhile. */
static bool said(struct log *log, int server, int ms, const char *word, const char *other)
{
	int64_t end_us = now_us() + ms * INT64_C(1000);

	while (!has_line(log, word, other)) {
		struct pollfd p[2] = { { .fd = log->fd, .events = POLLIN },
			{ .fd = server, .events = POLLIN } };
		ssize_t n;

		if (now_us() >= end_us)
			return false;
		poll(p, 2, (int)((end_us - now_us()) / 1000) + 1);
		take_connections(server);
		n = read(log->fd, log->text + log->len, sizeof log->text - 1 - log->len);
		if (n == 0)
			errx(1, "it ended");
		if (n > 0)
			log->len += (size_t)n;
	}
	return true;
}

/* Waits until the table has followed the server to STATE. */
static void follows(struct log *log, int server, const char *state)
{
	if (!said(log, server, ROUND_MS, " one/a ", state) ||
	    !said(log, server, ROUND_MS, "table changed", ""))
		errx(1, "the server is not \"%s\", or the table did not change", state);
}

static int by_size(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

int main(int argc, char **argv)
{
	static int64_t times_us[ROUNDS_MAX];
	size_t rounds, n = 0;
	static struct log log;
	int server, ear;
	uint16_t port;
	pid_t pid;

	if (argc < 4)
		errx(2, "usage: bench_reaction PORT ROUNDS COMMAND [ARGUMENT]...");
	port = (uint16_t)strtoul(argv[1], NULL, 10);
	rounds = strtoul(argv[2], NULL, 10);
	if (rounds < 1 || rounds > ROUNDS_MAX)
		errx(2, "1 to %d rounds", ROUNDS_MAX);
	server = open_server(port);
	ear = open_ear(port);
	pid = start(argv + 3, &log.fd);
	follows(&log, server, "-> up");
	while (said(&log, server, QUIET_MS, "table changed", ""))
		continue;
	while (n < rounds) {
		int64_t refused_us;

		heard_us(ear);
		close(server);
		follows(&log, -1, "-> down");
		times_us[n] = now_us();
		refused_us = heard_us(ear);
		if (refused_us == 0)
			errx(1, "a changed table without a refusal");
		times_us[n++] -= refused_us;
		server = open_server(port);
		follows(&log, server, "-> up");
	}
	qsort(times_us, n, sizeof *times_us, by_size);
	printf("reaction_us");
	for (size_t i = 0; i < n; i++)
		printf(" %lld", (long long)times_us[i]);
	printf(" median %lld\n", (long long)times_us[n / 2]);
	kill(pid, SIGTERM);
	waitpid(pid, NULL, 0);
	return 0;
}
