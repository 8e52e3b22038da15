/*
 * http_body: headers line by line, then the body as its length is told.
 *
 * Of each line the beginning is kept, enough for the headers that matter; a
 * longer one is another header. Everything is bounded but the body itself,
 * whose reader stops when it has enough.
 */
#include "http_body.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "check/http_status.h"

enum state {
	IN_HEADERS,
	IN_BODY,    /* left bytes when sized, else up to the end */
	CHUNK_SIZE, /* the line that tells it */
	CHUNK_DATA, /* left bytes */
	CHUNK_END,  /* the end of line behind them */
};

void http_body_init(struct http_body *b, uint32_t seen)
{
	*b = (struct http_body){ .seen = seen };
}

/* The rest of the line when it begins with NAME, without blanks; or NULL. */
static const char *value_of(const char *line, const char *name)
{
	size_t len = strlen(name);

	if (strncmp(line, name, len) != 0)
		return NULL;
	return line + len + strspn(line + len, " \t");
}

/* Reads a number in BASE at TEXT; false when none stands there or it is huge. */
static bool read_size(const char *text, int base, uint64_t *n)
{
	char *end;

	if (!isxdigit((unsigned char)text[0]))
		return false;
	*n = strtoull(text, &end, base);
	return end != text && *n < UINT64_C(1) << 62 &&
	       (*end == '\0' || strchr(" \t;", *end) != NULL);
}

static enum http_body_verdict end_headers(struct http_body *b)
{
	if (b->chunked) {
		b->state = CHUNK_SIZE;
		return BODY_MORE;
	}
	b->state = IN_BODY;
	return b->sized && b->left == 0 ? BODY_END : BODY_MORE;
}

/* The line is whole, and is text in b->line. */
static enum http_body_verdict end_line(struct http_body *b)
{
	const char *value;

	switch ((enum state)b->state) {
	case IN_HEADERS:
		if (b->line_len == 0)
			return end_headers(b);
		if ((value = value_of(b->line, "transfer-encoding:")) != NULL)
			b->chunked = strstr(value, "chunked") != NULL;
		else if ((value = value_of(b->line, "content-length:")) != NULL &&
			 !(b->sized = read_size(value, 10, &b->left)))
			return BODY_MALFORMED;
		return BODY_MORE;
	case CHUNK_SIZE:
		if (!read_size(b->line, 16, &b->left))
			return BODY_MALFORMED;
		b->state = CHUNK_DATA;
		return b->left == 0 ? BODY_END : BODY_MORE;
	case CHUNK_END:
		b->state = CHUNK_SIZE;
		return b->line_len == 0 ? BODY_MORE : BODY_MALFORMED;
	case IN_BODY:
	case CHUNK_DATA:
		break;
	}
	abort();
}

static enum http_body_verdict feed_line(struct http_body *b, char c)
{
	enum http_body_verdict v;

	if (c == '\0' || (b->state == IN_HEADERS && ++b->seen > HTTP_HEAD_MAX))
		return BODY_MALFORMED;
	if (c == '\r')
		return BODY_MORE;
	if (c == '\n') {
		b->line[b->line_len < sizeof b->line ? b->line_len : sizeof b->line - 1] =
		    '\0';
		v = end_line(b);
		b->line_len = 0;
		return v;
	}
	if (b->line_len < sizeof b->line)
		b->line[b->line_len] = (char)tolower((unsigned char)c);
	/* A chunk's line has no reason to be longer than a number. */
	if (++b->line_len > HTTP_HEAD_MAX ||
	    (b->state != IN_HEADERS && b->line_len >= sizeof b->line))
		return BODY_MALFORMED;
	return BODY_MORE;
}

enum http_body_verdict http_body_feed(struct http_body *b, const char *data, size_t len,
    void (*piece)(void *arg, const char *data, size_t len), void *arg)
{
	enum http_body_verdict v = BODY_MORE;

	while (len > 0 && v == BODY_MORE) {
		bool counted = b->state == CHUNK_DATA || b->sized;
		size_t n = counted && b->left < len ? (size_t)b->left : len;

		if (b->state != IN_BODY && b->state != CHUNK_DATA) {
			v = feed_line(b, *data);
			n = 1;
		} else {
			piece(arg, data, n);
			b->left -= counted ? n : 0;
			if (counted && b->left == 0 && b->state == IN_BODY)
				v = BODY_END;
			else if (counted && b->left == 0)
				b->state = CHUNK_END;
		}
		data += n;
		len -= n;
	}
	return v;
}
