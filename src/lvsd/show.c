/*
 * The state in JSON, from the daemon down to the last check of a server.
 *
 * Connections come from a fresh read of each director's services, so asking for
 * the status costs the kernel one dump a director.
 */
#include "lvsd/show.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "lib/log.h"
#include "lib/mono.h"
#include "lib/xalloc.h"
#include "lvsd/agents.h"
#include "lvsd/audit.h"
#include "lvsd/marking.h"
#include "lvsd/service.h"
#include "lvsd/serving.h"
#include "lvsd/statefile.h"

json_t *show_text(const char *text)
{
	json_t *string = json_string(text);
	char *copy;

	if (string != NULL)
		return string;
	copy = xstrdup(text);
	for (char *c = copy; *c != '\0'; c++)
		if ((unsigned char)*c > 0x7f)
			*c = '?';
	string = json_string(copy);
	free(copy);
	return string;
}

static json_t *seconds_since(uint64_t then_us, uint64_t now_us)
{
	return json_real((double)(now_us - then_us) / 1e6);
}

/* ---- servers ---- */

static const char *server_health(const struct server_state *s)
{
	return s->probe == NO_PROBE ? "unchecked" : health_name(s->health.state);
}

/* How often P asks, and how the last time went. */
static json_t *show_probe(const struct probe_state *p, bool texts)
{
	const struct check_conf *check = p->probe.check;
	uint64_t started_us = p->probe.started_us;
	json_t *o = json_pack("{s:s, s:i, s:s, s:s, s:i}", "method",
	    conf_method_name(check->method), "interval_ms", (int)check->interval_ms,
	    "reason", reason_name(p->reason), "means", reason_text(p->reason), "code",
	    (int)p->code);

	json_object_set_new(o, "duration_us", json_integer(p->duration_us));
	json_object_set_new(
	    o, "text", texts && p->text != NULL ? show_text(p->text) : json_null());
	json_object_set_new(o, "age_s",
	    started_us != 0 ? seconds_since(started_us, mono_us()) : json_null());
	return o;
}

static json_t *show_check(const struct lvsd *l, const struct server_state *s, bool texts)
{
	return s->probe != NO_PROBE ? show_probe(&l->state->probes[s->probe], texts)
				    : json_null();
}

static json_t *show_agent(const struct server_state *s, bool texts)
{
	const struct probe_state *p = agents_probe(s);
	json_t *o;

	if (p == NULL)
		return json_null();
	o = show_probe(p, texts);
	json_object_update_new(o, agents_json(&p->probe.agent));
	return o;
}

/* DEST: where the kernel has it, or NULL. */
static json_t *show_server(const struct lvsd *l, const struct server_state *s,
    const struct ipvs_dest *dest, bool texts)
{
	char addr[ADDR_TEXT_MAX];
	const struct decision *decision = state_decision(s);
	json_t *o = json_pack("{s:s, s:s, s:i, s:b, s:s}", "name", s->conf->name,
	    "address", addr_port_text(&s->conf->addr, s->conf->port, addr), "weight",
	    (int)s->conf->weight, "sorry", (int)s->conf->sorry, "health",
	    server_health(s));

	json_object_set_new(o, "since_s", seconds_since(s->since_us, mono_us()));
	json_object_set_new(
	    o, "table_weight", dest != NULL ? json_integer(dest->weight) : json_null());
	json_object_set_new(
	    o, "active", dest != NULL ? json_integer(dest->active) : json_null());
	json_object_set_new(
	    o, "inactive", dest != NULL ? json_integer(dest->inactive) : json_null());
	json_object_set_new(o, "operator", json_string(decision_name(decision->word)));
	json_object_set_new(o, "operator_weight",
	    decision->has_weight ? json_integer(decision->weight) : json_null());
	json_object_set_new(o, "check", show_check(l, s, texts));
	json_object_set_new(o, "agent", show_agent(s, texts));
	return o;
}

/* ---- directors ---- */

