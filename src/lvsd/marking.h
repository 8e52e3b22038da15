/*
 * marking: the daemon's side of flows.
 *
 * Directors that IPVS can only know by a mark get one, and the rules that mark their
 * packets follow the configuration: after the services that new ones lead to, before
 * the services that no rule leads to any more. What could not be done is a fault
 * of the directors that need it, and tried again. But for the start it is a process
 * beside the loop that does it: iptables waits for whoever has its lock.
 */
#ifndef LVSD_MARKING_H
#define LVSD_MARKING_H

#include <jansson.h>

#include "flow/change.h"
#include "flow/flow.h"
#include "lvsd/lvsd.h"

/* RECORD (may be NULL) has the marks of before; IS_HERE: it was made in this boot and
 * namespace, and what it says of the kernel is true. */
struct marking *marking_new(struct lvsd *l, const json_t *record, bool is_here);
void marking_free(struct marking *m); /* NULL is allowed */

/* Gives CONF, which is about to be used, its marks. */
void marking_give(struct marking *m, struct conf *conf);

/* While the process still has all its rights: what the rules of CONF will need. */
void marking_prepare(struct marking *m, const struct conf *conf);
/* Before the services change: those that rules lead to are kept as they are. */
void marking_hold(struct marking *m);
/* After the services are there: the rules of the running configuration. The first does
 * it while all wait, the second begins it and calls reload_rules_done() after. */
void marking_make(struct marking *m);
void marking_apply(struct marking *m);
bool marking_is_busy(const struct marking *m);
/* After the servers of services changed: where none is left new connections are
 * refused. M may be NULL. */
void marking_follow(struct marking *m);
/*
 * Begins to look whether someone else changed rules, routes or sets (ALL of them, or as
 * many as there is time for in a pass), and to mend that, after having followed what this
 * machine forwards (flow_is_outdated()); audit_rules_done() is called
 * after. False: there is nothing to look at. M may be NULL.
 */
bool marking_audit(struct marking *m, bool all);
/* Tries again what failed, when it is time; true while there is something to try. M may
 * be NULL: there are no flows. */
bool marking_tick(struct marking *m);
/* Before the services go: no rule, no set, no route is left. */
void marking_clear(struct marking *m);

/* Why the packets of D are not marked, or NULL. M may be NULL. */
const char *marking_fault(const struct marking *m, const struct director_conf *d);

/* What a reload of AFTER would change; for a process that answers and ends. */
void marking_change(struct marking *m, const struct conf *before,
    const struct conf *after, struct flow_change *out);

/* What the kernel holds of flows, given to TEXT in pieces; for a process that answers and
 * ends. False: ERROR says why there is nothing. M may be NULL. */
bool marking_list(struct marking *m, flow_text_fn *text, void *arg, struct buf *error);

/* Appends the part of the record: there may be ten thousand marks. */
void marking_record(const struct marking *m, struct buf *b);
/* That of the status; the caller owns it. */
json_t *marking_show(const struct marking *m);

#endif
