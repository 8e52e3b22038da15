/*
 * bench_parse: how long the parser takes for a file, and what its tree weighs.
 *
 * "bench_parse FILE" prints one line: servers and lines, the best of five
 * times for parsing and validation, that a server and a line, the bytes of the
 * tree a server, and the most memory that the process had, a server. One
 * process a file, since that last figure never shrinks.
 */
#include <stdio.h>
#include <sys/resource.h>

#include "lib/arena.h"
#include "lib/mono.h"
#include "parser/parser.h"

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

int main(int argc, char **argv)
{
	struct conf_text text;
	struct diags d;
	struct rusage usage;
	uint64_t best = UINT64_MAX;
	size_t servers = 0, bytes = 0, lines = 0;

	diags_init(&d);
	if (argc != 2 || !conf_read(&text, argv[1], READ_CHECK, &d, NULL)) {
		fprintf(stderr, "usage: bench_parse FILE\n");
		return 2;
	}
	for (int i = 0; i < 5; i++) {
		uint64_t took = parse_once(&text, &servers, &bytes);

		best = took < best ? took : best;
	}
	getrusage(RUSAGE_SELF, &usage);
	for (size_t i = 0; i < text.len; i++)
		lines += text.data[i] == '\n';
	if (servers == 0)
		return 1;
	printf("%zu servers, %zu lines  %.1f ms  %.0f ns a server, %.0f a line  "
	       "%.0f bytes a server, %.0f at most\n",
	    servers, lines, (double)best / 1e3, (double)best * 1e3 / (double)servers,
	    (double)best * 1e3 / (double)lines, (double)bytes / (double)servers,
	    (double)usage.ru_maxrss * 1024 / (double)servers);
	conf_text_fini(&text);
	diags_fini(&d);
	return 0;
}
