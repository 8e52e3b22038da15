/*
 * sockets: the descriptors that checks speak through, and their events.
 *
 * All of them hang edge-triggered in the loop for as long as they are open. A TCP
 * socket is used again after it was reset: connect() to AF_UNSPEC aborts the connection
 * by RST (tcp(7), RFC 793 ABORT), leaves no TIME_WAIT and a socket as good as
 * new. So a check costs two system calls for its connection instead of seven.
 */
#ifndef LVSD_CHECK_SOCKETS_H
#define LVSD_CHECK_SOCKETS_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "check/loop.h"
#include "lib/addr.h"

/* Unused sockets that are kept, of both families together. */
#define SOCKETS_IDLE_MAX 256

struct conn;

struct socket {
	struct watch watch;
	SLIST_ENTRY(socket) idle;
	struct conn *conn; /* whose events these are; NULL: nobody's */
	const struct loop *loop;
	uint32_t taken; /* in this batch of events, which is of the use before */
	int fd;
	uint8_t family;
	bool stream; /* TCP */
	bool again;  /* can be used again: TCP, and bound to nothing */
};
SLIST_HEAD(socket_list, socket);

struct sockets {
	struct loop *loop;
	struct socket_list idle[2]; /* IPv4, IPv6 */
	size_t n_idle;
	/* Closed ones. Their memory is kept: an event may still name them. */
	struct socket_list closed;
};

/* No sockets yet; those to come have their events from LOOP. */
void sockets_init(struct sockets *s, struct loop *loop);

/*
 * A socket of TYPE (SOCK_STREAM, SOCK_DGRAM) bound to SOURCE unless that is
 * unset, whose events are C's from now on: conn_event() is called for each.
 * NULL, with errno; *AT_BIND tells whether binding failed.
 */
struct socket *sockets_take(struct sockets *s, struct conn *c, uint8_t family, int type,
    const struct addr *source, bool *at_bind);

/* Ends its connection by reset; the socket is kept or closed. */
void sockets_give(struct sockets *s, struct socket *given);

/* Closes one of those that are kept, if there is one: descriptors are short. */
void sockets_spare(struct sockets *s);

#endif
