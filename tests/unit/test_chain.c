/*
 * Chains: in which order the kernel is told of so many services that walking through
 * its own lists of them is what takes it the time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "ipvs/ipvs.h"

static struct addr ip(const char *text)
{
	struct addr a;

	assert_true(addr_parse(&a, text, strlen(text)));
	return a;
}

static struct ipvs_svc service(const char *addr, uint16_t port)
{
	return (struct ipvs_svc){
		.addr = ip(addr), .port = port, .protocol = IPPROTO_TCP, .sched = "wlc"
	};
}

static void test_bucket_is_the_kernels(void **state)
{
	static const struct {
		const char *addr;
		uint16_t port;
		uint32_t fwmark;
		unsigned bucket;
	} rows[] = {
		{ "10.0.0.0", 0, 0, IPPROTO_TCP },
		{ "10.0.0.7", 0, 0, IPPROTO_TCP ^ 7 },
		{ "10.0.9.0", 0x0102, 0, IPPROTO_TCP ^ 1 ^ 2 },
		{ "2001:db8::1:0:5", 80, 0, IPPROTO_TCP ^ 80 ^ 0xb8 ^ 1 ^ 5 },
		{ "10.0.0.0", 80, 0x1234, 0x34 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct ipvs_svc svc = service(rows[i].addr, rows[i].port);

		svc.fwmark = rows[i].fwmark;
		assert_int_equal(ipvs_svc_bucket(&svc), rows[i].bucket);
	}
}

#define MANY (IPVS_CROWD + 904)

/* N services on as many addresses, with a server each. */
static void fill_many(struct ipvs_table *t, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct ipvs_svc svc = service("10.0.0.0", 80);
		struct ipvs_dest dest = { .addr = ip("10.1.0.1"), .weight = i % 3 != 0 };

		svc.addr.bytes[2] = (uint8_t)(i / 256);
		svc.addr.bytes[3] = (uint8_t)i;
		ipvs_svc_add(&svc, &dest);
		ipvs_table_append(t, &svc);
	}
	ipvs_table_sort(t);
}

static void expect_chain_by_chain(const struct ipvs_ops *ops, const uint32_t *turns)
{
	bool done[MANY * 3] = { false };
	size_t chains = 1;

	for (size_t i = 0; i < ops->n; i++) {
		const struct ipvs_op *op = &ops->list[turns[i]], *before;

		assert_false(done[turns[i]]);
		done[turns[i]] = true;
		if (i == 0)
			continue;
		before = &ops->list[turns[i - 1]];
		if (op->svc == before->svc)
			assert_true(turns[i - 1] < turns[i]);
		chains += ipvs_svc_bucket(op->svc) != ipvs_svc_bucket(before->svc);
	}
	assert_int_equal(chains, IPVS_BUCKETS);
}

/* Many services go chain by chain; what takes weight still comes behind. */
static void test_many_go_by_chain(void **state)
{
	struct ipvs_table none = { 0 }, few = { 0 }, many = { 0 };
	struct ipvs_ops ops = { 0 };
	uint32_t *turns;
	bool takes = false;

	(void)state;
	fill_many(&few, IPVS_CROWD - 1);
	ipvs_diff(&none, &few, &ops);
	assert_null(ipvs_ops_by_chain(&ops));
	ipvs_ops_fini(&ops);

	fill_many(&many, MANY);
	ipvs_diff(&none, &many, &ops);
	turns = ipvs_ops_by_chain(&ops);
	assert_non_null(turns);
	expect_chain_by_chain(&ops, turns);
	free(turns);
	ipvs_ops_fini(&ops);

	/* all change: every third server gets weight, the others lose it */
	ipvs_table_fini(&few);
	fill_many(&few, MANY);
	for (size_t i = 0; i < few.n; i++)
		few.svcs[i].dests[0].weight = !few.svcs[i].dests[0].weight;
	ipvs_diff(&many, &few, &ops);
	assert_int_equal(ops.n, MANY);
	turns = ipvs_ops_by_chain(&ops);
	for (size_t i = 0; i < ops.n; i++) {
		bool takes_now = ops.list[turns[i]].dest->weight == 0;

		assert_true(takes_now || !takes);
		takes = takes_now;
	}
	free(turns);
	ipvs_ops_fini(&ops);
	ipvs_table_fini(&few);
	ipvs_table_fini(&many);
}

/* The same for questions about all services of a table. */
static void test_tables_go_by_chain(void **state)
{
	struct ipvs_table t = { 0 };
	bool done[MANY] = { false };
	size_t chains = 1;
	uint32_t *turns;

	(void)state;
	fill_many(&t, MANY);
	turns = ipvs_table_by_chain(&t);
	for (size_t i = 0; i < t.n; i++) {
		assert_false(done[turns[i]]);
		done[turns[i]] = true;
		chains += i > 0 && ipvs_svc_bucket(&t.svcs[turns[i]]) !=
				       ipvs_svc_bucket(&t.svcs[turns[i - 1]]);
	}
	assert_int_equal(chains, IPVS_BUCKETS);
	free(turns);
	ipvs_table_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bucket_is_the_kernels),
		cmocka_unit_test(test_many_go_by_chain),
		cmocka_unit_test(test_tables_go_by_chain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
