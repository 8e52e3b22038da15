/*
 * http_status: verdicts of whole answers, of every way to cut them in two, and
 * of bytes fed one by one; and that hostile input costs what it may.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "check/http_status.h"

/* clang-format off */
static const struct row {
	const char *answer;
	size_t len;
	enum http_verdict verdict;
	unsigned code;
	const char *line;
} rows[] = {
#define ROW(answer, verdict, code, line) { answer, sizeof answer - 1, verdict, code, line }
	ROW("HTTP/1.1 200 OK\r\n",               HTTP_FINAL, 200, "HTTP/1.1 200 OK"),
	ROW("HTTP/1.0 200 OK\n",                 HTTP_FINAL, 200, "HTTP/1.0 200 OK"),
	ROW("HTTP/1.1 204\r\n",                  HTTP_FINAL, 204, "HTTP/1.1 204"),
	ROW("HTTP/1.1 404 \r\n",                 HTTP_FINAL, 404, "HTTP/1.1 404 "),
	ROW("HTTP/1.1 200 a\tb \xc3\xa9\r\n",    HTTP_FINAL, 200, "HTTP/1.1 200 a\tb \xc3\xa9"),
	ROW("HTTP/1.1 999 x\r\n",                HTTP_FINAL, 999, "HTTP/1.1 999 x"),
	ROW("HTTP/1.1 101 Switching\r\n",        HTTP_FINAL, 101, "HTTP/1.1 101 Switching"),
	ROW("HTTP/1.1 200 OK\r\nX: y\r\n\r\nbody\0", HTTP_FINAL, 200, "HTTP/1.1 200 OK"),
	ROW("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 503 No\r\n",
	    HTTP_FINAL, 503, "HTTP/1.1 503 No"),
	ROW("HTTP/1.1 100\n\nHTTP/1.1 103 E\r\nLink: a\r\nB: c\r\n\r\nHTTP/1.1 200 OK\r\n",
	    HTTP_FINAL, 200, "HTTP/1.1 200 OK"),
	ROW("",                                  HTTP_MORE, 0, NULL),
	ROW("HTTP/1.1 200 OK\r",                 HTTP_MORE, 0, NULL),
	ROW("HTTP/1.1 100 Continue\r\n\r\n",     HTTP_MORE, 100, NULL),
	ROW("HTTP/1.1 100 Continue\r\nA: b\r\n", HTTP_MORE, 100, NULL),
	ROW("HTTP/2 200\r\n",                    HTTP_MALFORMED, 0, NULL),
	ROW("HTTP/2.0 200 OK\r\n",               HTTP_MALFORMED, 0, NULL),
	ROW("HTTP/0.9 200 OK\r\n",               HTTP_MALFORMED, 0, NULL),
	ROW("HTTP/1.x 200 OK\r\n",               HTTP_MALFORMED, 0, NULL),
	ROW("HTTP/1.11 200 OK\r\n",              HTTP_MALFORMED, 0, NULL),
	ROW("http/1.1 200 OK\r\n",               HTTP_MALFORMED, 0, NULL),
	ROW("HTTP/1.1  200 OK\r\n",              HTTP_MALFORMED, 0, NULL),
	ROW("HTTP/1.1 20 OK\r\n",                HTTP_MALFORMED, 0, NULL),
	ROW("HTTP/1.1 2000 OK\r\n",              HTTP_MALFORMED, 0, NULL),
	ROW("HTTP/1.1 -20 OK\r\n",               HTTP_MALFORMED, 0, NULL),
	ROW("HTTP/1.1 20\r\n",                   HTTP_MALFORMED, 0, NULL),
	ROW("HTTP/1.1 099 OK\r\n",               HTTP_MALFORMED, 0, NULL),
	ROW("HTTP/1.1 200 O\rK\r\n",             HTTP_MALFORMED, 0, NULL),
	ROW("HTTP/1.1 200 O\0K\r\n",             HTTP_MALFORMED, 0, NULL),
	ROW("HTTP/1.1 100 C\r\nA: \0\r\n",       HTTP_MALFORMED, 100, NULL),
	ROW("\r\nHTTP/1.1 200 OK\r\n",           HTTP_MALFORMED, 0, NULL),
	ROW("\n",                                HTTP_MALFORMED, 0, NULL),
	ROW(" HTTP/1.1 200 OK\r\n",              HTTP_MALFORMED, 0, NULL),
	ROW("220 ftp ready\r\n",                 HTTP_MALFORMED, 0, NULL),
	ROW("\x16\x03\x01\x02",                  HTTP_MALFORMED, 0, NULL),
	ROW("\0",                                HTTP_MALFORMED, 0, NULL),
#undef ROW
};
/* clang-format on */

