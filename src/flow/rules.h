/*
 * flow/rules: tables of lines as text of iptables-restore and iptables-save. Pure.
 */
#ifndef LVSD_FLOW_RULES_H
#define LVSD_FLOW_RULES_H

#include "flow/table.h"

/* "mangle", "nat": the table of iptables that chain C is in; NULL: its lines stand in
 * chains of FLOW_MARK, and go with them. */
const char *flow_rules_table(enum flow_chain_id c);
const char *flow_rules_name(enum flow_chain_id c); /* "LVSD-FLOW", NULL likewise */
/* The chain that calls C, the Ith of at most two; NULL: there are no more. */
const char *flow_rules_hook(enum flow_chain_id c, int i);
/* Appends "-A CHAIN RULE" and the end of the line. */
void flow_rules_line(const struct flow_line *l, enum flow_chain_id c, struct buf *out);

/*
 * Takes into HAVE what TEXT, the output of "iptables-save -t TABLE" for the table of
 * C, has of ours. Lines have the names of their sets, but neither type nor members.
 */
void flow_rules_read(struct flow_table *have, enum flow_chain_id c, const char *text);

/* The rules of C are in HAVE as WANT, which is aligned, has them. */
bool flow_rules_same(
    const struct flow_table *have, const struct flow_table *want, enum flow_chain_id c);

/* Appends what "iptables-restore --noflush" has to read to make them so, in one
 * commit: no packet meets half of it. Rules that are not ours are not touched. */
void flow_rules_write(const struct flow_table *have, const struct flow_table *want,
    enum flow_chain_id c, struct buf *out);

#endif
