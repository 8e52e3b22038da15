/*
 * Marks from the record into the configuration; one process at a time at the rules.
 *
 * Making them is more urgent than looking at them: a look is broken off for it and
 * begun again.
 */
#include "lvsd/marking.h"

#include <stdlib.h>
#include <string.h>

#include "flow/marks.h"
#include "flow/plan.h"
#include "lib/log.h"
#include "lib/mono.h"
#include "lib/xalloc.h"
#include "lvsd/audit.h"
#include "lvsd/job.h"
#include "lvsd/keeping.h"
#include "lvsd/put.h"
#include "lvsd/reconcile.h"
#include "lvsd/reload.h"

#define RETRY_FIRST_US (1 * 1000000ull)
#define RETRY_MAX_US (60 * 1000000ull)

#define JOB_S 60.		/* for all that iptables may have to wait for */
#define LOOK_US (300 * 1000ull) /* at sets, in an audit that nobody waits for */
#define LINES_A_PASS 20		/* of the log */
#define DATAGRAMS_MAX 256	/* networks that are shown */

struct marking {
	struct lvsd *l;
	struct marks marks;
	struct flow *flow; /* NULL: a dry run */
	unsigned failures; /* in a row */
	uint64_t retry_us; /* mono; 0: nothing failed */

	struct keeping *keeping; /* NULL like flow */

	struct job *job;		   /* NULL: none */
	enum { MAKES, READS, LOOKS } does; /* the rules, who is kept, at the rules */
	bool make_wanted, look_wanted;	   /* after it */
	bool look_at_all;
	bool followed;	 /* we changed sets while it looks */
	size_t findings; /* of the audit */
	bool audit_waits;
};

/* ---- marks ---- */

static void read_marks(struct marks *marks, const json_t *record)
{
	const char *name;
	json_t *list = json_object_get(json_object_get(record, "marking"), "marks"), *o;

	json_object_foreach(list, name, o)
	{
		json_int_t mark = json_integer_value(o);

		if (mark > 0 && mark <= UINT32_MAX)
			marks_add(marks, name, (uint32_t)mark);
	}
}

struct marking *marking_new(struct lvsd *l, const json_t *record, bool is_here)
{
	struct marking *m = xcalloc(1, sizeof *m);
	const json_t *there =
	    json_object_get(json_object_get(record, "marking"), "there");

	m->l = l;
	read_marks(&m->marks, record);
	if (!l->options.dry_run)
		m->flow = flow_new(is_here && json_is_true(there));
	if (m->flow != NULL)
		m->keeping = keeping_new(l, m->flow);
	return m;
}

void marking_free(struct marking *m)
{
	if (m == NULL)
		return;
	job_kill(m->job);
	marks_fini(&m->marks);
	keeping_free(m->keeping);
	flow_free(m->flow);
	free(m);
}

/* A service of ours has MARK, though its director may be gone. */
static bool is_used(uint32_t mark, void *arg)
{
	const struct lvsd *l = arg;

	for (int i = 0; i < 2; i++) {
		struct ipvs_svc id = { .fwmark = mark };

		id.addr.family = i == 0 ? AF_INET : AF_INET6;
		if (ipvs_table_find(&l->have, &id) != NULL)
			return true;
	}
	return false;
}

void marking_give(struct marking *m, struct conf *conf)
{
	if (!marks_give(&m->marks, conf, is_used, m->l))
		log_err("there are more directors without a mark than marks: %u",
		    (unsigned)(MARKS_LAST - MARKS_FIRST + 1));
}

/* ---- rules ---- */

void marking_prepare(struct marking *m, const struct conf *conf)
{
	if (m->flow != NULL)
		flow_prepare(m->flow, conf);
}

void marking_hold(struct marking *m)
{
	struct ipvs_table *have = &m->l->have;

	for (size_t i = 0; m->flow != NULL && i < have->n; i++)
		if (have->svcs[i].fwmark != 0)
			have->svcs[i].held = true;
}

static void release(struct marking *m)
{
	struct ipvs_table *have = &m->l->have;
	bool any = false;

	for (size_t i = 0; i < have->n; i++) {
		any = any || have->svcs[i].held;
		have->svcs[i].held = false;
	}
	if (any)
		reconcile_wake(m->l);
}

