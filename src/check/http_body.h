/*
 * http_body: the body of an HTTP answer, out of its headers and chunks.
 *
 * Is fed what follows the final status line (http_status.h), as it drips in, and
 * hands out the bytes of the body. Knows of the headers only how long the body
 * is: Content-Length, Transfer-Encoding: chunked, or all there is (RFC 9112,
 * section 6.3). Pure.
 */
#ifndef LVSD_CHECK_HTTP_BODY_H
#define LVSD_CHECK_HTTP_BODY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_BODY_LINE 64

enum http_body_verdict {
	BODY_MORE, /* feed on; the end of the connection may be the body's, too */
	BODY_END,
	BODY_MALFORMED, /* headers or chunks that are none, or too long */
};

struct http_body {
	uint8_t state;
	bool chunked, sized;
	uint32_t seen;	   /* bytes of headers, those before the status line too */
	uint64_t left;	   /* of the body, or of this chunk */
	uint32_t line_len; /* of a header or a chunk's size, as it came */
	char line[HTTP_BODY_LINE]; /* its beginning in lower case */
};

/* SEEN: bytes of the head that came already, see HTTP_HEAD_MAX. */
void http_body_init(struct http_body *b, uint32_t seen);

/* Takes the next LEN bytes; PIECE gets those of the body, in order. After another
 * verdict than BODY_MORE there is nothing to feed any more. */
enum http_body_verdict http_body_feed(struct http_body *b, const char *data, size_t len,
    void (*piece)(void *arg, const char *data, size_t len), void *arg);

#endif
