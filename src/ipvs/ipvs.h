/*
 * ipvs: the kernel's table of virtual services, as data and as operations.
 *
 * One set of types says both what the kernel has and what it should have. A
 * table is a sorted array of services, each with a sorted array of
 * destinations; two tables are compared by one merge (ipvs_diff), which gives
 * operations in a safe order; a handle (struct ipvs) carries them out, in the
 * kernel or in memory. Nothing here knows of configuration or health.
 *
 * Ports are in host order. Flag and forwarding values are those of
 * <linux/ip_vs.h>; what an attribute means is said in ipvsadm(8).
 */
#ifndef LVSD_IPVS_H
#define LVSD_IPVS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "lib/addr.h"
#include "lib/buf.h"

#define IPVS_NAME_MAX 16 /* IP_VS_SCHEDNAME_MAXLEN and IP_VS_PENAME_MAXLEN */
#define IPVS_CONNS_UNKNOWN UINT32_MAX
/* Of a destination that is there, nobody knows how. None can have it: the kernel's is an
 * int (ip_vs_ctl.c, ip_vs_add_dest). */
#define IPVS_WEIGHT_UNKNOWN UINT32_MAX

struct ipvs_dest {
	/* identity, within its service */
	struct addr addr;
	uint16_t port;
	/* attributes */
	uint16_t tun_port, tun_flags;
	uint8_t tun_type;
	uint8_t fwd;	 /* IP_VS_CONN_F_MASQ, _LOCALNODE, _TUNNEL or _DROUTE */
	uint32_t weight; /* 0 takes no new connections */
	uint32_t u_thresh, l_thresh;
	/* What the kernel counted when it was last read, or
	 * IPVS_CONNS_UNKNOWN when something was changed since. Not compared. */
	uint32_t active, inactive;
	/* The planner's note of one that leaves: mono time until which it may keep
	 * its connections; 0: it does not leave. Not compared. */
	uint64_t until_us;
};

/* until_us of one that leaves with its last connection, however late. */
#define IPVS_UNTIL_DRAINED UINT64_MAX

struct ipvs_svc {
	/* identity: (family, fwmark) or (family, protocol, address, port) */
	struct addr addr; /* of a mark service only the family is set */
	uint32_t fwmark;  /* 0: none */
	uint16_t port;
	uint8_t protocol; /* 0 for a mark service */
	uint8_t listed;	  /* the audit's note: by which of its lists it was told of */
	/* attributes */
	char sched[IPVS_NAME_MAX];
	char pe[IPVS_NAME_MAX]; /* "" for none */
	uint32_t flags; /* IP_VS_SVC_F_*, without _HASHED, which is the kernel's own */
	uint32_t timeout_s; /* of persistence */
	uint32_t netmask;   /* of persistence; IPv4: network order, IPv6: prefix length */
	struct ipvs_dest *dests;
	size_t n_dests, cap_dests;
	/* How many destinations stay only until their connections end. The
	 * planner's note to itself; not compared. */
	uint32_t lingering : 31;
	/* Packets are still led here: it stays as it is. The planner's, likewise. */
	bool held : 1;
	uint32_t tag;	   /* the planner's own, likewise */
	uint64_t until_us; /* as ipvs_dest.until_us, for all that it holds */
};

struct ipvs_table {
	struct ipvs_svc *svcs;
	size_t n, cap;
};

/* ---- table.c ---- */

int ipvs_svc_cmp(const struct ipvs_svc *a, const struct ipvs_svc *b); /* identity */
static inline int ipvs_dest_cmp(const struct ipvs_dest *a, const struct ipvs_dest *b)
{
	int c = addr_cmp(&a->addr, &b->addr); /* identity */

	return c != 0 ? c : (a->port > b->port) - (a->port < b->port);
}
/* Which of its IPVS_BUCKETS chains the kernel keeps SVC in, up to a constant of the
 * network namespace that is xored into all (ip_vs_ctl.c, ip_vs_svc_hashkey and
 * ip_vs_svc_fwm_hashkey). */
#define IPVS_BUCKETS 256
unsigned ipvs_svc_bucket(const struct ipvs_svc *svc);
/* Every attribute that reaches the kernel; destinations are not looked at. */
bool ipvs_svc_same(const struct ipvs_svc *a, const struct ipvs_svc *b);
/* HAVE as the kernel tells it. A server that is an address of this machine is
 * reported as a local one whatever was asked (ip_vs_ctl.c,
 * __ip_vs_update_dest), so that difference does not count. */
