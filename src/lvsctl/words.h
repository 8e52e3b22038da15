/*
 * words: values of an answer, as people read them.
 *
 * Widths are columns of a terminal. Text that came from elsewhere is printed by
 * words_put(), so that no server can send escape codes to an operator's terminal.
 */
#ifndef LVSD_LVSCTL_WORDS_H
#define LVSD_LVSCTL_WORDS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"

#define WORDS_MAX 24	 /* bytes of a number or time */
#define WORDS_COLUMNS 80 /* of a page */

/* The text KEY of O; "" when there is none. */
const char *words_of(const json_t *o, const char *key);
bool words_are(const json_t *o, const char *key, const char *text);
/* The number KEY of O, whole or not; 0 when there is none. */
long long words_number(const json_t *o, const char *key);
double words_real(const json_t *o, const char *key);
/* Where STATUS, the answer to "show status", has no weight in the table for a server,
 * that is not in it; else nobody knows, for the kernel did not answer. */
bool words_knows_table(const json_t *status);

/* "850ms", "12s", "3m12s", "2h05m", "4d03h", "412d"; at most 6 columns. These return
 * BUF, which has WORDS_MAX bytes. */
const char *words_time(double seconds, char *buf);
const char *words_count(double n, char *buf); /* "999999", "1.23M"; at most 6 columns */

/* Appends TEXT with "?" for every byte that is not printable ASCII, cut to MAX columns
 * with "..." at its end. */
void words_put(struct buf *out, const char *text, size_t max);
/* Appends TEXT in lines of WORDS_COLUMNS at most, each with INDENT blanks in front. */
void words_put_wrapped(struct buf *out, size_t indent, const char *text);

/* Whether standard output may be coloured (NO_COLOR, isatty). */
bool words_colour(void);
/* The escape code that STATE is shown in; "": none. */
const char *words_colour_of(const char *state);

#endif
