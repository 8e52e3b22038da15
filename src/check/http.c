/*
 * http: the server is up when it answers GET with the status that is expected.
 *
 * Ends as soon as the final status line is there; the rest of the answer is
 * never read. https is the same talk through TLS.
 */
#include <stdlib.h>
#include <string.h>

#include "check/conn.h"
#include "check/http_status.h"
#include "check/run.h"
#include "check/tls.h"
#include "lib/xalloc.h"

#define READ_SIZE 4096

struct http_talk {
	struct conn conn;
	struct ssl_st *ssl; /* NULL: http, or not connected yet */
	bool ready;	    /* connected, and the handshake is done */
	char *request;
	size_t len, sent;
	struct http_status status;
};

static bool is_https(const struct run *r)
{
	return r->probe->check->method == CHECK_HTTPS;
}

static char *make_request(const struct probe *p)
{
	const struct http_conf *h = p->check->http;
	uint16_t usual = p->check->method == CHECK_HTTPS ? 443 : 80;
	char target[ADDR_TEXT_MAX];

	/* The port that the scheme implies is left out, as browsers do. */
	addr_port_text(&p->addr, p->port, target);
	if (p->port == usual)
		*strrchr(target, ':') = '\0';
	return xasprintf("GET %s HTTP/1.1\r\n"
			 "Host: %s\r\n"
			 "User-Agent: lvsd-check\r\n"
			 "Connection: close\r\n"
			 "\r\n",
	    h->uri, h->vhost != NULL ? h->vhost : target);
}

static struct conn_result http_send(struct http_talk *t)
{
	const char *rest = t->request + t->sent;
	size_t len = t->len - t->sent;

	return t->ssl != NULL ? tls_send(t->ssl, rest, len)
			      : conn_send(&t->conn, rest, len);
}

static struct conn_result http_recv(struct http_talk *t, char *data, size_t size)
{
	return t->ssl != NULL ? tls_recv(t->ssl, data, size)
			      : conn_recv(&t->conn, data, size);
}

/* True: bytes were moved. Else the talk waits for an event, or is over. */
static bool go_on(struct run *r, const struct conn_result *x)
{
	struct http_talk *t = r->talk;

	switch (x->what) {
	case CONN_MOVED:
		return true;
	case CONN_AGAIN:
		conn_want(&t->conn, x->events);
		return false;
	case CONN_ENDED:
		run_ended(r, REASON_CLOSED, 0);
		return false;
	case CONN_FAILED:
		run_done(r, x->reason, x->code, x->text, x->text ? strlen(x->text) : 0);
		return false;
	}
	abort();
}

/* Makes the connection ready to talk; false: not yet, or it is over. */
static bool get_ready(struct run *r)
{
	struct http_talk *t = r->talk;
	struct conn_result x = { .what = CONN_MOVED };
	const char *text;
	int code;

	if (is_https(r) && t->ssl == NULL) {
		t->ssl = tls_new(&r->checker->tls, r->probe, &t->conn, &code, &text);
		if (t->ssl == NULL) {
			run_done(
			    r, REASON_LOCAL_OTHER, code, text, text ? strlen(text) : 0);
			return false;
		}
	}
	if (t->ssl != NULL)
		x = tls_handshake(t->ssl);
	t->ready = x.what == CONN_MOVED;
	return go_on(r, &x);
}

static void judge(struct run *r, enum http_verdict v)
{
	const struct http_status *s = &((struct http_talk *)r->talk)->status;
	enum reason why = REASON_OK;

	if (v == HTTP_MALFORMED)
		why = REASON_MALFORMED;
	else if (s->code != r->probe->check->http->statuscode)
		why = REASON_BAD_STATUS;
	run_done(r, why, v == HTTP_FINAL ? s->code : 0, s->line, s->line_len);
}

static void http_ready(struct conn *c)
{
	struct run *r = c->run;
	struct http_talk *t = r->talk;
	enum http_verdict v = HTTP_MORE;
	char data[READ_SIZE];
	struct conn_result x;

	if (!t->ready && !get_ready(r))
		return;
	while (t->sent < t->len) {
		x = http_send(t);
		if (!go_on(r, &x))
			return;
		t->sent += x.n;
		if (t->sent == t->len) {
			/* No answer can be here yet: wait before the first read. */
			conn_want(c, EV_READ);
			return;
		}
	}
	do {
		x = http_recv(t, data, sizeof data);
		if (!go_on(r, &x))
			return;
		v = http_status_feed(&t->status, data, x.n);
		/* TLS may hold more than the socket shows. */
	} while (v == HTTP_MORE && t->ssl != NULL);
	if (v != HTTP_MORE)
		judge(r, v);
}

static void http_start(struct run *r)
{
	struct http_talk *t = xcalloc(1, sizeof *t);

	r->talk = t;
	t->request = make_request(r->probe);
	t->len = strlen(t->request);
	http_status_init(&t->status);
	conn_open(&t->conn, r, http_ready);
}

static void http_cancel(struct run *r)
{
	struct http_talk *t = r->talk;

	tls_free(t->ssl);
	conn_close(&t->conn);
	free(t->request);
	free(t);
	r->talk = NULL;
}

const struct probe_ops http_ops = {
	.start = http_start,
	.cancel = http_cancel,
	.silence = REASON_TIMEOUT,
	.needs_descriptor = true,
};
