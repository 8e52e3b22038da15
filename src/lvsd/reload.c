/*
 * A reload in two halves: what can fail, then what cannot.
 *
 * Until install() nothing of the running state is touched. In between a file with
 * new services waits until the state file says that they are ours; only then what
 * the kernel has of them is adopted, for what waits may still be overtaken.
 */
#include "lvsd/notify.h"
#include "lvsd/own.h"
#include "lvsd/reload.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "flow/flow.h"
#include "lib/log.h"
#include "lib/mono.h"
#include "lib/xalloc.h"
#include "lvsd/children.h"
#include "lvsd/confirm.h"
#include "lvsd/control.h"
#include "lvsd/events.h"
#include "lvsd/marking.h"
#include "lvsd/statefile.h"
#include "lvsd/sync.h"
#include "lvsd/programs.h"
#include "lvsd/user.h"

/* CONF, unless this build cannot do what it asks for. */
static struct conf *without_flows(struct conf *conf, const char *path, struct diags *d)
{
	const struct director_conf *who = flow_unsupported(conf);

	if (who == NULL)
		return conf;
	diags_refuse(d, path,
	    "director \"%s\" needs its packets marked (a flow, every port of an address, or "
	    "masquerade), and this lvsd was built without libipset",
	    who->name);
	conf_free(conf);
	return NULL;
}

struct conf *load_conf(
    const char *path, enum read_purpose purpose, struct diags *d, int *status)
{
	struct conf_text text = { 0 };
	bool unreadable = false;
	struct conf *conf = NULL;

	if (conf_read(&text, path, purpose, d, &unreadable))
		conf = conf_parse(&text, purpose, d);
	if (conf != NULL)
		conf = without_flows(conf, path, d);
	conf_text_fini(&text);
	if (conf == NULL && status != NULL)
		*status = unreadable ? EXIT_UNREADABLE : EXIT_CONFIG;
	return conf;
}

char *reload_diags_text(const struct diags *d)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	if (out == NULL)
		return xstrdup("the configuration has errors");
	diags_print(out, d);
	fclose(out);
	return text;
}

static void log_diags(const struct diags *d)
{
	for (size_t i = 0; i < d->n; i++) {
		const struct diag *g = &d->list[i];
		void (*say)(const char *, ...) =
		    g->level == DIAG_ERROR ? log_err : log_warnx;

		if (g->loc.line == 0)
			say("%s: %s", g->file, g->text);
		else
			say("%s:%u:%u: %s", g->file, (unsigned)g->loc.line,
			    (unsigned)g->loc.col, g->text);
	}
}

static bool same_socket(const struct socket_conf *a, const struct socket_conf *b)
{
	const char *x = a->group != NULL ? a->group : "", *y = b->group;

	return strcmp(a->path, b->path) == 0 && a->mode == b->mode &&
	       strcmp(x, y != NULL ? y : "") == 0;
}

/* What only a restart can change. */
static void warn_restart(const struct conf *before, const struct conf *after)
{
	if (!same_socket(&before->control, &after->control) ||
	    !same_socket(&before->status, &after->status) ||
	    strcmp(before->state, after->state) != 0)
		log_warnx("what \"global\" says of control, status and state changes at "
			  "the next restart, not at a reload");
}

static void result_fini(struct reload_result *r)
{
	free(r->error);
	free(r->changes);
	memset(r, 0, sizeof *r);
}

void reload_fini(struct lvsd *l)
{
	result_fini(&l->reload);
	conf_free(l->pending.conf);
	l->pending.conf = NULL;
}

/* Who waits for rules is told of the reload that is in place, not of what comes now. */
static void note_answers(struct lvsd *l)
{
	if (l->pending.rules)
		control_note_reload(l->control, l->pending.placed);
}

static void log_reloaded(const struct lvsd *l)
{
	log_info("reloaded directors=%zu servers=%zu operations=%zu failed=%zu checks=%s",
	    l->state->n_directors, l->state->n_servers, l->pending.n_ops,
	    reconcile_failed(l), l->pending.checks_kept ? "kept" : "restarted");
}

static enum reload_outcome refuse(struct lvsd *l, char *why)
{
	log_err("reload refused, the running configuration stays config=%s",
	    l->options.config);
	notify_ready();
	note_answers(l);
	result_fini(&l->reload);
	l->reload.error = why;
	l->reload.at_us = mono_us();
	events_reload(l);
	return RELOAD_REFUSED;
}

/* The probes are those of BEFORE, but their servers may be others: one that rested may
 * have to go on, or the other way round. */
static void follow_rests(struct lvsd *l, const struct state *before)
{
	if (!l->reload.checks_kept)
		return;
	for (uint32_t i = 0; i < before->n_probes; i++) {
		l->state->probes[i].probe.paused = before->probes[i].probe.paused;
		checker_follow(l, i);
	}
}

bool reload_keeps_checks(
    const struct lvsd *l, const struct state *before, const struct checker_user *user)
{
	return state_same_probes(before, l->state) && user->uid == l->user.uid &&
	       user->gid == l->user.gid &&
	       before->conf->checks_max == l->state->conf->checks_max &&
	       l->checker != NULL;
}

/* Puts CONF, of reload NUMBER, in place. From here on nothing can fail. */
static void put_in_place(
    struct lvsd *l, struct conf *conf, const struct checker_user *user, uint64_t number)
{
	struct reconcile_counts counts = { 0 };
	struct reload_result *r = &l->reload;
	struct state *before = l->state;

