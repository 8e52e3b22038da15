/*
 * status: the pieces that the status page is made of.
 *
 * A page is text in a buffer; how wide names and addresses are is the same for all of
 * it.
 */
#ifndef LVSD_LVSCTL_STATUS_H
#define LVSD_LVSCTL_STATUS_H

#include <jansson.h>
#include <stdbool.h>

#include "lib/buf.h"

#define STATUS_INDENT 2
/* Name, blank and address: what state, since, weight and connections leave. */
#define STATUS_NAMES_WIDTH 40

struct page {
	struct buf *out;
	bool colour;
	int name_width, address_width;
};

/* STATE padded to WIDTH, in its colour. */
void status_put_state(const struct page *p, const char *state, int width);
/* TEXT in red, in lines with INDENT blanks in front. */
void status_put_alarm(const struct page *p, size_t indent, const char *text);
/* A director with its servers, as "show status" tells of it. */
void status_put_director(const struct page *p, const json_t *director);
/* How many directors and servers there are, and how they stand: two lines. */
void status_put_totals(const struct page *p, const json_t *directors);
/* The one word that says how SERVER stands: its health, or the operator's. */
const char *status_server_state(const json_t *server);

#endif
