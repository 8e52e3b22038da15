/*
 * ask: one request to the status socket.
 *
 * Everything has a deadline, and a descriptor that becomes readable ends the waiting, so
 * that a daemon that hangs neither holds a thread nor an end of the program.
 */
#ifndef LVSD_LVSWEB_ASK_H
#define LVSD_LVSWEB_ASK_H

#include <stdbool.h>

#include "lib/buf.h"

#define ASK_ERROR_MAX 256

/* Connects to the socket at PATH, sends the line REQUEST and appends all that comes to
 * ANSWER. When that fails, or STOP becomes readable first, it is false with the cause
 * in ERROR, which has ASK_ERROR_MAX bytes; ANSWER may have a part then. */
bool ask(
    const char *path, const char *request, int stop, struct buf *answer, char *error);

#endif
