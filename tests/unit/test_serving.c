/*
 * Who serves, and until when: quorum, panic, slow start, what operators decide,
 * and how long a server that was removed keeps its connections.
 *
 * Small files, health, decisions and a clock in; tables in ipvsadm's words out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lvsd/serving.h"

#include "plan_case.h"
#include "tests/plan/call.h"

#define SECOND 1000000ull
#define THREE                                                            \
	" check interval 1\n option tcpcheck\n"                          \
	" server s1 10.2.0.11:80 check\n server s2 10.2.0.12:80 check\n" \
	" server s3 10.2.0.14:80 check\n"
#define S3 "-a -t 10.9.9.1:80 -r 10.2.0.14:80 -m -w "

static void decide(
    struct state *s, const char *name, enum decision_word word, uint64_t until_us)
{
	state_decide(plan_server(s, name),
	    &(struct decision){ .word = word, .until_us = until_us });
}

/* Below quorum the sorry server serves, and the usable ones keep connections. */
static void test_quorum(void **state)
{
	struct ipvs_table have = { 0 };
	struct state *s = state_build(
	    call_conf(WEB THREE " option quorum 2\n server sorry 10.2.0.13:80 sorry\n"),
	    NULL, &have, 1);

	(void)state;
	plan_set_health(s, "s1", true);
	/* the others have not spoken: no verdict on the quorum yet */
	plan_expect(s, &have, 1, SVC S1 "1\n");
	plan_set_health(s, "s2", false);
	plan_set_health(s, "s3", false);
	plan_expect(s, &have, 1, SVC S1 "0\n" SORRY "1\n");
	assert_int_equal(have.svcs[0].lingering, 0);
	/* it stays without connections, too: it is only waiting */
	plan_expect(s, &have, 0, SVC S1 "0\n" SORRY "1\n");
	plan_set_health(s, "s2", true);
	plan_expect(s, &have, 0, SVC S1 "1\n" S2 "1\n" SORRY "0\n");
	plan_expect(s, &have, 0, SVC S1 "1\n" S2 "1\n");
	state_free(s);
	ipvs_table_fini(&have);
}

static void test_quorum_without_sorry(void **state)
{
	struct ipvs_table have = { 0 };
	struct state *s =
	    state_build(call_conf(WEB THREE " option quorum 3\n"), NULL, &have, 1);
	struct serving_count c;

	(void)state;
	plan_all_up(s);
	plan_set_health(s, "s3", false);
	plan_expect(s, &have, 0, SVC S1 "1\n" S2 "1\n");
	serving_count(&s->directors[0], &c);
	assert_int_equal(c.usable, 2);
	assert_int_equal(c.quorum, 3);
	state_free(s);
	ipvs_table_fini(&have);
}

/* A share is of the ready servers that are not sorry, rounded up. */
static void test_quorum_percent(void **state)
{
	struct ipvs_table none = { 0 };
	struct state *s =
	    state_build(call_conf(WEB THREE
			    " option quorum 50%\n server sorry 10.2.0.13:80 sorry\n"),
		NULL, &none, 1);
	struct serving_count c;

	(void)state;
	serving_count(&s->directors[0], &c);
	assert_int_equal(c.ready, 3);
	assert_int_equal(c.quorum, 2);
	decide(s, "s3", DECISION_MAINT, 0);
	serving_count(&s->directors[0], &c);
	assert_int_equal(c.ready, 2);
	assert_int_equal(c.quorum, 1);
	state_free(s);
}

/* With dest a waiting server is deleted, for dh would refuse its clients. */
static void test_quorum_with_dest(void **state)
{
	struct ipvs_table have = { 0 };
	struct state *s = state_build(
	    call_conf(WEB " balance dest\n" THREE
			   " option quorum 2\n server sorry 10.2.0.13:80 sorry\n"),
	    NULL, &have, 1);

	(void)state;
	plan_all_up(s);
	plan_set_health(s, "s2", false);
	plan_set_health(s, "s3", false);
	plan_expect(s, &have, 1, "-A -t 10.9.9.1:80 -s dh\n" SORRY "1\n");
	state_free(s);
	ipvs_table_fini(&have);
}

static void test_panic(void **state)
{
	struct ipvs_table have = { 0 };
	struct state *s = state_build(
	    call_conf(WEB THREE " option panic 50%\n server sorry 10.2.0.13:80 sorry\n"),
	    NULL, &have, 1);

	(void)state;
	plan_set_health(s, "s1", false);
	plan_set_health(s, "s2", false);
	plan_expect(s, &have, 0, SVC); /* s3 has not spoken */
	plan_set_health(s, "s3", true);
	plan_expect(s, &have, 0, SVC S1 "1\n" S2 "1\n" S3 "1\n");
	assert_int_equal(serving_who(&s->directors[0], AF_UNSPEC, &have, NULL), SERVING_PANIC);
	/* whom an operator took out is absent, not failed */
	decide(s, "s1", DECISION_MAINT, 1);
	plan_expect(s, &have, 0, SVC S3 "1\n");
	plan_set_health(s, "s3", false);
	plan_expect(s, &have, 0, SVC S2 "1\n" S3 "1\n");
	state_free(s);
	ipvs_table_fini(&have);
}

