/*
 * audit: does the kernel still have what we think it has?
 *
 * Others can edit our services with ipvsadm. Once a minute the list of services is
 * read, and after it, little by little, the servers of each: at most one percent
 * of a CPU, so that a pass takes a minute up to some ten thousand services and
 * longer above. What differs is logged, taken as what the kernel has, and mended
 * on the one road.
 */
#ifndef LVSD_AUDIT_H
#define LVSD_AUDIT_H

#include <jansson.h>

#include "lvsd/lvsd.h"

struct audit;

struct audit *audit_new(struct lvsd *l);
void audit_free(struct audit *a); /* NULL is allowed */

/* Begins a pass now that goes on as fast as the loop allows; control_audited() is
 * called when it is through. */
void audit_now(struct audit *a);
/* The same for nobody who waits, unless a pass runs. A (may be NULL) is what somebody else's
 * change was just met by. */
void audit_soon(struct audit *a);

/* What marking_audit() began has ended, and FINDINGS were mended. */
void audit_rules_done(struct audit *a, size_t findings);

/* What the last pass found, for lvsctl audit; and the figures for status. The caller
 * owns the result. */
json_t *audit_answer(const struct audit *a);
json_t *audit_figures(const struct audit *a);

#endif
