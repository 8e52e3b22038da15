/*
 * Words, verbs, and one table of them.
 *
 * A decision of an operator takes effect at once and is answered when the state
 * file has it, so that what was answered outlives the daemon.
 */
#include "lvsd/request.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "lib/mono.h"
#include "lvsd/agents.h"
#include "lvsd/audit.h"
#include "lvsd/children.h"
#include "lvsd/reconcile.h"
#include "lvsd/reload.h"
#include "lvsd/show.h"
#include "lvsd/statefile.h"

#define WORDS_MAX 8

struct request {
	struct lvsd *l;
	char *words[WORDS_MAX];
	size_t n;
	bool may_change;
	struct request_wait *wait;
};

static json_t *refusal(const char *text)
{
	return json_pack("{s:b, s:o}", "ok", 0, "error", show_text(text));
}

/* ---- looking ---- */

static json_t *do_status(struct request *r)
{
	return show_status(r->l, r->may_change);
}

static json_t *do_table(struct request *r)
{
	return show_table(r->l);
}

/* ---- reload, audit, stop ---- */

static json_t *reload_answer(const struct lvsd *l)
{
	if (l->reload.error != NULL)
		return refusal(l->reload.error);
	return json_pack("{s:b, s:i, s:i, s:b, s:s, s:b}", "ok", 1, "operations",
	    (int)l->reload.n_ops, "failed", (int)reconcile_failed(l), "checks_kept",
	    (int)l->reload.checks_kept, "changes", l->reload.changes, "answers",
	    (int)!l->resync);
}

static json_t *do_reload(struct request *r)
{
	if (reload(r->l) != RELOAD_WAITS)
		return reload_answer(r->l);
	r->wait->what = WAIT_RELOAD;
	return NULL;
}

static json_t *do_audit(struct request *r)
{
	audit_now(r->l->audit);
	r->wait->what = WAIT_AUDIT;
	return NULL;
}

static json_t *do_stop(struct request *r)
{
	bool clear = r->n == 2 && strcmp(r->words[1], "clear") == 0;

	if (r->n > 1 && !clear)
		return refusal("only \"clear\" may stand after \"stop\"");
	log_info("stopping, an operator asked clear=%s", clear ? "yes" : "no");
	r->l->clear = r->l->clear || clear;
	/* The answer is on its way before the turn ends with a break. */
	ev_break(r->l->loop, EVBREAK_ALL);
	return json_pack("{s:b}", "ok", 1);
}

/* ---- decisions ---- */

/* Called for each server that the request names. */
typedef void decide_fn(struct decision *d, const struct decision *now);

static void take_word(struct decision *d, const struct decision *now)
{
	d->word = now->word;
	d->until_us = now->until_us;
}

static void take_weight(struct decision *d, const struct decision *now)
{
	d->has_weight = now->has_weight;
	d->weight = now->weight;
}

static void decide(struct lvsd *l, struct server_state *s, decide_fn *take,
    const struct decision *now, const char *what)
{
	const struct probe_state *agent = agents_probe(s);
	struct decision d = *state_decision(s);

	take(&d, now);
	state_decide(s, &d);
	if (s->probe != NO_PROBE)
		checker_follow(l, s->probe);
	if (agent != NULL)
		checker_follow(l, (uint32_t)(agent - l->state->probes));
	reconcile_mark(l, s->director);
	log_info("server %s/%s: an operator says %s director=%s server=%s",
	    s->director->conf->name, s->conf->name, what, s->director->conf->name,
	    s->conf->name);
}

/* NAME is "director/server", or with "*" for every director. Returns how many
 * servers it is. */
static size_t decide_all(struct lvsd *l, char *name, decide_fn *take,
    const struct decision *now, const char *what)
{
	char *slash = strchr(name, '/');
	struct server_state *s;
	size_t n = 0;

	if (slash == NULL)
		return 0;
	*slash = '\0';
	for (size_t i = 0; i < l->state->n_servers; i++) {
		s = &l->state->servers[i];
		if (strcmp(s->conf->name, slash + 1) != 0 ||
		    (strcmp(name, "*") != 0 &&
			strcmp(s->director->conf->name, name) != 0))
			continue;
		decide(l, s, take, now, what);
		n++;
	}
	*slash = '/';
	return n;
}

