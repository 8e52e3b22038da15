/*
 * incoming: a large answer that is shown while it comes.
 *
 * The daemon cuts off who does not take its answer, and a pager may not take ours for an
 * hour. So while something is written, what comes meanwhile is taken into memory.
 */
#ifndef LVSD_LVSCTL_INCOMING_H
#define LVSD_LVSCTL_INCOMING_H

#include <stdbool.h>

#include "lib/buf.h"

struct incoming {
	const char *path; /* of the socket */
	int fd;		  /* -1: its end came */
	struct buf raw;
	size_t at, looked; /* in raw: what was not handed out yet; and has no newline */
};

/* Sends REQUEST to the socket PATH, which stays the caller's. False after one line on
 * standard error. */
bool incoming_open(struct incoming *in, const char *path, const char *request);
void incoming_fini(struct incoming *in);

/* The next line, with its newline, or what is there at the end without one, and its
 * length; NULL at the end. It lives until the next call of any of these. */
const char *incoming_line(struct incoming *in, size_t *len);
/* The same of all that is there, when that is at least MIN bytes, or the end. */
const char *incoming_piece(struct incoming *in, size_t min, size_t *len);

/* Writes OUT to standard output, and empties it. False after one line on standard error:
 * it cannot be written. */
bool incoming_show(struct incoming *in, struct buf *out);
/* Says that the answer ended before it was whole. */
void incoming_print_broken(const struct incoming *in);

#endif
