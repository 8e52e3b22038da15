/*
 * decide: when an operator is answered. What he said is in the kernel before, however many
 * operations are on their way; only a kernel that is too slow for that, or is lost, does
 * not hold the answer for good.
 *
 * The kernel is a table in memory, on whose clock its operations alone take time. In place
 * of the disk is a count of what was to be saved: that comes between the kernel and the
 * answer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>
#include <time.h>

#include "ipvs/handle.h"
#include "lib/log.h"
#include "lib/mono.h"
#include "lvsd/reconcile.h"
#include "lvsd/reply.h"
#include "lvsd/request.h"
#include "lvsd/statefile.h"
#include "lvsd/tick.h"
#include "tests/plan/call.h"

#define CROWD 2000
#define LIMIT_S 5 /* the operator waits no longer for the kernel: lvsctl(8) */

/* ---- in place of the clock and of the disk ---- */

static struct {
	uint64_t now_us;
	uint64_t saves; /* each is done at once */
} world;

int __wrap_clock_gettime(clockid_t clock, struct timespec *ts);
uint64_t __wrap_statefile_save(struct statefile *f);
uint64_t __wrap_statefile_saved(const struct statefile *f);
const char *__wrap_statefile_error(const struct statefile *f);

int __wrap_clock_gettime(clockid_t clock, struct timespec *ts)
{
	(void)clock;
	*ts = (struct timespec){ (time_t)(world.now_us / 1000000),
		(long)(world.now_us % 1000000) * 1000 };
	return 0;
}

uint64_t __wrap_statefile_save(struct statefile *f)
{
	(void)f;
	return ++world.saves;
}

uint64_t __wrap_statefile_saved(const struct statefile *f)
{
	(void)f;
	return world.saves;
}

const char *__wrap_statefile_error(const struct statefile *f)
{
	(void)f;
	return NULL;
}

/* ---- a kernel that takes its time ---- */

struct slow {
	struct ipvs base;
	struct ipvs *table;
	uint64_t each_us; /* of an operation */
	bool lost;	  /* it does not answer */
};

static bool slow_services(struct ipvs *h, struct ipvs_table *t)
{
	const struct slow *k = (const struct slow *)h;

	errno = ENOBUFS;
	return !k->lost && ipvs_read_services(k->table, t);
}

static bool slow_service(struct ipvs *h, struct ipvs_svc *svc, bool *there)
{
	const struct slow *k = (const struct slow *)h;

	errno = ENOBUFS;
	return !k->lost && ipvs_read_service(k->table, svc, there);
}

static bool slow_dests(struct ipvs *h, struct ipvs_svc *svc, struct ipvs_rates *r)
{
	const struct slow *k = (const struct slow *)h;

	errno = ENOBUFS;
	return !k->lost && ipvs_read_traffic(k->table, svc, r);
}

static bool slow_apply(struct ipvs *h, struct ipvs_ops *ops)
{
	struct slow *k = (struct slow *)h;

	world.now_us += ops->n * k->each_us;
	errno = ENOBUFS;
	return !k->lost && ipvs_apply(k->table, ops);
}

