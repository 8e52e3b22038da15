/*
 * Words, verbs, and one table of them.
 *
 * What a verb does stands in the file of its group; here is what needs no file of
 * its own.
 */
#include "lvsd/request.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "lvsd/audit.h"
#include "lvsd/confirm.h"
#include "lvsd/decide.h"
#include "lvsd/events.h"
#include "lvsd/explain.h"
#include "lvsd/preview.h"
#include "lvsd/reconcile.h"
#include "lvsd/reload.h"
#include "lvsd/show.h"
#include "lvsd/statefile.h"
#include "lvsd/status.h"
#include "lvsd/sync.h"
#include "lvsd/table.h"

#define CONFIRM_MIN_MS 1000

json_t *request_refusal(const char *text)
{
	return json_pack("{s:b, s:o}", "ok", 0, "error", show_text(text));
}

/* ---- looking ---- */

static void answer_status(struct request *r, struct answer *a, enum status_kind kind)
{
	char *director = r->n > 2 ? r->words[2] : NULL, *server = director;

	if (server != NULL)
		strsep(&server, "/");
	a->reply = status_reply(r->l, director, server, r->may_change, kind);
	if (a->reply == NULL)
		a->json = request_refusal("there is no such director or server");
}

static void do_status(struct request *r, struct answer *a)
{
	answer_status(r, a, STATUS_FULL);
}

static void do_rates(struct request *r, struct answer *a)
{
	answer_status(r, a, STATUS_RATES);
}

static void do_brief(struct request *r, struct answer *a)
{
	answer_status(r, a, STATUS_BRIEF);
}

static void do_daemon(struct request *r, struct answer *a)
{
	a->json = show_daemon(r->l);
}

static void do_events(struct request *r, struct answer *a)
{
	bool follow = r->n == 2 && strcmp(r->words[1], "follow") == 0;

	if (r->n > 1 && !follow)
		a->json = request_refusal("only \"follow\" may stand after \"events\"");
	else
		a->reply = events_reply(r->l->events, follow);
}

/* ---- reload, audit, stop ---- */

static json_t *reload_answer(const struct lvsd *l)
{
	if (l->reload.error != NULL)
		return request_refusal(l->reload.error);
	return json_pack("{s:b, s:i, s:i, s:b, s:s, s:b, s:o}", "ok", 1, "operations",
	    (int)l->reload.n_ops, "failed", (int)reconcile_failed(l), "checks_kept",
	    (int)l->reload.checks_kept, "changes", l->reload.changes, "answers",
	    (int)!l->resync, "trial", confirm_show(l->confirm));
}

/* The time that the words after "reload" give; 0: none. */
static bool read_confirm(const struct request *r, uint64_t *ms)
{
	uint32_t given;

	*ms = 0;
	if (r->n == 1)
		return true;
	if (r->n != 3 || strcmp(r->words[1], "confirm") != 0 ||
	    !conf_time(r->words[2], strlen(r->words[2]), &given) ||
	    given > CONF_TIME_MAX_MS)
		return false;
	*ms = given;
	return given >= CONFIRM_MIN_MS;
}

static void do_reload(struct request *r, struct answer *a)
{
	uint64_t confirm_ms;

	if (!read_confirm(r, &confirm_ms))
		a->json = request_refusal("after \"reload\" may stand \"confirm\" and a "
					  "time of at least 1s");
	else if (reload(r->l, confirm_ms) != RELOAD_WAITS)
		a->json = reload_answer(r->l);
	else
		a->wait =
		    (struct request_wait){ .what = WAIT_RELOAD, .number = r->l->reloads };
}

static void do_confirm(struct request *r, struct answer *a)
{
	if (!confirm_done(r->l->confirm)) {
		a->json = request_refusal("no configuration is on trial");
		return;
	}
	a->wait.what = WAIT_SAVED;
	a->wait.number = statefile_save(r->l->statefile);
}

static void do_audit(struct request *r, struct answer *a)
{
	audit_now(r->l->audit);
	a->wait.what = WAIT_AUDIT;
}

