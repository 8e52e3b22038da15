/*
 * The checker's process from its first act to its loop.
 *
 * The order is what matters: raw sockets while there are rights, then
 * descriptors closed, then rights dropped, then the loop. Nothing is read from
 * the network before.
 */
#include "checker.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <syslog.h>
#include <unistd.h>

#include "check/drop.h"
#include "check/run.h"
#include "lib/log.h"
#include "lib/xalloc.h"

/* Descriptors that checks must leave: stdio, log, report, raw, the loop's, and two
 * of each program, with one more while it starts. */
#define FDS_RESERVED (32 + 2 * EXTERNAL_MAX)

/* The daemon's handlers would write to the daemon's pipes. A terminal's Ctrl-C
 * is for the daemon, which ends this process by closing the report socket. */
static void reset_signals(void)
{
	sigset_t none;

	for (int s = 1; s < NSIG; s++)
		signal(s, SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Takes all the descriptors that it may have; returns how many checks may use, at
 * most WANTED unless that is 0. */
static size_t budget(uint32_t wanted)
{
	struct rlimit l;
	size_t most;

	if (getrlimit(RLIMIT_NOFILE, &l) < 0)
		return 1;
	l.rlim_cur = l.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &l) < 0 && getrlimit(RLIMIT_NOFILE, &l) < 0)
		return 1;
	most = l.rlim_cur > 2 * FDS_RESERVED ? l.rlim_cur - FDS_RESERVED : l.rlim_cur / 2;
	return wanted != 0 && wanted < most ? wanted : most;
}

static void open_raw(struct raw *w, const struct checker_start *start)
{
	bool need[RAW_KINDS] = { false };

	for (size_t i = 0; i < start->n_probes; i++) {
		const struct probe *p = &start->probes[i];
		bool v4 = p->addr.family == AF_INET;

		if (p->check->method == CHECK_ICMP)
			need[v4 ? RAW_ICMP4 : RAW_ICMP6] = true;
		else if (p->check->method == CHECK_ARP)
			need[v4 ? RAW_ARP : RAW_ICMP6] = true;
	}
	raw_open(w, need);
}

static void open_tls(struct tls_contexts *all, const struct checker_start *start)
{
	for (size_t i = 0; i < start->n_probes; i++) {
		struct tls_setting t = tls_setting(start->probes[i].check);

		tls_prepare(all, &t);
	}
}

/* Everything but what is given here stays behind. */
static void confine(const struct checker_start *start, struct raw *raw, int *report_fd)
{
	int *keep[1 + RAW_KINDS] = { report_fd };

	for (int k = 0; k < RAW_KINDS; k++)
		keep[1 + k] = &raw->sockets[k].fd;
	closelog();
	if (!drop_descriptors(keep, 1 + RAW_KINDS)) {
		log_warn("cannot close the daemon's descriptors");
		_exit(1);
	}
	log_ident("lvsd-checker"); /* opens the log again */
	if (!drop_rights(start->uid, start->gid, start->user))
		_exit(1);
}

static bool has_method(const struct checker_start *start, enum check_method method)
{
	for (size_t i = 0; i < start->n_probes; i++)
		if (start->probes[i].check->method == method)
			return true;
	return false;
}

/* The signal was not taken, only seen: it ends the process when it may. */
static void on_term(struct watch *w, uint32_t events)
{
	sigset_t none;

	(void)events;
	external_kill_all(w->owner);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Its programs must not outlive it. */
static void watch_term(struct checker *c)
{
	sigset_t term;
	int fd;

	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	fd = signalfd(-1, &term, SFD_NONBLOCK | SFD_CLOEXEC);
	c->term = (struct watch){ on_term, c };
	if (fd < 0 || sigprocmask(SIG_BLOCK, &term, NULL) < 0 ||
	    !loop_add(&c->loop, fd, EPOLLIN, &c->term)) {
		log_warn("cannot watch for the end");
		_exit(1);
	}
}

void checker_run(const struct checker_start *start)
{
	struct checker *c = xcalloc(1, sizeof *c);
	int report_fd = start->report_fd;

	reset_signals();
	setproctitle("checker");
	c->budgets[NEEDS_SOCKET].max = budget(start->max_in_flight);
	open_raw(&c->raw, start);
	open_tls(&c->tls, start);
	confine(start, &c->raw, &report_fd);
	if (!loop_init(&c->loop)) {
		log_warn("cannot make an event loop");
		_exit(1);
	}
	sockets_init(&c->sockets, &c->loop);
	report_init(&c->report, c, report_fd, start->generation);
	if (has_method(start, CHECK_EXTERNAL))
		watch_term(c);
	raw_start(&c->raw, c);
	run_init_all(c, start->probes, start->n_probes);
	free(start->probes);
	malloc_trim(0);
	while (!c->report.gone)
		run_turn(c, true);
	/* Nobody is left to report to, so there is nothing left to do. */
	external_kill_all(c);
	_exit(0);
}
