/*
 * The rules of behaviour.md, *A server*, as functions of state and table.
 *
 * From the outside in: who serves for a director (plan_serving), where each
 * server stands (server_place), what is kept for its connections
 * (keep_leaving), and the services made of these.
 */
#include "lvsd/plan.h"

#include <arpa/inet.h>
#include <linux/ip_vs.h>
#include <stdlib.h>
#include <string.h>

#include "lvsd/agents.h"

/*
 * The kernel's scheduler for each word. sh and mh get their fallback flag
 * always: without it a server at weight 0 refuses the clients hashed to it
 * (ip_vs_sh.c, ip_vs_mh.c). srcdst is sh: with one address per director the
 * destination adds nothing to the hash.
 */
static const struct {
	const char *sched;
	uint32_t flags;
} schedulers[] = {
	[BALANCE_ROUNDROBIN] = { "wrr", 0 },
	[BALANCE_LEASTCONN] = { "wlc", 0 },
	[BALANCE_LOCALITY] = { "lblc", 0 },
	[BALANCE_LOCALITY_REPLICATION] = { "lblcr", 0 },
	[BALANCE_SOURCE] = { "sh", IP_VS_SVC_F_SCHED1 },
	[BALANCE_SRCDST] = { "sh", IP_VS_SVC_F_SCHED1 },
	[BALANCE_DEST] = { "dh", 0 },
	[BALANCE_SHORTEXPDELAY] = { "sed", 0 },
	[BALANCE_NEVERQUEUE] = { "nq", 0 },
	[BALANCE_FO] = { "fo", 0 },
	[BALANCE_OVF] = { "ovf", 0 },
	[BALANCE_MH] = { "mh", IP_VS_SVC_F_SCHED1 },
	[BALANCE_TWOS] = { "twos", 0 },
};

/* The second flag: the hash takes the client's port, too (ip_vs_sh.c, ip_vs_mh.c). */
#define FLAG_HASH_PORT IP_VS_SVC_F_SCHED2

/* What the plan says of one server. */
enum place {
	PLACE_IN,    /* in the table, with a weight that may be 0 */
	PLACE_OUT,   /* not in the table; connections do not keep it there */
	PLACE_LEAVE, /* not wanted, but kept at weight 0 while it has connections */
};

const char *plan_unsupported(const struct director_conf *d)
{
	if (!addr_is_set(&d->addr) && d->fwmark == 0)
		return "a director without an address needs a flow, which is not "
		       "supported yet; give it an address or \"fwmark <n>\"";
	if (addr_is_set(&d->addr) && d->port == 0 && !d->persistent)
		return "an address without a port means all ports, which is supported "
		       "only with \"option persistence\" yet; give it a port";
	return NULL;
}

/* ---- who may take traffic ---- */

static uint32_t full_weight(const struct server_state *s)
{
	return agents_weight(
	    s, s->decision.has_weight ? s->decision.weight : s->conf->weight);
}

uint32_t plan_weight(const struct server_state *s, uint64_t now_us)
{
	uint64_t slow_us = s->director->conf->slowstart_ms * 1000ull;
	uint64_t past_us = now_us - s->slow_from_us;
	uint32_t full = full_weight(s), now;

	if (full == 0 || s->slow_from_us == 0 || past_us >= slow_us)
		return full;
	now = (uint32_t)(full * past_us / slow_us);
	return now > 0 ? now : 1;
}

bool plan_usable(const struct server_state *s)
{
	return agents_word(s) == DECISION_READY && full_weight(s) > 0 &&
	       agents_health(s) == HEALTH_UP;
}

static size_t quorum(const struct director_conf *d, size_t ready)
{
	size_t n = d->quorum_is_percent ? (ready * d->quorum + 99) / 100 : d->quorum;

	return n > 0 ? n : 1;
}

