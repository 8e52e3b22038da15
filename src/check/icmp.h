/*
 * icmp: what the raw sockets hand to the ICMP checks.
 */
#ifndef LVSD_CHECK_ICMP_H
#define LVSD_CHECK_ICMP_H

#include <stdint.h>

struct checker;
struct raw_packet;

/* A packet from the network, believed in nothing. Ends the run that it answers,
 * if there is one. */
void icmp4_input(struct checker *c, const struct raw_packet *p);
void icmp6_input(struct checker *c, const struct raw_packet *p);

/* The request with COOKIE of the run with this number could not be sent: an errno. */
void icmp_unsent(struct checker *c, uint32_t run, uint64_t cookie, int err);

#endif
