/*
 * stream: connect, handshake, send, receive, each as far as it goes now.
 *
 * Every event comes here and does all that can be done, because events are
 * edges: what is left in the socket is not told again.
 */
#include "stream.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "check/run.h"
#include "check/tls.h"

#define READ_SIZE 4096

static struct conn_result do_send(struct stream *s)
{
	return s->ssl != NULL ? tls_send(s->ssl, s->out, s->out_len)
			      : conn_send(&s->conn, s->out, s->out_len);
}

static struct conn_result do_recv(struct stream *s, char *data, size_t size)
{
	return s->ssl != NULL ? tls_recv(s->ssl, data, size)
			      : conn_recv(&s->conn, data, size);
}

/* True: bytes were moved. Else the stream waits for an event, or is over. */
static bool go_on(struct stream *s, const struct conn_result *x)
{
	switch (x->what) {
	case CONN_MOVED:
		return true;
	case CONN_AGAIN:
		return false;
	case CONN_ENDED:
		if (s->ready && s->out_len == 0)
			s->ops->end(s->conn.run, true);
		else
			run_ended(s->conn.run, REASON_CLOSED, 0);
		return false;
	case CONN_FAILED:
		run_done(s->conn.run, x->reason, x->code, x->text,
		    x->text != NULL ? strlen(x->text) : 0);
		return false;
	}
	abort();
}

/* Makes the connection ready to talk; false: not yet, or it is over. */
static bool get_ready(struct stream *s)
{
	struct run *r = s->conn.run;
	struct conn_result x = { .what = CONN_MOVED };
	const char *text;
	int code;

	if (s->tls.used && s->ssl == NULL) {
		s->ssl = tls_new(&r->checker->tls, &s->tls, &r->probe, conn_fd(&s->conn),
		    &code, &text);
		if (s->ssl == NULL) {
			run_done(r, REASON_LOCAL_OTHER, code, text,
			    text != NULL ? strlen(text) : 0);
			return false;
		}
	}
	if (s->ssl != NULL)
		x = tls_handshake(s->ssl);
	s->ready = x.what == CONN_MOVED;
	return go_on(s, &x);
}

/* False: not all is sent yet, or it is over. */
static bool send_all(struct stream *s)
{
	while (s->out_len > 0) {
		struct conn_result x = do_send(s);

		if (!go_on(s, &x))
			return false;
		s->out += x.n;
		s->out_len -= x.n;
	}
	return s->ops->sent == NULL || s->ops->sent(s->conn.run);
}

static void receive(struct stream *s)
{
	char data[READ_SIZE];
	struct conn_result x;

	do {
		x = do_recv(s, data, sizeof data);
		if (!go_on(s, &x))
			return;
		s->received += x.n;
		if (!s->ops->data(s->conn.run, data, x.n))
			return;
		if (s->received >= STREAM_MAX) {
			s->ops->end(s->conn.run, false);
			return;
		}
		/* Less than there is room for is all there is, but for an end, which
		 * is not told again, and for what TLS holds. */
	} while (s->ssl != NULL || s->conn.ended || x.n == sizeof data);
}

static void on_ready(struct conn *c)
{
	struct stream *s = c->run->talk;
	bool first = s->out_len > 0 || !s->ready;

	if (!s->ready && !get_ready(s))
		return;
	if (first && !send_all(s))
		return;
	if (s->ssl != NULL || c->readable)
		receive(s);
}

void stream_open(struct stream *s, struct run *r, const struct stream_ops *ops,
    struct tls_setting tls, const char *out, size_t len)
{
	s->ops = ops;
	s->tls = tls;
	s->out = out;
	s->out_len = len;
	conn_open(&s->conn, r, SOCK_STREAM, on_ready);
}

void stream_close(struct stream *s)
{
	tls_free(s->ssl);
	conn_close(&s->conn);
}
