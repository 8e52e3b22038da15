/* turn: what the worst one is said to have done; and how much of a long work is done in
 * one, for time cannot be held against a busy machine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <netinet/in.h>

#include "../plan/call.h"
#include "lib/buf.h"
#include "lib/log.h"
#include "lib/mono.h"
#include "ipvs/handle.h"
#include "lvsd/events.h"
#include "lvsd/pieces.h"
#include "lvsd/reconcile.h"
#include "lvsd/reply.h"
#include "lvsd/request.h"
#include "lvsd/show.h"
#include "lvsd/status_totals.h"
#include "lvsd/tick.h"

/* ---- words ---- */

/* Takes longer than all that came before it in its turn, however long that was. */
static void on_work(struct ev_loop *loop, struct ev_timer *w, int events)
{
	struct turns *t = w->data;
	uint64_t before_us, now_us = mono_us();

	(void)loop;
	(void)events;
	before_us = now_us - t->begun_us;
	turn_does(t, "work");
	while (mono_us() < now_us + 2 * before_us + 1000)
		continue;
}

static void names_the_worst(void **state)
{
	struct ev_loop *loop = ev_loop_new(0);
	struct turns t = { 0 };
	struct ev_timer work;
	json_t *o;

	(void)state;
	turn_watch(&t, loop);
	o = turn_show(&t);
	assert_true(json_is_null(json_object_get(o, "worst_did")));
	json_decref(o);
	ev_timer_init(&work, on_work, 0., 0.);
	work.data = &t;
	ev_timer_start(loop, &work);
	while (t.n == 0)
		ev_run(loop, EVRUN_NOWAIT);
	o = turn_show(&t);
	assert_string_equal(json_string_value(json_object_get(o, "worst_did")), "work");
	assert_string_equal(
	    json_string_value(json_object_get(o, "worst_cpu_did")), "work");
	json_decref(o);
	ev_loop_destroy(loop);
}

/* ---- pieces ---- */

/* A daemon with DIRECTORS of SERVERS each. */
static void make(struct lvsd *l, size_t directors, size_t servers)
{
	struct ipvs_table none = { 0 };
	struct buf text = { 0 };

	for (size_t d = 0; d < directors; d++) {
		buf_printf(&text, "director d%zu 10.9.%zu.%zu:80\n", d, d / 250, d % 250);
		for (size_t s = 0; s < servers; s++)
			buf_printf(
			    &text, " server s%zu 10.2.%zu.%zu:80\n", s, s / 250, s % 250);
	}
	*l = (struct lvsd){ .loop = ev_loop_new(0), .configuration = 1 };
	l->ipvs = ipvs_open_memory();
	l->state = state_build(call_conf(text.data), NULL, &none, 1);
	buf_fini(&text);
}

static void unmake(struct lvsd *l)
{
	state_free(l->state);
	ipvs_close(l->ipvs);
	ev_loop_destroy(l->loop);
}

static void logs_some_a_turn(void **state)
{
	struct lvsd l;
	size_t turns = 0;

	(void)state;
	make(&l, 450, 1);
	log_open("test", LOG_TO_NOBODY, false);
	show_log(&l);
	for (size_t before = 0; ev_is_active(&l.log.more); before = l.log.next, turns++) {
		ev_run(l.loop, EVRUN_NOWAIT);
		assert_true(l.log.next - before <= 100);
	}
	assert_int_equal(l.log.next, 450);
	assert_int_equal(turns, 5);
	unmake(&l);
}

static void counts_some_at_a_time(void **state)
{
	struct status_totals t = { 0 };
	struct lvsd l;
	size_t pieces = 0;
	bool more = true;

	(void)state;
	make(&l, 2, 3000);
	for (size_t before = 0; more; before = t.director + t.server, pieces++) {
		more = status_totals_more(&t, &l);
		assert_true(t.director + t.server - before <= STATUS_TOTALS_A_PIECE);
	}
	assert_int_equal(t.servers.counts[0], 6000);
	assert_string_equal(t.servers.words[0], "unchecked");
	assert_int_equal(pieces, 7);
	unmake(&l);
}

