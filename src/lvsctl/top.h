/*
 * top: one screen of it, as text.
 */
#ifndef LVSD_LVSCTL_TOP_H
#define LVSD_LVSCTL_TOP_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"

struct top_view {
	int columns, lines; /* of the terminal */
	bool colour;
	char sort;    /* the key that chose it */
	size_t first; /* servers above the screen; kept where there are servers */
};

/* Whether KEY chooses an order. */
bool top_sorts(char key);
/* Appends the screen that shows ANSWER, to "show rates": V->lines lines that overwrite
 * what is there. */
void top_page(const json_t *answer, struct top_view *v, struct buf *out);
/* How many servers a screen of V shows. */
size_t top_rows(const struct top_view *v);

#endif
