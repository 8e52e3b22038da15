/* A file, health and a table in; the table that must come out. */
#include "plan_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "lib/buf.h"

void plan_all_up(struct state *s)
{
	for (size_t i = 0; i < s->n_servers; i++)
		if (s->servers[i].probe != NO_PROBE)
			s->servers[i].health = health_assumed(true, 1, 1);
}

struct server_state *plan_server(struct state *s, const char *name)
{
	for (size_t i = 0; i < s->n_servers; i++)
		if (strcmp(s->servers[i].conf->name, name) == 0)
			return &s->servers[i];
	fail_msg("no server %s", name);
	return NULL;
}

void plan_set_health(struct state *s, const char *name, bool up)
{
	plan_server(s, name)->health = health_assumed(up, 1, 1);
	plan_server(s, name)->assumed = false;
}

static void ignore_change(struct server_state *s, enum health_state was, void *arg)
{
	(void)s;
	(void)was;
	(void)arg;
}

void plan_report_at(struct state *s, const char *name, enum reason reason,
    struct health health, uint64_t now_us)
{
	struct probe_report r = {
		.probe = plan_server(s, name)->probe,
		.health = (uint8_t)health.state,
		.score = health.score,
		.reason = (uint8_t)reason,
	};

	state_report(s, &r, now_us, ignore_change, NULL);
}

void plan_report(
    struct state *s, const char *name, enum reason reason, struct health health)
{
	plan_report_at(s, name, reason, health, 2);
}

void plan_expect_table(const struct ipvs_table *t, const char *want)
{
	struct buf b = { 0 };

	buf_str(&b, "");
	ipvs_table_text(t, &b);
	assert_string_equal(b.data, want);
	buf_fini(&b);
}

void plan_expect_at(struct state *s, struct ipvs_table *have, uint64_t now_us,
    uint32_t active, const char *want)
{
	struct ipvs_table t = { 0 };

	plan_all(s, have, now_us, &t);
	plan_expect_table(&t, want);
	ipvs_table_fini(have);
	*have = t;
	for (size_t i = 0; i < have->n; i++)
		for (size_t j = 0; j < have->svcs[i].n_dests; j++)
			have->svcs[i].dests[j].active = active,
			have->svcs[i].dests[j].inactive = active;
}

void plan_expect(
    struct state *s, struct ipvs_table *have, uint32_t active, const char *want)
{
	plan_expect_at(s, have, 1, active, want);
}
