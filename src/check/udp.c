/*
 * udp and dns: one datagram there, one back, over a connected socket.
 *
 * Being connected, the socket hears the server alone, and its ICMP errors. A
 * udp check that expects nothing is content with silence, since many services
 * say nothing to strangers; then only an ICMP error fails.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "check/conn.h"
#include "check/dns_message.h"
#include "check/run.h"
#include "check/stream.h"
#include "lib/xalloc.h"

#define DATAGRAM_MAX 4096
/* What an empty datagram counts, so that not even those come without end. */
#define DATAGRAM_COST 64

struct udp_talk {
	struct conn conn;
	const void *out;
	size_t out_len, received;
	bool sent;
	struct dns_query query; /* dns only */
};

static bool is_dns(const struct run *r)
{
	return r->probe.check->method == CHECK_DNS;
}

/* Bytes that are no answer to us are not listened to: another may follow. True: that
 * was it, and the run is over. */
static bool judge_dns(struct run *r, const void *data, size_t len)
{
	const struct udp_talk *t = r->talk;
	const char *name;
	uint8_t rcode;

	if (!dns_answers(&t->query, data, len, &rcode))
		return false;
	name = dns_rcode_name(rcode);
	run_done(r, rcode == r->probe.check->dns->rcode ? REASON_OK : REASON_BAD_STATUS,
	    rcode, name, strlen(name));
	return true;
}

static bool judge_udp(struct run *r, const char *data, size_t len)
{
	const struct talk_conf *talk = r->probe.check->talk;
	bool good = talk == NULL || talk->expect.len == 0 ||
		    memmem(data, len, talk->expect.data, talk->expect.len) != NULL;

	run_done(r, good ? REASON_OK : REASON_NO_MATCH, 0, data, len);
	return true;
}

static void fail(struct run *r, const struct conn_result *x)
{
	if (x->what == CONN_FAILED)
		run_ended(r, x->reason, x->code);
}

static void receive(struct run *r)
{
	struct udp_talk *t = r->talk;
	char data[DATAGRAM_MAX];
	struct conn_result x;

	while ((x = conn_recv(&t->conn, data, sizeof data)).what == CONN_MOVED) {
		t->received += x.n + DATAGRAM_COST;
		if (is_dns(r) ? judge_dns(r, data, x.n) : judge_udp(r, data, x.n))
			return;
		if (t->received >= STREAM_MAX) {
			run_ended(r, REASON_MALFORMED, 0);
			return;
		}
	}
	fail(r, &x);
}

static void on_ready(struct conn *c)
{
	struct run *r = c->run;
	struct udp_talk *t = r->talk;
	struct conn_result x;

	if (!t->sent) {
		x = conn_send(c, t->out, t->out_len);
		t->sent = x.what == CONN_MOVED;
		if (!t->sent) {
			fail(r, &x);
			return;
		}
	}
	if (c->readable || c->ended)
		receive(r);
}

static void udp_start(struct run *r)
{
	const struct check_conf *check = r->probe.check;
	struct udp_talk *t = xcalloc(1, sizeof *t);

	r->talk = t;
	if (is_dns(r)) {
		uint16_t id = (uint16_t)raw_cookie(&r->checker->raw);

		/* The parser has let no other name through. */
		if (!dns_query_make(&t->query, id, check->dns->name, check->dns->type))
			abort();
		t->out = t->query.bytes;
		t->out_len = t->query.len;
	} else if (check->talk != NULL) {
		t->out = check->talk->send.data;
		t->out_len = check->talk->send.len;
	}
	conn_open(&t->conn, r, SOCK_DGRAM, on_ready);
}

static void udp_cancel(struct run *r)
{
	struct udp_talk *t = r->talk;

	conn_close(&t->conn);
	free(t);
	r->talk = NULL;
}

const struct probe_ops udp_ops = {
	.start = udp_start,
	.cancel = udp_cancel,
	.silence = REASON_TIMEOUT,
	.needs = NEEDS_SOCKET,
};

const struct probe_ops udp_quiet_ops = {
	.start = udp_start,
	.cancel = udp_cancel,
	.silence = REASON_OK,
	.needs = NEEDS_SOCKET,
};