/* A service of 600 servers in the table of L. */
static void fill(struct lvsd *l, struct ipvs_svc *svc)
{
	struct ipvs_table none = { 0 }, want = { 0 };
	struct ipvs_svc id = { .protocol = IPPROTO_TCP, .port = 80 };
	struct ipvs_ops ops = { 0 };

	assert_true(addr_parse(&id.addr, "10.9.9.1", 8));
	strlcpy(id.sched, "rr", sizeof id.sched);
	*svc = id;
	for (uint16_t i = 1; i <= 600; i++) {
		struct ipvs_dest d = { .addr = id.addr, .port = i, .weight = 1 };

		ipvs_svc_append(&id, &d);
	}
	ipvs_table_add(&want, &id);
	ipvs_diff(&none, &want, &ops);
	assert_true(ipvs_apply(l->ipvs, &ops));
	ipvs_ops_fini(&ops);
	ipvs_table_fini(&want);
}

static void reads_in_pieces(void **state)
{
	struct lvsd l = { .ipvs = ipvs_open_memory(), .options = { .dry_run = true } };
	struct ipvs_table listed = { 0 };
	struct pieces p = { 0 };
	struct ipvs_svc svc;
	enum ipvs_more more = IPVS_MORE;
	size_t pieces = 0;

	(void)state;
	fill(&l, &svc);
	assert_true(pieces_begin(&p, &l));
	for (size_t before = 0; more == IPVS_MORE; before = svc.n_dests, pieces++) {
		assert_true(p.comes);
		more = pieces_dests(&p, &svc, NULL);
		assert_true(svc.n_dests - before <= 256);
	}
	assert_int_equal(more, IPVS_ALL);
	assert_int_equal(pieces, 3);
	assert_int_equal(svc.n_dests, 600);
	assert_false(p.comes);
	/* What begins anew begins with the first. */
	assert_true(pieces_begin(&p, &l));
	assert_int_equal(pieces_services(&p, &listed), IPVS_ALL);
	assert_int_equal(listed.n, 1);
	pieces_fini(&p);
	ipvs_table_fini(&listed);
	ipvs_svc_fini(&svc);
	ipvs_close(l.ipvs);
}

/* What operations do to a service while it is read. */
static void reads_what_changes(void **state)
{
	struct lvsd l = { .ipvs = ipvs_open_memory(), .options = { .dry_run = true } };
	struct ipvs_svc have = { .protocol = IPPROTO_TCP, .port = 80 }, svc, other;
	struct pieces p = { 0 };
	struct ipvs_op list[] = { { .cmd = IPVS_SET_DEST }, { .cmd = IPVS_SET_SVC } };
	struct ipvs_ops ops = { .list = list, .n = 2 };

	(void)state;
	fill(&l, &svc);
	assert_true(addr_parse(&have.addr, "10.9.9.1", 8));
	assert_true(ipvs_read_dests(l.ipvs, &have));
	assert_int_equal(have.n_dests, 600);
	have.dests[7].weight = 9;
	other = have;
	other.port = 81;
	for (int disturbed = 0; disturbed < 3; disturbed++) {
		free(svc.dests);
		svc.dests = NULL;
		svc.n_dests = svc.cap_dests = 0;
		assert_true(pieces_begin(&p, &l));
		pieces_watch(&p, &svc);
		while (pieces_dests(&p, &svc, NULL) == IPVS_MORE)
			continue;
		list[0] = (struct ipvs_op){
			.cmd = IPVS_SET_DEST, .svc = &have, .dest = &have.dests[7]
		};
		list[1].svc = &have;
		/* What comes to others is nothing to it. */
		if (disturbed > 0)
			list[1] = (struct ipvs_op){ .cmd = IPVS_DEL_DEST,
				.svc = disturbed == 1 ? &other : &have,
				.dest = &have.dests[8] };
		pieces_note(&l, &ops);
		ipvs_svc_sort(&svc);
		svc.dests[7].active = svc.dests[8].active = 5;
		assert_int_equal(pieces_mend(&p, &svc, &have), disturbed < 2);
		assert_true(LIST_EMPTY(&l.reading));
		if (disturbed == 2)
			break;
		assert_int_equal(svc.dests[7].weight, 9);
		assert_int_equal(svc.dests[7].active, IPVS_CONNS_UNKNOWN);
		assert_int_equal(svc.dests[8].weight, 1);
		assert_int_equal(svc.dests[8].active, 5);
	}
	/* What is given up watches no more. */
	assert_true(pieces_begin(&p, &l));
	pieces_watch(&p, &svc);
	pieces_fini(&p);
	assert_true(LIST_EMPTY(&l.reading));
	ipvs_svc_fini(&svc);
	ipvs_svc_fini(&have);
	ipvs_close(l.ipvs);
}

