/*
 * The road when the kernel is lost: nobody knows what was done of a batch whose
 * answers did not come. Then everything of ours is read again before anything
 * else is sent, for as long as that takes.
 *
 * The kernel is a table in memory that can be made to stop in the middle of a
 * batch and to refuse to be read.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ipvs/handle.h"
#include "lib/mono.h"
#include "lvsd/reconcile.h"
#include "lvsd/tick.h"
#include "tests/plan/call.h"

/* ---- a kernel that can be lost ---- */

struct lossy {
	struct ipvs base;
	struct ipvs *table;
	size_t stop_after; /* so many operations the next batch is lost; 0: not */
	bool mute;	   /* nothing can be read */
	size_t applies;
};

static bool lossy_services(struct ipvs *h, struct ipvs_table *t)
{
	const struct lossy *k = (const struct lossy *)h;

	errno = ENOBUFS;
	return !k->mute && ipvs_read_services(k->table, t);
}

static bool lossy_service(struct ipvs *h, struct ipvs_svc *svc, bool *there)
{
	const struct lossy *k = (const struct lossy *)h;

	errno = ENOBUFS;
	return !k->mute && ipvs_read_service(k->table, svc, there);
}

static bool lossy_dests(struct ipvs *h, struct ipvs_svc *svc, struct ipvs_rates *r)
{
	const struct lossy *k = (const struct lossy *)h;

	errno = ENOBUFS;
	return !k->mute && ipvs_read_traffic(k->table, svc, r);
}

static bool lossy_apply(struct ipvs *h, struct ipvs_ops *ops)
{
	struct lossy *k = (struct lossy *)h;
	struct ipvs_ops part = *ops;

	k->applies++;
	if (k->stop_after == 0)
		return ipvs_apply(k->table, ops);
	part.n = k->stop_after;
	k->stop_after = 0;
	assert_true(part.n < ops->n);
	ipvs_apply(k->table, &part);
	errno = ENOBUFS;
	return false;
}

static void lossy_close(struct ipvs *h)
{
	(void)h;
}

static const struct ipvs_backend lossy_backend = {
	.read_services = lossy_services,
	.read_service = lossy_service,
	.read_dests = lossy_dests,
	.apply = lossy_apply,
	.close = lossy_close,
};

/* ---- helpers ---- */

static void changed(struct server_state *s, enum health_state was, void *arg)
{
	(void)was;
	reconcile_mark(arg, s->director);
}

static void report(struct lvsd *l, uint32_t probe, bool up)
{
	struct probe_report r = {
		.probe = probe,
		.health = up ? HEALTH_UP : HEALTH_DOWN,
		.reason = up ? REASON_OK : REASON_REFUSED,
		.score = up,
	};

	state_report(l->state, &r, 1, changed, l);
}

static void expect_table(struct lossy *k, const char *want)
{
	struct ipvs_table t = { 0 };
	struct buf b = { 0 };

	assert_true(ipvs_read_services(k->table, &t));
	for (size_t i = 0; i < t.n; i++)
		assert_true(ipvs_read_dests(k->table, &t.svcs[i]));
	buf_str(&b, "");
	ipvs_table_text(&t, &b);
	assert_string_equal(b.data, want);
	buf_fini(&b);
	ipvs_table_fini(&t);
}

#define SVC "-A -t 10.9.9.1:80 -s wlc\n"
#define S1 "-a -t 10.9.9.1:80 -r 10.2.0.11:80 -m -w 1\n"
#define S2 "-a -t 10.9.9.1:80 -r 10.2.0.12:80 -m -w 1\n"
#define S3 "-a -t 10.9.9.1:80 -r 10.2.0.13:80 -m -w 1\n"

/* ---- the tests ---- */

