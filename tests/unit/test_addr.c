/*
 * Addresses as text: everything that inet_pton() takes is taken, with the same
 * bytes, and nothing else; LVSD_SEED=N repeats a run.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/addr.h"

#define ROUNDS 200000

static uint64_t seed;

static unsigned below(unsigned n)
{
	seed = seed * 6364136223846793005U + 1442695040888963407U;
	return (unsigned)(seed >> 33) % n;
}

static bool agrees(const char *text)
{
	uint8_t bytes[16] = { 0 };
	struct addr a;
	int family = AF_INET;

	if (inet_pton(AF_INET, text, bytes) != 1) {
		memset(bytes, 0, sizeof bytes);
		family = inet_pton(AF_INET6, text, bytes) == 1 ? AF_INET6 : AF_UNSPEC;
	}
	if (addr_parse(&a, text, strlen(text)) != (family != AF_UNSPEC))
		return false;
	return a.family == family &&
	       (family == AF_UNSPEC || memcmp(a.bytes, bytes, sizeof bytes) == 0);
}

static void test_examples(void **state)
{
	static const char *const texts[] = { "", ".", "1", "1.2.3", "1.2.3.4", "1.2.3.4.",
		".1.2.3.4", "1..2.3", "1.2.3.4.5", "0.0.0.0", "00.0.0.0", "01.2.3.4",
		"1.2.3.04", "255.255.255.255", "256.1.1.1", "1.2.3.1000", "1.2.3.0000",
		"1.2.3.4 ", " 1.2.3.4", "1.2.3.a", "-1.2.3.4", "::", "::1", "1::2::3",
		"::ffff:1.2.3.4", "2001:db8::1", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8:9" };

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		if (!agrees(texts[i]))
			fail_msg("\"%s\"", texts[i]);
}

static void test_random(void **state)
{
	static const char bytes[] = "0123456789....::af";
	const char *given = getenv("LVSD_SEED");
	unsigned taken = 0;

	(void)state;
	seed = given != NULL ? strtoull(given, NULL, 10)
			     : (uint64_t)getpid() << 20 ^ (uint64_t)time(NULL);
	print_message("LVSD_SEED=%llu\n", (unsigned long long)seed);
	for (int i = 0; i < ROUNDS; i++) {
		char text[80];
		unsigned len = below(20);

		snprintf(text, sizeof text, "%u.%u.%u.%u", below(300), below(300),
		    below(300), below(300));
		if (i % 2 == 0) { /* else it is as it is */
			for (unsigned at = 0; at < len; at++)
				text[at] = bytes[below(sizeof bytes - 1)];
			text[len] = '\0';
		}
		if (!agrees(text))
			fail_msg("\"%s\"", text);
		taken += inet_addr(text) != INADDR_NONE;
	}
	assert_true(taken > ROUNDS / 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_examples),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
