/*
 * The checker process as the daemon sees it: fork, reports, death.
 *
 * A child that was let go keeps its watcher until it is reaped, but nothing it
 * says is heard: reports carry the generation of their list of probes. The
 * restart after a death waits longer each time, unless the checker had lived.
 */
#include "lvsd/children.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check/checker.h"
#include "lib/arena.h"
#include "lib/log.h"
#include "lib/mono.h"
#include "lib/xalloc.h"
#include "lvsd/agents.h"
#include "lvsd/own.h"
#include "lvsd/events.h"
#include "lvsd/reconcile.h"
#include "lvsd/statefile.h"

#define RESTART_MAX_S 30.
#define HEALTHY_US (10 * 1000000ull) /* lived so long: no back-off */
/* So that a chatty checker cannot hold the loop. */
#define REPORTS_A_TURN 256
#define REPORTS_US 1000
#define REPORTS_AT_ONCE 16

/* ---- reports ---- */

/* The one place that tells of a server's change of state. */
static void server_changed(struct server_state *s, enum health_state was, void *arg)
{
	struct lvsd *l = arg;
	const struct director_conf *d = s->director->conf;
	const struct probe_state *p = &l->state->probes[s->probe];
	char addr[ADDR_TEXT_MAX];

	reconcile_mark(l, s->director);
	statefile_touch(l->statefile);
	if (was == s->health.state)
		return;
	events_server(l, s, was);
	log_info("server %s/%s %s -> %s: %s director=%s server=%s address=%s "
		 "reason=%s code=%d duration_us=%u%s%s%s",
	    d->name, s->conf->name, health_name(was), health_name(s->health.state),
	    reason_text(p->reason), d->name, s->conf->name,
	    addr_port_text(&s->conf->addr, s->conf->port, addr), reason_name(p->reason),
	    (int)p->code, (unsigned)p->duration_us, p->text != NULL ? " text=\"" : "",
	    p->text != NULL ? p->text : "", p->text != NULL ? "\"" : "");
}

/* Its counts begin at 0 with each checker; l->figures has those of all. */
static void take_figures(struct lvsd *l, struct child *child, const void *record)
{
	struct checker_figures f, *all = &l->figures, *before = &child->told;

	memcpy(&f, record, sizeof f);
	if (f.generation != l->generation)
		return;
	all->checks += f.checks - before->checks;
	all->late += f.late - before->late;
	all->skipped += f.skipped - before->skipped;
	all->local += f.local - before->local;
	all->in_flight = f.in_flight;
	all->max_in_flight = f.max_in_flight;
	*before = f;
}

/* What came over the socket is from a process that reads the network. */
static bool report_is_sane(const struct lvsd *l, const struct probe_report *r)
{
	return r->probe < l->state->n_probes && r->health <= HEALTH_UP &&
	       r->reason < REASON_MAX && r->score >= 0 && r->score <= 2 * UINT16_MAX &&
	       r->agent.admin <= AGENT_MAINT && r->agent.service <= AGENT_DOWN &&
	       r->agent.percent <= AGENT_PERCENT_MAX &&
	       memchr(r->text, '\0', sizeof r->text) != NULL;
}

/* False: it is no record of ours. */
static bool take_record(struct lvsd *l, struct child *child, const struct probe_report *r,
    size_t len, uint64_t now_us)
{
	if (len == sizeof child->told) {
		take_figures(l, child, r);
		return true;
	}
	if (len == sizeof *r && r->generation != l->generation)
		return true;
	if (len != sizeof *r || !report_is_sane(l, r))
		return false;
	if (agents_is_agent(&l->state->probes[r->probe]))
		agents_report(l, r);
	else
		state_report(l->state, r, now_us, server_changed, l);
	return true;
}

/* It died, or must: on_exit_of_child() starts another. */
static void give_up(struct child *child, size_t len)
{
	if (len > 0)
		log_warnx("the checker sent nonsense; replacing it");
	ev_io_stop(child->l->loop, &child->readable);
	kill(child->pid, SIGKILL);
}

