/*
 * buf: bytes that grow at their end.
 *
 * For text that is put together piece by piece and then written: answers,
 * messages, the canonical configuration. A zeroed struct buf is an empty one.
 */
#ifndef LVSD_LIB_BUF_H
#define LVSD_LIB_BUF_H

#include <stddef.h>

struct buf {
	char *data; /* NUL-ended once anything was added; NULL before */
	size_t len, cap;
};

void buf_add(struct buf *b, const void *bytes, size_t len);
void buf_str(struct buf *b, const char *s);
void buf_printf(struct buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Frees the bytes; the buf is empty again and can be used on. */
void buf_fini(struct buf *b);

#endif