static void tell_faults(struct marking *m)
{
	const struct state *s = m->l->state;
	const char *told = NULL;

	for (size_t i = 0; i < s->n_directors; i++) {
		const struct director_conf *d = s->directors[i].conf;
		const char *why = marking_fault(m, d);

		if (why == NULL || why == told)
			continue;
		told = why;
		log_err(
		    "director %s failed, and those that need the same: %s director=%s",
		    d->name, why, d->name);
	}
}

/* What the service of MARK does over IPv4. Connections are counted after the weight
 * became 0, or not known: what was counted never grows. */
static enum flow_service service_of(uint32_t mark, void *arg)
{
	const struct lvsd *l = arg;
	struct ipvs_svc id = { .fwmark = mark, .addr.family = AF_INET };
	const struct ipvs_svc *svc = ipvs_table_find(&l->have, &id);
	enum flow_service service = FLOW_NOBODY;

	for (size_t i = 0; svc != NULL && i < svc->n_dests; i++) {
		const struct ipvs_dest *dest = &svc->dests[i];

		if (dest->weight > 0)
			return FLOW_SERVES;
		if (dest->active != 0 || dest->inactive != 0)
			service = FLOW_LEAVES;
	}
	return service;
}

static enum flow_service is_served(uint32_t mark, void *arg)
{
	const struct marking *m = arg;
	enum flow_service service = service_of(mark, m->l);

	return service == FLOW_LEAVES && keeping_is_closed(m->keeping, mark) ? FLOW_CLOSED
									     : service;
}

static void fail(struct marking *m)
{
	unsigned shift = m->failures < 6 ? m->failures : 6;
	uint64_t wait_us = RETRY_FIRST_US << shift;

	if (m->failures++ == 0)
		tell_faults(m);
	keeping_forget(m->keeping); /* their sets are emptied when rules are made anew */
	m->retry_us = mono_us() + (wait_us < RETRY_MAX_US ? wait_us : RETRY_MAX_US);
	reconcile_wake(m->l);
}

/* The rules were made, or were not. What a newer configuration does not need any more
 * stays until its own rules are there. */
static void take_result(struct marking *m, bool done)
{
	if (!done) {
		fail(m);
		return;
	}
	if (m->failures > 0)
		log_info("the rules of flows are in the kernel now");
	m->failures = 0;
	m->retry_us = 0;
	if (m->make_wanted)
		return;
	release(m);
	marks_prune(&m->marks, m->l->state->conf, is_used, m->l);
}

void marking_make(struct marking *m)
{
	if (m->flow == NULL)
		return;
	take_result(m, flow_apply(m->flow, m->l->state->conf, is_served, m));
	reconcile_wake(m->l); /* who is kept is read when there is a loop */
}

void marking_clear(struct marking *m)
{
	bool broken_off = marking_is_busy(m);

	job_kill(m->job);
	m->job = NULL;
	/* What it made until then is read before it is taken away. */
	if (broken_off && m->flow != NULL)
		flow_worked(m->flow, NULL, "broken off");
	if (m->flow != NULL && !flow_clear(m->flow))
		log_err("cannot take the rules of flows out of the kernel");
}

/* ---- beside the loop ---- */

static void run(struct marking *m);

static void work(void *arg, struct buf *told)
{
	flow_work(((struct marking *)arg)->flow, told);
}

static void on_worked(void *arg, const struct buf *told, const char *why)
{
	struct marking *m = arg;
	char text[128];

	if (why != NULL)
		snprintf(text, sizeof text, "making the rules: %s", why);
	m->job = NULL;
	take_result(m, flow_worked(m->flow, told, why != NULL ? text : NULL));
	if (!m->make_wanted)
		marking_follow(m); /* what became of servers meanwhile */
	run(m);
}

/* True: a process is at work at it. */
static bool start_making(struct marking *m)
{
	m->make_wanted = false;
	if (!flow_begin(m->flow, m->l->state->conf, is_served, m)) {
		take_result(m, true);
		return false;
	}
	m->job = job_start(m->l->loop, work, on_worked, m, JOB_S);
	m->does = MAKES;
	if (m->job == NULL) {
		flow_worked(m->flow, NULL, "cannot start a process for the rules");
		take_result(m, false);
	}
	return m->job != NULL;
}

