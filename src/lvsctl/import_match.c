/*
 * A range of addresses as networks, and a flow of them.
 */
#include <netinet/in.h>

#include "lib/arena.h"
#include "lvsctl/import.h"

uint32_t import_addr_tail(const struct addr *a)
{
	const uint8_t *at = a->bytes + (a->family == AF_INET6 ? 12 : 0);

	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 |
	       at[3];
}

void import_addr_set_tail(struct addr *a, uint32_t tail)
{
	uint8_t *at = a->bytes + (a->family == AF_INET6 ? 12 : 0);

	for (int i = 3; i >= 0; i--, tail >>= 8)
		at[i] = (uint8_t)tail;
}

void import_match_range(struct import *im, struct import_matches *to,
    const struct addr *first, uint32_t last, uint16_t port)
{
	uint64_t at = import_addr_tail(first), end = (uint64_t)last + 1;

	while (at < end) {
		struct import_match *m = arena_alloc(im->arena, sizeof *m);
		unsigned bits = 0;

		while (
		    bits < 32 && at % (2ULL << bits) == 0 && at + (2ULL << bits) <= end)
			bits++;
		m->addr = *first;
		import_addr_set_tail(&m->addr, (uint32_t)at);
		m->prefix = (uint8_t)((first->family == AF_INET6 ? 128 : 32) - bits);
		m->port = port;
		STAILQ_INSERT_TAIL(to, m, entry);
		at += 1ULL << bits;
	}
}

void import_match_write(struct buf *b, const struct import_director *d, const char *name,
    const char *director)
{
	const char *proto = d->protocol == IPPROTO_TCP	 ? " proto tcp"
			    : d->protocol == IPPROTO_UDP ? " proto udp"
							 : NULL;
	const struct import_match *m;
	char text[ADDR_TEXT_MAX];

	buf_printf(b, "flow %s director %s\n", name, director);
	STAILQ_FOREACH (m, &d->matches, entry) {
		buf_printf(b, "    match%s dst %s/%u", proto != NULL ? proto : "",
		    addr_text(&m->addr, text), (unsigned)m->prefix);
		if (m->port != 0 && proto != NULL)
			buf_printf(b, " dstport %u", (unsigned)m->port);
		buf_str(b, "\n");
	}
}