/* A table in memory that says how it was read. */
struct counted {
	struct ipvs base;
	struct ipvs *table;
	uint64_t slow_us; /* that a piece takes */
	size_t whole, pieces;
};

static bool counted_services(struct ipvs *h, struct ipvs_table *t)
{
	return ipvs_read_services(((const struct counted *)h)->table, t);
}

static bool counted_dests(struct ipvs *h, struct ipvs_svc *svc, struct ipvs_rates *r)
{
	struct counted *c = (struct counted *)h;

	c->whole++;
	return ipvs_read_traffic(c->table, svc, r);
}

static enum ipvs_more counted_dests_more(
    struct ipvs *h, struct ipvs_svc *svc, struct ipvs_rates *r, size_t *at)
{
	struct counted *c = (struct counted *)h;
	uint64_t until_us = mono_us() + c->slow_us;

	c->pieces++;
	while (mono_us() < until_us)
		continue;
	return ipvs_read_dests_more(c->table, svc, r, at);
}

static bool counted_apply(struct ipvs *h, struct ipvs_ops *ops)
{
	return ipvs_apply(((struct counted *)h)->table, ops);
}

static void counted_close(struct ipvs *h)
{
	ipvs_close(((struct counted *)h)->table);
}

static const struct ipvs_backend counted_backend = {
	.read_services = counted_services,
	.read_dests = counted_dests,
	.read_dests_more = counted_dests_more,
	.apply = counted_apply,
	.close = counted_close,
};

/* A daemon with one director of 3,000 servers in a table that counts. */
static void make_counted(struct lvsd *l, struct counted *c)
{
	struct reconcile_counts counts = { 0 };

	make(l, 1, 3000);
	*c = (struct counted){ .base.backend = &counted_backend, .table = l->ipvs };
	l->ipvs = &c->base;
	l->options.dry_run = true;
	l->events = events_new();
	ev_timer_init(&l->tick, NULL, 1., 1.);
	reconcile_all(l, &counts);
	assert_int_equal(counts.n_ops, 3001);
	buf_fini(&counts.text);
}

static void unmake_counted(struct lvsd *l)
{
	events_free(l->events);
	ipvs_table_fini(&l->have);
	tick_free(l->ticks);
	unmake(l);
}

static void explains_in_pieces(void **state)
{
	struct lvsd l;
	struct counted c;
	char line[] = "explain d0/s2999";
	struct request r = { .l = &l };
	struct answer a = { 0 };
	struct buf out = { 0 };
	enum reply_next next;
	size_t n = 0;

	(void)state;
	make_counted(&l, &c);
	request_answer(&r, line, &a);
	assert_non_null(a.reply);
	for (; (next = a.reply->ops->more(a.reply, &out)) == REPLY_MORE; n++)
		assert_int_equal(out.len, 0);
	assert_int_equal(next, REPLY_END);
	assert_int_equal(n + 1, (3000 + 255) / 256);
	assert_int_equal(c.pieces, n + 1);
	assert_int_equal(c.whole, 0);
	assert_non_null(strstr(out.data, "\"verdict\":\"it takes traffic\""));
	assert_non_null(
	    strstr(out.data, "\"kernel\":{\"answers\":true,\"server\":{\"weight\":1"));
	a.reply->ops->free(a.reply);
	buf_fini(&out);
	unmake_counted(&l);
}

