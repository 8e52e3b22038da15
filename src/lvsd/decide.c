/*
 * What an operator says of servers: ready, drain, maint, weight.
 *
 * A decision takes effect at once and is answered when the state file has it, so
 * that what was answered outlives the daemon. One about ten thousand servers is carried
 * out in parts, so that it does not hold the loop.
 */
#include "lvsd/decide.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "lib/mono.h"
#include "lib/xalloc.h"
#include "lvsd/agents.h"
#include "lvsd/children.h"
#include "lvsd/events.h"
#include "lvsd/reconcile.h"
#include "lvsd/statefile.h"

#define SERVERS_A_TURN 64
#define LOOKS_A_TURN 20000
#define ROAD_US 5000000 /* at most it is waited for the kernel to have it */

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

/* One decision about the servers of a name, a part of them each turn. */
struct job {
	struct reply base;
	struct lvsd *l;
	char *director, *server; /* the director "*" is every one */
	decide_fn *take;
	struct decision now;
	char what[32];
	uint64_t configuration; /* whose servers are gone through */
	size_t at;		/* the next of them */
	bool decided;		/* now the kernel gets it */
	uint64_t road_until_us; /* mono; so long that may take */
	struct request_wait wait;
};

static void decide(struct job *j, struct server_state *s)
{
	const struct probe_state *agent = agents_probe(s);
	struct decision d = *state_decision(s);
	struct lvsd *l = j->l;

	j->take(&d, &j->now);
	state_decide(s, &d);
	if (s->probe != NO_PROBE)
		checker_follow(l, s->probe);
	if (agent != NULL)
		checker_follow(l, (uint32_t)(agent - l->state->probes));
	reconcile_mark(l, s->director);
	j->wait.changed++;
}

/* Some more servers. True: those were the last. */
static bool decide_more(struct job *j)
{
	struct state *state = j->l->state;
	size_t n = 0;

	if (j->configuration != j->l->configuration) { /* a reload came in between */
		j->configuration = j->l->configuration;
		j->at = j->wait.changed = 0;
	}
	if (strcmp(j->director, "*") != 0) {
		struct server_state *s = state_find(state, j->director, j->server);

		if (s != NULL)
			decide(j, s);
		return true;
	}
	for (size_t end = j->at + LOOKS_A_TURN; j->at < state->n_servers; j->at++) {
		struct server_state *s = &state->servers[j->at];

		if (j->at == end || n == SERVERS_A_TURN)
			return false;
		if (strcmp(s->conf->name, j->server) != 0)
			continue;
		decide(j, s);
		n++;
	}
	return true;
}

/* All was decided: now it is put on disk. */
static void save(struct job *j)
{
	log_info("server %s/%s: an operator says %s director=%s server=%s servers=%zu",
	    j->director, j->server, j->what, j->director, j->server, j->wait.changed);
	events_decision(j->l, j->director, j->server, j->what, j->wait.changed);
	j->wait.what = WAIT_SAVED;
	j->wait.number = statefile_save(j->l->statefile);
}

static enum reply_next answer(json_t *o, struct buf *out)
{
	char *text = json_dumps(o, JSON_COMPACT);

	json_decref(o);
	buf_str(out, text);
	buf_str(out, "\n");
	free(text);
	return REPLY_END;
}

static enum reply_next job_more(struct reply *r, struct buf *out)
{
	struct job *j = (struct job *)r;

	if (j->wait.what == WAIT_NOTHING) {
		/* The save takes of the loop's time: the kernel comes before it. */
		if (!j->decided) {
			j->decided = decide_more(j);
			j->road_until_us = mono_us() + ROAD_US;
			return REPLY_PAUSE;
		}
		if (j->wait.changed == 0)
			return answer(
			    request_refusal("there is no such server; name it as "
					    "director/server, as \"show status\" does"),
			    out);
		/* A crowd of operations may be on its way before this one. */
		if (j->l->dirty && !j->l->resync && mono_us() < j->road_until_us)
			return REPLY_PAUSE;
		save(j);
	}
	if (statefile_saved(j->l->statefile) < j->wait.number)
		return REPLY_LATER;
	return answer(request_done(j->l, &j->wait), out);
}

static void job_free(struct reply *r)
{
	struct job *j = (struct job *)r;

	free(j->director);
	free(j->server);
	free(j);
}

static const struct reply_ops job_ops = { job_more, job_free };

/* Carries a decision out, and waits until it is on disk. */
static void take_decision(struct request *r, decide_fn *take, const struct decision *now,
    const char *what, struct answer *a)
{
	char *server = r->n > 1 ? r->words[1] : NULL, *director = NULL;
	struct job *j;

	if (server != NULL)
		director = strsep(&server, "/");
	if (server == NULL) {
		a->json = request_refusal("name a server as director/server");
		return;
	}
	j = xcalloc(1, sizeof *j);
	j->base.ops = &job_ops;
	j->l = r->l;
	j->director = xstrdup(director);
	j->server = xstrdup(server);
	j->take = take;
	j->now = *now;
	j->configuration = r->l->configuration;
	strlcpy(j->what, what, sizeof j->what);
	a->reply = &j->base;
}

void decide_ready(struct request *r, struct answer *a)
{
	const struct decision now = { .word = DECISION_READY };

	if (r->n > 2)
		a->json = request_refusal("nothing may stand after the server");
	else
		take_decision(r, take_word, &now, "ready", a);
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

static void out_of_service(struct request *r, enum decision_word word, struct answer *a)
{
	struct decision now = { .word = word };

	if (read_deadline(r, &now.until_us))
		take_decision(r, take_word, &now, decision_name(word), a);
	else
		a->json = request_refusal("after the server may stand \"now\", or "
					  "\"deadline\" and a time such as 30s");
}

void decide_drain(struct request *r, struct answer *a)
{
	out_of_service(r, DECISION_DRAIN, a);
}

void decide_maint(struct request *r, struct answer *a)
{
	out_of_service(r, DECISION_MAINT, a);
}

void decide_weight(struct request *r, struct answer *a)
{
	struct decision now = { .has_weight = true };
	const char *error = NULL;
	char what[32];

	if (r->n != 3) {
		a->json = request_refusal(
		    "write: weight director/server, and a number or \"auto\"");
		return;
	}
	if (strcmp(r->words[2], "auto") == 0)
		now.has_weight = false;
	else
		now.weight = (uint16_t)strtonum(r->words[2], 0, UINT16_MAX, &error);
	snprintf(what, sizeof what, "weight %s", r->words[2]);
	if (error != NULL)
		a->json =
		    request_refusal("a weight is a number from 0 to 65535, or \"auto\"");
	else
		take_decision(r, take_weight, &now, what, a);
}
