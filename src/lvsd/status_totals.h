/*
 * status_totals: how many directors and servers have each state.
 *
 * A page begins with them, so they are counted before the first director is told of:
 * some at a time, as the loop may not be held for a hundred thousand servers.
 */
#ifndef LVSD_STATUS_TOTALS_H
#define LVSD_STATUS_TOTALS_H

#include "lib/buf.h"
#include "lvsd/lvsd.h"

#define STATUS_WORDS_MAX 8

/* Words in the order in which they were met, and how often. */
struct status_tally {
	const char *words[STATUS_WORDS_MAX];
	size_t counts[STATUS_WORDS_MAX], n;
};

/* Zeroed: nothing was counted yet. */
struct status_totals {
	struct status_tally directors, servers;
	size_t director, server; /* of the state, that come next */
};

/* Counts on, at most STATUS_TOTALS_A_PIECE of both together. False: that was all. */
#define STATUS_TOTALS_A_PIECE 1000
bool status_totals_more(struct status_totals *t, const struct lvsd *l);
/* Appends the member "totals". */
void status_totals_put(const struct status_totals *t, struct buf *b);

#endif
