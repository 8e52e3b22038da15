/*
 * The record: what goes out comes in again, what is not a record is refused, and
 * health that the kernel contradicts is void.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "lvsd/record.h"
#include "plan_case.h"
#include "record_case.h"
#include "tests/plan/call.h"

static const char conf_text[] =
    WEB " check rise 5 fall 3\n server s1 10.2.0.11:80 check\n"
	" server s2 10.2.0.12:80 check\n server s3 10.2.0.14:80\n"
	"director mark fwmark 7\n server m [2001:db8::1]:80\n";

static const struct record_origin here = { "boot-1", 42 };

/* The record of a state with something of everything. */
static json_t *make(struct state *s, struct ipvs_table *have)
{
	struct settings settings;

	settings_init(&settings);
	settings.original[SETTING_TCP] = 900;
	plan_server(s, "s1")->health = (struct health){ HEALTH_UP, 6 };
	plan_server(s, "s1")->since_us = 77;
	plan_server(s, "s2")->health = (struct health){ HEALTH_DOWN, 3 };
	state_decide(plan_server(s, "s3"), &(struct decision){ .word = DECISION_DRAIN,
					       .has_weight = true,
					       .weight = 9,
					       .until_us = 99 });
	plan_all(s, have, 1, have);
	have->svcs[0].until_us = IPVS_UNTIL_DRAINED;
	return record_case(&here, have, &settings, s);
}

static struct state *fresh(const struct ipvs_table *have)
{
	return state_build(call_conf(conf_text), NULL, have, 1);
}

static void test_round_trip(void **state)
{
	struct ipvs_table have = { 0 }, owned = { 0 };
	struct state *s = fresh(&have);
	json_t *root = make(s, &have);
	struct settings settings;
	char error[200];

	(void)state;
	json_decref(root);
	have.svcs[0].dests[0].until_us = 1234;
	settings_init(&settings);
	settings.original[SETTING_TCP] = 900;
	root = record_case(&here, &have, &settings, s);
	assert_true(record_check(root, error, sizeof error));
	assert_true(record_is_here(root, &here));
	assert_false(record_is_here(root, &(struct record_origin){ "boot-1", 43 }));
	assert_true(record_is_this_boot(root, &(struct record_origin){ "boot-1", 43 }));
	assert_false(record_is_this_boot(root, &(struct record_origin){ "boot-2", 42 }));

	record_owned(root, &owned);
	assert_int_equal(owned.n, have.n);
	for (size_t i = 0; i < owned.n; i++) {
		assert_int_equal(ipvs_svc_cmp(&owned.svcs[i], &have.svcs[i]), 0);
		assert_true(owned.svcs[i].until_us == have.svcs[i].until_us);
	}
	assert_int_equal(owned.svcs[0].n_dests, 1);
	assert_true(owned.svcs[0].dests[0].until_us == 1234);
	record_settings(root, &settings);
	assert_int_equal(settings.original[SETTING_TCP], 900);
	assert_int_equal(settings.original[SETTING_CONNTRACK], SETTING_UNTOUCHED);
	json_decref(root);
	ipvs_table_fini(&owned);
	ipvs_table_fini(&have);
	state_free(s);
}

/* One service with s1 at WEIGHT1 and s2 at WEIGHT2; -1: not there. */
static void kernel(struct ipvs_table *t, int weight1, int weight2)
{
	struct ipvs_svc svc = { .port = 80, .protocol = IPPROTO_TCP };
	struct ipvs_dest dest = { .port = 80 };

	addr_parse(&svc.addr, "10.9.9.1", 8);
	addr_parse(&dest.addr, "10.2.0.11", 9);
	dest.weight = (uint32_t)weight1;
	if (weight1 >= 0)
		ipvs_svc_append(&svc, &dest);
	addr_parse(&dest.addr, "10.2.0.12", 9);
	dest.weight = (uint32_t)weight2;
	if (weight2 >= 0)
		ipvs_svc_append(&svc, &dest);
	ipvs_table_append(t, &svc);
}

