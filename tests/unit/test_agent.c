/*
 * agent: HAProxy's words, and what is none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "check/agent.h"

/* From the heap, so that a byte read too far is seen. */
static bool parse(struct agent_verdict *v, const char *line)
{
	size_t len = strlen(line);
	char *copy = malloc(len > 0 ? len : 1);
	bool good;

	memcpy(copy, line, len);
	good = agent_parse(v, copy, len);
	free(copy);
	return good;
}

static void words(void **state)
{
	static const struct {
		const char *line;
		struct agent_verdict v;
	} rows[] = {
		/* clang-format off */
		{ "up", { .service = AGENT_UP } },
		{ "UP", { .service = AGENT_UP } },
		{ "down", { .service = AGENT_DOWN } },
		{ "stopped", { .service = AGENT_DOWN } },
		{ "fail#disk full, up 5%", { .service = AGENT_DOWN } },
		{ "ready", { .admin = AGENT_READY } },
		{ "drain", { .admin = AGENT_DRAIN } },
		{ "maint", { .admin = AGENT_MAINT } },
		{ "0%", { .weighed = 1 } },
		{ "75%", { .weighed = 1, .percent = 75 } },
		{ "1000%", { .weighed = 1, .percent = 1000 } },
		{ "99999999999999999999%", { .weighed = 1, .percent = 1000 } },
		{ " ready, up\t75% ", { AGENT_READY, AGENT_UP, 1, 75 } },
		{ "maxconn:30 up", { .service = AGENT_UP } },
		/* of two the last counts */
		{ "up down", { .service = AGENT_DOWN } },
		/* clang-format on */
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct agent_verdict v = { 0 };

		assert_true(parse(&v, rows[i].line));
		assert_memory_equal(&v, &rows[i].v, sizeof v);
	}
}

static void no_words(void **state)
{
	static const char *const lines[] = { "", " ", ",,", "#up", "upp", "u", "%", "-1%",
		"7", "7%%", "x%", "up maybe", "maxconn:", "HTTP/1.1 200 OK" };

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		struct agent_verdict v = { AGENT_DRAIN, AGENT_DOWN, 1, 9 }, before = v;

		assert_false(parse(&v, lines[i]));
		assert_memory_equal(&v, &before, sizeof v);
	}
}

static void the_rest_stays(void **state)
{
	struct agent_verdict v = { 0 };

	(void)state;
	assert_true(parse(&v, "drain 5%"));
	assert_true(parse(&v, "up"));
	assert_int_equal(v.admin, AGENT_DRAIN);
	assert_int_equal(v.service, AGENT_UP);
	assert_int_equal(v.percent, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words),
		cmocka_unit_test(no_words),
		cmocka_unit_test(the_rest_stays),
	};

	return cmocka_run_group_tests_name("agent", tests, NULL, NULL);
}