static void test_lost_batch(void **state)
{
	struct lossy k = { .base.backend = &lossy_backend, .table = ipvs_open_memory() };
	struct lvsd l = { .ipvs = &k.base, .loop = ev_default_loop(0) };
	struct reconcile_counts counts = { 0 };

	(void)state;
	ev_timer_init(&l.tick, NULL, 1., 1.);
	l.state = state_build(
	    call_conf("director web 10.9.9.1:80\n server a 10.2.0.11:80 check\n"
		      " server b 10.2.0.12:80 check\n server c 10.2.0.13:80 check\n"),
	    NULL, &l.have, 1);
	reconcile_all(&l, &counts);
	expect_table(&k, SVC);
	/* three additions, one of them is done, and nobody says so */
	for (uint32_t i = 0; i < 3; i++)
		report(&l, i, true);
	k.stop_after = 1;
	reconcile_dirty(&l);
	expect_table(&k, SVC S1);
	assert_true(l.resync);
	assert_true(ev_is_active(&l.tick));
	/* as long as it cannot be read nothing is sent, whatever happens */
	k.mute = true;
	report(&l, 0, false);
	reconcile_dirty(&l);
	tick_now(&l);
	tick_now(&l);
	assert_int_equal(k.applies, 2);
	expect_table(&k, SVC S1);
	assert_true(ev_is_active(&l.tick));
	/* then everything is what it should be, without a refusal */
	k.mute = false;
	tick_now(&l);
	expect_table(&k, SVC S2 S3);
	assert_false(l.resync);
	assert_int_equal(ipvs_stats(k.table)->ops_refused, 0);
	assert_int_equal(reconcile_failed(&l), 0);
	tick_now(&l);
	assert_false(ev_is_active(&l.tick));
	state_free(l.state);
	ipvs_table_fini(&l.have);
	ipvs_close(k.table);
	buf_fini(&counts.text);
	ev_loop_destroy(l.loop);
}

/* ---- more than a turn has time for ---- */

#define CROWD 1500

/* Says what comes: how many operations, and in which order. Each takes its time. */
struct watched {
	struct ipvs base;
	struct ipvs *table;
	uint64_t add_us, other_us;
	size_t dests_read;
	size_t n, n_adds; /* of a turn */
	uint8_t refuses;  /* servers of which it divides the last byte; 0: none */
	int phase;	  /* that the crowd is in: additions, weights of 0, deletions */
	bool backwards;	  /* something that brings weight came later */
	bool other;	  /* the other director was served in this turn */
};

static bool watched_services(struct ipvs *h, struct ipvs_table *t)
{
	return ipvs_read_services(((const struct watched *)h)->table, t);
}

static bool watched_service(struct ipvs *h, struct ipvs_svc *svc, bool *there)
{
	return ipvs_read_service(((const struct watched *)h)->table, svc, there);
}

static bool watched_dests(struct ipvs *h, struct ipvs_svc *svc, struct ipvs_rates *r)
{
	struct watched *k = (struct watched *)h;

	k->dests_read++;
	return ipvs_read_traffic(k->table, svc, r);
}

static bool watched_apply(struct ipvs *h, struct ipvs_ops *ops)
{
	struct watched *k = (struct watched *)h;
	uint64_t until_us = mono_us();

	k->n += ops->n;
	for (size_t i = 0; i < ops->n; i++) {
		const struct ipvs_op *op = &ops->list[i];
		int phase = op->cmd == IPVS_DEL_DEST				? 2
			    : op->cmd == IPVS_SET_DEST && op->dest->weight == 0 ? 1
										: 0;
		bool adds = op->cmd == IPVS_ADD_DEST;

		k->n_adds += adds;
		until_us += adds ? k->add_us : k->other_us;
		k->other = k->other || op->svc->port != 80;
		if (op->svc->port != 80)
			continue;
		k->backwards = k->backwards || phase < k->phase;
		k->phase = phase;
	}
	while (mono_us() < until_us)
		continue;
	ipvs_apply(k->table, ops);
	for (size_t i = 0; k->refuses != 0 && i < ops->n; i++)
		if (ops->list[i].cmd == IPVS_ADD_DEST &&
		    ops->list[i].dest->addr.bytes[3] % k->refuses == 0) {
			struct ipvs_op undo = ops->list[i];
			struct ipvs_ops one = { .list = &undo, .n = 1 };

			undo.cmd = IPVS_DEL_DEST;
			ipvs_apply(k->table, &one);
			ops->list[i].error = EINVAL;
		}
	return true;
}

