/*
 * What an operator says of servers: ready, drain, maint, weight.
 *
 * A decision takes effect at once and is answered when the state file has it, so
 * that what was answered outlives the daemon.
 */
#include "lvsd/decide.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "lib/mono.h"
#include "lvsd/agents.h"
#include "lvsd/children.h"
#include "lvsd/events.h"
#include "lvsd/reconcile.h"
#include "lvsd/statefile.h"

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
static json_t *take_decision(struct request *r, decide_fn *take,
    const struct decision *now, const char *what, struct request_wait *wait)
{
	if (r->n < 2)
		return request_refusal("name a server as director/server");
	wait->changed = decide_all(r->l, r->words[1], take, now, what);
	if (wait->changed == 0)
		return request_refusal("there is no such server; name it as "
				       "director/server, as \"show status\" does");
	events_decision(r->l, r->words[1], what, wait->changed);
	wait->what = WAIT_SAVED;
	wait->number = statefile_save(r->l->statefile);
	return NULL;
}

void decide_ready(struct request *r, struct answer *a)
{
	const struct decision now = { .word = DECISION_READY };

	a->json = r->n > 2 ? request_refusal("nothing may stand after the server")
			   : take_decision(r, take_word, &now, "ready", &a->wait);
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

static json_t *out_of_service(
    struct request *r, enum decision_word word, struct request_wait *wait)
{
	struct decision now = { .word = word };

	if (!read_deadline(r, &now.until_us))
		return request_refusal(
		    "after the server may stand \"now\", or \"deadline\" and a "
		    "time such as 30s");
	return take_decision(r, take_word, &now, decision_name(word), wait);
}

void decide_drain(struct request *r, struct answer *a)
{
	a->json = out_of_service(r, DECISION_DRAIN, &a->wait);
}

void decide_maint(struct request *r, struct answer *a)
{
	a->json = out_of_service(r, DECISION_MAINT, &a->wait);
}

static json_t *new_weight(struct request *r, struct request_wait *wait)
{
	struct decision now = { .has_weight = true };
	const char *error = NULL;
	char what[32];

	if (r->n != 3)
		return request_refusal(
		    "write: weight director/server, and a number or \"auto\"");
	if (strcmp(r->words[2], "auto") == 0)
		now.has_weight = false;
	else
		now.weight = (uint16_t)strtonum(r->words[2], 0, UINT16_MAX, &error);
	if (error != NULL)
		return request_refusal(
		    "a weight is a number from 0 to 65535, or \"auto\"");
	snprintf(what, sizeof what, "weight %s", r->words[2]);
	return take_decision(r, take_weight, &now, what, wait);
}

void decide_weight(struct request *r, struct answer *a)
{
	a->json = new_weight(r, &a->wait);
}
