/*
 * put: JSON as text, for answers that have a hundred thousand objects.
 *
 * Those with a KEY append one member, ',"KEY":value', to a buffer, the others a value;
 * the first member of an object is written by the caller with its brace. KEY is a word of
 * ours. Objects that are few are made with jansson: an object of it costs 50 times as much.
 */
#ifndef LVSD_PUT_H
#define LVSD_PUT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/buf.h"

/* TEXT quoted and escaped; bytes that are not UTF-8 become "?". */
void put_quoted(struct buf *b, const char *text);
void put_digits(struct buf *b, int64_t n);
/* US microseconds as seconds, and MS milliseconds. */
void put_decimal(struct buf *b, uint64_t us);
void put_thousandths(struct buf *b, uint64_t ms);

void put_text(struct buf *b, const char *key, const char *text); /* NULL: null */
void put_integer(struct buf *b, const char *key, int64_t n);
void put_bool(struct buf *b, const char *key, bool yes);
void put_null(struct buf *b, const char *key);
void put_json(struct buf *b, const char *key, const json_t *value);
/* US microseconds as seconds. */
void put_seconds(struct buf *b, const char *key, uint64_t us);

#endif
