/*
 * reply: an answer that is made while it is written.
 *
 * Large answers, and those that have no end, are not put together first: whoever
 * writes them (client.h) asks for the next piece when the client took the one
 * before, between turns of the event loop. So an answer costs the daemon one piece
 * of memory and no turn, however large it is and however slowly it is read.
 */
#ifndef LVSD_REPLY_H
#define LVSD_REPLY_H

#include "lib/buf.h"

enum reply_next {
	REPLY_MORE,  /* there is more at once */
	REPLY_PAUSE, /* there is more, but in another turn of the loop */
	REPLY_LATER, /* reply->ready() is called when there is */
	REPLY_END,
};

struct reply;

struct reply_ops {
	/* Appends the next piece to OUT: some KiB, made in some 100 us. */
	enum reply_next (*more)(struct reply *r, struct buf *out);
	void (*free)(struct reply *r);
};

/* The first member of each kind of reply. */
struct reply {
	const struct reply_ops *ops;
	/* Set by the writer before it asks: to be called, from anywhere but more(),
	 * after REPLY_LATER. It may be called too often. */
	void (*ready)(void *writer);
	void *writer;
};

#endif
