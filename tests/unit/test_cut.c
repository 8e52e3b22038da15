/*
 * Random worlds in which more changes than a turn has time for: crowds of servers, reports,
 * decisions and reloads in between; in some of them the kernel refuses, is lost, and
 * somebody else changes it.
 *
 * The kernel is a table in memory on whose clock only its own operations take time, so
 * where a turn is cut depends on the seed alone. After each operation a service that had a
 * server with weight and is to have one must have one; in the end the table is the planned
 * one.
 *
 * Prints each seed; LVSD_SEED sets the first and LVSD_WORLDS how many.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ipvs/handle.h"
#include "lib/log.h"
#include "lib/mono.h"
#include "lvsd/own.h"
#include "lvsd/plan.h"
#include "lvsd/reconcile.h"
#include "lvsd/tick.h"
#include "tests/plan/call.h"
#include "tests/plan/random.h"

#define WORLDS 40
#define TURNS 60	 /* in which things happen */
#define PEACE_TURNS 4000 /* at most until nothing is left to do */

/* ---- a clock and a kernel ---- */

static uint64_t clock_ns;

int __wrap_clock_gettime(clockid_t clock, struct timespec *ts);

int __wrap_clock_gettime(clockid_t clock, struct timespec *ts)
{
	(void)clock;
	*ts = (struct timespec){ (time_t)(clock_ns / 1000000000),
		(long)(clock_ns % 1000000000) };
	return 0;
}

/* A kernel, and the daemon before it. */
struct world {
	struct ipvs base;
	struct ipvs *table;
	unsigned step_ns;	    /* what it needs for a server that it walks past */
	unsigned refuses, is_lost;  /* operations, batches; of 10,000 */
	bool faults, others;	    /* some of that; somebody else is at work */
	unsigned crowd, few;	    /* so many servers are one; one of FEW directors is */
	bool conns;		    /* some servers have connections */
	struct ipvs_table promised; /* services that must not be without a server */
	struct lvsd l;
	struct buf text; /* the configuration */
	size_t turns, cut;
};

/* Nothing but the daemon changes anything, and all that it asks for is done. */
static bool is_quiet(const struct world *w)
{
	return !w->faults && !w->others;
}

static bool world_services(struct ipvs *h, struct ipvs_table *t)
{
	return ipvs_read_services(((const struct world *)h)->table, t);
}

static bool world_service(struct ipvs *h, struct ipvs_svc *svc, bool *there)
{
	return ipvs_read_service(((const struct world *)h)->table, svc, there);
}

static void connect_some(const struct world *w, struct ipvs_svc *svc, size_t from)
{
	for (size_t i = from; w->conns && i < svc->n_dests; i++)
		svc->dests[i].active = pick(2);
}

static bool world_dests(struct ipvs *h, struct ipvs_svc *svc, struct ipvs_rates *r)
{
	const struct world *w = (const struct world *)h;
	bool done = ipvs_read_traffic(w->table, svc, r);

	connect_some(w, svc, 0);
	return done;
}

static enum ipvs_more world_dests_more(
    struct ipvs *h, struct ipvs_svc *svc, struct ipvs_rates *r, size_t *at)
{
	const struct world *w = (const struct world *)h;
	size_t from = svc->n_dests;
	enum ipvs_more more = ipvs_read_dests_more(w->table, svc, r, at);

	connect_some(w, svc, from);
	return more;
}

static bool has_weight(const struct ipvs_svc *svc)
{
	for (size_t i = 0; svc != NULL && i < svc->n_dests; i++)
		if (svc->dests[i].weight > 0)
			return true;
	return false;
}

/* The servers that the kernel has for ID; to be freed. */
static struct ipvs_svc servers_of(const struct world *w, const struct ipvs_svc *id)
{
	struct ipvs_svc svc = *id;

	svc.dests = NULL;
	svc.n_dests = svc.cap_dests = 0;
	assert_true(ipvs_read_dests(w->table, &svc));
	return svc;
}

/* One operation, and what it may not do. */
static void world_do(struct world *w, struct ipvs_op *op)
{
	struct ipvs_ops one = { .list = op, .n = 1 };
	struct ipvs_svc svc;

	assert_true(ipvs_apply(w->table, &one));
	clock_ns += (300 + op->svc->n_dests) * (uint64_t)w->step_ns;
	if (is_quiet(w))
		assert_int_equal(op->error, 0);
	if ((op->cmd == IPVS_ADD_DEST && op->dest->weight > 0) ||
	    ipvs_table_find(&w->promised, op->svc) == NULL)
		return;
	svc = servers_of(w, op->svc);
	assert_true(has_weight(&svc));
	ipvs_svc_fini(&svc);
}

