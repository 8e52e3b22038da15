/*
 * bench_checks: what checks cost, and whether they come on time.
 *
 *   bench_checks METHOD PROBES INTERVAL_MS SECONDS [PORT]
 *
 * Runs the checker's process over PROBES servers on loopback, all of them one
 * process that answers at once (tcp, http), the kernel (icmp, which needs root) or
 * who listens at PORT (all of 127.0.0.0/8, for https say), for SECONDS after all have been checked once. Prints checks, CPU time of
 * the checker a check, its memory a probe, and how late checks began. Run it
 * under "strace -c -f -e trace=..." for the system calls, see tests/bench/checks.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check/checker.h"
#include "check/due.h"
#include "lib/mono.h"
#include "lib/xalloc.h"

/* ---- the servers ---- */

static int listener(uint16_t *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t len = sizeof a;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&a, len) < 0 || listen(fd, 65535) < 0 ||
	    getsockname(fd, (struct sockaddr *)&a, &len) < 0)
		err(1, "listener");
	*port = ntohs(a.sin_port);
	return fd;
}

static void answer(int fd)
{
	static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
	char request[1024];
	ssize_t n = recv(fd, request, sizeof request, 0);

	if (n > 0 && send(fd, ok, sizeof ok - 1, MSG_NOSIGNAL) > 0)
		return;
	if (n <= 0 && errno != EAGAIN)
		close(fd);
}

static void __attribute__((noreturn)) serve(int l)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.fd = l }, events[64];
	int ep = epoll_create1(0), fd;

	epoll_ctl(ep, EPOLL_CTL_ADD, l, &ev);
	for (;;) {
		int n = epoll_wait(ep, events, 64, -1);

		for (int i = 0; i < n; i++) {
			if (events[i].data.fd != l) {
				answer(events[i].data.fd);
				continue;
			}
			while ((fd = accept4(l, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
				ev.data.fd = fd;
				epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev);
			}
		}
	}
}

/* ---- the checker ---- */

static const struct http_conf http = { .uri = "/", .statuscode = 200 };

static struct probe *make_probes(const struct check_conf *check, size_t n, uint16_t port)
{
	struct probe *probes = xcalloc(n, sizeof *probes);

	for (size_t i = 0; i < n; i++) {
		uint32_t a = htonl(0x7f010000u + (uint32_t)i);

		probes[i] = (struct probe){ .check = check, .port = port };
		probes[i].addr.family = AF_INET;
		memcpy(probes[i].addr.bytes, &a, sizeof a);
	}
	return probes;
}

static pid_t start_checker(const struct probe *probes, size_t n, int *fd)
{
	int ends[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) <
	    0)
		err(1, "socketpair");
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (pid == 0) {
		struct probe *own = xreallocarray(NULL, n, sizeof *own);
		struct checker_start start = { .probes = own,
			.n_probes = n,
			.generation = 1,
			.report_fd = ends[1],
			.uid = 65534,
			.gid = 65534,
			.user = "nobody" };

		memcpy(own, probes, n * sizeof *own);
		checker_run(&start);
	}
	close(ends[1]);
	*fd = ends[0];
	return pid;
}

/* ---- what is measured ---- */

struct measure {
	size_t n, good;
	uint32_t *late_us; /* of each report */
	size_t n_late, cap_late;
	struct checker_figures first, last;
};

static void take(
    struct measure *m, const struct probe *probes, const void *record, ssize_t len)
{
	struct probe_report r;
	uint64_t interval_us, late;

	if (len == sizeof m->last) {
		memcpy(&m->last, record, sizeof m->last);
		return;
	}
	memcpy(&r, record, sizeof r);
	interval_us = probes[r.probe].check->interval_ms * UINT64_C(1000);
	late = (r.started_us - due_phase_us(&probes[r.probe], interval_us)) % interval_us;
	m->late_us = xgrow(m->late_us, m->n_late, &m->cap_late, sizeof *m->late_us);
	m->late_us[m->n_late++] = (uint32_t)late;
	m->good += r.reason == REASON_OK;
}

/* Reads reports for SECONDS, but none about the first round. */
static void watch(struct measure *m, const struct probe *probes, int fd, double seconds)
{
	uint64_t end_us = mono_us() + (uint64_t)(seconds * 1e6), now_us;
	struct probe_report r;
	struct pollfd p = { .fd = fd, .events = POLLIN };
	ssize_t len;

	while ((now_us = mono_us()) < end_us) {
		poll(&p, 1, (int)((end_us - now_us) / 1000) + 1);
		while ((len = recv(fd, &r, sizeof r, 0)) > 0)
			take(m, probes, &r, len);
	}
}

