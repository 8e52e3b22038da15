/*
 * Random pairs of configurations over a table in memory.
 *
 * Prints its seed; LVSD_SEED sets it and LVSD_PAIRS the number of pairs. The
 * same against a kernel: tests/lab/t_random.sh.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "random.h"

static void test_pairs(void **state)
{
	unsigned seed = pair_first_seed(), n = pair_number(1000);
	struct ipvs *h = ipvs_open_memory();
	struct buf why = { 0 };

	(void)state;
	print_message("LVSD_SEED=%u\n", seed);
	for (unsigned i = 0; i < n; i++)
		if (!pair_check(h, seed + i, NULL, &why))
			fail_msg("%s", why.data);
	assert_true(ipvs_stats(h)->ops > n);
	ipvs_close(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_pairs) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