static bool world_apply(struct ipvs *h, struct ipvs_ops *ops)
{
	struct world *w = (struct world *)h;
	size_t end = pick(10000) < w->is_lost ? pick((unsigned)ops->n) : ops->n;

	for (size_t i = 0; i < end; i++)
		if (pick(10000) < w->refuses)
			ops->list[i].error = EINVAL;
		else
			world_do(w, &ops->list[i]);
	errno = ENOBUFS;
	return end == ops->n;
}

static const struct ipvs_backend world_backend = {
	.read_services = world_services,
	.read_service = world_service,
	.read_dests = world_dests,
	.read_dests_more = world_dests_more,
	.apply = world_apply,
};

/* Somebody else deletes a service, or deletes or changes a server. */
static void somebody_else(struct world *w)
{
	struct ipvs_table t = { 0 };
	struct ipvs_op op = { .cmd = IPVS_DEL_SVC };
	struct ipvs_ops one = { .list = &op, .n = 1 };
	struct ipvs_svc *svc;

	assert_true(ipvs_read_services(w->table, &t));
	if (t.n > 0) {
		op.svc = svc = &t.svcs[pick((unsigned)t.n)];
		assert_true(ipvs_read_dests(w->table, svc));
		if (svc->n_dests > 0 && pick(2)) {
			struct ipvs_dest *dest =
			    &svc->dests[pick((unsigned)svc->n_dests)];

			op.cmd = pick(2) ? IPVS_DEL_DEST : IPVS_SET_DEST;
			dest->weight = pick(4);
			op.dest = dest;
		}
		assert_true(ipvs_apply(w->table, &one));
	}
	ipvs_table_fini(&t);
}

/* ---- what happens ---- */

static void random_crowds(struct world *w)
{
	static const char *const balances[] = { "leastconn", "roundrobin", "source", "mh",
		"mh", "mh" };
	struct buf *b = &w->text;

	buf_fini(b);
	buf_str(b, "director always 10.9.9.250:80\n server s 10.2.250.250:80 check\n");
	for (unsigned d = 0; d < 4; d++) {
		unsigned n = pick(w->few) ? 1 + pick(12) : w->crowd / 2 + pick(w->crowd);

		if (pick(6) == 0)
			continue;
		buf_printf(b,
		    "director d%u 10.9.9.%u:80\n balance %s\n option quorum %u\n", d,
		    d + 1, balances[pick(6)], 1 + pick(n / 2 + 1));
		if (pick(4) == 0)
			buf_str(b, " option slowstart 5s\n");
		if (pick(4) == 0)
			buf_printf(b, " option drain %us\n", pick(3));
		if (pick(4) == 0)
			buf_str(b, " check interval 1s inhibit\n");
		if (pick(2))
			buf_str(b, " server sorry 10.3.99.9:80 sorry\n");
		for (unsigned s = 0; s < n; s++)
			if (pick(10))
				buf_printf(b,
				    " server s%u 10.2.%u.%u:80 check weight %u\n", s,
				    s / 250, s % 250 + 1, 1 + pick(3));
		buf_printf(b, " server last 10.2.251.%u:80 check\n", d + 1);
	}
}

static void changed(struct server_state *s, enum health_state was, void *arg)
{
	(void)was;
	reconcile_mark(arg, s->director);
}

/* MANY of four checks report, and UP of four of those say up. */
static void report_some(struct lvsd *l, unsigned many, unsigned up)
{
	for (uint32_t i = 0; i < l->state->n_probes; i++) {
		bool is_up = pick(4) < up;
		struct probe_report r = {
			.probe = i,
			.health = is_up ? HEALTH_UP : HEALTH_DOWN,
			.reason = is_up ? REASON_OK : REASON_REFUSED,
			.score = is_up,
		};

		if (pick(4) < many)
			state_report(l->state, &r, mono_us(), changed, l);
	}
}

static void decide_some(struct lvsd *l)
{
	random_decisions(l->state, mono_us());
	for (size_t i = 0; i < l->state->n_directors; i++)
		reconcile_mark(l, &l->state->directors[i]);
}

static void reconcile_whole(struct lvsd *l)
{
	struct reconcile_counts counts = { 0 };

	reconcile_all(l, &counts);
	buf_fini(&counts.text);
}

/* Calls SEND, which changes the table; which services must have a server meanwhile is known
 * from before. */
