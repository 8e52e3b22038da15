/*
 * health: rise and fall as tables of results, and what a reload does to a score.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "check/health.h"

/* Results: '+' success, '-' failure. After each, the state: 'U' or 'D'. */
static const struct {
	char start; /* '?', 'U' or 'D' */
	unsigned rise, fall;
	const char *results, *states;
} rows[] = {
	{ '?', 1, 1, "+-+", "UDU" },
	{ '?', 3, 3, "+--+---", "UUUUUUD" }, /* the first result decides alone */
	{ '?', 3, 3, "-++-+++", "DDDDDDU" },
	{ 'U', 1, 3, "--+--+---+", "UUUUUUUUDU" },
	{ 'D', 3, 1, "++-++-+++-", "DDDDDDDDUD" },
	{ 'U', 2, 2, "-+--+-++-+", "UUUDDDDUUU" },
	{ 'D', 65535, 65535, "++-", "DDD" },
	{ 'U', 65535, 65535, "--+", "UUU" },
};

static void rise_and_fall(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		unsigned rise = rows[i].rise, fall = rows[i].fall;
		struct health h = health_unknown();

		if (rows[i].start != '?')
			h = health_assumed(rows[i].start == 'U', rise, fall);
		assert_int_equal(strlen(rows[i].results), strlen(rows[i].states));
		for (size_t r = 0; rows[i].results[r] != '\0'; r++) {
			h = health_feed(h, rows[i].results[r] == '+', rise, fall);
			if (h.state !=
			    (rows[i].states[r] == 'U' ? HEALTH_UP : HEALTH_DOWN))
				fail_msg("row %zu, result %zu", i, r);
			assert_in_range(h.score, h.state == HEALTH_UP ? rise : 0,
			    h.state == HEALTH_UP ? rise + fall - 1 : rise - 1);
		}
	}
}

/* A state survives other limits, and its score is in their range. */
static void refit(void **state)
{
	(void)state;
	for (unsigned rise = 1; rise <= 4; rise++)
		for (unsigned fall = 1; fall <= 4; fall++)
			for (int32_t score = 0; score < 8; score++) {
				struct health up = { HEALTH_UP, score };
				struct health down = { HEALTH_DOWN, score };

				up = health_refit(up, rise, fall);
				down = health_refit(down, rise, fall);
				assert_int_equal(up.state, HEALTH_UP);
				assert_int_equal(down.state, HEALTH_DOWN);
				assert_in_range(up.score, rise, rise + fall - 1);
				assert_in_range(down.score, 0, rise - 1);
			}
	assert_int_equal(health_refit(health_unknown(), 3, 3).state, HEALTH_UNKNOWN);
}

/* Limits that did not change change nothing. */
static void refit_same(void **state)
{
	(void)state;
	for (int32_t score = 0; score < 5; score++) {
		struct health h = { score < 3 ? HEALTH_DOWN : HEALTH_UP, score };

		assert_int_equal(health_refit(h, 3, 3).score, score);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rise_and_fall),
		cmocka_unit_test(refit),
		cmocka_unit_test(refit_same),
	};

	return cmocka_run_group_tests_name("health", tests, NULL, NULL);
}
