/*
 * run: when a probe runs, how long, and what its result does.
 *
 * One timer a run serves as start and as deadline. Starts are aligned on
 * absolute time by a hash of the target, so phases need no memory. The budget of
 * descriptors makes starts wait their turn; rounds that passed are counted, never
 * made up for.
 */
#include "run.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "lib/mono.h"
#include "lib/xalloc.h"

#define SECOND_US UINT64_C(1000000)
/* First checks start at most this close together: 10,000 in a second. */
#define SPREAD_US 100
/* Checks start at multiples of this, or of a hundredth of their interval. */
#define GRID_US 10000
/* A check that starts this late has started on time. */
#define PUNCTUAL_US 50000
#define LOG_EVERY_US (60 * SECOND_US)

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
		break; /* no file with one of these is loaded yet */
	}
	abort();
}

static uint64_t interval_us(const struct probe *p)
{
	return (uint64_t)p->check->interval_ms * 1000;
}

/* FNV-1a over the target, with MurmurHash3's finish: neighbouring addresses
 * must not stay neighbours. */
static uint64_t target_hash(const struct probe *p)
{
	uint8_t key[20] = { (uint8_t)p->check->method, p->addr.family,
		(uint8_t)(p->port >> 8), (uint8_t)p->port };
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	memcpy(key + 4, p->addr.bytes, 16);
	for (size_t i = 0; i < sizeof key; i++)
		h = (h ^ key[i]) * UINT64_C(0x100000001b3);
	h = (h ^ (h >> 33)) * UINT64_C(0xff51afd7ed558ccd);
	h = (h ^ (h >> 33)) * UINT64_C(0xc4ceb9fe1a85ec53);
	return h ^ (h >> 33);
}

/* Probes fall due together every so often, not one by one: what they need of the
 * loop and of the raw sockets is then done once for all of them. */
static uint64_t grid_us(uint64_t interval)
{
	uint64_t grid = interval / 100;

	return grid == 0 ? 1 : grid < GRID_US ? grid : GRID_US;
}

uint64_t run_phase_us(const struct probe *p)
{
	uint64_t interval = interval_us(p), phase = target_hash(p) % interval;

	return phase - phase % grid_us(interval);
}

uint64_t run_next_us(const struct probe *p, uint64_t after_us)
{
	uint64_t interval = interval_us(p), phase = run_phase_us(p);
	uint64_t next = after_us - after_us % interval + phase;

	return next > after_us ? next : next + interval;
}

