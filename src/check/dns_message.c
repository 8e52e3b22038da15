/* The wire format of RFC 1035, section 4.1, as far as a check goes. */
#include "dns_message.h"

#include <ctype.h>
#include <string.h>

enum {
	AT_FLAGS = 2,
	AT_QUESTIONS = 4,
	HEADER_LEN = 12,
	LABEL_MAX = 63,
	NAME_MAX = 255,
	CLASS_IN = 1,
};

/* Of the first byte of the flags, and of the second. */
enum { IS_RESPONSE = 0x80, OPCODE = 0x78, RECURSION = 0x01 };
enum { RCODE = 0x0f };

static void put16(struct dns_query *q, uint16_t v)
{
	q->bytes[q->len++] = (uint8_t)(v >> 8);
	q->bytes[q->len++] = (uint8_t)v;
}

/* Each label with its length before it, and an empty one at the end. */
static bool put_name(struct dns_query *q, const char *name)
{
	name += strcmp(name, ".") == 0;
	while (*name != '\0') {
		size_t len = strcspn(name, ".");

		if (len == 0 || len > LABEL_MAX ||
		    q->len + 1 + len + 1 > HEADER_LEN + NAME_MAX)
			return false;
		q->bytes[q->len++] = (uint8_t)len;
		memcpy(q->bytes + q->len, name, len);
		q->len += len;
		name += len;
		name += *name == '.';
	}
	q->bytes[q->len++] = 0;
	return true;
}

bool dns_query_make(struct dns_query *q, uint16_t id, const char *name, uint16_t type)
{
	memset(q, 0, sizeof *q);
	put16(q, id);
	q->bytes[AT_FLAGS] = RECURSION;
	q->bytes[AT_QUESTIONS + 1] = 1;
	q->len = HEADER_LEN;
	if (!put_name(q, name))
		return false;
	put16(q, type);
	put16(q, CLASS_IN);
	return true;
}

/* The lengths in between are below any letter. */
static bool same_question(const uint8_t *a, const uint8_t *b, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (i < len - 4 ? tolower(a[i]) != tolower(b[i]) : a[i] != b[i])
			return false;
	return true;
}

bool dns_answers(
    const struct dns_query *q, const uint8_t *data, size_t len, uint8_t *rcode)
{
	if (len < q->len || memcmp(data, q->bytes, 2) != 0 ||
	    (data[AT_FLAGS] & IS_RESPONSE) == 0 || (data[AT_FLAGS] & OPCODE) != 0 ||
	    memcmp(data + AT_QUESTIONS, q->bytes + AT_QUESTIONS, 2) != 0 ||
	    !same_question(data + HEADER_LEN, q->bytes + HEADER_LEN, q->len - HEADER_LEN))
		return false;
	*rcode = data[AT_FLAGS + 1] & RCODE;
	return true;
}

const char *dns_rcode_name(uint8_t rcode)
{
	static const char *const names[] = { "NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN",
		"NOTIMP", "REFUSED", "YXDOMAIN", "YXRRSET", "NXRRSET", "NOTAUTH",
		"NOTZONE" };

	return rcode < sizeof names / sizeof *names ? names[rcode] : "RCODE";
}
