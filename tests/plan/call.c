/* The daemon without its loop: parse, build, report, plan. */
#include "call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"
#include "lvsd/plan.h"
#include "parser/parser.h"

struct conf *call_conf(const char *text)
{
	struct conf_text t = {
		.name = xstrdup("test.conf"), .data = xstrdup(text), .len = strlen(text)
	};
	struct diags d;
	struct conf *conf;

	diags_init(&d);
	conf = conf_parse(&t, READ_START, &d);
	if (conf == NULL) {
		diags_print(stderr, &d);
		abort();
	}
	diags_fini(&d);
	conf_text_fini(&t);
	return conf;
}

struct state *call_state(
    const char *text, const struct state *before, const struct ipvs_table *have)
{
	return state_build(call_conf(text), before, have, 1);
}

static void ignore_change(struct server_state *s, enum health_state was, void *arg)
{
	(void)s;
	(void)was;
	(void)arg;
}

void call_report(struct state *s, uint32_t probe, bool up)
{
	struct probe_report r = {
		.probe = probe,
		.health = up ? HEALTH_UP : HEALTH_DOWN,
		.reason = up ? REASON_OK : REASON_REFUSED,
		.score = up,
	};

	state_report(s, &r, 2, ignore_change, NULL);
}

void call_plan(
    const struct state *s, const struct ipvs_table *have, struct ipvs_table *want)
{
	plan_all(s, have, CALL_NOW_US, want);
}
