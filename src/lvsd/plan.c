/*
 * The rules of behaviour.md, *A server*, as functions of state and table.
 *
 * From the inside out: where each server stands (server_place), what is kept for
 * its connections (keep_leaving), and the services made of these. Who serves is
 * counted in serving.c; how the kernel calls it all is known in service.c.
 */
#include "lvsd/plan.h"

#include <linux/ip_vs.h>
#include <netinet/in.h>

#include "lvsd/agents.h"
#include "lvsd/service.h"
#include "lvsd/serving.h"

/* What the plan says of one server. */
enum place {
	PLACE_IN,    /* in the table, with a weight that may be 0 */
	PLACE_OUT,   /* not in the table; connections do not keep it there */
	PLACE_LEAVE, /* not wanted, but kept at weight 0 while it has connections */
};

/* ---- servers ---- */

static enum place without_weight(const struct director_conf *d)
{
	return service_is_hashed(d) ? PLACE_OUT : PLACE_IN;
}

/* Where S is while it is down. Whether it stays with weight 0 is for its check to say,
 * or for the director's where it has only an agent. */
static enum place place_down(const struct server_state *s)
{
	const struct director_conf *d = s->director->conf;
	const struct check_conf *check =
	    s->conf->check != NULL ? s->conf->check : d->check;

	return check->inhibit || s->assumed ? without_weight(d) : PLACE_OUT;
}

static enum place server_place(
    const struct server_state *s, enum serving serving, uint64_t now_us, uint32_t *weight)
{
	const struct director_conf *d = s->director->conf;
	struct standing at = agents_standing(s);

	*weight = 0;
	if (at.word != DECISION_READY) {
		uint64_t until_us = state_decision(s)->until_us;

		return until_us != 0 && now_us >= until_us ? PLACE_OUT : PLACE_LEAVE;
	}
	if (at.health == HEALTH_UNKNOWN)
		return PLACE_LEAVE;
	if (at.health == HEALTH_DOWN && (serving != SERVING_PANIC || s->conf->sorry))
		return place_down(s);
	if (s->conf->sorry && serving != SERVING_SORRY)
		return PLACE_LEAVE;
	/* Below quorum the sorry page serves; connections of the usable ones live. */
	if (!s->conf->sorry && serving == SERVING_SORRY)
		return without_weight(d);
	*weight = serving_weight(s, now_us);
	return *weight > 0 ? PLACE_IN : without_weight(d);
}

/* ---- services ---- */

/*
 * No connection is left. In nat mode closed TCP connections linger for two
 * minutes as inactive ones and do not count: a client that uses its port again
 * gets another server. In the other modes the kernel sees only half of the
 * talk, keeps such a connection half closed (FIN_WAIT) and sends the client's
 * next one on that port after it, to a server that must still be there
 * (ip_vs_core.c, is_new_conn_expected). Datagrams have inactive ones only.
 */
static bool drained(const struct ipvs_svc *svc, const struct ipvs_dest *dest)
{
	bool inactive_counts =
	    svc->protocol != IPPROTO_TCP || dest->fwd != IP_VS_CONN_F_MASQ;

	return dest->weight == 0 && dest->active == 0 &&
	       (!inactive_counts || dest->inactive == 0);
}

uint64_t plan_drain_until(const struct director_conf *d, uint64_t now_us)
{
	return d->drain_never ? IPVS_UNTIL_DRAINED : now_us + d->drain_ms * 1000ull;
}

/* What keep_leaving() has to know of the servers that are not in the table. */
struct leaving {
	struct ipvs_svc out; /* these go at once */
	struct ipvs_svc
	    stays;	   /* these are in the file: nothing but a connection counts */
	uint64_t until_us; /* for all others, from now on */
	uint64_t now_us;
};

/* Whether DEST, which nobody wants in the table, may stay there; with the note that
 * it then carries. */
static bool may_stay(const struct leaving *l, struct ipvs_dest *dest)
{
	if (ipvs_svc_find(&l->out, dest) != NULL)
		return false;
	if (ipvs_svc_find(&l->stays, dest) != NULL) {
		dest->until_us = 0; /* its time begins when the file loses it */
		return true;
	}
	if (dest->until_us == 0)
		dest->until_us = l->until_us;
	return dest->until_us > l->now_us;
}

/* Destinations of HAVE that are not in WANT stay at weight 0 while they have
 * connections, and time. */
