/*
 * arp: the server is up when it answers for its address on the link.
 *
 * ARP for IPv4, neighbour solicitation for IPv6. Neither has room for a cookie,
 * so the questions under way are kept in a tree by the address asked for, and
 * an answer must come from that address, to us, on the interface asked on.
 */
#ifndef LVSD_CHECK_ARP_H
#define LVSD_CHECK_ARP_H

#include <sys/tree.h>

struct arp_talk;
struct checker;
struct raw_packet;
RB_HEAD(arp_tree, arp_talk);

/* A packet from the network, believed in nothing. Ends the runs it answers. */
void arp_input(struct checker *c, const struct raw_packet *p);
void arp_advert_input(struct checker *c, const struct raw_packet *p);

#endif
