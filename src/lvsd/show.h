/*
 * show: what the daemon knows, as JSON.
 *
 * The objects that go over the sockets; lvsctl(8) makes them readable.
 * Numbers of connections are read from the kernel when they are asked for.
 */
#ifndef LVSD_SHOW_H
#define LVSD_SHOW_H

#include <jansson.h>

#include "lvsd/lvsd.h"

/* TEXT as a JSON string; where it is not UTF-8 its bytes above 0x7f become "?". */
json_t *show_text(const char *text);

/* The daemon itself: the answer to "show daemon", and the beginning of that to "show
 * status". The caller owns the result. */
json_t *show_daemon(struct lvsd *l);
/* One line a director into the log (SIGUSR1), some of them each turn. */
void show_log(struct lvsd *l);

#endif
