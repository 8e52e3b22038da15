/*
 * What is ours in the kernel: read, adopted, counted, listed for the state file.
 *
 * Nothing is sent here. L->have is what the kernel has of ours; it is right again
 * after each of these, or as it was.
 */
#include "lvsd/own.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "lib/mono.h"
#include "lib/xalloc.h"
#include "lvsd/plan.h"
#include "lvsd/reconcile.h"
#include "lvsd/service.h"

#define ONE_BY_ONE 16 /* so few services are */

void own_add_id(struct ipvs_table *ids, const struct ipvs_svc *svc)
{
	struct ipvs_svc id = *svc;

	id.dests = NULL;
	id.n_dests = id.cap_dests = id.lingering = 0;
	ipvs_table_add(ids, &id);
}

void own_count_foreign(struct lvsd *l, const struct ipvs_table *listed)
{
	l->foreign = 0;
	for (size_t i = 0; i < listed->n; i++)
		l->foreign += ipvs_table_find(&l->have, &listed->svcs[i]) == NULL;
}

/* The services in IDS that the kernel has, without servers: few are asked for one by one,
 * as there may be ten thousand others. */
static bool read_ids(struct lvsd *l, const struct ipvs_table *ids, struct ipvs_table *t)
{
	if (ids->n > ONE_BY_ONE) {
		if (!ipvs_read_services(l->ipvs, t))
			return false;
		own_count_foreign(l, t);
		return true;
	}
	for (size_t i = 0; i < ids->n; i++) {
		struct ipvs_svc svc = ids->svcs[i];
		bool there;

		if (!ipvs_read_service(l->ipvs, &svc, &there))
			return false;
		if (there)
			ipvs_table_append(t, &svc);
	}
	return true;
}

bool own_reread(struct lvsd *l, const struct ipvs_table *ids)
{
	struct ipvs_table listed = { 0 };
	bool done = read_ids(l, ids, &listed);
	int error = errno;

	for (size_t i = 0; done && i < ids->n; i++) {
		const struct ipvs_svc *found = ipvs_table_find(&listed, &ids->svcs[i]);
		struct ipvs_svc *known = ipvs_table_find(&l->have, &ids->svcs[i]);
		struct ipvs_svc fresh = found != NULL ? *found : (struct ipvs_svc){ 0 };

		if (found != NULL && ipvs_read_dests(l->ipvs, &fresh)) {
			ipvs_svc_note(&fresh, known != NULL ? known : &ids->svcs[i]);
			fresh.tag = ids->svcs[i].tag;
			/* What leaves is looked at by the tick until it is gone. */
			fresh.lingering = fresh.tag == PLAN_TAG_LEAVING;
			ipvs_table_add(&l->have, &fresh);
		} else if (found != NULL) {
			error = errno;
			done = false;
		} else if (known != NULL) {
			ipvs_table_remove(&l->have, known);
		}
	}
	ipvs_table_fini(&listed);
	errno = error;
	return done;
}

/* ---- adoption ---- */

/* Whether L->have tells of all that D and nobody else is served by. */
static bool is_known(const struct lvsd *l, const struct director_conf *d)
{
	struct ipvs_svc ids[SERVICE_FAMILIES];
	size_t n = service_identities(d, ids);

	for (size_t i = 0; i < n; i++)
		if (ipvs_table_find(&l->have, &ids[i]) == NULL)
			return false;
	return true;
}

static bool is_all_known(
    const struct lvsd *l, const struct conf *conf, const struct ipvs_table *owned)
{
	const struct director_conf *d;

	STAILQ_FOREACH (d, &conf->directors, entry)
		if (!is_known(l, d))
			return false;
	for (size_t i = 0; owned != NULL && i < owned->n; i++)
		if (ipvs_table_find(&l->have, &owned->svcs[i]) == NULL)
			return false;
	return true;
}

/* Marks the service ID in LISTED as one to be taken, unless it is known. */
static void claim(
    const struct lvsd *l, const struct ipvs_table *listed, const struct ipvs_svc *id)
{
	struct ipvs_svc *found = ipvs_table_find(listed, id);

	if (found != NULL && ipvs_table_find(&l->have, id) == NULL)
		found->tag = PLAN_TAG_LEAVING;
}

