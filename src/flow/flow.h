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
#include "parser/conf.h"

struct flow;

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
/* Takes away everything of ours. */
bool flow_clear(struct flow *f);
/*
 * Whether someone else took rules or members away, as far as the sets tell of it: no
 * rule names one of them any more, or it has another number of members. flow_apply()
 * mends it then. It takes little more than BUDGET_US and goes on where it was; with
 * UINT64_MAX it looks at all of them.
 */
bool flow_is_changed(struct flow *f, uint64_t budget_us);

/* Why a family is not as it should be whose rules D needs, in one line; else NULL. */
const char *flow_director_error(
    const struct flow *f, const struct conf *conf, const struct director_conf *d);

/* How much was changed since flow_new(). */
struct flow_figures {
	uint64_t set_operations; /* sets and members, made and deleted */
	uint64_t rule_writes;	 /* runs of iptables-restore */
	uint64_t sets_us; /* of the last flow_apply(): what additions to sets took */
	uint64_t last_us; /* of the same: all of it */
};
void flow_figures(const struct flow *f, struct flow_figures *out);

/* Something of ours is, or may be, in the kernel. */
bool flow_is_there(const struct flow *f);

#endif