	turn_reloads(&l->turns); /* it may have waited for the disk */
	note_answers(l);
	if (l->pending.rules) /* and they come with those of this one */
		log_reloaded(l);
	warn_restart(before->conf, conf);
	own_note_removed(l, conf);
	result_fini(r);
	l->state = state_build(conf, before, &l->have, mono_us());
	l->configuration++;
	r->checks_kept = reload_keeps_checks(l, before, user);
	l->user = *user;
	settings_apply(&l->settings, conf, l->ipvs, l->options.dry_run);
	sync_apply(l);
	follow_rests(l, before);
	marking_hold(l->marking);
	reconcile_all(l, &counts);
	marking_apply(l->marking);
	state_strip(before);
	confirm_replaced(l->confirm, before->conf);
	free(before);
	malloc_trim(0); /* two states and the file: else that stays for good */
	if (!r->checks_kept)
		checker_start(l);
	r->n_ops = counts.n_ops;
	r->changes = xstrdup(counts.text.data != NULL ? counts.text.data : "");
	r->at_us = mono_us();
	buf_fini(&counts.text);
	events_reload(l);
	if (r->n_ops > 0)
		statefile_save(l->statefile); /* until when what was removed may stay */
	else
		statefile_touch(l->statefile); /* a file that was overtaken, settings */
	l->pending.rules = true;
	l->pending.placed = number;
	l->pending.n_ops = r->n_ops;
	l->pending.checks_kept = r->checks_kept;
	if (!marking_is_busy(l->marking))
		reload_rules_done(l);
}

void reload_rules_done(struct lvsd *l)
{
	if (!l->pending.rules)
		return;
	l->pending.rules = false;
	notify_ready();
	log_reloaded(l);
	control_reloaded(l->control, l->pending.placed);
}

/* The end of reload NUMBER, of CONF, for all that wait for it. */
static enum reload_outcome install(struct lvsd *l, struct conf *conf,
    const struct checker_user *user, bool back, uint64_t number)
{
	enum reload_outcome outcome;
	char error[256];

	/* What the kernel took unheard of the running one is ours, and may leave now. */
	if ((!l->resync || own_adopt(l, l->state->conf, NULL)) &&
	    own_adopt(l, conf, NULL)) {
		put_in_place(l, conf, user, number);
		return l->pending.rules ? RELOAD_WAITS : RELOAD_DONE;
	}
	snprintf(
	    error, sizeof error, "cannot read the kernel's table: %s", strerror(errno));
	log_err("%s", error);
	if (back)
		confirm_keep(l->confirm, conf);
	else
		conf_free(conf);
	outcome = refuse(l, xstrdup(error));
	control_reloaded(l->control, number);
	return outcome;
}

/* CONF is good. The newest counts: one that still waits is overtaken. WAIT: even when
 * it owns nothing new. */
static enum reload_outcome offer(struct lvsd *l, struct conf *conf,
    const struct checker_user *user, bool back, bool wait)
{
	conf_free(l->pending.conf);
	l->pending.conf = NULL;
	marking_give(l->marking, conf);
	if (!settings_note(&l->settings, conf, l->ipvs, l->options.dry_run) &&
	    !own_is_new(l, conf) && !wait)
		return install(l, conf, user, back, l->reloads);
	l->pending.conf = conf;
	l->pending.user = *user;
	l->pending.back = back;
	l->pending.number = l->reloads;
	l->pending.save = statefile_save(l->statefile);
	return RELOAD_WAITS;
}

enum reload_outcome reload(struct lvsd *l, uint64_t confirm_ms)
{
	struct checker_user user;
	struct diags diags;
	struct conf *conf;
	char error[256];
	bool first_to_disk;

	notify_reloading();
	turn_reloads(&l->turns);
	diags_init(&diags);
	conf = load_conf(l->options.config, READ_RELOAD, &diags, NULL);
	log_diags(&diags);
	l->reloads++;
	if (conf == NULL) {
		char *why = reload_diags_text(&diags);

		diags_fini(&diags);
		return refuse(l, why);
	}
	diags_fini(&diags);
	if (!user_resolve(conf, &user, error, sizeof error) ||
	    !programs_allowed(conf, &user, error, sizeof error)) {
		log_err("%s", error);
		conf_free(conf);
		return refuse(l, xstrdup(error));
	}
	first_to_disk = confirm_asked(l->confirm, conf, confirm_ms);
	return offer(l, conf, &user, false, first_to_disk);
}

void reload_take_back(struct lvsd *l, struct conf *conf)
{
	struct checker_user user;
	char error[256];

	if (conf == NULL) {
		conf_free(l->pending.conf);
		l->pending.conf = NULL;
		refuse(l, xstrdup("it was not confirmed in time"));
		control_reloaded(l->control, l->reloads);
		return;
	}
	if (!user_resolve(conf, &user, error, sizeof error)) {
		log_err("%s; the checks go on as user %s", error, l->user.name);
		user = l->user;
	}
	offer(l, conf, &user, true, false);
}

void reload_saved(struct lvsd *l)
{
	struct conf *conf = l->pending.conf;

	if (conf == NULL || statefile_saved(l->statefile) < l->pending.save)
		return;
	l->pending.conf = NULL;
	install(l, conf, &l->pending.user, l->pending.back, l->pending.number);
}
