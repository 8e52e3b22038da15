/*
 * fuzz_checker: what servers say, into every reader of it, by libFuzzer.
 *
 * The first byte chooses the reader, the second into how large pieces the rest is
 * cut; each piece is a block of its own, so that a byte read too far is seen. What
 * must hold whatever came: verdicts do not depend on the cut, lengths stay in
 * their bounds, and an answer that passes is one (the id of a datagram, the words
 * of an agent).
 */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "check/agent.h"
#include "check/answer.h"
#include "check/arp.h"
#include "check/dns_message.h"
#include "check/http_body.h"
#include "check/http_status.h"
#include "check/icmp.h"
#include "check/run.h"
#include "lib/mono.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

struct input {
	const char *bytes;
	size_t len, step;
};

/* The next piece of IN from *AT on, a copy to be freed; NULL at the end. */
static char *next_piece(const struct input *in, size_t *at, size_t *len)
{
	char *piece;

	*len = in->len - *at < in->step ? in->len - *at : in->step;
	if (*len == 0)
		return NULL;
	piece = malloc(*len);
	memcpy(piece, in->bytes + *at, *len);
	*at += *len;
	return piece;
}

static void count(void *arg, const char *bytes, size_t len)
{
	(void)bytes;
	*(size_t *)arg += len;
}

/* Status and body as http.c feeds them; where the head ended, and the body's size. */
static enum http_body_verdict http(
    const struct input *in, enum http_verdict *v, uint16_t *code, size_t *body_len)
{
	enum http_body_verdict b = BODY_MORE;
	struct http_status status;
	struct http_body body;
	size_t at = 0, len, used;
	char *piece;

	*v = HTTP_MORE;
	*body_len = 0;
	http_status_init(&status);
	while (b == BODY_MORE && *v != HTTP_MALFORMED &&
	       (piece = next_piece(in, &at, &len)) != NULL) {
		used = 0;
		if (*v == HTTP_MORE) {
			used = len;
			*v = http_status_feed(&status, piece, &used);
			must(used <= len);
			must(status.line_len <= HTTP_LINE_KEPT);
			if (*v == HTTP_FINAL)
				http_body_init(&body, status.seen);
		}
		if (*v == HTTP_FINAL)
			b = http_body_feed(
			    &body, piece + used, len - used, count, body_len);
		free(piece);
	}
	*code = *v == HTTP_FINAL ? status.code : 0;
	must(*v != HTTP_FINAL || (*code >= 101 && *code <= 999));
	return b;
}

static void fuzz_http(const struct input *in)
{
	const struct input whole = { in->bytes, in->len, in->len };
	enum http_verdict v1, v2;
	uint16_t c1, c2;
	size_t n1, n2;
	enum http_body_verdict b1 = http(in, &v1, &c1, &n1), b2;

	b2 = http(&whole, &v2, &c2, &n2);
	must(v1 == v2 && c1 == c2 && b1 == b2 && n1 == n2);
}

static void fuzz_answer(const struct input *in)
{
	size_t want_len = in->len > 0 ? 1 + (uint8_t)in->bytes[0] % 16 : 0, at, len;
	struct answer a;
	char *piece;

	if (in->len < 1 + want_len)
		return;
	at = 1 + want_len;
	answer_init(&a, in->bytes + 1, want_len);
	while ((piece = next_piece(in, &at, &len)) != NULL) {
		answer_feed(&a, piece, len);
		free(piece);
	}
	must(a.line_len <= sizeof a.line);
	must(a.found == (memmem(in->bytes + 1 + want_len, in->len - 1 - want_len,
			     in->bytes + 1, want_len) != NULL));
	answer_fini(&a);
}

static void fuzz_dns(const struct input *in)
{
	const struct input whole = { in->bytes, in->len, in->len };
	struct dns_query q;
	size_t at = 0, len;
	uint8_t rcode = 0;
	char *copy = next_piece(&whole, &at, &len);

	must(dns_query_make(&q, 0x4142, "a.example", 6));
	if (copy != NULL && dns_answers(&q, (uint8_t *)copy, len, &rcode)) {
		must(len >= q.len && copy[0] == 'A' && copy[1] == 'B');
		must(rcode <= 15 && dns_rcode_name(rcode) != NULL);
	}
	free(copy);
	copy = strndup(in->bytes, in->len);
	if (dns_query_make(&q, 0, copy, 1))
		must(q.len <= DNS_QUERY_MAX);
	free(copy);
}

static void fuzz_agent(const struct input *in)
{
	const struct input whole = { in->bytes, in->len, in->len };
	struct agent_verdict v = { AGENT_DRAIN, AGENT_UP, 1, 7 }, before = v;
	size_t at = 0, len;
	char *copy = next_piece(&whole, &at, &len);

	if (copy == NULL)
		return;
	if (!agent_parse(&v, copy, len))
		must(memcmp(&v, &before, sizeof v) == 0);
	must(v.admin <= AGENT_MAINT && v.service <= AGENT_DOWN && v.weighed <= 1 &&
	     v.percent <= AGENT_PERCENT_MAX);
	free(copy);
}

/* A checker whose two probes rest: whatever comes, no packet is an answer. */
static void fuzz_packet(const struct input *in, unsigned which)
{
	static void (*const inputs[])(struct checker *,
	    const struct raw_packet *) = { icmp4_input, icmp6_input, arp_input };
	static struct check_conf check = { .method = CHECK_ICMP, .interval_ms = 1000 };
	static struct probe probes[2] = { { .check = &check }, { .check = &check } };
	struct checker c = { .raw.echo_id = 0x4142 };
	const struct input whole = { in->bytes, in->len, in->len };
	size_t at = 0, len;
	char *copy = next_piece(&whole, &at, &len);
	struct raw_packet p = { .data = (uint8_t *)copy,
		.len = len < RAW_PACKET_MAX ? len : RAW_PACKET_MAX,
		.hop_limit = 255 };

	RB_INIT(&c.arp);
	targets_init(&c.targets, probes, 2);
	if (copy != NULL)
		inputs[which](&c, &p);
	targets_fini(&c.targets);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in;

	if (size < 2)
		return 0;
	in = (struct input){ (const char *)data + 2, size - 2, 1 + data[1] % 64 };
	switch (data[0] % 7) {
	case 0:
		fuzz_http(&in);
		break;
	case 1:
		fuzz_answer(&in);
		break;
	case 2:
		fuzz_dns(&in);
		break;
	case 3:
		fuzz_agent(&in);
		break;
	default:
		fuzz_packet(&in, data[0] % 7 - 4);
	}
	return 0;
}
