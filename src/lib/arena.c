/*
 * An arena is a list of blocks; only the newest is filled. Large pieces get a
 * block of their own behind it.
 */
#include "arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xalloc.h"

#define BLOCK_SIZE (64 * 1024)

struct block {
	struct block *next;
	size_t used, size; /* of data, in bytes */
	alignas(max_align_t) unsigned char data[];
};

struct arena {
	struct block *blocks; /* the newest first; only that one is filled */
	size_t size;
};

static struct block *block_add(struct arena *a, size_t size)
{
	struct block *b = xmalloc(sizeof *b + size);

	b->used = 0;
	b->size = size;
	a->size += sizeof *b + size;
	return b;
}

struct arena *arena_new(void)
{
	return xcalloc(1, sizeof(struct arena));
}

void arena_free(struct arena *a)
{
	if (a == NULL)
		return;
	for (struct block *b = a->blocks, *next; b != NULL; b = next) {
		next = b->next;
		free(b);
	}
	free(a);
}

/* SIZE bytes, not cleared, aligned to ALIGN (a power of two). */
static void *take(struct arena *a, size_t size, size_t align)
{
	struct block *b = a->blocks;
	size_t at = b != NULL ? (b->used + align - 1) & ~(align - 1) : 0;

	if (b == NULL || at > b->size || b->size - at < size) {
		if (size > BLOCK_SIZE / 4 && b != NULL) {
			/* A large piece gets a block of its own, behind the one
			 * being filled, so that its free end is not wasted. */
			struct block *own = block_add(a, size);
			own->next = b->next;
			b->next = own;
			own->used = size;
			return own->data;
		}
		b = block_add(a, size > BLOCK_SIZE ? size : BLOCK_SIZE);
		b->next = a->blocks;
		a->blocks = b;
		at = 0;
	}
	b->used = at + size;
	return b->data + at;
}

/* The size of a type is a multiple of its alignment. */
static size_t align_for(size_t size)
{
	const size_t low = size & -size;

	return low != 0 && low < alignof(max_align_t) ? low : alignof(max_align_t);
}

void *arena_alloc(struct arena *a, size_t size)
{
	return memset(take(a, size, align_for(size)), 0, size);
}

void *arena_dup(struct arena *a, const void *from, size_t size)
{
	return memcpy(take(a, size, align_for(size)), from, size);
}

char *arena_strndup(struct arena *a, const char *s, size_t len)
{
	char *p = take(a, len + 1, 1);

	memcpy(p, s, len);
	p[len] = '\0';
	return p;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	int len;
	char *p;

	va_start(ap, fmt);
	len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (len < 0)
		abort();
	p = take(a, (size_t)len + 1, 1);
	va_start(ap, fmt);
	vsnprintf(p, (size_t)len + 1, fmt, ap);
	va_end(ap);
	return p;
}

size_t arena_size(const struct arena *a)
{
	return a->size;
}
