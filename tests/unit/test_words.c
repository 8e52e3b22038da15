/* Times and counts never take more columns than a table has for them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lvsctl/words.h"

static void times(void **state)
{
	static const struct {
		double seconds;
		const char *text;
	} cases[] = {
		{ 0, "0ms" },
		{ -1, "0ms" },
		{ 0.9999, "999ms" },
		{ 1, "1s" },
		{ 59.99, "59s" },
		{ 60, "1m00s" },
		{ 3599, "59m59s" },
		{ 3600, "1h00m" },
		{ 86399, "23h59m" },
		{ 86400, "1d00h" },
		{ 8639999, "99d23h" },
		{ 8640000, "100d" },
		{ 31536000. * 100, "36500d" },
	};
	char text[WORDS_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_string_equal(words_time(cases[i].seconds, text), cases[i].text);
		assert_true(strlen(text) <= 6);
	}
}

static void counts(void **state)
{
	static const struct {
		double n;
		const char *text;
	} cases[] = {
		{ 0, "0" },
		{ 999999, "999999" },
		{ 999999.6, "1.00M" },
		{ 1000000, "1.00M" },
		{ 9994999, "9.99M" },
		{ 9995001, "10.0M" },
		{ 99949999, "99.9M" },
		{ 99950001, "100M" },
		{ 999499999, "999M" },
		{ 999500001, "1.00G" },
		{ 4294967295., "4.29G" },
		{ 18446744073709551615., "18.4E" },
	};
	char text[WORDS_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_string_equal(words_count(cases[i].n, text), cases[i].text);
	for (double n = 1; n < 1e20; n *= 1.01)
		assert_true(strlen(words_count(n, text)) <= 6);
}

static void text_is_printable(void **state)
{
	struct buf b = { 0 };

	(void)state;
	words_put(&b, "a\033[2J\n\302\233b", 80);
	assert_string_equal(b.data, "a?[2J???b");
	buf_fini(&b);
	words_put(&b, "0123456789", 10);
	assert_string_equal(b.data, "0123456789");
	buf_fini(&b);
	words_put(&b, "0123456789a", 10);
	assert_string_equal(b.data, "0123456...");
	buf_fini(&b);
}

static void wrapping(void **state)
{
	struct buf b = { 0 };
	char word[100];

	(void)state;
	memset(word, 'x', sizeof word - 1);
	word[sizeof word - 1] = '\0';
	words_put_wrapped(&b, 4, word);
	assert_int_equal(strcspn(b.data, "\n"), WORDS_COLUMNS);
	assert_int_equal(b.len, 4 + 76 + 1 + 4 + 23 + 1);
	buf_fini(&b);
	word[70] = ' ';
	words_put_wrapped(&b, 0, word);
	assert_int_equal(strcspn(b.data, "\n"), 70);
	assert_int_equal(b.len, 70 + 1 + 28 + 1);
	buf_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times),
		cmocka_unit_test(counts),
		cmocka_unit_test(text_is_printable),
		cmocka_unit_test(wrapping),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
