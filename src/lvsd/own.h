/*
 * own: which services of the kernel are ours, and what it has of them.
 *
 * L->have is what the kernel has of ours as far as we know; L->owned what the state
 * file knows to be ours, by identity alone. These functions read the kernel and keep both true; they
 * change nothing in it.
 */
#ifndef LVSD_OWN_H
#define LVSD_OWN_H

#include "lvsd/lvsd.h"

/*
 * Takes into L->have what the kernel already has of the services that CONF
 * names and of those in OWNED (may be NULL), with the notes that these carry:
 * adoption, at the start and for services new in a reload. What OWNED has and CONF
 * does not leaves; with "table exclusive" everything else does, too. Lists of
 * services are read only when there is one that is not known yet. False with errno
 * when the kernel did not answer; L->have is as it was then.
 */
bool own_adopt(struct lvsd *l, const struct conf *conf, const struct ipvs_table *owned);

/* The identities of the services that are ours or are about to be, in O, which is empty:
 * sorted, each once. A table of services takes five times as much. o->ids is to be
 * freed. */
void own_identities(const struct lvsd *l, struct owned *o);
/* Makes SVC the one at I of O. */
void own_identity(const struct owned *o, size_t i, struct ipvs_svc *svc);
/* The services in O, whose ids are taken over, are on disk as ours now, and no others. */
void own_saved(struct lvsd *l, struct owned *o);
/* Whether CONF needs a service that is not known on disk to be ours. */
bool own_is_new(const struct lvsd *l, const struct conf *conf);

/* Notes in L->have until when the services that AFTER no longer has may stay. */
void own_note_removed(struct lvsd *l, const struct conf *after);

/* Takes from LISTED, all services of the kernel, how many are not ours. */
void own_count_foreign(struct lvsd *l, const struct ipvs_table *listed);

/* With an exclusive table: what is not ours becomes ours, and leaves. False with errno
 * when the kernel did not answer. */
bool own_take_all(struct lvsd *l);

/*
 * Makes L->have tell the truth about the services in IDS: their attributes from
 * the kernel's list, their servers read one by one.
 * False with errno when the kernel did not answer.
 */
bool own_reread(struct lvsd *l, const struct ipvs_table *ids);

/* Adds the identity of SVC, with its notes but without its servers, to IDS. */
void own_add_id(struct ipvs_table *ids, const struct ipvs_svc *svc);

#endif