static const struct ipvs_backend watched_backend = {
	.read_services = watched_services,
	.read_service = watched_service,
	.read_dests = watched_dests,
	.apply = watched_apply,
	.close = lossy_close,
};

/* L is a daemon with what TEXT says, which is freed, and K its kernel, with nothing yet. */
static void make(struct watched *k, struct lvsd *l, struct buf *text)
{
	struct ipvs_table none = { 0 };

	*k = (struct watched){ .base.backend = &watched_backend,
		.table = ipvs_open_memory() };
	*l = (struct lvsd){ .ipvs = &k->base, .loop = ev_default_loop(0) };
	ev_timer_init(&l->tick, NULL, 1., 1.);
	l->state = state_build(call_conf(text->data), NULL, &none, 1);
	buf_fini(text);
}

/* The kernel gets what there is to be at the start. */
static void start(struct lvsd *l)
{
	struct reconcile_counts counts = { 0 };

	reconcile_all(l, &counts);
	buf_fini(&counts.text);
}

static void unmake(struct watched *k, struct lvsd *l)
{
	ev_idle_stop(l->loop, &l->plan_on);
	ev_timer_stop(l->loop, &l->tick);
	state_free(l->state);
	ipvs_table_fini(&l->have);
	ipvs_close(k->table);
	ev_loop_destroy(l->loop);
}

/* The turn of L that follows. */
static void turn(struct watched *k, struct lvsd *l)
{
	k->n = k->n_adds = 0;
	k->other = false;
	reconcile_dirty(l);
}

/* What L thinks that the kernel has is what K has. */
static void expect_same(struct watched *k, const struct lvsd *l)
{
	struct ipvs_table t = { 0 };
	struct buf there = { 0 }, thought = { 0 };

	assert_true(ipvs_read_services(k->table, &t));
	for (size_t i = 0; i < t.n; i++)
		assert_true(ipvs_read_dests(k->table, &t.svcs[i]));
	ipvs_table_text(&t, &there);
	ipvs_table_text(&l->have, &thought);
	assert_string_equal(thought.data, there.data);
	buf_fini(&there);
	buf_fini(&thought);
	ipvs_table_fini(&t);
}

static uint32_t probe_of(const struct lvsd *l, const char *director, size_t i)
{
	char name[16];
	const struct server_state *s;

	snprintf(name, sizeof name, "s%zu", i);
	s = state_find(l->state, director, name);
	assert_non_null(s);
	return s->probe;
}

/* Half of a crowd fails at once and the quorum is lost: the sorry server comes first, then
 * the others' weights, then the deletions, a part of them each turn; and whoever changes
 * meanwhile does not wait for them. */
static void test_crowd(void **state)
{
	struct watched k;
	struct lvsd l;
	struct buf text = { 0 };
	size_t turns = 0;

	(void)state;
	buf_str(&text, "director other 10.9.9.1:81\n server s0 10.2.99.1:80 check\n"
		       "director web 10.9.9.1:80\n option quorum 1000\n"
		       " server sorry 10.2.99.9:80 sorry\n");
	for (size_t i = 0; i < CROWD; i++)
		buf_printf(&text, " server s%zu 10.2.%zu.%zu:80 check\n", i, i / 250,
		    i % 250 + 1);
	make(&k, &l, &text);
	report(&l, probe_of(&l, "other", 0), true);
	for (size_t i = 0; i < CROWD; i++)
		report(&l, probe_of(&l, "web", i), true);
	start(&l);
	assert_int_equal(k.n, CROWD + 3); /* a reload and the start are one batch */
	assert_false(l.dirty);

	k.add_us = k.other_us = 50;
	for (size_t i = 0; i < CROWD; i += 2)
		report(&l, probe_of(&l, "web", i), false);
	for (; l.dirty; turns++) {
		bool up = turns % 2 != 0;

		assert_true(turns < 10 * CROWD);
		report(&l, probe_of(&l, "other", 0), up);
		turn(&k, &l);
		/* The loop does not wait for something else to happen. */
		assert_true(!l.dirty || ev_is_active(&l.plan_on));
		ev_run(l.loop, EVRUN_NOWAIT);
		assert_true(k.other);
		assert_true(k.n <= 2000 / 50 + 1);
	}
	assert_false(ev_is_active(&l.plan_on));
	assert_true(turns > 1);
	assert_false(k.backwards);
	assert_int_equal(k.phase, 2);
	assert_int_equal(ipvs_stats(k.table)->ops_refused, 0);
	for (size_t i = 0; i < l.have.n; i++)
		if (l.have.svcs[i].port == 80)
			assert_int_equal(l.have.svcs[i].n_dests, CROWD / 2 + 1);
	expect_same(&k, &l);
	unmake(&k, &l);
}

