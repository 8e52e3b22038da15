/*
 * arena: memory that lives and dies together.
 *
 * A configuration is thousands of small nodes that are built once, never
 * changed and dropped whole. An arena hands out pieces of large blocks and
 * frees them all at once; there is no way to free one piece. Pieces are
 * aligned for any type of their size. Out of memory ends the process (xalloc.h).
 */
#ifndef LVSD_LIB_ARENA_H
#define LVSD_LIB_ARENA_H

#include <stddef.h>

struct arena;

struct arena *arena_new(void);
/* Frees the arena and everything that came from it. NULL is allowed. */
void arena_free(struct arena *a);

/* SIZE bytes set to zero; owned by the arena. */
void *arena_alloc(struct arena *a, size_t size) __attribute__((returns_nonnull));
/* A copy of the SIZE bytes at FROM; owned by the arena. */
void *arena_dup(struct arena *a, const void *from, size_t size)
    __attribute__((returns_nonnull));
/* A copy of the LEN bytes at S with a NUL behind them; owned by the arena. */
char *arena_strndup(struct arena *a, const char *s, size_t len)
    __attribute__((returns_nonnull));
char *arena_printf(struct arena *a, const char *fmt, ...)
    __attribute__((format(printf, 2, 3), returns_nonnull));

/* Bytes taken from the system so far, for the memory figures of a load. */
size_t arena_size(const struct arena *a);

#endif
