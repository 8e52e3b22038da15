/*
 * run: the life of a probe: at rest, waiting, in flight, paused.
 *
 * One timer a run serves as start and as deadline. The budget of descriptors
 * makes starts wait their turn. Whatever ends a check gives back what it took,
 * and only run_done() makes a result of it.
 */
#include "run.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/due.h"
#include "lib/mono.h"
#include "lib/xalloc.h"

/* Nothing is expected: silence is good. */
static bool udp_is_quiet(const struct check_conf *check)
{
	return check->talk == NULL || check->talk->expect.len == 0;
}

static const struct probe_ops *ops_of(const struct run *r)
{
	switch (r->probe->check->method) {
	case CHECK_ICMP:
		return &icmp_ops;
	case CHECK_TCP:
		return &tcp_ops;
	case CHECK_HTTP:
	case CHECK_HTTPS:
		return &http_ops;
	case CHECK_ARP:
		return &arp_ops;
	case CHECK_DNS:
		return &udp_ops;
	case CHECK_UDP:
		return udp_is_quiet(r->probe->check) ? &udp_quiet_ops : &udp_ops;
	case CHECK_EXTERNAL:
		return &external_ops;
	case CHECK_AGENT:
		return &agent_ops;
	}
	abort();
}

static void on_timer(struct ev_loop *loop, ev_timer *w, int revents);

static void arm(struct run *r, uint64_t at_us)
{
	struct ev_loop *loop = r->checker->loop;
	uint64_t turn_us = r->checker->turn_us;

	/* libev counts from the time it read when this turn began. */
	ev_timer_stop(loop, &r->timer);
	ev_timer_set(
	    &r->timer, at_us > turn_us ? (double)(at_us - turn_us) / 1e6 : 0., 0.);
	ev_timer_start(loop, &r->timer);
}

static uint64_t deadline_us(const struct run *r)
{
	const struct probe *p = r->probe;

	return due_deadline_us(
	    p, due_interval_us(p->check, r->health), r->due_us, r->started_us);
}

static void launch(struct run *r)
{
	const struct probe_ops *ops = ops_of(r);
	struct checker *c = r->checker;
	const struct budget *sockets = &c->budgets[NEEDS_SOCKET];

	c->budgets[ops->needs].used++;
	if (sockets->used + c->sockets.n_idle > sockets->max)
		sockets_spare(&c->sockets);
	c->figures.in_flight++;
	c->figures.checks++;
	r->in_flight = true;
	r->started_us = mono_us();
	arm(r, deadline_us(r));
	ops->start(r);
}

/* Starts those that wait, as the budget allows. A start can fail at once and
 * so come back here; then the outer call goes on. */
static void serve_waiting(struct budget *b)
{
	struct run *r;

	if (b->filling)
		return;
	b->filling = true;
	while (b->used < b->max && (r = STAILQ_FIRST(&b->waiting)) != NULL) {
		STAILQ_REMOVE_HEAD(&b->waiting, waiting);
		r->is_waiting = false;
		if (!r->paused)
			launch(r);
	}
	b->filling = false;
}

void run_release(struct checker *c, enum needs what)
{
	c->budgets[what].used--;
	serve_waiting(&c->budgets[what]);
}

/* Its time has come: now, or as soon as there is what it needs. */
static void begin(struct run *r)
{
	struct checker *c = r->checker;
	struct budget *b = &c->budgets[ops_of(r)->needs];

	if (b->used < b->max) {
		launch(r);
		return;
	}
	STAILQ_INSERT_TAIL(&b->waiting, r, waiting);
	r->is_waiting = true;
	c->figures.late++;
	alarm_late(&c->alarms, &c->figures);
}

static void on_timer(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct run *r = w->data;

	(void)loop, (void)revents;
	if (r->in_flight)
		run_ended(r, ops_of(r)->silence, 0);
	else
		begin(r);
}

static void on_turn(struct ev_loop *loop, ev_check *w, int revents)
{
	struct checker *c = w->data;

	(void)revents;
	/* Ours before libev's: then no timer is early. */
	c->turn_us = mono_us();
	ev_now_update(loop);
}

