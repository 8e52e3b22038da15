/*
 * rollout: a change to all servers of a director, some at a time, without a client
 * noticing.
 *
 * A batch is drained; when its last connection is gone the command runs for each of
 * its servers; when a check that began after that finds them up, they are made ready.
 * Whatever goes wrong ends it there, and the batch in hand stays drained.
 */
#ifndef LVSD_LVSCTL_ROLLOUT_H
#define LVSD_LVSCTL_ROLLOUT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "lvsctl/lvsctl.h"
#include "lvsctl/progress.h"

struct member {
	char *name;
	char *address;	 /* with its port, as status shows it */
	bool drained;	 /* by us, and not made ready again */
	pid_t pid;	 /* of its command; 0: it does not run */
	uint64_t ran_us; /* mono: when that ended */
};

struct rollout {
	const struct call *call;
	const char *director, *command;
	double timeout_s; /* for one to be found up again */
	struct member *members;
	size_t n, batch;
	size_t first, end; /* of the batch in hand */
	struct progress progress;
	int status; /* to exit with, once something failed */
};

/* The director as it is now, inside of ANSWER, which the caller owns; NULL: failed. */
const json_t *rollout_look(struct rollout *r, json_t **answer);
/* What it says of M; NULL: it is no longer there. */
const json_t *rollout_find(const json_t *director, const struct member *m);
/* One line on standard error; always false. */
bool rollout_fail(struct rollout *r, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* The bar, and what the batch in hand is at. */
void rollout_show(struct rollout *r, const char *what);

/* Wait until all of the batch are out of the kernel's table; were found up by a check
 * that began after their commands ended; are in the table again. False: something else
 * happened, or it took too long; that was told. */
bool rollout_wait_drained(struct rollout *r);
bool rollout_wait_healthy(struct rollout *r);
bool rollout_wait_in_table(struct rollout *r);

/* Runs the command for each server of the batch, all at once, and waits. False: one
 * failed, or it was interrupted. */
bool rollout_run(struct rollout *r);

#endif
