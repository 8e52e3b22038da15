/*
 * hammer: a client that counts who answers and what fails.
 *
 * Sends HTTP requests (or datagrams) to one address over a number of
 * connections, each a new one, or with -k over connections that are kept and
 * must never break. They come from one client or, with -b, from many. Each
 * request has a deadline. The summary is key=value
 * lines; times are CLOCK_MONOTONIC in seconds, of a failure the moment its
 * request was begun, so that "no request begun after T failed" can be asked.
 * Exits 1 when a request failed. It ends after -n requests, or at SIGTERM or
 * SIGINT when those that are under way are done.
 */
#include "lib/addr.h"
#include "lib/mono.h"

#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 1000, BACKENDS_MAX = 100, ANSWER_MAX = 4096, NAME_LIMIT = 32 };

enum reason {
	REFUSED,
	UNREACHABLE,
	TIMEOUT,
	RESET,
	CLOSED,
	STATUS,
	GARBAGE,
	OTHER,
	REASONS
};

static const char *const reason_text[REASONS] = { "refused", "unreachable", "timeout",
	"reset", "closed", "status", "garbage", "other" };

enum phase { IDLE, CONNECTING, ASKED };

/* One connection, or the place for one (fd -1). */
struct slot {
	int fd;
	enum phase phase;		/* IDLE: no request under way */
	uint64_t begun_us, deadline_us; /* of the request */
	char answer[ANSWER_MAX];
	size_t have;
};

static struct {
	struct sockaddr_storage to;
	socklen_t to_len;
	struct addr from; /* the first of n_from addresses; none: the kernel chooses */
	unsigned n_from;
	char request[256];
	bool udp, keep;
	unsigned slots;
	uint64_t requests; /* 0: until told to stop */
	uint64_t timeout_us;
	uint64_t apart_us; /* time between two requests; 0: as fast as it goes */
} want = { .slots = 1, .timeout_us = 10000000 };

static struct {
	uint64_t begun, ok, failed[REASONS], connections;
	uint64_t first_ok_us, last_ok_us, gap_us, gap_at_us, slowest_us;
	uint64_t first_failed_us, last_failed_us;
	struct {
		char name[NAME_LIMIT];
		uint64_t count;
	} backend[BACKENDS_MAX];
} seen;

static volatile sig_atomic_t stop;

static void on_signal(int sig)
{
	(void)sig;
	stop = 1;
}

static double seconds(uint64_t us)
{
	return (double)us / 1e6;
}

static void slot_close(struct slot *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
	s->phase = IDLE;
}

static void failed(struct slot *s, enum reason why)
{
	if (s->phase == IDLE) { /* a kept connection broke between two requests */
		s->begun_us = mono_us();
		seen.begun++;
	}
	seen.failed[why]++;
	if (seen.first_failed_us == 0 || s->begun_us < seen.first_failed_us)
		seen.first_failed_us = s->begun_us;
	if (s->begun_us > seen.last_failed_us)
		seen.last_failed_us = s->begun_us;
	slot_close(s);
}

static enum reason reason_of_errno(int e)
{
	switch (e) {
	case ECONNREFUSED:
		return REFUSED;
	case EHOSTUNREACH:
	case ENETUNREACH:
		return UNREACHABLE;
	case ETIMEDOUT:
		return TIMEOUT;
	case ECONNRESET:
	case EPIPE:
		return RESET;
	default:
		return OTHER;
	}
}

static void count_backend(const char *name, size_t len)
{
	char clean[NAME_LIMIT] = "";
	size_t i;

	for (i = 0; i < len && i < sizeof clean - 1; i++)
		clean[i] = isalnum((unsigned char)name[i]) ? name[i] : '_';
	for (i = 0; i < BACKENDS_MAX - 1 && seen.backend[i].count != 0; i++)
		if (strcmp(seen.backend[i].name, clean) == 0)
			break;
	memcpy(seen.backend[i].name, clean, sizeof clean);
	seen.backend[i].count++;
}

static void succeeded(struct slot *s, const char *body, size_t len)
{
	const char *end = memchr(body, '\n', len);
	uint64_t now_us = mono_us();

	if (seen.ok++ == 0) {
		seen.first_ok_us = now_us;
		/* Whoever waits for the traffic to flow can read it. */
		printf("started=%.6f\n", seconds(now_us));
		fflush(stdout);
	} else if (now_us - seen.last_ok_us > seen.gap_us) {
		seen.gap_us = now_us - seen.last_ok_us;
		seen.gap_at_us = seen.last_ok_us;
	}
	seen.last_ok_us = now_us;
	if (now_us - s->begun_us > seen.slowest_us)
		seen.slowest_us = now_us - s->begun_us;
	count_backend(body, end != NULL ? (size_t)(end - body) : len);
	s->phase = IDLE;
	if (!want.keep)
		slot_close(s);
}

/*
 * Looks at what came so far of an HTTP answer, AT_END: the server has closed.
 * A request on a connection of its own is answered when the server closes it,
 * as that is what the client asked for.
 */