/* Those of one director leave, those of another come back: of what may take long there are
 * a few only, however fast the rest is. */
static void test_long_additions(void **state)
{
	enum { SERVERS = 200 };
	struct watched k;
	struct lvsd l;
	struct buf text = { 0 };
	size_t turns = 0;

	(void)state;
	for (int d = 1; d <= 2; d++) {
		buf_printf(&text, "director d%d 10.9.9.%d:81\n", d, d);
		for (size_t i = 0; i < SERVERS; i++)
			buf_printf(
			    &text, " server s%zu 10.2.%d.%zu:80 check\n", i, d, i + 1);
	}
	make(&k, &l, &text);
	for (size_t i = 0; i < SERVERS; i++) {
		report(&l, probe_of(&l, "d1", i), true);
		report(&l, probe_of(&l, "d2", i), i == 0);
	}
	start(&l);
	assert_int_equal(l.have.svcs[0].n_dests, SERVERS);
	assert_int_equal(l.have.svcs[1].n_dests, 1);
	k.add_us = 1000;
	for (size_t i = 1; i < SERVERS; i++) {
		report(&l, probe_of(&l, "d1", i), false);
		report(&l, probe_of(&l, "d2", i), true);
	}
	for (; l.dirty; turns++) {
		assert_true(turns < 10 * SERVERS);
		turn(&k, &l);
		assert_true(k.n_adds <= 4);
	}
	assert_int_equal(l.have.svcs[0].n_dests, 1);
	assert_int_equal(l.have.svcs[1].n_dests, SERVERS);
	expect_same(&k, &l);
	unmake(&k, &l);
}

/* Of many directors each gets a server back, and one loses one: that one goes first. */
static void test_urgent(void **state)
{
	enum { DIRECTORS = 200 };
	struct watched k;
	struct lvsd l;
	struct buf text = { 0 };

	(void)state;
	for (int d = 1; d <= DIRECTORS; d++)
		buf_printf(&text,
		    "director d%d 10.9.9.%d:81\n server s0 10.2.%d.1:80 check\n"
		    " server s1 10.2.%d.2:80 check\n",
		    d, d, d, d);
	make(&k, &l, &text);
	for (uint32_t i = 0; i < 2 * DIRECTORS; i++)
		report(&l, l.state->servers[i].probe, i % 2 == 0 || i == 399);
	start(&l);
	assert_int_equal(l.have.svcs[0].n_dests, 1);
	assert_int_equal(l.have.svcs[DIRECTORS - 1].n_dests, 2);
	k.add_us = k.other_us = 1000;
	for (uint32_t i = 0; i < 2 * DIRECTORS; i++)
		report(&l, l.state->servers[i].probe, i != 399);
	turn(&k, &l);
	assert_true(l.dirty);
	assert_int_equal(l.have.svcs[DIRECTORS - 1].n_dests, 1);
	unmake(&k, &l);
}

/* A director of SERVERS and one of three. Of the first all but one are down, of the other
 * one is. */
static void make_two(struct watched *k, struct lvsd *l, size_t servers)
{
	struct buf text = { 0 };

	for (int d = 1; d <= 2; d++) {
		buf_printf(&text, "director d%d 10.9.9.%d:81\n", d, d);
		for (size_t i = 0; i < (d == 1 ? servers : 3); i++)
			buf_printf(&text, " server s%zu 10.%d.%zu.%zu:80 check\n", i, d,
			    i / 250, i % 250 + 1);
	}
	make(k, l, &text);
	for (size_t i = 0; i < servers; i++)
		report(l, probe_of(l, "d1", i), i == 0);
	for (size_t i = 0; i < 3; i++)
		report(l, probe_of(l, "d2", i), i != 1);
	start(l);
	assert_int_equal(l->have.svcs[0].n_dests, 1);
	assert_int_equal(l->have.svcs[1].n_dests, 2);
}

