/*
 * The bounds of a pass: a service of many servers is read in pieces, and, however often
 * its servers come and go, so many times; a turn ends when its time is over.
 *
 * The kernel is a table in memory that can be slow, and to which operations can be sent
 * while it is read.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ipvs/handle.h"
#include "lib/mono.h"
#include "lvsd/audit.h"
#include "lvsd/large.h"
#include "lvsd/reconcile.h"
#include "lvsd/sync.h"
#include "tests/plan/call.h"

#define TURNS_MAX 10000

struct watched {
	struct ipvs base;
	struct ipvs *table;
	struct lvsd *l;
	struct ipvs_op *meanwhile; /* sent while it is read in pieces */
	uint64_t slow_us;	   /* that servers take to be read at once */
	/* Servers were read so often: */
	size_t begun, at_once;
};

static bool watched_services(struct ipvs *h, struct ipvs_table *t)
{
	return ipvs_read_services(((const struct watched *)h)->table, t);
}

static bool watched_service(struct ipvs *h, struct ipvs_svc *svc, bool *there)
{
	return ipvs_read_service(((const struct watched *)h)->table, svc, there);
}

static enum ipvs_more watched_more(struct ipvs *h, struct ipvs_table *t, size_t *at)
{
	return ipvs_read_more(((const struct watched *)h)->table, t, at);
}

static enum ipvs_more watched_dests_more(
    struct ipvs *h, struct ipvs_svc *svc, struct ipvs_rates *r, size_t *at)
{
	struct watched *k = (struct watched *)h;

	struct ipvs_ops ops = { .list = k->meanwhile, .n = k->meanwhile != NULL };

	k->begun += *at == 0;
	pieces_note(k->l, &ops);
	return ipvs_read_dests_more(k->table, svc, r, at);
}

static bool watched_dests(struct ipvs *h, struct ipvs_svc *svc, struct ipvs_rates *r)
{
	struct watched *k = (struct watched *)h;
	uint64_t until_us = mono_us() + k->slow_us;

	k->at_once++;
	while (mono_us() < until_us)
		continue;
	return ipvs_read_traffic(k->table, svc, r);
}

static bool watched_apply(struct ipvs *h, struct ipvs_ops *ops)
{
	return ipvs_apply(((const struct watched *)h)->table, ops);
}

static bool watched_sync(struct ipvs *h, struct ipvs_sync both[2])
{
	return ipvs_read_sync(((const struct watched *)h)->table, both);
}

static void watched_close(struct ipvs *h)
{
	(void)h;
}

static const struct ipvs_backend watched_backend = {
	.read_services = watched_services,
	.read_service = watched_service,
	.read_more = watched_more,
	.read_dests_more = watched_dests_more,
	.read_dests = watched_dests,
	.apply = watched_apply,
	.read_sync = watched_sync,
	.close = watched_close,
};

static void ignore_tick(struct ev_loop *loop, struct ev_timer *w, int events)
{
	(void)loop;
	(void)w;
	(void)events;
}

/* Makes N directors of SERVERS each be in the kernel. */
static void fill(struct lvsd *l, struct watched *k, unsigned n, unsigned servers)
{
	static struct sync_state no_sync;
	struct reconcile_counts counts = { 0 };
	struct buf text = { 0 };

	*k = (struct watched){
		.base.backend = &watched_backend, .table = ipvs_open_memory(), .l = l
	};
	*l = (struct lvsd){
		.ipvs = &k->base, .loop = ev_default_loop(0), .sync = &no_sync
	};
	l->options.dry_run = true;
	ev_timer_init(&l->tick, ignore_tick, 1., 1.);
	for (unsigned i = 0; i < n; i++) {
		buf_printf(&text, "director d%u 10.9.9.1:%u\n", i, i + 1);
		for (unsigned s = 0; s < servers; s++)
			buf_printf(&text, " server s%u 10.2.%u.%u:80\n", s, s / 250,
			    s % 250 + 1);
	}
	l->state = state_build(call_conf(text.data), NULL, &l->have, 1);
	reconcile_all(l, &counts);
	assert_int_equal(l->have.n, n);
	k->begun = k->at_once = 0;
	buf_fini(&counts.text);
	buf_fini(&text);
}

static void empty(struct lvsd *l, struct watched *k)
{
	state_free(l->state);
	ipvs_table_fini(&l->have);
	ipvs_close(k->table);
	ev_loop_destroy(l->loop);
}

static json_int_t passes(const struct audit *a)
{
	json_t *figures = audit_figures(a);
	json_int_t n = json_integer_value(json_object_get(figures, "passes"));

	json_decref(figures);
	return n;
}

/* A pass as fast as turns allow; the most reads at once that one of them had. */
static size_t pass(struct lvsd *l, const struct watched *k)
{
	struct audit *a = audit_new(l);
	size_t most = 0;

	audit_now(a);
	for (size_t i = 0; i < TURNS_MAX && passes(a) == 0; i++) {
		size_t before = k->at_once;

		ev_run(l->loop, EVRUN_ONCE);
		if (k->at_once - before > most)
			most = k->at_once - before;
	}
	assert_int_equal(passes(a), 1);
	audit_free(a);
	return most;
}

static void test_many_servers(void **state)
{
	struct watched k;
	struct lvsd l;
	struct ipvs_op meanwhile;

	(void)state;
	fill(&l, &k, 1, 3000);
	pass(&l, &k);
	assert_int_equal(k.begun, 1);
	assert_int_equal(k.at_once, 0);
	/* Weights that change are in nobody's way. */
	meanwhile = (struct ipvs_op){ .cmd = IPVS_SET_DEST,
		.svc = &l.have.svcs[0],
		.dest = &l.have.svcs[0].dests[9] };
	k.meanwhile = &meanwhile;
	k.begun = 0;
	pass(&l, &k);
	assert_int_equal(k.begun, 1);
	assert_int_equal(k.at_once, 0);
	/* What comes and goes is begun anew, but not for ever. */
	meanwhile.cmd = IPVS_ADD_DEST;
	k.begun = 0;
	pass(&l, &k);
	assert_int_equal(k.begun, LARGE_TRIES);
	assert_int_equal(k.at_once, 1);
	empty(&l, &k);
}

static void test_turns(void **state)
{
	struct watched k;
	struct lvsd l;

	(void)state;
	fill(&l, &k, 30, 2);
	k.slow_us = 4000; /* longer than a turn may look */
	assert_int_equal(pass(&l, &k), 1);
	assert_int_equal(k.at_once, 30);
	empty(&l, &k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_many_servers),
		cmocka_unit_test(test_turns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
