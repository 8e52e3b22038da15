/*
 * source: an answer that is made while it is read.
 *
 * The web server asks for the next bytes when the client has taken those before, so that
 * an answer of megabytes, or one that never ends, costs one piece of memory.
 */
#ifndef LVSD_LVSWEB_SOURCE_H
#define LVSD_LVSWEB_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"
#include "lvsweb/watch.h"

struct source {
	/* Appends something to PIECE; false: there is no more. */
	bool (*more)(struct source *s, struct buf *piece);
	struct knowledge known; /* what it tells of; its status is held */
	struct buf piece;
	size_t sent; /* of it */
	/* Where it is. */
	size_t family, director, server, done;
	bool openmetrics;
};

/* A source that tells of K, whose status it takes over. */
struct source *source_new(
    bool (*more)(struct source *s, struct buf *piece), const struct knowledge *k);
void source_free(struct source *s);
/* Copies at most MAX bytes of what comes next to TO; 0 at the end. */
size_t source_read(struct source *s, char *to, size_t max);

/* For people's spreadsheets and programs that read HAProxy's: its columns. */
bool csv_more(struct source *s, struct buf *piece);
/* For Prometheus: text format 0.0.4, or OpenMetrics 1.0.0 with s->openmetrics. */
bool metrics_more(struct source *s, struct buf *piece);

#endif