static int by_size(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* CPU time of PID so far, in us; clock ticks are too coarse, so schedstat. */
static double cpu_us(pid_t pid, double *user_share)
{
	char path[64];
	unsigned long user, sys;
	unsigned long long ran;
	FILE *f;

	snprintf(path, sizeof path, "/proc/%d/schedstat", (int)pid);
	f = fopen(path, "r");
	if (f == NULL || fscanf(f, "%llu", &ran) != 1)
		err(1, "%s", path);
	fclose(f);
	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	f = fopen(path, "r");
	if (f == NULL ||
	    fscanf(f, "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
		&user, &sys) != 2)
		errx(1, "%s", path);
	fclose(f);
	*user_share = user + sys > 0 ? (double)user / (double)(user + sys) : 0;
	return (double)ran / 1000;
}

static long rss_kb(pid_t pid, const char *what)
{
	char path[64], line[256];
	long kb = 0;
	FILE *f;

	snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)pid);
	f = fopen(path, "r");
	while (f != NULL && fgets(line, sizeof line, f) != NULL)
		if (strncmp(line, what, strlen(what)) == 0)
			kb = strtol(line + strlen(what), NULL, 10);
	if (f != NULL)
		fclose(f);
	return kb;
}

static unsigned time_waits(void)
{
	FILE *f = fopen("/proc/net/sockstat", "r");
	char line[256];
	unsigned n = 0;

	while (f != NULL && fgets(line, sizeof line, f) != NULL)
		sscanf(line, "TCP: inuse %*u orphan %*u tw %u", &n);
	if (f != NULL)
		fclose(f);
	return n;
}

static void print(struct measure *m, double us, double user, pid_t pid)
{
	double checks = (double)(m->last.checks - m->first.checks);
	size_t punctual = 0;

	qsort(m->late_us, m->n_late, sizeof *m->late_us, by_size);
	while (punctual < m->n_late && m->late_us[punctual] <= DUE_PUNCTUAL_US)
		punctual++;
	printf("checks=%.0f good=%zu of %zu reported late=%llu skipped=%llu\n", checks,
	    m->good, m->n_late, (unsigned long long)(m->last.late - m->first.late),
	    (unsigned long long)(m->last.skipped - m->first.skipped));
	printf("cpu_us_a_check=%.2f user_share=%.2f\n", us / checks, user);
	if (m->n_late > 0)
		printf("late_us median=%u p99.9=%u max=%u within_50ms=%.3f%%\n",
		    m->late_us[m->n_late / 2], m->late_us[m->n_late * 999 / 1000],
		    m->late_us[m->n_late - 1],
		    100. * (double)punctual / (double)m->n_late);
	printf("private_bytes_a_probe=%.0f time_wait=%u\n",
	    (double)rss_kb(pid, "Private_Dirty:") * 1024 / (double)m->n, time_waits());
}

int main(int argc, char **argv, char **envp)
{
	struct check_conf check = { .rise = 1, .fall = 1, .http = &http };
	struct measure m = { 0 };
	struct probe *probes;
	double begun_us, used_us, user;
	pid_t server, checker;
	uint16_t port;
	int l, fd;

	setproctitle_init(argc, argv, envp);
	if (argc != 5 && argc != 6)
		errx(2, "usage: bench_checks tcp|http|https|icmp PROBES INTERVAL_MS "
			"SECONDS [PORT]");
	check.method = strcmp(argv[1], "tcp") == 0     ? CHECK_TCP
		       : strcmp(argv[1], "http") == 0  ? CHECK_HTTP
		       : strcmp(argv[1], "https") == 0 ? CHECK_HTTPS
						       : CHECK_ICMP;
	m.n = strtoul(argv[2], NULL, 10);
	check.interval_ms = check.fastinter_ms = check.downinter_ms =
	    (uint32_t)strtoul(argv[3], NULL, 10);
	check.timeout_ms = check.interval_ms / 2;
	l = listener(&port);
	if (argc == 6)
		port = (uint16_t)strtoul(argv[5], NULL, 10);
	probes = make_probes(&check, m.n, check.method == CHECK_ICMP ? 0 : port);
	server = fork();
	if (server == 0)
		serve(l);
	close(l);
	checker = start_checker(probes, m.n, &fd);
	watch(&m, probes, fd, check.interval_ms / 1000. + 2);
	printf("checker=%d\n", (int)checker);
	fflush(stdout);
	m.first = m.last;
	m.n_late = m.good = 0;
	begun_us = cpu_us(checker, &user);
	watch(&m, probes, fd, strtod(argv[4], NULL));
	used_us = cpu_us(checker, &user) - begun_us;
	print(&m, used_us, user, checker);
	kill(server, SIGKILL);
	close(fd);
	waitpid(checker, NULL, 0);
	waitpid(server, NULL, 0);
	free(m.late_us);
	free(probes);
	return 0;
}
