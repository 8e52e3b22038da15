/*
 * record: what outlives the process, as JSON.
 *
 * Which services of the kernel are ours and until when leaving ones may stay, what
 * operators decided, what checks found, and the kernel settings of before.
 * Nothing is read or written here; statefile.h does that. Times are those of
 * CLOCK_MONOTONIC, which mean something in the same boot only.
 */
#ifndef LVSD_RECORD_H
#define LVSD_RECORD_H

#include <jansson.h>

#include "ipvs/ipvs.h"
#include "lib/buf.h"
#include "lvsd/lvsd.h"
#include "lvsd/settings.h"
#include "lvsd/state.h"

#define RECORD_VERSION 1

/* Where and when a record is true. */
struct record_origin {
	char boot[64]; /* /proc/sys/kernel/random/boot_id */
	/* The network namespace, by its cookie, which is never used again, or on a
	 * kernel before 5.14 by its inode; 0: a dry run (socket(7), SO_NETNS_COOKIE). */
	uint64_t netns;
};

void record_origin(struct record_origin *o, bool dry_run);

/*
 * A record that is made in pieces, each of some 100 us, so that a hundred thousand
 * servers do not hold the loop. What it says is ours is what was when it began; of
 * servers, and of what leaves, each piece tells as it is when it is made.
 */
struct record;

/* What else is in it: members, each with a comma before it, the last of which may go on
 * with TEXT and one brace behind it. */
struct record_more {
	struct buf members;
	const struct buf *text; /* NULL: it does not */
};

/* Begins the record of the services in OWNED, and appends its first piece to B. OWNED and
 * MORE->text are the caller's, and have to stay as long. */
struct record *record_new(const struct record_origin *o, const struct owned *owned,
    const struct settings *settings, const struct record_more *more, struct buf *b);
/* Appends another piece to B: the notes of what leaves are those of HAVE, and S has to be
 * of one configuration for all pieces. False: it was the last. */
bool record_next(struct record *r, const struct ipvs_table *have, const struct state *s,
    struct buf *b);
void record_free(struct record *r); /* NULL is allowed */

/* Whether ROOT is a record that this version reads. ERROR tells why not. */
bool record_check(const json_t *root, char *error, size_t size);

/* ROOT, which was checked, was made in this boot and namespace: what it says of the
 * kernel is true. */
bool record_is_here(const json_t *root, const struct record_origin *o);
bool record_is_this_boot(const json_t *root, const struct record_origin *o);

/* Appends the services that were ours, with the notes of what left; sorted. */
void record_owned(const json_t *root, struct ipvs_table *owned);
void record_settings(const json_t *root, struct settings *settings);
/*
 * Puts decisions into S, and for the same boot also what agents said, and scores and times of those
 * servers whose health HAVE confirms: one that was up is in the kernel with
 * weight, one that was down is not. Health that the kernel contradicts is void.
 */
void record_servers(
    const json_t *root, bool this_boot, struct state *s, const struct ipvs_table *have);

#endif
