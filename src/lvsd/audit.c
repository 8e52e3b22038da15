/*
 * A pass: the list first, then service by service, in slices.
 *
 * A slice has a budget of time. Where the pass stands is kept as the identity of
 * the last service, because the table may change between two slices.
 *
 * The list comes in pieces, over a socket of its own, and is only held against what we
 * think. Of what is not so, each service is asked for by itself, to be sure, and to mend.
 */
#include "lvsd/audit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "lib/mono.h"
#include "lib/xalloc.h"
#include "lvsd/control.h"
#include "lvsd/events.h"
#include "lvsd/large.h"
#include "lvsd/marking.h"
#include "lvsd/own.h"
#include "lvsd/reconcile.h"
#include "lvsd/sync.h"

#define PASS_S 60.	/* from start to start */
#define SLICE_S .1	/* the shortest time between two slices */
#define BUDGET_US 1000	/* of a slice: with those distances, a hundredth of a CPU */
#define LINES_A_PASS 20 /* of the log */
#define RETRY_S 1.	/* after the kernel could not be read */

/* The list of services, while it comes. */
struct listing {
	struct pieces pieces;
	uint8_t number;		    /* its own, of 255; what is new has 0 */
	size_t foreign;		    /* that were in it */
	struct ipvs_table suspects; /* of ours that were not, or were others */
};

struct audit {
	struct lvsd *l;
	struct ev_timer slice;
	struct ipvs_svc last; /* identity of the last service that was looked at */
	bool running, hurry, waited_for;
	struct listing listing;
	struct large large;
	bool rules_wait; /* the rules of flows are still looked at, or mended */
	bool rules_last; /* and nothing else */
	bool failed;	 /* the kernel could not be read; that was told */
	/* of the pass that runs */
	uint64_t started_us, spent_us;
	size_t services, findings;
	/* of the last whole pass */
	uint64_t passes, ended_us, pass_us, pass_spent_us;
	size_t pass_services, pass_findings;
	uint64_t findings_ever;
	uint64_t found_us; /* mono: when someone's change was last found; 0: never */
};

/* ---- what was found ---- */

/* One line of the log, if there is room for it; and what has to be mended. */
static void found(struct audit *a, struct ipvs_svc *svc, const char *what)
{
	struct lvsd *l = a->l;
	char name[IPVS_SVC_NAME_MAX];

	a->found_us = mono_us();
	if (++a->findings <= LINES_A_PASS)
		log_warnx("audit: someone else changed %s in the kernel: %s; mending it "
			  "service=\"%s\"",
		    ipvs_svc_name(svc, name), what, name);
	else if (a->findings == LINES_A_PASS + 1)
		log_warnx("audit: more services were changed by someone else; mending "
			  "all of them");
	if (svc->tag < l->state->n_directors)
		reconcile_mark(l, &l->state->directors[svc->tag]);
	else
		reconcile_wake(l);
}

/* The servers that the kernel has for SVC are FRESH. Differences in words. */
static bool compare_servers(
    const struct ipvs_svc *svc, const struct ipvs_svc *fresh, char *what, size_t size)
{
	size_t missing = 0, added = 0, changed = 0, i = 0, j = 0;

	while (i < svc->n_dests || j < fresh->n_dests) {
		int c = i == svc->n_dests ? 1
			: j == fresh->n_dests
			    ? -1
			    : ipvs_dest_cmp(&svc->dests[i], &fresh->dests[j]);

		missing += c < 0;
		added += c > 0;
		changed += c == 0 && !ipvs_dest_same(&fresh->dests[j], &svc->dests[i]);
		i += c <= 0;
		j += c >= 0;
	}
	snprintf(what, size, "%zu servers missing, %zu added, %zu changed", missing,
	    added, changed);
	return missing + added + changed > 0;
}

/* FRESH, whose servers are taken over, is what the kernel has of SVC. */
static void take_service(struct audit *a, struct ipvs_svc *svc, struct ipvs_svc *fresh)
{
	char what[96];

	ipvs_svc_note(fresh, svc);
	if (compare_servers(svc, fresh, what, sizeof what))
		found(a, svc, what);
	/* The counters are newer, in any case. */
	ipvs_svc_take(svc, fresh);
}