static void test_health(void **state)
{
	static const struct {
		int weight1, weight2;
		bool this_boot;
		struct health s1, s2;
	} cases[] = {
		/* the kernel agrees: scores go on */
		{ 1, -1, true, { HEALTH_UP, 6 }, { HEALTH_DOWN, 3 } },
		{ 4, 0, true, { HEALTH_UP, 6 }, { HEALTH_DOWN, 3 } },
		/* it does not: its word counts, with a full score */
		{ 0, 1, true, { HEALTH_DOWN, 0 }, { HEALTH_UP, 7 } },
		{ -1, 1, true, { HEALTH_UNKNOWN, 0 }, { HEALTH_UP, 7 } },
		/* after a boot health is void */
		{ 1, -1, false, { HEALTH_UP, 7 }, { HEALTH_UNKNOWN, 0 } },
	};
	struct ipvs_table none = { 0 };
	struct state *s = fresh(&none);
	json_t *root = make(s, &none);

	(void)state;
	state_free(s);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct ipvs_table have = { 0 };
		const struct server_state *s1, *s2;

		kernel(&have, cases[i].weight1, cases[i].weight2);
		s = fresh(&have);
		record_servers(root, cases[i].this_boot, s, &have);
		s1 = plan_server(s, "s1");
		s2 = plan_server(s, "s2");
		assert_int_equal(s1->health.state, cases[i].s1.state);
		assert_int_equal(s1->health.score, cases[i].s1.score);
		assert_int_equal(s2->health.state, cases[i].s2.state);
		assert_int_equal(s2->health.score, cases[i].s2.score);
		/* what the checker starts with */
		assert_int_equal(
		    s->probes[s1->probe].probe.health.state, cases[i].s1.state);
		assert_int_equal(
		    s->probes[s1->probe].probe.health.score, cases[i].s1.score);
		assert_int_equal(plan_server(s, "s3")->decision->word, DECISION_DRAIN);
		assert_int_equal(plan_server(s, "s3")->decision->weight, 9);
		assert_true(plan_server(s, "s3")->decision->until_us ==
			    (cases[i].this_boot ? 99 : 1));
		state_free(s);
		ipvs_table_fini(&have);
	}
	json_decref(root);
	ipvs_table_fini(&none);
}

/* S1, which only an agent can take out, came up again at 1,000,000. */
static void test_slow_start(void **state)
{
	static const char text[] =
	    WEB " option agentcheck port 81\n option slowstart 60s\n"
		" server s1 10.2.0.11:80 weight 100\n";
	struct ipvs_table none = { 0 }, have = { 0 };
	struct state *s = state_build(call_conf(text), NULL, &none, 1);
	struct settings settings;
	json_t *root;

	(void)state;
	settings_init(&settings);
	state_turned(plan_server(s, "s1"), HEALTH_DOWN, HEALTH_UP, 1000000);
	root = record_case(&here, &none, &settings, s);
	state_free(s);

	kernel(&have, 1, -1);
	s = state_build(call_conf(text), NULL, &have, 7000000);
	record_servers(root, true, s, &have);
	plan_expect_at(s, &have, 7000000, 0, SVC S1 "10\n");
	assert_true(s->directors[0].slow_until_us == 61000000);
	state_free(s);

	/* What somebody has at weight 0 begins anew. */
	ipvs_table_fini(&have);
	kernel(&have, 0, -1);
	s = state_build(call_conf(text), NULL, &have, 7000000);
	record_servers(root, true, s, &have);
	plan_expect_at(s, &have, 7000000, 0, SVC S1 "100\n");
	state_free(s);
	json_decref(root);
	ipvs_table_fini(&have);
}