static void do_stop(struct request *r, struct answer *a)
{
	bool clear = r->n == 2 && strcmp(r->words[1], "clear") == 0;

	if (r->n > 1 && !clear) {
		a->json = request_refusal("only \"clear\" may stand after \"stop\"");
		return;
	}
	log_info("stopping, an operator asked clear=%s", clear ? "yes" : "no");
	r->l->clear = r->l->clear || clear;
	/* The answer is on its way before the turn ends with a break. */
	ev_break(r->l->loop, EVBREAK_ALL);
	a->json = json_pack("{s:b}", "ok", 1);
}

/* ---- the table ---- */

static const struct verb {
	const char *first, *second; /* SECOND NULL: arguments follow */
	bool changes;
	void (*act)(struct request *r, struct answer *a);
} verbs[] = {
	{ "show", "status", false, do_status },
	{ "show", "rates", false, do_rates },
	{ "show", "brief", false, do_brief },
	{ "show", "daemon", false, do_daemon },
	{ "show", "table", false, table_request },
	{ "explain", NULL, false, explain },
	{ "events", NULL, false, do_events },
	{ "plan", NULL, true, preview_plan },
	{ "reload", NULL, true, do_reload },
	{ "confirm", NULL, true, do_confirm },
	{ "audit", NULL, true, do_audit },
	{ "stop", NULL, true, do_stop },
	{ "sync", NULL, true, sync_request },
	{ "ready", NULL, true, decide_ready },
	{ "drain", NULL, true, decide_drain },
	{ "maint", NULL, true, decide_maint },
	{ "weight", NULL, true, decide_weight },
};

static bool is_verb(const struct verb *v, const struct request *r)
{
	if (r->n == 0 || strcmp(r->words[0], v->first) != 0)
		return false;
	return v->second == NULL || (r->n > 1 && strcmp(r->words[1], v->second) == 0);
}

static const struct verb *find_verb(const struct request *r)
{
	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
		if (is_verb(&verbs[i], r))
			return &verbs[i];
	return NULL;
}

/* The refusal of a word that is none; it names those that are. */
static json_t *unknown_request(void)
{
	struct buf b = { 0 };
	json_t *o;

	buf_str(&b, "unknown request; there are:");
	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
		buf_printf(&b, "%s %s%s%s", i > 0 ? "," : "", verbs[i].first,
		    verbs[i].second != NULL ? " " : "",
		    verbs[i].second != NULL ? verbs[i].second : "");
	o = request_refusal(b.data);
	buf_fini(&b);
	return o;
}

void request_answer(struct request *r, char *line, struct answer *a)
{
	const struct verb *v;
	char *word;

	while ((word = strsep(&line, " \t")) != NULL) {
		if (*word == '\0')
			continue;
		if (r->n == REQUEST_WORDS_MAX) {
			a->json = request_refusal("too many words");
			return;
		}
		r->words[r->n++] = word;
	}
	v = find_verb(r);
	if (v == NULL)
		a->json = unknown_request();
	else if (v->changes && !r->may_change)
		a->json =
		    request_refusal("this socket only shows; use the control socket");
	else {
		turn_does(&r->l->turns, v->first);
		v->act(r, a);
	}
}

json_t *request_done(const struct lvsd *l, const struct request_wait *wait)
{
	const char *error = statefile_error(l->statefile);
	json_t *o;

	if (wait->answer != NULL) {
		json_object_set_new(wait->answer, "failed",
		    json_integer((json_int_t)reconcile_failed(l)));
		return json_incref(wait->answer);
	}
	if (wait->what == WAIT_RELOAD)
		return reload_answer(l);
	if (wait->what == WAIT_AUDIT)
		return audit_answer(l->audit);
	o = json_pack("{s:b}", "ok", 1);
	if (wait->changed > 0)
		json_object_set_new(
		    o, "servers", json_integer((json_int_t)wait->changed));
	if (error != NULL)
		json_object_set_new(o, "warning", show_text(error));
	return o;
}