static const char *director_state_word(
    const struct lvsd *l, const struct director_state *d)
{
	if (marking_fault(l->marking, d->conf) != NULL)
		return "failed";
	if (d->fault.text != NULL &&
	    (d->fault.no_service || service_unsupported(d->conf)))
		return "failed";
	switch (serving_who(d, AF_UNSPEC, &l->have)) {
	case SERVING_SERVERS:
		return "up";
	case SERVING_SORRY:
		return "sorry";
	case SERVING_PANIC:
		return "panic";
	case SERVING_NOBODY:
	case SERVING_NOT_YET:
		break;
	}
	return "down";
}

/* The director's services as the kernel has them now, with connections. Once it did
 * not answer (*ANSWERS) it is not asked again: each question may take long. */
static void read_director(
    struct lvsd *l, const struct director_state *d, struct ipvs_table *now, bool *answers)
{
	service_identities(d->conf, now);
	ipvs_table_sort(now);
	for (size_t i = 0; i < now->n; i++)
		if (*answers && ipvs_table_find(&l->have, &now->svcs[i]) != NULL)
			*answers = ipvs_read_dests(l->ipvs, &now->svcs[i]);
}

static const char *service_text(const struct director_conf *d, char *buf)
{
	char addr[ADDR_TEXT_MAX];

	if (!addr_is_set(&d->addr))
		snprintf(buf, IPVS_SVC_NAME_MAX, d->mark != 0 ? "FWM %u" : "FWM -",
		    (unsigned)d->mark);
	else
		snprintf(buf, IPVS_SVC_NAME_MAX, "%s %s",
		    d->protocol == IPPROTO_UDP	  ? "UDP"
		    : d->protocol == IPPROTO_SCTP ? "SCTP"
						  : "TCP",
		    addr_port_text(&d->addr, d->port, addr));
	return buf;
}

/* "leastconn", or "kernel rr" for one by the kernel's name. BUF has 32 bytes. */
static const char *balance_text(const struct director_conf *d, char *buf)
{
	if (d->balance != BALANCE_KERNEL)
		return conf_balance_name(d->balance);
	snprintf(buf, 32, "kernel %s", d->kernel_sched->name);
	return buf;
}

static json_t *show_director(
    struct lvsd *l, const struct director_state *d, bool texts, bool *answers)
{
	struct ipvs_table now = { 0 };
	char service[IPVS_SVC_NAME_MAX], balance[32];
	json_t *servers = json_array(), *o;
	const char *fault =
	    d->fault.text != NULL ? d->fault.text : marking_fault(l->marking, d->conf);

	o = json_pack("{s:s, s:s, s:s, s:s, s:s}", "name", d->conf->name, "service",
	    service_text(d->conf, service), "balance", balance_text(d->conf, balance),
	    "mode", conf_mode_name(d->conf->mode), "state", director_state_word(l, d));
	json_object_set_new(
	    o, "mark", d->conf->mark != 0 ? json_integer(d->conf->mark) : json_null());
	json_object_set_new(o, "fault", fault != NULL ? show_text(fault) : json_null());
	read_director(l, d, &now, answers);
	for (size_t i = 0; i < d->n_servers; i++)
		json_array_append_new(
		    servers, show_server(l, &d->servers[i],
				 service_find(&d->servers[i], &now), texts));
	json_object_set_new(o, "servers", servers);
	ipvs_table_fini(&now);
	return o;
}

/* Services and servers that stay only until their connections end. */
static json_t *show_leaving(const struct lvsd *l)
{
	json_t *list = json_array();
	char name[IPVS_SVC_NAME_MAX];

	for (size_t i = 0; i < l->have.n; i++) {
		const struct ipvs_svc *svc = &l->have.svcs[i];

		if (svc->lingering > 0)
			json_array_append_new(list,
			    json_pack("{s:s, s:i}", "service", ipvs_svc_name(svc, name),
				"servers", (int)svc->lingering));
	}
	return list;
}

static json_t *show_reload(const struct lvsd *l)
{
	json_t *o = json_pack("{s:I}", "count", (json_int_t)l->reloads);

	json_object_set_new(o, "error",
	    l->reload.error != NULL ? show_text(l->reload.error) : json_null());
	json_object_set_new(o, "age_s",
	    l->reload.at_us != 0 ? seconds_since(l->reload.at_us, mono_us())
				 : json_null());
	return o;
}

