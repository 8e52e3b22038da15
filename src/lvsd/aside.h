/*
 * aside: answers that a process of their own makes.
 *
 * What reads text of a client, or all of the kernel's table, takes longer than a turn
 * of the loop may. A fork of the daemon does it, which has everything as it was at
 * that moment, can change nothing of it, and speaks to the kernel over a socket of
 * its own. Whatever becomes of it, the daemon goes on.
 */
#ifndef LVSD_ASIDE_H
#define LVSD_ASIDE_H

#include <stdio.h>

#include "lvsd/lvsd.h"
#include "lvsd/reply.h"

/*
 * Prints the answer to OUT, in the child: what it does to L is seen by nobody. FD is
 * the descriptor that came with the request, or -1. L->ipvs is its own; NULL
 * when the kernel does not answer.
 */
typedef void aside_fn(struct lvsd *l, int fd, FILE *out);

/* Nobody waits yet. */
void aside_init(struct asides *a);

/*
 * What MAKE prints, as a reply that the caller owns. A few processes run at a time, the
 * others wait for their turn; readers leave one place FOR_OPERATORs. None runs for
 * longer than half a minute. FD is not taken over.
 */
struct reply *aside_reply(struct lvsd *l, aside_fn *make, int fd, bool for_operator);

#endif
