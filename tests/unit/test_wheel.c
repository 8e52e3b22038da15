/*
 * wheel: against a plain list that is searched, at random; and how seldom it wants to
 * be asked.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "check/wheel.h"
#include "lib/mono.h"

#define HOUR_US UINT64_C(3600000000)

enum { THINGS = 200 };

struct thing {
	struct wheel_node node;
	uint64_t at_us; /* the list's; 0: not in the wheel */
};

static struct thing things[THINGS];

static uint64_t random_us(unsigned bits)
{
	uint64_t r = (uint64_t)random() << 31 ^ (uint64_t)random();

	return r & ((UINT64_C(1) << ((unsigned)random() % bits)) - 1);
}

static uint64_t earliest_us(void)
{
	uint64_t us = WHEEL_NEVER;

	for (size_t i = 0; i < THINGS; i++)
		if (things[i].at_us != 0 && things[i].at_us < us)
			us = things[i].at_us;
	return us;
}

static uint64_t earliest_us_but(uint32_t i)
{
	uint64_t at_us = things[i].at_us, earliest;

	things[i].at_us = 0;
	earliest = earliest_us();
	things[i].at_us = at_us;
	return earliest;
}

/* All that are due by NOW_US come, nothing else does, and none comes twice. */
static void pop_all(struct wheel *w, uint64_t now_us)
{
	uint64_t soonest_us;
	uint32_t i;

	while (wheel_pop(w, now_us, &i)) {
		/* It may be left for later, and is not forgotten. */
		if (random() % 16 == 0 && earliest_us_but(i) <= now_us)
			assert_true(wheel_soonest_us(w) <= now_us);
		assert_in_range(i, 0, THINGS - 1);
		assert_in_range(things[i].at_us, 1, now_us);
		assert_int_equal(things[i].node.at_us, things[i].at_us);
		things[i].at_us = 0;
		/* What is done about it takes some out, and puts some in. */
		if (random() % 4 == 0) {
			i = (uint32_t)random() % THINGS;
			wheel_remove(w, i);
			things[i].at_us = now_us + random_us(30);
			wheel_add(w, i, things[i].at_us);
		}
	}
	soonest_us = wheel_soonest_us(w);
	assert_true(soonest_us > now_us && soonest_us <= earliest_us());
	assert_int_equal(soonest_us == WHEEL_NEVER, earliest_us() == WHEEL_NEVER);
}

/* One of: in, out, a step that is none, short or long, up to what is due next. */
static void change(struct wheel *w, uint64_t *now_us)
{
	uint32_t i = (uint32_t)random() % THINGS;
	long what = random() % 8;

	if (what < 4) {
		wheel_remove(w, i);
		/* now and then in the past, now and then in years */
		things[i].at_us = *now_us - 1000 + random_us(random() % 8 ? 34 : 50);
		wheel_add(w, i, things[i].at_us);
	} else if (what < 6) {
		wheel_remove(w, i);
		wheel_remove(w, i);
		things[i].at_us = 0;
	} else {
		uint64_t next_us = wheel_soonest_us(w);

		if (what == 7 && next_us != WHEEL_NEVER && next_us > *now_us)
			*now_us = next_us;
		else if (what == 6)
			*now_us += random_us(random() % 8 ? 20 : 40);
		pop_all(w, *now_us);
	}
}

static void like_a_list(void **state)
{
	const char *given = getenv("SEED");
	unsigned seed =
	    given != NULL ? (unsigned)strtoul(given, NULL, 10) : (unsigned)mono_us();
	struct wheel w;

	(void)state;
	printf("SEED=%u\n", seed);
	srandom(seed);
	for (int round = 0; round < 30; round++) {
		uint64_t now_us = 2000 + random_us(50);

		for (size_t i = 0; i < THINGS; i++)
			things[i] = (struct thing){ .at_us = 0 };
		wheel_init(&w, &things[0].node, sizeof *things, THINGS, now_us);
		for (int i = 0; i < 5000; i++)
			change(&w, &now_us);
	}
}

/* A thing is told of to the microsecond, also across the ends of slots and rings. */
static void exact(void **state)
{
	static const uint64_t ends[] = { 1 << 13, 1 << 19, 1 << 25, UINT64_C(1) << 31,
		UINT64_C(1) << 37, UINT64_C(1) << 43, UINT64_C(1) << 49 };
	struct wheel w;
	uint32_t i;

	(void)state;
	for (size_t e = 0; e < sizeof ends / sizeof *ends; e++)
		for (uint64_t at_us = ends[e] - 2; at_us <= ends[e] + 2; at_us++)
			for (uint64_t from_us = 1; from_us < at_us; from_us *= 3) {
				wheel_init(
				    &w, &things[0].node, sizeof *things, 1, from_us);
				wheel_add(&w, 0, at_us);
				assert_false(wheel_pop(&w, from_us, &i));
				assert_false(wheel_pop(&w, at_us - 1, &i));
				assert_int_equal(wheel_soonest_us(&w), at_us);
				assert_true(wheel_pop(&w, at_us, &i));
				assert_false(wheel_pop(&w, at_us, &i));
			}
}

/* Who waits for one thing an hour off is woken once a ring, not once a slot. */
static void seldom(void **state)
{
	uint64_t now_us = 12345678, at_us = now_us + HOUR_US;
	unsigned woken = 0;
	struct wheel w;
	uint32_t i;

	(void)state;
	wheel_init(&w, &things[0].node, sizeof *things, 1, now_us);
	wheel_add(&w, 0, at_us);
	while (!wheel_pop(&w, now_us, &i)) {
		now_us = wheel_soonest_us(&w);
		woken++;
	}
	assert_int_equal(now_us, at_us);
	assert_in_range(woken, 1, WHEEL_RINGS);
	/* nor for what was taken out again */
	wheel_add(&w, 0, now_us + 1);
	assert_int_equal(wheel_soonest_us(&w), now_us + 1);
	wheel_remove(&w, 0);
	assert_int_equal(wheel_soonest_us(&w), WHEEL_NEVER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(like_a_list),
		cmocka_unit_test(exact),
		cmocka_unit_test(seldom),
	};

	alarm(60);
	return cmocka_run_group_tests_name("wheel", tests, NULL, NULL);
}
