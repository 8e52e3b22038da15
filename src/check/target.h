/*
 * target: a probe as the checker keeps it, in as few bytes as can be.
 *
 * There may be a hundred thousand of them, and nearly all rest nearly all the time;
 * what a check under way needs is in a struct run (run.h), of which there are few.
 * Addresses of IPv6 and checks, which many targets share, are in tables of their own.
 */
#ifndef LVSD_CHECK_TARGET_H
#define LVSD_CHECK_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "check/probe.h"
#include "check/wheel.h"

struct run;

struct target {
	/* In the wheel, at rest: when it is due; in flight: the deadline. While it
	 * waits for a descriptor, the links are the queue's. */
	struct wheel_node node;
	union {
		char *text;	 /* of the last check, escaped; NULL: none */
		struct run *run; /* in flight; it keeps the text */
	};
	uint64_t started_us : 53; /* of the last check, mono; 0: none yet */
	uint64_t reason : 5;	  /* enum reason */
	uint64_t in_flight : 1, is_waiting : 1, is_dirty : 1, paused : 1;
	uint64_t on_phase : 1; /* it is due, or was, at its phase (due.h) */
	uint64_t is_ip6 : 1;
	struct health health;
	uint32_t duration_us;
	int32_t code;
	uint32_t check;
	uint32_t addr; /* in network order, or which of the addresses of IPv6 */
	uint16_t port; /* host order */
	struct agent_verdict agent;
};
_Static_assert(sizeof(struct target) == 56, "a target is small");

struct targets {
	struct target *all;
	size_t n;
	const struct check_conf **checks;
	uint8_t (*ip6)[16];
	size_t n_checks, cap_checks, n_ip6, cap_ip6;
};

/* Makes T of the N PROBES, of which only the checks must outlive it. No target is in a
 * wheel yet. */
void targets_init(struct targets *t, const struct probe *probes, size_t n);
void targets_fini(struct targets *t);

/* What a target's probe is, without what becomes of it: check, address and port. */
struct probe target_probe(const struct targets *all, const struct target *t);

/* The text of the last check, escaped, also while the next is under way; or NULL. */
const char *target_text(const struct target *t);

/*
 * The LEN bytes FROM take the place of *TEXT, which is freed then. They become printable
 * ASCII with everything else as \xHH, and so do the quote and the backslash, for
 * the log has it in quotes; cut to whole escapes and PROBE_TEXT_MAX with the NUL.
 */
void target_set_text(char **text, const char *from, size_t len);

#endif