static void look(void *arg, struct buf *told)
{
	struct marking *m = arg;

	flow_check(m->flow, m->look_at_all ? UINT64_MAX : LOOK_US, told);
}

static void note_finding(const char *what, void *arg)
{
	struct marking *m = arg;

	if (++m->findings <= LINES_A_PASS)
		log_warnx("audit: someone else changed the rules of flows: %s; mending "
			  "them",
		    what);
	else if (m->findings == LINES_A_PASS + 1)
		log_warnx("audit: more of the rules of flows was changed; mending all");
}

static void on_looked(void *arg, const struct buf *told, const char *why)
{
	struct marking *m = arg;

	m->job = NULL;
	m->look_at_all = false;
	if (why != NULL)
		log_warnx("audit: reading the rules of flows: %s", why);
	else if (m->followed)
		m->look_wanted = true; /* it may have seen what we did ourselves */
	else if (flow_checked(m->flow, told->data, note_finding, m) > 0) {
		m->make_wanted = true;
		keeping_forget(m->keeping);
	}
	run(m);
}

static bool start_looking(struct marking *m)
{
	m->look_wanted = false;
	if (m->failures > 0)
		return false; /* what failed is read and made whole, in its time */
	m->followed = false;
	m->job = job_start(m->l->loop, look, on_looked, m, JOB_S);
	m->does = LOOKS;
	if (m->job == NULL)
		log_warn("audit: cannot start a process that reads the rules of flows");
	return m->job != NULL;
}

static void read_kept(void *arg, struct buf *told)
{
	keeping_read(((struct marking *)arg)->keeping, told);
}

static void on_read(void *arg, const struct buf *told, const char *why)
{
	struct marking *m = arg;

	m->job = NULL;
	keeping_done(m->keeping, told, why);
	marking_follow(m);
	run(m);
}

static bool start_reading(struct marking *m)
{
	static const struct buf nothing;

	if (m->job != NULL || m->failures > 0 || !keeping_begin(m->keeping))
		return false;
	m->job = job_start(m->l->loop, read_kept, on_read, m, JOB_S);
	m->does = READS;
	if (m->job == NULL)
		keeping_done(m->keeping, &nothing, "no process can be started");
	return m->job != NULL;
}

/* Starts what waits for its turn; who waits for the end of all is told of it. */
static void run(struct marking *m)
{
	if (m->make_wanted && start_making(m))
		return;
	reload_rules_done(m->l);
	if (m->job != NULL || start_reading(m)) /* of who is kept */
		return;
	if (m->look_wanted && start_looking(m))
		return;
	if (m->audit_waits) {
		m->audit_waits = false;
		audit_rules_done(m->l->audit, m->findings);
	}
}

/* Ends the process that looks or reads, which will begin again. */
static void stop_looking(struct marking *m)
{
	if (m->job == NULL || m->does == MAKES)
		return;
	job_kill(m->job);
	m->job = NULL;
	if (m->does == READS)
		keeping_done(m->keeping, NULL, NULL);
	else
		m->look_wanted = true;
}

void marking_apply(struct marking *m)
{
	if (m->flow == NULL)
		return;
	stop_looking(m);
	m->make_wanted = true;
	if (m->job == NULL)
		run(m);
}

bool marking_is_busy(const struct marking *m)
{
	return m->job != NULL && m->does == MAKES;
}

void marking_follow(struct marking *m)
{
	struct flow_figures before, after;
	bool over;

	if (m == NULL || m->flow == NULL)
		return;
	keeping_follow(m->keeping, service_of, m->l);
	/* What failed, or is being made, is done whole, in its time. */
	if (m->failures > 0 || marking_is_busy(m))
		return;
	over = keeping_is_over(m->keeping);
	if (over && m->job != NULL && m->does == READS)
		stop_looking(m);
	flow_figures(m->flow, &before);
	if (!flow_follow(m->flow, is_served, m) || !keeping_drop(m->keeping))
		fail(m);
	flow_figures(m->flow, &after);
	m->followed = m->followed || after.set_operations != before.set_operations;
	if (over) /* and it may be beginning anew */
		keeping_follow(m->keeping, service_of, m->l);
	start_reading(m);
}

