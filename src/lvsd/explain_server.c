/*
 * Facts, and one sentence.
 *
 * Where the server should be is asked of the plan itself, where it is of the kernel;
 * the sentence names the first rule that decides (behaviour.md, *A server*).
 */
#include "lvsd/explain_server.h"

#include <string.h>

#include "lib/mono.h"
#include "lvsd/agents.h"
#include "lvsd/events.h"
#include "lvsd/marking.h"
#include "lvsd/plan.h"
#include "lvsd/service.h"
#include "lvsd/serving.h"
#include "lvsd/show.h"
#include "lvsd/status_director.h"

#define CHANGES 10 /* the last ones that are told */

static json_t *seconds(uint64_t us)
{
	return json_real((double)us / 1e6);
}

static json_t *text_or_null(const char *text)
{
	return text != NULL ? show_text(text) : json_null();
}

/* ---- the sentence ---- */

/* Why S, which is ready, checked and neither up nor usable, is where it is. */
static const char *down_because(const struct server_state *s, enum serving serving)
{
	const struct check_conf *check =
	    s->conf->check != NULL ? s->conf->check : s->director->conf->check;

	if (agents_health(s) == HEALTH_UNKNOWN)
		return "its check has not spoken yet: it stays as it was found";
	if (serving == SERVING_PANIC && !s->conf->sorry)
		return "it takes traffic although it is down: too few others are usable "
		       "(panic)";
	if (agents_verdict(s)->service == AGENT_DOWN)
		return "its agent says that it is down";
	if (s->assumed)
		return "it was down when lvsd found it, and no check has spoken since";
	if (check->inhibit && !service_is_hashed(s->director->conf))
		return "it is down: it gets no new connections and keeps those it has "
		       "(inhibit)";
	return "it is down: it is not in the table";
}

/* WANTED: where the plan has it; NULL: nowhere. */
static const char *verdict(const struct lvsd *l, const struct server_state *s,
    enum serving serving, const struct ipvs_dest *wanted)
{
	const struct director_state *d = s->director;

	if (d->fault.text != NULL && d->fault.no_service)
		return "its director is not in the kernel";
	if (marking_fault(l->marking, d->conf) != NULL)
		return "no packets are marked for its director";
	if (state_decision(s)->word != DECISION_READY)
		return wanted != NULL
			   ? "an operator took it out: it keeps the connections it has"
			   : "an operator took it out";
	if (agents_word(s) != DECISION_READY)
		return "its agent took it out: it keeps the connections it has";
	if (agents_health(s) != HEALTH_UP)
		return down_because(s, serving);
	if (s->conf->sorry && serving != SERVING_SORRY)
		return "it is a sorry server and waits: others are usable, or it is not "
		       "known yet that none is";
	if (!s->conf->sorry && serving == SERVING_SORRY)
		return "it is usable, but too few are: the sorry servers serve (quorum)";
	if (wanted == NULL || wanted->weight == 0)
		return "it gets no new connections: its weight is 0";
	return "it takes traffic";
}

/* ---- facts ---- */

static json_t *explain_check(
    const struct lvsd *l, const struct server_state *s, bool texts)
{
	const struct check_conf *check = s->conf->check;
	const struct probe_state *p;
	json_t *o;

	if (s->probe == NO_PROBE)
		return json_null();
	p = &l->state->probes[s->probe];
	o = json_pack("{s:s, s:i, s:i, s:i, s:i, s:b}", "method",
	    conf_method_name(check->method), "interval_ms", (int)check->interval_ms,
	    "timeout_ms", (int)check->timeout_ms, "rise", (int)check->rise, "fall",
	    (int)check->fall, "inhibit", (int)check->inhibit);
	json_object_set_new(o, "health", json_string(health_name(s->health.state)));
	json_object_set_new(o, "score", json_integer(s->health.score));
	json_object_set_new(o, "assumed", json_boolean(s->assumed));
	json_object_set_new(o, "rests", json_boolean(p->probe.paused));
	json_object_set_new(o, "servers", json_integer((json_int_t)p->n_servers));
	json_object_set_new(o, "reason", json_string(reason_name(p->reason)));
	json_object_set_new(o, "means", json_string(reason_text(p->reason)));
	json_object_set_new(o, "local", json_boolean(reason_is_local(p->reason)));
	json_object_set_new(o, "code", json_integer(p->code));
	json_object_set_new(o, "duration_us", json_integer(p->duration_us));
	json_object_set_new(o, "text", text_or_null(texts ? p->text : NULL));
	json_object_set_new(o, "age_s",
	    p->probe.started_us != 0 ? seconds(mono_us() - p->probe.started_us)
				     : json_null());
	return o;
}

/* What its agent said, or null. */
static json_t *explain_agent(const struct server_state *s)
{
	const struct probe_state *p = agents_probe(s);
	json_t *o;

	if (p == NULL)
		return json_null();
	o = agents_json(agents_verdict(s));
	json_object_set_new(o, "reason", json_string(reason_name(p->reason)));
	json_object_set_new(o, "means", json_string(reason_text(p->reason)));
	json_object_set_new(o, "age_s",
	    p->probe.started_us != 0 ? seconds(mono_us() - p->probe.started_us)
				     : json_null());
	return o;
}

