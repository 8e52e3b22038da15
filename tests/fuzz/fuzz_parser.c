/*
 * fuzz_parser: any bytes through the parser, and what it takes printed.
 *
 * Nothing may crash, leak or hang; a file is refused with an error or taken
 * without; what is taken has a canonical text that is taken again, and whose
 * own canonical text is itself. Built by tests/fuzz/build, with clang.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "parser/parser.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The canonical text of the LEN bytes at TEXT; false when they are refused. */
static bool canonical(
    const char *text, size_t len, enum read_purpose purpose, struct buf *out)
{
	struct conf_text t = { "fuzz", (char *)text, len };
	struct diags d;
	struct conf *c;
	FILE *null = fopen("/dev/null", "w");

	diags_init(&d);
	c = conf_parse(&t, purpose, &d);
	if ((c == NULL) != (d.n_errors > 0) || null == NULL)
		abort();
	diags_print(null, &d);
	fclose(null);
	diags_fini(&d);
	if (c == NULL)
		return false;
	conf_print(c, out);
	conf_free(c);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf once = { 0 }, twice = { 0 };

	if (canonical((const char *)data, size, READ_TEXT, &once)) {
		if (!canonical(once.data, once.len, READ_TEXT, &twice) ||
		    once.len != twice.len ||
		    memcmp(once.data, twice.data, once.len) != 0) {
			fprintf(
			    stderr, "%s\n---- is not ----\n%s\n", once.data, twice.data);
			abort();
		}
	}
	buf_fini(&once);
	buf_fini(&twice);
	return 0;
}
