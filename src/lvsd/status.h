/*
 * status: directors and servers, as the answer to "show status".
 *
 * Made director by director between turns of the loop. Connections are read from
 * the kernel when a director's turn comes, one dump a director.
 */
#ifndef LVSD_STATUS_H
#define LVSD_STATUS_H

#include "lvsd/lvsd.h"
#include "lvsd/reply.h"

/*
 * All of it, or only of the director (may be NULL) and server (may be NULL) of these
 * names. TEXTS: with what servers answered, which is for operators only. RATES: with
 * what goes through each server, for one dump more a director. NULL: there is no such
 * director or server. The caller owns the result.
 */
struct reply *status_reply(
    struct lvsd *l, const char *director, const char *server, bool texts, bool rates);

/* Why D is not in the kernel as it should be, or NULL. */
const char *status_fault(const struct lvsd *l, const struct director_state *d);
/* "up", "sorry", "panic", "down" or "failed". */
const char *status_director_word(const struct lvsd *l, const struct director_state *d);
/* "TCP 10.9.9.1:80", "FWM 5" or "FWM -". BUF has IPVS_SVC_NAME_MAX bytes. */
const char *status_service_text(const struct director_conf *d, char *buf);

#endif
