/*
 * flow/change: how two configurations differ in rules and sets. Pure.
 */
#ifndef LVSD_FLOW_CHANGE_H
#define LVSD_FLOW_CHANGE_H

#include "parser/conf.h"

struct flow_change {
	size_t added, removed; /* members of sets */
	bool rules;	       /* some are others, or in another order */
};

/* What a reload of AFTER in place of BEFORE does; both have their marks. */
void flow_change(
    const struct conf *before, const struct conf *after, struct flow_change *out);

#endif
