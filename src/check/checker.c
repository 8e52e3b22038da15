/*
 * The checker's process from its first act to its loop.
 *
 * The order is what matters: raw sockets while there are rights, then
 * descriptors closed, then rights dropped, then the loop. Nothing is read from
 * the network before.
 */
#include "checker.h"

#include <errno.h>
#include <ev.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <syslog.h>
#include <unistd.h>

#include "check/drop.h"
#include "check/run.h"
#include "lib/log.h"
#include "lib/xalloc.h"

/* Descriptors that checks must leave: stdio, log, report, raw, the loop's. */
#define FDS_RESERVED 32

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

/* Takes all the descriptors that it may have; returns what checks may use. */
static size_t budget(void)
{
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) < 0)
		return 1;
	l.rlim_cur = l.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &l) < 0 && getrlimit(RLIMIT_NOFILE, &l) < 0)
		return 1;
	return l.rlim_cur > 2 * FDS_RESERVED ? l.rlim_cur - FDS_RESERVED : l.rlim_cur / 2;
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

void checker_run(const struct checker_start *start)
{
	struct checker *c = xcalloc(1, sizeof *c);
	int report_fd = start->report_fd;

	reset_signals();
	setproctitle("checker");
	c->fds_max = budget();
	if (start->max_in_flight != 0 && start->max_in_flight < c->fds_max)
		c->fds_max = start->max_in_flight;
	open_raw(&c->raw, start);
	open_tls(&c->tls, start);
	confine(start, &c->raw, &report_fd);
	/* The daemon's default loop is not touched: its descriptors are closed
	 * above, and its timers are nobody's. */
	c->loop = ev_loop_new(EVFLAG_AUTO | EVFLAG_NOENV);
	if (c->loop == NULL || !sockets_init(&c->sockets, c->loop)) {
		log_warn("cannot make an event loop");
		_exit(1);
	}
	report_init(&c->report, c, report_fd, start->generation);
	raw_start(&c->raw, c);
	run_init_all(c, start->probes, start->n_probes);
	ev_run(c->loop, 0);
	_exit(1);
}