void run_init_all(struct checker *c, const struct probe *probes, size_t n)
{
	uint64_t now_us = mono_us();

	c->turn_us = now_us;
	ev_now_update(c->loop);
	ev_check_init(&c->turn, on_turn);
	ev_set_priority(&c->turn, EV_MAXPRI);
	c->turn.data = c;
	ev_check_start(c->loop, &c->turn);

	c->budgets[NEEDS_NOTHING].max = SIZE_MAX;
	c->budgets[NEEDS_PROGRAM].max = EXTERNAL_MAX;
	for (int i = 0; i < NEEDS; i++)
		STAILQ_INIT(&c->budgets[i].waiting);
	LIST_INIT(&c->programs);
	c->figures.max_in_flight = (uint32_t)c->budgets[NEEDS_SOCKET].max;
	c->runs = xcalloc(n, sizeof *c->runs);
	c->n_runs = n;
	RB_INIT(&c->arp);
	for (size_t i = 0; i < n; i++) {
		struct run *r = &c->runs[i];

		r->checker = c;
		r->probe = &probes[i];
		r->health = probes[i].health;
		r->agent = probes[i].agent;
		r->due_us = due_first_us(r->probe, n, now_us);
		r->paused = probes[i].paused;
		ev_timer_init(&r->timer, on_timer, 0., 0.);
		r->timer.data = r;
		if (!r->paused)
			arm(r, r->due_us);
	}
}

void run_escape(char *to, const char *from, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)from[i];
		bool plain = c >= 0x20 && c < 0x7f && c != '"' && c != '\\';

		if (n + (plain ? 1 : 4) >= PROBE_TEXT_MAX)
			break;
		if (plain)
			to[n++] = (char)c;
		else
			n += (size_t)sprintf(to + n, "\\x%02x", c);
	}
	to[n] = '\0';
}

static void set_text(struct run *r, const char *text, size_t len)
{
	char escaped[PROBE_TEXT_MAX];

	run_escape(escaped, text, len);
	if (strcmp(escaped, r->text != NULL ? r->text : "") == 0)
		return;
	free(r->text);
	r->text = escaped[0] != '\0' ? xstrdup(escaped) : NULL;
}

static void schedule_next(struct run *r, uint64_t now_us)
{
	const struct probe *p = r->probe;
	uint64_t missed;

	r->due_us = due_after_us(p, due_interval_us(p->check, r->health), r->due_us,
	    r->started_us, now_us, &missed);
	r->checker->figures.skipped += missed;
	arm(r, r->due_us);
}

/* Gives back what the check has taken. */
static void land(struct run *r)
{
	const struct probe_ops *ops = ops_of(r);

	ops->cancel(r);
	r->in_flight = false;
	r->checker->figures.in_flight--;
	if (ops->needs != NEEDS_PROGRAM)
		r->checker->budgets[ops->needs].used--;
}

/* The result becomes health, and news for the daemon. */
static void take_result(struct run *r, enum reason reason, int code)
{
	const struct check_conf *check = r->probe->check;
	enum health_state was = r->health.state;
	struct checker *c = r->checker;
	bool changed;

	if (reason_is_local(reason)) {
		c->figures.local++;
		alarm_local(&c->alarms, r->probe, reason, code);
	} else {
		r->health =
		    health_feed(r->health, reason == REASON_OK, check->rise, check->fall);
	}
	changed =
	    r->health.state != was || r->reason != reason || r->code != code || r->news;
	r->news = false;
	r->reason = (uint8_t)reason;
	r->code = code;
	report_result(&c->report, r, changed);
}

void run_done(struct run *r, enum reason reason, int code, const char *text, size_t len)
{
	uint64_t now_us = mono_us();

	assert(r->in_flight);
	if (now_us >= deadline_us(r) && !reason_is_local(reason)) {
		reason = ops_of(r)->silence;
		code = 0;
		len = 0;
	}
	set_text(r, text, len);
	land(r);
	r->duration_us = (uint32_t)(now_us - r->started_us);
	take_result(r, reason, code);
	schedule_next(r, now_us);
	serve_waiting(&r->checker->budgets[NEEDS_SOCKET]);
}

void run_ended(struct run *r, enum reason reason, int code)
{
	run_done(r, reason, code, NULL, 0);
}

static void pause_run(struct run *r)
{
	r->paused = true;
	ev_timer_stop(r->checker->loop, &r->timer);
	if (r->in_flight)
		land(r);
	serve_waiting(&r->checker->budgets[NEEDS_SOCKET]);
}

static void resume_run(struct run *r)
{
	uint64_t interval_us = due_interval_us(r->probe->check, r->health);

	r->paused = false;
	/* What was known is of before the work on the server: the next result decides. */
	r->health = health_unknown();
	if (r->is_waiting)
		return;
	r->due_us = due_next_us(r->probe, interval_us, mono_us());
	arm(r, r->due_us);
}

void run_order(struct checker *c, const struct probe_order *o)
{
	struct run *r;

	if (o->probe >= c->n_runs)
		return;
	r = &c->runs[o->probe];
	switch ((enum probe_what)o->what) {
	case PROBE_PAUSE:
		if (!r->paused)
			pause_run(r);
		break;
	case PROBE_RESUME:
		if (r->paused)
			resume_run(r);
		break;
	case PROBE_NOW:
		if (r->paused || r->in_flight || r->is_waiting)
			break;
		r->due_us = mono_us();
		ev_timer_stop(c->loop, &r->timer);
		begin(r);
		break;
	}
}
