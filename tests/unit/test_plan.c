/*
 * The plan: which table follows from a file, health and what the kernel has.
 *
 * Each case is a small lvs.conf, some health, a table that was there before,
 * and the table that must come out, all as text that a reader can check
 * against lvs.conf(5). Tables are in ipvsadm's words.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ipvs/ipvs.h"
#include "lib/xalloc.h"
#include "lvsd/plan.h"
#include "lvsd/state.h"
#include "parser/parser.h"
#include "plan_case.h"
#include "tests/plan/call.h"

static const char two_checked[] = WEB " check interval 1\n option tcpcheck\n"
				      " server s1 10.2.0.11:80 check\n"
				      " server s2 10.2.0.12 weight 5 check\n"
				      " server sorry 10.2.0.13:80 sorry\n";

static void test_health_decides(void **state)
{
	struct ipvs_table have = { 0 };
	struct state *s = state_build(call_conf(two_checked), NULL, &have, 1);

	(void)state;
	/* fresh: nobody was seen healthy, and the sorry page waits for all */
	plan_expect(s, &have, 0, SVC);
	plan_set_health(s, "s1", false);
	plan_expect(s, &have, 0, SVC);
	plan_set_health(s, "s2", true);
	plan_expect(s, &have, 0, SVC S2 "5\n");
	plan_set_health(s, "s1", true);
	plan_expect(s, &have, 0, SVC S1 "1\n" S2 "5\n");
	plan_set_health(s, "s2", false);
	plan_expect(s, &have, 0, SVC S1 "1\n");
	state_free(s);
	ipvs_table_fini(&have);
}

static void test_sorry_steps_in_and_out(void **state)
{
	struct ipvs_table have = { 0 };
	struct state *s = state_build(call_conf(two_checked), NULL, &have, 1);

	(void)state;
	plan_set_health(s, "s1", false);
	plan_set_health(s, "s2", false);
	plan_expect(s, &have, 3, SVC SORRY "1\n");
	plan_set_health(s, "s1", true);
	/* its connections end in peace */
	plan_expect(s, &have, 3, SVC S1 "1\n" SORRY "0\n");
	assert_int_equal(have.svcs[0].lingering, 1);
	plan_expect(s, &have, 0, SVC S1 "1\n" SORRY "0\n");
	plan_expect(s, &have, 0, SVC S1 "1\n");
	assert_int_equal(have.svcs[0].lingering, 0);
	state_free(s);
	ipvs_table_fini(&have);
}

static void test_sorry_goes_on_over_restart(void **state)
{
	struct ipvs_table have = { 0 };
	struct state *s = state_build(call_conf(two_checked), NULL, &have, 1);

	(void)state;
	plan_set_health(s, "s1", false);
	plan_set_health(s, "s2", false);
	plan_expect(s, &have, 3, SVC SORRY "1\n");
	state_free(s);
	s = state_build(call_conf(two_checked), NULL, &have, 1);
	plan_expect(s, &have, 3, SVC SORRY "1\n");
	state_free(s);
	ipvs_table_fini(&have);
}

static void test_found_servers_stay_as_found(void **state)
{
	struct ipvs_table have = { 0 };
	struct state *s = state_build(call_conf(two_checked), NULL, &have, 1);

	(void)state;
	plan_all_up(s);
	plan_expect(s, &have, 1, SVC S1 "1\n" S2 "5\n");
	have.svcs[0].dests[1].weight = 0;
	state_free(s);
	s = state_build(call_conf(two_checked), NULL, &have, 1);
	assert_int_equal(plan_server(s, "s1")->health.state, HEALTH_UP);
	assert_int_equal(plan_server(s, "s2")->health.state, HEALTH_DOWN);
	plan_expect(s, &have, 1, SVC S1 "1\n" S2 "0\n");
	/* the first check that speaks decides */
	plan_set_health(s, "s2", false);
	plan_expect(s, &have, 1, SVC S1 "1\n");
	state_free(s);
	ipvs_table_fini(&have);
}