/* One of a crowd dies while all others come back, so that it is urgent until the last of
 * them is there: nobody else waits as long. */
static void test_not_urgent(void **state)
{
	enum { SERVERS = 600 };
	struct watched k;
	struct lvsd l;
	size_t turns = 0;

	(void)state;
	make_two(&k, &l, SERVERS);
	k.add_us = k.other_us = 2000; /* a slice, of four, is a turn */
	for (size_t i = 0; i < SERVERS; i++)
		report(&l, probe_of(&l, "d1", i), i != 0);
	report(&l, probe_of(&l, "d2", 1), true);
	for (; l.have.svcs[1].n_dests < 3; turns++)
		turn(&k, &l);
	assert_true(turns > 1 && turns <= 8);
	assert_true(l.dirty);
	unmake(&k, &l);
}

/* All of a crowd die: what goes is walked through, however few are to stay. */
static void test_all_die(void **state)
{
	enum { SERVERS = 1500 };
	struct watched k;
	struct lvsd l;

	(void)state;
	make_two(&k, &l, SERVERS);
	for (size_t i = 0; i < SERVERS; i++)
		report(&l, probe_of(&l, "d1", i), true);
	while (l.dirty)
		turn(&k, &l);
	assert_int_equal(l.have.svcs[0].n_dests, SERVERS);
	for (size_t i = 0; i < SERVERS; i++)
		report(&l, probe_of(&l, "d1", i), false);
	k.other_us = 2000; /* a slice is a turn */
	turn(&k, &l);
	assert_true(k.n > 0 && k.n <= 20000 / SERVERS);
	unmake(&k, &l);
}

/* The kernel refuses some of a crowd, or all of it: then that is asked for at once. */
static void test_refused_some(void **state)
{
	enum { SERVERS = 200 };
	struct watched k;
	struct lvsd l;
	size_t turns = 0;

	(void)state;
	make_two(&k, &l, SERVERS);
	k.refuses = 90;
	k.add_us = 2000; /* a slice, of four, is a turn */
	for (size_t i = 0; i < SERVERS; i++)
		report(&l, probe_of(&l, "d1", i), true);
	for (; l.dirty; turns++) {
		turn(&k, &l);
		assert_true(k.n <= 4);
	}
	assert_true(turns >= SERVERS / 4 - 1);
	assert_int_equal(l.have.svcs[0].n_dests, SERVERS - 2);
	assert_non_null(l.state->directors[0].fault.text);
	/* Not for each turn that it took. */
	assert_int_equal(l.state->directors[0].fault.failures, 2);

	k.refuses = 1;
	for (size_t i = 1; i < SERVERS; i++)
		report(&l, probe_of(&l, "d1", i), false);
	while (l.dirty)
		turn(&k, &l);
	assert_int_equal(l.have.svcs[0].n_dests, 1);
	for (size_t i = 0; i < SERVERS; i++)
		report(&l, probe_of(&l, "d1", i), i > 0);
	turn(&k, &l);
	assert_int_equal(k.n, 4);
	assert_true(l.dirty);
	turn(&k, &l);
	assert_int_equal(k.n, SERVERS);
	assert_false(l.dirty);
	unmake(&k, &l);
}

/* A director of which all was refused is sent whole: others have something of that turn. */
static void test_beside_whole(void **state)
{
	enum { SERVERS = 20 };
	static const struct decision five = { .has_weight = true, .weight = 5 };
	struct watched k;
	struct lvsd l;

	(void)state;
	make_two(&k, &l, SERVERS);
	for (size_t i = 1; i < SERVERS; i++)
		report(&l, probe_of(&l, "d1", i), true);
	turn(&k, &l);
	while (l.dirty)
		turn(&k, &l);
	fault_set(&l.state->directors[0].fault, "refused", mono_us() + 1000000);
	l.state->directors[0].fault.stuck = true;
	for (size_t i = 0; i < SERVERS; i++)
		state_decide(&l.state->directors[0].servers[i], &five);
	reconcile_mark(&l, &l.state->directors[0]);
	report(&l, probe_of(&l, "d2", 1), true);
	k.other_us = 1000;
	turn(&k, &l);
	assert_int_equal(l.have.svcs[0].dests[SERVERS - 1].weight, 5);
	assert_int_equal(l.have.svcs[1].n_dests, 3);
	unmake(&k, &l);
}

