/*
 * lib/command: one program, run to its end under a deadline.
 */
#ifndef LVSD_LIB_COMMAND_H
#define LVSD_LIB_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/buf.h"

/*
 * Runs ARGV (the first is looked for in the directories of system programs, no shell
 * is involved) with INPUT (may be NULL) on its standard input and an environment
 * of nothing but PATH and LC_ALL=C. OUT gets its standard output, ERROR what it says
 * on standard error, or what went wrong here, as one line. True when it ended
 * with status 0 within DEADLINE_MS; after that it is killed.
 */
bool command_run(const char *const argv[], const char *input, unsigned deadline_ms,
    struct buf *out, struct buf *error);

#endif
