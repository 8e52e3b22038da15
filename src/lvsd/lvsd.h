/*
 * lvsd: the daemon, as one structure.
 *
 * Everything the daemon holds hangs from here; there are no globals. The
 * road is always the same: something changes the state (a report, a reload,
 * a retry) and marks directors dirty; at the end of the turn of the event
 * loop reconcile.c plans them, compares with what the kernel has, and sends
 * the difference.
 */
#ifndef LVSD_LVSD_H
#define LVSD_LVSD_H

#include <ev.h>
#include <stdbool.h>
#include <sys/types.h>

#include "ipvs/ipvs.h"
#include "lvsd/settings.h"
#include "lvsd/state.h"
#include "lvsd/turn.h"
#include "lvsd/writer.h"

/* Exit statuses; lvsd(8) documents them. */
enum exit_status {
	EXIT_OK = 0,
	EXIT_CONFIG = 1,     /* the configuration has errors */
	EXIT_UNREADABLE = 2, /* the configuration cannot be read */
	EXIT_NO_IPVS = 3,    /* no IPVS in this kernel */
	EXIT_RUNNING = 4,    /* another lvsd is at work here */
	EXIT_PERMISSION = 5, /* not allowed to program IPVS */
	EXIT_SOCKET = 6,     /* a socket, pid or state path cannot be used */
	EXIT_USER = 7,	     /* the checker's user or group does not exist */
	EXIT_SYSTEM = 71,    /* the system refused something else: EX_OSERR */
	EXIT_USAGE = 64,     /* EX_USAGE */
};

struct options {
	const char *config;  /* -f */
	const char *pidfile; /* -p, NULL: none */
	bool check_only;     /* -c */
	bool daemonize;	     /* -D */
	bool dry_run;	     /* --dry-run */
	bool clear;	     /* -x */
	bool verbose;	     /* -v */
};

/* Whom the checker runs as. */
struct checker_user {
	char name[64];
	uid_t uid;
	gid_t gid;
	bool fallback; /* nobody, for want of a user lvsd */
};

/* The checker process of the moment, and those that are on their way out. */
struct child {
	struct lvsd *l;
	pid_t pid;
	int fd; /* report socket; -1 once closed */
	uint32_t generation;
	uint64_t started_us;
	struct checker_figures told; /* the last it sent of itself */
	struct ev_io readable;
	struct ev_child exited;
};

/* How the last reload went, for those who ask later. */
struct reload_result {
	char *error;	/* NULL: it was taken; else what the parser said */
	uint64_t at_us; /* mono; 0: none yet */
	size_t n_ops;	/* that were sent to the kernel */
	char *changes;	/* the first of them as ipvsadm commands, one a line */
	bool checks_kept;
};

/* A configuration that is good and waits until what it will own is on disk. */
struct pending_reload {
	struct conf *conf; /* NULL: none waits */
	struct checker_user user;
	uint64_t save;	 /* the number of the save that it waits for */
	bool back;	 /* it ran before, and comes back (confirm.h) */
	uint64_t number; /* of the reload */
	/* Of the one that is in place: */
	bool rules; /* those of its flows are not there yet */
	bool checks_kept;
	uint64_t placed; /* its number */
	size_t n_ops;
};

/* Identities of services, in the order of tables; see own.h. */
struct owned {
	struct own_id *ids;
	size_t n;
};

/* Processes that make an answer, and who waits for one (aside.h). */
struct aside;
struct asides {
	unsigned running;
	TAILQ_HEAD(, aside) waiting;
};

/* The directors are being told to the log. */
struct show_log {
	struct ev_idle more;
	size_t next;		/* the director that comes next */
	uint64_t configuration; /* whose it is */
};

/* What pace.c remembers from turn to turn. */
struct pace {
	size_t at;    /* the service that has its operations first */
	unsigned cut; /* turns that had no time for all */
	/* Servers deleted since, and in the time before that. */
	uint64_t since_us;
	size_t deleted, deleted_before;
};

struct lvsd {
	struct options options;
	struct ev_loop *loop;
	struct ipvs *ipvs;
	struct state *state;
	uint64_t configuration; /* the number of the one that runs, from 1 */
	struct ipvs_table have; /* what of ours the kernel has, as far as we know */
	struct owned owned;	/* the services that are ours, as it is on disk */
	size_t foreign;		/* services that are not ours, when last listed */
	struct settings settings;
	struct sync_state *sync;
	struct statefile *statefile;
	struct writer writer;
	struct audit *audit;
	struct tick *ticks; /* NULL: none has anything for the next */
	struct marking *marking;
	bool resync;		 /* have is not to be trusted: read the kernel again */
	unsigned resyncs_failed; /* in a row */
	bool dirty;		 /* some director is */
	size_t tick_at;		 /* where in have the next tick looks first */
	size_t plan_at;		 /* the director that is planned first */
	struct pace pace;
	LIST_HEAD(, pieces) reading; /* who has to know of operations (pieces.h) */
	struct ev_idle plan_on;	     /* directors wait for their next turn */
	bool clear;		     /* at the end take what is ours out of the kernel */
	bool cleared;		     /* that was done */

	struct checker_user user;
	struct child *checker;			   /* NULL between two of them */
	uint32_t generation;			   /* of the newest list of probes */
	unsigned checker_deaths;		   /* in a row, for the back-off */
	uint64_t checker_restarts, checker_starts; /* since the start */
	struct checker_figures figures;		   /* of all checkers together */

	struct reload_result reload;
	struct pending_reload pending;
	struct confirm *confirm;
	uint64_t started_us, reloads;
	struct control *control;
	struct events *events;
	struct asides asides;

	struct turns turns;
	struct show_log log;
	struct ev_signal hup, term, intr, usr1;
	struct ev_prepare turn_end;
	struct ev_timer tick; /* connections that end, kernels that refuse */
	struct ev_timer checker_restart;
};

#endif
