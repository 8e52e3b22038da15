/*
 * flow: directors without an address get their packets.
 *
 * What a configuration asks for is planned (flow/plan.h), compared with what the
 * kernel has, and the difference is made: sets by libipset, rules by iptables-restore,
 * policy rules and local routes by netlink. Additions come first, then the rules
 * in one commit, then deletions, so that no packet of an unchanged flow is ever
 * without its mark. Each family stands and fails by itself.
 */
#ifndef LVSD_FLOW_FLOW_H
#define LVSD_FLOW_FLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "flow/plan.h"
#include "lib/buf.h"
#include "parser/conf.h"

struct flow;

/* The first director of CONF that this lvsd cannot serve, as it was built without
 * libipset, or NULL. */
const struct director_conf *flow_unsupported(const struct conf *conf);

/* LEFTOVERS: something of ours may be in the kernel, from a process before this. */
struct flow *flow_new(bool leftovers);
void flow_free(struct flow *f); /* changes nothing in the kernel; NULL is allowed */

/*
 * For as long as the process has all its rights: iptables of the old flavour loads
 * modules of the kernel by itself, for CONF. That it could not shows later.
 */
void flow_prepare(struct flow *f, const struct conf *conf);

/*
 * Makes the kernel have what CONF asks for; every mark is given, SERVED tells which of
 * them has a server. False: of one family at least it has not, flow_director_error()
 * tells why, and the next call reads what is there before it tries again.
 */
bool flow_apply(
    struct flow *f, const struct conf *conf, flow_served_fn *served, void *arg);
/* Refuses what SERVED says is without a server now, and nothing else; as flow_apply()
 * otherwise. */
bool flow_follow(struct flow *f, flow_served_fn *served, void *arg);
/*
 * Clients that keep their server when nobody new gets one: that of MARK can be known when
 * there is a set for it (flow_can_keep()). Another process puts them in, CLIENTS being a
 * line of its type, before the service of MARK is FLOW_CLOSED; and tells how many there
 * are then. The daemon is told of it by flow_kept(), before (FLOW_KEPT_UNKNOWN) and
 * after. In the end flow_keep_nobody() empties the set.
 */
#define FLOW_KEPT_UNKNOWN SIZE_MAX
bool flow_can_keep(const struct flow *f, uint32_t mark);
bool flow_keep(
    struct flow *f, uint32_t mark, const struct flow_line *clients, struct buf *error);
void flow_kept(struct flow *f, uint32_t mark, size_t n);
bool flow_keep_nobody(struct flow *f, uint32_t mark);
/* Takes away everything of ours. */
bool flow_clear(struct flow *f);

/*
 * flow_apply() in three steps, so that nobody need wait for iptables: CONF is planned,
 * and when flow_begin() says that there is something to do, flow_work() does it in
 * another process, forked after that, and what it has to TELL comes to flow_worked()
 * (or WHY nothing came). In between F is not to be used for anything else.
 */
bool flow_begin(
    struct flow *f, const struct conf *conf, flow_served_fn *served, void *arg);
void flow_work(struct flow *f, struct buf *told);
bool flow_worked(struct flow *f, const struct buf *told, const char *why);

/*
 * Whether someone else changed anything of ours, in the same way: flow_check() reads it,
 * of sets as many as BUDGET_US lets it (UINT64_MAX: all), the next time those that follow;
 * flow_checked() gives FOUND a line for each finding and returns how many they are.
 * flow_apply() mends it all then. TOLD is written to.
 */
void flow_check(struct flow *f, uint64_t budget_us, struct buf *told);
typedef void flow_found_fn(const char *what, void *arg);
size_t flow_checked(struct flow *f, char *told, flow_found_fn *found, void *arg);

/*
 * What the kernel holds that is ours, in the words of ipset save, iptables-save, ip rule
 * and ip route; in a process of its own. False: it cannot be read, as ERROR says, and
 * TEXT was given nothing.
 */
typedef void flow_text_fn(const char *text, void *arg);
bool flow_show(struct flow *f, flow_text_fn *text, void *arg, struct buf *error);

/* Why a family is not as it should be whose rules D needs, in one line; else NULL. */
const char *flow_director_error(
    const struct flow *f, const struct conf *conf, const struct director_conf *d);

/* How much was changed since flow_new(), and what there is. */
struct flow_figures {
	uint64_t set_operations; /* sets and members, made and deleted */
	uint64_t rule_writes;	 /* runs of iptables-restore */
	uint64_t sets_us;	 /* of the last changes: what additions to sets took */
	uint64_t last_us;	 /* of the same: all of it */
	size_t rules, sets, members; /* that are there */
};
void flow_figures(const struct flow *f, struct flow_figures *out);

/* What the kernel has of IPv4 and IPv6, as far as we know; false: that is not known. */
bool flow_have(struct flow *f, struct flow_table *have[2]);

/* What this machine is now; it copies unless it turned out that it cannot. */
void flow_machine(const struct flow *f, struct flow_machine *m);
/* Whether it forwards is not as it was at the last plan: flow_apply() follows. */
bool flow_is_outdated(const struct flow *f);

/* Something of ours is, or may be, in the kernel. */
bool flow_is_there(const struct flow *f);

#endif