static json_t *explain_operator(const struct server_state *s)
{
	const struct decision *d = state_decision(s);
	uint64_t now_us = mono_us();
	json_t *o = json_pack("{s:s}", "says", decision_name(d->word));

	json_object_set_new(o, "cut_in_s",
	    d->word != DECISION_READY && d->until_us != 0
		? seconds(d->until_us > now_us ? d->until_us - now_us : 0)
		: json_null());
	json_object_set_new(
	    o, "weight", d->has_weight ? json_integer(d->weight) : json_null());
	return o;
}

static json_t *explain_weight(const struct server_state *s)
{
	uint64_t now_us = mono_us(), end_us = s->slow ? state_slow_end(s) : 0;
	json_t *o = json_pack("{s:i, s:i}", "file", (int)s->conf->weight, "now",
	    (int)serving_weight(s, now_us));

	json_object_set_new(o, "slow_start_left_s",
	    end_us > now_us ? seconds(end_us - now_us) : json_null());
	return o;
}

static json_t *explain_director(
    const struct lvsd *l, const struct director_state *d, enum serving serving)
{
	static const char *const words[] = { "unknown", "nobody", "servers", "sorry",
		"panic" };
	char service[IPVS_SVC_NAME_MAX];
	uint64_t now_us = mono_us();
	struct serving_count c;
	json_t *o;

	serving_count(d, &c);
	o = json_pack("{s:s, s:s, s:s, s:s}", "name", d->conf->name, "service",
	    status_service_text(d->conf, service), "state", status_director_word(l, d),
	    "serving", words[serving]);
	json_object_set_new(o, "ready", json_integer((json_int_t)c.ready));
	json_object_set_new(o, "usable", json_integer((json_int_t)c.usable));
	json_object_set_new(o, "quorum", json_integer((json_int_t)c.quorum));
	json_object_set_new(o, "panic_percent", json_integer(d->conf->panic_percent));
	json_object_set_new(o, "all_known", json_boolean(c.all_known));
	json_object_set_new(o, "fault", text_or_null(status_fault(l, d)));
	json_object_set_new(o, "retry_in_s",
	    d->fault.text != NULL && d->fault.retry_us != UINT64_MAX
		? seconds(d->fault.retry_us > now_us ? d->fault.retry_us - now_us : 0)
		: json_null());
	return o;
}

static json_t *explain_dest(const struct ipvs_dest *d)
{
	return json_pack("{s:I, s:I, s:I}", "weight", (json_int_t)d->weight, "active",
	    (json_int_t)d->active, "inactive", (json_int_t)d->inactive);
}

/* What the kernel has of S NOW; NULL: it did not answer. */
static json_t *explain_kernel(const struct server_state *s, const struct ipvs_table *now)
{
	const struct ipvs_dest *dest = now != NULL ? service_find(s, now) : NULL;

	return json_pack("{s:b, s:o}", "answers", now != NULL, "server",
	    dest != NULL ? explain_dest(dest) : json_null());
}

/* ---- the answer ---- */

json_t *explain_server(const struct lvsd *l, const struct server_state *s, bool texts,
    const struct ipvs_table *now)
{
	const struct director_state *d = s->director;
	enum serving serving =
	    serving_who(d, service_family(d->conf, s->conf), &l->have, NULL);
	const struct ipvs_dest *wanted;
	struct ipvs_table want = { 0 };
	char addr[ADDR_TEXT_MAX];
	json_t *o;

	plan_director(d, 0, &l->have, mono_us(), &want, NULL);
	ipvs_table_sort(&want);
	wanted = service_find(s, &want);
	o = json_pack("{s:b, s:s, s:s, s:b, s:b}", "ok", 1, "server", s->conf->name,
	    "address", addr_port_text(&s->conf->addr, s->conf->port, addr), "sorry",
	    (int)s->conf->sorry, "usable", (int)serving_usable(s));
	json_object_set_new(o, "verdict", json_string(verdict(l, s, serving, wanted)));
	json_object_set_new(o, "since_s", seconds(mono_us() - s->since_us));
	json_object_set_new(o, "check", explain_check(l, s, texts));
	json_object_set_new(o, "agent", explain_agent(s));
	json_object_set_new(o, "operator", explain_operator(s));
	json_object_set_new(o, "weight", explain_weight(s));
	json_object_set_new(o, "director", explain_director(l, d, serving));
	json_object_set_new(o, "planned_weight",
	    wanted != NULL ? json_integer(wanted->weight) : json_null());
	json_object_set_new(o, "kernel", explain_kernel(s, now));
	json_object_set_new(o, "changes", events_about(l->events, s, CHANGES));
	ipvs_table_fini(&want);
	return o;
}