static void test_no_record(void **state)
{
	static const char *const bad[] = {
		"[]",
		"{}",
		"{\"lvsd_state\": \"1\"}",
		"{\"lvsd_state\": 2}",
		"{\"lvsd_state\": 1}",
#define REST(services, servers)                                                        \
	"{\"lvsd_state\": 1, \"boot\": \"b\", \"netns\": 1, \"settings_before\": {}, " \
	"\"services\": " services ", \"servers\": " servers "}"
		REST("{}", "{}"),
		REST("[1]", "{}"),
		REST("[{\"address\": \"10.0.0.1\", \"port\": 80}]", "{}"),
		REST("[{\"address\": \"x\", \"port\": 80, \"protocol\": 6}]", "{}"),
		REST(
		    "[{\"address\": \"10.0.0.1\", \"port\": -1, \"protocol\": 6}]", "{}"),
		REST("[{\"fwmark\": 0, \"family\": \"inet\", \"protocol\": 0}]", "{}"),
		REST("[{\"address\": \"10.0.0.1\", \"port\": 80, \"protocol\": 6, "
		     "\"leaving\": [{}]}]",
		    "{}"),
		REST("[]", "[]"),
		REST("[]", "{\"web\": 1}"),
		REST("[]", "{\"web\": {\"a\": 1}}"),
		REST("[]", "{\"web\": {\"a\": {\"weight\": 70000}}}"),
		REST("[]", "{\"web\": {\"a\": {\"operator\": 1}}}"),
		REST("[]", "{\"web\": {\"a\": {\"health\": \"up\"}}}"),
		REST("[]", "{\"web\": {\"a\": {\"slow\": true, \"since_us\": \"1\"}}}"),
		REST("[]", "{\"web\": {\"a\": {\"health\": \"up\", \"score\": -1, "
			   "\"since_us\": 1}}}"),
	};
	char error[200];

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		json_t *root = json_loads(bad[i], 0, NULL);

		assert_non_null(root);
		error[0] = '\0';
		if (record_check(root, error, sizeof error))
			fail_msg("taken for a record: %s", bad[i]);
		assert_true(strlen(error) > 10);
		json_decref(root);
	}
}

/* ---- pieces ---- */

#define MANY 3000

/* A configuration of MANY directors with two servers each. */
static struct state *many(void)
{
	struct buf text = { 0 };
	struct ipvs_table none = { 0 };
	struct state *s;

	for (int i = 0; i < MANY; i++)
		buf_printf(&text,
		    "director d%d 10.9.%d.%d:80\n server a 10.2.0.11:80\n"
		    " server b 10.2.0.12:80\n",
		    i, i / 200, i % 200 + 1);
	s = state_build(call_conf(text.data), NULL, &none, 1);
	for (size_t i = 0; i < s->n_servers; i++)
		state_decide(&s->servers[i],
		    &(struct decision){ .word = DECISION_DRAIN, .until_us = i + 1 });
	buf_fini(&text);
	return s;
}

/* All pieces of R; THEN changes L after the first. */
static json_t *join(
    struct record *r, struct lvsd *l, struct buf *text, void (*then)(struct lvsd *l))
{
	size_t n = 0;
	json_t *root;

