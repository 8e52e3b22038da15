/*
 * conn: one TCP connection to the server of a run.
 *
 * Never blocks and has no deadline of its own: the run's timer ends connecting,
 * handshake and talk alike. It closes by RST, so that a check leaves no
 * TIME_WAIT behind.
 */
#ifndef LVSD_CHECK_CONN_H
#define LVSD_CHECK_CONN_H

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>

#include "check/probe.h"

struct run;

/* What became of an attempt to move bytes, plain or over TLS. */
struct conn_result {
	enum {
		CONN_MOVED,  /* n bytes, at least 1; for a handshake: it is done */
		CONN_AGAIN,  /* when there is an event of "events" */
		CONN_ENDED,  /* the server will send no more */
		CONN_FAILED, /* reason, code, and maybe a static text */
	} what;
	size_t n;
	int events;
	enum reason reason;
	int code;
	const char *text;
};

struct conn {
	ev_io io;
	struct run *run;
	void (*on_ready)(struct conn *c);
	bool established;
};

/*
 * Begins to connect to the target of R, from its source if it has one. ON_READY
 * is called when the connection stands, and then whenever one of the events of
 * conn_want() is there. A failure, now or later, ends the run by run_ended(),
 * which must lead to conn_close(). C must live until then.
 */
void conn_open(struct conn *c, struct run *r, void (*on_ready)(struct conn *c));

/* Waits for EVENTS (EV_READ, EV_WRITE) from now on, and for nothing else. */
void conn_want(struct conn *c, int events);

struct conn_result conn_send(struct conn *c, const void *data, size_t len);
struct conn_result conn_recv(struct conn *c, void *data, size_t size);

/* Frees what conn_open() made, not C. */
void conn_close(struct conn *c);

#endif