/* Marks what CONF and OWNED name in LISTED. */
static void claim_all(const struct lvsd *l, const struct conf *conf,
    const struct ipvs_table *owned, const struct ipvs_table *listed)
{
	const struct director_conf *d;

	for (size_t i = 0; conf->table_exclusive && i < listed->n; i++)
		claim(l, listed, &listed->svcs[i]);
	for (size_t i = 0; owned != NULL && i < owned->n; i++)
		claim(l, listed, &owned->svcs[i]);
	STAILQ_FOREACH (d, &conf->directors, entry) {
		struct ipvs_svc ids[SERVICE_FAMILIES];
		size_t n = listed->n > 0 ? service_identities(d, ids) : 0;

		for (size_t i = 0; i < n; i++)
			claim(l, listed, &ids[i]);
	}
}

/* Reads the servers of what is marked in LISTED, in the order that is fastest for the
 * kernel. */
static bool read_claimed(
    struct lvsd *l, const struct ipvs_table *owned, const struct ipvs_table *listed)
{
	uint32_t *turns = ipvs_table_by_chain(listed);
	bool done = true;
	int error = 0;

	for (size_t i = 0; done && i < listed->n; i++) {
		struct ipvs_svc *svc = &listed->svcs[turns[i]];
		const struct ipvs_svc *notes;

		if (svc->tag != PLAN_TAG_LEAVING)
			continue;
		done = ipvs_read_dests(l->ipvs, svc);
		error = errno;
		notes = owned != NULL ? ipvs_table_find(owned, svc) : NULL;
		if (notes != NULL)
			ipvs_svc_note(svc, notes);
		svc->tag = PLAN_TAG_LEAVING;
		svc->lingering = 1; /* looked at by the tick until it is gone */
	}
	free(turns);
	errno = error;
	return done;
}

/* What is marked in LISTED and was read is what the kernel has of ours. */
static size_t take_claimed(struct lvsd *l, struct ipvs_table *listed)
{
	size_t n = 0;

	for (size_t i = 0; i < listed->n; i++) {
		struct ipvs_svc svc = listed->svcs[i];

		if (svc.tag != PLAN_TAG_LEAVING)
			continue;
		listed->svcs[i].dests = NULL; /* moved */
		listed->svcs[i].n_dests = listed->svcs[i].cap_dests = 0;
		ipvs_table_append(&l->have, &svc);
		n++;
	}
	ipvs_table_sort(&l->have);
	return n;
}

bool own_adopt(struct lvsd *l, const struct conf *conf, const struct ipvs_table *owned)
{
	uint64_t begun_us = mono_us();
	struct ipvs_table listed = { 0 };
	size_t n = 0;
	bool done;

	if (!conf->table_exclusive && is_all_known(l, conf, owned))
		return true;
	done = ipvs_read_services(l->ipvs, &listed);
	if (done) {
		claim_all(l, conf, owned, &listed);
		done = read_claimed(l, owned, &listed);
	}
	if (done) {
		n = take_claimed(l, &listed);
		own_count_foreign(l, &listed);
		log_debug("kernel read services=%zu took_us=%llu", n,
		    (unsigned long long)(mono_us() - begun_us));
	}
	if (n > 0)
		log_info("adopted from the kernel services=%zu", n);
	ipvs_table_fini(&listed);
	return done;
}

bool own_take_all(struct lvsd *l)
{
	bool done = own_adopt(l, l->state->conf, NULL);

	if (done)
		reconcile_wake(l);
	return done;
}

/* ---- what is ours ---- */

/* An identity alone takes a fifth of a service. */
struct own_id {
	struct addr addr;
	uint8_t protocol;
	uint16_t port;
	uint32_t fwmark;
};

static struct ipvs_svc service_of(const struct own_id *id)
{
	return (struct ipvs_svc){
		.addr = id->addr,
		.protocol = id->protocol,
		.port = id->port,
		.fwmark = id->fwmark,
	};
}

void own_identity(const struct owned *o, size_t i, struct ipvs_svc *svc)
{
	*svc = service_of(&o->ids[i]);
}

static int id_cmp(const void *key, const void *element)
{
	const struct ipvs_svc svc = service_of(element);

	return ipvs_svc_cmp(key, &svc);
}

static int two_ids_cmp(const void *a, const void *b)
{
	const struct ipvs_svc svc = service_of(a);

	return id_cmp(&svc, b);
}

static void add_id(struct owned *o, size_t *cap, const struct ipvs_svc *svc)
{
	o->ids = xgrow(o->ids, o->n, cap, sizeof *o->ids);
	o->ids[o->n++] = (struct own_id){
		.addr = svc->addr,
		.protocol = svc->protocol,
		.port = svc->port,
		.fwmark = svc->fwmark,
	};
}

