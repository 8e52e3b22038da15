/*
 * flow/family: the two families of a flow, and the steps that each goes through. For
 * the files of this room alone.
 */
#ifndef LVSD_FLOW_FAMILY_H
#define LVSD_FLOW_FAMILY_H

#include "flow/flow.h"
#include "flow/set.h"
#include "flow/table.h"

struct family {
	struct flow_table have;
	struct flow_table want; /* between flow_begin() and its end */
	uint8_t number;
	bool known;
	bool whole_only;     /* this kernel cannot put fragments together for rules */
	bool still;	     /* the last plan was for a machine that does not forward */
	char *no_copies;     /* why this kernel cannot copy; NULL: it can, or not known */
	bool routed;	     /* policy rules and routes are as they were last asked for */
	uint64_t routes;     /* a digest of what was asked for */
	bool patient;	     /* nobody waits: iptables may wait longer for its lock */
	const char *flavour; /* of iptables, in the middle of its name; NULL: not known */
	char *error;
	char *note; /* for the log, when whole_only became true */
};

/* What flow.h calls a flow. */
struct flow {
	struct family family[2];
	struct set_session *sets;
	bool leftovers;
	size_t looked_at; /* the set that the next audit begins with */
	struct flow_figures figures;
};

/* ---- family_read.c ---- */

/* iptables waited in vain for its lock: part of what it says then. */
#define FAMILY_LOCKED "xtables lock"

/*
 * Runs the iptables of FA, "save" or "restore", for TABLE; NULL: those that are in use,
 * so that none comes into use by being read. ERROR gets one line when it fails.
 */
bool family_iptables(const struct family *fa, const char *flavour, const char *verb,
    const char *table, const char *input, struct buf *out, struct buf *error);
/* Which of the two iptables this kernel can do with: FA->flavour. */
bool family_choose(struct family *fa, struct buf *error);
/* The flavour that is called NAME, or NULL. */
const char *family_flavour(const char *name);
/* Makes FA->have tell what is there, as far as WANT and what was left need it. */
bool family_read(
    struct flow *f, struct family *fa, const struct flow_table *want, struct buf *error);
/* Some line of T has a set. */
bool family_needs_sets(const struct flow_table *t);
bool family_open_sets(struct flow *f, struct buf *error);
/* False, with what the kernel said in ERROR. */
bool family_set_failed(const struct flow *f, struct buf *error);

/* ---- family.c ---- */

/* Nothing has to be done to make FA in the kernel what FA->want says. */
bool family_is_done(struct family *fa);
/* Makes FA in the kernel what FA->want says, which becomes what it has. False: fa->error
 * tells why. */
bool family_apply(struct flow *f, struct family *fa);
/* That was done. */
void family_settle(struct family *fa);
/* That was not done because of WHY, and what the kernel has is not known any more. */
void family_fail(struct flow *f, struct family *fa, const char *why);
/* The marks of T as policy rules say them; the caller frees them. */
struct route_mark *family_route_marks(const struct flow_table *t, size_t *n);
/* L, of FA->have, refuses everyone, or nobody. */
bool family_refuse(struct flow *f, struct family *fa, struct flow_line *l, bool everyone);

/* ---- family_check.c ---- */

/* A line in OUT for each rule and route of FA that is not as we left it. False: they
 * could not be read, because of ERROR. */
bool family_check(const struct family *fa, struct buf *out, struct buf *error);
/* The same for sets of both families, for little more than BUDGET_US. */
void family_check_sets(struct flow *f, uint64_t budget_us, struct buf *out);

/* ---- copies.c ---- */

/* Takes the copies out of WANT when the kernel turns out not to make any. */
void copies_try(struct family *fa, struct flow_table *want);
/* A line for the log, why it does not. */
void copies_tell(const struct family *fa);

/* ---- flow.c ---- */

/* Makes both families what they want. */
bool flow_make(struct flow *f);

#endif
