/*
 * due: when a probe is checked.
 *
 * A check is due when (time mod interval) equals the phase of its probe, which a
 * hash of the target tells. So restarts do not synchronise probes, nothing has
 * to be remembered over one, and an interval that changes with the health needs
 * no new start. Times are absolute, monotonic, in microseconds. Pure.
 */
#ifndef LVSD_CHECK_DUE_H
#define LVSD_CHECK_DUE_H

#include <stddef.h>
#include <stdint.h>

#include "check/probe.h"

/* A check that starts this late has started on time. */
#define DUE_PUNCTUAL_US 50000

/* The interval while the health is H: "downinter" while it is down, "fastinter" in
 * between, when some results of the other kind have come but not enough. */
uint64_t due_interval_us(const struct check_conf *check, struct health h);

/* Where in an interval of INTERVAL_US the probe P is checked: a multiple of 10 ms or
 * of a hundredth of the interval. Probes fall due together every so often, not one
 * by one, and share what they need of the loop and of the raw sockets. */
uint64_t due_phase_us(const struct probe *p, uint64_t interval_us);
/* The first such time after AFTER_US. */
uint64_t due_next_us(const struct probe *p, uint64_t interval_us, uint64_t after_us);

/*
 * The first check of P, one of N_PROBES, in a checker that starts now. One that ran
 * before goes on in its phase, or at once when its time is past; one that never did
 * runs at once, spread over at most a second and one interval.
 */
uint64_t due_first_us(const struct probe *p, size_t n_probes, uint64_t now_us);

/*
 * The round behind one that was due at DUE_US, or started later, at STARTED_US, when
 * it is over at NOW_US. Rounds that passed meanwhile, before the start or after it,
 * are never made up for, and *MISSED counts them; but one that passed just now is
 * still on time: else a dead server with a timeout as long as its interval would
 * lose every second round.
 */
uint64_t due_after_us(const struct probe *p, uint64_t interval_us, uint64_t due_us,
    uint64_t started_us, uint64_t now_us, uint64_t *missed);

/*
 * When the check that was due at DUE_US and began at STARTED_US has failed without an
 * answer: after its timeout. ROUND_US is the next round behind DUE_US. But if it only began a moment late and would end that
 * moment behind the next round, it ends with it: else rounds of a timeout as long as
 * the interval would begin later and later, until one is skipped.
 */
uint64_t due_deadline_us(const struct check_conf *check, uint64_t interval_us,
    uint64_t due_us, uint64_t started_us, uint64_t round_us);

#endif
