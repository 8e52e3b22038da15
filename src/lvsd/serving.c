/*
 * Counting: a director is served by its servers while enough of them are usable,
 * else by its sorry servers, and by all of them in a panic.
 */
#include "lvsd/serving.h"

#include <sys/socket.h>

#include "lvsd/agents.h"
#include "lvsd/service.h"

uint32_t serving_weight(const struct server_state *s, uint64_t now_us)
{
	uint32_t full = agents_standing(s).weight, now;
	uint64_t slow_us, past_us;

	if (!s->slow || full == 0)
		return full;
	slow_us = s->director->conf->slowstart_ms * 1000ull;
	past_us = now_us - s->since_us;
	if (past_us >= slow_us)
		return full;
	now = (uint32_t)(full * past_us / slow_us);
	return now > 0 ? now : 1;
}

static bool usable(const struct standing *at)
{
	return at->word == DECISION_READY && at->weight > 0 && at->health == HEALTH_UP;
}

bool serving_usable(const struct server_state *s)
{
	struct standing at = agents_standing(s);

	return usable(&at);
}

static size_t quorum(const struct director_conf *d, size_t ready)
{
	size_t n = d->quorum_is_percent ? (ready * d->quorum + 99) / 100 : d->quorum;

	return n > 0 ? n : 1;
}

static bool serves_now(const struct server_state *s, const struct ipvs_table *have)
{
	const struct ipvs_dest *dest = service_find(s, have);

	return dest != NULL && dest->weight > 0;
}

/* Those of one service, or of all. */
struct here {
	size_t usable, sorry; /* servers and sorry servers that could take traffic */
	bool sorry_serves;    /* one of the latter does already */
};

static void count_sorry(
    const struct server_state *s, const struct ipvs_table *have, struct here *here)
{
	here->sorry++;
	here->sorry_serves = here->sorry_serves || serves_now(s, have);
}

/* One pass for all that is asked of the servers of D. */
static struct serving_count count(const struct director_state *d, uint8_t family,
    const struct ipvs_table *have, struct here *here)
{
	bool all_are_here = family == AF_UNSPEC || addr_is_set(&d->conf->addr);
	struct serving_count c = { .all_known = true };

	*here = (struct here){ 0 };
	for (size_t i = 0; i < d->n_servers; i++) {
		const struct server_state *s = &d->servers[i];
		struct standing at = agents_standing(s);
		bool is_here = all_are_here || service_family(d->conf, s->conf) == family;

		if (at.word != DECISION_READY)
			continue;
		if (s->conf->sorry) {
			if (is_here && usable(&at))
				count_sorry(s, have, here);
			continue;
		}
		c.ready++;
		if (usable(&at)) {
			c.usable++;
			here->usable += is_here;
		} else if (at.health == HEALTH_DOWN) {
			c.failed += at.weight > 0;
		} else if (at.health == HEALTH_UNKNOWN) {
			c.all_known = false;
		}
	}
	c.quorum = quorum(d->conf, c.ready);
	return c;
}

void serving_count(const struct director_state *d, struct serving_count *c)
{
	static const struct ipvs_table nothing;
	struct here here;

	*c = count(d, AF_UNSPEC, &nothing, &here);
}

enum serving serving_who(const struct director_state *d, uint8_t family,
    const struct ipvs_table *have, struct serving_count *counted)
{
	struct here here;
	struct serving_count c = count(d, family, have, &here);

	if (counted != NULL)
		*counted = c;
	if (c.all_known && c.failed > 0 &&
	    c.usable * 100 < c.ready * d->conf->panic_percent)
		return SERVING_PANIC;
	if (here.usable > 0 && c.usable >= c.quorum)
		return SERVING_SERVERS;
	/* At the start servers may still prove to be up: no sorry page before
	 * all have spoken, unless it is what serves already. */
	if (here.sorry > 0 && (c.all_known || here.sorry_serves))
		return SERVING_SORRY;
	return here.usable > 0 ? SERVING_SERVERS : SERVING_NOBODY;
}
