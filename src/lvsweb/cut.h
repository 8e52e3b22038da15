/*
 * cut: a long answer, taken apart before it is read.
 *
 * An answer is one JSON object with a list of directors in it that may have megabytes. As
 * a tree it would be ten times as large, so its objects are cut out as text and each is
 * read, used and dropped by itself. Nothing is judged here: what is not JSON fails as it
 * is read.
 */
#ifndef LVSD_LVSWEB_CUT_H
#define LVSD_LVSWEB_CUT_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"

/* Who takes what is cut out. */
struct cut_taker {
	/* An object of LEN bytes at TEXT, of the array that is the member KEY. */
	bool (*take)(void *data, const char *key, const char *text, size_t len);
	void *data;
};

/* Gives each object that stands in an array that is a member of the object TEXT to TAKER,
 * and appends TEXT without them to REST. False as soon as TAKER says so. */
bool cut(const char *text, size_t len, const struct cut_taker *taker, struct buf *rest);

#endif