/* What somebody else does. */
static void stranger(struct watched *k, enum ipvs_cmd cmd, const struct ipvs_svc *svc,
    const struct ipvs_dest *dest)
{
	struct ipvs_op op = { .cmd = cmd, .svc = svc, .dest = dest };
	struct ipvs_ops ops = { .list = &op, .n = 1 };

	assert_true(ipvs_apply(k->table, &ops));
	assert_int_equal(op.error, 0);
}

static void decide(struct lvsd *l, const char *server, const struct decision *d)
{
	state_decide(state_find(l->state, "web", server), d);
	reconcile_mark(l, &l->state->directors[0]);
}

/* Somebody else changed a service of so many servers that it is not read again: what is
 * refused tells how it is. */
static void test_refused_large(void **state)
{
	static const struct decision five = { .has_weight = true, .weight = 5 },
				     out = { .word = DECISION_MAINT }, ready = { 0 };
	struct watched k;
	struct lvsd l;
	struct buf text = { 0 };
	struct ipvs_dest gone[2], back;
	struct ipvs_svc id;

	(void)state;
	buf_str(&text, "director web 10.9.9.1:80\n");
	for (size_t i = 0; i < 1100; i++)
		buf_printf(
		    &text, " server s%zu 10.2.%zu.%zu:80\n", i, i / 250, i % 250 + 1);
	make(&k, &l, &text);
	decide(&l, "s2", &out);
	start(&l);
	assert_int_equal(l.have.svcs[0].n_dests, 1099);
	id = l.have.svcs[0];

	/* Two that we want to change, or to delete, are not there; one that we want to
	 * add is. */
	gone[0] = id.dests[0];
	gone[1] = id.dests[1];
	back = id.dests[1];
	assert_true(addr_parse(&back.addr, "10.2.0.3", 8));
	back.weight = 77;
	stranger(&k, IPVS_DEL_DEST, &id, &gone[0]);
	stranger(&k, IPVS_DEL_DEST, &id, &gone[1]);
	stranger(&k, IPVS_ADD_DEST, &id, &back);
	decide(&l, "s0", &five);
	decide(&l, "s1", &out);
	decide(&l, "s2", &ready);
	decide(&l, "s3", &five);
	turn(&k, &l);
	assert_false(l.dirty);
	assert_int_equal(l.have.svcs[0].n_dests, 1099);
	assert_int_equal(l.have.svcs[0].dests[0].weight, 5);
	assert_int_equal(l.have.svcs[0].dests[1].weight, 1);
	assert_int_equal(k.dests_read, 0);
	expect_same(&k, &l);

	/* All of it is gone. */
	k.dests_read = 0;
	stranger(&k, IPVS_DEL_SVC, &l.have.svcs[0], NULL);
	decide(&l, "s0", &out);
	decide(&l, "s1", &ready);
	turn(&k, &l);
	while (l.dirty)
		turn(&k, &l);
	assert_int_equal(l.have.svcs[0].n_dests, 1099);
	assert_int_equal(k.dests_read, 0);
	expect_same(&k, &l);
	unmake(&k, &l);
}

/* Somebody else added servers that come back and leave again, before there was time to
 * change them: nothing of what is not known of them goes to the kernel. */
