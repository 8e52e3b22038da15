/*
 * report: the checker's results on their way to the daemon.
 *
 * A change is sent at once, in the turn of the loop that saw it. Everything
 * else only marks its run dirty, and about once a second the dirty ones are
 * sent in one go. What is sent is built at that moment, so when the socket is
 * full nothing piles up: a dirty run is sent later, with its newest result.
 */
#ifndef LVSD_CHECK_REPORT_H
#define LVSD_CHECK_REPORT_H

#include <sys/queue.h>

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>

#include "check/probe.h"

struct checker;
struct run;
TAILQ_HEAD(run_list, run);

struct report {
	struct checker *checker;
	struct ev_loop *loop;
	int fd;
	uint32_t generation;
	struct run_list dirty; /* the next to be sent first */
	ev_timer tick;
	ev_io writable, readable;
	struct checker_figures told;
};

/* Reports of C's runs go to FD in C's loop, and orders come from there (run_order).
 * FD is non-blocking; when its other end is gone the process exits with 0. */
void report_init(struct report *p, struct checker *c, int fd, uint32_t generation);

/* R has a new result; CHANGED: the daemon must know now. */
void report_result(struct report *p, struct run *r, bool changed);

#endif
