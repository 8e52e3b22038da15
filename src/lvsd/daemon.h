/*
 * daemon: what makes the process a daemon.
 *
 * Forking into the background, the locks that keep a second one away, the
 * rights it keeps, its signals, and the end of each turn of the loop.
 */
#ifndef LVSD_DAEMON_H
#define LVSD_DAEMON_H

#include "lvsd/lvsd.h"

/* The start failed: one line on standard error (none for an empty text), and the
 * end of the process, and of the one that waits in front, with STATUS. */
void daemon_fail(enum exit_status status, const char *fmt, ...)
    __attribute__((noreturn, format(printf, 2, 3)));

/* -D: goes on in a child. The parent waits until the child is ready and ends
 * with 0, or with the status the child failed with. */
void daemon_fork(void);
/* The start is over: lets the parent go and leaves the terminal. */
void daemon_ready(struct lvsd *l);

/*
 * One daemon a network namespace, a state file and a pid file. Holds the locks
 * until the process ends; ends the process when one is taken.
 */
void daemon_lock(struct lvsd *l, const struct conf *conf);
/* Removes the pid file. */
void daemon_unlock(void);

/* Asks the kernel one thing, to see whether we may. False with errno. */
bool daemon_probe(struct ipvs *ipvs);

/* Keeps only the capabilities that are needed later. Without root: nothing. */
void daemon_limit_rights(void);

/* Signals, the tick, and the plan at the end of each turn. */
void daemon_watch(struct lvsd *l);

#endif
