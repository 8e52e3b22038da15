/*
 * feed: a browser that follows its page (server-sent events).
 *
 * A feed knows of every part of its page a hash of what the browser has. After each
 * question to lvsd those that changed are sent, and a "tick" in any case. A browser that
 * reads slowly gets what is new when it has taken what was before, and so misses only
 * what is out of date. Events:
 *
 *	put     an element, in place of the one that has its id
 *	layout  the page has other directors or servers now: get it again
 *	tick    the number of what is known; "gone" behind it while lvsd does not answer
 */
#ifndef LVSD_LVSWEB_FEED_H
#define LVSD_LVSWEB_FEED_H

#include <microhttpd.h>

#include "lvsweb/parts.h"
#include "lvsweb/peers.h"

struct feeds;

/* HOST is kept. At most MAX feeds are there at the same time. */
struct feeds *feeds_new(const char *host, size_t max);
void feeds_free(struct feeds *fs);
/* Every feed looks at what W knows now. From any thread. DATA is the feeds. */
void feeds_wake(void *data);
/* Every feed ends, soon. */
void feeds_end(struct feeds *fs);

/* An answer for CONNECTION that follows what W knows by VIEW, for a browser that has
 * what was known at watch_number() HAS. NULL when there are too many feeds. */
struct MHD_Response *feed_response(struct feeds *fs, struct MHD_Connection *connection,
    struct peer *peer, struct watch *w, const struct view *view, uint64_t has);

#endif
