/*
 * flow/marks: which firewall mark a director without one of its own gets. Pure.
 *
 * A director keeps its mark by its name as long as the list knows it, over reloads
 * and, since the list is in the state file, restarts. lvsd(8) documents the range.
 */
#ifndef LVSD_FLOW_MARKS_H
#define LVSD_FLOW_MARKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "parser/conf.h"

#define MARKS_FIRST 0x4c560001u
#define MARKS_LAST 0x4c56ffffu
#define MARKS_MASK 0xffff0000u /* by which all of them are one, and this one: */
#define MARKS_ASIDE \
	CONF_MARK_ASIDE /* of datagrams that IPVS must not see: refused ones */

struct mark {
	char *name; /* of the director */
	uint32_t mark;
};

struct marks {
	struct mark *list; /* sorted by name */
	size_t n, cap;
};

void marks_fini(struct marks *m);

/* Notes that the director NAME has MARK. False, and nothing is noted, when MARK is not
 * of the range or another's. */
bool marks_add(struct marks *m, const char *name, uint32_t mark);

/* Is MARK, though no director of the list has it, still in use? */
typedef bool marks_used_fn(uint32_t mark, void *arg);

/*
 * Gives every director of CONF that needs one its mark (director_conf.mark), none
 * that the file gives to another or that USED tells of. What is new is noted in M. False
 * when the range has no more: the director has mark 0 then.
 */
bool marks_give(struct marks *m, struct conf *conf, marks_used_fn *used, void *arg);

/* Forgets the names that CONF does not have and whose mark is not USED. */
void marks_prune(
    struct marks *m, const struct conf *conf, marks_used_fn *used, void *arg);

#endif