/* Nobody is down, operators gave all of them weight 0: no panic, the sorry page. */
static void test_weight_0_is_no_panic(void **state)
{
	struct ipvs_table have = { 0 };
	struct state *s = state_build(
	    call_conf(WEB THREE " option panic 50%\n server sorry 10.2.0.13:80 sorry\n"),
	    NULL, &have, 1);

	(void)state;
	plan_all_up(s);
	for (size_t i = 0; i < 3; i++)
		state_decide(&s->servers[i], &(struct decision){ .has_weight = true });
	plan_expect(s, &have, 1, SVC S1 "0\n" S2 "0\n" SORRY "1\n" S3 "0\n");
	state_free(s);
	ipvs_table_fini(&have);
}

static void test_slowstart(void **state)
{
	struct ipvs_table have = { 0 };
	struct state *s =
	    state_build(call_conf(WEB " check interval 1\n option tcpcheck\n"
				       " option slowstart 100\n"
				       " server s1 10.2.0.11:80 weight 50 check\n"
				       " server s2 10.2.0.12:80 weight 50 check\n"),
		NULL, &have, 1);
	struct state *old;

	(void)state;
	/* the first verdict is no return */
	plan_report_at(s, "s1", REASON_OK, health_assumed(true, 1, 1), SECOND);
	plan_report_at(s, "s2", REASON_TIMEOUT, health_assumed(false, 1, 1), SECOND);
	plan_expect_at(s, &have, SECOND, 0, SVC S1 "50\n");
	plan_report_at(s, "s2", REASON_OK, health_assumed(true, 1, 1), 10 * SECOND);
	assert_int_equal(s->directors[0].slow_until_us, 110 * SECOND);
	plan_expect_at(s, &have, 10 * SECOND, 0, SVC S1 "50\n" S2 "1\n");
	plan_expect_at(s, &have, 60 * SECOND, 0, SVC S1 "50\n" S2 "25\n");
	old = s;
	s = state_build(call_conf(WEB " check interval 1\n option tcpcheck\n"
				       " option slowstart 200\n"
				       " server s1 10.2.0.11:80 weight 50 check\n"
				       " server s2 10.2.0.12:80 weight 50 check\n"),
	    old, &have, 60 * SECOND);
	state_free(old);
	assert_int_equal(s->directors[0].slow_until_us, 210 * SECOND);
	plan_expect_at(s, &have, 110 * SECOND, 0, SVC S1 "50\n" S2 "25\n");
	plan_expect_at(s, &have, 210 * SECOND, 0, SVC S1 "50\n" S2 "50\n");
	/* one that is over does not begin again */
	old = s;
	s = state_build(call_conf(WEB " check interval 1\n option tcpcheck\n"
				       " option slowstart 1000\n"
				       " server s1 10.2.0.11:80 weight 50 check\n"
				       " server s2 10.2.0.12:80 weight 50 check\n"),
	    old, &have, 220 * SECOND);
	state_free(old);
	assert_int_equal(s->directors[0].slow_until_us, 0);
	plan_expect_at(s, &have, 220 * SECOND, 0, SVC S1 "50\n" S2 "50\n");
	state_free(s);
	ipvs_table_fini(&have);
}

/* What an lvsd before left at weight 0 need not have been down. */
static void test_slowstart_found(void **state)
{
	static const char text[] = WEB " option tcpcheck\n option slowstart 100\n"
				       " server s1 10.2.0.11:80 weight 50 check\n";
	struct ipvs_table have = { 0 };
	struct state *s = state_build(call_conf(text), NULL, &have, 1);

	(void)state;
	plan_set_health(s, "s1", true);
	state_decide(plan_server(s, "s1"),
	    &(struct decision){ .has_weight = true, .weight = 0 });
	plan_expect_at(s, &have, SECOND, 0, SVC S1 "0\n");
	state_free(s);
	s = state_build(call_conf(text), NULL, &have, 2 * SECOND);
	plan_report_at(s, "s1", REASON_OK, health_assumed(true, 1, 1), 3 * SECOND);
	plan_expect_at(s, &have, 4 * SECOND, 0, SVC S1 "50\n");
	/* this is a return */
	plan_report_at(s, "s1", REASON_TIMEOUT, health_assumed(false, 1, 1), 5 * SECOND);
	plan_report_at(s, "s1", REASON_OK, health_assumed(true, 1, 1), 10 * SECOND);
	plan_expect_at(s, &have, 60 * SECOND, 0, SVC S1 "25\n");
	state_free(s);
	ipvs_table_fini(&have);
}

