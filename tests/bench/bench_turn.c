/*
 * bench_turn: what the daemon itself spends on servers that change.
 *
 * "bench_turn FILE" takes a configuration through state, reports, plan, diff and
 * reconcile over a kernel that says yes to everything and takes no time. Prints
 * "servers=N directors=N alone_us=F crowd_us=F crowd_turns=N": the processor
 * time for one server that goes down or comes back in a turn of its own, and
 * that a server when all of them go down, 256 reports a turn, which is what the
 * daemon reads at once.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "ipvs/handle.h"
#include "lib/log.h"
#include "lvsd/reconcile.h"
#include "lvsd/reload.h"

#define ROUNDS 2000 /* of one server that changes */
#define REPORTS_A_TURN 256

/* ---- the kernel that takes no time ---- */

static bool yes_services(struct ipvs *h, struct ipvs_table *t)
{
	(void)h;
	(void)t;
	return true;
}

static bool yes_dests(struct ipvs *h, struct ipvs_svc *svc, struct ipvs_rates *r)
{
	(void)h;
	(void)svc;
	(void)r;
	return true;
}

static bool yes_apply(struct ipvs *h, struct ipvs_ops *ops)
{
	(void)h;
	(void)ops;
	return true;
}

static void yes_close(struct ipvs *h)
{
	(void)h;
}

static const struct ipvs_backend yes = {
	.read_services = yes_services,
	.read_dests = yes_dests,
	.apply = yes_apply,
	.close = yes_close,
};

/* ---- reports ---- */

/* As the daemon does: one line a change, and the director is to be planned. */
static void changed(struct server_state *s, enum health_state was, void *arg)
{
	struct lvsd *l = arg;
	char addr[ADDR_TEXT_MAX];

	reconcile_mark(l, s->director);
	log_info("server %s/%s %s -> %s: %s director=%s server=%s address=%s",
	    s->director->conf->name, s->conf->name, health_name(was),
	    health_name(s->health.state), reason_text(REASON_REFUSED),
	    s->director->conf->name, s->conf->name,
	    addr_port_text(&s->conf->addr, s->conf->port, addr));
}

static void report(struct lvsd *l, size_t probe, bool up)
{
	struct probe_report r = {
		.probe = (uint32_t)probe,
		.health = up ? HEALTH_UP : HEALTH_DOWN,
		.reason = up ? REASON_OK : REASON_REFUSED,
		.score = up,
	};

	state_report(l->state, &r, 1, changed, l);
}

static double cpu_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

/* Returns how many turns had something to plan. */
static size_t all(struct lvsd *l, bool up)
{
	size_t turns = 0;

	for (size_t i = 0; i < l->state->n_probes; i++) {
		report(l, i, up);
		if (i % REPORTS_A_TURN == REPORTS_A_TURN - 1) {
			turns += l->dirty;
			reconcile_dirty(l);
		}
	}
	for (; l->dirty; turns++) /* what a turn had no time for */
		reconcile_dirty(l);
	return turns;
}

int main(int argc, char **argv)
{
	struct ipvs kernel = { .backend = &yes };
	struct lvsd l = { .ipvs = &kernel, .loop = ev_default_loop(0) };
	struct reconcile_counts counts = { 0 };
	struct diags diags;
	struct conf *conf;
	double begun, alone, crowd;
	size_t turns;

	if (argc != 2 || freopen("/dev/null", "w", stderr) == NULL)
		errx(2, "usage: bench_turn FILE");
	log_open("lvsd", LOG_TO_STDERR, false);
	diags_init(&diags);
	conf = load_conf(argv[1], READ_START, &diags, NULL);
	if (conf == NULL)
		return 1;
	l.state = state_build(conf, NULL, &l.have, 1);
	reconcile_all(&l, &counts);
	all(&l, true);
	begun = cpu_us();
	for (size_t i = 0; i < ROUNDS; i++) {
		report(&l, l.state->n_probes / 2, i % 2 != 0);
		reconcile_dirty(&l);
	}
	alone = cpu_us() - begun;
	begun = cpu_us();
	turns = all(&l, false);
	crowd = cpu_us() - begun;
	printf("servers=%zu directors=%zu alone_us=%.1f crowd_us=%.2f crowd_turns=%zu\n",
	    l.state->n_servers, l.state->n_directors, alone / ROUNDS,
	    crowd / (double)l.state->n_probes, turns);
	return 0;
}
