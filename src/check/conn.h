/*
 * conn: one connection to the server of a run, over TCP or UDP.
 *
 * Never blocks and has no deadline of its own: the run's timer ends connecting,
 * handshake and talk alike. Events are edges: whoever reads goes on until there
 * is nothing left. A TCP connection ends by RST, so that a check leaves no
 * TIME_WAIT behind.
 */
#ifndef LVSD_CHECK_CONN_H
#define LVSD_CHECK_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "check/probe.h"

struct run;
struct socket;

/* What became of an attempt to move bytes, plain or over TLS. */
struct conn_result {
	enum {
		CONN_MOVED,  /* n bytes; for a handshake: it is done */
		CONN_AGAIN,  /* there will be an event */
		CONN_ENDED,  /* the server will send no more */
		CONN_FAILED, /* reason, code, and maybe a static text */
	} what;
	size_t n;
	enum reason reason;
	int code;
	const char *text;
};

struct conn {
	struct run *run;
	struct socket *socket; /* NULL: none */
	void (*on_ready)(struct conn *c);
	bool established;
	/* What this event was about: something came; it is the end of all. */
	bool readable, ended;
};

/*
 * Begins to connect to the target of R, from its source if it has one; TYPE is
 * SOCK_STREAM or SOCK_DGRAM. ON_READY is called when the connection stands, and
 * then whenever something may have come or gone. A failure, now or later, ends
 * the run by run_ended(), which must lead to conn_close(). C must live until
 * then.
 */
void conn_open(struct conn *c, struct run *r, int type, void (*on_ready)(struct conn *c));

/* For sockets.c: EVENTS of epoll happened at C's socket, or at its predecessor. */
void conn_event(struct conn *c, uint32_t events);

int conn_fd(const struct conn *c);

/* A datagram may have no bytes, so CONN_MOVED with n = 0 is one. */
struct conn_result conn_send(struct conn *c, const void *data, size_t len);
struct conn_result conn_recv(struct conn *c, void *data, size_t size);

/* Frees what conn_open() made, not C. */
void conn_close(struct conn *c);

#endif