/* With rise 3 the first success decides nothing: connections need the server. */
static void test_found_server_waits_for_rise(void **state)
{
	static const char conf[] = WEB " check rise 3\n server s1 10.2.0.11:80 check\n"
				       " server s2 10.2.0.12:80 check\n";
	struct ipvs_table have = { 0 };
	struct state *s = state_build(call_conf(conf), NULL, &have, 1);

	(void)state;
	plan_all_up(s);
	plan_expect(s, &have, 1, SVC S1 "1\n" S2 "1\n");
	have.svcs[0].dests[0].weight = 0;
	state_free(s);
	s = state_build(call_conf(conf), NULL, &have, 1);
	plan_report(s, "s1", REASON_OK, (struct health){ HEALTH_DOWN, 1 });
	plan_expect(s, &have, 1, SVC S1 "0\n" S2 "1\n");
	plan_report(s, "s1", REASON_OK, health_assumed(true, 3, 1));
	plan_expect(s, &have, 1, SVC S1 "1\n" S2 "1\n");
	plan_report(s, "s1", REASON_TIMEOUT, health_assumed(false, 3, 1));
	plan_expect(s, &have, 1, SVC S2 "1\n");
	state_free(s);
	ipvs_table_fini(&have);
}

/* One probe for two servers that were found differently: it starts up. */
static void test_shared_probe_starts_with_the_best(void **state)
{
	static const char conf[] =
	    "director a 10.9.9.1:80\n check rise 3\n server s1 10.2.0.11:80 weight 0 check\n"
	    "director b 10.9.9.2:80\n check rise 3\n server s2 10.2.0.11:80 check\n";
	struct ipvs_table have = { 0 };
	struct state *s = state_build(call_conf(conf), NULL, &have, 1);

	(void)state;
	plan_all_up(s);
	plan_expect(s, &have, 1,
	    SVC S1 "0\n-A -t 10.9.9.2:80 -s wlc\n"
		   "-a -t 10.9.9.2:80 -r 10.2.0.11:80 -m -w 1\n");
	state_free(s);
	s = state_build(call_conf(conf), NULL, &have, 1);
	assert_int_equal(s->n_probes, 1);
	assert_int_equal(s->probes[0].probe.health.state, HEALTH_UP);
	state_free(s);
	ipvs_table_fini(&have);
}

static void test_inhibit(void **state)
{
	struct ipvs_table have = { 0 };
	struct state *s = state_build(call_conf(WEB " check inhibit\n"
						     " server s1 10.2.0.11:80 check\n"
						     " server s2 10.2.0.12:80 check\n"),
	    NULL, &have, 1);

	(void)state;
	plan_all_up(s);
	plan_set_health(s, "s1", false);
	plan_expect(s, &have, 1, SVC S1 "0\n" S2 "1\n");
	state_free(s);
	ipvs_table_fini(&have);
}

/* dh refuses the clients hashed to a server at weight 0. */
static void test_inhibit_with_dest_deletes(void **state)
{
	struct ipvs_table have = { 0 };
	struct state *s = state_build(call_conf(WEB " balance dest\n check inhibit\n"
						     " server s1 10.2.0.11:80 check\n"
						     " server s2 10.2.0.12:80 check\n"),
	    NULL, &have, 1);

	(void)state;
	plan_all_up(s);
	plan_set_health(s, "s1", false);
	plan_expect(s, &have, 1, "-A -t 10.9.9.1:80 -s dh\n" S2 "1\n");
	state_free(s);
	ipvs_table_fini(&have);
}

static void test_removed_server_leaves(void **state)
{
	struct ipvs_table have = { 0 };
	struct state *s = state_build(call_conf(WEB " server s1 10.2.0.11:80\n"
						     " server s2 10.2.0.12:80\n"),
	    NULL, &have, 1);
	struct state *old;

	(void)state;
	plan_expect(s, &have, 7, SVC S1 "1\n" S2 "1\n");
	old = s;
	s = state_build(call_conf(WEB " server s1 10.2.0.11:80\n"), old, &have, 1);
	state_free(old);
	plan_expect(s, &have, 7, SVC S1 "1\n" S2 "0\n");
	plan_expect(s, &have, 0, SVC S1 "1\n" S2 "0\n");
	/* closed TCP connections linger two minutes; they do not count */
	have.svcs[0].dests[1].inactive = 9;
	plan_expect(s, &have, 0, SVC S1 "1\n");
	state_free(s);
	ipvs_table_fini(&have);
}