bool marking_audit(struct marking *m, bool all)
{
	if (m == NULL || m->flow == NULL || m->failures > 0 || !flow_is_there(m->flow))
		return false;
	m->findings = 0;
	m->audit_waits = true;
	if (all) {
		stop_looking(m);
		m->look_at_all = true;
	}
	if (flow_is_outdated(m->flow)) {
		stop_looking(m);
		m->make_wanted = true;
	}
	m->look_wanted = m->look_wanted || m->job == NULL || m->does != LOOKS;
	if (m->job == NULL)
		run(m);
	return m->audit_waits;
}

bool marking_tick(struct marking *m)
{
	if (m == NULL)
		return false;
	if (m->retry_us != 0 && !marking_is_busy(m) && mono_us() >= m->retry_us)
		marking_apply(m);
	else
		marking_follow(m);
	return m->retry_us != 0;
}

const char *marking_fault(const struct marking *m, const struct director_conf *d)
{
	if (m == NULL || m->failures == 0)
		return NULL;
	return flow_director_error(m->flow, m->l->state->conf, d);
}

/* ---- what is told ---- */

void marking_change(struct marking *m, const struct conf *before,
    const struct conf *after, struct flow_change *out)
{
	struct flow_table *have[2];
	struct flow_machine machine = { 0 };
	bool known = m->flow != NULL && flow_have(m->flow, have);

	if (m->flow != NULL)
		flow_machine(m->flow, &machine);
	flow_change(known ? have : NULL, &machine, before, after, out);
}

bool marking_list(struct marking *m, flow_text_fn *text, void *arg, struct buf *error)
{
	if (m != NULL && m->flow != NULL)
		return flow_show(m->flow, text, arg, error);
	buf_str(error, "this is a dry run: no kernel has anything of it");
	return false;
}

static bool needs_rules(const struct conf *conf)
{
	const struct director_conf *d;

	STAILQ_FOREACH (d, &conf->directors, entry)
		if (flow_needs(conf, d))
			return true;
	return false;
}

/* What is about to be made counts, as for services. */
static bool is_soon_there(const struct lvsd *l)
{
	return !l->cleared &&
	       (needs_rules(l->state->conf) ||
		   (l->pending.conf != NULL && needs_rules(l->pending.conf)));
}

void marking_record(const struct marking *m, struct buf *b)
{
	bool there = m->flow != NULL && (flow_is_there(m->flow) || is_soon_there(m->l));

	buf_str(b, ",\n\"marking\":{\"marks\":{");
	for (size_t i = 0; i < m->marks.n; i++) {
		if (i > 0)
			buf_str(b, ",");
		put_quoted(b, m->marks.list[i].name);
		buf_str(b, ":");
		put_digits(b, m->marks.list[i].mark);
	}
	buf_str(b, "}");
	put_bool(b, "there", there);
	buf_str(b, "}");
}

static bool add_datagrams(
    const struct director_conf *d, const struct flow_net *to, void *list)
{
	char addr[ADDR_TEXT_MAX], text[ADDR_TEXT_MAX + 4];

	snprintf(
	    text, sizeof text, "%s/%u", addr_text(&to->addr, addr), (unsigned)to->prefix);
	json_array_append_new(
	    list, json_pack("{s:s, s:s}", "director", d->name, "to", text));
	return json_array_size(list) < DATAGRAMS_MAX;
}

json_t *marking_show(const struct marking *m)
{
	struct flow_figures f = { 0 };
	json_t *datagrams = json_array();
	struct flow_machine machine = { 0 };

	if (m->flow != NULL) {
		flow_figures(m->flow, &f);
		flow_machine(m->flow, &machine);
	}
	flow_datagrams(m->l->state->conf, add_datagrams, datagrams);
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:b, s:s?, s:o}", "rules",
	    (json_int_t)f.rules, "sets", (json_int_t)f.sets, "members",
	    (json_int_t)f.members, "set_operations", (json_int_t)f.set_operations,
	    "rule_writes", (json_int_t)f.rule_writes, "sets_us", (json_int_t)f.sets_us,
	    "last_us", (json_int_t)f.last_us, "at_work", (int)(m->job != NULL), "copies",
	    machine.still[0] && machine.copies ? FLOW_COPY_TO : NULL, "datagrams",
	    datagrams);
}
