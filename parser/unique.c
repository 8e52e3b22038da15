/*
 * An open table: each entry is in the first free place behind that of its hash.
 * The hashes are kept, so that nothing far away is looked at to tell two apart.
 */
#include "parser/unique.h"

#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"

#define SIZE_MIN 16

void unique_fini(struct unique *u)
{
	free(u->slots);
	*u = (struct unique){ 0 };
}

static size_t size_for(size_t n)
{
	size_t size = SIZE_MIN;

	while (size < 2 * n)
		size *= 2;
	return size;
}

void unique_clear(struct unique *u, size_t n)
{
	const size_t size = size_for(n);

	if (size > u->size || size < u->size / 16) {
		unique_fini(u);
		u->slots = xcalloc(size, sizeof *u->slots);
		u->size = size;
	} else if (u->n > 0) {
		memset(u->slots, 0, u->size * sizeof *u->slots);
	}
	u->n = 0;
}

static void grow(struct unique *u)
{
	const struct unique old = *u;

	u->size = size_for(2 * (old.n + 1));
	u->slots = xcalloc(u->size, sizeof *u->slots);
	for (size_t i = 0; i < old.size; i++) {
		size_t at = old.slots[i] >> 32 & (u->size - 1);

		if (old.slots[i] == 0)
			continue;
		while (u->slots[at] != 0)
			at = (at + 1) & (u->size - 1);
		u->slots[at] = old.slots[i];
	}
	free(old.slots);
}

/* The place of what is the SAME as ELEMENT, or the one where it belongs. */
static size_t place(const struct unique *u, const void *array, size_t size,
    const void *element, uint32_t hash, unique_same *same)
{
	size_t at = hash & (u->size - 1);

	for (; u->slots[at] != 0; at = (at + 1) & (u->size - 1)) {
		const size_t i = (uint32_t)u->slots[at] - 1;

		if (u->slots[at] >> 32 == hash &&
		    same((const char *)array + i * size, element))
			break;
	}
	return at;
}

size_t unique_find(const struct unique *u, const void *array, size_t size,
    const void *element, uint32_t hash, unique_same *same)
{
	size_t at;

	if (u->n == 0)
		return SIZE_MAX;
	at = place(u, array, size, element, hash, same);
	return u->slots[at] != 0 ? (uint32_t)u->slots[at] - 1 : SIZE_MAX;
}

size_t unique_add(struct unique *u, const void *array, size_t size, size_t i,
    uint32_t hash, unique_same *same)
{
	size_t at;

	if (2 * (u->n + 1) > u->size)
		grow(u);
	at = place(u, array, size, (const char *)array + i * size, hash, same);
	if (u->slots[at] != 0)
		return (uint32_t)u->slots[at] - 1;
	u->slots[at] = (uint64_t)hash << 32 | (uint32_t)(i + 1);
	u->n++;
	return SIZE_MAX;
}

/* Eight bytes at a time; the multiplier is that of the golden ratio. */
uint32_t unique_hash(uint32_t seed, const void *bytes, size_t len)
{
	const unsigned char *b = bytes;
	uint64_t h = seed, part;

	for (; len >= sizeof part; len -= sizeof part, b += sizeof part) {
		memcpy(&part, b, sizeof part);
		h = (h ^ part) * 0x9e3779b97f4a7c15U;
		h ^= h >> 32;
	}
	for (part = len; len > 0; len--)
		part = part << 8 | *b++;
	h = (h ^ part) * 0x9e3779b97f4a7c15U;
	return (uint32_t)(h >> 32 ^ h >> 15);
}
