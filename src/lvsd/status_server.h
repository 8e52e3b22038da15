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

/* How S stands, in one word: its health, or that somebody took it out of service. */
const char *status_server_word(const struct server_state *s, bool in_table);

/* Appends S as an object. */
void status_server(
    const struct status_view *v, const struct server_state *s, struct buf *b);
/* There is more to tell of S than most servers have. */
bool status_server_has_rest(const struct status_view *v, const struct server_state *s);
/* Appends that as an object: sorry or not, an operator's decision, a check that is not
 * well, and the agent. */
void status_server_rest(
    const struct status_view *v, const struct server_state *s, struct buf *b);

#endif
