/*
 * forwards: whether this machine sends on packets of others.
 *
 * The setting for all interfaces is not all: each of IPv4 has its own, which decides, and
 * may be on where that is off (route.c, ip_route_input_slow: that of the one which a packet
 * came by). Of IPv6 that is force_forwarding, where the kernel has it (ip6_forward).
 */
#ifndef LVSD_LIB_FORWARDS_H
#define LVSD_LIB_FORWARDS_H

#include <stdbool.h>
#include <stdint.h>

/* No interface forwards packets of FAMILY; false also where that cannot be read. It takes
 * some 10 us an interface. */
bool forwards_nothing(uint8_t family);

#endif
