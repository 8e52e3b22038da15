/*
 * run: the life of a target: at rest, waiting, in flight, paused.
 *
 * One place in the wheel serves as start and as deadline. The budget of descriptors
 * makes starts wait their turn. Whatever ends a check gives back what it took,
 * and only run_done() makes a result of it.
 */
#include "run.h"

#include <assert.h>
#include <stdlib.h>

#include "check/due.h"
#include "lib/mono.h"
#include "lib/xalloc.h"

/* Runs that are kept for the next checks. */
#define IDLE_MAX 256
/* What is done about times in a turn. Then the answers are listened to, and the
 * descriptors of those that are done can be used again. */
#define TIMES_A_TURN 256

static const struct check_conf *check_of(const struct checker *c, const struct target *t)
{
	return c->targets.checks[t->check];
}

static uint32_t number_of(const struct checker *c, const struct target *t)
{
	return (uint32_t)(t - c->targets.all);
}

/* ---- its start ---- */

static struct run *take_run(struct checker *c)
{
	struct run *r = SLIST_FIRST(&c->idle);

	if (r == NULL)
		return xmalloc(sizeof *r);
	SLIST_REMOVE_HEAD(&c->idle, idle);
	c->n_idle--;
	return r;
}

static void give_run(struct checker *c, struct run *r)
{
	if (c->n_idle == IDLE_MAX) {
		free(r);
		return;
	}
	SLIST_INSERT_HEAD(&c->idle, r, idle);
	c->n_idle++;
}

static struct run *make_run(struct checker *c, struct target *t)
{
	struct run *r = take_run(c);

	r->checker = c;
	r->target = t;
	r->probe = target_probe(&c->targets, t);
	r->ops = method_ops(r->probe.check);
	r->interval_us = due_interval_us(r->probe.check, t->health);
	r->due_us = t->node.at_us;
	r->round_us = t->on_phase ? r->due_us + r->interval_us
				  : due_next_us(&r->probe, r->interval_us, r->due_us);
	r->text = t->text;
	r->news = false;
	t->run = r;
	return r;
}

static void launch(struct checker *c, struct target *t)
{
	struct run *r = make_run(c, t);
	const struct budget *sockets = &c->budgets[NEEDS_SOCKET];
	uint64_t now_us = mono_us();

	c->budgets[r->ops->needs].used++;
	if (sockets->used + c->sockets.n_idle > sockets->max)
		sockets_spare(&c->sockets);
	c->figures.in_flight++;
	c->figures.checks++;
	t->in_flight = true;
	t->started_us = now_us;
	wheel_add(&c->wheel, number_of(c, t),
	    due_deadline_us(
		r->probe.check, r->interval_us, r->due_us, now_us, r->round_us));
	r->ops->start(r);
}

/* Starts those that wait, as the budget allows. A start can fail at once and
 * so come back here; then the outer call goes on. */
static void serve_waiting(struct checker *c, struct budget *b)
{
	struct target *t;

	if (b->first == RUN_NONE || b->filling)
		return;
	b->filling = true;
	while (b->used < b->max && b->first != RUN_NONE) {
		t = &c->targets.all[b->first];
		b->first = t->node.next;
		t->is_waiting = false;
		if (!t->paused)
			launch(c, t);
	}
	b->filling = false;
}

void run_release(struct checker *c, enum needs what)
{
	c->budgets[what].used--;
	serve_waiting(c, &c->budgets[what]);
}

/* T, which is not in the wheel, waits at the end of B's queue. */
static void wait_for(struct checker *c, struct budget *b, struct target *t)
{
	uint32_t i = number_of(c, t);

	t->node.next = RUN_NONE;
	t->is_waiting = true;
	if (b->first == RUN_NONE)
		b->first = i;
	else
		c->targets.all[b->last].node.next = i;
	b->last = i;
	c->figures.late++;
	alarm_late(&c->alarms, &c->figures);
}

/* Its time has come: now, or as soon as there is what it needs. */
static void begin(struct checker *c, struct target *t)
{
	struct budget *b = &c->budgets[method_ops(check_of(c, t))->needs];

	if (b->used < b->max)
		launch(c, t);
	else
		wait_for(c, b, t);
}

/* ---- its end ---- */

static void rest(struct checker *c, struct target *t, uint64_t due_us, bool on_phase)
{
	t->on_phase = on_phase;
	wheel_add(&c->wheel, number_of(c, t), due_us);
}

static void schedule_next(struct run *r, uint64_t now_us)
{
	struct checker *c = r->checker;
	struct target *t = r->target;
	uint64_t interval_us = due_interval_us(r->probe.check, t->health);
	uint64_t due_us = r->round_us, missed = 0;

	if (interval_us != r->interval_us || now_us >= r->round_us)
		due_us = due_after_us(
		    &r->probe, interval_us, r->due_us, t->started_us, now_us, &missed);
	c->figures.skipped += missed;
	rest(c, t, due_us, true);
}

/* Gives back what the check has taken. */
static void land(struct run *r)
{
	struct checker *c = r->checker;
	struct target *t = r->target;

	r->ops->cancel(r);
	wheel_remove(&c->wheel, number_of(c, t));
	t->in_flight = false;
	t->text = r->text;
	c->figures.in_flight--;
	if (r->ops->needs != NEEDS_PROGRAM)
		c->budgets[r->ops->needs].used--;
}

