/*
 * service: what a director is for the kernel.
 *
 * Identity and attributes of its services and destinations, as functions of the
 * configuration alone: nothing here knows of health, decisions or connections.
 */
#ifndef LVSD_SERVICE_H
#define LVSD_SERVICE_H

#include "ipvs/ipvs.h"
#include "lvsd/state.h"

#define PLAN_TAG_LEAVING UINT32_MAX /* tag of a service whose director is gone */

/* Why the director cannot be programmed at all, or NULL. */
const char *service_unsupported(const struct director_conf *d);

/* The families D has a service for; returns how many. */
#define SERVICE_FAMILIES 2
size_t service_families(const struct director_conf *d, uint8_t family[SERVICE_FAMILIES]);
/* The family of the service that S belongs to. */
static inline uint8_t service_family(
    const struct director_conf *d, const struct server_conf *s)
{
	return addr_is_set(&d->addr) ? d->addr.family : s->addr.family;
}

/* Makes SVC the service of D and FAMILY, without attributes and servers. */
void service_id(const struct director_conf *d, uint8_t family, struct ipvs_svc *svc);
/* Adds its attributes: scheduler, flags, persistence. */
void service_attrs(const struct director_conf *d, struct ipvs_svc *svc);
/* Makes DEST what S is for the kernel, with WEIGHT, its connections unknown. It is
 * filled in where it stands: a director may have ten thousand of them. */
void service_dest(const struct director_conf *d, const struct server_conf *s,
    uint32_t weight, struct ipvs_dest *dest);
/* With the scheduler of D, a server has weight or is not there. */
bool service_is_hashed(const struct director_conf *d);

/* A and B ask the kernel for the same services, servers aside. */
bool service_same(const struct director_conf *a, const struct director_conf *b);

/* The services that D would have, one a family, without attributes and servers; their
 * tag is PLAN_TAG_LEAVING. Returns how many. */
size_t service_identities(
    const struct director_conf *d, struct ipvs_svc ids[SERVICE_FAMILIES]);

/* The destination of S in HAVE, or NULL. */
const struct ipvs_dest *service_find(
    const struct server_state *s, const struct ipvs_table *have);

#endif
