/*
 * fuzz_import: any bytes through lvsctl import.
 *
 * Nothing may crash, leak or hang, and what is printed is a file that the daemon
 * would start with. Built by tests/fuzz/build, with clang.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "lvsctl/import.h"
#include "parser/parser.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must_load(const struct buf *out)
{
	const struct conf_text t = { "imported", out->data, out->len };
	struct conf *c;
	struct diags d;

	diags_init(&d);
	c = conf_parse(&t, READ_START, &d);
	if (c == NULL) {
		diags_print(stdout, &d);
		fwrite(out->data, 1, out->len, stdout);
		abort();
	}
	conf_free(c);
	diags_fini(&d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf out = { 0 };
	struct import im;

	import_init(&im, "input", (const char *)data, size);
	if (import_translate(&im, &out))
		must_load(&out);
	import_fini(&im);
	buf_fini(&out);
	return 0;
}
