/*
 * What agents say, and what it does to weights, to who serves, and to what outlives
 * a reload and a restart.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "lvsd/agents.h"
#include "lvsd/record.h"
#include "lvsd/serving.h"
#include "plan_case.h"
#include "record_case.h"
#include "tests/plan/call.h"

#define S3 "-a -t 10.9.9.1:80 -r 10.2.0.14:80 -m -w "
#define AGENT " option agentcheck port 9999 interval 2s\n"
#define TWO                                                                   \
	" check interval 1\n option tcpcheck\n server s1 10.2.0.11:80 check " \
	"weight 10\n server s2 10.2.0.12:80 check weight 10\n"

static const struct agent_verdict nothing;

static struct state *build(const char *text, const struct state *old)
{
	struct ipvs_table none = { 0 };
	struct state *s = state_build(call_conf(text), old, &none, 1);

	if (old == NULL)
		plan_all_up(s);
	return s;
}

static void say(struct state *s, const char *name, struct agent_verdict v)
{
	agents_probe(plan_server(s, name))->probe.agent = v;
}

static struct agent_verdict percent(uint16_t n)
{
	return (struct agent_verdict){ .weighed = 1, .percent = n };
}

static void test_weight(void **state)
{
	static const struct {
		uint32_t weight;
		uint16_t percent;
		uint32_t want;
	} rows[] = {
		{ 10, 100, 10 }, { 10, 50, 5 }, { 10, 1, 1 }, /* never rounds to 0 */
		{ 1, 99, 1 }, { 10, 0, 0 }, { 0, 50, 0 }, { 0, 0, 0 }, { 10, 1000, 100 },
		{ 65535, 1000, 65535 }, /* the most that a weight can be */
	};
	struct state *s = build(WEB TWO AGENT, NULL);
	struct server_state *s1 = plan_server(s, "s1");

	(void)state;
	assert_int_equal(agents_weight(s1, 7), 7); /* it has said nothing */
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		say(s, "s1", percent(rows[i].percent));
		assert_int_equal(agents_weight(s1, rows[i].weight), rows[i].want);
	}
	/* of the operator's weight, where there is one */
	say(s, "s1", percent(50));
	state_decide(s1, &(struct decision){ .has_weight = true, .weight = 40 });
	assert_int_equal(serving_weight(s1, 1), 20);
	state_free(s);
}

/* Of operator and agent the more restrictive word wins. */
static void test_word(void **state)
{
	static const uint8_t said[] = { AGENT_ADMIN_UNSAID, AGENT_READY, AGENT_DRAIN,
		AGENT_MAINT };
	static const enum decision_word want[][4] = {
		{ DECISION_READY, DECISION_READY, DECISION_DRAIN, DECISION_MAINT },
		{ DECISION_DRAIN, DECISION_DRAIN, DECISION_DRAIN, DECISION_MAINT },
		{ DECISION_MAINT, DECISION_MAINT, DECISION_MAINT, DECISION_MAINT },
	};
	struct state *s = build(WEB TWO AGENT, NULL);
	struct server_state *s1 = plan_server(s, "s1");

	(void)state;
	for (int word = DECISION_READY; word <= DECISION_MAINT; word++)
		for (size_t i = 0; i < 4; i++) {
			state_decide(
			    s1, &(struct decision){ .word = (enum decision_word)word });
			say(s, "s1", (struct agent_verdict){ .admin = said[i] });
			assert_int_equal(agents_word(s1), want[word][i]);
		}
	state_free(s);
}