static void keep_leaving(
    const struct ipvs_svc *have, const struct leaving *l, struct ipvs_svc *want)
{
	size_t n_wanted = want->n_dests, at_wanted = 0;
	struct ipvs_svc wanted = *want;

	for (size_t i = 0; i < have->n_dests; i++) {
		const struct ipvs_dest *found = &have->dests[i];
		struct ipvs_dest dest;

		wanted.dests = want->dests; /* it moves as it grows */
		wanted.n_dests = n_wanted;
		if (ipvs_svc_find_next(&wanted, found, &at_wanted) != NULL ||
		    drained(have, found))
			continue;
		dest = *found;
		if (!may_stay(l, &dest))
			continue;
		if (dest.weight != 0)
			dest.active = dest.inactive = IPVS_CONNS_UNKNOWN;
		dest.weight = 0;
		ipvs_svc_append(want, &dest);
		want->lingering++;
	}
	ipvs_svc_sort(want);
}

static void plan_service(const struct director_state *d, enum serving serving,
    const struct ipvs_svc *have, uint64_t now_us, struct ipvs_svc *want)
{
	struct leaving leaving = {
		.until_us = plan_drain_until(d->conf, now_us),
		.now_us = now_us,
	};

	ipvs_svc_reserve(want, d->n_servers);
	for (size_t i = 0; i < d->n_servers; i++) {
		const struct server_state *s =
		    d->by_addr != NULL ? d->by_addr[i] : &d->servers[i];
		enum place place;
		uint32_t weight;

		if (service_family(d->conf, s->conf) != want->addr.family)
			continue;
		place = server_place(s, serving, now_us, &weight);
		if (place == PLACE_IN)
			service_dest(d->conf, s->conf, weight, ipvs_svc_append_new(want));
		else if (have != NULL)
			service_dest(d->conf, s->conf, weight,
			    ipvs_svc_append_new(
				place == PLACE_OUT ? &leaving.out : &leaving.stays));
	}
	ipvs_svc_sort(want);
	ipvs_svc_sort(&leaving.out);
	ipvs_svc_sort(&leaving.stays);
	if (have != NULL && !service_is_hashed(d->conf))
		keep_leaving(have, &leaving, want);
	ipvs_svc_fit(want); /* of what is down, nothing is wanted */
	ipvs_svc_fini(&leaving.out);
	ipvs_svc_fini(&leaving.stays);
}

enum serving plan_director(const struct director_state *d, uint32_t tag,
    const struct ipvs_table *have, uint64_t now_us, struct ipvs_table *want,
    struct serving_count *counted)
{
	uint8_t family[SERVICE_FAMILIES];
	size_t n = service_families(d->conf, family);
	enum serving any = serving_who(d, AF_UNSPEC, have, counted);

	for (size_t i = 0; i < n && !d->fault.waits; i++) {
		struct ipvs_svc svc;

		service_id(d->conf, family[i], &svc);
		service_attrs(d->conf, &svc);
		svc.tag = tag;
		plan_service(d, n == 1 ? any : serving_who(d, family[i], have, NULL),
		    ipvs_table_find(have, &svc), now_us, &svc);
		ipvs_table_append(want, &svc);
	}
	return any;
}

void plan_leaving(const struct ipvs_svc *svc, uint64_t now_us, struct ipvs_table *want)
{
	struct leaving leaving = {
		.until_us = svc->until_us != 0 ? svc->until_us : IPVS_UNTIL_DRAINED,
		.now_us = now_us,
	};
	struct ipvs_svc left = *svc;

	left.dests = NULL;
	left.n_dests = left.cap_dests = left.lingering = 0;
	left.tag = PLAN_TAG_LEAVING;
	if (svc->held) {
		for (size_t i = 0; i < svc->n_dests; i++)
			ipvs_svc_append(&left, &svc->dests[i]);
		left.lingering = 1;
		ipvs_table_append(want, &left);
		return;
	}
	keep_leaving(svc, &leaving, &left);
	if (left.n_dests > 0)
		ipvs_table_append(want, &left);
}

void plan_all(const struct state *s, const struct ipvs_table *have, uint64_t now_us,
    struct ipvs_table *want)
{
	size_t n;

	for (size_t i = 0; i < s->n_directors; i++)
		plan_director(&s->directors[i], (uint32_t)i, have, now_us, want, NULL);
	ipvs_table_sort(want);
	n = want->n;
	for (size_t i = 0; i < have->n; i++) {
		struct ipvs_table planned = { .svcs = want->svcs, .n = n };

		if (ipvs_table_find(&planned, &have->svcs[i]) == NULL)
			plan_leaving(&have->svcs[i], now_us, want);
	}
	ipvs_table_sort(want);
}
