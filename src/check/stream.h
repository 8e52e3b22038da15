/*
 * stream: one exchange over TCP, with or without TLS.
 *
 * Connects, shakes hands, sends what there is to say, and hands what comes back
 * to its owner piece by piece. What goes wrong on the way ends the run; only
 * the bytes are for the owner to judge. However much a server sends,
 * STREAM_MAX bytes are read.
 */
#ifndef LVSD_CHECK_STREAM_H
#define LVSD_CHECK_STREAM_H

#include <stdbool.h>
#include <stddef.h>

#include "check/conn.h"
#include "check/tls.h"

#define STREAM_MAX (64 * 1024)

/* What a method does at the turns of an exchange. Each may end the run. */
struct stream_ops {
	/* Everything was sent. True: now read; false: the run has ended. NULL: read. */
	bool (*sent)(struct run *r);
	/* LEN bytes came. True: go on; false: the run has ended. */
	bool (*data)(struct run *r, const char *data, size_t len);
	/* The server sends no more, or STREAM_MAX bytes came (ENDED false). The run
	 * must be ended. */
	void (*end)(struct run *r, bool ended);
};

struct stream {
	struct conn conn;
	const struct stream_ops *ops;
	struct ssl_st *ssl; /* NULL: no TLS, or not connected yet */
	struct tls_setting tls;
	const char *out; /* what is still to be sent */
	size_t out_len, received;
	bool ready; /* connected, and the handshake is done */
};

/*
 * Begins an exchange for R, whose talk begins with S. The LEN bytes at OUT must
 * live until stream_close().
 */
void stream_open(struct stream *s, struct run *r, const struct stream_ops *ops,
    struct tls_setting tls, const char *out, size_t len);
void stream_close(struct stream *s);

#endif
