/* A record as the daemon reads it again: written, and parsed. */
#ifndef LVSD_TESTS_RECORD_CASE_H
#define LVSD_TESTS_RECORD_CASE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "lvsd/record.h"

/* record_write() with nothing more to tell; the caller owns the result. */
static inline json_t *record_case(const struct record_origin *o,
    const struct ipvs_table *owned, const struct settings *settings,
    const struct state *s)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	json_error_t error;
	json_t *root;

	assert_non_null(out);
	assert_true(record_write(out, o, owned, settings, s, NULL));
	fclose(out);
	root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
	assert_non_null(root);
	free(text);
	return root;
}

#endif