static json_t *show_checker(const struct lvsd *l)
{
	const struct checker_figures *f = &l->figures;
	json_t *o = json_pack("{s:i, s:s, s:i, s:I, s:I}", "pid",
	    l->checker != NULL ? (int)l->checker->pid : 0, "user", l->user.name, "probes",
	    (int)l->state->n_probes, "starts", (json_int_t)l->checker_starts, "deaths",
	    (json_int_t)l->checker_restarts);

	json_object_set_new(o, "checks", json_integer((json_int_t)f->checks));
	json_object_set_new(o, "late", json_integer((json_int_t)f->late));
	json_object_set_new(o, "skipped", json_integer((json_int_t)f->skipped));
	json_object_set_new(o, "local", json_integer((json_int_t)f->local));
	json_object_set_new(o, "in_flight", json_integer(f->in_flight));
	json_object_set_new(o, "max_in_flight", json_integer(f->max_in_flight));
	return o;
}

json_t *show_status(struct lvsd *l, bool texts)
{
	const struct ipvs_stats stats = *ipvs_stats(l->ipvs);
	json_t *directors = json_array(), *o;
	bool answers = !l->resync;

	o = json_pack("{s:b, s:s, s:i, s:o, s:b}", "ok", 1, "version", PACKAGE_VERSION,
	    "pid", (int)getpid(), "config", show_text(l->options.config), "dry_run",
	    (int)l->options.dry_run);
	json_object_set_new(o, "uptime_s", seconds_since(l->started_us, mono_us()));
	json_object_set_new(o, "reload", show_reload(l));
	json_object_set_new(o, "checker", show_checker(l));
	json_object_set_new(o, "kernel",
	    json_pack("{s:I, s:I, s:I, s:b}", "operations", (json_int_t)stats.ops,
		"refused", (json_int_t)stats.ops_refused, "reads",
		(json_int_t)stats.reads, "answers", (int)!l->resync));
	for (size_t i = 0; i < l->state->n_directors; i++)
		json_array_append_new(directors,
		    show_director(l, &l->state->directors[i], texts, &answers));
	json_object_set_new(o, "marking", marking_show(l->marking));
	json_object_set_new(o, "audit", audit_figures(l->audit));
	json_object_set_new(o, "state_file_error",
	    statefile_error(l->statefile) != NULL
		? show_text(statefile_error(l->statefile))
		: json_null());
	json_object_set_new(o, "foreign", json_integer((json_int_t)l->foreign));
	json_object_set_new(o, "directors", directors);
	json_object_set_new(o, "leaving", show_leaving(l));
	return o;
}

json_t *show_table(struct lvsd *l)
{
	struct ipvs_table listed = { 0 };
	struct buf text = { 0 };
	json_t *o;

	if (!ipvs_read_services(l->ipvs, &listed))
		return json_pack("{s:b, s:s+}", "ok", 0, "error",
		    "cannot read the kernel's table: ", strerror(errno));
	buf_str(&text, "");
	for (size_t i = 0; i < listed.n; i++)
		if (ipvs_table_find(&l->have, &listed.svcs[i]) != NULL &&
		    ipvs_read_dests(l->ipvs, &listed.svcs[i]))
			ipvs_svc_text(&listed.svcs[i], &text);
	o = json_pack("{s:b, s:s}", "ok", 1, "table", text.data);
	buf_fini(&text);
	ipvs_table_fini(&listed);
	return o;
}

void show_log(const struct lvsd *l)
{
	char service[IPVS_SVC_NAME_MAX];

	for (size_t i = 0; i < l->state->n_directors; i++) {
		const struct director_state *d = &l->state->directors[i];
		size_t up = 0, down = 0, unknown = 0;

		for (size_t j = 0; j < d->n_servers; j++) {
			const struct server_state *s = &d->servers[j];

			if (s->conf->sorry)
				continue;
			up += agents_health(s) == HEALTH_UP;
			down += agents_health(s) == HEALTH_DOWN;
			unknown += agents_health(s) == HEALTH_UNKNOWN;
		}
		log_info("director %s %s is %s director=%s up=%zu down=%zu unknown=%zu",
		    d->conf->name, service_text(d->conf, service),
		    director_state_word(l, d), d->conf->name, up, down, unknown);
	}
}
