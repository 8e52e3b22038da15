/*
 * http: the server is up when it answers with a status that is expected.
 *
 * Ends as soon as the final status line is there; the rest of the answer is
 * read only when a text must be in it. https is the same talk through TLS.
 */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "check/answer.h"
#include "check/http_body.h"
#include "check/http_status.h"
#include "check/run.h"
#include "check/stream.h"
#include "lib/buf.h"
#include "lib/xalloc.h"

struct http_talk {
	struct stream stream;
	struct buf request;
	struct http_status status;
	bool in_body; /* the status is there and is right */
	struct http_body body;
	struct answer answer; /* with match only */
};

static const struct http_conf *conf_of(const struct run *r)
{
	return r->probe.check->http;
}

static const char *method_word(enum http_method m)
{
	switch (m) {
	case HTTP_GET:
		return "GET";
	case HTTP_HEAD:
		return "HEAD";
	case HTTP_OPTIONS:
		return "OPTIONS";
	}
	abort();
}

/* The port that the scheme implies is left out, as browsers do. */
static void add_target(struct buf *b, const struct probe *p)
{
	uint16_t usual = p->check->method == CHECK_HTTPS ? 443 : 80;
	char target[ADDR_TEXT_MAX];
	bool bare = p->port == usual && p->addr.family == AF_INET;

	/* Most are, and a port is ten times the work. */
	if (bare)
		addr_text(&p->addr, target);
	else
		addr_port_text(&p->addr, p->port, target);
	if (p->port == usual && !bare)
		*strrchr(target, ':') = '\0';
	buf_str(b, target);
}

static void make_request(struct buf *b, const struct probe *p)
{
	const struct http_conf *h = p->check->http;

	buf_str(b, method_word(h->method));
	buf_str(b, " ");
	buf_str(b, h->uri);
	buf_str(b, " HTTP/1.1\r\nHost: ");
	if (h->vhost != NULL)
		buf_str(b, h->vhost);
	else
		add_target(b, p);
	buf_str(b, "\r\nUser-Agent: lvsd-check\r\nConnection: close\r\n\r\n");
}

static bool is_expected(const struct http_conf *h, uint16_t code)
{
	for (uint16_t i = 0; i < h->n_statuses; i++)
		if (code >= h->statuses[i].first && code <= h->statuses[i].last)
			return true;
	return h->n_statuses == 0 && code == h->statuscode;
}

static void finish(struct run *r, enum reason why)
{
	const struct http_status *s = &((struct http_talk *)r->talk)->status;

	run_done(r, why, s->code, s->line, s->line_len);
}

/* The final status line is there. True: the body is to be looked at. */
static bool judge_status(struct run *r)
{
	struct http_talk *t = r->talk;
	const struct http_conf *h = conf_of(r);

	if (!is_expected(h, t->status.code)) {
		finish(r, REASON_BAD_STATUS);
		return false;
	}
	if (h->match == NULL) {
		finish(r, REASON_OK);
		return false;
	}
	t->in_body = true;
	http_body_init(&t->body, t->status.seen);
	answer_init(&t->answer, h->match, strlen(h->match));
	return true;
}

static void look(void *arg, const char *bytes, size_t len)
{
	answer_feed(arg, bytes, len);
}

/* True: the end of the body, or of what is read of it, is not here yet. */
static bool read_body(struct run *r, const char *bytes, size_t len)
{
	struct http_talk *t = r->talk;
	enum http_body_verdict v = http_body_feed(&t->body, bytes, len, look, &t->answer);

	if (t->answer.found)
		finish(r, REASON_OK);
	else if (v == BODY_END)
		finish(r, REASON_NO_MATCH);
	else if (v == BODY_MALFORMED)
		finish(r, REASON_MALFORMED);
	else
		return true;
	return false;
}

static bool data(struct run *r, const char *bytes, size_t len)
{
	struct http_talk *t = r->talk;
	size_t used = len;

	if (t->in_body)
		return read_body(r, bytes, len);
	switch (http_status_feed(&t->status, bytes, &used)) {
	case HTTP_MORE:
		return true;
	case HTTP_FINAL:
		return judge_status(r) && read_body(r, bytes + used, len - used);
	case HTTP_MALFORMED:
		t->status.code = 0;
		finish(r, REASON_MALFORMED);
		return false;
	}
	abort();
}

static void end(struct run *r, bool ended)
{
	const struct http_talk *t = r->talk;

	if (t->in_body)
		finish(r, REASON_NO_MATCH);
	else
		run_ended(r, ended ? REASON_CLOSED : REASON_MALFORMED, 0);
}

static const struct stream_ops http_stream = { .data = data, .end = end };

static void http_start(struct run *r)
{
	struct http_talk *t = xcalloc(1, sizeof *t);

	r->talk = t;
	make_request(&t->request, &r->probe);
	http_status_init(&t->status);
	stream_open(&t->stream, r, &http_stream, tls_setting(r->probe.check),
	    t->request.data, t->request.len);
}

static void http_cancel(struct run *r)
{
	struct http_talk *t = r->talk;

	stream_close(&t->stream);
	answer_fini(&t->answer);
	buf_fini(&t->request);
	free(t);
	r->talk = NULL;
}

const struct probe_ops http_ops = {
	.start = http_start,
	.cancel = http_cancel,
	.silence = REASON_TIMEOUT,
	.needs = NEEDS_SOCKET,
};
