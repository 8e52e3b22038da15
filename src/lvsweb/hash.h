/*
 * hash: FNV-1a of 64 bits (http://www.isthe.com/chongo/tech/comp/fnv/), to see whether
 * something is another one. Nothing depends on nobody finding two that are the same.
 */
#ifndef LVSD_LVSWEB_HASH_H
#define LVSD_LVSWEB_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define HASH_START 0xcbf29ce484222325

static inline uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t len)
{
	const unsigned char *at = bytes;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ at[i]) * 0x100000001b3;
	return hash;
}

/* With its NUL, so that "a", "bc" is not "ab", "c". */
static inline uint64_t hash_text(uint64_t hash, const char *text)
{
	return hash_bytes(hash, text, strlen(text) + 1);
}

#endif
