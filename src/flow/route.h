/*
 * flow/route: marked packets reach IPVS whatever their address.
 *
 * A packet to an address that is not local would be routed on. Rules of ours (ip-rule(8))
 * lead what carries a mark of ours to a table of ours, where every address is local.
 * What the director itself sends is spared, or packets that IPVS or conntrack
 * routes again would come back; that goes for the look-ups of reverse path filters,
 * too (fib_frontend.c, __fib_validate_source: they come from lo).
 *
 * IPv4 datagrams that are refused go to a second table, as if they went through this
 * machine; the rule in FORWARD that answers them is their end. Where nothing is forwarded
 * the kernel drops them, and their copies are answered (refuse.c).
 */
#ifndef LVSD_FLOW_ROUTE_H
#define LVSD_FLOW_ROUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"

/* lvsd(8) documents them. */
#define ROUTE_TABLE 19542	/* of local routes, 0x4c56 */
#define ROUTE_TABLE_ASIDE 19543 /* of what is refused */
#define ROUTE_PROTOCOL 76	/* whose rules and routes are ours */
#define ROUTE_PREFERENCE 96	/* and the three after it */

/* A mark, or with a mask a range of them. */
struct route_mark {
	uint32_t mark, mask;
};

/*
 * Makes the rules and the route of FAMILY lead the N marks at MARKS to IPVS, or, with
 * N 0, takes away what is there. Changes only what differs. False: ERROR has
 * one line.
 */
bool route_apply(
    uint8_t family, const struct route_mark *marks, size_t n, struct buf *error);

/* One line in OUT for each rule and route of these that is not there, or not as it was
 * made, and for rules that are too many. False: they cannot be read, as ERROR says. */
bool route_check(uint8_t family, const struct route_mark *marks, size_t n,
    struct buf *out, struct buf *error);

#endif
