/*
 * status: the pieces that the status page is made of.
 *
 * A page is text in a buffer. It is made from the answer to "show brief" while that
 * comes, director by director.
 */
#ifndef LVSD_LVSCTL_STATUS_H
#define LVSD_LVSCTL_STATUS_H

#include <jansson.h>
#include <stdbool.h>

#include "lib/buf.h"

#define STATUS_INDENT 2
/* Name, blank and address: what state, since, weight and connections leave. */
#define STATUS_NAMES_WIDTH 40

/* What the columns of servers are, in their order; doc/control.md, "show brief". */
enum status_column {
	COLUMN_NAME,
	COLUMN_ADDRESS,
	COLUMN_STATE,
	COLUMN_SINCE,
	COLUMN_WEIGHT, /* this and the next two: null when it is not in the table */
	COLUMN_ACTIVE,
	COLUMN_INACTIVE,
	COLUMN_REST,
	COLUMNS,
};

struct page {
	struct buf *out;
	bool colour;
	int name, address; /* the longest so far */
	int name_width, address_width;
};

/* Makes the columns as wide as what stands in DIRECTOR and those before it, as far as
 * there is room; names give way before IPv4 addresses do. */
void status_fit(struct page *p, const json_t *director);

/* STATE padded to WIDTH, in its colour. */
void status_put_state(const struct page *p, const char *state, int width);
/* TEXT in red, in lines with INDENT blanks in front. */
void status_put_alarm(const struct page *p, size_t indent, const char *text);
/* The daemon, what is wrong with it, and the totals: the members before "directors". */
void status_put_daemon(const struct page *p, const json_t *status);
/* A director with its servers. */
void status_put_director(const struct page *p, const json_t *director);
/* What leaves: the members behind "directors". */
void status_put_end(const struct page *p, const json_t *end);
/* How many directors and servers there are, and how they stand: two lines. */
void status_put_totals(const struct page *p, const json_t *totals);

#endif
