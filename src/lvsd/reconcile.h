/*
 * reconcile: the one road to the kernel.
 *
 * Says what is planned and when; a run (run.h) compares that with what the kernel
 * has, sends the difference in one batch and deals with refusals. No other way
 * leads to ipvs_apply().
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

/* Deletes every service that is ours, in one go. */
void reconcile_clear(struct lvsd *l);

struct run;

/* Plans everything into R, which is empty; sends nothing. */
void reconcile_plan(struct lvsd *l, struct run *r);
/* Plans and sends everything. COUNTS is to be freed by buf_fini(&counts->text). */
void reconcile_all(struct lvsd *l, struct reconcile_counts *counts);
/* Plans and sends the dirty directors; the end of a turn. */
void reconcile_dirty(struct lvsd *l);

void reconcile_mark(struct lvsd *l, struct director_state *d);
/* Something other than a director has to be looked at by the tick. */
void reconcile_wake(struct lvsd *l);

/* How many directors are not in the kernel as they should be. */
size_t reconcile_failed(const struct lvsd *l);

#endif