	for (bool more = true; more; n++) {
		struct buf piece = { 0 };

		more = record_next(r, &l->have, l->state, &piece);
		/* What was begun when it was full is in it. */
		assert_true(piece.len < 64 * 1024 + 1000);
		buf_add(text, piece.data, piece.len);
		buf_fini(&piece);
		if (n == 0)
			then(l);
	}
	assert_true(n > 5);
	record_free(r);
	root = json_loadb(text->data, text->len, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(root);
	buf_fini(text);
	return root;
}

/* One leaves, and one has left. */
static void change_services(struct lvsd *l)
{
	l->have.svcs[MANY - 1].until_us = 77;
	ipvs_table_remove(&l->have, &l->have.svcs[MANY - 2]);
}

/* What is ours is what was when the record began; what leaves is what does by then. */
static void test_pieces(void **state)
{
	struct state *s = many();
	struct lvsd l = { .state = s };
	struct ipvs_table none = { 0 }, owned = { 0 };
	struct buf text = { 0 };
	struct settings settings;
	struct owned ids;
	struct record *r;
	json_t *root;
	char error[200];

	(void)state;
	settings_init(&settings);
	plan_all(s, &none, 1, &l.have);
	assert_int_equal(l.have.n, MANY);
	own_identities(&l, &ids);
	r = record_new(&here, &ids, &settings, &(struct record_more){ 0 }, &text);
	root = join(r, &l, &text, change_services);
	assert_true(record_check(root, error, sizeof error));
	record_owned(root, &owned);
	assert_int_equal(owned.n, MANY);
	assert_true(owned.svcs[MANY - 1].until_us == 77);
	assert_int_equal(json_object_size(json_object_get(root, "servers")), MANY);
	json_decref(root);
	free(ids.ids);
	ipvs_table_fini(&owned);
	ipvs_table_fini(&l.have);
	state_free(s);
}

static void change_nothing(struct lvsd *l)
{
	(void)l;
}

/* A member that is longer than a piece. */
static void test_long_text(void **state)
{
	const struct ipvs_table none = { 0 };
	struct lvsd l = { .state = fresh(&none) };
	struct record_more more = { 0 };
	struct buf text = { 0 }, quoted = { 0 };
	const struct owned nothing = { 0 };
	struct settings settings;
	json_t *root, *trial;

	(void)state;
	settings_init(&settings);
	buf_str(&quoted, "\"");
	for (int i = 0; i < 50000; i++)
		buf_str(&quoted, "way back");
	buf_str(&quoted, "\"");
	buf_str(&more.members, ",\"trial\":{\"before\":");
	more.text = &quoted;
	root = join(record_new(&here, &nothing, &settings, &more, &text), &l, &text,
	    change_nothing);
	trial = json_object_get(root, "trial");
	assert_int_equal(json_object_size(trial), 1);
	assert_int_equal(json_string_length(json_object_get(trial, "before")), 400000);
	assert_true(json_is_array(json_object_get(root, "services")));
	json_decref(root);
	buf_fini(&more.members);
	buf_fini(&quoted);
	state_free(l.state);
}

/* ---- what is ours ---- */

/* What L would save as its own, as ports. */
static void expect_ports(const struct lvsd *l, const char *ports)
{
	struct buf b = { 0 };
	struct owned ids;

	own_identities(l, &ids);
	for (size_t i = 0; i < ids.n; i++) {
		struct ipvs_svc svc;

		own_identity(&ids, i, &svc);
		buf_printf(&b, "%s%u", i > 0 ? " " : "", (unsigned)svc.port);
	}
	assert_string_equal(b.data, ports);
	free(ids.ids);
	buf_fini(&b);
}

static void test_ours(void **state)
{
	static const char text[] = "director a 10.9.9.1:83\n server s 10.2.0.11:80\n"
				   "director b 10.9.9.1:81\n server s 10.2.0.11:80\n";
	static const char next[] = "director b 10.9.9.1:81\n server s 10.2.0.11:80\n"
				   "director c 10.9.9.1:82\n server s 10.2.0.11:80\n"
				   "director d 10.9.9.1:80\n server s 10.2.0.11:80\n";
	struct ipvs_svc leaving = { .port = 90, .protocol = IPPROTO_TCP };
	struct ipvs_table none = { 0 };
	struct lvsd l = { .state = state_build(call_conf(text), NULL, &none, 1) };

	(void)state;
	expect_ports(&l, "81 83");
	l.pending.conf = call_conf(next);
	expect_ports(&l, "80 81 82 83");
	conf_free(l.pending.conf);
	l.pending.conf = NULL;
	plan_all(l.state, &none, 1, &l.have);
	addr_parse(&leaving.addr, "10.9.9.1", 8);
	leaving.tag = PLAN_TAG_LEAVING;
	ipvs_table_add(&l.have, &leaving);
	expect_ports(&l, "81 83 90");
	/* What waits for this save comes in, each service once. */
	l.pending.conf = call_conf(next);
	expect_ports(&l, "80 81 82 83 90");
	/* The kernel did not answer since it was put in place: tags are old ones. */
	state_free(l.state);
	l.state = state_build(l.pending.conf, NULL, &none, 1);
	l.pending.conf = NULL;
	expect_ports(&l, "80 81 82 83 90");
	l.cleared = true;
	expect_ports(&l, "81 83 90");
	ipvs_table_fini(&l.have);
	state_free(l.state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_health),
		cmocka_unit_test(test_slow_start),
		cmocka_unit_test(test_no_record),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_long_text),
		cmocka_unit_test(test_ours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
