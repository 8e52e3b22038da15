/*
 * icmp: echo requests for both families over shared raw sockets.
 *
 * Each carries a random cookie; an answer belongs to a run when id, sequence,
 * cookie and source are right. An ICMP error counts when it quotes our packet.
 */
#include "icmp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <string.h>

#include "check/arp.h"
#include "check/reason.h"
#include "check/run.h"

/*
 * An echo request of ours: the common header of both families, the number of
 * the run, and its cookie, of which the sequence number is a part. An answer
 * counts when all of them are right and the server sent it.
 */
enum {
	AT_TYPE = 0,
	AT_SUM = 2,
	AT_ID = 4,
	AT_SEQ = 6,
	AT_RUN = 8,
	AT_COOKIE = 12,
	ECHO_LEN = 20
};

enum { IP4_MIN = 20, IP6_LEN = 40, ERROR_LEN = 8 };

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static void put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* RFC 1071, of an even number of bytes. */
static uint16_t checksum(const uint8_t *p, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i += 2)
		sum += get16(p + i);
	sum = (sum >> 16) + (sum & 0xffff);
	return (uint16_t) ~(sum + (sum >> 16));
}

static void icmp_start(struct run *r)
{
	struct checker *c = r->checker;
	bool v4 = r->probe.addr.family == AF_INET;
	uint32_t number = (uint32_t)(r->target - c->targets.all);
	uint8_t echo[ECHO_LEN] = { 0 };
	struct raw_send s = { .to = &r->probe.addr,
		.source = &r->probe.check->source,
		.data = echo,
		.len = sizeof echo };
	int err;

	r->cookie = raw_cookie(&c->raw);
	echo[AT_TYPE] = v4 ? ICMP_ECHO : ICMP6_ECHO_REQUEST;
	put16(echo + AT_ID, c->raw.echo_id);
	put16(echo + AT_SEQ, (uint16_t)r->cookie);
	memcpy(echo + AT_RUN, &number, sizeof number);
	memcpy(echo + AT_COOKIE, &r->cookie, sizeof r->cookie);
	if (v4) /* the kernel does it for ICMPv6 */
		put16(echo + AT_SUM, checksum(echo, sizeof echo));
	err = raw_queue(&c->raw, v4 ? RAW_ICMP4 : RAW_ICMP6, &s, number, r->cookie);
	if (err != 0)
		run_ended(r, reason_of_call(err), err);
}

void icmp_unsent(struct checker *c, uint32_t run, uint64_t cookie, int err)
{
	const struct target *t = &c->targets.all[run];

	/* It may have been paused, or its time be over. */
	if (!t->in_flight || t->run->cookie != cookie)
		return;
	run_ended(t->run,
	    err == EADDRNOTAVAIL ? REASON_LOCAL_SOURCE : reason_of_call(err), err);
}

static void icmp_cancel(struct run *r)
{
	/* An answer that comes later finds another cookie. */
	r->cookie = 0;
}

/* The run in flight whose request the LEN bytes at ECHO are or answer, when
 * SERVER is whom it asked; or NULL. */
static struct run *find(
    struct checker *c, const uint8_t *echo, size_t len, const struct addr *server)
{
	const struct target *t;
	uint32_t number;
	struct run *r;

	if (len < ECHO_LEN || get16(echo + AT_ID) != c->raw.echo_id)
		return NULL;
	memcpy(&number, echo + AT_RUN, sizeof number);
	if (number >= c->targets.n)
		return NULL;
	t = &c->targets.all[number];
	if (!t->in_flight)
		return NULL;
	r = t->run;
	if (r->probe.check->method != CHECK_ICMP ||
	    memcmp(echo + AT_COOKIE, &r->cookie, sizeof r->cookie) != 0 ||
	    get16(echo + AT_SEQ) != (uint16_t)r->cookie ||
	    addr_cmp(server, &r->probe.addr) != 0)
		return NULL;
	return r;
}

static void answered(struct run *r, enum reason reason)
{
	if (r != NULL)
		run_ended(r, reason, 0);
}

/* The length of the IPv4 header at P, or 0 when there is no whole one. */
static size_t ip4_header(const uint8_t *p, size_t len)
{
	size_t ihl = len > 0 ? (size_t)(p[0] & 0x0f) * 4 : 0;

	return ihl >= IP4_MIN && ihl <= len ? ihl : 0;
}

void icmp4_input(struct checker *c, const struct raw_packet *p)
{
	size_t ip = ip4_header(p->data, p->len), at;
	struct addr server = { .family = AF_INET };

	if (ip == 0 || p->len - ip < ERROR_LEN)
		return;
	if (p->data[ip] == ICMP_ECHOREPLY) {
		answered(find(c, p->data + ip, p->len - ip, &p->from), REASON_OK);
	} else if (p->data[ip] == ICMP_UNREACH) {
		const uint8_t *inner = p->data + ip + ERROR_LEN;
		size_t left = p->len - ip - ERROR_LEN;

		at = ip4_header(inner, left);
		if (at == 0 || left - at < 1 || inner[at] != ICMP_ECHO)
			return;
		memcpy(server.bytes, inner + 16, 4); /* the destination */
		answered(find(c, inner + at, left - at, &server), REASON_UNREACHABLE);
	}
}

void icmp6_input(struct checker *c, const struct raw_packet *p)
{
	const uint8_t *inner = p->data + ERROR_LEN;
	struct addr server = { .family = AF_INET6 };

	if (p->len < ERROR_LEN)
		return;
	if (p->data[0] == ICMP6_ECHO_REPLY) {
		answered(find(c, p->data, p->len, &p->from), REASON_OK);
	} else if (p->data[0] == ICMP6_DST_UNREACH && p->len > ERROR_LEN + IP6_LEN) {
		if (inner[6] != IPPROTO_ICMPV6 || inner[IP6_LEN] != ICMP6_ECHO_REQUEST)
			return;
		memcpy(server.bytes, inner + 24, 16); /* the destination */
		answered(find(c, inner + IP6_LEN, p->len - ERROR_LEN - IP6_LEN, &server),
		    REASON_UNREACHABLE);
	} else if (p->data[0] == ND_NEIGHBOR_ADVERT) {
		arp_advert_input(c, p);
	}
}

const struct probe_ops icmp_ops = {
	.start = icmp_start,
	.cancel = icmp_cancel,
	.silence = REASON_TIMEOUT,
};
