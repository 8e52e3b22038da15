/*
 * answer and http_body: texts found however they are cut, bodies out of their
 * chunks, and what is no body.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "check/answer.h"
#include "check/http_body.h"
#include "check/http_status.h"

/* Feeds the LEN bytes at TEXT in pieces of STEP, each from the heap. */
static bool found_in(struct answer *a, const char *text, size_t len, size_t step)
{
	for (size_t at = 0; at < len; at += step) {
		size_t n = len - at < step ? len - at : step;
		char *piece = malloc(n);

		memcpy(piece, text + at, n);
		answer_feed(a, piece, n);
		free(piece);
	}
	return a->found;
}

static void finds(void **state)
{
	static const char text[] = "220 a\r\n\0aab\r\n\r\n";
	static const struct {
		const char *want;
		size_t len;
		bool there;
	} rows[] = { { "aab", 3, true }, { "2", 1, true }, { "\r\n\r\n", 4, true },
		{ "\0a", 2, true }, { "aaab", 4, false }, { "b ", 2, false },
		{ "220 a\r\n\0aab\r\n\r\n", 15, true },
		{ "220 a\r\n\0aab\r\n\r\nx", 16, false } };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		for (size_t step = 1; step < sizeof text; step++) {
			struct answer a;

			answer_init(&a, rows[i].want, rows[i].len);
			assert_int_equal(
			    found_in(&a, text, sizeof text - 1, step), rows[i].there);
			answer_fini(&a);
		}
	}
}

/* Long ones, across the pieces that the search itself makes. */
static void finds_in_much(void **state)
{
	size_t len = 20000;
	char *text = malloc(len);

	(void)state;
	memset(text, 'x', len);
	for (size_t at = 0; at < len - 5; at += 37) {
		struct answer a;

		memcpy(text + at, "hello", 5);
		answer_init(&a, "hello", 5);
		assert_true(answer_feed(&a, text, len));
		answer_fini(&a);
		answer_init(&a, "hello", 5);
		assert_false(answer_feed(&a, text, at + 4));
		assert_true(answer_feed(&a, text + at + 4, 1));
		answer_fini(&a);
		memset(text + at, 'x', 5);
	}
	free(text);
}

static void keeps_the_last_line(void **state)
{
	static const struct {
		const char *text, *line;
	} rows[] = { { "one\r\ntwo\r\n", "two" }, { "one\ntwo", "two" },
		{ "one\r\n\r\n", "one" }, { "\n\n", "" }, { "", "" },
		{ "x\n0123456789012345678901234567890123456789012345678901234567890123456789"
		  "01234567890123456789",
		    "01234567890123456789012345678901234567890123456789012345678901234567890"
		    "123456789" } };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		for (size_t step = 1; step < 100; step += 7) {
			struct answer a;

			answer_init(&a, "?", 1);
			found_in(&a, rows[i].text, strlen(rows[i].text), step);
			assert_int_equal(a.line_len, strlen(rows[i].line));
			assert_memory_equal(a.line, rows[i].line, a.line_len);
			answer_fini(&a);
		}
	}
}

struct body_row {
	const char *bytes, *body;
	enum http_body_verdict verdict;
};

static const struct body_row bodies[] = {
	/* clang-format off */
	{ "\r\nabc", "abc", BODY_MORE },
	{ "A: b\r\n\r\nabc", "abc", BODY_MORE },
	{ "A: b\n\nabc", "abc", BODY_MORE },
	{ "Content-Length: 3\r\n\r\nabcd", "abc", BODY_END },
	{ "Content-Length: 4\r\n\r\nabc", "abc", BODY_MORE },
	{ "content-length:0\r\n\r\nabc", "", BODY_END },
	{ "Content-Length: -3\r\n\r\nabc", "", BODY_MALFORMED },
	{ "Content-Length: x\r\n\r\nabc", "", BODY_MALFORMED },
	{ "Content-Length: 3x\r\n\r\nabc", "", BODY_MALFORMED },
	{ "Content-Length: 99999999999999999999999\r\n\r\nabc", "", BODY_MALFORMED },
	{ "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", "abcde",
	  BODY_END },
	{ "Transfer-Encoding: gzip, Chunked\r\n\r\nA;x=y\r\n0123456789\r\n", "0123456789",
	  BODY_MORE },
	/* Where both are given the chunks count, RFC 9112, section 6.3. */
	{ "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n", "ab",
	  BODY_END },
	{ "Transfer-Encoding: chunked\r\n\r\nabc", "", BODY_MORE },
	{ "Transfer-Encoding: chunked\r\n\r\nxyz\r\n", "", BODY_MALFORMED },
	{ "Transfer-Encoding: chunked\r\n\r\n\r\n", "", BODY_MALFORMED },
	{ "Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n", "a", BODY_MALFORMED },
	{ "Transfer-Encoding: chunked\r\n\r\n1;xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	  "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\na", "", BODY_MALFORMED },
	/* clang-format on */
};

struct collected {
	char bytes[64];
	size_t len;
};

static void collect(void *arg, const char *data, size_t len)
{
	struct collected *c = arg;

	assert_true(c->len + len <= sizeof c->bytes);
	memcpy(c->bytes + c->len, data, len);
	c->len += len;
}

static void body_in_pieces(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
		const struct body_row *row = &bodies[i];
		size_t len = strlen(row->bytes);

		for (size_t step = 1; step <= len; step++) {
			enum http_body_verdict v = BODY_MORE;
			struct collected c = { .len = 0 };
			struct http_body b;

			http_body_init(&b, 0);
			for (size_t at = 0; at < len && v == BODY_MORE; at += step)
				v = http_body_feed(&b, row->bytes + at,
				    len - at < step ? len - at : step, collect, &c);
			if (v != row->verdict || c.len != strlen(row->body) ||
			    memcmp(c.bytes, row->body, c.len) != 0)
				fail_msg("row %zu in steps of %zu: %d", i, step, (int)v);
		}
	}
}

/* Headers without end are cut with the status line's count. */
static void headers_are_bounded(void **state)
{
	static const char line[] = "A: bbbbbbbbbbb\r\n";
	struct collected c = { .len = 0 };
	struct http_body b;
	size_t taken = 0;

	(void)state;
	http_body_init(&b, 100);
	while (http_body_feed(&b, line, sizeof line - 1, collect, &c) == BODY_MORE)
		taken += sizeof line - 1;
	assert_in_range(taken, HTTP_HEAD_MAX - 200, HTTP_HEAD_MAX);
	http_body_init(&b, 0);
	assert_int_equal(http_body_feed(&b, "A: \0", 4, collect, &c), BODY_MALFORMED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds),
		cmocka_unit_test(finds_in_much),
		cmocka_unit_test(keeps_the_last_line),
		cmocka_unit_test(body_in_pieces),
		cmocka_unit_test(headers_are_bounded),
	};

	return cmocka_run_group_tests_name("answer", tests, NULL, NULL);
}
