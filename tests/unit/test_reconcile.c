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
#include "lvsd/reconcile.h"
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
	reconcile_tick(&l);
	reconcile_tick(&l);
	assert_int_equal(k.applies, 2);
	expect_table(&k, SVC S1);
	assert_true(ev_is_active(&l.tick));
	/* then everything is what it should be, without a refusal */
	k.mute = false;
	reconcile_tick(&l);
	expect_table(&k, SVC S2 S3);
	assert_false(l.resync);
	assert_int_equal(ipvs_stats(k.table)->ops_refused, 0);
	assert_int_equal(reconcile_failed(&l), 0);
	reconcile_tick(&l);
	assert_false(ev_is_active(&l.tick));
	state_free(l.state);
	ipvs_table_fini(&l.have);
	ipvs_close(k.table);
	buf_fini(&counts.text);
	ev_loop_destroy(l.loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_lost_batch) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