bool ipvs_dest_same(const struct ipvs_dest *have, const struct ipvs_dest *want);

void ipvs_svc_fini(struct ipvs_svc *svc);
struct ipvs_dest *ipvs_svc_find(const struct ipvs_svc *svc, const struct ipvs_dest *id);
/* The same for IDs of which each is behind the one before: *FROM, 0 at first, is where
 * the search goes on, so that all of them together cost one pass. */
struct ipvs_dest *ipvs_svc_find_next(
    const struct ipvs_svc *svc, const struct ipvs_dest *id, size_t *from);
/* Adds DEST at its place; one that is there already is replaced. Adding in
 * order costs nothing. */
struct ipvs_dest *ipvs_svc_add(struct ipvs_svc *svc, const struct ipvs_dest *dest);
/* The destinations of FROM become those of TO, which loses its own. */
void ipvs_svc_take(struct ipvs_svc *to, struct ipvs_svc *from);
/* Makes room for N destinations and no more, so that appending them costs nothing. */
void ipvs_svc_reserve(struct ipvs_svc *svc, size_t n);
/* Gives back the room of a reserve that was much too large. */
void ipvs_svc_fit(struct ipvs_svc *svc);
/* Adds at the end, in any order; ipvs_svc_sort() has to follow. */
void ipvs_svc_append(struct ipvs_svc *svc, const struct ipvs_dest *dest);
/* The same with the new one to be filled in by the caller. */
struct ipvs_dest *ipvs_svc_append_new(struct ipvs_svc *svc);
/* Sorts, and leaves one of those that are there twice: a dump that somebody's addition
 * came into tells of a server again (ip_vs_ctl.c adds at the head of the list and goes
 * on by number). */
void ipvs_svc_sort(struct ipvs_svc *svc);
void ipvs_svc_remove(struct ipvs_svc *svc, struct ipvs_dest *dest);
/* Copies the planner's notes of FROM to the same service and destinations in TO. */
void ipvs_svc_note(struct ipvs_svc *to, const struct ipvs_svc *from);

void ipvs_table_fini(struct ipvs_table *t);
struct ipvs_svc *ipvs_table_find(const struct ipvs_table *t, const struct ipvs_svc *id);
/* Adds SVC with its destinations, which the table takes over. One of the same
 * identity is freed and replaced. The pointer lives until the next change. */
struct ipvs_svc *ipvs_table_add(struct ipvs_table *t, struct ipvs_svc *svc);
void ipvs_table_remove(struct ipvs_table *t, struct ipvs_svc *svc);
/* Takes the services in IDS (sorted) out of T, in one pass. */
void ipvs_table_subtract(struct ipvs_table *t, const struct ipvs_table *ids);
/* As ipvs_table_add(), at the end, in any order; ipvs_table_sort() has to follow. */
struct ipvs_svc *ipvs_table_append(struct ipvs_table *t, struct ipvs_svc *svc);
void ipvs_table_sort(struct ipvs_table *t);
/* The order in which the kernel is asked about each service of T fastest, chain by chain
 * (ipvs_ops_by_chain), as indices, malloced. */
uint32_t *ipvs_table_by_chain(const struct ipvs_table *t);

/* ---- diff.c: pure ---- */

enum ipvs_cmd {
	IPVS_ADD_SVC,
	IPVS_SET_SVC,
	IPVS_ADD_DEST,
	IPVS_SET_DEST,
	IPVS_DEL_DEST,
	IPVS_DEL_SVC,
	IPVS_N_CMDS,
};

struct ipvs_op {
	enum ipvs_cmd cmd;
	const struct ipvs_svc *svc;   /* its identity, or what it should become */
	const struct ipvs_dest *dest; /* NULL for services */
	int error;		      /* errno value of the kernel's answer; 0: done */
};

/* A zeroed struct is an empty list. Operations point into the tables that were
 * compared, which must outlive the list, or to services in FILLS. */
struct ipvs_ops {
	struct ipvs_op *list;
	size_t n, cap;
	size_t count[IPVS_N_CMDS];
	struct ipvs_svc **fills; /* new services while they are filled */
	size_t n_fills, cap_fills;
};

void ipvs_ops_fini(struct ipvs_ops *ops);

