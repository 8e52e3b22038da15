/*
 * status: directors and servers, as the answer to "show status".
 *
 * Made director by director between turns of the loop. Connections are read from the
 * kernel when a director's turn comes, one dump a director; of many directors those behind
 * the first all at once (counts.h).
 */
#ifndef LVSD_STATUS_H
#define LVSD_STATUS_H

#include "lvsd/lvsd.h"
#include "lvsd/reply.h"

enum status_kind {
	STATUS_FULL,
	STATUS_RATES, /* with what goes through each server */
	STATUS_BRIEF, /* what a page for people shows, a director a line */
};

/*
 * All of it, or only of the director (may be NULL) and server (may be NULL) of these
 * names. TEXTS: with what servers answered, which is for operators only. NULL: there is
 * no such director or server. The caller owns the result.
 */
struct reply *status_reply(struct lvsd *l, const char *director, const char *server,
    bool texts, enum status_kind kind);

#endif
