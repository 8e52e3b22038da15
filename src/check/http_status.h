/*
 * http_status: the status of an HTTP/1 answer, from bytes as they drip in.
 *
 * Reads one status line after the other, skips interim answers (1xx) with their
 * headers, and stops at the end of the first final status line. Keeps nothing
 * but the beginning of the line, so that an answer of any size costs the same.
 * Pure.
 */
#ifndef LVSD_CHECK_HTTP_STATUS_H
#define LVSD_CHECK_HTTP_STATUS_H

#include <stddef.h>
#include <stdint.h>

/* Status lines and headers, interim ones too, may take this much together. */
#define HTTP_HEAD_MAX (16 * 1024)
#define HTTP_LINE_KEPT 80

enum http_verdict {
	HTTP_MORE,	/* feed on */
	HTTP_FINAL,	/* code and line are there */
	HTTP_MALFORMED, /* no HTTP/1, or too long */
};

struct http_status {
	uint16_t code;
	uint8_t line_len; /* at most HTTP_LINE_KEPT */
	uint8_t state;
	uint32_t pos;		   /* in the current line */
	uint32_t seen;		   /* bytes fed, up to the end of the line */
	char line[HTTP_LINE_KEPT]; /* as it came, without its end, no NUL;
				    * of a malformed one what is known of it */
};

void http_status_init(struct http_status *s);

/* Takes the next bytes of DATA, at most *LEN, and leaves in *LEN how many. After
 * another verdict than HTTP_MORE there is nothing to feed any more. */
enum http_verdict http_status_feed(struct http_status *s, const char *data, size_t *len);

#endif