static uint64_t first_due_us(const struct probe *p, uint64_t now_us, size_t n_probes)
{
	uint64_t window = n_probes * SPREAD_US, next;

	if (p->started_us != 0 && p->started_us <= now_us) {
		next = run_next_us(p, p->started_us);
		return next > now_us ? next : now_us;
	}
	if (window > SECOND_US)
		window = SECOND_US;
	if (window > interval_us(p))
		window = interval_us(p);
	return now_us + target_hash(p) % window;
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

static void log_lateness(struct checker *c)
{
	uint64_t now_us = mono_us();

	if (c->logged_us != 0 && now_us - c->logged_us < LOG_EVERY_US)
		return;
	c->logged_us = now_us;
	log_warnx("%" PRIu64 " checks late for want of a descriptor (%zu at once), "
		  "%" PRIu64 " rounds skipped since the start",
	    c->n_late, c->fds_max, c->n_skipped);
}

static uint64_t deadline_us(const struct run *r)
{
	return r->started_us + (uint64_t)r->probe->check->timeout_ms * 1000;
}

static void launch(struct run *r)
{
	const struct probe_ops *ops = ops_of(r);

	if (ops->needs_descriptor) {
		struct checker *c = r->checker;

		c->fds_used++;
		if (c->fds_used + c->sockets.n_idle > c->fds_max)
			sockets_spare(&c->sockets);
	}
	r->in_flight = true;
	r->started_us = mono_us();
	arm(r, deadline_us(r));
	ops->start(r);
}

/* Starts those that wait, as the budget allows. A start can fail at once and
 * so come back here; then the outer call goes on. */
static void serve_waiting(struct checker *c)
{
	struct run *r;

	if (c->filling)
		return;
	c->filling = true;
	while (c->fds_used < c->fds_max && (r = STAILQ_FIRST(&c->waiting)) != NULL) {
		STAILQ_REMOVE_HEAD(&c->waiting, waiting);
		launch(r);
	}
	c->filling = false;
}

static void on_timer(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct run *r = w->data;
	struct checker *c = r->checker;

	(void)loop, (void)revents;
	if (r->in_flight) {
		run_ended(r, ops_of(r)->silence, 0);
	} else if (ops_of(r)->needs_descriptor && c->fds_used >= c->fds_max) {
		STAILQ_INSERT_TAIL(&c->waiting, r, waiting);
		c->n_late++;
		log_lateness(c);
	} else {
		launch(r);
	}
}

static void on_turn(struct ev_loop *loop, ev_check *w, int revents)
{
	struct checker *c = w->data;

	(void)loop, (void)revents;
	c->turn_us = mono_us();
}

void run_init_all(struct checker *c, const struct probe *probes, size_t n)
{
	uint64_t now_us = mono_us();

	/* Ours is read before libev's here and after it in a turn, when nothing
	 * else has run: a timer is never early by more than that takes. */
	c->turn_us = now_us;
	ev_now_update(c->loop);
	ev_check_init(&c->turn, on_turn);
	ev_set_priority(&c->turn, EV_MAXPRI);
	c->turn.data = c;
	ev_check_start(c->loop, &c->turn);

	c->runs = xcalloc(n, sizeof *c->runs);
	c->n_runs = n;
	STAILQ_INIT(&c->waiting);
	RB_INIT(&c->arp);
	for (size_t i = 0; i < n; i++) {
		struct run *r = &c->runs[i];

		r->checker = c;
		r->probe = &probes[i];
		r->health = probes[i].health;
		r->due_us = first_due_us(r->probe, now_us, n);
		ev_timer_init(&r->timer, on_timer, 0., 0.);
		r->timer.data = r;
		arm(r, r->due_us);
	}
}

void run_escape(char *to, const char *from, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)from[i];
		bool plain = c >= 0x20 && c < 0x7f;

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

/*
 * Arms the next round. Those that passed while this one ran or waited are never
 * made up for, but one that passed just now is still on time: else a dead
 * server with a timeout as long as its interval would lose every second round.
 */
static void schedule_next(struct run *r, uint64_t now_us)
{
	uint64_t last = r->due_us > r->started_us ? r->due_us : r->started_us;
	uint64_t interval = interval_us(r->probe);
	uint64_t slack = interval / 4 < PUNCTUAL_US ? interval / 4 : PUNCTUAL_US;

	r->due_us = run_next_us(r->probe, last);
	if (r->due_us + slack < now_us) {
		uint64_t missed = (now_us - slack - r->due_us - 1) / interval + 1;

		r->checker->n_skipped += missed;
		r->due_us += missed * interval;
	}
	arm(r, r->due_us);
}

void run_done(struct run *r, enum reason reason, int code, const char *text, size_t len)
{
	const struct probe_ops *ops = ops_of(r);
	const struct check_conf *check = r->probe->check;
	enum health_state was = r->health.state;
	uint64_t now_us = mono_us();
	bool changed;

	assert(r->in_flight);
	if (now_us >= deadline_us(r) && !reason_is_local(reason)) {
		reason = ops->silence;
		code = 0;
		len = 0;
	}
	set_text(r, text, len);
	ops->cancel(r);
	r->in_flight = false;
	if (ops->needs_descriptor)
		r->checker->fds_used--;
	r->duration_us = (uint32_t)(now_us - r->started_us);
	if (!reason_is_local(reason))
		r->health =
		    health_feed(r->health, reason == REASON_OK, check->rise, check->fall);
	changed = r->health.state != was || r->reason != reason || r->code != code;
	r->reason = (uint8_t)reason;
	r->code = code;
	report_result(&r->checker->report, r, changed);
	schedule_next(r, now_us);
	serve_waiting(r->checker);
}

void run_ended(struct run *r, enum reason reason, int code)
{
	run_done(r, reason, code, NULL, 0);
}
