/*
 * due: intervals by health, phases, deadlines, and the rounds that are skipped.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "check/due.h"

#define S UINT64_C(1000000)

static const struct check_conf timing = { .method = CHECK_TCP,
	.interval_ms = 10000,
	.fastinter_ms = 1000,
	.downinter_ms = 30000,
	.timeout_ms = 1000,
	.rise = 2,
	.fall = 3 };

static void interval_follows_health(void **state)
{
	struct health h = health_unknown();
	struct check_conf once = timing;

	(void)state;
	assert_int_equal(due_interval_us(&timing, h), 10 * S);
	h = health_feed(h, true, 2, 3);
	assert_int_equal(due_interval_us(&timing, h), 10 * S);
	for (int failures = 1; failures <= 3; failures++) {
		h = health_feed(h, false, 2, 3);
		assert_int_equal(
		    due_interval_us(&timing, h), failures < 3 ? 1 * S : 30 * S);
	}
	h = health_feed(h, true, 2, 3);
	assert_int_equal(due_interval_us(&timing, h), 1 * S);
	assert_int_equal(due_interval_us(&timing, health_feed(h, false, 2, 3)), 30 * S);
	assert_int_equal(due_interval_us(&timing, health_feed(h, true, 2, 3)), 10 * S);
	/* With 1 and 1 there is nothing in between. */
	once.rise = once.fall = 1;
	assert_int_equal(due_interval_us(&once, health_assumed(true, 1, 1)), 10 * S);
	assert_int_equal(due_interval_us(&once, health_assumed(false, 1, 1)), 30 * S);
}

/* An interval that divides another keeps to the same grid, and every phase is a
 * multiple of 10 ms. */
static void phases_lie_on_a_grid(void **state)
{
	struct probe p = { .check = &timing, .addr = { AF_INET, { 10 } } };

	(void)state;
	for (uint16_t port = 1; port < 1000; port++) {
		p.port = port;
		assert_int_equal(due_phase_us(&p, 10 * S) % 10000, 0);
		assert_int_equal(due_phase_us(&p, S / 5) % 2000, 0);
		assert_true(due_phase_us(&p, 10 * S) < 10 * S);
	}
}

/* A round that was late, long, or both. */
static void missed_rounds_are_counted(void **state)
{
	const struct probe p = { .check = &timing, .addr = { AF_INET, { 10 } } };
	uint64_t due = due_next_us(&p, S, 1000 * S), missed;

	(void)state;
	/* over at once, and just before the next */
	assert_int_equal(due_after_us(&p, S, due, due, due + 100, &missed), due + S);
	assert_int_equal(missed, 0);
	assert_int_equal(due_after_us(&p, S, due, due, due + S - 1, &missed), due + S);
	assert_int_equal(missed, 0);
	/* a little too long is on time still, more is not */
	assert_int_equal(
	    due_after_us(&p, S, due, due, due + S + DUE_PUNCTUAL_US, &missed), due + S);
	assert_int_equal(missed, 0);
	assert_int_equal(
	    due_after_us(&p, S, due, due, due + S + DUE_PUNCTUAL_US + 1, &missed),
	    due + 2 * S);
	assert_int_equal(missed, 1);
	assert_int_equal(
	    due_after_us(&p, S, due, due, due + 10 * S + S / 2, &missed), due + 11 * S);
	assert_int_equal(missed, 10);
	/* one that began late: it was for the rounds that passed before, too */
	assert_int_equal(
	    due_after_us(&p, S, due, due + 3 * S + 1, due + 3 * S + 2, &missed),
	    due + 4 * S);
	assert_int_equal(missed, 3);
	assert_int_equal(
	    due_after_us(&p, S, due, due + S - 1, due + S + 1, &missed), due + S);
	assert_int_equal(missed, 0);
	/* began late, and too long */
	assert_int_equal(
	    due_after_us(&p, S, due, due + 2 * S, due + 5 * S + S / 2, &missed),
	    due + 6 * S);
	assert_int_equal(missed, 5);
}

static uint64_t deadline(
    const struct probe *p, uint64_t interval_us, uint64_t due_us, uint64_t started_us)
{
	return due_deadline_us(p->check, interval_us, due_us, started_us,
	    due_next_us(p, interval_us, due_us));
}

/* What began late does not make the next round late, if it can be helped. */
static void deadline_is_the_timeout_or_the_round(void **state)
{
	const struct probe p = { .check = &timing, .addr = { AF_INET, { 10 } } };
	uint64_t due = due_next_us(&p, 2 * S, 1000 * S), late = due + DUE_PUNCTUAL_US;

	(void)state;
	assert_int_equal(deadline(&p, 2 * S, due, due), due + S);
	assert_int_equal(deadline(&p, 2 * S, due, late), late + S);
	due = due_next_us(&p, S, 1000 * S);
	late = due + DUE_PUNCTUAL_US;
	assert_int_equal(deadline(&p, S, due, due), due + S);
	assert_int_equal(deadline(&p, S, due, due + 1000), due + S);
	assert_int_equal(deadline(&p, S, due, late), due + S);
	/* later than that it is no longer in time, and has all of its timeout */
	assert_int_equal(deadline(&p, S, due, late + 1), late + 1 + S);
	assert_int_equal(deadline(&p, S, due, due + S - 1), due + 2 * S - 1);
	/* a check by fastinter that may take longer than that */
	assert_int_equal(deadline(&p, S / 2, due, due + 1000), due + 1000 + S);
}

static void first_round(void **state)
{
	struct probe p = { .check = &timing, .addr = { AF_INET, { 10 } } };
	uint64_t now = 1000 * S;

	(void)state;
	for (uint8_t i = 0; i < 100; i++) {
		uint64_t phase;

		p.addr.bytes[3] = i;
		phase = due_phase_us(&p, 10 * S);
		p.started_us = 0;
		assert_in_range(due_first_us(&p, 100, now), now, now + 100 * 100);
		assert_in_range(due_first_us(&p, 1000000, now), now, now + S);
		/* it ran in the last interval: the phase goes on */
		p.started_us = now - 10 * S + phase;
		assert_int_equal(due_first_us(&p, 100, now), p.started_us + 10 * S);
		/* it should have run since */
		p.started_us = now - 30 * S;
		assert_int_equal(due_first_us(&p, 100, now), now);
		/* a time that is still to come was another boot's */
		p.started_us = now + S;
		assert_in_range(due_first_us(&p, 100, now), now, now + 100 * 100);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(interval_follows_health),
		cmocka_unit_test(phases_lie_on_a_grid),
		cmocka_unit_test(missed_rounds_are_counted),
		cmocka_unit_test(deadline_is_the_timeout_or_the_round),
		cmocka_unit_test(first_round),
	};

	return cmocka_run_group_tests_name("due", tests, NULL, NULL);
}
