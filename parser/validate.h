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

/* The section that was being read has come to its end. */
void validate_section(struct parse *p);
/* All has been read. */
void validate(struct parse *p);

/* validate_director.c: one director and its servers. */
void validate_director(struct parse *p, struct director_draft *d);
/* validate_options.c: what the lines of a director say together. */
void validate_options(struct parse *p, struct director_draft *d);
/* validate_check.c: the checks of one director, whose servers are complete. */
void validate_checks(struct parse *p, struct director_draft *d);
/* validate_flow.c: all flows. */
void validate_flows(struct parse *p);

/* Something that must be unique, and where it stands. */
struct twin {
	const void *node;
	struct loc loc;
};

/*
 * Calls REPORT for each of the N twins V that is the SAME as one before it in
 * V; FIRST is where that one stands. What is the same has the same HASH.
 */
void validate_twins(struct parse *p, const struct twin *v, size_t n,
    uint32_t (*hash)(const void *node), bool (*same)(const void *a, const void *b),
    void (*report)(struct parse *p, const struct twin *again, struct loc first));
/* A hash of the LEN bytes, begun at SEED. */
uint32_t validate_hash(uint32_t seed, const void *bytes, size_t len);

#endif