static void test_removed_director_leaves(void **state)
{
	struct ipvs_table have = { 0 };
	struct state *s = state_build(
	    call_conf("director dns 10.9.9.1:53 UDP\n server s1 10.2.0.11\n"), NULL,
	    &have, 1);
	struct state *old = s;

	(void)state;
	plan_expect(s, &have, 2,
	    "-A -u 10.9.9.1:53 -s wlc\n-a -u 10.9.9.1:53 -r 10.2.0.11:53 -m -w 1\n");
	s = state_build(call_conf(""), old, &have, 1);
	state_free(old);
	plan_expect(s, &have, 0,
	    "-A -u 10.9.9.1:53 -s wlc\n-a -u 10.9.9.1:53 -r 10.2.0.11:53 -m -w 0\n");
	/* datagrams have no other connections than inactive ones */
	have.svcs[0].dests[0].inactive = 1;
	plan_expect(s, &have, 0,
	    "-A -u 10.9.9.1:53 -s wlc\n-a -u 10.9.9.1:53 -r 10.2.0.11:53 -m -w 0\n");
	plan_expect(s, &have, 0, "");
	state_free(s);
	ipvs_table_fini(&have);
}

/* The kernel sends a used port's next connection after the last one. */
static void test_gateway_waits_for_inactive(void **state)
{
	struct ipvs_table have = { 0 };
	struct state *s =
	    state_build(call_conf(WEB " mode gateway\n server s1 10.2.0.11:80\n"
				       " server s2 10.2.0.12:80\n"),
		NULL, &have, 1);
	struct state *old = s;
	const char *both = SVC "-a -t 10.9.9.1:80 -r 10.2.0.11:80 -g -w 1\n"
			       "-a -t 10.9.9.1:80 -r 10.2.0.12:80 -g -w 0\n";

	(void)state;
	plan_expect(s, &have, 1,
	    SVC "-a -t 10.9.9.1:80 -r 10.2.0.11:80 -g -w 1\n"
		"-a -t 10.9.9.1:80 -r 10.2.0.12:80 -g -w 1\n");
	s = state_build(
	    call_conf(WEB " mode gateway\n server s1 10.2.0.11:80\n"), old, &have, 1);
	state_free(old);
	plan_expect(s, &have, 0, both);
	have.svcs[0].dests[1].inactive = 1;
	plan_expect(s, &have, 0, both);
	plan_expect(s, &have, 0, SVC "-a -t 10.9.9.1:80 -r 10.2.0.11:80 -g -w 1\n");
	state_free(s);
	ipvs_table_fini(&have);
}

static void test_health_survives_renaming(void **state)
{
	struct ipvs_table have = { 0 };
	struct state *s = state_build(call_conf(two_checked), NULL, &have, 1), *old = s;

	(void)state;
	for (size_t i = 0; i < s->n_probes; i++)
		s->probes[i].probe.health = health_assumed(i == 0, 1, 1);
	plan_set_health(s, "s1", true);
	plan_set_health(s, "s2", false);
	s = state_build(
	    call_conf(
		"director shop 10.9.9.7:80\n check interval 3 timeout 500ms fall 3\n option tcpcheck\n"
		" server a 10.2.0.11:80 check\n server b 10.2.0.12:80 check\n"),
	    old, &have, 1);
	assert_int_equal(plan_server(s, "a")->health.state, HEALTH_UP);
	assert_int_equal(plan_server(s, "b")->health.state, HEALTH_DOWN);
	state_free(old);
	/* another check: the state stays until it has spoken */
	old = s;
	s = state_build(call_conf("director shop 10.9.9.7:80\n option httpcheck\n"
				   " server a 10.2.0.11:80 check\n"
				   " server b 10.2.0.12:80 check\n"
				   " server c 10.2.0.13:80 check\n"),
	    old, &have, 1);
	assert_int_equal(plan_server(s, "a")->health.state, HEALTH_UP);
	assert_int_equal(plan_server(s, "b")->health.state, HEALTH_DOWN);
	assert_int_equal(plan_server(s, "c")->health.state, HEALTH_UNKNOWN);
	state_free(old);
	state_free(s);
}

