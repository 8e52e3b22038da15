/*
 * value_addr: what a word means as an address, with a port or a mask.
 *
 * Literal addresses only. A host name is refused by that name: with one, a
 * reload would depend on a name server.
 */
#include <string.h>

#include "parser/value.h"

#define PORT_MAX 65535

/* A word cut in two: what stands before and behind a separator. */
struct halves {
	struct word before, behind; /* behind.text NULL: no separator */
};

static struct halves cut(const struct word *w, const char *at)
{
	struct halves h = { .before = *w };

	if (at == NULL)
		return h;
	h.before.len = (uint32_t)(at - w->text);
	h.behind = *w;
	h.behind.text = at + 1;
	h.behind.len = w->len - h.before.len - 1;
	if (w->loc.len == w->len) { /* else quotes are in the way */
		h.before.loc.len = (uint16_t)h.before.len;
		h.behind.loc.col += h.before.len + 1;
		h.behind.loc.len = (uint16_t)h.behind.len;
	}
	return h;
}

static const char *find(const struct word *w, char c)
{
	return w->len > 0 ? memchr(w->text, c, w->len) : NULL;
}

/* A letter that no literal IPv4 address has, and no ":" as in IPv6. */
static bool is_host_name(const struct word *w)
{
	if (find(w, ':') != NULL)
		return false;
	for (uint32_t i = 0; i < w->len; i++) {
		char c = (char)(w->text[i] | 0x20);
		if (c >= 'a' && c <= 'z')
			return true;
	}
	return false;
}

/* Hexadecimal digits, more than one colon, and brackets, perhaps, but no port behind
 * them. */
static bool is_bare_ipv6(const struct word *w)
{
	unsigned colons = 0;

	for (uint32_t i = 0; i < w->len; i++) {
		if (strchr("0123456789abcdefABCDEF:[]", w->text[i]) == NULL)
			return false;
		colons += w->text[i] == ':';
	}
	return colons > 1;
}

static bool no_address(struct parse *p, const struct word *w, const char *example)
{
	struct halves h = cut(w, find(w, ':'));

	if (find(w, '/') != NULL)
		parse_error(p, w->loc,
		    "\"%.*s\" is not one address; write %s, and nothing around it",
		    WORD_ARGS(*w), example);
	else if (is_host_name(w) || (is_host_name(&h.before) && h.behind.text != NULL &&
					!find(&h.behind, ':')))
		parse_error(p, w->loc,
		    "\"%.*s\" is a host name; only a literal address may stand here, "
		    "since a name would make a reload depend on DNS",
		    WORD_ARGS(*w));
	else if (w->len > 0 && (w->text[0] == '*' ||
				   (w->text[0] == ':' && find(&h.behind, ':') == NULL)))
		parse_error(p, w->loc,
		    "\"%.*s\" is every address, and only one may stand here: %s",
		    WORD_ARGS(*w), example);
	else if (is_bare_ipv6(w))
		parse_error(p, w->loc,
		    "\"%.*s\" is not an address; an IPv6 address stands in brackets before "
		    "\":\" and a port: [2001:db8::1]:80",
		    WORD_ARGS(*w));
	else if (find(w, ',') != NULL)
		parse_error(p, w->loc,
		    "\"%.*s\" is not one address; each has a line of its own",
		    WORD_ARGS(*w));
	else
		parse_error(p, w->loc, "\"%.*s\" is not an address; write %s",
		    WORD_ARGS(*w), example);
	return false;
}

static bool port(struct parse *p, const struct word *w, bool zero, uint16_t *out)
{
	uint32_t n;

	if (w->len == 0) {
		parse_error(p, w->loc, "a port must follow the \":\"");
		return false;
	}
	if (find(w, ',') != NULL) {
		parse_error(p, w->loc,
		    "\"%.*s\" is not one port; each has a line of its own",
		    WORD_ARGS(*w));
		return false;
	}
	if (!value_number(p, w, "a port", zero ? 0 : 1, PORT_MAX, &n))
		return false;
	*out = (uint16_t)n;
	return true;
}

bool value_address(struct parse *p, const struct word *w, struct addr *out)
{
	struct addr a;

	if (!addr_parse(&a, w->text, w->len))
		return no_address(p, w, "10.0.0.1 or 2001:db8::1, without a port");
	*out = a;
	return true;
}

/* Most are like this; all others, and what is wrong, go the long way. */
static bool plain_endpoint(const struct word *w, struct addr *out, uint16_t *port_out)
{
	const char *colon = find(w, ':'), *end = w->text + w->len;
	struct addr a;
	uint32_t n = 0;

	if (colon == NULL || end - colon < 2 || end - colon > 6)
		return false;
	for (const char *s = colon + 1; s < end; s++) {
		if (*s < '0' || *s > '9')
			return false;
		n = n * 10 + (uint32_t)(*s - '0');
	}
	if (n == 0 || n > PORT_MAX || !addr_parse(&a, w->text, (size_t)(colon - w->text)))
		return false;
	*out = a;
	*port_out = (uint16_t)n;
	return true;
}

