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
/* The number of the director with this NAME; SIZE_MAX: there is none. */
size_t validate_find_director(const struct parse *p, const char *name);
/* validate_flow.c: all flows. */
void validate_flows(struct parse *p);

#endif