static const struct ipvs_backend slow_backend = {
	.read_services = slow_services,
	.read_service = slow_service,
	.read_dests = slow_dests,
	.apply = slow_apply,
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

/* The weight that the kernel has for the server of the decisions; -1: it has none. */
static int64_t weight_of_last(const struct slow *k)
{
	struct ipvs_table t = { 0 };
	struct ipvs_dest id = { .port = 80 };
	const struct ipvs_dest *found;
	int64_t weight = -1;

	assert_true(addr_parse(&id.addr, "10.3.0.1", 8));
	assert_true(ipvs_read_services(k->table, &t));
	assert_int_equal(t.n, 1);
	assert_true(ipvs_read_dests(k->table, &t.svcs[0]));
	found = ipvs_svc_find(&t.svcs[0], &id);
	if (found != NULL)
		weight = found->weight;
	ipvs_table_fini(&t);
	return weight;
}

static void no_tick(struct ev_loop *loop, struct ev_timer *t, int events)
{
	(void)loop;
	(void)t;
	(void)events;
}

/* All of a crowd serve, and so does the server that operators decide about, the last in
 * any order. */
static void make(struct lvsd *l, struct slow *k)
{
	struct reconcile_counts counts = { 0 };
	struct ipvs_table none = { 0 };
	struct buf text = { 0 };

	memset(&world, 0, sizeof world);
	world.now_us = 1000000;
	*k = (struct slow){
		.base.backend = &slow_backend, .table = ipvs_open_memory(), .each_us = 100
	};
	*l = (struct lvsd){ .ipvs = &k->base,
		.loop = ev_loop_new(0),
		.options = { .dry_run = true },
		.configuration = 1 };
	log_open("test", LOG_TO_NOBODY, false);
	ev_timer_init(&l->tick, no_tick, 1., 1.);
	buf_str(&text, "director web 10.9.9.1:80\n server last 10.3.0.1:80\n");
	for (size_t i = 0; i < CROWD; i++)
		buf_printf(&text, " server s%zu 10.2.%zu.%zu:80 check\n", i, i / 250,
		    i % 250 + 1);
	l->state = state_build(call_conf(text.data), NULL, &none, 1);
	buf_fini(&text);
	for (uint32_t i = 0; i < CROWD; i++)
		report(l, i, true);
	reconcile_all(l, &counts);
	assert_int_equal(counts.n_ops, CROWD + 2);
	buf_fini(&counts.text);
}

static void unmake(struct lvsd *l, struct slow *k)
{
	tick_free(l->ticks);
	state_free(l->state);
	ipvs_table_fini(&l->have);
	ipvs_close(k->table);
	ev_loop_destroy(l->loop);
}

/* Half of the crowd dies, and the first turn has no time for all of them. */
static void kill_half(struct lvsd *l)
{
	for (uint32_t i = 0; i < CROWD; i += 2)
		report(l, i, false);
	reconcile_dirty(l);
	assert_true(l->dirty);
}

/* The answer to LINE, and how many turns it took. */
static size_t ask(struct lvsd *l, const char *line, struct buf *out)
{
	struct request r = { .l = l, .may_change = true, .fd = -1 };
	struct answer a = { 0 };
	char words[64];
	size_t turns = 1;

	strlcpy(words, line, sizeof words);
	request_answer(&r, words, &a);
	assert_non_null(a.reply);
	for (; a.reply->ops->more(a.reply, out) == REPLY_PAUSE; turns++) {
		assert_int_equal(out->len, 0);
		assert_int_equal(world.saves, 0);
		assert_true(turns < 2 * CROWD);
		reconcile_dirty(l);
	}
	assert_int_equal(world.saves, 1);
	a.reply->ops->free(a.reply);
	return turns;
}

/* ---- the tests ---- */

/* Their operations come behind those of the crowd, all or some of them. */
static void waits_for_the_kernel(void **state)
{
	static const struct {
		const char *line;
		int64_t weight;
	} rows[] = { { "weight web/last 7", 7 }, { "drain web/last", 0 },
		{ "weight web/last auto", 0 }, { "ready web/last", 1 },
		{ "maint web/last now", -1 }, { "ready web/last", 1 } };
	struct lvsd l;
	struct slow k;

	(void)state;
	make(&l, &k);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct buf out = { 0 };
		size_t turns;

		world.saves = 0;
		for (uint32_t p = 0; p < CROWD; p++)
			report(&l, p, true);
		while (l.dirty)
			reconcile_dirty(&l);
		kill_half(&l);
		turns = ask(&l, rows[i].line, &out);
		assert_string_equal(out.data, "{\"ok\":true,\"servers\":1}\n");
		assert_int_equal(weight_of_last(&k), rows[i].weight);
		assert_true(turns > 2);
		assert_true(mono_us() < LIMIT_S * 1000000);
		buf_fini(&out);
	}
	unmake(&l, &k);
}

static void waits_no_longer(void **state)
{
	struct buf out = { 0 };
	struct lvsd l;
	struct slow k;
	uint64_t begun_us;

	(void)state;
	make(&l, &k);
	k.each_us = 100000;
	kill_half(&l);
	begun_us = mono_us();
	ask(&l, "weight web/last 7", &out);
	assert_string_equal(out.data, "{\"ok\":true,\"servers\":1}\n");
	assert_true(mono_us() - begun_us >= LIMIT_S * 1000000);
	assert_true(l.dirty);
	assert_int_equal(weight_of_last(&k), 1);
	/* It is on its way all the same. */
	while (l.dirty)
		reconcile_dirty(&l);
	assert_int_equal(weight_of_last(&k), 7);
	buf_fini(&out);
	unmake(&l, &k);
}

/* Nobody knows when it will answer again: what was said is kept until then. */
static void does_not_wait_for_a_lost_one(void **state)
{
	struct buf out = { 0 };
	struct lvsd l;
	struct slow k;

	(void)state;
	make(&l, &k);
	kill_half(&l);
	k.lost = true;
	reconcile_dirty(&l);
	assert_true(l.resync);
	assert_int_equal(ask(&l, "weight web/last 7", &out), 2);
	assert_string_equal(out.data, "{\"ok\":true,\"servers\":1}\n");
	k.lost = false;
	while (l.resync || l.dirty) {
		tick_now(&l);
		reconcile_dirty(&l);
	}
	assert_int_equal(weight_of_last(&k), 7);
	buf_fini(&out);
	unmake(&l, &k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(waits_for_the_kernel),
		cmocka_unit_test(waits_no_longer),
		cmocka_unit_test(does_not_wait_for_a_lost_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
