/*
 * One server, member by member. There may be a hundred thousand in an answer, so that
 * nothing is looked up, measured or allocated for each that can be done once.
 */
#include "lvsd/status_server.h"

#include "lvsd/agents.h"
#include "lvsd/put.h"
#include "lvsd/service.h"

static const char *server_health(const struct server_state *s)
{
	return s->probe == NO_PROBE ? "unchecked" : health_name(s->health.state);
}

const char *status_server_word(const struct server_state *s, bool in_table)
{
	switch (agents_word(s)) {
	case DECISION_DRAIN:
		return in_table ? "drain" : "drained";
	case DECISION_MAINT:
		return "maint";
	case DECISION_READY:
		break;
	}
	return agents_verdict(s)->service == AGENT_DOWN ? "down" : server_health(s);
}

/* How often P asks, and how the last time went. */
static void put_probe(
    const struct status_view *v, const struct probe_state *p, struct buf *b)
{
	const struct check_conf *check = p->probe.check;

	buf_str(b, "{\"method\":");
	put_quoted(b, conf_method_name(check->method));
	put_integer(b, "interval_ms", check->interval_ms);
	put_bool(b, "inhibit", check->inhibit);
	put_text(b, "reason", reason_name(p->reason));
	put_text(b, "means", reason_text(p->reason));
	put_integer(b, "code", p->code);
	put_integer(b, "duration_us", p->duration_us);
	put_text(b, "text", v->texts ? p->text : NULL);
	if (p->probe.started_us != 0)
		put_seconds(b, "age_s", v->now_us - p->probe.started_us);
	else
		put_null(b, "age_s");
}

static void put_check(
    const struct status_view *v, const struct server_state *s, struct buf *b)
{
	if (s->probe == NO_PROBE) {
		put_null(b, "check");
		return;
	}
	buf_str(b, ",\"check\":");
	put_probe(v, &v->l->state->probes[s->probe], b);
	buf_str(b, "}");
}

/* The same of its agent, and what that said: as words, null where it never did. */
static void put_agent(
    const struct status_view *v, const struct server_state *s, struct buf *b)
{
	const struct probe_state *p = agents_probe(s);
	const struct agent_verdict *said = agents_verdict(s);
	json_t *words;

	if (p == NULL) {
		put_null(b, "agent");
		return;
	}
	buf_str(b, ",\"agent\":");
	put_probe(v, p, b);
	words = agents_json(said);
	put_text(b, "admin", json_string_value(json_object_get(words, "admin")));
	put_text(b, "service", json_string_value(json_object_get(words, "service")));
	json_decref(words);
	if (said->weighed)
		put_integer(b, "percent", said->percent);
	else
		put_null(b, "percent");
	buf_str(b, "}");
}

/* What the kernel has of a server: weight and connections, or null. */
static void put_dest(struct buf *b, const struct ipvs_dest *dest)
{
	if (dest == NULL) {
		buf_str(b, ",\"table_weight\":null,\"active\":null,\"inactive\":null");
		return;
	}
	put_integer(b, "table_weight", dest->weight);
	put_integer(b, "active", dest->active);
	put_integer(b, "inactive", dest->inactive);
}

/* What goes through it; null without that it was asked for, or is there. */
static void put_rate(struct buf *b, const struct ipvs_rate *rate)
{
	if (rate == NULL) {
		put_null(b, "rate");
		return;
	}
	buf_printf(b, ",\"rate\":{\"conns\":%llu", (unsigned long long)rate->conns);
	put_integer(b, "in_bytes", (int64_t)rate->in_bytes);
	put_integer(b, "out_bytes", (int64_t)rate->out_bytes);
	put_integer(b, "conns_s", (int64_t)rate->conns_s);
	put_integer(b, "in_bytes_s", (int64_t)rate->in_bytes_s);
	put_integer(b, "out_bytes_s", (int64_t)rate->out_bytes_s);
	buf_str(b, "}");
}

/* An operator's decision: its word, until when connections are kept (null: until the
 * last one ends), and a weight. */
static void put_decision(
    const struct status_view *v, const struct decision *d, struct buf *b)
{
	put_text(b, "operator", decision_name(d->word));
	if (d->word != DECISION_READY && d->until_us != 0)
		put_seconds(
		    b, "cut_in_s", d->until_us > v->now_us ? d->until_us - v->now_us : 0);
	else
		put_null(b, "cut_in_s");
	if (d->has_weight)
		put_integer(b, "operator_weight", d->weight);
	else
		put_null(b, "operator_weight");
}

void status_server(
    const struct status_view *v, const struct server_state *s, struct buf *b)
{
	const struct ipvs_dest *dest = service_find(s, &v->now);
	char addr[ADDR_TEXT_MAX];

	buf_str(b, "{\"name\":");
	put_quoted(b, s->conf->name);
	put_text(b, "address", addr_port_text(&s->conf->addr, s->conf->port, addr));
	put_integer(b, "weight", s->conf->weight);
	put_bool(b, "sorry", s->conf->sorry);
	put_text(b, "state", status_server_word(s, dest != NULL));
	put_text(b, "health", server_health(s));
	put_seconds(b, "since_s", v->now_us - s->since_us);
	put_dest(b, dest);
	if (v->with_rates)
		put_rate(b, dest != NULL ? ipvs_rates_find(&v->rates, dest) : NULL);
	put_decision(v, state_decision(s), b);
	put_check(v, s, b);
	put_agent(v, s, b);
	buf_str(b, "}");
}

/* ---- what is not so with most ---- */

/* All is well with its check, or it has none. */
static bool is_fine(const struct status_view *v, const struct server_state *s)
{
	enum reason reason;

	if (s->probe == NO_PROBE)
		return true;
	reason = v->l->state->probes[s->probe].reason;
	return s->health.state == HEALTH_UP &&
	       (reason == REASON_OK || reason == REASON_NONE);
}

bool status_server_has_rest(const struct status_view *v, const struct server_state *s)
{
	const struct decision *d = state_decision(s);

	return s->conf->sorry || d->word != DECISION_READY || d->has_weight ||
	       !is_fine(v, s) || agents_probe(s) != NULL;
}

void status_server_rest(
    const struct status_view *v, const struct server_state *s, struct buf *b)
{
	buf_str(b, s->conf->sorry ? "{\"sorry\":true" : "{\"sorry\":false");
	put_decision(v, state_decision(s), b);
	if (!is_fine(v, s))
		put_check(v, s, b);
	if (agents_probe(s) != NULL)
		put_agent(v, s, b);
	buf_str(b, "}");
}
