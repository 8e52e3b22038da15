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

bool own_reread(struct lvsd *l, const struct ipvs_table *ids)
{
	struct ipvs_table listed = { 0 };
	bool done = ids->n == 0 || ipvs_read_services(l->ipvs, &listed);
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
	if (ids->n > 0 && done)
		own_count_foreign(l, &listed);
	ipvs_table_fini(&listed);
	errno = error;
	return done;
}

/* Everything the kernel has comes into NAMED, for an exclusive table. */
static bool name_all(struct lvsd *l, struct ipvs_table *named)
{
	struct ipvs_table listed = { 0 };
	bool done = ipvs_read_services(l->ipvs, &listed);

	for (size_t i = 0; done && i < listed.n; i++) {
		listed.svcs[i].tag = PLAN_TAG_LEAVING;
		ipvs_table_append(named, &listed.svcs[i]);
	}
	ipvs_table_fini(&listed);
	return done;
}

/* The services of NAMED and OWNED that are not known yet, with their notes. */
static void find_fresh(const struct lvsd *l, const struct ipvs_table *named,
    const struct ipvs_table *owned, struct ipvs_table *fresh)
{
	for (size_t i = 0; i < named->n; i++)
		if (ipvs_table_find(&l->have, &named->svcs[i]) == NULL)
			own_add_id(fresh, &named->svcs[i]);
	for (size_t i = 0; owned != NULL && i < owned->n; i++) {
		const struct ipvs_svc *o = &owned->svcs[i];
		struct ipvs_svc *known;

		if (ipvs_table_find(&l->have, o) != NULL)
			continue;
		own_add_id(fresh, o);
		known = ipvs_table_find(fresh, o);
		for (size_t j = 0; j < o->n_dests; j++)
			ipvs_svc_append(known, &o->dests[j]);
	}
}

bool own_adopt(struct lvsd *l, const struct conf *conf, const struct ipvs_table *owned)
{
	struct ipvs_table named = { 0 }, fresh = { 0 };
	const struct director_conf *dc;
	size_t n_before = l->have.n;
	uint64_t begun_us;
	bool done = true;

	STAILQ_FOREACH (dc, &conf->directors, entry)
		service_identities(dc, &named);
	if (conf->table_exclusive)
		done = name_all(l, &named);
	ipvs_table_sort(&named); /* adding in order costs nothing */
	find_fresh(l, &named, owned, &fresh);
	begun_us = mono_us();
	done = done && own_reread(l, &fresh);
	if (fresh.n > 0)
		log_debug("kernel read services=%zu took_us=%llu", fresh.n,
		    (unsigned long long)(mono_us() - begun_us));
	for (size_t i = 0; !done && i < fresh.n; i++) {
		struct ipvs_svc *half = ipvs_table_find(&l->have, &fresh.svcs[i]);

		if (half != NULL)
			ipvs_table_remove(&l->have, half);
	}
	if (l->have.n > n_before)
		log_info("adopted from the kernel services=%zu", l->have.n - n_before);
	ipvs_table_fini(&named);
	ipvs_table_fini(&fresh);
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

static void add_identities(const struct conf *conf, struct ipvs_table *owned)
{
	struct ipvs_table ids = { 0 };
	const struct director_conf *dc;
	size_t n = owned->n;

	STAILQ_FOREACH (dc, &conf->directors, entry)
		service_identities(dc, &ids);
	for (size_t i = 0; i < ids.n; i++) {
		struct ipvs_table sorted = { .svcs = owned->svcs, .n = n };

		if (ipvs_table_find(&sorted, &ids.svcs[i]) == NULL)
			ipvs_table_append(owned, &ids.svcs[i]);
	}
	ipvs_table_fini(&ids);
	ipvs_table_sort(owned);
}

void own_list(const struct lvsd *l, struct ipvs_table *owned)
{
	for (size_t i = 0; i < l->have.n; i++) {
		const struct ipvs_svc *svc = &l->have.svcs[i];
		struct ipvs_svc copy = *svc;

		copy.dests = NULL;
		copy.n_dests = copy.cap_dests = 0;
		for (size_t j = 0; j < svc->n_dests; j++)
			if (svc->dests[j].until_us != 0)
				ipvs_svc_append(&copy, &svc->dests[j]);
		ipvs_table_append(owned, &copy);
	}
	if (l->cleared)
		return;
	add_identities(l->state->conf, owned);
	if (l->pending.conf != NULL)
		add_identities(l->pending.conf, owned);
}

/* An identity alone takes a fifth of a service. */
struct own_id {
	struct addr addr;
	uint8_t protocol;
	uint16_t port;
	uint32_t fwmark;
};

static int id_cmp(const void *key, const void *element)
{
	const struct own_id *id = element;
	const struct ipvs_svc svc = {
		.addr = id->addr,
		.protocol = id->protocol,
		.port = id->port,
		.fwmark = id->fwmark,
	};

	return ipvs_svc_cmp(key, &svc);
}

void own_saved(struct lvsd *l, const struct ipvs_table *listed)
{
	struct owned *o = &l->owned;

	free(o->ids);
	*o = (struct owned){ 0 };
	if (listed == NULL)
		return;
	o->ids = xcalloc(listed->n, sizeof *o->ids);
	for (size_t i = 0; i < listed->n; i++) {
		const struct ipvs_svc *svc = &listed->svcs[i];

		o->ids[o->n++] = (struct own_id){
			.addr = svc->addr,
			.protocol = svc->protocol,
			.port = svc->port,
			.fwmark = svc->fwmark,
		};
	}
}

bool own_is_new(const struct lvsd *l, const struct conf *conf)
{
	struct ipvs_table ids = { 0 };
	const struct director_conf *dc;
	bool found = false;

	STAILQ_FOREACH (dc, &conf->directors, entry)
		service_identities(dc, &ids);
	for (size_t i = 0; !found && i < ids.n; i++)
		found = l->owned.n == 0 || bsearch(&ids.svcs[i], l->owned.ids, l->owned.n,
					       sizeof *l->owned.ids, id_cmp) == NULL;
	ipvs_table_fini(&ids);
	return found;
}

void own_note_removed(struct lvsd *l, const struct conf *after)
{
	struct ipvs_table ids = { 0 }, kept = { 0 };
	const struct director_conf *dc;
	uint64_t now_us = mono_us();

	STAILQ_FOREACH (dc, &after->directors, entry)
		service_identities(dc, &kept);
	ipvs_table_sort(&kept);
	STAILQ_FOREACH (dc, &l->state->conf->directors, entry) {
		size_t n = ids.n;

		service_identities(dc, &ids);
		for (; n < ids.n; n++) {
			struct ipvs_svc *svc = ipvs_table_find(&l->have, &ids.svcs[n]);

			if (svc != NULL && ipvs_table_find(&kept, svc) == NULL)
				svc->until_us = plan_drain_until(dc, now_us);
		}
	}
	ipvs_table_fini(&ids);
	ipvs_table_fini(&kept);
}
