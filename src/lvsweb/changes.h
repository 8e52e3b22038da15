/*
 * changes: what happened last, in words, of what lvsd says to "events".
 */
#ifndef LVSD_LVSWEB_CHANGES_H
#define LVSD_LVSWEB_CHANGES_H

#include <stddef.h>
#include <time.h>

#include "lib/arena.h"

#define CHANGES_MAX 8

struct change {
	time_t at;
	const char *who;  /* "web/rs2", "web", or which part of lvsd */
	const char *what; /* "up -> down: connection refused" */
	const char *is;	  /* the word behind the arrow, "" without one */
};

/* Reads the last of the lines in the LEN bytes at TEXT into CHANGES, newest first; its
 * texts are A's. Lines that are no events are passed over. Returns how many there are. */
size_t changes_read(
    struct arena *a, const char *text, size_t len, struct change changes[CHANGES_MAX]);

#endif
