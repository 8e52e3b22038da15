/*
 * mono: time that only goes forward.
 *
 * Every interval and deadline is an integer on CLOCK_MONOTONIC with its unit
 * in its name. The wall clock is for the eyes of people only.
 */
#ifndef LVSD_LIB_MONO_H
#define LVSD_LIB_MONO_H

#include <stdint.h>
#include <time.h>

/* Microseconds since an unspecified start (boot on Linux). */
static inline uint64_t mono_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

#endif
