/*
 * tcp: the server is up when a connection to it is established.
 */
#include <stdlib.h>

#include "check/conn.h"
#include "check/run.h"
#include "lib/xalloc.h"

static void tcp_established(struct conn *c)
{
	run_ended(c->run, REASON_OK, 0);
}

static void tcp_start(struct run *r)
{
	r->talk = xmalloc(sizeof(struct conn));
	conn_open(r->talk, r, tcp_established);
}

static void tcp_cancel(struct run *r)
{
	conn_close(r->talk);
	free(r->talk);
	r->talk = NULL;
}

const struct probe_ops tcp_ops = {
	.start = tcp_start,
	.cancel = tcp_cancel,
	.silence = REASON_TIMEOUT,
	.needs_descriptor = true,
};
