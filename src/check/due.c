/* Phases and rounds: integers only, and no clock. */
#include "due.h"

#include <string.h>

#define SECOND_US UINT64_C(1000000)
/* First checks start at most this close together: 10,000 in a second. */
#define SPREAD_US 100
#define GRID_US 10000

uint64_t due_interval_us(const struct check_conf *check, struct health h)
{
	int32_t full = (int32_t)check->rise + check->fall - 1;
	uint32_t ms = check->interval_ms;

	if (h.state == HEALTH_DOWN)
		ms = h.score == 0 ? check->downinter_ms : check->fastinter_ms;
	else if (h.state == HEALTH_UP && h.score < full)
		ms = check->fastinter_ms;
	return (uint64_t)ms * 1000;
}

/* MurmurHash3's finish, a word of the target at a time: neighbouring addresses must not
 * stay neighbours, and each check asks this once more. */
static uint64_t target_hash(const struct probe *p)
{
	uint64_t words[3] = { (uint64_t)p->check->method << 32 |
			      (uint64_t)p->addr.family << 16 | p->port };
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	memcpy(words + 1, p->addr.bytes, sizeof p->addr.bytes);
	for (size_t i = 0; i < 3; i++) {
		h = (h ^ words[i]) * UINT64_C(0xff51afd7ed558ccd);
		h ^= h >> 33;
	}
	h *= UINT64_C(0xc4ceb9fe1a85ec53);
	return h ^ (h >> 33);
}

uint64_t due_phase_us(const struct probe *p, uint64_t interval_us)
{
	uint64_t phase = target_hash(p) % interval_us, grid = interval_us / 100;

	if (grid > GRID_US)
		grid = GRID_US;
	return grid == 0 ? phase : phase - phase % grid;
}

uint64_t due_next_us(const struct probe *p, uint64_t interval_us, uint64_t after_us)
{
	uint64_t phase = due_phase_us(p, interval_us);
	uint64_t next = after_us - after_us % interval_us + phase;

	return next > after_us ? next : next + interval_us;
}

uint64_t due_first_us(const struct probe *p, size_t n_probes, uint64_t now_us)
{
	uint64_t interval_us = due_interval_us(p->check, p->health);
	uint64_t window = n_probes * SPREAD_US, next;

	if (p->started_us != 0 && p->started_us <= now_us) {
		next = due_next_us(p, interval_us, p->started_us);
		return next > now_us ? next : now_us;
	}
	if (window > SECOND_US)
		window = SECOND_US;
	if (window > interval_us)
		window = interval_us;
	return now_us + target_hash(p) % window;
}

/* How many rounds are after AFTER_US and before UNTIL_US. */
static uint64_t rounds_between(
    const struct probe *p, uint64_t interval_us, uint64_t after_us, uint64_t until_us)
{
	uint64_t next = due_next_us(p, interval_us, after_us);

	return next < until_us ? (until_us - next - 1) / interval_us + 1 : 0;
}

/* How much later than a round still counts as with it. */
static uint64_t slack_us(uint64_t interval_us)
{
	return interval_us / 4 < DUE_PUNCTUAL_US ? interval_us / 4 : DUE_PUNCTUAL_US;
}

uint64_t due_after_us(const struct probe *p, uint64_t interval_us, uint64_t due_us,
    uint64_t started_us, uint64_t now_us, uint64_t *missed)
{
	uint64_t last = due_us > started_us ? due_us : started_us;
	uint64_t slack = slack_us(interval_us);
	uint64_t on_time_us = now_us > slack ? now_us - slack : 0;
	uint64_t meanwhile = rounds_between(p, interval_us, last, on_time_us);

	*missed = rounds_between(p, interval_us, due_us, last + 1) + meanwhile;
	return due_next_us(p, interval_us, last) + meanwhile * interval_us;
}

uint64_t due_deadline_us(const struct check_conf *check, uint64_t interval_us,
    uint64_t due_us, uint64_t started_us, uint64_t round_us)
{
	uint64_t timeout_us = (uint64_t)check->timeout_ms * 1000;
	uint64_t late_us = started_us > due_us ? started_us - due_us : 0;

	if (late_us <= slack_us(interval_us) && due_us + timeout_us <= round_us &&
	    round_us < started_us + timeout_us)
		return round_us;
	return started_us + timeout_us;
}