/* Reads some reports. True: there may be more. */
static bool read_some(struct child *child, uint64_t now_us)
{
	struct probe_report reports[REPORTS_AT_ONCE];
	struct iovec iov[REPORTS_AT_ONCE];
	struct mmsghdr read[REPORTS_AT_ONCE];
	int n;

	for (int i = 0; i < REPORTS_AT_ONCE; i++) {
		iov[i] = (struct iovec){ &reports[i], sizeof reports[i] };
		read[i] = (struct mmsghdr){ .msg_hdr = {
						.msg_iov = &iov[i], .msg_iovlen = 1 } };
	}
	n = recvmmsg(child->fd, read, REPORTS_AT_ONCE, MSG_DONTWAIT, NULL);
	if (n < 0 && errno != EAGAIN && errno != EINTR)
		give_up(child, 0);
	for (int i = 0; i < n; i++) {
		if (take_record(child->l, child, &reports[i], read[i].msg_len, now_us))
			continue;
		give_up(child, read[i].msg_len);
		return false;
	}
	return n == REPORTS_AT_ONCE;
}

static void on_report(struct ev_loop *loop, struct ev_io *w, int events)
{
	struct child *child = w->data;
	uint64_t now_us = mono_us(), until_us = now_us + REPORTS_US;
	int n = 0;

	(void)loop;
	(void)events;
	turn_does(&child->l->turns, "reports");
	while (now_us < until_us && n < REPORTS_A_TURN && read_some(child, now_us)) {
		n += REPORTS_AT_ONCE;
		now_us = mono_us();
	}
}

/* ---- its end ---- */

static void schedule_restart(struct lvsd *l)
{
	double wait_s =
	    l->checker_deaths < 5 ? (double)(1u << l->checker_deaths) / 2 : 30;

	ev_timer_set(&l->checker_restart,
	    l->checker_deaths == 0 ? 0.
				   : (wait_s < RESTART_MAX_S ? wait_s : RESTART_MAX_S),
	    0.);
	ev_timer_start(l->loop, &l->checker_restart);
}

static void child_free(struct child *child)
{
	ev_io_stop(child->l->loop, &child->readable);
	ev_child_stop(child->l->loop, &child->exited);
	close(child->fd);
	free(child);
}

static void log_exit(const struct child *child, int status)
{
	if (WIFSIGNALED(status))
		log_warnx("the checker was killed by signal %d; starting another, the "
			  "table stays as it is pid=%d",
		    WTERMSIG(status), (int)child->pid);
	else
		log_warnx("the checker ended with status %d; starting another, the "
			  "table stays as it is pid=%d",
		    WEXITSTATUS(status), (int)child->pid);
}

static void on_exit_of_child(struct ev_loop *loop, struct ev_child *w, int events)
{
	struct child *child = w->data;
	struct lvsd *l = child->l;

	(void)loop;
	(void)events;
	if (child == l->checker) {
		log_exit(child, w->rstatus);
		events_note(l, "checker", "it ended; another one is started");
		l->checker = NULL;
		l->checker_restarts++;
		if (mono_us() - child->started_us > HEALTHY_US)
			l->checker_deaths = 0;
		schedule_restart(l);
		l->checker_deaths++;
	}
	child_free(child);
}

/* No more of it: its socket closes, and it ends by itself or by the signal. */
static void let_go(struct lvsd *l, struct child *child)
{
	ev_io_stop(l->loop, &child->readable);
	shutdown(child->fd, SHUT_RDWR);
	kill(child->pid, SIGTERM);
}

/* ---- its start ---- */

