/*
 * Addresses as text and as sockaddr. A file of a hundred thousand servers is
 * mostly IPv4 addresses, and inet_pton() takes a sixth of the time for them, so
 * that those are read here, by its rules.
 */
#include "addr.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

/* Four numbers from 0 to 255 in the LEN bytes at S, without a leading zero. */
static bool parse_ipv4(uint8_t bytes[4], const char *s, size_t len)
{
	const char *end = s + len;

	for (int i = 0; i < 4; i++) {
		unsigned n = 0, digits = 0;

		if (i > 0 && (s == end || *s++ != '.'))
			return false;
		for (; s < end && *s >= '0' && *s <= '9' && digits < 4; s++, digits++)
			n = n * 10 + (unsigned)(*s - '0');
		if (digits == 0 || n > 255 || (digits > 1 && s[-(int)digits] == '0'))
			return false;
		bytes[i] = (uint8_t)n;
	}
	return s == end;
}

bool addr_parse(struct addr *a, const char *s, size_t len)
{
	char text[INET6_ADDRSTRLEN];

	memset(a, 0, sizeof *a);
	if (parse_ipv4(a->bytes, s, len)) {
		a->family = AF_INET;
		return true;
	}
	memset(a, 0, sizeof *a);
	if (len == 0 || len >= sizeof text || memchr(s, '\0', len) != NULL)
		return false;
	memcpy(text, s, len);
	text[len] = '\0';
	a->family = AF_INET6;
	if (inet_pton(AF_INET6, text, a->bytes) == 1)
		return true;
	memset(a, 0, sizeof *a);
	return false;
}

bool addr_is_any(const struct addr *a)
{
	static const uint8_t zero[16];

	return memcmp(a->bytes, zero, sizeof zero) == 0;
}

/* As inet_ntop() has it, which takes ten times as long: a status has a hundred thousand
 * of them. */
static char *ip4_text(const uint8_t bytes[4], char *buf)
{
	for (int i = 0; i < 4; i++) {
		unsigned n = bytes[i];

		if (n >= 100)
			*buf++ = (char)('0' + n / 100);
		if (n >= 10)
			*buf++ = (char)('0' + n / 10 % 10);
		*buf++ = (char)('0' + n % 10);
		*buf++ = i < 3 ? '.' : '\0';
	}
	return buf - 1;
}

static void port_text(uint16_t port, char *buf)
{
	char digits[5];
	size_t n = 0;

	do
		digits[n++] = (char)('0' + port % 10);
	while ((port /= 10) > 0);
	*buf++ = ':';
	while (n > 0)
		*buf++ = digits[--n];
	*buf = '\0';
}

const char *addr_text(const struct addr *a, char *buf)
{
	if (a->family == AF_INET)
		ip4_text(a->bytes, buf);
	else if (!addr_is_set(a) ||
		 inet_ntop(a->family, a->bytes, buf, ADDR_TEXT_MAX) == NULL)
		strcpy(buf, "-");
	return buf;
}

const char *addr_port_text(const struct addr *a, uint16_t port, char *buf)
{
	char ip[ADDR_TEXT_MAX];

	if (a->family == AF_INET) {
		port_text(port, ip4_text(a->bytes, buf));
		return buf;
	}
	addr_text(a, ip);
	snprintf(buf, ADDR_TEXT_MAX, a->family == AF_INET6 ? "[%.46s]:%u" : "%.46s:%u",
	    ip, (unsigned)port);
	return buf;
}

socklen_t addr_sockaddr(const struct addr *a, uint16_t port, struct sockaddr_storage *ss)
{
	memset(ss, 0, sizeof *ss);
	if (a->family == AF_INET6) {
		struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)ss;

		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(port);
		memcpy(&in6->sin6_addr, a->bytes, 16);
		return sizeof *in6;
	}
	struct sockaddr_in *in = (struct sockaddr_in *)ss;

	in->sin_family = AF_INET;
	in->sin_port = htons(port);
	memcpy(&in->sin_addr, a->bytes, 4);
	return sizeof *in;
}

struct addr addr_of_sockaddr(const struct sockaddr *sa)
{
	struct addr a = { 0 };

	if (sa->sa_family == AF_INET) {
		a.family = AF_INET;
		memcpy(a.bytes, &((const struct sockaddr_in *)sa)->sin_addr, 4);
	} else if (sa->sa_family == AF_INET6) {
		a.family = AF_INET6;
		memcpy(a.bytes, &((const struct sockaddr_in6 *)sa)->sin6_addr, 16);
	}
	return a;
}
