/*
 * control: two Unix sockets, one for operators, one for readers.
 *
 * A client sends one line and gets one JSON object back, then the connection
 * closes. What a client does or fails to do costs the daemon at most that
 * client: lines are bounded, answers are written as the client takes them, and
 * every connection has a deadline.
 */
#ifndef LVSD_CONTROL_H
#define LVSD_CONTROL_H

#include "lvsd/lvsd.h"

struct control;

/*
 * Makes both sockets with their owners and modes and serves them on L->loop. A
 * directory that does not exist is made. NULL when one cannot be had; ERROR
 * then holds a line that says which and why.
 */
struct control *control_open(struct lvsd *l, char *error, size_t size);
/* Closes clients and sockets and removes their paths. NULL is allowed. */
void control_close(struct control *c);

/* Reloads up to NUMBER are done, or were refused after they waited; the state file was saved up to
 * number SAVED; the audit that was asked for went through. Who waits for that is
 * answered. C may be NULL. */
void control_reloaded(struct control *c, uint64_t number);
void control_saved(struct control *c, uint64_t saved);
void control_audited(struct control *c);
/* Those who wait for reloads up to NUMBER will be answered with what is to be said of
 * the last one now. C may be NULL. */
void control_note_reload(struct control *c, uint64_t number);

#endif
