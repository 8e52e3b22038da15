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

/* The largest message an operation or a dump makes, in bytes. */
#define MSG_MAX 320

/*
 * Each writes a request to the netlink family FAMILY at AT, which has room for
 * MSG_MAX bytes and is aligned as a struct nlmsghdr, and returns its length,
 * which leaves the next one aligned, too. FLAGS are added to NLM_F_REQUEST.
 */
size_t msg_op(
    void *at, int family, uint32_t seq, uint16_t flags, const struct ipvs_op *op);
/* A dump request: of all services (SVC NULL), or of the destinations of SVC. */
size_t msg_dump(void *at, int family, uint32_t seq, const struct ipvs_svc *svc);
/* The request for SVC alone, which is answered as a dump of services is. */
size_t msg_service(void *at, int family, uint32_t seq, const struct ipvs_svc *svc);

/* The request for the timeouts (T NULL), or to set them. */
size_t msg_timeouts(void *at, int family, uint32_t seq, const struct ipvs_timeouts *t);
/* Reads the answer to the first. False: not one. */
bool msg_read_timeouts(const struct nlmsghdr *hdr, struct ipvs_timeouts *t);

/* The request to start S, or to stop it; and a dump of both. */
size_t msg_sync(void *at, int family, uint32_t seq, const struct ipvs_sync *s);
size_t msg_dump_sync(void *at, int family, uint32_t seq);
bool msg_read_sync(const struct nlmsghdr *hdr, struct ipvs_sync *s);

/* Reads one answer to a dump of services or destinations. False: not one, or
 * an attribute that must be there is not. */
bool msg_read_svc(const struct nlmsghdr *hdr, struct ipvs_svc *svc);
bool msg_read_dest(
    const struct nlmsghdr *hdr, uint8_t svc_family, struct ipvs_dest *dest);
/* The same of a destination's traffic. */
bool msg_read_rate(
    const struct nlmsghdr *hdr, uint8_t svc_family, struct ipvs_rate *rate);

#endif
