/*
 * run: a probe as the checker runs it.
 *
 * One struct run per probe. It rests until it is due (due.h); when it needs a
 * descriptor and the budget is spent, it waits in a queue; then it is in
 * flight until run_done(), which is called exactly once per start: by the
 * method, or by the timer at the deadline. There is one timer per run, for
 * both. A paused run rests until it is resumed, and then goes on in its phase.
 */
#ifndef LVSD_CHECK_RUN_H
#define LVSD_CHECK_RUN_H

#include <sys/queue.h>

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "check/alarm.h"
#include "check/arp.h"
#include "check/external.h"
#include "check/nets.h"
#include "check/probe.h"
#include "check/raw.h"
#include "check/report.h"
#include "check/sockets.h"
#include "check/tls.h"

struct run {
	ev_timer timer; /* at rest: when it is due; in flight: the deadline */
	struct checker *checker;
	const struct probe *probe;
	STAILQ_ENTRY(run) waiting;
	TAILQ_ENTRY(run) dirty; /* see report.h */
	union {			/* in flight, the method's own */
		void *talk;
		uint64_t cookie;
	};
	uint64_t due_us;
	uint64_t started_us; /* of the last check; 0: none yet */
	struct health health;
	uint32_t duration_us;
	int32_t code;
	char *text;	/* escaped; NULL: none */
	uint8_t reason; /* enum reason */
	bool in_flight, is_waiting, is_dirty, paused;
	bool news; /* of the method's own, to be told at once */
	struct agent_verdict agent;
};
STAILQ_HEAD(run_queue, run);

/* What there are only so many of. */
enum needs { NEEDS_NOTHING, NEEDS_SOCKET, NEEDS_PROGRAM, NEEDS };
struct budget {
	size_t used, max;
	struct run_queue waiting;
	bool filling; /* the queue is being served right now */
};

/* Everything the checker process has. */
struct checker {
	struct ev_loop *loop;
	ev_check turn;
	ev_io term;	  /* a signalfd, where there are programs to kill first */
	uint64_t turn_us; /* when this turn of the loop began */
	struct sockets sockets;
	struct run *runs;
	size_t n_runs;
	struct budget budgets[NEEDS];
	struct program_list programs;
	struct checker_figures figures;
	struct alarms alarms;
	struct report report;
	struct raw raw;
	struct tls_contexts tls;
	struct nets nets;
	struct arp_tree arp;
};

/* A check method. */
struct probe_ops {
	/* Begins a check. Ends in run_done(), maybe before it returns: touch
	 * nothing of the run after a call that may have done so. */
	void (*start)(struct run *r);
	/* Frees what start made; run_done() calls it, and nobody else. */
	void (*cancel)(struct run *r);
	enum reason silence; /* what a passed deadline means */
	enum needs needs;
};
extern const struct probe_ops tcp_ops, http_ops, icmp_ops, arp_ops, agent_ops;
extern const struct probe_ops external_ops;
extern const struct probe_ops udp_ops, udp_quiet_ops; /* udp_ops: dns, too */

/*
 * Makes C->runs of the N PROBES, which must outlive it, and schedules those that
 * are not paused (due_first_us).
 */
void run_init_all(struct checker *c, const struct probe *probes, size_t n);

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

/* Printable ASCII as it is, everything else as \xHH, and so are the quote and the
 * backslash, for the log has it in quotes; cut to whole escapes and PROBE_TEXT_MAX with
 * the NUL. */
void run_escape(char *to, const char *from, size_t len);

#endif
