/*
 * status_brief: servers of a director, as a page for people needs them.
 *
 * A hundred thousand objects, or only arrays, take longer to be read than all the rest
 * takes. So servers are told of by columns, and where all have the same it is said once.
 */
#ifndef LVSD_STATUS_BRIEF_H
#define LVSD_STATUS_BRIEF_H

#include "lvsd/status_server.h"

/* Appends N servers, which belong to one director, as one array; doc/control.md says of
 * what. */
void status_brief(const struct status_view *v, const struct server_state *servers,
    size_t n, struct buf *b);

#endif
