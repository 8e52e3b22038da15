/* Points lie on multiples of the step, so every history has them at the same time. */
#include "lvsweb/history.h"

#include <string.h>

#define LOOK_AHEAD 64
#define SAME_US \
	2500000 /* two answers tell of one moment in times that far apart, at most */

static uint64_t step_of(const struct status *s)
{
	return s->taken_us / (STATUS_STEP_S * 1000000ULL);
}

/* FROM may be NULL. POINTS is how many are new; there is a value for the last only. */
static void go_on(
    uint32_t *to, const uint32_t *from, size_t points, bool known, uint64_t now)
{
	size_t kept = points < STATUS_POINTS ? STATUS_POINTS - points : 0;

	for (size_t i = 0; i < STATUS_POINTS; i++)
		to[i] = STATUS_NO_POINT;
	if (from != NULL)
		memcpy(to, from + STATUS_POINTS - kept, kept * sizeof *to);
	if (points > 0 && known)
		to[STATUS_POINTS - 1] =
		    now < STATUS_NO_POINT ? (uint32_t)now : STATUS_NO_POINT - 1;
}

static void server_goes_on(struct web_server *s, const struct web_server *before,
    size_t points, struct arena *a, bool has_history)
{
	if (before != NULL && before->standing == s->standing &&
	    s->since_us - before->since_us + SAME_US <= 2 * SAME_US)
		s->since_us = before->since_us;
	if (!has_history)
		return;
	s->history = arena_alloc(a, STATUS_POINTS * sizeof *s->history);
	go_on(s->history, before != NULL ? before->history : NULL, points, s->has_rates,
	    s->rates.conns_s);
}

static const struct web_server *find_server(
    const struct web_director *d, size_t from, const char *name)
{
	for (size_t i = from; d != NULL && i < d->n_servers && i < from + LOOK_AHEAD; i++)
		if (strcmp(d->servers[i].name, name) == 0)
			return &d->servers[i];
	return NULL;
}

static const struct web_director *find_director(
    const struct status *s, size_t from, const char *name)
{
	for (size_t i = from; s != NULL && i < s->n_directors && i < from + LOOK_AHEAD;
	     i++)
		if (strcmp(s->directors[i].name, name) == 0)
			return &s->directors[i];
	return NULL;
}

static void director_goes_on(struct web_director *d, const struct web_director *before,
    size_t points, struct arena *a, bool has_histories)
{
	const struct web_server *found;
	size_t from = 0;

	go_on(d->history, before != NULL ? before->history : NULL, points, d->has_rates,
	    d->rates.conns_s);
	for (size_t i = 0; i < d->n_servers; i++) {
		found = find_server(before, from, d->servers[i].name);
		if (found != NULL)
			from = (size_t)(found - before->servers) + 1;
		server_goes_on(&d->servers[i], found, points, a, has_histories);
	}
}

void history_go_on(struct status *s, const struct status *before, struct arena *a)
{
	size_t points = before == NULL ? 1 : (size_t)(step_of(s) - step_of(before));
	const struct web_director *found;
	size_t from = 0;

	go_on(s->history, before != NULL ? before->history : NULL, points, s->has_rates,
	    s->rates.conns_s);
	for (size_t i = 0; i < s->n_directors; i++) {
		found = find_director(before, from, s->directors[i].name);
		if (found != NULL)
			from = (size_t)(found - before->directors) + 1;
		director_goes_on(
		    &s->directors[i], found, points, a, s->n_servers <= STATUS_HISTORIES);
	}
}
