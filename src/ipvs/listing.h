/*
 * listing: the connections of all destinations, from /proc/net/ip_vs.
 *
 * Over netlink each service is a question of its own: who wants to know the connections of
 * ten thousand of them makes twenty thousand system calls. The kernel's listing for people
 * has the same numbers, of some sixty servers in one call. It lacks other
 * attributes, and says of a mark service not which family it is of.
 */
#ifndef LVSD_IPVS_LISTING_H
#define LVSD_IPVS_LISTING_H

#include "ipvs/ipvs.h"

/* A service: its identity, and of its destinations, in no order, address, port, weight
 * and connections. A mark service has no family. SVC lives until it returns. */
typedef void ipvs_listed_fn(void *arg, const struct ipvs_svc *svc);

/* Zeroed: it is not open. */
struct ipvs_listing {
	int fd;
	bool is_open;
	struct buf text;     /* that was not taken yet */
	struct ipvs_svc svc; /* whose destinations come */
	bool is_known;	     /* it is one */
};

/* False with errno: there is no such listing. */
bool ipvs_listing_open(struct ipvs_listing *l);
/*
 * Reads on, at most some ten KiB, and tells FN of the services that are complete. The end
 * is IPVS_ALL or IPVS_FAILED, with errno, after which L is closed. Each read is of one
 * moment; of services that come or go between two of them, one may be missing, or be there
 * twice (ip_vs_ctl.c, ip_vs_info_seq_start counts from the first). A line that makes no
 * sense is left out, with the service that it belongs to.
 */
enum ipvs_more ipvs_listing_more(struct ipvs_listing *l, ipvs_listed_fn *fn, void *arg);
void ipvs_listing_close(struct ipvs_listing *l);

/* The same of the LEN bytes at TEXT: what ends with a newline is taken, and how much that
 * is returned. Pure, but for L. */
size_t ipvs_listing_take(
    struct ipvs_listing *l, const char *text, size_t len, ipvs_listed_fn *fn, void *arg);

#endif