/* Same service and server, all names and the check new: the table tells. */
static void test_renamed_with_another_check_stays_as_found(void **state)
{
	struct ipvs_table have = { 0 };
	struct state *s = state_build(call_conf(two_checked), NULL, &have, 1), *old = s;

	(void)state;
	plan_all_up(s);
	plan_expect(s, &have, 1, SVC S1 "1\n" S2 "5\n");
	s = state_build(call_conf("director shop 10.9.9.1:80\n check interval 7\n"
				   " server a 10.2.0.11:80 check\n"),
	    old, &have, 1);
	assert_int_equal(plan_server(s, "a")->health.state, HEALTH_UP);
	state_free(old);
	plan_expect(s, &have, 1, SVC S1 "1\n" S2 "0\n");
	state_free(s);
	ipvs_table_fini(&have);
}

static void test_identical_checks_are_one_probe(void **state)
{
	struct ipvs_table have = { 0 };
	struct state *s = state_build(
	    call_conf("director a 10.9.9.1:80\n server s 10.2.0.11:80 check\n"
		       "director b 10.9.9.2:80\n server s 10.2.0.11:80 check\n"
		       "director c 10.9.9.3:80\n server s 10.2.0.11:80 check "
		       "interval 3\n"),
	    NULL, &have, 1);

	(void)state;
	assert_int_equal(s->n_probes, 2);
	assert_int_equal(s->servers[0].probe, s->servers[1].probe);
	assert_int_not_equal(s->servers[0].probe, s->servers[2].probe);
	state_free(s);
}