static void judge_http(struct slot *s, bool at_end)
{
	const char *head_end = memmem(s->answer, s->have, "\r\n\r\n", 4), *body, *length;
	size_t body_len, need;

	if (head_end == NULL) {
		if (at_end || s->have == sizeof s->answer - 1)
			failed(s, s->have == 0 ? CLOSED : GARBAGE);
		return;
	}
	s->answer[s->have] = '\0';
	body = head_end + 4;
	body_len = s->have - (size_t)(body - s->answer);
	length = strcasestr(s->answer, "\nContent-Length:");
	need = length != NULL && length < head_end ? strtoul(length + 16, NULL, 10) : 0;
	if (body_len < need || (!want.keep && !at_end)) {
		if (at_end)
			failed(s, CLOSED);
		return;
	}
	if (strncmp(s->answer, "HTTP/1.", 7) != 0)
		failed(s, GARBAGE);
	else if (strncmp(s->answer + 8, " 200 ", 5) != 0)
		failed(s, STATUS);
	else
		succeeded(s, body, body_len);
}

static void on_readable(struct slot *s)
{
	ssize_t n = read(s->fd, s->answer + s->have, sizeof s->answer - 1 - s->have);

	if (n < 0 && errno != EAGAIN)
		failed(s, reason_of_errno(errno));
	else if (n >= 0 && s->phase == IDLE)
		failed(s, n == 0 ? CLOSED : GARBAGE);
	else if (n >= 0) {
		s->have += (size_t)n;
		if (want.udp)
			succeeded(s, s->answer, s->have);
		else
			judge_http(s, n == 0);
	}
}

static void ask(struct slot *s)
{
	size_t len = strlen(want.request);

	s->phase = ASKED;
	s->have = 0;
	if (send(s->fd, want.request, len, MSG_NOSIGNAL) != (ssize_t)len)
		failed(s, reason_of_errno(errno));
}

static void on_connected(struct slot *s)
{
	int e = 0;
	socklen_t len = sizeof e;

	getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &e, &len);
	if (e != 0)
		failed(s, reason_of_errno(e));
	else
		ask(s);
}

/*
 * Each connection comes from the next address, and its port was not used for
 * minutes: IPVS remembers a connection for two minutes after its end and treats
 * a new one from the same place as a part of it, which no real mass of clients
 * would see. Ports move on by the clock, 100 a second, whoever used them.
 */
static void bind_next(int fd)
{
	static unsigned n;
	static uint64_t port;
	struct sockaddr_storage from;
	struct addr a = want.from;
	unsigned last = a.family == AF_INET ? 3 : 15;
	socklen_t len;
	int on = 1;

	if (port == 0)
		port = mono_us() / 10000;
	setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &on, sizeof on);
	do {
		a.bytes[last] = (uint8_t)(want.from.bytes[last] + n);
		len = addr_sockaddr(&a, (uint16_t)(1024 + port % 64000), &from);
		if (++n == want.n_from) {
			n = 0;
			port++;
		}
	} while (bind(fd, (struct sockaddr *)&from, len) != 0 && errno == EADDRINUSE);
}

