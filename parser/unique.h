/*
 * unique: which of many things is there already?
 *
 * A table of the hashes of an array's elements and their numbers, for names and
 * addresses of which a file may have a hundred thousand. The array stays with
 * the caller, as with qsort(3), and may move between calls. A zeroed struct
 * unique is an empty one.
 */
#ifndef LVSD_PARSER_UNIQUE_H
#define LVSD_PARSER_UNIQUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct unique {
	uint64_t *slots; /* hash and number, plus one; 0: free */
	size_t size;	 /* 0, or a power of two at least twice n */
	size_t n;
};

/* Are the elements A and B the same? Those that are have the same hash. */
typedef bool unique_same(const void *a, const void *b);

void unique_fini(struct unique *u);
/* Empties U, and makes room for N. */
void unique_clear(struct unique *u, size_t n);

/* The number of the element of ARRAY, whose elements have SIZE bytes, that is the
 * SAME as ELEMENT with this HASH; SIZE_MAX when there is none. */
size_t unique_find(const struct unique *u, const void *array, size_t size,
    const void *element, uint32_t hash, unique_same *same);
/* As unique_find() of element I, which is added when there is none. */
size_t unique_add(struct unique *u, const void *array, size_t size, size_t i,
    uint32_t hash, unique_same *same);

/* A hash of the LEN bytes, begun at SEED. */
uint32_t unique_hash(uint32_t seed, const void *bytes, size_t len);

#endif