static void test_refused_there(void **state)
{
	enum { SERVERS = 1100, BACK = 60 };
	static const struct decision five = { .has_weight = true, .weight = 5 },
				     out = { .word = DECISION_DRAIN }, ready = { 0 };
	struct watched k;
	struct lvsd l;
	struct buf text = { 0 };
	struct ipvs_dest there[BACK];
	struct ipvs_svc id;
	size_t unknown = 0;
	char name[16];

	(void)state;
	buf_str(&text, "director web 10.9.9.1:80\n");
	for (size_t i = 0; i < SERVERS; i++)
		buf_printf(
		    &text, " server s%zu 10.2.%zu.%zu:80\n", i, i / 250, i % 250 + 1);
	make(&k, &l, &text);
	start(&l);
	id = l.have.svcs[0];
	memcpy(there, id.dests + SERVERS - BACK, sizeof there);
	id.dests = NULL;
	for (size_t i = 0; i < BACK; i++) {
		snprintf(name, sizeof name, "s%zu", SERVERS - BACK + i);
		decide(&l, name, &out);
	}
	while (l.dirty)
		turn(&k, &l);
	for (size_t i = 0; i < BACK; i++) /* without connections: they go */
		ipvs_svc_find(&l.have.svcs[0], &there[i])->active = 0;
	reconcile_mark(&l, &l.state->directors[0]);
	while (l.dirty)
		turn(&k, &l);
	assert_int_equal(l.have.svcs[0].n_dests, SERVERS - BACK);

	for (size_t i = 0; i < BACK; i++) {
		there[i].weight = 77;
		stranger(&k, IPVS_ADD_DEST, &id, &there[i]);
		snprintf(name, sizeof name, "s%zu", SERVERS - BACK + i);
		decide(&l, name, &ready);
	}
	k.other_us = 1000;
	start(&l); /* what is refused is sent again, as time allows */
	assert_true(l.dirty);
	for (size_t i = 0; i < BACK; i++) {
		snprintf(name, sizeof name, "s%zu", i);
		decide(&l, name, &five);
	}
	turn(&k, &l);
	/* None of them counts as one that serves: they come before what only changes. */
	for (size_t i = 0; i < l.have.svcs[0].n_dests; i++) {
		unknown += l.have.svcs[0].dests[i].weight == IPVS_WEIGHT_UNKNOWN;
		assert_int_not_equal(l.have.svcs[0].dests[i].weight, 5);
	}
	assert_true(unknown > 0);
	k.other_us = 0;
	for (size_t i = 0; i < BACK; i++) {
		snprintf(name, sizeof name, "s%zu", SERVERS - BACK + i);
		decide(&l, name, &out);
	}
	while (l.dirty)
		turn(&k, &l);
	assert_int_equal(l.have.svcs[0].n_dests, SERVERS);
	for (size_t i = 0; i < BACK; i++) {
		const struct ipvs_dest *d = ipvs_svc_find(&l.have.svcs[0], &there[i]);

		assert_int_equal(d->weight, 0);
		assert_int_equal(d->u_thresh, 0);
	}
	assert_null(l.state->directors[0].fault.text);
	expect_same(&k, &l);
	unmake(&k, &l);
}

/* Somebody else deleted a server of many services: so many are not read again in a turn,
 * and none has failed, however many turns that takes. */
static void test_refused_many(void **state)
{
	enum { DIRECTORS = 250 };
	static const struct decision five = { .has_weight = true, .weight = 5 };
	struct watched k;
	struct lvsd l;
	struct buf text = { 0 };

	(void)state;
	for (int d = 1; d <= DIRECTORS; d++)
		buf_printf(&text,
		    "director d%d 10.9.9.%d:81\n server s0 10.2.0.1:80\n"
		    " server s1 10.2.0.2:80\n",
		    d, d);
	make(&k, &l, &text);
	start(&l);
	for (size_t i = 0; i < DIRECTORS; i++) {
		stranger(&k, IPVS_DEL_DEST, &l.have.svcs[i], &l.have.svcs[i].dests[0]);
		state_decide(&l.state->directors[i].servers[0], &five);
		reconcile_mark(&l, &l.state->directors[i]);
	}
	k.other_us = 100; /* a slice, of 66, is a turn */
	turn(&k, &l);
	assert_true(l.dirty);
	assert_true(k.dests_read <= 3 * 16); /* of each of its rounds */
	while (l.dirty)
		turn(&k, &l);
	for (size_t i = 0; i < DIRECTORS; i++) {
		assert_int_equal(l.have.svcs[i].n_dests, 2);
		assert_int_equal(l.have.svcs[i].dests[0].weight, 5);
		assert_null(l.state->directors[i].fault.text);
	}
	expect_same(&k, &l);
	unmake(&k, &l);
}