/* The probes of S with checks of their own. Most have the check of the one before. */
static void copy_probes(const struct state *s, struct probe *probes)
{
	struct arena *arena = arena_new(); /* until the process ends */
	const struct check_conf *from = NULL, *copy = NULL;

	for (size_t i = 0; i < s->n_probes; i++) {
		probes[i] = s->probes[i].probe;
		if (probes[i].check != from) {
			from = probes[i].check;
			copy = conf_check_copy(arena, from);
		}
		probes[i].check = copy;
	}
}

void children_forget(struct lvsd *l)
{
	if (l->state != NULL) {
		state_strip(l->state);
		conf_free(l->state->conf);
	}
	conf_free(l->pending.conf);
	ipvs_table_fini(&l->have);
	own_saved(l, &(struct owned){ 0 });
	malloc_trim(0);
}

static void __attribute__((noreturn)) run_child(struct lvsd *l, int fd)
{
	struct state *s = l->state;
	struct probe *probes = xcalloc(s->n_probes, sizeof *probes);
	struct checker_start start = {
		.probes = probes,
		.n_probes = s->n_probes,
		.generation = l->generation,
		.max_in_flight = s->conf->checks_max,
		.report_fd = fd,
		.uid = l->user.uid,
		.gid = l->user.gid,
		.user = l->user.name,
	};

	copy_probes(s, probes);
	children_forget(l);
	log_ident("lvsd-checker");
	checker_run(&start);
}

static bool fork_checker(struct lvsd *l)
{
	struct child *child;
	int fds[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) <
	    0)
		return false;
	pid = fork();
	if (pid < 0) {
		int error = errno;

		close(fds[0]);
		close(fds[1]);
		errno = error;
		return false;
	}
	if (pid == 0)
		run_child(l, fds[1]);
	close(fds[1]);
	child = xcalloc(1, sizeof *child);
	child->l = l;
	child->pid = pid;
	child->fd = fds[0];
	child->started_us = mono_us();
	ev_io_init(&child->readable, on_report, child->fd, EV_READ);
	ev_child_init(&child->exited, on_exit_of_child, pid, 0);
	child->readable.data = child->exited.data = child;
	ev_io_start(l->loop, &child->readable);
	ev_child_start(l->loop, &child->exited);
	l->checker = child;
	return true;
}

bool checker_start(struct lvsd *l)
{
	struct child *before = l->checker;

	ev_timer_stop(l->loop, &l->checker_restart);
	l->generation++;
	l->checker = NULL;
	if (before != NULL)
		let_go(l, before);
	if (!fork_checker(l)) {
		log_warn("cannot start the checker");
		l->checker_deaths++;
		schedule_restart(l);
		return false;
	}
	l->checker_starts++;
	log_debug("checker started pid=%d probes=%zu", (int)l->checker->pid,
	    l->state->n_probes);
	return true;
}

void checker_stop(struct lvsd *l)
{
	ev_timer_stop(l->loop, &l->checker_restart);
	if (l->checker == NULL)
		return;
	let_go(l, l->checker);
	child_free(l->checker); /* nobody waits for its end */
	l->checker = NULL;
}

void checker_order(struct lvsd *l, uint32_t probe, enum probe_what what)
{
	const struct probe_order o = { .probe = probe, .what = (uint32_t)what };

	if (l->checker == NULL || send(l->checker->fd, &o, sizeof o,
				      MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)sizeof o)
		return;
	ev_timer_stop(l->loop, &l->checker_restart);
	ev_timer_set(&l->checker_restart, 0., 0.);
	ev_timer_start(l->loop, &l->checker_restart);
}

void checker_follow(struct lvsd *l, uint32_t probe)
{
	struct probe_state *p = &l->state->probes[probe];
	bool rests = state_rests(p);

	if (p->probe.paused == rests)
		return;
	p->probe.paused = rests;
	if (rests) {
		checker_order(l, probe, PROBE_PAUSE);
		return;
	}
	state_forget(p, mono_us());
	checker_order(l, probe, PROBE_RESUME);
	checker_order(l, probe, PROBE_NOW);
}
