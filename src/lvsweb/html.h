/*
 * html: values as a browser shows them.
 *
 * Everything that comes from elsewhere goes through html_text(). Times are written as
 * <time> with the moment in datetime, so a script can count on where the text stands.
 */
#ifndef LVSD_LVSWEB_HTML_H
#define LVSD_LVSWEB_HTML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "lib/buf.h"

/* Appends TEXT, safe in an element and in a quoted attribute, without a line's end. */
void html_text(struct buf *b, const char *text);
/* Appends TEXT, safe as a value in a query, in a quoted attribute. */
void html_query(struct buf *b, const char *text);

/* "4 s", "3 min 12 s", "2 h 05 min", "4 d 03 h", "412 d". */
void html_duration(struct buf *b, uint64_t seconds);
/* <time> of a moment SECONDS before NOW; its text is the duration, or empty when BARE. */
void html_since(struct buf *b, uint64_t seconds, time_t now, bool bare);
/* "17", "12,345", "4.56 M"; what is exact stands in no more than 7 columns. */
void html_count(struct buf *b, uint64_t n);
/* "17 B", "1.21 kB", "43.5 MB": of a thousand, as networks are measured. */
void html_bytes(struct buf *b, uint64_t n);
/* The N points, oldest first, as a line on which the highest touches the top; TITLE
 * says what they are. UINT32_MAX is a point that is not known. */
void html_spark(struct buf *b, const uint32_t *points, size_t n, const char *title);

#endif
