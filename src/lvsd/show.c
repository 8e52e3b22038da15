/* The daemon in JSON, and the directors for the log. */
#include "lvsd/show.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "lib/log.h"
#include "lib/mono.h"
#include "lib/xalloc.h"
#include "lvsd/agents.h"
#include "lvsd/audit.h"
#include "lvsd/confirm.h"
#include "lvsd/marking.h"
#include "lvsd/statefile.h"
#include "lvsd/status_director.h"
#include "lvsd/sync.h"

#define LINES_A_TURN 100 /* of the log */

json_t *show_text(const char *text)
{
	json_t *string = json_string(text);
	char *copy;

	if (string != NULL)
		return string;
	copy = xstrdup(text);
	for (char *c = copy; *c != '\0'; c++)
		if ((unsigned char)*c > 0x7f)
			*c = '?';
	string = json_string(copy);
	free(copy);
	return string;
}

static json_t *seconds_since(uint64_t then_us, uint64_t now_us)
{
	return json_real((double)(now_us - then_us) / 1e6);
}

static json_t *show_reload(const struct lvsd *l)
{
	json_t *o = json_pack("{s:I}", "count", (json_int_t)l->reloads);

	json_object_set_new(o, "error",
	    l->reload.error != NULL ? show_text(l->reload.error) : json_null());
	json_object_set_new(o, "age_s",
	    l->reload.at_us != 0 ? seconds_since(l->reload.at_us, mono_us())
				 : json_null());
	return o;
}

static json_t *show_checker(const struct lvsd *l)
{
	const struct checker_figures *f = &l->figures;
	json_t *o = json_pack("{s:i, s:s, s:i, s:I, s:I}", "pid",
	    l->checker != NULL ? (int)l->checker->pid : 0, "user", l->user.name, "probes",
	    (int)l->state->n_probes, "starts", (json_int_t)l->checker_starts, "deaths",
	    (json_int_t)l->checker_restarts);

	json_object_set_new(o, "checks", json_integer((json_int_t)f->checks));
	json_object_set_new(o, "late", json_integer((json_int_t)f->late));
	json_object_set_new(o, "skipped", json_integer((json_int_t)f->skipped));
	json_object_set_new(o, "local", json_integer((json_int_t)f->local));
	json_object_set_new(o, "in_flight", json_integer(f->in_flight));
	json_object_set_new(o, "max_in_flight", json_integer(f->max_in_flight));
	return o;
}

static json_t *show_kernel(const struct lvsd *l)
{
	const struct ipvs_stats *stats = ipvs_stats(l->ipvs);

	return json_pack("{s:I, s:I, s:I, s:b}", "operations", (json_int_t)stats->ops,
	    "refused", (json_int_t)stats->ops_refused, "reads", (json_int_t)stats->reads,
	    "answers", (int)!l->resync);
}

json_t *show_daemon(struct lvsd *l)
{
	const char *error = statefile_error(l->statefile);
	json_t *o = json_pack("{s:b, s:s, s:i, s:o, s:b}", "ok", 1, "version",
	    PACKAGE_VERSION, "pid", (int)getpid(), "config", show_text(l->options.config),
	    "dry_run", (int)l->options.dry_run);

	json_object_set_new(o, "uptime_s", seconds_since(l->started_us, mono_us()));
	json_object_set_new(o, "reload", show_reload(l));
	json_object_set_new(o, "trial", confirm_show(l->confirm));
	json_object_set_new(o, "sync", sync_show(l));
	json_object_set_new(o, "checker", show_checker(l));
	json_object_set_new(o, "kernel", show_kernel(l));
	json_object_set_new(o, "turns", turn_show(&l->turns));
	json_object_set_new(o, "marking", marking_show(l->marking));
	json_object_set_new(o, "audit", audit_figures(l->audit));
	json_object_set_new(
	    o, "state_file_error", error != NULL ? show_text(error) : json_null());
	json_object_set_new(o, "foreign", json_integer((json_int_t)l->foreign));
	return o;
}

static void log_director(const struct lvsd *l, const struct director_state *d)
{
	char service[IPVS_SVC_NAME_MAX];
	size_t up = 0, down = 0, unknown = 0;

	for (size_t i = 0; i < d->n_servers; i++) {
		const struct server_state *s = &d->servers[i];

		if (s->conf->sorry)
			continue;
		up += agents_health(s) == HEALTH_UP;
		down += agents_health(s) == HEALTH_DOWN;
		unknown += agents_health(s) == HEALTH_UNKNOWN;
	}
	log_info("director %s %s is %s director=%s up=%zu down=%zu unknown=%zu",
	    d->conf->name, status_service_text(d->conf, service),
	    status_director_word(l, d), d->conf->name, up, down, unknown);
}

/* Some more directors; after a reload those of the new configuration, from the first. */
static void on_log(struct ev_loop *loop, struct ev_idle *w, int events)
{
	struct lvsd *l = w->data;
	struct show_log *log = &l->log;

	(void)events;
	turn_does(&l->turns, "logging");
	if (log->configuration != l->configuration) {
		log->configuration = l->configuration;
		log->next = 0;
	}
	for (size_t n = 0; log->next < l->state->n_directors && n < LINES_A_TURN; n++)
		log_director(l, &l->state->directors[log->next++]);
	if (log->next == l->state->n_directors)
		ev_idle_stop(loop, w);
}

void show_log(struct lvsd *l)
{
	struct show_log *log = &l->log;

	log->next = 0;
	log->configuration = l->configuration;
	if (ev_is_active(&log->more))
		return;
	ev_idle_init(&log->more, on_log);
	ev_set_priority(
	    &log->more, EV_MAXPRI); /* as events are, or it would wait for them */
	log->more.data = l;
	ev_idle_start(l->loop, &log->more);
}
