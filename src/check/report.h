/*
 * report: the checker's results on their way to the daemon.
 *
 * A change is sent at once, in the turn of the loop that saw it. Everything
 * else only marks its target dirty, and about once a second the dirty ones are
 * sent in one go. What is sent is built at that moment, so when the socket is
 * full nothing piles up: a dirty target is sent later, with its newest result.
 */
#ifndef LVSD_CHECK_REPORT_H
#define LVSD_CHECK_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "check/loop.h"
#include "check/probe.h"

struct checker;
struct report_batch;
struct target;

struct report {
	struct checker *checker;
	int fd;
	uint32_t generation;
	/* Numbers of those that were dirty, the next to be sent first. A target that
	 * was sent meanwhile is not dirty any more, or has another place behind. */
	uint32_t *dirty;
	size_t n_dirty, cap_dirty;
	uint64_t due_us; /* when they are sent; UINT64_MAX: when FD takes them */
	bool full;	 /* FD takes no more now */
	bool gone;	 /* nobody is left at its other end */
	struct report_batch *batch;
	struct watch watch;
	struct checker_figures told;
};

/* Reports of C's targets go to FD in C's loop, and orders come from there (run_order).
 * FD is non-blocking; whoever makes the turns ends them when P->gone. */
void report_init(struct report *p, struct checker *c, int fd, uint32_t generation);
void report_fini(struct report *p);

/* T has a new result, NOW_US; CHANGED: the daemon must know now. */
void report_result(struct report *p, struct target *t, bool changed, uint64_t now_us);

/* Sends what there is; to be called at P->due_us. */
void report_flush(struct report *p);

#endif
