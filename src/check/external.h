/*
 * external: a check that is a program.
 *
 * The program belongs to the machine's administrator: it is found by its absolute
 * path, and neither it nor a directory on the way may be writable by others. It
 * is run without a shell, with an environment of nothing but LVSD_*, in a process
 * group of its own that is killed when the check is over. So many run at once and
 * no more.
 */
#ifndef LVSD_CHECK_EXTERNAL_H
#define LVSD_CHECK_EXTERNAL_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EXTERNAL_MAX 32 /* at once */

/* Whether the program that COMMAND begins with may be run; else ERROR (SIZE bytes)
 * tells why not, beginning with its path. */
bool external_trusted(const char *command, char *error, size_t size);

struct checker;
struct program;
LIST_HEAD(program_list, program);

/* Lets go of those that were killed because they could not be watched, and are gone
 * by now. To be called every EXTERNAL_REAP_US while C->n_unwatched is not 0. */
#define EXTERNAL_REAP_US 50000
void external_reap(struct checker *c);

/* Kills what C runs: it is about to end itself. */
void external_kill_all(struct checker *c);

#endif
