/*
 * explain_server: what is known of one server, and why it is where it is.
 */
#ifndef LVSD_EXPLAIN_SERVER_H
#define LVSD_EXPLAIN_SERVER_H

#include <jansson.h>

#include "lvsd/lvsd.h"

/* The answer to "explain". NOW is the service of S as the kernel has it; NULL: it does not
 * answer. Without TEXTS what checks were told is left out. The caller owns the result. */
json_t *explain_server(const struct lvsd *l, const struct server_state *s, bool texts,
    const struct ipvs_table *now);

#endif
