/* One allocation that doubles; always a NUL behind the last byte. */
#include "buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xalloc.h"

/* Room for LEN more bytes and a NUL. */
static void reserve(struct buf *b, size_t len)
{
	if (b->cap - b->len > len)
		return;
	size_t cap = b->cap ? b->cap : 128;

	while (cap - b->len <= len)
		cap *= 2;
	b->data = xreallocarray(b->data, cap, 1);
	b->cap = cap;
}

void buf_add(struct buf *b, const void *bytes, size_t len)
{
	reserve(b, len);
	memcpy(b->data + b->len, bytes, len);
	b->len += len;
	b->data[b->len] = '\0';
}

void buf_str(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	size_t room;
	va_list ap;
	int len;

	reserve(b, 0);
	room = b->cap - b->len;
	va_start(ap, fmt);
	len = vsnprintf(b->data + b->len, room, fmt, ap);
	va_end(ap);
	if (len < 0)
		abort();
	if ((size_t)len >= room) {
		reserve(b, (size_t)len);
		va_start(ap, fmt);
		vsnprintf(b->data + b->len, (size_t)len + 1, fmt, ap);
		va_end(ap);
	}
	b->len += (size_t)len;
}

void buf_fini(struct buf *b)
{
	free(b->data);
	memset(b, 0, sizeof *b);
}