static struct ipvs_svc identity_of(const struct ipvs_svc *svc)
{
	struct ipvs_svc id = *svc;

	id.dests = NULL;
	id.n_dests = id.cap_dests = 0;
	return id;
}

static bool look_at_service(struct audit *a, struct ipvs_svc *svc)
{
	struct ipvs_svc fresh = identity_of(svc);

	if (!ipvs_read_dests(a->l->ipvs, &fresh))
		return false;
	take_service(a, svc, &fresh);
	return true;
}

/* The next piece of one of many servers. False: the kernel did not answer. */
static bool more_large(struct audit *a)
{
	struct ipvs_svc *svc = ipvs_table_find(&a->l->have, &a->large.fresh);
	enum ipvs_more more;

	if (svc == NULL) { /* it was deleted meanwhile */
		large_stop(&a->large);
		return true;
	}
	more = large_more(&a->large, svc);
	if (more == IPVS_ALL)
		take_service(a, svc, &a->large.fresh);
	return more != IPVS_FAILED;
}

static bool look_at(struct audit *a, struct ipvs_svc *svc)
{
	if (svc->n_dests <= PIECES_LARGE)
		return look_at_service(a, svc);
	return large_begin(&a->large, a->l, svc);
}

/* What is being read is given up. */
static void stop_reading(struct audit *a)
{
	pieces_stop(&a->listing.pieces);
	large_stop(&a->large);
	ipvs_table_fini(&a->listing.suspects);
}

/* ---- the list ---- */

/* The attributes of KERNEL become what we think that SVC has. */
static void take_attributes(struct ipvs_svc *svc, const struct ipvs_svc *kernel)
{
	struct ipvs_svc taken = *kernel;

	taken.dests = svc->dests;
	taken.n_dests = svc->n_dests;
	taken.cap_dests = svc->cap_dests;
	taken.lingering = svc->lingering;
	taken.held = svc->held;
	taken.tag = svc->tag;
	taken.until_us = svc->until_us;
	*svc = taken;
}

/* False: there is no socket for it. */
static bool begin_listing(struct audit *a)
{
	struct lvsd *l = a->l;

	a->listing.foreign = 0;
	a->services = l->have.n;
	/* To clear a flag of each would be to write all their memory in one turn. */
	a->listing.number = a->listing.number < UINT8_MAX ? a->listing.number + 1 : 1;
	return pieces_begin(&a->listing.pieces, l);
}

static void suspect(struct audit *a, const struct ipvs_svc *svc)
{
	struct ipvs_svc id = identity_of(svc);

	ipvs_table_append(&a->listing.suspects, &id);
}

static void take_piece(struct audit *a, const struct ipvs_table *piece)
{
	for (size_t i = 0; i < piece->n; i++) {
		struct ipvs_svc *svc = ipvs_table_find(&a->l->have, &piece->svcs[i]);

		a->listing.foreign += svc == NULL;
		if (svc == NULL)
			continue;
		svc->listed = a->listing.number;
		if (!ipvs_svc_same(&piece->svcs[i], svc))
			suspect(a, svc);
	}
}

/* The list is whole. What we changed meanwhile is suspected, too. False: the kernel did
 * not answer. */
static bool judge_list(struct audit *a)
{
	struct lvsd *l = a->l;

	for (size_t i = 0; i < l->have.n; i++)
		if (l->have.svcs[i].listed != a->listing.number)
			suspect(a, &l->have.svcs[i]);
	l->foreign = a->listing.foreign;
	return l->foreign == 0 || !l->state->conf->table_exclusive || own_take_all(l);
}

/* The next piece of the list. False: the kernel did not answer. */
static bool more_list(struct audit *a)
{
	struct ipvs_table piece = { 0 };
	enum ipvs_more more = pieces_services(&a->listing.pieces, &piece);

	take_piece(a, &piece);
	ipvs_table_fini(&piece);
	return more == IPVS_MORE || (more == IPVS_ALL && judge_list(a));
}