static const char two[] = WEB " option drain never\n server s1 10.2.0.11:80 weight 3\n"
			      " server s2 10.2.0.12:80\n";

static void test_operator_drains(void **state)
{
	struct ipvs_table have = { 0 };
	struct state *s = state_build(call_conf(two), NULL, &have, 1), *old;

	(void)state;
	plan_expect(s, &have, 4, SVC S1 "3\n" S2 "1\n");
	decide(s, "s1", DECISION_DRAIN, 0);
	plan_expect(s, &have, 4, SVC S1 "0\n" S2 "1\n");
	assert_int_equal(have.svcs[0].lingering, 1);
	/* the decision stays with the name, whatever the file says now */
	old = s;
	s = state_build(call_conf(WEB " server s1 10.2.0.11:80 weight 9\n"
				       " server s2 10.2.0.12:80\n"),
	    old, &have, 2);
	state_free(old);
	plan_expect(s, &have, 0, SVC S1 "0\n" S2 "1\n");
	plan_expect(s, &have, 0, SVC S2 "1\n");
	/* gone is gone, until it is made ready */
	plan_expect(s, &have, 0, SVC S2 "1\n");
	decide(s, "s1", DECISION_READY, 0);
	plan_expect(s, &have, 0, SVC S1 "9\n" S2 "1\n");
	state_free(s);
	ipvs_table_fini(&have);
}

static void test_operator_deadline(void **state)
{
	struct ipvs_table have = { 0 };
	struct state *s = state_build(call_conf(two), NULL, &have, 1);

	(void)state;
	plan_expect(s, &have, 4, SVC S1 "3\n" S2 "1\n");
	decide(s, "s1", DECISION_DRAIN, 10 * SECOND);
	plan_expect_at(s, &have, 9 * SECOND, 4, SVC S1 "0\n" S2 "1\n");
	plan_expect_at(s, &have, 10 * SECOND, 4, SVC S2 "1\n");
	decide(s, "s1", DECISION_READY, 0);
	plan_expect_at(s, &have, 11 * SECOND, 4, SVC S1 "3\n" S2 "1\n");
	decide(s, "s1", DECISION_MAINT, 0);
	plan_expect_at(s, &have, 11 * SECOND, 4, SVC S1 "0\n" S2 "1\n");
	state_decide(
	    plan_server(s, "s2"), &(struct decision){ .has_weight = true, .weight = 70 });
	plan_expect_at(s, &have, 11 * SECOND, 4, SVC S1 "0\n" S2 "70\n");
	state_free(s);
	ipvs_table_fini(&have);
}

/* dh would refuse the clients hashed to a drained server. */
static void test_operator_drains_dest(void **state)
{
	struct ipvs_table have = { 0 };
	struct state *s = state_build(call_conf(WEB " balance dest\n"
						     " server s1 10.2.0.11:80\n"
						     " server s2 10.2.0.12:80\n"),
	    NULL, &have, 1);

	(void)state;
	plan_expect(s, &have, 4, "-A -t 10.9.9.1:80 -s dh\n" S1 "1\n" S2 "1\n");
	decide(s, "s1", DECISION_DRAIN, 0);
	plan_expect(s, &have, 4, "-A -t 10.9.9.1:80 -s dh\n" S2 "1\n");
	state_free(s);
	ipvs_table_fini(&have);
}

/* All drained: the sorry page. A sorry server can be drained as well. */
static void test_operator_and_sorry(void **state)
{
	struct ipvs_table have = { 0 };
	struct state *s =
	    state_build(call_conf(WEB " server s1 10.2.0.11:80\n"
				       " server sorry 10.2.0.13:80 sorry\n"),
		NULL, &have, 1);

	(void)state;
	plan_expect(s, &have, 1, SVC S1 "1\n");
	decide(s, "s1", DECISION_DRAIN, 0);
	plan_expect(s, &have, 1, SVC S1 "0\n" SORRY "1\n");
	decide(s, "sorry", DECISION_DRAIN, 0);
	plan_expect(s, &have, 1, SVC S1 "0\n" SORRY "0\n");
	state_free(s);
	ipvs_table_fini(&have);
}

static struct state *reload(struct state *old, struct ipvs_table *have, const char *text)
{
	struct state *s = state_build(call_conf(text), old, have, 1);

	state_free(old);
	return s;
}