static void test_table(void **state)
{
	struct ipvs_table have = { 0 };
	struct state *s = build(WEB TWO AGENT, NULL);

	(void)state;
	plan_expect(s, &have, 3, SVC S1 "10\n" S2 "10\n");
	say(s, "s1", percent(50));
	plan_expect(s, &have, 3, SVC S1 "5\n" S2 "10\n");
	say(s, "s1", (struct agent_verdict){ .admin = AGENT_DRAIN });
	plan_expect(s, &have, 3, SVC S1 "0\n" S2 "10\n");
	assert_int_equal(have.svcs[0].lingering, 1);
	say(s, "s1", (struct agent_verdict){ .admin = AGENT_READY });
	plan_expect(s, &have, 3, SVC S1 "10\n" S2 "10\n");
	say(s, "s1", percent(0));
	plan_expect(s, &have, 0, SVC S1 "0\n" S2 "10\n");
	/* still there without connections: nobody has taken it out */
	plan_expect(s, &have, 0, SVC S1 "0\n" S2 "10\n");
	say(s, "s1", (struct agent_verdict){ .service = AGENT_DOWN });
	plan_expect(s, &have, 3, SVC S2 "10\n");
	/* its check has the last word on the other side */
	say(s, "s1", (struct agent_verdict){ .service = AGENT_UP });
	plan_set_health(s, "s1", false);
	plan_expect(s, &have, 3, SVC S2 "10\n");
	state_free(s);
	ipvs_table_fini(&have);
}

/* Down by its agent is down: with inhibit it stays, panic brings it back, a quorum
 * misses it. */
static void test_down(void **state)
{
	struct ipvs_table have = { 0 };
	struct state *s = build(WEB TWO " option agentcheck port 9999\n"
					" server s3 10.2.0.14:80 check inhibit\n",
	    NULL);
	struct serving_count c;

	(void)state;
	say(s, "s3", (struct agent_verdict){ .service = AGENT_DOWN });
	plan_expect(s, &have, 0, SVC S1 "10\n" S2 "10\n" S3 "0\n");
	serving_count(&s->directors[0], &c);
	assert_int_equal(c.ready, 3);
	assert_int_equal(c.usable, 2);
	assert_int_equal(c.failed, 1);
	say(s, "s3", (struct agent_verdict){ .admin = AGENT_MAINT });
	serving_count(&s->directors[0], &c);
	assert_int_equal(c.ready, 2);
	state_free(s);

	s = build(WEB TWO AGENT " option panic 60%\n", NULL);
	say(s, "s1", (struct agent_verdict){ .service = AGENT_DOWN });
	plan_expect(s, &have, 0, SVC S1 "10\n" S2 "10\n");
	state_free(s);
	ipvs_table_fini(&have);
}

/* One that nobody checks has an agent all the same. */
static void test_unchecked(void **state)
{
	struct ipvs_table have = { 0 };
	struct state *s =
	    build(WEB " server s1 10.2.0.11:80\n server s2 10.2.0.12:80\n" AGENT, NULL);

	(void)state;
	assert_int_equal(s->n_probes, 2);
	plan_expect(s, &have, 0, SVC S1 "1\n" S2 "1\n");
	say(s, "s1", (struct agent_verdict){ .service = AGENT_DOWN });
	plan_expect(s, &have, 0, SVC S2 "1\n");
	state_free(s);
	ipvs_table_fini(&have);
}

/* The check rests in anybody's maint, the agent in the operator's only. */
static void test_rests(void **state)
{
	struct state *s = build(WEB TWO AGENT, NULL);
	struct server_state *s1 = plan_server(s, "s1");
	const struct probe_state *check = &s->probes[s1->probe],
				 *agent = agents_probe(s1);

	(void)state;
	assert_ptr_not_equal(check, agent);
	assert_false(state_rests(check));
	say(s, "s1", (struct agent_verdict){ .admin = AGENT_MAINT });
	assert_true(state_rests(check));
	assert_false(state_rests(agent));
	say(s, "s1", nothing);
	state_decide(s1, &(struct decision){ .word = DECISION_MAINT });
	assert_true(state_rests(check));
	assert_true(state_rests(agent));
	state_free(s);
}

/* Two directors that ask the same agents in the same way are one probe a server. */
static void test_shared(void **state)
{
	struct state *s =
	    build(WEB TWO AGENT "director other 10.9.9.2:80\n check interval 1\n"
				" option tcpcheck\n server o 10.2.0.11:80 check\n" AGENT,
		NULL);

	(void)state;
	assert_int_equal(s->n_probes, 4);
	assert_ptr_equal(
	    agents_probe(plan_server(s, "s1")), agents_probe(plan_server(s, "o")));
	assert_int_equal(agents_probe(plan_server(s, "o"))->n_servers, 2);
	state_free(s);
	s = build(WEB TWO, NULL);
	assert_null(agents_probe(plan_server(s, "s1")));
	assert_null(s->agents);
	state_free(s);
}

