/*
 * Many checks of every outcome in one checker: its descriptors and its memory stay
 * as they are after the first thousands. SOAK=1000000 in the environment makes the
 * many more (some minutes).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/mono.h"
#include "tests/unit/checker_bench.h"

/* Answers everything that is a request, and hangs up on who says something else. */
static void serve(int fd)
{
	static const char ok[] = "HTTP/1.1 200 OK\r\n\r\nhello";
	char in[512];
	ssize_t n = recv(fd, in, sizeof in, MSG_DONTWAIT);

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 4 || memcmp(in, "GET ", 4) != 0 ||
	    send(fd, ok, sizeof ok - 1, MSG_NOSIGNAL) < 0)
		close(fd);
}

static void __attribute__((noreturn)) be_server(int l)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.fd = l }, events[64];
	int ep = epoll_create1(0), fd;

	epoll_ctl(ep, EPOLL_CTL_ADD, l, &ev);
	for (;;) {
		int n = epoll_wait(ep, events, 64, -1);

		for (int i = 0; i < n; i++) {
			if (events[i].data.fd != l) {
				serve(events[i].data.fd);
			} else if ((fd = accept(l, NULL, NULL)) >= 0) {
				ev.data.fd = fd;
				epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev);
			}
		}
	}
}

/* In pages. */
static long resident(pid_t pid)
{
	char path[64];
	long pages;
	FILE *f;

	snprintf(path, sizeof path, "/proc/%d/statm", (int)pid);
	f = fopen(path, "r");
	assert_non_null(f);
	assert_int_equal(fscanf(f, "%*d %ld", &pages), 1);
	fclose(f);
	return pages;
}

/* 0 where this may not be asked: the checker is not dumpable. */
static unsigned descriptors(pid_t pid)
{
	char path[64];
	unsigned n = 0;
	DIR *d;

	snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
	d = opendir(path);
	while (d != NULL && readdir(d) != NULL)
		n++;
	if (d != NULL)
		closedir(d);
	return n;
}

/* Reads reports until the checker has made so many checks. */
static void run_until(struct bench *b, uint64_t checks, unsigned seen[REASON_MAX])
{
	while (b->figures.checks < checks)
		seen[bench_report(b).reason]++;
}

static void flat(void **state)
{
	const char *given = getenv("SOAK");
	uint64_t checks = given != NULL ? strtoull(given, NULL, 10) : 20000;
	struct bench b = { .max_in_flight = 40 };
	unsigned seen[REASON_MAX] = { 0 }, fds;
	uint16_t port = 0, closed = 0;
	int l = bench_listener("127.0.0.1", &port);
	struct http_conf *http;
	pid_t server;
	long pages;

	(void)state;
	close(bench_listener("127.0.0.1", &closed));
	for (int i = 0; i < 4; i++) {
		bench_add(&b, CHECK_TCP, "127.0.0.1", port);
		bench_add(&b, CHECK_HTTP, "127.0.0.1", port);
	}
	http = (bench_add(&b, CHECK_HTTP, "127.0.0.1", port), bench_http(&b));
	http->match = "goodbye"; /* a deadline, as the server does not hang up */
	bench_add(&b, CHECK_TCP, "127.0.0.1", port);
	bench_talk(&b)->send = (struct payload){ "HELO\n", 5 };
	bench_talk(&b)->expect = (struct payload){ "250", 3 };
	bench_add(&b, CHECK_TCP, "127.0.0.1", closed);
	bench_add(&b, CHECK_UDP, "127.0.0.1", closed);
	addr_parse(&bench_add(&b, CHECK_TCP, "127.0.0.1", port)->source, "127.0.0.9", 9);
	addr_parse(&bench_add(&b, CHECK_TCP, "127.0.0.1", port)->source, "192.0.2.9", 9);
	for (size_t i = 0; i < b.n; i++) {
		b.checks[i].interval_ms = 4;
		b.checks[i].timeout_ms = 3;
	}
	server = fork();
	if (server == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		be_server(l);
	}
	close(l);
	bench_start(&b);
	run_until(&b, 5000, seen);
	fds = descriptors(b.pid);
	pages = resident(b.pid);
	run_until(&b, 5000 + checks, seen);
	assert_true(seen[REASON_OK] > 0 && seen[REASON_REFUSED] > 0);
	assert_true(seen[REASON_TIMEOUT] > 0 && seen[REASON_LOCAL_SOURCE] > 0);
	assert_true(seen[REASON_CLOSED] > 0);
	/* Some checks are under way at either time. */
	assert_in_range(descriptors(b.pid), 0, fds + 30);
	/* The allocator may still find a better place for things. AddressSanitizer
	 * keeps what was freed, to see who uses it. */
#ifndef __SANITIZE_ADDRESS__
	assert_in_range(resident(b.pid), 0, pages + 64);
#else
	(void)pages;
#endif
	assert_int_equal(bench_stop(&b), 0);
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
}

int main(int argc, char **argv, char **envp)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(flat),
	};

	setproctitle_init(argc, argv, envp);
	return cmocka_run_group_tests_name("checker_soak", tests, NULL, NULL);
}
