/*
 * Counting: a director is served by its servers while enough of them are usable,
 * else by its sorry servers, and by all of them in a panic.
 */
#include "lvsd/serving.h"

#include <sys/socket.h>

#include "lvsd/agents.h"
#include "lvsd/service.h"

static uint32_t full_weight(const struct server_state *s)
{
	const struct decision *decision = state_decision(s);

	return agents_weight(
	    s, decision->has_weight ? decision->weight : s->conf->weight);
}

uint32_t serving_weight(const struct server_state *s, uint64_t now_us)
{
	uint64_t slow_us = s->director->conf->slowstart_ms * 1000ull;
	uint64_t past_us = now_us - s->since_us;
	uint32_t full = full_weight(s), now;

	if (full == 0 || !s->slow || past_us >= slow_us)
		return full;
	now = (uint32_t)(full * past_us / slow_us);
	return now > 0 ? now : 1;
}

bool serving_usable(const struct server_state *s)
{
	return agents_word(s) == DECISION_READY && full_weight(s) > 0 &&
	       agents_health(s) == HEALTH_UP;
}

static size_t quorum(const struct director_conf *d, size_t ready)
{
	size_t n = d->quorum_is_percent ? (ready * d->quorum + 99) / 100 : d->quorum;

	return n > 0 ? n : 1;
}

void serving_count(const struct director_state *d, struct serving_count *c)
{
	*c = (struct serving_count){ .all_known = true };
	for (size_t i = 0; i < d->n_servers; i++) {
		const struct server_state *s = &d->servers[i];

		if (s->conf->sorry || agents_word(s) != DECISION_READY)
			continue;
		c->ready++;
		c->usable += serving_usable(s);
		c->all_known = c->all_known && agents_health(s) != HEALTH_UNKNOWN;
		c->failed += agents_health(s) == HEALTH_DOWN && full_weight(s) > 0;
	}
	c->quorum = quorum(d->conf, c->ready);
}

static bool serves_now(const struct server_state *s, const struct ipvs_table *have)
{
	const struct ipvs_dest *dest = service_find(s, have);

	return dest != NULL && dest->weight > 0;
}

/* Usable servers, usable sorry servers, and whether one of these serves already;
 * of the service of FAMILY, or of all for AF_UNSPEC. */
static void count_family(const struct director_state *d, uint8_t family,
    const struct ipvs_table *have, size_t *usable, size_t *sorry, bool *sorry_serves)
{
	*usable = *sorry = 0;
	*sorry_serves = false;
	for (size_t i = 0; i < d->n_servers; i++) {
		const struct server_state *s = &d->servers[i];

		if ((family != AF_UNSPEC && service_family(d->conf, s->conf) != family) ||
		    !serving_usable(s))
			continue;
		if (!s->conf->sorry) {
			++*usable;
			continue;
		}
		++*sorry;
		*sorry_serves = *sorry_serves || serves_now(s, have);
	}
}

enum serving serving_who(
    const struct director_state *d, uint8_t family, const struct ipvs_table *have)
{
	size_t usable, sorry;
	struct serving_count c;
	bool sorry_serves;

	serving_count(d, &c);
	if (c.all_known && c.failed > 0 &&
	    c.usable * 100 < c.ready * d->conf->panic_percent)
		return SERVING_PANIC;
	count_family(d, family, have, &usable, &sorry, &sorry_serves);
	if (usable > 0 && c.usable >= c.quorum)
		return SERVING_SERVERS;
	/* At the start servers may still prove to be up: no sorry page before
	 * all have spoken, unless it is what serves already. */
	if (sorry > 0 && (c.all_known || sorry_serves))
		return SERVING_SORRY;
	return usable > 0 ? SERVING_SERVERS : SERVING_NOBODY;
}