void plan_count(const struct director_state *d, struct plan_count *c)
{
	*c = (struct plan_count){ .all_known = true };
	for (size_t i = 0; i < d->n_servers; i++) {
		const struct server_state *s = &d->servers[i];

		if (s->conf->sorry || agents_word(s) != DECISION_READY)
			continue;
		c->ready++;
		c->usable += plan_usable(s);
		c->all_known = c->all_known && agents_health(s) != HEALTH_UNKNOWN;
		c->failed += agents_health(s) == HEALTH_DOWN && full_weight(s) > 0;
	}
	c->quorum = quorum(d->conf, c->ready);
}

/* ---- identities ---- */

static void svc_id(const struct director_conf *d, uint8_t family, struct ipvs_svc *svc)
{
	memset(svc, 0, sizeof *svc);
	svc->addr.family = family;
	if (d->fwmark != 0) {
		svc->fwmark = d->fwmark;
		return;
	}
	svc->addr = d->addr;
	svc->protocol = d->protocol;
	svc->port = d->port;
}

/* The family of the service that S belongs to. */
static uint8_t svc_family(const struct director_conf *d, const struct server_conf *s)
{
	return addr_is_set(&d->addr) ? d->addr.family : s->addr.family;
}

static uint8_t forwarding(enum mode mode)
{
	switch (mode) {
	case MODE_GATEWAY:
		return IP_VS_CONN_F_DROUTE;
	case MODE_TUNNEL:
		return IP_VS_CONN_F_TUNNEL;
	default:
		return IP_VS_CONN_F_MASQ;
	}
}

static void tunnel_attrs(const struct director_conf *d, struct ipvs_dest *dest)
{
	static const uint8_t types[] = {
		[TUNNEL_IPIP] = IP_VS_CONN_F_TUNNEL_TYPE_IPIP,
		[TUNNEL_GUE] = IP_VS_CONN_F_TUNNEL_TYPE_GUE,
		[TUNNEL_GRE] = IP_VS_CONN_F_TUNNEL_TYPE_GRE,
	};
	static const uint16_t checksums[] = {
		[CHECKSUM_NONE] = IP_VS_TUNNEL_ENCAP_FLAG_NOCSUM,
		[CHECKSUM_YES] = IP_VS_TUNNEL_ENCAP_FLAG_CSUM,
		[CHECKSUM_REMOTE] = IP_VS_TUNNEL_ENCAP_FLAG_REMCSUM,
	};

	if (d->mode != MODE_TUNNEL)
		return;
	dest->tun_type = types[d->tunnel_type];
	dest->tun_port = d->tunnel_port;
	dest->tun_flags = checksums[d->tunnel_checksum];
}

/* Fills in DEST where it stands: a director may have ten thousand of them. */
static void dest_of(const struct director_conf *d, const struct server_conf *s,
    uint32_t weight, struct ipvs_dest *dest)
{
	memset(dest, 0, sizeof *dest);
	dest->addr = s->addr;
	/* As ipvsadm does: without a port, the service's. */
	dest->port = s->port != 0 ? s->port : d->port;
	dest->fwd = forwarding(d->mode);
	dest->weight = weight;
	dest->u_thresh = s->maxconn;
	dest->l_thresh = s->minconn;
	dest->active = dest->inactive = IPVS_CONNS_UNKNOWN;
	tunnel_attrs(d, dest);
}

const struct ipvs_dest *plan_find(
    const struct server_state *s, const struct ipvs_table *have)
{
	const struct director_conf *d = s->director->conf;
	const struct ipvs_svc *svc;
	struct ipvs_svc svc_key;
	struct ipvs_dest id;

	dest_of(d, s->conf, 0, &id);
	svc_id(d, svc_family(d, s->conf), &svc_key);
	svc = ipvs_table_find(have, &svc_key);
	return svc != NULL ? ipvs_svc_find(svc, &id) : NULL;
}

/* ---- servers ---- */

static bool serves_now(const struct server_state *s, const struct ipvs_table *have)
{
	const struct ipvs_dest *dest = plan_find(s, have);

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

		if ((family != AF_UNSPEC && svc_family(d->conf, s->conf) != family) ||
		    !plan_usable(s))
			continue;
		if (!s->conf->sorry) {
			++*usable;
			continue;
		}
		++*sorry;
		*sorry_serves = *sorry_serves || serves_now(s, have);
	}
}

