/*
 * What probes have in common: the reasons' words and the orders of probes.
 *
 * Strings are compared by content, since probes of two configurations live in
 * different arenas.
 */
#include "probe.h"

#include <assert.h>
#include <string.h>

static const struct {
	const char *name, *text;
} reasons[] = {
	/* clang-format off */
	[REASON_NONE]             = { "none", "no result yet" },
	[REASON_OK]               = { "ok", "ok" },
	[REASON_REFUSED]          = { "refused", "connection refused" },
	[REASON_TIMEOUT]          = { "timeout", "timeout" },
	[REASON_RESET]            = { "reset", "connection reset" },
	[REASON_CLOSED]           = { "closed", "connection closed before the answer" },
	[REASON_UNREACHABLE]      = { "unreachable", "unreachable" },
	[REASON_TLS]              = { "tls", "TLS error" },
	[REASON_BAD_STATUS]       = { "bad-status", "bad status" },
	[REASON_MALFORMED]        = { "malformed", "malformed answer" },
	[REASON_NO_MATCH]         = { "no-match", "expected text not in the answer" },
	[REASON_EXIT]             = { "exit", "the command failed" },
	[REASON_NO_ARP_ANSWER]    = { "no-arp-answer", "no ARP answer" },
	[REASON_LOCAL_DESCRIPTORS] = { "local-descriptors", "local: out of descriptors" },
	[REASON_LOCAL_PORTS]      = { "local-ports", "local: out of ports" },
	[REASON_LOCAL_MEMORY]     = { "local-memory", "local: out of memory" },
	[REASON_LOCAL_SOURCE]     = { "local-source", "local: no such source address" },
	[REASON_LOCAL_PERMISSION] = { "local-permission", "local: not permitted" },
	[REASON_LOCAL_INTERFACE]  = { "local-interface", "local: no interface for it" },
	[REASON_LOCAL_OTHER]      = { "local-other", "local: system error" },
	/* clang-format on */
};
_Static_assert(sizeof reasons / sizeof *reasons == REASON_MAX, "one text per reason");

const char *reason_text(enum reason r)
{
	assert(r < REASON_MAX);
	return reasons[r].text;
}

const char *reason_name(enum reason r)
{
	assert(r < REASON_MAX);
	return reasons[r].name;
}

bool reason_is_local(enum reason r)
{
	return r >= REASON_LOCAL_DESCRIPTORS;
}

static int cmp_u32(uint32_t a, uint32_t b)
{
	return (a > b) - (a < b);
}

/* NULL sorts first. */
static int cmp_str(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return (a != NULL) - (b != NULL);
	return strcmp(a, b);
}

static int cmp_ptr_set(const void *a, const void *b)
{
	return (a != NULL) - (b != NULL);
}

static int cmp_bytes(const void *a, size_t a_len, const void *b, size_t b_len)
{
	int d = (a_len > b_len) - (a_len < b_len);

	return d != 0 || a_len == 0 ? d : memcmp(a, b, a_len);
}

static int http_cmp(const struct http_conf *a, const struct http_conf *b)
{
	int d;

	if (a == b || a == NULL || b == NULL)
		return cmp_ptr_set(a, b);
	if ((d = cmp_str(a->uri, b->uri)) != 0 ||
	    (d = cmp_str(a->vhost, b->vhost)) != 0 ||
	    (d = cmp_u32(a->statuscode, b->statuscode)) != 0 ||
	    (d = cmp_bytes(a->statuses, a->n_statuses * sizeof *a->statuses, b->statuses,
		 b->n_statuses * sizeof *b->statuses)) != 0 ||
	    (d = cmp_u32(a->method, b->method)) != 0 ||
	    (d = cmp_str(a->match, b->match)) != 0 ||
	    (d = cmp_str(a->sni, b->sni)) != 0 ||
	    (d = cmp_u32(a->verify, b->verify)) != 0)
		return d;
	return cmp_str(a->cafile, b->cafile);
}

static int talk_cmp(const struct talk_conf *a, const struct talk_conf *b)
{
	int d;

	if (a == b || a == NULL || b == NULL)
		return cmp_ptr_set(a, b);
	if ((d = cmp_bytes(a->send.data, a->send.len, b->send.data, b->send.len)) != 0 ||
	    (d = cmp_bytes(
		 a->expect.data, a->expect.len, b->expect.data, b->expect.len)) != 0 ||
	    (d = cmp_u32(a->ssl, b->ssl)) != 0 || (d = cmp_str(a->sni, b->sni)) != 0 ||
	    (d = cmp_u32(a->verify, b->verify)) != 0)
		return d;
	return cmp_str(a->cafile, b->cafile);
}

static int dns_cmp(const struct dns_conf *a, const struct dns_conf *b)
{
	int d;

	if (a == b || a == NULL || b == NULL)
		return cmp_ptr_set(a, b);
	if ((d = cmp_str(a->name, b->name)) != 0 || (d = cmp_u32(a->type, b->type)) != 0)
		return d;
	return cmp_u32(a->rcode, b->rcode);
}

/* What the method of both asks and expects. */
static int method_cmp(const struct check_conf *a, const struct check_conf *b)
{
	switch (a->method) {
	case CHECK_ICMP:
	case CHECK_AGENT:
		return 0;
	case CHECK_ARP:
		return cmp_str(a->iface, b->iface);
	case CHECK_HTTP:
	case CHECK_HTTPS:
		return http_cmp(a->http, b->http);
	case CHECK_TCP:
	case CHECK_UDP:
		return talk_cmp(a->talk, b->talk);
	case CHECK_DNS:
		return dns_cmp(a->dns, b->dns);
	case CHECK_EXTERNAL:
		return cmp_str(a->command, b->command);
	}
	return 0;
}

int probe_cmp_outcome(const struct probe *a, const struct probe *b)
{
	const struct check_conf *ca = a->check, *cb = b->check;
	int d;

	if ((d = addr_cmp(&a->addr, &b->addr)) != 0 ||
	    (d = cmp_u32(a->port, b->port)) != 0 ||
	    (d = cmp_u32(ca->method, cb->method)) != 0 ||
	    (d = cmp_u32(ca->timeout_ms, cb->timeout_ms)) != 0 ||
	    (d = addr_cmp(&ca->source, &cb->source)) != 0)
		return d;
	return method_cmp(ca, cb);
}

int probe_cmp(const struct probe *a, const struct probe *b)
{
	int d;

	if ((d = probe_cmp_outcome(a, b)) != 0 ||
	    (d = cmp_u32(a->check->interval_ms, b->check->interval_ms)) != 0 ||
	    (d = cmp_u32(a->check->fastinter_ms, b->check->fastinter_ms)) != 0 ||
	    (d = cmp_u32(a->check->downinter_ms, b->check->downinter_ms)) != 0 ||
	    (d = cmp_u32(a->check->rise, b->check->rise)) != 0)
		return d;
	return cmp_u32(a->check->fall, b->check->fall);
}