/* The services of D that the kernel does not have yet. */
static void add_new(
    const struct lvsd *l, const struct director_conf *d, struct owned *o, size_t *cap)
{
	struct ipvs_svc ids[SERVICE_FAMILIES];
	size_t n = service_identities(d, ids);

	for (size_t i = 0; i < n; i++)
		if (ipvs_table_find(&l->have, &ids[i]) == NULL)
			add_id(o, cap, &ids[i]);
}

/* A tag may be of a configuration before, as long as the kernel does not answer. */
static bool is_of(const struct ipvs_svc *svc, const struct director_conf *d)
{
	return d->mark == 0 && svc->fwmark == 0 && svc->protocol == d->protocol &&
	       svc->port == d->port && addr_cmp(&svc->addr, &d->addr) == 0;
}

/* The first N of O are sorted, and few are not: each comes to its place, once. */
static void merge(struct owned *o, size_t n)
{
	struct own_id *all, *more = o->ids + n;
	size_t n_more = o->n - n, n_all = 0, i = 0, j = 0;

	if (n_more == 0)
		return;
	qsort(more, n_more, sizeof *more, two_ids_cmp);
	all = xcalloc(o->n, sizeof *all);
	while (i < n || j < n_more) {
		const struct own_id *next;

		if (j == n_more || (i < n && two_ids_cmp(&o->ids[i], &more[j]) <= 0))
			next = &o->ids[i++];
		else
			next = &more[j++];
		if (n_all == 0 || two_ids_cmp(&all[n_all - 1], next) != 0)
			all[n_all++] = *next;
	}
	free(o->ids);
	*o = (struct owned){ .ids = all, .n = n_all };
}

/* This is on the loop with each save: a service that the kernel has tells of its director,
 * which then need not be looked for. */
void own_identities(const struct lvsd *l, struct owned *o)
{
	const struct state *s = l->state;
	bool *seen = xcalloc(s->n_directors, sizeof *seen);
	size_t cap = l->have.n;
	const struct director_conf *d;

	*o = (struct owned){ .ids = xcalloc(cap, sizeof *o->ids) };
	for (size_t i = 0; i < l->have.n; i++) {
		const struct ipvs_svc *svc = &l->have.svcs[i];

		add_id(o, &cap, svc);
		if (svc->tag < s->n_directors && is_of(svc, s->directors[svc->tag].conf))
			seen[svc->tag] = true;
	}
	for (size_t i = 0; i < s->n_directors && !l->cleared; i++)
		if (!seen[i])
			add_new(l, s->directors[i].conf, o, &cap);
	if (l->pending.conf != NULL && !l->cleared)
		STAILQ_FOREACH (d, &l->pending.conf->directors, entry)
			add_new(l, d, o, &cap);
	merge(o, l->have.n);
	free(seen);
}

void own_saved(struct lvsd *l, struct owned *o)
{
	free(l->owned.ids);
	l->owned = *o;
	*o = (struct owned){ 0 };
}

bool own_is_new(const struct lvsd *l, const struct conf *conf)
{
	const struct director_conf *d;

	STAILQ_FOREACH (d, &conf->directors, entry) {
		struct ipvs_svc ids[SERVICE_FAMILIES];
		size_t n = service_identities(d, ids);

		for (size_t i = 0; i < n; i++)
			if (l->owned.n == 0 || bsearch(&ids[i], l->owned.ids, l->owned.n,
						   sizeof *l->owned.ids, id_cmp) == NULL)
				return true;
	}
	return false;
}

void own_note_removed(struct lvsd *l, const struct conf *after)
{
	struct ipvs_table kept = { 0 };
	const struct director_conf *d;
	uint64_t now_us = mono_us();
	struct ipvs_svc ids[SERVICE_FAMILIES];
	size_t n;

	STAILQ_FOREACH (d, &after->directors, entry) {
		n = service_identities(d, ids);
		for (size_t i = 0; i < n; i++)
			ipvs_table_append(&kept, &ids[i]);
	}
	ipvs_table_sort(&kept);
	STAILQ_FOREACH (d, &l->state->conf->directors, entry) {
		n = service_identities(d, ids);
		for (size_t i = 0; i < n; i++) {
			struct ipvs_svc *svc = ipvs_table_find(&l->have, &ids[i]);

			if (svc != NULL && ipvs_table_find(&kept, svc) == NULL)
				svc->until_us = plan_drain_until(d, now_us);
		}
	}
	ipvs_table_fini(&kept);
}
