/*
 * flow/compare: what someone else changed, in words. Pure.
 */
#ifndef LVSD_FLOW_COMPARE_H
#define LVSD_FLOW_COMPARE_H

#include "flow/table.h"

/* One line in OUT for each way in which the rules of C that the kernel has, FRESH, are
 * not what we left there, HAVE. */
void flow_compare_rules(const struct flow_table *have, const struct flow_table *fresh,
    enum flow_chain_id c, struct buf *out);
/* The same of a set of clients (flow_is_kept()), of which HAVE has the number alone. */
void flow_compare_kept(
    const struct flow_line *have, const struct flow_line *fresh, struct buf *out);
/* At most one line: how the members of the set of HAVE are others (both sorted). */
void flow_compare_set(
    const struct flow_line *have, const struct flow_line *fresh, struct buf *out);

#endif
