/*
 * msg: services, destinations and operations as netlink attributes, and back.
 *
 * Pure: bytes in, bytes out, no socket. The layout is that of the IPVS generic
 * netlink family (net/netfilter/ipvs/ip_vs_ctl.c, ip_vs_genl_ops).
 */
#ifndef LVSD_IPVS_MSG_H
#define LVSD_IPVS_MSG_H

#include <netlink/msg.h>

#include "ipvs/ipvs.h"

/* The largest message an operation makes, in bytes, rounded up. */
#define MSG_OP_MAX 320

/*
 * Makes MSG (room for MSG_OP_MAX bytes; used again and again) the request for
 * OP to the netlink family FAMILY. FLAGS are added to NLM_F_REQUEST.
 */
void msg_op(struct nl_msg *msg, int family, uint32_t port, uint32_t seq, int flags,
    const struct ipvs_op *op);
/* A dump request: of all services (SVC NULL), or of the destinations of SVC. */
void msg_dump(struct nl_msg *msg, int family, uint32_t port, uint32_t seq,
    const struct ipvs_svc *svc);

/* The request for the timeouts (T NULL), or to set them. */
void msg_timeouts(struct nl_msg *msg, int family, uint32_t port, uint32_t seq,
    const struct ipvs_timeouts *t);
/* Reads the answer to the first. False: not one. */
bool msg_read_timeouts(const struct nlmsghdr *hdr, struct ipvs_timeouts *t);

/* Reads one answer to a dump of services or destinations. False: not one, or
 * an attribute that must be there is not. */
bool msg_read_svc(const struct nlmsghdr *hdr, struct ipvs_svc *svc);
bool msg_read_dest(
    const struct nlmsghdr *hdr, uint8_t svc_family, struct ipvs_dest *dest);

#endif
