/*
 * xalloc: memory that cannot fail.
 *
 * Running out of memory is the system's fault, and nothing sensible can be
 * done half-way: every function here ends the process with one line on
 * standard error when the allocator refuses. Sizes that would overflow end it
 * too. What they return is freed with free().
 */
#ifndef LVSD_LIB_XALLOC_H
#define LVSD_LIB_XALLOC_H

#include <stddef.h>

void *xmalloc(size_t size) __attribute__((malloc, returns_nonnull));
void *xcalloc(size_t n, size_t size) __attribute__((malloc, returns_nonnull));
/* Resizes PTR (or allocates, when NULL) to N elements of SIZE bytes. */
void *xreallocarray(void *ptr, size_t n, size_t size) __attribute__((returns_nonnull));
char *xstrdup(const char *s) __attribute__((malloc, returns_nonnull));
char *xasprintf(const char *fmt, ...)
    __attribute__((format(printf, 1, 2), returns_nonnull));

/*
 * Makes room for one more element at the end of a growing array: ARRAY holds N
 * elements and has room for *CAP. Returns the (possibly moved) array.
 */
void *xgrow(void *array, size_t n, size_t *cap, size_t size)
    __attribute__((returns_nonnull));

#endif