/* Of one director many servers come back, and one dies: clients are not led there for as
 * long as that takes. */
static void test_one_dies(void **state)
{
	enum { SERVERS = 200 };
	struct watched k;
	struct lvsd l;
	struct buf text = { 0 };
	size_t n;

	(void)state;
	buf_str(&text, "director web 10.9.9.1:81\n");
	for (size_t i = 0; i < SERVERS; i++)
		buf_printf(&text, " server s%zu 10.2.0.%zu:80 check\n", i, i + 1);
	make(&k, &l, &text);
	for (size_t i = 0; i < SERVERS; i++)
		report(&l, probe_of(&l, "web", i), i < 2);
	start(&l);
	assert_int_equal(l.have.svcs[0].n_dests, 2);
	k.add_us = k.other_us = 1000;
	for (size_t i = 0; i < SERVERS; i++)
		report(&l, probe_of(&l, "web", i), i != 1);
	turn(&k, &l);
	n = l.have.svcs[0].n_dests;
	assert_true(l.dirty && n < 20);
	assert_true(l.have.svcs[0].dests[1].addr.bytes[3] != 2);
	while (l.dirty)
		turn(&k, &l);
	assert_int_equal(l.have.svcs[0].n_dests, SERVERS - 1);
	expect_same(&k, &l);
	unmake(&k, &l);
}

/* Weights that grow come anew each turn, more of them than a turn has time for: a server
 * that dies does not wait until they have grown. */
static void test_growing(void **state)
{
	enum { SERVERS = 100, TURNS = 10 * SERVERS };
	struct watched k;
	struct lvsd l;
	struct buf text = { 0 };
	size_t n = 0;

	(void)state;
	buf_str(&text, "director web 10.9.9.1:80\n option slowstart 1000s\n");
	for (size_t i = 0; i < SERVERS; i++)
		buf_printf(&text, " server s%zu 10.2.%zu.%zu:80 check weight 65535\n", i,
		    i / 250, i % 250 + 1);
	make(&k, &l, &text);
	for (size_t i = 0; i < SERVERS; i++)
		report(&l, probe_of(&l, "web", i), false);
	start(&l);
	for (size_t i = 0; i < SERVERS; i++)
		report(&l, probe_of(&l, "web", i), true);
	k.add_us = k.other_us = 250;
	for (size_t t = 0; t < TURNS && (n != SERVERS - 1 || t <= TURNS / 2); t++) {
		if (t == TURNS / 2)
			report(&l, probe_of(&l, "web", 0), false);
		for (size_t i = 0; i < SERVERS; i++)
			l.state->servers[i].since_us =
			    mono_us() - (t + 1) * 100000; /* past */
		reconcile_mark(&l, &l.state->directors[0]);
		turn(&k, &l);
		n = l.have.svcs[0].n_dests;
		/* It may be one of before, with connections. */
		if (t == 0)
			assert_int_equal(
			    l.have.svcs[0].dests[0].active, IPVS_CONNS_UNKNOWN);
		if (t == TURNS / 2 - 1) {
			assert_int_equal(n, SERVERS);
			/* 50 of 1,000 s are over, for the last one, too. */
			assert_true(l.have.svcs[0].dests[n - 1].weight > 65535 / 30);
		}
		assert_true(t < TURNS / 2 || n == SERVERS - 1);
	}
	unmake(&k, &l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lost_batch),
		cmocka_unit_test(test_crowd),
		cmocka_unit_test(test_long_additions),
		cmocka_unit_test(test_urgent),
		cmocka_unit_test(test_not_urgent),
		cmocka_unit_test(test_all_die),
		cmocka_unit_test(test_refused_some),
		cmocka_unit_test(test_beside_whole),
		cmocka_unit_test(test_refused_large),
		cmocka_unit_test(test_refused_there),
		cmocka_unit_test(test_refused_many),
		cmocka_unit_test(test_one_dies),
		cmocka_unit_test(test_growing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
