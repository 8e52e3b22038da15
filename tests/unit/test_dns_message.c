/*
 * dns_message: names on the wire, and answers from the heap so that a byte read
 * too far is seen.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "check/dns_message.h"

static void names(void **state)
{
	static const struct {
		const char *name, *wire;
		size_t len;
	} rows[] = { { ".", "\0", 1 }, { "a", "\1a\0", 3 }, { "a.", "\1a\0", 3 },
		{ "ab.c.", "\2ab\1c\0", 6 }, { "ab.c", "\2ab\1c\0", 6 } };
	static const char *const bad[] = { "a..b", ".a", "a..",
		"0123456789012345678901234567890123456789012345678901234567890123" };
	struct dns_query q;
	char longest[300];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_true(dns_query_make(&q, 0x1234, rows[i].name, 6));
		assert_int_equal(q.len, 12 + rows[i].len + 4);
		assert_memory_equal(q.bytes + 12, rows[i].wire, rows[i].len);
		assert_memory_equal(q.bytes, "\x12\x34\1\0\0\1\0\0\0\0\0\0", 12);
		assert_memory_equal(q.bytes + 12 + rows[i].len, "\0\6\0\1", 4);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(dns_query_make(&q, 0, bad[i], 6));
	/* 253 bytes of text are 255 on the wire, the most there may be. */
	memset(longest, 'a', sizeof longest);
	for (size_t i = 49; i < 253; i += 50)
		longest[i] = '.';
	longest[253] = '\0';
	assert_true(dns_query_make(&q, 0, longest, 6));
	assert_int_equal(q.len, DNS_QUERY_MAX);
	longest[253] = 'a';
	longest[254] = '\0';
	assert_false(dns_query_make(&q, 0, longest, 6));
}

static bool answers(
    const struct dns_query *q, const void *data, size_t len, uint8_t *rcode)
{
	uint8_t *copy = malloc(len > 0 ? len : 1);
	bool yes;

	memcpy(copy, data, len);
	yes = dns_answers(q, copy, len, rcode);
	free(copy);
	return yes;
}

static void any_other_byte_is_no_answer(void **state)
{
	struct dns_query q;
	uint8_t good[DNS_QUERY_MAX], bad[DNS_QUERY_MAX], rcode = 99;

	(void)state;
	assert_true(dns_query_make(&q, 0x1234, "ab.example", 1));
	memcpy(good, q.bytes, q.len);
	good[2] |= 0x84; /* a response, authoritative */
	good[3] = 0x85;	 /* recursion available, REFUSED */
	good[7] = 9;	 /* answers */
	assert_true(answers(&q, good, q.len, &rcode));
	assert_int_equal(rcode, 5);
	for (size_t len = 0; len < q.len; len++)
		assert_false(answers(&q, good, len, &rcode));
	/* No bit but those of flags, counts of records and case may differ. */
	for (size_t at = 0; at < q.len; at++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			bool letter = at >= 12 && good[at] >= 'a' && good[at] <= 'z';
			bool free_to_differ = at == 3 || (at >= 6 && at < 12) ||
					      (at == 2 && bit < 3) ||
					      (letter && bit == 5);

			memcpy(bad, good, q.len);
			bad[at] ^= (uint8_t)(1u << bit);
			assert_int_equal(answers(&q, bad, q.len, &rcode), free_to_differ);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(any_other_byte_is_no_answer),
	};

	return cmocka_run_group_tests_name("dns_message", tests, NULL, NULL);
}
