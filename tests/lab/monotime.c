/*
 * monotime: prints CLOCK_MONOTONIC in seconds, the clock in which hammer and
 * ipvswait tell when something happened.
 */
#include "lib/mono.h"

#include <stdio.h>

int main(void)
{
	printf("%.6f\n", (double)mono_us() / 1e6);
	return 0;
}
