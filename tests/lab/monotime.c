/*
 * monotime: prints CLOCK_MONOTONIC in seconds, the clock in which hammer and
 * ipvswait tell when something happened; with a process id its CPU time, which
 * the scheduler knows exactly and not by clock ticks.
 */
#include "lib/mono.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

int main(int argc, char **argv)
{
	struct timespec ts;
	clockid_t clock;

	if (argc == 1) {
		printf("%.6f\n", (double)mono_us() / 1e6);
		return 0;
	}
	if (clock_getcpuclockid(atoi(argv[1]), &clock) != 0 ||
	    clock_gettime(clock, &ts) != 0)
		errx(1, "no process %s", argv[1]);
	printf("%lld.%06ld\n", (long long)ts.tv_sec, ts.tv_nsec / 1000);
	return 0;
}
