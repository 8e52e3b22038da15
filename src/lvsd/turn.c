/*
 * A watcher that comes before all others when the loop wakes, and one that comes after
 * all others before it waits.
 */
#include "lvsd/turn.h"

#include <time.h>

#include "lib/log.h"
#include "lib/mono.h"

#define LONG_US 5000

static uint64_t cpu_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

static void on_begin(struct ev_loop *loop, struct ev_check *w, int events)
{
	struct turns *t = w->data;

	(void)loop;
	(void)events;
	t->begun_us = mono_us();
	t->begun_cpu_us = cpu_us();
	t->doing = t->did = "events";
	t->doing_since_us = t->begun_us;
	t->did_us = 0;
}

void turn_does(struct turns *t, const char *what)
{
	uint64_t now_us = mono_us(), took_us = now_us - t->doing_since_us;

	if (took_us >= t->did_us) {
		t->did = t->doing;
		t->did_us = took_us;
	}
	t->doing = what;
	t->doing_since_us = now_us;
}

static void on_end(struct ev_loop *loop, struct ev_prepare *w, int events)
{
	struct turns *t = w->data;
	uint64_t took_us, took_cpu_us = 0;

	(void)loop;
	(void)events;
	if (t->begun_us == 0)
		return;
	turn_does(t, "waiting");
	took_us = t->doing_since_us - t->begun_us;
	/* By the processor it cannot have been longer: most turns need not ask. */
	if (took_us > t->worst_cpu_us)
		took_cpu_us = cpu_us() - t->begun_cpu_us;
	t->n++;
	if (t->reloads) {
		t->reloads = false;
		if (took_us > t->reload_us)
			t->reload_us = took_us;
		return;
	}
	t->long_ones += took_us > LONG_US;
	if (took_us > LONG_US)
		log_debug("a long turn took_us=%llu cpu_us=%llu did=\"%s\" did_us=%llu",
		    (unsigned long long)took_us, (unsigned long long)took_cpu_us, t->did,
		    (unsigned long long)t->did_us);
	if (took_us > t->worst_us) {
		t->worst_us = took_us;
		t->worst_did = t->did;
	}
	if (took_cpu_us > t->worst_cpu_us) {
		t->worst_cpu_us = took_cpu_us;
		t->worst_cpu_did = t->did;
	}
}

void turn_watch(struct turns *t, struct ev_loop *loop)
{
	ev_check_init(&t->begin, on_begin);
	ev_prepare_init(&t->end, on_end);
	ev_set_priority(&t->begin, EV_MAXPRI);
	ev_set_priority(&t->end, EV_MINPRI);
	t->begin.data = t->end.data = t;
	ev_check_start(loop, &t->begin);
	ev_prepare_start(loop, &t->end);
}

void turn_reloads(struct turns *t)
{
	t->reloads = true;
}

json_t *turn_show(const struct turns *t)
{
	return json_pack("{s:I, s:f, s:s?, s:f, s:s?, s:I, s:f, s:f}", "n",
	    (json_int_t)t->n, "worst_ms", (double)t->worst_us / 1e3, "worst_did",
	    t->worst_did, "worst_cpu_ms", (double)t->worst_cpu_us / 1e3, "worst_cpu_did",
	    t->worst_cpu_did, "over_5ms", (json_int_t)t->long_ones, "reload_ms",
	    (double)t->reload_us / 1e3, "first_fill_ms", (double)t->first_fill_us / 1e3);
}
