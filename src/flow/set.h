/*
 * flow/set: sets of the kernel, through libipset. The one file that knows it.
 *
 * Operations wait in a buffer and go many in a message; the first that the kernel
 * refuses ends that. An element that is there already, or gone already, is no error.
 */
#ifndef LVSD_FLOW_SET_H
#define LVSD_FLOW_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow/table.h"

struct set_session;

/* NULL: built without libipset, or it refused. */
struct set_session *set_open(void);
void set_close(struct set_session *s); /* NULL is allowed */

/* What the kernel said to the last call that failed, as one line. */
const char *set_error(const struct set_session *s);
/* Operations sent since the session began: sets and members, made and deleted. */
uint64_t set_operations(const struct set_session *s);

/* Makes a set for N members at first. */
bool set_create(struct set_session *s, const char *name, enum flow_type type,
    uint8_t family, size_t n);
bool set_destroy(struct set_session *s, const char *name);
/* Puts a member in or takes it out, soon: set_commit() says whether it worked. */
void set_add(struct set_session *s, const char *name, enum flow_type type,
    const struct flow_member *m);
void set_delete(struct set_session *s, const char *name, enum flow_type type,
    const struct flow_member *m);
bool set_commit(struct set_session *s);
/* Takes all members out at once. */
bool set_flush(struct set_session *s, const char *name);

/* The names of all sets in the kernel that begin with PREFIX, one a line, in OUT. */
bool set_names(struct set_session *s, const char *prefix, struct buf *out);
/* Reads type and members of the set NAME; FLOW_NO_SET for a type that we do not use. */
bool set_read(struct set_session *s, const char *name, enum flow_type *type,
    struct flow_line *into);

/* Gives TEXT what `ipset save` prints of the set NAME, piece by piece. False: that may be
 * less than all. */
typedef void set_text_fn(const char *text, void *arg);
bool set_save(struct set_session *s, const char *name, set_text_fn *text, void *arg);

/* How many rules name the set NAME, and how many members it has. */
bool set_look(
    struct set_session *s, const char *name, size_t *references, size_t *members);

#endif
