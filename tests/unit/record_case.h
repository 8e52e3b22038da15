/* A record as the daemon reads it again: written, and parsed. */
#ifndef LVSD_TESTS_RECORD_CASE_H
#define LVSD_TESTS_RECORD_CASE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "lvsd/own.h"
#include "lvsd/record.h"

/* All pieces of the record of S and the services in OWNED; the caller owns the result. */
static inline json_t *record_case_more(const struct record_origin *o,
    const struct ipvs_table *owned, const struct settings *settings, struct state *s,
    const struct record_more *more)
{
	const struct lvsd l = { .have = *owned, .state = s, .cleared = true };
	struct buf text = { 0 };
	struct owned ids;
	struct record *r;
	json_error_t error;
	json_t *root;

	own_identities(&l, &ids);
	r = record_new(o, &ids, settings, more, &text);
	while (record_next(r, owned, s, &text))
		;
	record_free(r);
	root = json_loadb(text.data, text.len, JSON_REJECT_DUPLICATES, &error);
	if (root == NULL)
		fail_msg("line %d: %s", error.line, error.text);
	free(ids.ids);
	buf_fini(&text);
	return root;
}

/* With nothing more to tell. */
static inline json_t *record_case(const struct record_origin *o,
    const struct ipvs_table *owned, const struct settings *settings, struct state *s)
{
	return record_case_more(o, owned, settings, s, &(struct record_more){ 0 });
}

#endif
