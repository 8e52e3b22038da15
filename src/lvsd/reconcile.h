/*
 * reconcile: the one road to the kernel.
 *
 * Plans what is dirty, compares with what the kernel has, sends the
 * difference in one batch and deals with refusals. Nothing else in the daemon
 * calls ipvs_apply().
 */
#ifndef LVSD_RECONCILE_H
#define LVSD_RECONCILE_H

#include "lvsd/lvsd.h"

/* What one run changed; for the log and for `lvsctl reload`. */
struct reconcile_counts {
	size_t n_ops;
	/* The first of them as ipvsadm commands, one a line. */
	struct buf text;
};

/*
 * Takes into L->have what the kernel already has of the services that CONF
 * names and of those in OWNED (may be NULL), with the notes that these carry:
 * adoption, at the start and for services new in a reload. What OWNED has and CONF
 * does not leaves; with "table exclusive" everything else does, too. Lists of
 * services are read only when there is one that is not known yet. False with errno
 * when the kernel did not answer; L->have is as it was then.
 */
bool reconcile_adopt(
    struct lvsd *l, const struct conf *conf, const struct ipvs_table *owned);

/* Appends the services that are ours or are about to be, with the notes of what
 * leaves; sorted. */
void reconcile_owned(const struct lvsd *l, struct ipvs_table *owned);
/* Whether CONF needs a service that is not known on disk to be ours. */
bool reconcile_is_new(const struct lvsd *l, const struct conf *conf);

/* Notes in L->have until when the services that AFTER no longer has may stay. */
void reconcile_note_removed(struct lvsd *l, const struct conf *after);

/* Deletes every service that is ours, in one go. */
void reconcile_clear(struct lvsd *l);

/* Takes from LISTED, all services of the kernel, how many are not ours. */
void reconcile_count_foreign(struct lvsd *l, const struct ipvs_table *listed);

/* Plans and sends everything. COUNTS is to be freed by buf_fini(&counts->text). */
void reconcile_all(struct lvsd *l, struct reconcile_counts *counts);
/* Plans and sends the dirty directors; the end of a turn. */
void reconcile_dirty(struct lvsd *l);
/* Once a second while something waits: servers that leave when their last
 * connection ends, directors that the kernel refused, a kernel that did not
 * answer. Stops its timer when nothing does. */
void reconcile_tick(struct lvsd *l);

void reconcile_mark(struct lvsd *l, struct director_state *d);
/* Something other than a director has to be looked at by the tick. */
void reconcile_wake(struct lvsd *l);
/* With an exclusive table: what is not ours becomes ours, and leaves. False with errno
 * when the kernel did not answer. */
bool reconcile_take_all(struct lvsd *l);

/* How many directors are not in the kernel as they should be. */
size_t reconcile_failed(const struct lvsd *l);

#endif
