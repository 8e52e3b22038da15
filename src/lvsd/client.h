/*
 * client: everybody who is connected to one of the sockets.
 *
 * A client sends one line, gets its answer, and is gone. Whatever it does or fails to
 * do costs the daemon at most that client: lines are bounded, answers are made
 * piece by piece as it takes them and only so many in a turn of the loop, and
 * each step has a deadline.
 */
#ifndef LVSD_CLIENT_H
#define LVSD_CLIENT_H

#include "lvsd/lvsd.h"
#include "lvsd/request.h"

#define CLIENTS_MAX 64 /* a socket */

struct clients;

struct clients *clients_new(struct lvsd *l);
/* Ends all of them; what stands ready is sent as far as it goes at once. */
void clients_free(struct clients *cs); /* NULL is allowed */

/* Serves FD, a connected socket that is taken over, or closes it: nobody has more than
 * 8 connections to a socket, and the checker's user none to that of the operators
 * (MAY_CHANGE). */
void clients_add(struct clients *cs, int fd, bool may_change);

/* What those wait for that wait for WHAT is done, up to number DONE. */
void clients_wake(struct clients *cs, enum request_waits what, uint64_t done);

/* What will be said to these is what is to be said now. */
void clients_note(struct clients *cs, enum request_waits what, uint64_t done);

#endif
