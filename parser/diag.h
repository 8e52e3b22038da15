/*
 * diag: how the parser's own files add to a list of remarks.
 *
 * The list is kept in the order of the file whatever the order of arrival, so
 * that syntax errors and what validation finds later stand where the reader
 * of the file looks for them.
 */
#ifndef LVSD_PARSER_DIAG_H
#define LVSD_PARSER_DIAG_H

#include <stdarg.h>

#include "parser/parser.h"

/* So many errors are kept, and as many warnings; the rest is only counted. */
#define DIAGS_MAX 50

/* Adds a remark about LOC in FILE, a string that lives as long as D; CHAIN is put
 * behind its text. One that is there already is not repeated. */
void diag_vadd(struct diags *d, enum diag_level level, struct loc loc, const char *file,
    const char *chain, const char *fmt, va_list ap) __attribute__((format(printf, 6, 0)));

/* Gives the remarks about file number FILE their source lines, out of its text. */
void diags_set_lines(struct diags *d, uint16_t file, const char *text, size_t len);

#endif
