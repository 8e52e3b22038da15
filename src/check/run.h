/*
 * run: one check under way.
 *
 * A target (target.h) rests until it is due (due.h); when it needs a descriptor and
 * the budget is spent, it waits in a queue; then it has a run until run_done(), which
 * is called exactly once per start: by the method, or at the deadline. The wheel
 * knows both times. A paused target rests until it is resumed, and then goes on in its
 * phase.
 */
#ifndef LVSD_CHECK_RUN_H
#define LVSD_CHECK_RUN_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "check/alarm.h"
#include "check/arp.h"
#include "check/conn.h"
#include "check/external.h"
#include "check/loop.h"
#include "check/method.h"
#include "check/nets.h"
#include "check/probe.h"
#include "check/raw.h"
#include "check/report.h"
#include "check/sockets.h"
#include "check/target.h"
#include "check/tls.h"
#include "check/wheel.h"

struct run {
	struct checker *checker;
	struct target *target;
	const struct probe_ops *ops;
	struct probe probe;	   /* what is asked: check, address and port */
	uint64_t due_us, round_us; /* this round and the next */
	uint64_t interval_us;	   /* in between */
	char *text;		   /* the target's */
	bool news;		   /* of the method's own, to be told at once */
	union {			   /* the method's own */
		void *talk;
		uint64_t cookie;
		struct conn conn;
	};
	SLIST_ENTRY(run) idle;
};
SLIST_HEAD(run_list, run);

struct budget {
	size_t used, max;
	uint32_t first, last; /* targets that wait, by number; RUN_NONE: none */
	bool filling;	      /* the queue is being served right now */
};
#define RUN_NONE UINT32_MAX

/* Everything the checker process has. */
struct checker {
	struct loop loop;
	struct wheel wheel;
	struct watch term; /* a signalfd, where there are programs to kill first */
	struct sockets sockets;
	struct targets targets;
	struct run_list idle; /* runs for the next checks */
	size_t n_idle;
	struct budget budgets[NEEDS];
	struct program_list programs, gone;
	size_t n_unwatched; /* programs, see external_reap() */
	struct checker_figures figures;
	struct alarms alarms;
	struct report report;
	struct raw raw;
	struct tls_contexts tls;
	struct nets nets;
	struct arp_tree arp;
};

/*
 * Makes C->targets of the N PROBES, of which only the checks must outlive it, and
 * schedules those that are not paused (due_first_us).
 */
void run_init_all(struct checker *c, const struct probe *probes, size_t n);
/* Frees what that made, when nothing is under way. */
void run_fini_all(struct checker *c);

/* One turn: waits for an event or a time, unless WAIT is false, and does all that is
 * to be done about it. */
void run_turn(struct checker *c, bool wait);

/*
 * The check is over. Feeds the health unless REASON is local trouble, reports
 * and arms the next round. Whatever is said after the deadline came too late: it
 * is the method's silence. TEXT (LEN bytes from anywhere, NULL for none) is
 * copied, cut and escaped. CODE as in struct probe_report.
 */
void run_done(struct run *r, enum reason reason, int code, const char *text, size_t len);
/* The same without a text. */
void run_ended(struct run *r, enum reason reason, int code);

/* A program that a check started is gone; sockets are given back by run_done(). */
void run_release(struct checker *c, enum needs what);

/* Does what the daemon asks of a probe; an order that makes no sense is none. */
void run_order(struct checker *c, const struct probe_order *o);

#endif
