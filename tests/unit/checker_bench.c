#include "checker_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <arpa/inet.h>
#include <grp.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/mono.h"
#include "lib/xalloc.h"

struct check_conf *bench_add(
    struct bench *b, enum check_method method, const char *address, uint16_t port)
{
	struct check_conf *check = &b->checks[b->n];
	struct probe *p = &b->probes[b->n];

	assert_true(b->n < BENCH_PROBES);
	b->https[b->n] = (struct http_conf){ .uri = "/", .statuscode = 200 };
	*check = (struct check_conf){ .method = method,
		.interval_ms = 200,
		.timeout_ms = 5000,
		.rise = 1,
		.fall = 1 };
	if (method == CHECK_HTTP || method == CHECK_HTTPS)
		check->http = &b->https[b->n];
	*p = (struct probe){ .check = check, .port = port, .health = health_unknown() };
	assert_true(addr_parse(&p->addr, address, strlen(address)));
	b->n++;
	return check;
}

struct http_conf *bench_http(struct bench *b)
{
	assert_true(b->n > 0);
	return &b->https[b->n - 1];
}

struct talk_conf *bench_talk(struct bench *b)
{
	assert_true(b->n > 0);
	b->checks[b->n - 1].talk = &b->talks[b->n - 1];
	return &b->talks[b->n - 1];
}

/* In the child: what a daemon started by root has, and then the checker. */
static void __attribute__((noreturn))
be_checker(const struct bench *b, const struct probe *probes, size_t n, int report_fd)
{
	const struct rlimit few = { b->nofile, b->nofile };
	const gid_t groups[] = { 1, 2 };
	bool root = geteuid() == 0;
	struct probe *own = xreallocarray(NULL, n, sizeof *own);
	struct checker_start start = { .probes = own,
		.n_probes = n,
		.generation = 7,
		.max_in_flight = b->max_in_flight,
		.report_fd = report_fd,
		.uid = root ? 65534 : geteuid(),
		.gid = root ? 65534 : getegid(),
		.user = "nobody" };

	memcpy(own, probes, n * sizeof *own);
	if (root && setgroups(2, groups) < 0)
		_exit(99);
	if (b->nofile != 0) {
		/* Whatever else the test has open must not count. */
		start.report_fd = dup2(report_fd, STDERR_FILENO + 1);
		closefrom(STDERR_FILENO + 2);
		if (start.report_fd < 0 || setrlimit(RLIMIT_NOFILE, &few) < 0)
			_exit(99);
	}
	checker_run(&start);
}

void bench_start(struct bench *b)
{
	for (size_t i = 0; i < b->n; i++) {
		struct check_conf *c = &b->checks[i];

		c->fastinter_ms = c->fastinter_ms != 0 ? c->fastinter_ms : c->interval_ms;
		c->downinter_ms = c->downinter_ms != 0 ? c->downinter_ms : c->interval_ms;
	}
	bench_start_probes(b, b->probes, b->n);
}

void bench_start_probes(struct bench *b, const struct probe *probes, size_t n)
{
	int ends[2];

	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends),
	    0);
	b->pid = fork();
	assert_true(b->pid >= 0);
	if (b->pid == 0)
		be_checker(b, probes, n, ends[1]);
	close(ends[1]);
	b->fd = ends[0];
}

int bench_stop(struct bench *b)
{
	uint64_t deadline_us = mono_us() + BENCH_DEADLINE_MS * 1000;
	int status;
	pid_t pid;

	close(b->fd);
	b->fd = -1;
	/* Nothing tells of a child's end with a deadline but a pidfd or this. */
	while ((pid = waitpid(b->pid, &status, WNOHANG)) == 0 && mono_us() < deadline_us)
		poll(NULL, 0, 1);
	assert_int_equal(pid, b->pid);
	return status;
}

void bench_readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	assert_int_equal(poll(&p, 1, BENCH_DEADLINE_MS), 1);
}

struct probe_report bench_report(struct bench *b)
{
	struct probe_report r;

	ssize_t n;

	for (;;) {
		bench_readable(b->fd);
		n = recv(b->fd, &r, sizeof r, 0);
		if (n != sizeof b->figures)
			break;
		memcpy(&b->figures, &r, sizeof b->figures);
	}
	assert_int_equal(n, sizeof r);
	assert_int_equal(r.generation, 7);
	assert_true(r.probe < b->n);
	assert_true(r.reason < REASON_MAX);
	assert_non_null(memchr(r.text, '\0', sizeof r.text));
	return r;
}

void bench_order(struct bench *b, uint32_t probe, enum probe_what what)
{
	const struct probe_order o = { .probe = probe, .what = what };

	assert_int_equal(send(b->fd, &o, sizeof o, 0), sizeof o);
}

struct checker_figures bench_figures(struct bench *b, uint64_t checks)
{
	uint64_t deadline_us = mono_us() + BENCH_DEADLINE_MS * 1000;
	struct probe_report r;

	b->figures = (struct checker_figures){ 0 };
	while (b->figures.checks < checks || b->figures.in_flight != 0) {
		assert_true(mono_us() < deadline_us);
		bench_readable(b->fd);
		if (recv(b->fd, &r, sizeof r, 0) == sizeof b->figures)
			memcpy(&b->figures, &r, sizeof b->figures);
	}
	return b->figures;
}

struct probe_report bench_first(struct bench *b, uint32_t probe)
{
	uint64_t deadline_us = mono_us() + BENCH_DEADLINE_MS * 1000;
	struct probe_report r;

	do {
		assert_true(mono_us() < deadline_us);
		r = bench_report(b);
	} while (r.probe != probe);
	return r;
}

struct probe_report bench_wait(struct bench *b, uint32_t probe, enum reason reason)
{
	uint64_t deadline_us = mono_us() + BENCH_DEADLINE_MS * 1000;
	struct probe_report r;

	do {
		assert_true(mono_us() < deadline_us);
		r = bench_first(b, probe);
	} while (r.reason != reason);
	return r;
}

struct probe_report bench_once(struct bench *b)
{
	struct probe_report r;

	assert_int_equal(b->n, 1);
	bench_start(b);
	r = bench_first(b, 0);
	assert_int_equal(bench_stop(b), 0);
	return r;
}

int bench_bound(const char *address, uint16_t *port)
{
	struct sockaddr_storage ss;
	struct addr a;
	socklen_t len;
	int fd, on = 1;

	assert_true(addr_parse(&a, address, strlen(address)));
	len = addr_sockaddr(&a, *port, &ss);
	fd = socket(a.family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_true(fd >= 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&ss, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&ss, &len), 0);
	*port = ntohs(a.family == AF_INET ? ((struct sockaddr_in *)&ss)->sin_port
					  : ((struct sockaddr_in6 *)&ss)->sin6_port);
	return fd;
}

int bench_listener(const char *address, uint16_t *port)
{
	int fd = bench_bound(address, port);

	assert_int_equal(listen(fd, 64), 0);
	return fd;
}

int bench_accept(int listener)
{
	int fd;

	bench_readable(listener);
	fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}
