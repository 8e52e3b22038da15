/*
 * method: what each kind of check does, and needs.
 */
#ifndef LVSD_CHECK_METHOD_H
#define LVSD_CHECK_METHOD_H

#include "check/probe.h"

struct run;

/* What there are only so many of. */
enum needs { NEEDS_NOTHING, NEEDS_SOCKET, NEEDS_PROGRAM, NEEDS };

struct probe_ops {
	/* Begins a check. Ends in run_done(), maybe before it returns: touch
	 * nothing of the run after a call that may have done so. */
	void (*start)(struct run *r);
	/* Frees what start made; run_done() calls it, and nobody else. */
	void (*cancel)(struct run *r);
	enum reason silence; /* what a passed deadline means */
	enum needs needs;
};
extern const struct probe_ops tcp_ops, http_ops, icmp_ops, arp_ops, agent_ops;
extern const struct probe_ops external_ops;
extern const struct probe_ops udp_ops, udp_quiet_ops; /* udp_ops: dns, too */

const struct probe_ops *method_ops(const struct check_conf *check);

#endif