/* Carries a decision out, and waits until it is on disk. */
static json_t *take_decision(
    struct request *r, decide_fn *take, const struct decision *now, const char *what)
{
	if (r->n < 2)
		return refusal("name a server as director/server");
	r->wait->changed = decide_all(r->l, r->words[1], take, now, what);
	if (r->wait->changed == 0)
		return refusal("there is no such server; name it as director/server, as "
			       "\"show status\" does");
	r->wait->what = WAIT_SAVED;
	r->wait->number = statefile_save(r->l->statefile);
	return NULL;
}

static json_t *do_ready(struct request *r)
{
	if (r->n > 2)
		return refusal("nothing may stand after the server");
	return take_decision(
	    r, take_word, &(struct decision){ .word = DECISION_READY }, "ready");
}

/* The time that the words after the server give; 0: none. */
static bool read_deadline(const struct request *r, uint64_t *until_us)
{
	uint32_t ms;

	*until_us = 0;
	if (r->n == 3 && strcmp(r->words[2], "now") == 0) {
		*until_us = mono_us();
		return true;
	}
	if (r->n == 2)
		return true;
	if (r->n != 4 || strcmp(r->words[2], "deadline") != 0 ||
	    !conf_time(r->words[3], strlen(r->words[3]), &ms) || ms > CONF_TIME_MAX_MS)
		return false;
	*until_us = mono_us() + ms * 1000ull;
	return true;
}

static json_t *out_of_service(struct request *r, enum decision_word word)
{
	struct decision now = { .word = word };

	if (!read_deadline(r, &now.until_us))
		return refusal(
		    "after the server may stand \"now\", or \"deadline\" and a "
		    "time such as 30s");
	return take_decision(r, take_word, &now, decision_name(word));
}

static json_t *do_drain(struct request *r)
{
	return out_of_service(r, DECISION_DRAIN);
}

static json_t *do_maint(struct request *r)
{
	return out_of_service(r, DECISION_MAINT);
}

static json_t *do_weight(struct request *r)
{
	struct decision now = { .has_weight = true };
	const char *error = NULL;
	char what[32];

	if (r->n != 3)
		return refusal("write: weight director/server, and a number or \"auto\"");
	if (strcmp(r->words[2], "auto") == 0)
		now.has_weight = false;
	else
		now.weight = (uint16_t)strtonum(r->words[2], 0, UINT16_MAX, &error);
	if (error != NULL)
		return refusal("a weight is a number from 0 to 65535, or \"auto\"");
	snprintf(what, sizeof what, "weight %s", r->words[2]);
	return take_decision(r, take_weight, &now, what);
}

/* ---- the table ---- */

static const struct verb {
	const char *first, *second; /* SECOND NULL: arguments follow */
	bool changes;
	json_t *(*act)(struct request *r);
} verbs[] = {
	{ "show", "status", false, do_status },
	{ "show", "table", false, do_table },
	{ "reload", NULL, true, do_reload },
	{ "audit", NULL, true, do_audit },
	{ "stop", NULL, true, do_stop },
	{ "ready", NULL, true, do_ready },
	{ "drain", NULL, true, do_drain },
	{ "maint", NULL, true, do_maint },
	{ "weight", NULL, true, do_weight },
};

static bool is_verb(const struct verb *v, const struct request *r)
{
	if (r->n == 0 || strcmp(r->words[0], v->first) != 0)
		return false;
	return v->second == NULL || (r->n == 2 && strcmp(r->words[1], v->second) == 0);
}

json_t *request_answer(
    struct lvsd *l, char *request, bool may_change, struct request_wait *wait)
{
	struct request r = { .l = l, .may_change = may_change, .wait = wait };
	char *word;

	while (r.n < WORDS_MAX && (word = strsep(&request, " \t")) != NULL)
		if (*word != '\0')
			r.words[r.n++] = word;
	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
		if (!is_verb(&verbs[i], &r))
			continue;
		if (verbs[i].changes && !may_change)
			return refusal("this socket only shows; use the control socket");
		return verbs[i].act(&r);
	}
	return refusal("unknown request; there are: show status, show table, reload, "
		       "audit, ready, drain, maint, weight, stop");
}

json_t *request_done(const struct lvsd *l, const struct request_wait *wait)
{
	const char *error = statefile_error(l->statefile);
	json_t *o;

	if (wait->what == WAIT_RELOAD)
		return reload_answer(l);
	if (wait->what == WAIT_AUDIT)
		return audit_answer(l->audit);
	o = json_pack("{s:b, s:i}", "ok", 1, "servers", (int)wait->changed);
	if (error != NULL)
		json_object_set_new(o, "warning", show_text(error));
	return o;
}
