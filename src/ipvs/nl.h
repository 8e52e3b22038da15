/*
 * nl: the socket that requests and dumps share (nl.c, nl_dump.c).
 *
 * Who sends takes the next number in SEQ for each message; answers are matched by it.
 */
#ifndef LVSD_IPVS_NL_H
#define LVSD_IPVS_NL_H

#include <netlink/socket.h>
#include <sys/socket.h>

#include "ipvs/handle.h"

#define READS 2 /* messages read in one system call: a short dump and its end */

struct kernel {
	struct ipvs base;
	struct nl_sock *sock;
	int fd, family;
	uint32_t seq;
	unsigned char *out; /* BATCH_OPS * MSG_MAX bytes */
	unsigned char *in;  /* READS * READ_BUFFER bytes */
	struct iovec iov[READS];
	struct mmsghdr read[READS];
};

/* Sends the LEN bytes at DATA. False with errno. */
bool kernel_send(struct kernel *k, const void *data, size_t len);
/* Reads what has come, or comes before *DEADLINE_US; 0 there means that the waiting
 * begins now, and is replaced. Returns how many of k->read are filled, or -1 with errno:
 * ETIMEDOUT, nothing came. */
int kernel_receive(struct kernel *k, uint64_t *deadline_us);

/* ---- nl_dump.c: those of struct ipvs_backend (handle.h) ---- */

bool kernel_read_services(struct ipvs *h, struct ipvs_table *t);
enum ipvs_more kernel_read_more(struct ipvs *h, struct ipvs_table *t, size_t *at);
enum ipvs_more kernel_read_dests_more(
    struct ipvs *h, struct ipvs_svc *svc, struct ipvs_rates *r, size_t *at);
bool kernel_read_dests(struct ipvs *h, struct ipvs_svc *svc, struct ipvs_rates *r);
bool kernel_read_sync(struct ipvs *h, struct ipvs_sync both[2]);

#endif