enum plan_serving plan_serving(
    const struct director_state *d, uint8_t family, const struct ipvs_table *have)
{
	size_t usable, sorry;
	struct plan_count c;
	bool sorry_serves;

	plan_count(d, &c);
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

/* dh picks one server by hash and refuses when that one has weight 0: with it
 * a server has weight or is not there (ip_vs_dh.c). */
static bool is_hashed(const struct director_conf *d)
{
	return d->balance == BALANCE_DEST ||
	       (d->balance == BALANCE_KERNEL && strcmp(d->kernel_sched->name, "dh") == 0);
}

static enum place without_weight(const struct director_conf *d)
{
	return is_hashed(d) ? PLACE_OUT : PLACE_IN;
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

static enum place server_place(const struct server_state *s, enum plan_serving serving,
    uint64_t now_us, uint32_t *weight)
{
	const struct director_conf *d = s->director->conf;
	enum health_state health = agents_health(s);

	*weight = 0;
	if (agents_word(s) != DECISION_READY)
		return s->decision.until_us != 0 && now_us >= s->decision.until_us
			   ? PLACE_OUT
			   : PLACE_LEAVE;
	if (health == HEALTH_UNKNOWN)
		return PLACE_LEAVE;
	if (health == HEALTH_DOWN && (serving != SERVING_PANIC || s->conf->sorry))
		return place_down(s);
	if (s->conf->sorry && serving != SERVING_SORRY)
		return PLACE_LEAVE;
	/* Below quorum the sorry page serves; connections of the usable ones live. */
	if (!s->conf->sorry && serving == SERVING_SORRY)
		return without_weight(d);
	*weight = plan_weight(s, now_us);
	return *weight > 0 ? PLACE_IN : without_weight(d);
}

/* ---- services ---- */

static uint32_t netmask(const struct director_conf *d, uint8_t family)
{
	unsigned full = family == AF_INET6 ? 128 : 32, prefix = full;

	/* A mark director can have both families; a length that fits only one
	 * of them is meant for that one. */
	if (d->persistent &&
	    (addr_is_set(&d->addr) || (d->persist_prefix > 32) == (full > 32)))
		prefix = d->persist_prefix;
	if (family == AF_INET6)
		return prefix;
	return prefix == 0 ? 0 : htonl(0xffffffffu << (32 - prefix));
}

static void sched_attrs(const struct director_conf *d, struct ipvs_svc *svc)
{
	static const uint32_t flags[] = { IP_VS_SVC_F_SCHED1, IP_VS_SVC_F_SCHED2,
		IP_VS_SVC_F_SCHED3 };

	if (d->balance == BALANCE_KERNEL) {
		strlcpy(svc->sched, d->kernel_sched->name, sizeof svc->sched);
		for (int i = 0; i < 3; i++)
			if (d->kernel_sched->flags[i])
				svc->flags |= flags[i];
		return;
	}
	strcpy(svc->sched, schedulers[d->balance].sched);
	svc->flags = schedulers[d->balance].flags;
	if (d->hash_port)
		svc->flags |= FLAG_HASH_PORT;
}

static void svc_attrs(const struct director_conf *d, struct ipvs_svc *svc)
{
	sched_attrs(d, svc);
	if (d->onepacket)
		svc->flags |= IP_VS_SVC_F_ONEPACKET;
	if (d->persistent) {
		svc->flags |= IP_VS_SVC_F_PERSISTENT;
		svc->timeout_s = d->persist_timeout_s;
	}
	svc->netmask = netmask(d, svc->addr.family);
}

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

static void plan_service(const struct director_state *d, enum plan_serving serving,
    const struct ipvs_svc *have, uint64_t now_us, struct ipvs_svc *want)
{
	struct leaving leaving = {
		.until_us = plan_drain_until(d->conf, now_us),
		.now_us = now_us,
	};

	ipvs_svc_reserve(want, d->n_servers);
	for (size_t i = 0; i < d->n_servers; i++) {
		const struct server_state *s = d->by_addr[i];
		enum place place;
		uint32_t weight;

		if (svc_family(d->conf, s->conf) != want->addr.family)
			continue;
		place = server_place(s, serving, now_us, &weight);
		if (place == PLACE_IN)
			dest_of(d->conf, s->conf, weight, ipvs_svc_append_new(want));
		else if (have != NULL)
			dest_of(d->conf, s->conf, weight,
			    ipvs_svc_append_new(
				place == PLACE_OUT ? &leaving.out : &leaving.stays));
	}
	ipvs_svc_sort(want);
	ipvs_svc_sort(&leaving.out);
	ipvs_svc_sort(&leaving.stays);
	if (have != NULL && !is_hashed(d->conf))
		keep_leaving(have, &leaving, want);
	ipvs_svc_fini(&leaving.out);
	ipvs_svc_fini(&leaving.stays);
}

/* The families D has a service for; returns how many. */
static size_t families(const struct director_conf *d, uint8_t family[2])
{
	const struct server_conf *s;
	bool v4 = false, v6 = false;
	size_t n = 0;

	if (plan_unsupported(d) != NULL)
		return 0;
	if (addr_is_set(&d->addr)) {
		family[0] = d->addr.family;
		return 1;
	}
	STAILQ_FOREACH (s, &d->servers, entry) {
		v4 = v4 || s->addr.family == AF_INET;
		v6 = v6 || s->addr.family == AF_INET6;
	}
	if (v4 || !v6)
		family[n++] = AF_INET;
	if (v6)
		family[n++] = AF_INET6;
	return n;
}

void plan_identities(const struct director_conf *d, struct ipvs_table *ids)
{
	uint8_t family[2];
	size_t n = families(d, family);

	for (size_t i = 0; i < n; i++) {
		struct ipvs_svc svc;

		svc_id(d, family[i], &svc);
		svc.tag = PLAN_TAG_LEAVING;
		ipvs_table_append(ids, &svc);
	}
}

bool plan_same_services(const struct director_conf *a, const struct director_conf *b)
{
	uint8_t family_a[2], family_b[2];
	size_t n = families(a, family_a);

	if (families(b, family_b) != n)
		return false;
	for (size_t i = 0; i < n; i++) {
		struct ipvs_svc x, y;

		svc_id(a, family_a[i], &x);
		svc_id(b, family_b[i], &y);
		svc_attrs(a, &x);
		svc_attrs(b, &y);
		if (ipvs_svc_cmp(&x, &y) != 0 || !ipvs_svc_same(&x, &y))
			return false;
	}
	return true;
}

void plan_director(const struct director_state *d, uint32_t tag,
    const struct ipvs_table *have, uint64_t now_us, struct ipvs_table *want)
{
	uint8_t family[2];
	size_t n = d->fault.waits ? 0 : families(d->conf, family);

	for (size_t i = 0; i < n; i++) {
		struct ipvs_svc svc;

		svc_id(d->conf, family[i], &svc);
		svc_attrs(d->conf, &svc);
		svc.tag = tag;
		plan_service(d, plan_serving(d, family[i], have),
		    ipvs_table_find(have, &svc), now_us, &svc);
		ipvs_table_append(want, &svc);
	}
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
	keep_leaving(svc, &leaving, &left);
	if (left.n_dests > 0)
		ipvs_table_append(want, &left);
}

void plan_all(const struct state *s, const struct ipvs_table *have, uint64_t now_us,
    struct ipvs_table *want)
{
	size_t n;

	for (size_t i = 0; i < s->n_directors; i++)
		plan_director(&s->directors[i], (uint32_t)i, have, now_us, want);
	ipvs_table_sort(want);
	n = want->n;
	for (size_t i = 0; i < have->n; i++) {
		struct ipvs_table planned = { .svcs = want->svcs, .n = n };

		if (ipvs_table_find(&planned, &have->svcs[i]) == NULL)
			plan_leaving(&have->svcs[i], now_us, want);
	}
	ipvs_table_sort(want);
}