/* The result becomes health, and news for the daemon. */
static void take_result(struct run *r, enum reason reason, int code, uint64_t now_us)
{
	const struct check_conf *check = r->probe.check;
	struct checker *c = r->checker;
	struct target *t = r->target;
	enum health_state was = t->health.state;
	bool changed;

	if (reason_is_local(reason)) {
		c->figures.local++;
		alarm_local(&c->alarms, &r->probe, reason, code);
	} else {
		t->health =
		    health_feed(t->health, reason == REASON_OK, check->rise, check->fall);
	}
	changed =
	    t->health.state != was || t->reason != reason || t->code != code || r->news;
	t->reason = reason;
	t->code = code;
	report_result(&c->report, t, changed, now_us);
}

void run_done(struct run *r, enum reason reason, int code, const char *text, size_t len)
{
	struct checker *c = r->checker;
	struct target *t = r->target;
	uint64_t now_us = mono_us();

	assert(t->in_flight && t->run == r);
	if (now_us >= t->node.at_us && !reason_is_local(reason)) {
		reason = r->ops->silence;
		code = 0;
		len = 0;
	}
	target_set_text(&r->text, text, len);
	land(r);
	t->duration_us = (uint32_t)(now_us - t->started_us);
	take_result(r, reason, code, now_us);
	schedule_next(r, now_us);
	give_run(c, r);
	serve_waiting(c, &c->budgets[NEEDS_SOCKET]);
}

void run_ended(struct run *r, enum reason reason, int code)
{
	run_done(r, reason, code, NULL, 0);
}

/* ---- turns ---- */

static void on_time(struct checker *c, struct target *t)
{
	if (t->in_flight)
		run_ended(t->run, t->run->ops->silence, 0);
	else
		begin(c, t);
}

/* How long there is nothing to do but to listen. */
static uint64_t idle_us(struct checker *c)
{
	uint64_t due_us = wheel_soonest_us(&c->wheel), now_us = mono_us();

	if (c->report.due_us < due_us)
		due_us = c->report.due_us;
	if (c->n_unwatched > 0 && due_us > now_us + EXTERNAL_REAP_US)
		due_us = now_us + EXTERNAL_REAP_US;
	if (due_us == WHEEL_NEVER)
		return UINT64_MAX;
	return due_us > now_us ? due_us - now_us : 0;
}

void run_turn(struct checker *c, bool wait)
{
	uint64_t now_us;
	uint32_t i;

	loop_wait(&c->loop, wait ? idle_us(c) : 0);
	now_us = mono_us();
	for (int n = 0; n < TIMES_A_TURN && wheel_pop(&c->wheel, now_us, &i); n++)
		on_time(c, &c->targets.all[i]);
	if (now_us >= c->report.due_us)
		report_flush(&c->report);
	if (c->n_unwatched > 0)
		external_reap(c);
	raw_flush(&c->raw);
}

void run_init_all(struct checker *c, const struct probe *probes, size_t n)
{
	uint64_t now_us = mono_us();

	targets_init(&c->targets, probes, n);
	wheel_init(&c->wheel, &c->targets.all->node, sizeof *c->targets.all, n, now_us);
	c->budgets[NEEDS_NOTHING].max = SIZE_MAX;
	c->budgets[NEEDS_PROGRAM].max = EXTERNAL_MAX;
	for (int i = 0; i < NEEDS; i++)
		c->budgets[i].first = RUN_NONE;
	LIST_INIT(&c->programs);
	LIST_INIT(&c->gone);
	RB_INIT(&c->arp);
	c->figures.max_in_flight = (uint32_t)c->budgets[NEEDS_SOCKET].max;
	for (size_t i = 0; i < n; i++)
		if (!probes[i].paused)
			rest(c, &c->targets.all[i], due_first_us(&probes[i], n, now_us),
			    false);
}

void run_fini_all(struct checker *c)
{
	struct run *r;

	while ((r = SLIST_FIRST(&c->idle)) != NULL) {
		SLIST_REMOVE_HEAD(&c->idle, idle);
		free(r);
	}
	targets_fini(&c->targets);
}

/* ---- what the daemon asks for ---- */

static void pause_target(struct checker *c, struct target *t)
{
	t->paused = true;
	if (t->in_flight) {
		struct run *r = t->run;

		land(r);
		give_run(c, r);
	}
	wheel_remove(&c->wheel, number_of(c, t));
	serve_waiting(c, &c->budgets[NEEDS_SOCKET]);
}

static void resume_target(struct checker *c, struct target *t)
{
	struct probe p = target_probe(&c->targets, t);

	t->paused = false;
	t->on_phase = false; /* that of its interval before */
	/* What was known is of before the work on the server: the next result decides. */
	t->health = health_unknown();
	if (!t->is_waiting)
		rest(c, t,
		    due_next_us(&p, due_interval_us(p.check, t->health), mono_us()),
		    true);
}

void run_order(struct checker *c, const struct probe_order *o)
{
	struct target *t;

	if (o->probe >= c->targets.n)
		return;
	t = &c->targets.all[o->probe];
	switch ((enum probe_what)o->what) {
	case PROBE_PAUSE:
		if (!t->paused)
			pause_target(c, t);
		break;
	case PROBE_RESUME:
		if (t->paused)
			resume_target(c, t);
		break;
	case PROBE_NOW:
		if (t->paused || t->in_flight || t->is_waiting)
			break;
		wheel_remove(&c->wheel, o->probe);
		t->node.at_us = mono_us();
		t->on_phase = false;
		begin(c, t);
		break;
	}
}