/*
 * Appends what turns HAVE into WANT; either may be NULL (no such service). The
 * order leaves a service that has a server with weight before and after never
 * without one: the service, then servers with weight, then servers to weight 0,
 * then deletions.
 *
 * A new service of many servers whose scheduler builds its table anew for each
 * of them (ip_vs_mh.c) is filled under rr and then switched back. One that is
 * there already is never switched, whatever comes to it.
 */
void ipvs_diff_svc(
    const struct ipvs_svc *have, const struct ipvs_svc *want, struct ipvs_ops *ops);
/*
 * Orders the operations of many services: first all that bring weight, then
 * servers to weight 0, then deletions; their order is kept otherwise. So a
 * director that moves to another address serves there first, and nothing is
 * added after a deletion: the kernel keeps deleted servers for two minutes and
 * searches all of them at each addition (ip_vs_ctl.c, ip_vs_trash_get_dest).
 */
void ipvs_ops_order(struct ipvs_ops *ops);
/* Leaves the first N of OPS. */
void ipvs_ops_cut(struct ipvs_ops *ops, size_t n);
/*
 * The order in which the kernel takes ordered operations fastest, as indices into their
 * list, malloced; NULL: as they stand, since there are fewer than IPVS_CROWD services.
 * Nothing that brings weight comes later, and within a service all stays as it is.
 *
 * For each operation the kernel walks through one of its chains of services, of which
 * four hundred are in each when there are a hundred thousand. It waits for memory at
 * every one of them, unless the operation before was about the same chain.
 */
#define IPVS_CROWD 4096
uint32_t *ipvs_ops_by_chain(const struct ipvs_ops *ops);
/* The same for whole tables, ordered. Services that go are deleted last. */
void ipvs_diff(
    const struct ipvs_table *have, const struct ipvs_table *want, struct ipvs_ops *ops);

/*
 * What OP does to a table. Returns 0 or the errno value that the kernel would
 * answer (EEXIST, ENOENT, ESRCH: ip_vs_ctl.c); then nothing is changed.
 */
int ipvs_table_apply(struct ipvs_table *t, const struct ipvs_op *op);

/* ---- text.c: as ipvsadm says it ---- */

/* The table as `ipvsadm -Sn` prints it, one line a service and server. */
void ipvs_table_text(const struct ipvs_table *t, struct buf *b);
void ipvs_svc_text(const struct ipvs_svc *svc, struct buf *b);
/* One operation as an ipvsadm command line, without its end of line. */
void ipvs_op_text(const struct ipvs_op *op, struct buf *b);
/* "TCP 10.9.9.1:80" or "FWM 5": how logs name a service. BUF has
 * IPVS_SVC_NAME_MAX bytes and is returned. */
#define IPVS_SVC_NAME_MAX 72
const char *ipvs_svc_name(const struct ipvs_svc *svc, char *buf);

/* ---- handles ---- */

struct ipvs;

/* How much went over the wire since the handle was opened. */
struct ipvs_stats {
	uint64_t ops; /* operations sent: adds, sets and deletes */
	uint64_t ops_refused;
	uint64_t reads; /* dump requests sent */
};

/*
 * Opens the kernel's IPVS over generic netlink, loading the ip_vs module when
 * it is not there. NULL with errno: ENOENT, no IPVS in this kernel; EPERM, no
 * CAP_NET_ADMIN; others as they come. Free with ipvs_close().
 */
struct ipvs *ipvs_open_kernel(void);
/* The same interface over an empty table in memory: --dry-run and tests. */
struct ipvs *ipvs_open_memory(void);
void ipvs_close(struct ipvs *h); /* NULL is allowed */

/*
 * Reads the services, without their destinations, into the empty table T,
 * sorted. False with errno when the kernel did not answer in time or refused.
 */
bool ipvs_read_services(struct ipvs *h, struct ipvs_table *t);
/* Makes SVC, an identity without destinations, what the kernel has of it; *THERE: it has
 * one. False with errno when the kernel did not answer. */
bool ipvs_read_service(struct ipvs *h, struct ipvs_svc *svc, bool *there);
/*
 * All of them in pieces of some hundred, for who may not wait for all of them: the next one
 * is appended to T, unsorted. *AT is 0 at first. Until IPVS_ALL or IPVS_FAILED (with errno)
 * nothing else may be asked of H. What is changed meanwhile may be missing, there twice,
 * or make another one missing (ip_vs_ctl.c, ip_vs_genl_dump_services).
 */
