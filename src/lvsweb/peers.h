/*
 * peers: the connections of browsers, and until when each has time.
 *
 * The library ends a connection on which nothing moves. Who moves a byte now and then
 * is ended here: a request has to be whole, and an answer taken, before a deadline.
 */
#ifndef LVSD_LVSWEB_PEERS_H
#define LVSD_LVSWEB_PEERS_H

struct peer;
struct peers;

struct peers *peers_new(void);
/* When no connection is left. */
void peers_free(struct peers *ps);
/* Ends the connections whose time is over. From any thread. */
void peers_sweep(struct peers *ps);

/* A new connection, from which a request has to come. */
struct peer *peer_new(struct peers *ps, int fd);
/* Before its descriptor is closed. */
void peer_free(struct peer *p);
/* It has asked, or taken a piece of an answer without end: so much time for the next. */
void peer_works(struct peer *p);
/* An answer is done, and another request may come. */
void peer_waits(struct peer *p);
/* It has nothing to do, and no deadline. */
void peer_rests(struct peer *p);

#endif
