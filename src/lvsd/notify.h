/*
 * notify: tells the service manager how the daemon stands (sd_notify(3)).
 *
 * A datagram to the socket that $NOTIFY_SOCKET names: READY, RELOADING, STOPPING,
 * and WATCHDOG at half the time that $WATCHDOG_USEC gives. Without such a socket
 * nothing is done. Nobody waits for the manager: what does not fit in its queue is
 * lost.
 */
#ifndef LVSD_NOTIFY_H
#define LVSD_NOTIFY_H

#include <ev.h>

/* Takes the environment's words for this process and removes them from it. */
void notify_open(void);
/* Starts the watchdog's timer on LOOP, if there is one. */
void notify_watch(struct ev_loop *loop);

void notify_ready(void);
void notify_reloading(void); /* notify_ready() says when that is over */
void notify_stopping(void);

#endif
