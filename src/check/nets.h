/*
 * nets: which interface leads to a neighbour, and who we are on it.
 *
 * A copy of the Ethernet interfaces and their addresses, for the arp checks
 * alone (all others leave that to the kernel's routes). It is read at the start
 * and again when a check gives cause to doubt it, at most every five seconds.
 */
#ifndef LVSD_CHECK_NETS_H
#define LVSD_CHECK_NETS_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"

struct nets_link {
	int ifindex;
	uint8_t mac[6];
	char name[IF_NAMESIZE];
};

struct nets_addr {
	struct addr addr;
	unsigned prefix; /* length in bits */
	size_t link;	 /* index into links */
};

struct nets {
	struct nets_link *links;
	struct nets_addr *addrs;
	size_t n_links, cap_links, n_addrs, cap_addrs;
	uint64_t read_us; /* when; 0: never */
	bool doubted;
};

/* How to ask a neighbour. */
struct nets_way {
	int ifindex;
	uint8_t mac[6];	    /* ours */
	struct addr source; /* ours */
};

enum nets_result {
	NETS_FOUND,
	NETS_NO_INTERFACE, /* no such one, or none whose network holds SERVER */
	NETS_NO_SOURCE,	   /* SOURCE is not an address of this host */
};

/*
 * The way to SERVER: over the interface IFACE, or without one (NULL) over that
 * with the longest prefix that holds SERVER; from SOURCE, or with it unset from
 * the address that the prefix belongs to. Reads the system's list when it
 * was never read, or is in doubt.
 */
enum nets_result nets_find(struct nets *n, const struct addr *server, const char *iface,
    const struct addr *source, struct nets_way *way);

/* Something went wrong with a way: an address or an interface may have changed. */
void nets_doubt(struct nets *n);

#endif