/* option drain <t>: that long, and no longer; put back, it stops leaving. */
static void test_removed_server_has_its_time(void **state)
{
	static const char both[] = WEB " option drain 10\n server s1 10.2.0.11:80\n"
				       " server s2 10.2.0.12:80\n";
	static const char one[] = WEB " option drain 10\n server s1 10.2.0.11:80\n";
	struct ipvs_table have = { 0 };
	struct state *s = state_build(call_conf(both), NULL, &have, 1);

	(void)state;
	plan_expect_at(s, &have, SECOND, 4, SVC S1 "1\n" S2 "1\n");
	s = reload(s, &have, one);
	plan_expect_at(s, &have, 5 * SECOND, 4, SVC S1 "1\n" S2 "0\n");
	plan_expect_at(s, &have, 14 * SECOND, 4, SVC S1 "1\n" S2 "0\n");
	s = reload(s, &have, both);
	plan_expect_at(s, &have, 14 * SECOND, 4, SVC S1 "1\n" S2 "1\n");
	s = reload(s, &have, one);
	plan_expect_at(s, &have, 16 * SECOND, 4, SVC S1 "1\n" S2 "0\n");
	plan_expect_at(s, &have, 26 * SECOND, 4, SVC S1 "1\n");
	s = reload(s, &have, both);
	plan_expect_at(s, &have, 26 * SECOND, 4, SVC S1 "1\n" S2 "1\n");
	/* 0 cuts */
	s = reload(s, &have, WEB " option drain 0\n server s1 10.2.0.11:80\n");
	plan_expect_at(s, &have, 26 * SECOND, 4, SVC S1 "1\n");
	state_free(s);
	ipvs_table_fini(&have);
}

/* Drained first, as one does, and then removed: its time begins with the reload. */
static void test_drained_then_removed(void **state)
{
	static const char both[] = WEB " option drain 10\n server s1 10.2.0.11:80\n"
				       " server s2 10.2.0.12:80\n";
	static const char one[] = WEB " option drain 10\n server s1 10.2.0.11:80\n";
	struct ipvs_table have = { 0 };
	struct state *s = state_build(call_conf(both), NULL, &have, 1);

	(void)state;
	plan_expect_at(s, &have, SECOND, 4, SVC S1 "1\n" S2 "1\n");
	decide(s, "s2", DECISION_DRAIN, 0);
	plan_expect_at(s, &have, 2 * SECOND, 4, SVC S1 "1\n" S2 "0\n");
	plan_expect_at(s, &have, 90 * SECOND, 4, SVC S1 "1\n" S2 "0\n");
	s = reload(s, &have, one);
	plan_expect_at(s, &have, 91 * SECOND, 4, SVC S1 "1\n" S2 "0\n");
	plan_expect_at(s, &have, 100 * SECOND, 4, SVC S1 "1\n" S2 "0\n");
	plan_expect_at(s, &have, 101 * SECOND, 4, SVC S1 "1\n");
	state_free(s);
	ipvs_table_fini(&have);
}

/* A service whose director is gone has the time that was noted for it. */
static void test_removed_director_has_its_time(void **state)
{
	struct ipvs_table have = { 0 };
	struct state *s = state_build(call_conf(two), NULL, &have, 1);

	(void)state;
	plan_expect(s, &have, 4, SVC S1 "3\n" S2 "1\n");
	s = reload(s, &have, "director other 10.9.9.2:80\n server s1 10.2.0.11:80\n");
	have.svcs[0].until_us = 20 * SECOND;
	plan_expect_at(s, &have, 19 * SECOND, 4,
	    SVC S1 "0\n" S2 "0\n-A -t 10.9.9.2:80 -s wlc\n"
		   "-a -t 10.9.9.2:80 -r 10.2.0.11:80 -m -w 1\n");
	plan_expect_at(s, &have, 20 * SECOND, 4,
	    "-A -t 10.9.9.2:80 -s wlc\n-a -t 10.9.9.2:80 -r 10.2.0.11:80 -m -w 1\n");
	state_free(s);
	ipvs_table_fini(&have);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quorum),
		cmocka_unit_test(test_quorum_without_sorry),
		cmocka_unit_test(test_quorum_percent),
		cmocka_unit_test(test_quorum_with_dest),
		cmocka_unit_test(test_panic),
		cmocka_unit_test(test_weight_0_is_no_panic),
		cmocka_unit_test(test_slowstart),
		cmocka_unit_test(test_slowstart_found),
		cmocka_unit_test(test_operator_drains),
		cmocka_unit_test(test_operator_deadline),
		cmocka_unit_test(test_operator_drains_dest),
		cmocka_unit_test(test_operator_and_sorry),
		cmocka_unit_test(test_removed_server_has_its_time),
		cmocka_unit_test(test_drained_then_removed),
		cmocka_unit_test(test_removed_director_has_its_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