/* A server without connections leaves when a tick has seen that it has none, though
 * another one's weight changed meanwhile. */
static void ticks_in_pieces(void **state)
{
	const struct decision drain = { .word = DECISION_DRAIN },
			      five = { .has_weight = true, .weight = 5 };
	uint64_t ops = 0;
	struct lvsd l;
	struct counted c;
	size_t ticks = 0;

	(void)state;
	make_counted(&l, &c);
	state_decide(state_find(l.state, "d0", "s7"), &drain);
	reconcile_mark(&l, l.state->directors);
	reconcile_dirty(&l);
	assert_true(ev_is_active(&l.tick));
	assert_int_equal(l.have.svcs[0].n_dests, 3000);
	c.slow_us = 1000; /* a tick has no time for another */
	for (; l.have.svcs[0].n_dests == 3000; ticks++) {
		assert_true(ticks < 3000);
		if (ticks == 3) {
			state_decide(state_find(l.state, "d0", "s100"), &five);
			reconcile_mark(&l, l.state->directors);
			reconcile_dirty(&l);
			ops = ipvs_stats(l.ipvs)->ops;
		}
		tick_now(&l);
		reconcile_dirty(&l);
	}
	assert_int_equal(l.have.svcs[0].n_dests, 2999);
	assert_int_equal(ipvs_stats(l.ipvs)->ops, ops + 1);
	assert_int_equal(c.whole, 0);
	assert_int_equal(c.pieces, (3000 + 255) / 256);
	unmake_counted(&l);
}

/* What began to linger, and does no more, is not read on, and nobody listens to what
 * happens to it. */
static void ticks_forget(void **state)
{
	static const struct decision drain = { .word = DECISION_DRAIN }, ready = { 0 };
	struct lvsd l;
	struct counted c;

	(void)state;
	make_counted(&l, &c);
	c.slow_us = 1000;
	state_decide(state_find(l.state, "d0", "s7"), &drain);
	reconcile_mark(&l, l.state->directors);
	reconcile_dirty(&l);
	tick_now(&l);
	assert_false(LIST_EMPTY(&l.reading));
	state_decide(state_find(l.state, "d0", "s7"), &ready);
	reconcile_mark(&l, l.state->directors);
	reconcile_dirty(&l);
	tick_now(&l);
	assert_true(LIST_EMPTY(&l.reading));
	assert_false(ev_is_active(&l.tick));
	unmake_counted(&l);
}

/* Weights may change for as long as somebody reads: what is remembered has a bound. */
static void remembers_some(void **state)
{
	struct lvsd l = { .ipvs = ipvs_open_memory(), .options = { .dry_run = true } };
	struct ipvs_op op = { .cmd = IPVS_SET_DEST };
	struct ipvs_ops ops = { .list = &op, .n = 1 };
	struct pieces p = { 0 };
	struct ipvs_svc svc;

	(void)state;
	fill(&l, &svc);
	assert_true(ipvs_read_dests(l.ipvs, &svc));
	op.svc = &svc;
	assert_true(pieces_begin(&p, &l));
	pieces_watch(&p, &svc);
	for (size_t i = 0; i < 100000; i++) {
		op.dest = &svc.dests[i % 600];
		pieces_note(&l, &ops);
	}
	assert_true(p.touched.n_dests < 100000);
	assert_false(pieces_mend(&p, &svc, &svc));
	pieces_fini(&p);
	ipvs_svc_fini(&svc);
	ipvs_close(l.ipvs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_the_worst),
		cmocka_unit_test(logs_some_a_turn),
		cmocka_unit_test(counts_some_at_a_time),
		cmocka_unit_test(reads_in_pieces),
		cmocka_unit_test(reads_what_changes),
		cmocka_unit_test(explains_in_pieces),
		cmocka_unit_test(ticks_in_pieces),
		cmocka_unit_test(ticks_forget),
		cmocka_unit_test(remembers_some),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