static void sends(struct world *w, void (*send)(struct lvsd *l))
{
	struct ipvs_table want = { 0 }, there = { 0 };

	plan_all(w->l.state, &w->l.have, mono_us(), &want);
	assert_true(ipvs_read_services(w->table, &there));
	for (size_t i = 0; is_quiet(w) && i < there.n; i++) {
		struct ipvs_svc svc = servers_of(w, &there.svcs[i]);

		if (has_weight(&svc) && has_weight(ipvs_table_find(&want, &svc)))
			own_add_id(&w->promised, &svc);
		ipvs_svc_fini(&svc);
	}
	send(&w->l);
	ipvs_table_fini(&w->promised);
	ipvs_table_fini(&want);
	ipvs_table_fini(&there);
}

/* To the configuration of W, as reload.c does it. */
static void reload_to(struct world *w)
{
	struct conf *conf = call_conf(w->text.data);
	struct state *was = w->l.state;

	if (w->l.resync)
		assert_true(own_adopt(&w->l, was->conf, NULL));
	assert_true(own_adopt(&w->l, conf, NULL));
	own_note_removed(&w->l, conf);
	w->l.state = state_build(conf, was, &w->l.have, mono_us());
	w->l.configuration++;
	sends(w, reconcile_whole);
	state_free(was);
}

/* A service of many servers is filled under rr, which no director here asks for; between
 * two turns none is. */
static void expect_filled(const struct world *w)
{
	struct ipvs_table there = { 0 };

	assert_true(ipvs_read_services(w->table, &there));
	for (size_t i = 0; i < there.n; i++)
		assert_string_not_equal(there.svcs[i].sched, "rr");
	ipvs_table_fini(&there);
}

static void turn(struct world *w)
{
	struct lvsd *l = &w->l;

	sends(w, reconcile_dirty);
	if (!w->faults)
		expect_filled(w);
	w->turns++;
	w->cut += l->dirty;
	assert_true(!l->dirty || l->resync || ev_is_active(&l->plan_on));
	ev_run(l->loop, EVRUN_NOWAIT);
}

/* Some machines are slow, and all are busy at times. */
static unsigned step_ns(const struct world *w)
{
	return 10 + pick(40000 / w->crowd);
}

static void something_happens(struct world *w)
{
	w->refuses = w->faults && pick(5) == 0 ? 200 : 0;
	w->is_lost = w->faults ? 100 : 0;
	w->conns = pick(2);
	clock_ns += pick(1000) * 1000000ull;
	if (pick(20) == 0)
		w->step_ns = step_ns(w);
	if (pick(3) == 0)
		report_some(&w->l, pick(5), pick(5));
	if (pick(8) == 0)
		report_some(&w->l, 4, pick(2) ? 4 : 0);
	if (w->others && pick(4) == 0)
		somebody_else(w);
	if (pick(10) == 0)
		decide_some(&w->l);
	if (pick(15) == 0) {
		random_crowds(w);
		reload_to(w);
	}
	if (pick(4) == 0)
		sends(w, tick_now);
}

/* ---- the end ---- */

/* Turns, a second each, until nothing is left to do. */
static void settle(struct world *w)
{
	struct lvsd *l = &w->l;

	w->refuses = w->is_lost = 0;
	w->conns = false;
	for (size_t i = 0; l->dirty || l->resync || ev_is_active(&l->tick); i++) {
		assert_true(i < PEACE_TURNS);
		clock_ns += 1000000000;
		if (ev_is_active(&l->tick))
			sends(w, tick_now);
		turn(w);
	}
	assert_false(ev_is_active(&l->plan_on));
	assert_int_equal(reconcile_failed(l), 0);
}

/* What somebody else did is found, as an audit does. */
static void look_at_all(struct world *w)
{
	struct ipvs_table ids = { 0 };

	for (size_t i = 0; i < w->l.have.n; i++)
		own_add_id(&ids, &w->l.have.svcs[i]);
	assert_true(own_reread(&w->l, &ids));
	ipvs_table_fini(&ids);
	sends(w, reconcile_whole);
	settle(w);
}

/* The first line that differs tells more than two tables. */
static void expect_text(const struct ipvs_table *is, const struct ipvs_table *should)
{
	struct buf a = { 0 }, b = { 0 };
	size_t line = 0;

	buf_str(&a, "");
	buf_str(&b, "");
	ipvs_table_text(is, &a);
	ipvs_table_text(should, &b);
	for (size_t i = 0; a.data[i] == b.data[i] && a.data[i] != '\0'; i++)
		line = a.data[i] == '\n' ? i + 1 : line;
	if (strcmp(a.data, b.data) != 0)
		fail_msg("\"%.*s\" should be \"%.*s\"", (int)strcspn(a.data + line, "\n"),
		    a.data + line, (int)strcspn(b.data + line, "\n"), b.data + line);
	buf_fini(&a);
	buf_fini(&b);
}

