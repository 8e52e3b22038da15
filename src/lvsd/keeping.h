/*
 * keeping: the clients of datagrams whose server takes no new ones.
 *
 * A datagram does not tell whether it begins something. But when no server of a mark
 * takes new clients, those it has are all that there will be: they are read from the
 * kernel's list of connections, beside the loop, and put into a set; then everybody else
 * can be refused. That holds until a server takes new clients again.
 */
#ifndef LVSD_KEEPING_H
#define LVSD_KEEPING_H

#include "flow/flow.h"
#include "lvsd/lvsd.h"

struct keeping;

struct keeping *keeping_new(struct lvsd *l, struct flow *flow);
void keeping_free(struct keeping *k); /* NULL is allowed */

/* What became of the SERVICE of each mark: to be called whenever one may have changed,
 * whatever else is being done. */
void keeping_follow(struct keeping *k, flow_served_fn *service, void *arg);
/* All clients of MARK are in its set. */
bool keeping_is_closed(const struct keeping *k, uint32_t mark);
/* There are sets of no use any more, which may just be read; keeping_drop() empties them.
 * False: that failed. */
bool keeping_is_over(const struct keeping *k);
bool keeping_drop(struct keeping *k);
/* Nothing is known of what the sets hold. */
void keeping_forget(struct keeping *k);

/*
 * Reading: keeping_begin() says whether there is anything to read, then keeping_read()
 * does it in another process, and what that has TOLD comes to keeping_done() (or WHY
 * nothing came; NULL TOLD: it was broken off, and begins again).
 */
bool keeping_begin(struct keeping *k);
void keeping_read(struct keeping *k, struct buf *told);
void keeping_done(struct keeping *k, const struct buf *told, const char *why);

#endif
