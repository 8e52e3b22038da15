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

/* The caller owns the result. TEXTS: with what servers answered, which is for
 * operators only. */
json_t *show_status(struct lvsd *l, bool texts);
/* The same of one director, or of one "director/server", without the daemon's own. NAME
 * is cut up. */
json_t *show_director_status(struct lvsd *l, char *name, bool texts);
/* The services that are ours, as the kernel has them: `ipvsadm -Sn`. */
json_t *show_table(struct lvsd *l);

/* One line a director into the log (SIGUSR1). */
void show_log(const struct lvsd *l);

#endif
