/* status_server: a server, as the status tells of it. */
#ifndef LVSD_STATUS_SERVER_H
#define LVSD_STATUS_SERVER_H

#include "lib/buf.h"
#include "lvsd/lvsd.h"

/* What is the same for all servers of a director. */
struct status_view {
	const struct lvsd *l;
	bool texts;	       /* with what servers answered */
	uint64_t now_us;       /* mono */
	struct ipvs_table now; /* the director's services, with connections */
	bool with_rates;
	struct ipvs_rates rates; /* of its servers, sorted */
};

/* Appends S as an object. */
void status_server(
    const struct status_view *v, const struct server_state *s, struct buf *b);

#endif
