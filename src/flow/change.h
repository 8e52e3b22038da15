/*
 * flow/change: how two configurations differ in rules and sets. Pure.
 */
#ifndef LVSD_FLOW_CHANGE_H
#define LVSD_FLOW_CHANGE_H

#include "flow/plan.h"
#include "parser/conf.h"

#define FLOW_COMMANDS_MAX 2000

struct flow_change {
	size_t added, removed; /* members of sets */
	bool rules;	       /* some are others, or in another order */
	/* The first FLOW_COMMANDS_MAX of what is done, one a line, in the words of ipset(8)
	 * and iptables(8). */
	struct buf commands;
	size_t n_commands; /* all of them */
};

/*
 * What a reload of AFTER in place of BEFORE does; both have their marks. HAVE are the
 * tables of IPv4 and IPv6 in the kernel; NULL: what BEFORE would have made. Who is
 * refused for want of a server is no matter of the configuration, and left out. M is the
 * machine. HAVE is not to be used after. The caller frees OUT's
 * commands.
 */
void flow_change(struct flow_table *const have[2], const struct flow_machine *m,
    const struct conf *before, const struct conf *after, struct flow_change *out);

#endif