static void begin(struct slot *s)
{
	int type = want.udp ? SOCK_DGRAM : SOCK_STREAM;

	seen.begun++;
	s->begun_us = mono_us();
	s->deadline_us = s->begun_us + want.timeout_us;
	s->phase = CONNECTING;
	if (s->fd >= 0) {
		ask(s);
		return;
	}
	s->fd = socket(want.to.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (s->fd < 0)
		err(2, "socket");
	seen.connections++;
	if (want.n_from != 0)
		bind_next(s->fd);
	if (connect(s->fd, (struct sockaddr *)&want.to, want.to_len) == 0)
		ask(s);
	else if (errno != EINPROGRESS)
		failed(s, reason_of_errno(errno));
}

static bool done(void)
{
	return stop || (want.requests != 0 && seen.begun >= want.requests);
}

/*
 * Begins what is due in the slots that are free, in turn so that all kept
 * connections are used. Returns when to look again.
 */
static uint64_t begin_due(struct slot *slots)
{
	static unsigned next;
	static uint64_t due_us;
	uint64_t now_us = mono_us();
	unsigned i;

	for (i = 0; i < want.slots && !done(); i++) {
		struct slot *s = &slots[next];

		if (s->phase == IDLE) {
			if (due_us == 0)
				due_us = now_us;
			if (now_us < due_us)
				return due_us;
			due_us += want.apart_us;
			begin(s);
		}
		next = (next + 1) % want.slots;
	}
	return UINT64_MAX;
}

/* Waits for the first thing to happen and acts on it; false: all is done. */
static bool turn(struct slot *slots)
{
	struct pollfd fds[CONNECTIONS_MAX];
	uint64_t wake_us = begin_due(slots), now_us = mono_us();
	bool busy = !done();
	unsigned i;

	for (i = 0; i < want.slots; i++) {
		struct slot *s = &slots[i];

		fds[i] = (struct pollfd){ .fd = s->fd,
			.events = s->phase == CONNECTING ? POLLOUT : POLLIN };
		if (s->phase == IDLE)
			continue;
		busy = true;
		if (s->deadline_us < wake_us)
			wake_us = s->deadline_us;
	}
	if (!busy)
		return false;
	i = wake_us <= now_us ? 0 : (unsigned)((wake_us - now_us + 999) / 1000);
	if (poll(fds, want.slots, wake_us == UINT64_MAX ? -1 : (int)i) < 0 &&
	    errno != EINTR)
		err(2, "poll");
	now_us = mono_us();
	for (i = 0; i < want.slots; i++) {
		struct slot *s = &slots[i];

		if (s->phase != IDLE && now_us >= s->deadline_us)
			failed(s, TIMEOUT);
		else if (fds[i].fd >= 0 && fds[i].revents != 0 && s->phase == CONNECTING)
			on_connected(s);
		else if (fds[i].fd >= 0 && fds[i].revents != 0)
			on_readable(s);
	}
	return true;
}

static uint64_t summary(void)
{
	uint64_t all_failed = 0;
	size_t i;

	for (i = 0; i < REASONS; i++)
		all_failed += seen.failed[i];
	printf("requests=%ju\nok=%ju\nfailed=%ju\nconnections=%ju\n",
	    (uintmax_t)seen.begun, (uintmax_t)seen.ok, (uintmax_t)all_failed,
	    (uintmax_t)seen.connections);
	for (i = 0; i < REASONS; i++)
		if (seen.failed[i] != 0)
			printf(
			    "failed_%s=%ju\n", reason_text[i], (uintmax_t)seen.failed[i]);
	if (all_failed != 0)
		printf("first_failed=%.6f\nlast_failed=%.6f\n",
		    seconds(seen.first_failed_us), seconds(seen.last_failed_us));
	for (i = 0; i < BACKENDS_MAX && seen.backend[i].count != 0; i++)
		printf("from_%s=%ju\n", seen.backend[i].name,
		    (uintmax_t)seen.backend[i].count);
	printf(
	    "longest_gap=%.6f\nlongest_gap_at=%.6f\nslowest=%.6f\nfirst_ok=%.6f\nlast_ok=%.6f\n",
	    seconds(seen.gap_us), seconds(seen.gap_at_us), seconds(seen.slowest_us),
	    seconds(seen.first_ok_us), seconds(seen.last_ok_us));
	return all_failed;
}

static long long number(const char *text, long long least, long long most)
{
	const char *wrong;
	long long n = strtonum(text, least, most, &wrong);

	if (wrong != NULL)
		errx(2, "%s: %s", text, wrong);
	return n;
}

static void usage(void)
{
	fprintf(stderr,
	    "usage: hammer [-ku] [-n REQUESTS] [-c CONNECTIONS] [-r REQUESTS_A_SECOND]\n"
	    "              [-t TIMEOUT_MS] [-b ADDRESS/N] ADDRESS PORT\n"
	    "  -k  keep the connections    -u  datagrams instead of HTTP\n"
	    "  -b  come from N addresses in turn, ADDRESS being the first\n");
	exit(2);
}

static void read_sources(char *text)
{
	char *slash = strchr(text, '/');

	if (slash == NULL || !addr_parse(&want.from, text, (size_t)(slash - text)))
		usage();
	want.n_from = (unsigned)number(slash + 1, 1, 256);
}

static void read_arguments(int argc, char **argv)
{
	struct addr to;
	int opt;

	while ((opt = getopt(argc, argv, "kun:c:r:t:b:")) != -1) {
		switch (opt) {
		case 'k':
			want.keep = true;
			break;
		case 'u':
			want.udp = true;
			break;
		case 'b':
			read_sources(optarg);
			break;
		case 'n':
			want.requests = (uint64_t)number(optarg, 1, 1000000000);
			break;
		case 'c':
			want.slots = (unsigned)number(optarg, 1, CONNECTIONS_MAX);
			break;
		case 'r':
			want.apart_us = 1000000 / (uint64_t)number(optarg, 1, 1000000);
			break;
		case 't':
			want.timeout_us = (uint64_t)number(optarg, 1, 3600000) * 1000;
			break;
		default:
			usage();
		}
	}
	if (argc - optind != 2)
		usage();
	if (!addr_parse(&to, argv[optind], strlen(argv[optind])))
		errx(2, "%s is not an address", argv[optind]);
	want.to_len =
	    addr_sockaddr(&to, (uint16_t)number(argv[optind + 1], 1, 65535), &want.to);
	snprintf(want.request, sizeof want.request,
	    "GET / HTTP/1.1\r\nHost: lab\r\nUser-Agent: hammer\r\n%s\r\n",
	    want.keep ? "" : "Connection: close\r\n");
}

int main(int argc, char **argv)
{
	struct sigaction act = { .sa_handler = on_signal };
	struct slot *slots;
	unsigned i;

	read_arguments(argc, argv);
	sigaction(SIGTERM, &act, NULL);
	sigaction(SIGINT, &act, NULL);
	slots = calloc(want.slots, sizeof *slots);
	if (slots == NULL)
		err(2, NULL);
	for (i = 0; i < want.slots; i++)
		slots[i].fd = -1;
	while (turn(slots))
		;
	free(slots);
	return summary() == 0 ? 0 : 1;
}