/* What the daemon thinks that the kernel has is what it has. */
static void expect_known(const struct world *w)
{
	struct ipvs_table there = { 0 };

	assert_true(ipvs_read_services(w->table, &there));
	for (size_t i = 0; i < there.n; i++)
		assert_true(ipvs_read_dests(w->table, &there.svcs[i]));
	expect_text(&w->l.have, &there);
	ipvs_table_fini(&there);
}

static void expect_planned(const struct world *w)
{
	struct ipvs_table want = { 0 };

	plan_all(w->l.state, &w->l.have, mono_us(), &want);
	expect_text(&w->l.have, &want);
	ipvs_table_fini(&want);
}

/* ---- the test ---- */

static void no_tick(struct ev_loop *loop, struct ev_timer *t, int events)
{
	(void)loop;
	(void)t;
	(void)events;
}

/* W, whose configuration is there, begins. */
static void world_begin(struct world *w)
{
	struct ipvs_table none = { 0 };

	log_open("test", LOG_TO_NOBODY, false);
	w->base.backend = &world_backend;
	w->table = ipvs_open_memory();
	w->l.ipvs = &w->base;
	w->l.loop = ev_loop_new(0);
	w->l.options.dry_run = true;
	ev_timer_init(&w->l.tick, no_tick, 1., 1.);
	clock_ns = 1000000000000;
	w->l.state = state_build(call_conf(w->text.data), NULL, &none, mono_us());
	sends(w, reconcile_whole);
}

static void world_random(struct world *w, unsigned seed)
{
	bool large;

	srandom(seed);
	large = pick(10) == 0;
	*w = (struct world){ .crowd = large ? 2000 : 400,
		.few = large ? 1 : 3,
		.faults = pick(3) == 0,
		.others = pick(3) == 0 };
	w->step_ns = step_ns(w);
	random_crowds(w);
	world_begin(w);
}

static void world_fini(struct world *w)
{
	tick_free(w->l.ticks);
	state_free(w->l.state);
	ipvs_table_fini(&w->l.have);
	ipvs_close(w->table);
	buf_fini(&w->text);
	ev_loop_destroy(w->l.loop);
}

static unsigned given(const char *name, unsigned otherwise)
{
	const char *text = getenv(name);

	return text != NULL ? (unsigned)strtoul(text, NULL, 10) : otherwise;
}

/* A service leaves, though somebody else deleted one of its many servers and a service that
 * is new stands before it. */
static void test_leaves(void **state)
{
	struct world w = { .step_ns = 10, .others = true };
	struct ipvs_svc *svc;
	struct ipvs_op op = { .cmd = IPVS_DEL_DEST };
	struct ipvs_ops one = { .list = &op, .n = 1 };

	(void)state;
	buf_str(&w.text, "director old 10.9.9.2:80\n");
	for (unsigned s = 0; s < 1100; s++)
		buf_printf(
		    &w.text, " server s%u 10.2.%u.%u:80\n", s, s / 250, s % 250 + 1);
	world_begin(&w);
	svc = &w.l.have.svcs[0];
	for (size_t i = 0; i < svc->n_dests; i++)
		svc->dests[i].active = 1;
	op.svc = svc;
	op.dest = svc->dests;
	assert_true(ipvs_apply(w.table, &one));
	buf_fini(&w.text);
	buf_str(&w.text, "director new 10.9.9.1:80\n server s 10.2.0.1:80\n");
	reload_to(&w);
	assert_int_equal(w.l.have.n, 2);
	settle(&w);
	assert_int_equal(w.l.have.n, 1);
	expect_known(&w);
	world_fini(&w);
}

static void test_worlds(void **state)
{
	unsigned first = given("LVSD_SEED", 1), n = given("LVSD_WORLDS", WORLDS);
	size_t cut = 0;

	(void)state;
	for (unsigned seed = first; seed < first + n; seed++) {
		struct world w;

		print_message("LVSD_SEED=%u\n", seed);
		world_random(&w, seed);
		while (w.turns < TURNS) {
			something_happens(&w);
			turn(&w);
			if (is_quiet(&w))
				expect_known(&w);
		}
		settle(&w);
		expect_planned(&w);
		look_at_all(&w);
		expect_known(&w);
		expect_planned(&w);
		cut += w.cut;
		world_fini(&w);
	}
	print_message("%zu turns were cut\n", cut);
	assert_true(cut > n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_leaves),
		cmocka_unit_test(test_worlds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
