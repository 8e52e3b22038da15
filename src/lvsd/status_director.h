/* status_director: a director, as the status tells of it, and what others say of it. */
#ifndef LVSD_STATUS_DIRECTOR_H
#define LVSD_STATUS_DIRECTOR_H

#include "lib/buf.h"
#include "lvsd/lvsd.h"

/* Why D is not in the kernel as it should be, or NULL. */
const char *status_fault(const struct lvsd *l, const struct director_state *d);
/* "up", "sorry", "panic", "down" or "failed". */
const char *status_director_word(const struct lvsd *l, const struct director_state *d);
/* "TCP 10.9.9.1:80", "FWM 5" or "FWM -". BUF has IPVS_SVC_NAME_MAX bytes. */
const char *status_service_text(const struct director_conf *d, char *buf);

/* Appends the members of D but its servers, as they stand in an object. BRIEF: without what
 * is so with most, and what it asks of the kernel. */
void status_director(
    const struct lvsd *l, const struct director_state *d, bool brief, struct buf *b);

#endif
