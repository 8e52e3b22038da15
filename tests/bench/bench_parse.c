/*
 * bench_parse: how long the parser takes for a file, and what it needs for it.
 *
 * "bench_parse FILE" prints a line of numbers: servers, lines, the median of 15
 * times for parsing and validation in us, the bytes of the tree, and by how many
 * bytes the process grew at its most: the text, the tree and what is needed
 * while parsing. One process a file, since that last figure never shrinks.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "lib/arena.h"
#include "lib/mono.h"
#include "parser/parser.h"

#define TIMES 15

static uint64_t parse_once(const struct conf_text *text, size_t *servers, size_t *bytes)
{
	struct diags d;
	struct conf *c;
	uint64_t begun, took;

	diags_init(&d);
	begun = mono_us();
	c = conf_parse(text, READ_CHECK, &d);
	took = mono_us() - begun;
	diags_print(stderr, &d);
	if (c != NULL) {
		*servers = c->n_servers;
		*bytes = arena_size(c->arena);
	}
	conf_free(c);
	diags_fini(&d);
	return took;
}

static int by_time(const void *a, const void *b)
{
	const uint64_t *s = a, *t = b;

	return (*s > *t) - (*s < *t);
}

static size_t peak(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (size_t)usage.ru_maxrss * 1024;
}

int main(int argc, char **argv)
{
	const size_t before = peak();
	struct conf_text text;
	struct diags d;
	uint64_t times[TIMES];
	size_t servers = 0, bytes = 0, lines = 0;

	diags_init(&d);
	if (argc != 2 || !conf_read(&text, argv[1], READ_CHECK, &d, NULL)) {
		fprintf(stderr, "usage: bench_parse FILE\n");
		return 2;
	}
	for (int i = 0; i < TIMES; i++)
		times[i] = parse_once(&text, &servers, &bytes);
	qsort(times, TIMES, sizeof times[0], by_time);
	for (size_t i = 0; i < text.len; i++)
		lines += text.data[i] == '\n';
	if (servers == 0)
		return 1;
	printf("%zu %zu %llu %zu %zu\n", servers, lines,
	    (unsigned long long)times[TIMES / 2], bytes, peak() - before);
	conf_text_fini(&text);
	diags_fini(&d);
	return 0;
}
