/*
 * job: work that waits for other programs, in a process beside the loop.
 *
 * The child has everything as it was when it was forked, does its work, and writes what
 * there is to tell into a pipe. It is a group of its own with the programs that it
 * runs, and ends with the daemon, or at its deadline.
 */
#ifndef LVSD_JOB_H
#define LVSD_JOB_H

#include <ev.h>
#include <stdbool.h>

#include "lib/buf.h"

struct job;

/* In the child: the work, and in OUT what there is to tell. */
typedef void job_work_fn(void *arg, struct buf *out);
/* In the daemon: the child has ended; WHY is NULL when TOLD is all that it had to tell,
 * else what became of it. The job is gone already. */
typedef void job_done_fn(void *arg, const struct buf *told, const char *why);

/* NULL: no process can be started; errno says why. */
struct job *job_start(struct ev_loop *loop, job_work_fn *work, job_done_fn *done,
    void *arg, double deadline_s);
/* Ends it, and whatever it runs; DONE is not called. NULL is allowed. */
void job_kill(struct job *j);

#endif
