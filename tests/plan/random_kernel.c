/*
 * random_kernel: random pairs of configurations against the kernel's IPVS.
 *
 * Runs in a network namespace whose table is empty, prints its seed and
 * stops at the first pair that fails. ipvsadm is
 * asked, too, what the kernel has. LVSD_SEED and LVSD_PAIRS as in test_random.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>

#include "random.h"

static void ask_ipvsadm(struct buf *b)
{
	FILE *in = popen("ipvsadm -Sn", "r");
	char part[4096];
	size_t n;

	if (in == NULL)
		err(2, "ipvsadm");
	while ((n = fread(part, 1, sizeof part, in)) > 0)
		buf_add(b, part, n);
	if (pclose(in) != 0)
		errx(2, "ipvsadm failed");
}

int main(void)
{
	unsigned seed = pair_first_seed(), n = pair_number(200);
	struct ipvs *h = ipvs_open_kernel();
	struct buf why = { 0 };

	if (h == NULL)
		err(2, "no IPVS");
	printf("# note: LVSD_SEED=%u\n", seed);
	for (unsigned i = 0; i < n; i++)
		if (!pair_check(h, seed + i, ask_ipvsadm, &why)) {
			printf("%s", why.data);
			return 1;
		}
	printf("# note: %u pairs, %llu operations, refused %llu\n", n,
	    (unsigned long long)ipvs_stats(h)->ops,
	    (unsigned long long)ipvs_stats(h)->ops_refused);
	ipvs_close(h);
	return 0;
}
