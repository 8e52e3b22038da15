/*
 * tcp: the server is up when it accepts a connection, and says what it should.
 *
 * Most checks only connect, and cost a connection and nothing else. With words
 * to send or to expect, or with TLS, the talk is a stream.
 */
#include <stdlib.h>
#include <sys/socket.h>

#include "check/answer.h"
#include "check/conn.h"
#include "check/run.h"
#include "check/stream.h"
#include "lib/xalloc.h"

struct tcp_talk {
	struct stream stream;
	struct answer answer;
};

static const struct talk_conf *talk_of(const struct run *r)
{
	return r->probe.check->talk;
}

static void connected(struct conn *c)
{
	run_ended(c->run, REASON_OK, 0);
}

static bool sent(struct run *r)
{
	if (talk_of(r)->expect.len > 0)
		return true;
	run_ended(r, REASON_OK, 0);
	return false;
}

static void judge(struct run *r, enum reason why)
{
	const struct answer *a = &((struct tcp_talk *)r->talk)->answer;

	run_done(r, why, 0, a->line, a->line_len);
}

static bool data(struct run *r, const char *bytes, size_t len)
{
	struct tcp_talk *t = r->talk;

	if (!answer_feed(&t->answer, bytes, len))
		return true;
	judge(r, REASON_OK);
	return false;
}

static void end(struct run *r, bool ended)
{
	const struct tcp_talk *t = r->talk;

	judge(r, ended && t->stream.received == 0 ? REASON_CLOSED : REASON_NO_MATCH);
}

static const struct stream_ops talk_ops = { .sent = sent, .data = data, .end = end };

static void tcp_start(struct run *r)
{
	const struct talk_conf *talk = talk_of(r);
	struct tcp_talk *t;

	if (talk == NULL) {
		conn_open(&r->conn, r, SOCK_STREAM, connected);
		return;
	}
	r->talk = t = xcalloc(1, sizeof *t);
	if (talk->expect.len > 0)
		answer_init(&t->answer, talk->expect.data, talk->expect.len);
	stream_open(&t->stream, r, &talk_ops, tls_setting(r->probe.check),
	    talk->send.data, talk->send.len);
}

static void tcp_cancel(struct run *r)
{
	struct tcp_talk *t = r->talk;

	if (talk_of(r) == NULL) {
		conn_close(&r->conn);
		return;
	}
	stream_close(&t->stream);
	answer_fini(&t->answer);
	free(t);
	r->talk = NULL;
}

const struct probe_ops tcp_ops = {
	.start = tcp_start,
	.cancel = tcp_cancel,
	.silence = REASON_TIMEOUT,
	.needs = NEEDS_SOCKET,
};