static void test_reload(void **state)
{
	struct state *old = build(WEB TWO AGENT, NULL), *s;

	(void)state;
	say(old, "s1", (struct agent_verdict){ .admin = AGENT_DRAIN });
	say(old, "s2", percent(30));
	/* the same question under another name, and another question */
	s = build("director new 10.9.9.1:80\n check interval 1\n option tcpcheck\n"
		  " server x1 10.2.0.11:80 check weight 10\n" AGENT,
	    old);
	assert_int_equal(agents_verdict(plan_server(s, "x1"))->admin, AGENT_DRAIN);
	state_free(s);
	s = build(WEB TWO " option agentcheck port 8888\n", old);
	assert_int_equal(agents_verdict(plan_server(s, "s1"))->admin, AGENT_DRAIN);
	assert_int_equal(agents_verdict(plan_server(s, "s2"))->percent, 30);
	state_free(s);
	s = build(WEB TWO, old);
	assert_memory_equal(
	    agents_verdict(plan_server(s, "s1")), &nothing, sizeof nothing);
	state_free(s);
	state_free(old);
}

static void test_record(void **state)
{
	static const struct record_origin here = { "boot-1", 42 };
	static const struct agent_verdict all = {
		.admin = AGENT_DRAIN, .service = AGENT_DOWN, .weighed = 1, .percent = 30
	};
	struct ipvs_table none = { 0 };
	struct settings settings;
	struct state *s = build(WEB TWO AGENT, NULL);
	char error[200];
	json_t *root;

	(void)state;
	settings_init(&settings);
	say(s, "s1", all);
	root = record_case(&here, &none, &settings, s);
	state_free(s);
	assert_true(record_check(root, error, sizeof error));
	s = build(WEB TWO AGENT, NULL);
	record_servers(root, true, s, &none);
	assert_memory_equal(agents_verdict(plan_server(s, "s1")), &all, sizeof all);
	assert_memory_equal(
	    agents_verdict(plan_server(s, "s2")), &nothing, sizeof nothing);
	state_free(s);
	/* after a boot it will speak anew */
	s = build(WEB TWO AGENT, NULL);
	record_servers(root, false, s, &none);
	assert_memory_equal(
	    agents_verdict(plan_server(s, "s1")), &nothing, sizeof nothing);
	state_free(s);
	json_decref(root);
}

/* Words that are none, and numbers out of range, are nothing said. */
static void test_record_damaged(void **state)
{
	static const char *const texts[] = { "{}", "[]", "{\"admin\": \"up\"}",
		"{\"admin\": 3, \"service\": \"ready\"}", "{\"percent\": -1}",
		"{\"percent\": 1001}", "{\"percent\": \"50\"}" };

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		json_t *o = json_loads(texts[i], 0, NULL);
		struct agent_verdict v = percent(9);

		agents_read(o, &v);
		assert_memory_equal(&v, &nothing, sizeof v);
		json_decref(o);
	}
}

/* A server whose agent takes "down" back comes up slowly. */
static void test_slow_start(void **state)
{
	struct state *s = build(WEB TWO AGENT " option slowstart 10s\n", NULL);
	struct server_state *s1 = plan_server(s, "s1");

	(void)state;
	say(s, "s1", percent(50));
	state_turned(s1, HEALTH_DOWN, HEALTH_UP, 1000000);
	assert_int_equal(serving_weight(s1, 1000000), 1);
	assert_int_equal(serving_weight(s1, 6000000), 2);
	assert_int_equal(serving_weight(s1, 11000000), 5);
	state_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_weight),
		cmocka_unit_test(test_word),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_down),
		cmocka_unit_test(test_unchecked),
		cmocka_unit_test(test_rests),
		cmocka_unit_test(test_shared),
		cmocka_unit_test(test_reload),
		cmocka_unit_test(test_record),
		cmocka_unit_test(test_record_damaged),
		cmocka_unit_test(test_slow_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
