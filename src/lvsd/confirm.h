/*
 * confirm: a configuration on trial.
 *
 * After "reload confirm TIME" the configuration of before comes back unless "confirm"
 * follows in time; the file is not touched. What was not confirmed stays out until an
 * operator asks for it:
 *   - Another reload while it is waited goes in place and is on trial, too: the way
 *     back and its time stay. With a time of its own, that counts from then on.
 *   - A restart goes on waiting. A file that was not confirmed in time is not loaded
 *     by a restart either, unless it was changed since; a reload does load it.
 * So the way back always leads to what ran last without being on trial, and it is on
 * disk before the trial begins.
 */
#ifndef LVSD_CONFIRM_H
#define LVSD_CONFIRM_H

#include <jansson.h>

#include "lib/buf.h"
#include "lvsd/lvsd.h"

struct confirm;

struct confirm *confirm_new(struct lvsd *l);
void confirm_free(struct confirm *c); /* NULL is allowed, here and below */

/* CONF, out of the file, is about to be loaded: on trial for MS, or (0) as any other.
 * True: what that means after a restart has to be on disk first. */
bool confirm_asked(struct confirm *c, const struct conf *conf, uint64_t ms);
/* Takes over BEFORE, which ran until now. */
void confirm_replaced(struct confirm *c, struct conf *before);
/* BEFORE could not be put back in place; it is tried again. Takes it over. */
void confirm_keep(struct confirm *c, struct conf *before);
/* An operator confirms. False: nothing is on trial. */
bool confirm_done(struct confirm *c);

/* The way back as a record has it, quoted: made once, as it may be megabytes, and kept
 * until the last of its holders releases it. */
struct confirm_text {
	struct buf quoted;
	const struct conf *of;
	unsigned holders;
};

/*
 * Appends to B what is to be known after a restart: a member whose object goes on with
 * the text that is returned. It is the caller's to release. NULL: there is nothing, and
 * nothing was appended.
 */
struct confirm_text *confirm_record(struct confirm *c, struct buf *b);
void confirm_release(struct confirm_text *t); /* NULL is allowed */
/*
 * After a restart: which configuration to run. FILE, which is taken over, is what the
 * file says; ROOT is the record of before, of THIS_BOOT or another. Returns FILE or
 * what it replaces.
 */
struct conf *confirm_restore(
    struct confirm *c, const json_t *root, bool this_boot, struct conf *file);

/* For status: null, or "left_s" while a trial runs, or "taken_back". */
json_t *confirm_show(const struct confirm *c);

#endif