bool value_is_address(const struct word *w)
{
	struct addr a;
	uint16_t port_ignored;

	return addr_parse(&a, w->text, w->len) || plain_endpoint(w, &a, &port_ignored) ||
	       (w->len > 0 && w->text[0] == '[');
}

bool value_endpoint(struct parse *p, const struct word *w, bool zero, struct addr *out,
    uint16_t *port_out)
{
	static const char example[] =
	    "10.0.0.1, 10.0.0.1:80, 2001:db8::1 or [2001:db8::1]:80";
	struct halves h;
	struct addr a;

	if (plain_endpoint(w, out, port_out))
		return true;
	h = cut(w, find(w, ':'));
	*port_out = 0;
	if (w->len > 0 && w->text[0] == '[') {
		const char *close = find(w, ']');

		if (close == NULL)
			return no_address(p, w, example);
		h = cut(w, close + 1 < w->text + w->len ? close + 1 : NULL);
		if ((h.behind.text != NULL && close[1] != ':') ||
		    !addr_parse(&a, w->text + 1, (size_t)(close - w->text - 1)) ||
		    a.family != AF_INET6)
			return no_address(p, w, example);
	} else if (h.behind.text == NULL || find(&h.behind, ':') != NULL) {
		h.behind.text = NULL;
		if (!addr_parse(&a, w->text, w->len))
			return no_address(p, w, example);
	} else if (!addr_parse(&a, h.before.text, h.before.len)) {
		return no_address(p, w, example);
	}
	if (h.behind.text != NULL && !port(p, &h.behind, zero, port_out))
		return false;
	*out = a;
	return true;
}

uint8_t value_prefix(const char *text, size_t len, bool *dotted)
{
	struct addr mask;
	uint32_t bits = 0, n = 0;

	*dotted = len > 0 && memchr(text, '.', len) != NULL;
	if (*dotted) {
		if (!addr_parse(&mask, text, len) || mask.family != AF_INET)
			return 0;
		for (int i = 0; i < 4; i++)
			bits = bits << 8 | mask.bytes[i];
		while (n < 32 && (bits & 0x80000000U >> n) != 0)
			n++;
		return n < 32 && bits << n != 0 ? 0 : (uint8_t)n;
	}
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9' || n > 128)
			return 0;
		n = n * 10 + (uint32_t)(text[i] - '0');
	}
	return n <= 128 ? (uint8_t)n : 0;
}

/* Clears the bits of A behind the first PREFIX; true when some were set. */
static bool clear_host_bits(struct addr *a, uint8_t prefix)
{
	const struct addr before = *a;

	for (unsigned bit = prefix; bit < 8 * sizeof a->bytes; bit++)
		a->bytes[bit / 8] &= (uint8_t) ~(0x80U >> bit % 8);
	return addr_cmp(&before, a) != 0;
}

/* "0" and "0.0.0.0" are masks here: every address. */
static bool is_zero_mask(const struct word *w)
{
	return (w->len == 1 && w->text[0] == '0') ||
	       (w->len == 7 && memcmp(w->text, "0.0.0.0", 7) == 0);
}

bool value_network(
    struct parse *p, const struct word *w, struct addr *out, uint8_t *prefix_out)
{
	const struct halves h = cut(w, find(w, '/'));
	char text[ADDR_TEXT_MAX];
	struct addr a;
	uint8_t prefix, bits;
	bool dotted;

	if (!addr_parse(&a, h.before.text, h.before.len))
		return no_address(p, &h.before, "10.0.0.1, 10.0.0.0/8 or 2001:db8::/32");
	bits = a.family == AF_INET ? 32 : 128;
	prefix = bits;
	if (h.behind.text != NULL) {
		prefix = value_prefix(h.behind.text, h.behind.len, &dotted);
		if ((prefix == 0 && !is_zero_mask(&h.behind)) || prefix > bits ||
		    (dotted && bits != 32)) {
			parse_error(p, h.behind.loc,
			    "\"%.*s\" is not a mask: a number of bits from 0 to %u%s",
			    WORD_ARGS(h.behind), bits,
			    bits == 32 ? ", or one such as 255.255.255.0" : "");
			return false;
		}
	}
	if (clear_host_bits(&a, prefix))
		parse_warning(p, w->loc, "bits are set outside the mask; taken as %s/%u",
		    addr_text(&a, text), prefix);
	*out = a;
	*prefix_out = prefix;
	return true;
}

bool value_ports(struct parse *p, const struct word *w, uint16_t out[2])
{
	const struct halves h = cut(w, find(w, ':'));
	uint16_t range[2];

	if (!port(p, &h.before, false, &range[0]))
		return false;
	range[1] = range[0];
	if (h.behind.text != NULL && !port(p, &h.behind, false, &range[1]))
		return false;
	if (range[0] > range[1]) {
		parse_error(p, w->loc, "\"%.*s\" ends before it begins; write %u:%u",
		    WORD_ARGS(*w), range[1], range[0]);
		return false;
	}
	memcpy(out, range, sizeof range);
	return true;
}