enum ipvs_more { IPVS_MORE, IPVS_ALL, IPVS_FAILED };
enum ipvs_more ipvs_read_more(struct ipvs *h, struct ipvs_table *t, size_t *at);
/* What went through a destination since it is in the table, and a second, as the
 * kernel's estimator smooths it every two (ip_vs_est.c). */
struct ipvs_rate {
	struct addr addr;
	uint16_t port;
	uint64_t conns, in_bytes, out_bytes;
	uint64_t conns_s, in_bytes_s, out_bytes_s;
};

/* In the order of address and port. A zeroed struct has none. */
struct ipvs_rates {
	struct ipvs_rate *list;
	size_t n, cap;
};

/* As ipvs_read_more() of the destinations of SVC (identity), appended to those it holds,
 * and of what went through them (may be NULL), which ipvs_rates_sort() has to follow; a
 * table in memory knows none. */
enum ipvs_more ipvs_read_dests_more(
    struct ipvs *h, struct ipvs_svc *svc, struct ipvs_rates *r, size_t *at);
/* Reads the destinations of SVC (identity) and replaces those it holds, but for the
 * planner's notes; a service that is not there has none (ip_vs_ctl.c,
 * ip_vs_genl_dump_dests). False with errno when the kernel did not answer; SVC is
 * then unchanged. */
bool ipvs_read_dests(struct ipvs *h, struct ipvs_svc *svc);

/* The same with what went through them, appended to R as above. */
bool ipvs_read_traffic(struct ipvs *h, struct ipvs_svc *svc, struct ipvs_rates *r);
void ipvs_rates_sort(struct ipvs_rates *r);
/* That of DEST, or NULL. */
const struct ipvs_rate *ipvs_rates_find(
    const struct ipvs_rates *r, const struct ipvs_dest *dest);
void ipvs_rates_fini(struct ipvs_rates *r);

/*
 * Carries out OPS in order; one that is refused does not stop the others. Sets
 * each op's error. False with errno when the transport failed (ENOBUFS, no
 * answer within the deadline): then it is not known which were done, and the
 * caller has to read the services again.
 */
bool ipvs_apply(struct ipvs *h, struct ipvs_ops *ops);

/* How long the kernel remembers a TCP connection without packets, one that is
 * closing, and a UDP one; seconds. In a request 0 leaves a value as it is
 * (ip_vs_ctl.c, ip_vs_set_timeout). */
struct ipvs_timeouts {
	uint32_t tcp_s, tcpfin_s, udp_s;
};

/* False with errno when the kernel did not answer or refused. */
bool ipvs_read_timeouts(struct ipvs *h, struct ipvs_timeouts *t);
bool ipvs_set_timeouts(struct ipvs *h, const struct ipvs_timeouts *t);

/* One of the kernel's two daemons that copy connections to another director, or take
 * what another one sends (ipvsadm --start-daemon). Where a number is 0, or the group
 * not set, the kernel has its own. */
struct ipvs_sync {
	bool on, master;
	char iface[16]; /* IFNAMSIZ */
	uint8_t syncid, ttl;
	uint16_t port, maxlen;
	struct addr group;
};

/* Both, the master first. False with errno when the kernel did not answer. */
bool ipvs_read_sync(struct ipvs *h, struct ipvs_sync both[2]);
/* Starts S, or stops it (not on). False with errno: EEXIST, it runs; ESRCH, it does not;
 * others as the kernel has them (ip_vs_sync.c, start_sync_thread). */
bool ipvs_set_sync(struct ipvs *h, const struct ipvs_sync *s);

const struct ipvs_stats *ipvs_stats(const struct ipvs *h);

/* ---- conn.c ---- */

/* A connection over IPv4; ports in host order. */
struct ipvs_conn {
	uint8_t protocol;
	struct addr client, vip, server;
	uint16_t client_port, vip_port, server_port;
};

/* C becomes what LINE of the kernel's list says. False: that is no connection of TCP or
 * UDP over IPv4. */
bool ipvs_conn_parse(struct ipvs_conn *c, const char *line);

/*
 * Calls EACH for the connections that the kernel has, until it returns false, which then
 * is the result. False with errno: they cannot be read, or not until UNTIL_US (mono). One
 * may come twice, or not at all when another went meanwhile. What that takes grows with
 * the square of how many there are: not for the loop.
 */
typedef bool ipvs_conn_fn(const struct ipvs_conn *c, void *arg);
bool ipvs_conns_read(ipvs_conn_fn *each, void *arg, uint64_t until_us);

#endif
