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
#include <stdio.h>

#include "ipvs/ipvs.h"
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
 * Writes the record of S, whose services are those in OWNED (with their notes), to OUT,
 * with the members of MORE, an object. False, and errno: OUT could not be written, as
 * far as its buffer was.
 */
bool record_write(FILE *out, const struct record_origin *o,
    const struct ipvs_table *owned, const struct settings *settings,
    const struct state *s, json_t *more);

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