/* Asks for the last suspect by itself. False: the kernel did not answer. */
static bool look_at_suspect(struct audit *a)
{
	struct ipvs_table *suspects = &a->listing.suspects;
	struct ipvs_svc kernel = suspects->svcs[--suspects->n];
	struct ipvs_svc *svc = ipvs_table_find(&a->l->have, &kernel);
	bool there;

	if (svc == NULL)
		return true;
	if (!ipvs_read_service(a->l->ipvs, &kernel, &there))
		return false;
	if (!there) {
		found(a, svc, "it was deleted");
		ipvs_table_remove(&a->l->have, svc);
	} else if (!ipvs_svc_same(&kernel, svc)) {
		found(a, svc, "scheduler, flags or persistence");
		take_attributes(svc, &kernel);
	}
	return true;
}

/* ---- the pass ---- */

/* The service after the last one, or NULL at the end. */
static struct ipvs_svc *next_service(const struct audit *a)
{
	const struct ipvs_table *have = &a->l->have;
	size_t low = 0, high = have->n;

	if (a->last.addr.family == 0)
		return have->n > 0 ? &have->svcs[0] : NULL;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (ipvs_svc_cmp(&have->svcs[middle], &a->last) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < have->n ? &have->svcs[low] : NULL;
}

static void schedule(struct audit *a, double seconds)
{
	ev_timer_stop(a->l->loop, &a->slice);
	ev_now_update(a->l->loop);
	ev_timer_set(&a->slice, seconds, 0.);
	ev_timer_start(a->l->loop, &a->slice);
}

static void end_pass(struct audit *a)
{
	uint64_t now_us = mono_us();
	double past_s = (double)(now_us - a->started_us) / 1e6;

	a->rules_last = a->rules_wait;
	if (a->rules_wait)
		return;
	marking_follow(a->l->marking); /* the counters are new */
	a->running = a->hurry = false;
	a->passes++;
	a->ended_us = now_us;
	a->pass_us = now_us - a->started_us;
	a->pass_spent_us = a->spent_us;
	a->pass_services = a->services;
	a->pass_findings = a->findings;
	a->findings_ever += a->findings;
	if (a->findings > 0)
		events_note(
		    a->l, "audit", "someone else changed the table; it was mended");
	if (a->findings > 0)
		log_info(
		    "audit: done services=%zu changed=%zu", a->services, a->findings);
	schedule(a, past_s < PASS_S ? PASS_S - past_s : 0.);
	if (a->waited_for) {
		a->waited_for = false;
		control_audited(a->l->control);
	}
}

static bool begin_pass(struct audit *a)
{
	a->started_us = mono_us();
	a->spent_us = 0;
	a->services = a->findings = 0;
	memset(&a->last, 0, sizeof a->last);
	a->running = true;
	stop_reading(a);
	sync_apply(a->l); /* what could not be started, or was stopped */
	a->rules_last = false;
	a->rules_wait = marking_audit(a->l->marking, a->hurry);
	return begin_listing(a);
}

/* Time between two slices, so that a pass fills its minute. */
static double slice_s(const struct audit *a)
{
	double each_s = a->l->have.n > 0 ? PASS_S / (double)a->l->have.n : PASS_S;

	if (a->hurry)
		return 0.;
	return each_s > SLICE_S ? each_s : SLICE_S;
}

static bool is_reading(const struct audit *a)
{
	return a->listing.pieces.comes || a->listing.suspects.n > 0 ||
	       a->large.pieces.comes;
}

/* Goes on with what is read in pieces. False: the kernel did not answer. */
static bool read_on(struct audit *a, uint64_t until_us)
{
	bool answers = true;

	while (answers && is_reading(a) && mono_us() < until_us) {
		if (a->listing.pieces.comes)
			answers = more_list(a);
		else if (a->listing.suspects.n > 0)
			answers = look_at_suspect(a);
		else
			answers = more_large(a);
	}
	return answers;
}

/* Looks at what fits in this slice. False: the kernel did not answer. */
static bool do_slice(struct audit *a)
{
	double period_s = slice_s(a);
	uint64_t began_us = mono_us(), budget_us = BUDGET_US;
	size_t quota = SIZE_MAX;
	bool answers = a->running || begin_pass(a);

	if (!a->hurry)
		quota = (size_t)((double)a->l->have.n * period_s / PASS_S) + 1;
	if (answers)
		answers = read_on(a, began_us + budget_us);
	for (size_t n = 0; answers && !is_reading(a) && n < quota; n++) {
		struct ipvs_svc *svc = next_service(a);

		if (svc == NULL) {
			a->spent_us += mono_us() - began_us;
			end_pass(a);
			return true;
		}
		a->last = *svc;
		a->last.dests = NULL;
		answers = look_at(a, svc);
		if (mono_us() - began_us >= budget_us)
			break;
	}
	a->spent_us += mono_us() - began_us;
	/* What comes in pieces does not wait for the next service's time, and what may have
	 * to be mended not at all. */
	if (a->listing.suspects.n > 0)
		period_s = 0.;
	else if (is_reading(a) && period_s > SLICE_S)
		period_s = SLICE_S;
	if (answers)
		schedule(a, period_s);
	return answers;
}

static void on_slice(struct ev_loop *loop, struct ev_timer *w, int events)
{
	struct audit *a = w->data;

	(void)loop;
	(void)events;
	turn_does(&a->l->turns, "audit");
	if (!a->l->resync && do_slice(a)) {
		a->failed = false;
		return;
	}
	if (!a->failed)
		log_warn("audit: the kernel's table cannot be read; trying on");
	a->failed = true;
	stop_reading(a);
	a->running = a->hurry = false;
	schedule(a, RETRY_S);
	if (a->waited_for) {
		a->waited_for = false;
		control_audited(a->l->control);
	}
}

void audit_now(struct audit *a)
{
	a->running = a->rules_last = false; /* a pass of its own */
	a->hurry = a->waited_for = true;
	schedule(a, 0.);
}

void audit_soon(struct audit *a)
{
	if (a == NULL || a->running)
		return;
	a->hurry = true;
	schedule(a, 0.);
}

void audit_rules_done(struct audit *a, size_t findings)
{
	a->rules_wait = false;
	a->findings += findings;
	if (findings > 0)
		a->found_us = mono_us();
	if (a->rules_last)
		end_pass(a);
}

json_t *audit_answer(const struct audit *a)
{
	if (a->failed)
		return json_pack("{s:b, s:s}", "ok", 0, "error",
		    "the kernel's table cannot be read; the log says why");
	return json_pack("{s:b, s:i, s:i, s:f}", "ok", 1, "services",
	    (int)a->pass_services, "changed", (int)a->pass_findings, "seconds",
	    (double)a->pass_us / 1e6);
}

json_t *audit_figures(const struct audit *a)
{
	json_t *o = json_pack("{s:I, s:I, s:i, s:f, s:f}", "passes",
	    (json_int_t)a->passes, "changes_found",
	    (json_int_t)(a->findings_ever + (a->running ? a->findings : 0)), "services",
	    (int)a->pass_services, "pass_s", (double)a->pass_us / 1e6, "pass_cpu_s",
	    (double)a->pass_spent_us / 1e6);

	json_object_set_new(o, "found_age_s",
	    a->found_us != 0 ? json_real((double)(mono_us() - a->found_us) / 1e6)
			     : json_null());
	json_object_set_new(o, "age_s",
	    a->passes > 0 ? json_real((double)(mono_us() - a->ended_us) / 1e6)
			  : json_null());
	return o;
}

struct audit *audit_new(struct lvsd *l)
{
	struct audit *a = xcalloc(1, sizeof *a);

	a->l = l;
	ev_timer_init(&a->slice, on_slice, PASS_S, 0.);
	a->slice.data = a;
	ev_timer_start(l->loop, &a->slice);
	return a;
}

void audit_free(struct audit *a)
{
	if (a == NULL)
		return;
	ev_timer_stop(a->l->loop, &a->slice);
	stop_reading(a);
	pieces_fini(&a->listing.pieces);
	large_fini(&a->large);
	free(a);
}
