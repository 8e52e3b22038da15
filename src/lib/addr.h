/*
 * addr: one IPv4 or IPv6 address, as text and as bytes.
 *
 * Ports never live in here: they are uint16_t in host order beside the
 * address, so that nobody has to remember which order a port is in.
 */
#ifndef LVSD_LIB_ADDR_H
#define LVSD_LIB_ADDR_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

struct addr {
	uint8_t family;	   /* AF_INET, AF_INET6, or AF_UNSPEC (0): no address */
	uint8_t bytes[16]; /* network order; IPv4 in the first four, the rest 0 */
};

/* Room for "[" IPv6 "]:65535" and the NUL. */
#define ADDR_TEXT_MAX 56

/* Reads the LEN bytes at S, a literal address without port or brackets. */
bool addr_parse(struct addr *a, const char *s, size_t len);

/* The order of family, then bytes: below, equal, above as -, 0, +. Inline, since
 * tables of a hundred thousand are kept in this order. */
static inline int addr_cmp(const struct addr *a, const struct addr *b)
{
	uint64_t x[2], y[2];

	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	memcpy(x, a->bytes, sizeof x);
	memcpy(y, b->bytes, sizeof y);
	if (x[0] != y[0])
		return be64toh(x[0]) < be64toh(y[0]) ? -1 : 1;
	if (x[1] != y[1])
		return be64toh(x[1]) < be64toh(y[1]) ? -1 : 1;
	return 0;
}

static inline bool addr_is_set(const struct addr *a)
{
	return a->family != AF_UNSPEC;
}
/* 0.0.0.0 or :: */
bool addr_is_any(const struct addr *a);

/* "10.0.0.1", "2001:db8::1"; returns BUF, which has ADDR_TEXT_MAX bytes. */
const char *addr_text(const struct addr *a, char *buf);
/* "10.0.0.1:80", "[2001:db8::1]:80", port 0 is printed too; returns BUF. */
const char *addr_port_text(const struct addr *a, uint16_t port, char *buf);

/* Fills SS for connect() and bind(); returns its length in bytes. */
socklen_t addr_sockaddr(const struct addr *a, uint16_t port, struct sockaddr_storage *ss);
/* The address in SA; family 0 when it is neither IPv4 nor IPv6. */
struct addr addr_of_sockaddr(const struct sockaddr *sa);

#endif
