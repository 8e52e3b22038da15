/* The score, and nothing else: pure functions of the last health and one result. */
#include "health.h"

struct health health_unknown(void)
{
	return (struct health){ .state = HEALTH_UNKNOWN };
}

struct health health_assumed(bool up, unsigned rise, unsigned fall)
{
	return (struct health){
		.state = up ? HEALTH_UP : HEALTH_DOWN,
		.score = up ? (int32_t)(rise + fall - 1) : 0,
	};
}

struct health health_feed(struct health h, bool success, unsigned rise, unsigned fall)
{
	if (h.state == HEALTH_UNKNOWN)
		return health_assumed(success, rise, fall);
	if (h.state == HEALTH_UP) {
		if (success)
			return health_assumed(true, rise, fall);
		h.score--;
		return h.score >= (int32_t)rise ? h : health_assumed(false, rise, fall);
	}
	if (!success)
		return health_assumed(false, rise, fall);
	h.score++;
	return h.score < (int32_t)rise ? h : health_assumed(true, rise, fall);
}

struct health health_refit(struct health h, unsigned rise, unsigned fall)
{
	int32_t full = (int32_t)(rise + fall - 1);

	if (h.state == HEALTH_UP) {
		if (h.score > full)
			h.score = full;
		if (h.score < (int32_t)rise)
			h.score = (int32_t)rise;
	} else if (h.state == HEALTH_DOWN && h.score >= (int32_t)rise) {
		h.score = (int32_t)rise - 1;
	}
	return h;
}

const char *health_name(enum health_state s)
{
	switch (s) {
	case HEALTH_UNKNOWN:
		return "unknown";
	case HEALTH_DOWN:
		return "down";
	case HEALTH_UP:
		return "up";
	}
	return "?";
}
