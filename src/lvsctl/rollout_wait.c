/*
 * Waiting in a rollout: the daemon is asked again and again how the batch in hand is,
 * until all of it is where it is to be.
 */
#include <stdlib.h>

#include "lib/mono.h"
#include "lib/xalloc.h"
#include "lvsctl/rollout.h"
#include "lvsctl/words.h"

#define POLL_S 0.25

const json_t *rollout_look(struct rollout *r, json_t **answer)
{
	char *request = xasprintf("show status %s", r->director);
	int status;

	*answer = call_ask(r->call, request, &status);
	free(request);
	if (*answer == NULL)
		r->status = status;
	return json_array_get(json_object_get(*answer, "directors"), 0);
}

const json_t *rollout_find(const json_t *director, const struct member *m)
{
	const json_t *server;
	size_t i;

	json_array_foreach (json_object_get(director, "servers"), i, server)
		if (words_are(server, "name", m->name))
			return server;
	return NULL;
}

/* Whether a server is where the batch is to be; ASKED_US is before it was asked. */
typedef bool reached_fn(const json_t *server, const struct member *m, uint64_t asked_us);

static bool is_in_table(const json_t *server)
{
	return json_is_integer(json_object_get(server, "table_weight"));
}

static bool has_drained(const json_t *server, const struct member *m, uint64_t asked_us)
{
	(void)m;
	(void)asked_us;
	return !is_in_table(server);
}

/* By a check that began after the command ended. */
static bool is_healthy(const json_t *server, const struct member *m, uint64_t asked_us)
{
	const json_t *check = json_object_get(server, "check");
	double since_s = ((double)asked_us - (double)m->ran_us) / 1e6;

	if (!json_is_object(check))
		return true;
	return words_are(server, "health", "up") && words_are(check, "reason", "ok") &&
	       json_is_number(json_object_get(check, "age_s")) &&
	       words_real(check, "age_s") < since_s;
}

static bool has_returned(const json_t *server, const struct member *m, uint64_t asked_us)
{
	(void)m;
	(void)asked_us;
	return is_in_table(server);
}

/* How many of the batch are there; -1: somebody else has other plans with one. */
static long count_reached(
    struct rollout *r, const json_t *director, reached_fn *reached, uint64_t asked_us)
{
	long n = 0;

	/* Then nothing is known, and that is not what is waited for. */
	if (json_is_false(json_object_get(director, "answers")))
		return 0;
	for (size_t i = r->first; i < r->end; i++) {
		const struct member *m = &r->members[i];
		const json_t *server = rollout_find(director, m);

		if (server == NULL ||
		    !words_are(server, "operator", m->drained ? "drain" : "ready")) {
			rollout_fail(r, "%s/%s: %s meanwhile", r->director, m->name,
			    server == NULL ? "a reload removed it"
					   : "another operator decided otherwise");
			return -1;
		}
		n += reached(server, m, asked_us);
	}
	return n;
}

/* Waits until all of the batch are there; LIMIT_S 0: as long as it takes. */
static bool wait_until(
    struct rollout *r, const char *what, reached_fn *reached, double limit_s)
{
	uint64_t began_us = mono_us();

	for (;;) {
		uint64_t asked_us = mono_us();
		json_t *answer;
		const json_t *director = rollout_look(r, &answer);
		bool knows = words_knows_table(answer);
		long n =
		    director != NULL ? count_reached(r, director, reached, asked_us) : -1;

		json_decref(answer);
		if (n < 0)
			return false;
		if (knows && (size_t)n == r->end - r->first)
			return true;
		if (limit_s > 0 && (double)(asked_us - began_us) / 1e6 > limit_s)
			return rollout_fail(
			    r, "%s: not %s after %.0f s", r->director, what, limit_s);
		rollout_show(r, what);
		if (progress_nap(&r->progress, POLL_S))
			return rollout_fail(r, "interrupted");
	}
}

bool rollout_wait_drained(struct rollout *r)
{
	return wait_until(r, "drained", has_drained, 0);
}

bool rollout_wait_healthy(struct rollout *r)
{
	return wait_until(r, "healthy", is_healthy, r->timeout_s);
}

bool rollout_wait_in_table(struct rollout *r)
{
	return wait_until(r, "in the kernel's table", has_returned, r->timeout_s);
}
