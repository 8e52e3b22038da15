/*
 * turn: how long one turn of the event loop takes.
 *
 * From the moment the loop wakes to the moment it waits again everything else waits:
 * 5 ms at most, but for a reload and the first fill of the table, which are reported
 * apart. By the clock what the machine takes for others counts, too; so the processor's
 * time stands beside it. Whoever may take long says what he does, so that the worst turn
 * has a name: that of what took the most of it.
 */
#ifndef LVSD_TURN_H
#define LVSD_TURN_H

#include <ev.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct turns {
	struct ev_check begin;
	struct ev_prepare end;
	/* The one that runs. */
	uint64_t begun_us; /* mono; 0: none has */
	uint64_t begun_cpu_us;
	bool reloads;			 /* it does a reload */
	const char *doing, *did;	 /* now; what took longest so far */
	uint64_t doing_since_us, did_us; /* mono; how long that was */

	uint64_t n, worst_us, worst_cpu_us, long_ones;
	const char *worst_did, *worst_cpu_did; /* NULL: there was no turn */
	uint64_t reload_us, first_fill_us;     /* the worst; 0: there was none */
};

/* Measures the turns of LOOP from now on. T stays where it is. */
void turn_watch(struct turns *t, struct ev_loop *loop);
/* The turn that runs does a reload. */
void turn_reloads(struct turns *t);
/* From now on it does WHAT, a literal. */
void turn_does(struct turns *t, const char *what);

/* For status; the caller owns it. */
json_t *turn_show(const struct turns *t);

#endif