static void judge(const struct row *row, const struct http_status *s, enum http_verdict v)
{
	if (v != row->verdict)
		fail_msg(
		    "%s: verdict %d, not %d", row->answer, (int)v, (int)row->verdict);
	assert_int_equal(s->code, row->code);
	if (row->line != NULL) {
		assert_int_equal(s->line_len, strlen(row->line));
		assert_memory_equal(s->line, row->line, s->line_len);
	}
}

/* Feeds pieces of LEN bytes from the heap, so that a byte read too far is seen. */
static enum http_verdict feed(struct http_status *s, const char *data, size_t len)
{
	enum http_verdict v;
	char *copy = malloc(len ? len : 1);

	memcpy(copy, data, len);
	v = http_status_feed(s, copy, &len);
	free(copy);
	return v;
}

static void whole_and_in_two(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		for (size_t cut = 0; cut <= rows[i].len; cut++) {
			struct http_status s;
			enum http_verdict v;

			http_status_init(&s);
			v = feed(&s, rows[i].answer, cut);
			if (v == HTTP_MORE)
				v = feed(&s, rows[i].answer + cut, rows[i].len - cut);
			judge(&rows[i], &s, v);
		}
	}
}

static void byte_by_byte(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		enum http_verdict v = HTTP_MORE;
		struct http_status s;

		http_status_init(&s);
		for (size_t at = 0; at < rows[i].len && v == HTTP_MORE; at++)
			v = feed(&s, rows[i].answer + at, 1);
		judge(&rows[i], &s, v);
	}
}

/* Feeds PIECE again and again; how many bytes were taken until the verdict. */
static size_t endless(
    struct http_status *s, const char *piece, enum http_verdict *v, size_t limit)
{
	size_t taken = 0, len = strlen(piece);

	for (*v = HTTP_MORE; *v == HTTP_MORE && taken < limit; taken += len)
		*v = http_status_feed(s, piece, &len);
	return taken;
}

static void bounded(void **state)
{
	static const char *const heads[] = {
		"HTTP/1.1 200 ",	     /* a status line without end */
		"HTTP/1.1 100 Continue\r\n", /* one header without end */
	};
	struct http_status s;
	enum http_verdict v;

	(void)state;
	for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
		http_status_init(&s);
		assert_int_equal(feed(&s, heads[i], strlen(heads[i])), HTTP_MORE);
		assert_in_range(endless(&s, "aaaaaaaa", &v, 1 << 20), HTTP_HEAD_MAX - 64,
		    HTTP_HEAD_MAX + 8);
		assert_int_equal(v, HTTP_MALFORMED);
		assert_in_range(s.line_len, 1, HTTP_LINE_KEPT);
	}
	http_status_init(&s);
	endless(&s, "HTTP/1.1 100 C\r\nA: b\r\n\r\n", &v, 1 << 20);
	assert_int_equal(v, HTTP_MALFORMED);
}

/* What is malformed is kept for the log, as far as it was seen. */
static void strange_line(void **state)
{
	static const char banner[] = "220 mail.example.net ESMTP\r\n";
	char junk[1000];
	struct http_status s;

	(void)state;
	http_status_init(&s);
	assert_int_equal(feed(&s, banner, sizeof banner - 1), HTTP_MALFORMED);
	assert_int_equal(s.line_len, sizeof banner - 3);
	assert_memory_equal(s.line, banner, s.line_len);
	memset(junk, 'x', sizeof junk);
	http_status_init(&s);
	assert_int_equal(feed(&s, junk, sizeof junk), HTTP_MALFORMED);
	assert_int_equal(s.line_len, HTTP_LINE_KEPT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_and_in_two),
		cmocka_unit_test(byte_by_byte),
		cmocka_unit_test(bounded),
		cmocka_unit_test(strange_line),
	};

	return cmocka_run_group_tests_name("http_status", tests, NULL, NULL);
}
