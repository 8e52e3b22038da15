/*
 * statefile: the record on disk.
 *
 * Made by the loop in pieces, so that it never holds the loop, and written whole to a
 * temporary file, fsync, rename, by a process of its own (writer.h), so that a slow disk
 * does not either. Who needs to know that something is on disk
 * asks for a save and is told when it, or a later one, is done. A file that
 * cannot be used is reported and kept aside; the start goes on without it.
 */
#ifndef LVSD_STATEFILE_H
#define LVSD_STATEFILE_H

#include <jansson.h>

#include "lvsd/lvsd.h"

struct statefile;

/* PATH is copied. L's loop is there; its writer, if it is, is used from now on. */
struct statefile *statefile_new(struct lvsd *l, const char *path);
void statefile_free(struct statefile *f); /* NULL is allowed */

/* Where the state of a daemon with OPTIONS and CONF is; the caller owns it. */
char *statefile_path(const struct options *options, const struct conf *conf);

/*
 * The record on disk, checked; NULL when there is none, or none that can be used,
 * which is logged. The caller owns the result.
 */
json_t *statefile_read(struct statefile *f);

/* Writes the record in this process: at the start and the end, when no loop runs.
 * False: it was logged why not. */
bool statefile_write_now(struct statefile *f);

/*
 * Has the record of this moment written soon. Returns its number: once
 * statefile_saved() is as high, it is on disk, or could not be put there
 * (statefile_error()). At most one process writes at a time. What changes before the
 * record is whole may be in it or not: whoever changes something asks, or touches, after.
 */
uint64_t statefile_save(struct statefile *f);
uint64_t statefile_saved(const struct statefile *f);
/* Something changed that may wait: it is saved within half a minute. F may be NULL. */
void statefile_touch(struct statefile *f);
/* Why the last save failed, or NULL. It is tried again within half a minute. */
const char *statefile_error(const struct statefile *f);

#endif
