/*
 * http_status: the first lines of an HTTP answer, byte by byte.
 *
 * Pure and incremental: it is fed whatever came and says when it has seen the
 * final status line, skipping 1xx answers, within a bound on all bytes. A
 * hostile server meets this code first.
 */
#include "http_status.h"

#include <stdbool.h>
#include <string.h>

enum state {
	IN_STATUS,
	STATUS_CR, /* a CR that must be the end of the status line */
	IN_HEADERS,
};

static bool is_digit(unsigned char c)
{
	return c >= '0' && c <= '9';
}

void http_status_init(struct http_status *s)
{
	memset(s, 0, sizeof *s);
}

/* Whether C may stand at POS of "HTTP/1.1 200 OK". RFC 9112, section 4; the blank
 * behind the code is left out by many when no text follows. */
static bool fits(uint32_t pos, unsigned char c)
{
	static const char shape[] = "HTTP/1.d ddd ";

	if (pos >= sizeof shape - 1) /* the text: no control bytes but a tab */
		return c == '\t' || (c >= 0x20 && c != 0x7f);
	if (shape[pos] == 'd')
		return is_digit(c);
	return c == (unsigned char)shape[pos];
}

/* The status line is whole: go on with the headers of an interim answer? 101 is
 * none, it ends HTTP on this connection. */
static enum http_verdict end_line(struct http_status *s)
{
	enum { CODE_AT = 9, CODE_END = 12 };
	int code;

	if (s->pos < CODE_END)
		return HTTP_MALFORMED;
	code = (s->line[CODE_AT] - '0') * 100 + (s->line[CODE_AT + 1] - '0') * 10 +
	       (s->line[CODE_AT + 2] - '0');
	if (code < 100)
		return HTTP_MALFORMED;
	s->code = (uint16_t)code;
	if (s->code >= 200 || s->code == 101)
		return HTTP_FINAL;
	s->state = IN_HEADERS;
	s->pos = 0;
	return HTTP_MORE;
}

static enum http_verdict feed_status(struct http_status *s, unsigned char c)
{
	if (c == '\n')
		return end_line(s);
	if (s->state == STATUS_CR)
		return HTTP_MALFORMED;
	if (c == '\r') {
		s->state = STATUS_CR;
		return HTTP_MORE;
	}
	if (!fits(s->pos, c))
		return HTTP_MALFORMED;
	if (s->line_len < HTTP_LINE_KEPT)
		s->line[s->line_len++] = (char)c;
	s->pos++;
	return HTTP_MORE;
}

/* An empty line ends the headers, and another status line follows. */
static enum http_verdict feed_headers(struct http_status *s, unsigned char c)
{
	if (c == '\0')
		return HTTP_MALFORMED;
	if (c == '\n' && s->pos == 0) {
		s->state = IN_STATUS;
		s->line_len = 0;
	} else if (c == '\n') {
		s->pos = 0;
	} else if (c != '\r') {
		s->pos++;
	}
	return HTTP_MORE;
}

/* What is not HTTP may tell what it is: a banner of another protocol. */
static void keep_strange(struct http_status *s, const char *rest, size_t len)
{
	for (size_t i = 0; i < len && s->line_len < HTTP_LINE_KEPT; i++) {
		if (rest[i] == '\r' || rest[i] == '\n')
			break;
		s->line[s->line_len++] = rest[i];
	}
}

enum http_verdict http_status_feed(struct http_status *s, const char *data, size_t *len)
{
	enum http_verdict v = HTTP_MORE;
	size_t i;

	for (i = 0; i < *len && v == HTTP_MORE; i++) {
		unsigned char c = (unsigned char)data[i];

		if (++s->seen > HTTP_HEAD_MAX)
			return HTTP_MALFORMED;
		v = s->state == IN_HEADERS ? feed_headers(s, c) : feed_status(s, c);
	}
	if (v == HTTP_MALFORMED && s->state == IN_STATUS)
		keep_strange(s, data + i - 1, *len - i + 1);
	*len = i;
	return v;
}