static void test_schedulers(void **state)
{
	static const char *const words[][2] = {
		{ "roundrobin", "wrr" },
		{ "leastconn", "wlc" },
		{ "leastconn localitybased", "lblc" },
		{ "leastconn localitybased replication", "lblcr" },
		{ "source", "sh -b sh-fallback" },
		{ "srcdst", "sh -b sh-fallback" },
		{ "dest", "dh" },
		{ "shortexpdelay", "sed" },
		{ "shortestexpected", "sed" },
		{ "neverqueue", "nq" },
		{ "fo", "fo" },
		{ "weightedfailover", "fo" },
		{ "ovf", "ovf" },
		{ "ovh", "ovf" },
		{ "mh", "mh -b mh-fallback" },
		{ "mh port", "mh -b mh-fallback,mh-port" },
		{ "source port", "sh -b sh-fallback,sh-port" },
		{ "kernel rr", "rr" },
		{ "kernel sh", "sh" },
		{ "kernel mh flag-2", "mh -b mh-port" },
		{ "kernel x flag-1 flag-3", "x -b flag-1,flag-3" },
		{ "twos", "twos" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		struct ipvs_table have = { 0 };
		char *text = xasprintf(WEB " balance %s\n", words[i][0]);
		char *want = xasprintf("-A -t 10.9.9.1:80 -s %s\n", words[i][1]);
		struct state *s = state_build(call_conf(text), NULL, &have, 1);

		plan_expect(s, &have, 0, want);
		state_free(s);
		ipvs_table_fini(&have);
		free(text);
		free(want);
	}
}

static void test_attributes(void **state)
{
	static const struct {
		const char *conf, *want;
	} cases[] = {
		{ WEB " mode gateway\n server s 10.2.0.11:80 weight 0\n",
		    SVC "-a -t 10.9.9.1:80 -r 10.2.0.11:80 -g -w 0\n" },
		{ WEB " mode tunnel\n server s 10.2.0.11 weight 65535\n", SVC
		    "-a -t 10.9.9.1:80 -r 10.2.0.11:80 -i -w 65535 --tun-type ipip\n" },
		{ WEB " option persistence timeout 60 netmask 255.255.255.0\n",
		    "-A -t 10.9.9.1:80 -s wlc -p 60 -M 255.255.255.0\n" },
		{ "director w [2001:db8::1]:80\n option persistence netmask 64\n",
		    "-A -t [2001:db8::1]:80 -s wlc -p 360 -M 64\n" },
		{ "director w 10.9.9.1 TCP\n option persistence\n server s 10.2.0.11\n",
		    "-A -t 10.9.9.1:0 -s wlc -p 360\n"
		    "-a -t 10.9.9.1:0 -r 10.2.0.11:0 -m -w 1\n" },
		{ "director w 10.9.9.1:53 UDP\n mode gateway\n option onepacket\n",
		    "-A -u 10.9.9.1:53 -s wlc -o\n" },
		{ "director w 10.9.9.1:90 sctp\n",
		    "-A --sctp-service 10.9.9.1:90 -s wlc\n" },
		{ "director w fwmark 7\n server a 10.2.0.11:80\n server b [fd00::b]:80\n",
		    "-A -f 7 -s wlc\n-a -f 7 -r 10.2.0.11:80 -m -w 1\n"
		    "-A -f 7 -6 -s wlc\n-a -f 7 -6 -r [fd00::b]:80 -m -w 1\n" },
		{ WEB " mode tunnel gue port 6080 checksum remote\n server s 10.2.0.11\n",
		    SVC "-a -t 10.9.9.1:80 -r 10.2.0.11:80 -i -w 1 --tun-type gue "
			"--tun-port 6080 --tun-remcsum\n" },
		{ WEB " mode tunnel gre checksum yes\n server s 10.2.0.11\n",
		    SVC "-a -t 10.9.9.1:80 -r 10.2.0.11:80 -i -w 1 --tun-type gre "
			"--tun-csum\n" },
		/* not without flows */
		{ "director w\n server a 10.2.0.11:80\n", "" },
		{ "director w 10.9.9.1\n server a 10.2.0.11:80\n", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct ipvs_table have = { 0 };
		struct state *s = state_build(call_conf(cases[i].conf), NULL, &have, 1);

		plan_expect(s, &have, 0, cases[i].want);
		state_free(s);
		ipvs_table_fini(&have);
	}
}

/* ipvsadm -Sn leaves the thresholds out, so they are looked at by themselves. */
static void test_thresholds(void **state)
{
	struct ipvs_table none = { 0 }, want = { 0 };
	struct state *s = state_build(
	    call_conf(WEB " server s1 10.2.0.11:80 maxconn 100 minconn 80\n"), NULL,
	    &none, 1);

	(void)state;
	plan_all(s, &none, 1, &want);
	assert_int_equal(want.svcs[0].dests[0].u_thresh, 100);
	assert_int_equal(want.svcs[0].dests[0].l_thresh, 80);
	state_free(s);
	ipvs_table_fini(&want);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_health_decides),
		cmocka_unit_test(test_sorry_steps_in_and_out),
		cmocka_unit_test(test_sorry_goes_on_over_restart),
		cmocka_unit_test(test_found_servers_stay_as_found),
		cmocka_unit_test(test_found_server_waits_for_rise),
		cmocka_unit_test(test_shared_probe_starts_with_the_best),
		cmocka_unit_test(test_inhibit),
		cmocka_unit_test(test_inhibit_with_dest_deletes),
		cmocka_unit_test(test_removed_server_leaves),
		cmocka_unit_test(test_removed_director_leaves),
		cmocka_unit_test(test_gateway_waits_for_inactive),
		cmocka_unit_test(test_health_survives_renaming),
		cmocka_unit_test(test_renamed_with_another_check_stays_as_found),
		cmocka_unit_test(test_identical_checks_are_one_probe),
		cmocka_unit_test(test_schedulers),
		cmocka_unit_test(test_attributes),
		cmocka_unit_test(test_thresholds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
