/*
 * health: up or down, from consecutive results.
 *
 * One integer score tells everything, as in HAProxy: below RISE the server is
 * down, from RISE on it is up. While down, successes count 0 .. rise-1; while
 * up, rise+fall-1 is a full score and each failure takes one away, any success
 * fills it again. So rise and fall count consecutive results only.
 */
#ifndef LVSD_CHECK_HEALTH_H
#define LVSD_CHECK_HEALTH_H

#include <stdbool.h>
#include <stdint.h>

enum health_state { HEALTH_UNKNOWN, HEALTH_DOWN, HEALTH_UP };

struct health {
	enum health_state state : 8;
	int32_t score : 24; /* 0 .. rise+fall-1; meaningless while unknown */
};

/* No result yet. */
struct health health_unknown(void);
/* Up with a full score, or down with an empty one: what the kernel's table or
 * an earlier check tells of a server. RISE and FALL are at least 1. */
struct health health_assumed(bool up, unsigned rise, unsigned fall);

/*
 * H after one more result. The first result of an unknown server decides alone
 * (behaviour.md, Fresh start). Pure.
 */
struct health health_feed(struct health h, bool success, unsigned rise, unsigned fall);

/* H carried over to other RISE and FALL: same state, score kept in range. */
struct health health_refit(struct health h, unsigned rise, unsigned fall);

const char *health_name(enum health_state s); /* "unknown", "down", "up" */

#endif
