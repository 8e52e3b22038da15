/*
 * value_dns: the words of a DNS check.
 *
 * Types and response codes as the IANA registry names them; those without a
 * name here can be given by number.
 */
#include <string.h>
#include <strings.h>

#include "parser/value.h"

struct dns_word {
	const char *name;
	uint16_t value;
};

/* RFC 1035, 3596, 2782, 4034, 6891, 8482. */
static const struct dns_word types[] = {
	{ "A", 1 },
	{ "NS", 2 },
	{ "CNAME", 5 },
	{ "SOA", 6 },
	{ "PTR", 12 },
	{ "MX", 15 },
	{ "TXT", 16 },
	{ "AAAA", 28 },
	{ "SRV", 33 },
	{ "DS", 43 },
	{ "DNSKEY", 48 },
	{ "ANY", 255 },
};

static const struct dns_word rcodes[] = {
	{ "NOERROR", 0 },
	{ "FORMERR", 1 },
	{ "SERVFAIL", 2 },
	{ "NXDOMAIN", 3 },
	{ "NOTIMP", 4 },
	{ "REFUSED", 5 },
};

/* RFC 1035, 2.3.4, of the name as text. */
#define LABEL_MAX 63
#define NAME_MAX 253

#define N(a) (sizeof(a) / sizeof(a)[0])

static const struct dns_word *find(
    const struct dns_word *words, size_t n, const struct word *w)
{
	for (size_t i = 0; i < n; i++)
		if (strlen(words[i].name) == w->len &&
		    strncasecmp(words[i].name, w->text, w->len) == 0)
			return &words[i];
	return NULL;
}

static const char *name_of(const struct dns_word *words, size_t n, uint16_t value)
{
	for (size_t i = 0; i < n; i++)
		if (words[i].value == value)
			return words[i].name;
	return NULL;
}

static bool labels_are_good(const char *name)
{
	name += strcmp(name, ".") == 0;
	while (*name != '\0') {
		size_t len = strcspn(name, ".");

		if (len == 0 || len > LABEL_MAX)
			return false;
		name += len;
		name += *name == '.';
	}
	return true;
}

bool value_dns_name(struct parse *p, const struct word *w, const char **out)
{
	if (!value_text(p, w, "a domain name", NAME_MAX, out))
		return false;
	if (!labels_are_good(*out))
		parse_error(p, w->loc,
		    "\"%.*s\" is not a domain name: each label has 1 to %d bytes",
		    WORD_ARGS(*w), LABEL_MAX);
	return true;
}

bool value_dns_type(struct parse *p, const struct word *w, uint16_t *out)
{
	const struct dns_word *found = find(types, N(types), w);
	uint32_t n;

	if (found != NULL)
		n = found->value;
	else if (!value_number(
		     p, w, "a DNS type, such as SOA, A or AAAA", 1, UINT16_MAX, &n))
		return false;
	*out = (uint16_t)n;
	return true;
}

bool value_dns_rcode(struct parse *p, const struct word *w, uint8_t *out)
{
	const struct dns_word *found = find(rcodes, N(rcodes), w);
	uint32_t n;

	if (found != NULL)
		n = found->value;
	else if (!value_number(p, w, "a DNS response code, such as NOERROR", 0, 15, &n))
		return false;
	*out = (uint8_t)n;
	return true;
}

const char *value_dns_type_name(uint16_t type)
{
	return name_of(types, N(types), type);
}

const char *value_dns_rcode_name(uint8_t rcode)
{
	return name_of(rcodes, N(rcodes), rcode);
}
