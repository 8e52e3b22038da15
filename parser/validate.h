/*
 * validate: is this configuration one that can work?
 *
 * Completes the tree that the grammar built (every default filled in) and
 * judges what no single statement shows: duplicates and combinations. Works
 * on a tree with syntax errors as well, and then says nothing that follows
 * from them alone.
 */
#ifndef LVSD_PARSER_VALIDATE_H
#define LVSD_PARSER_VALIDATE_H

#include "parser/parse.h"

void validate(struct parse *p);

/* validate_director.c: one director and its servers, but for the checks. */
void validate_director(struct parse *p, struct director_draft *d);
/* validate_check.c: the checks of one director; after validate_director(). */
void validate_checks(struct parse *p, struct director_draft *d);
/* Something that must be unique, and where it stands. */
struct twin {
	const void *node;
	struct loc loc;
};

/*
 * Sorts the N twins V by CMP (on nodes), and by place where they are equal, and
 * calls REPORT for each that equals an earlier one: FIRST is where that stands.
 */
void validate_twins(struct parse *p, struct twin *v, size_t n,
    int (*cmp)(const void *a, const void *b),
    void (*report)(struct parse *p, const struct twin *again, struct loc first));

/* validate_flow.c: all flows, given the N directors sorted by name. */
void validate_flows(struct parse *p, const struct twin *by_name, size_t n);

#endif
