/*
 * wheel: what is due when, for any number of things at a few instructions each.
 *
 * Seven rings of 64 slots, a slot of one as long as the whole ring below it, the
 * shortest 8 ms. What is far off waits in a long slot and moves to shorter ones as
 * its time comes near; what is taken out in between, as most deadlines are, is
 * unlinked and never looked at. Within a slot the microsecond counts. Things are
 * known by their number, their nodes are in an array of their owner's. No clock.
 */
#ifndef LVSD_CHECK_WHEEL_H
#define LVSD_CHECK_WHEEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WHEEL_SLOT_BITS 6
#define WHEEL_SLOTS (1 << WHEEL_SLOT_BITS)
#define WHEEL_RINGS 7 /* a thousand years */
#define WHEEL_LISTS (WHEEL_RINGS * WHEEL_SLOTS + 1)
#define WHEEL_NEVER UINT64_MAX

struct wheel_node {
	uint64_t at_us;
	uint32_t next, prev; /* numbers, or what wheel.c makes of them */
};

struct wheel {
	char *nodes; /* the first; the others follow each STRIDE bytes */
	size_t stride;
	uint64_t tick;		      /* nothing that is in a slot is due before it */
	uint64_t soonest_us;	      /* 0: to be looked for */
	uint64_t filled[WHEEL_RINGS]; /* a bit for each slot that is not empty */
	uint32_t lists[WHEEL_LISTS];  /* all slots, and what is ripe */
};

/* An empty wheel at NOW_US for the N NODES, STRIDE bytes from each other and fewer than
 * 2^31, which are the caller's and outlive it. */
void wheel_init(
    struct wheel *w, struct wheel_node *nodes, size_t stride, size_t n, uint64_t now_us);

/* Number I, which is not in the wheel, is due at AT_US; a time that is past is now. */
void wheel_add(struct wheel *w, uint32_t i, uint64_t at_us);
/* Number I is not waited for any more; if it is not in the wheel, nothing happens. */
void wheel_remove(struct wheel *w, uint32_t i);

/* Takes out one that is due by NOW_US, which never goes back. False: there is none. */
bool wheel_pop(struct wheel *w, uint64_t now_us, uint32_t *i);

/*
 * Until when wheel_pop(), which has just been called, will find nothing: the time of what
 * is due first, or earlier when that is half a second off or more. 0: it has not
 * found all yet. WHEEL_NEVER: the wheel is empty.
 */
uint64_t wheel_soonest_us(struct wheel *w);

#endif
