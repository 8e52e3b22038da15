/*
 * A reload in two halves: what can fail, then what cannot.
 *
 * Until install() nothing of the running state is touched, but for services
 * that are new to the file and already in the kernel, which are read.
 */
#include "lvsd/reload.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "lib/mono.h"
#include "lib/xalloc.h"
#include "lvsd/children.h"
#include "lvsd/user.h"

struct conf *load_conf(
    const char *path, enum read_purpose purpose, struct diags *d, int *status)
{
	struct conf_text text = { 0 };
	bool unreadable = false;
	struct conf *conf = NULL;

	if (conf_read(&text, path, purpose, d, &unreadable))
		conf = conf_parse(&text, purpose, d);
	conf_text_fini(&text);
	if (conf == NULL && status != NULL)
		*status = unreadable ? EXIT_UNREADABLE : EXIT_CONFIG;
	return conf;
}

/* What D says, as one text: what `lvsd -c` would print. */
static char *diags_text(const struct diags *d)
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

static bool refuse(struct lvsd *l, char *why)
{
	log_err("reload refused, the running configuration stays config=%s",
	    l->options.config);
	free(l->reload.error);
	l->reload.error = why;
	l->reload.at_us = mono_us();
	return false;
}

/* Puts CONF in place. */
static void install(struct lvsd *l, struct conf *conf, const struct checker_user *user,
    struct reconcile_counts *counts, bool *checks_kept)
{
	struct state *before = l->state;

	warn_restart(before->conf, conf);
	l->state = state_build(conf, before, &l->have, mono_us());
	*checks_kept = state_same_probes(before, l->state) && user->uid == l->user.uid &&
		       user->gid == l->user.gid && l->checker != NULL;
	l->user = *user;
	reconcile_all(l, counts);
	state_free(before);
	malloc_trim(0); /* two states and the file: else that stays for good */
	if (!*checks_kept)
		checker_start(l);
}

bool reload(struct lvsd *l, struct reconcile_counts *counts, bool *checks_kept)
{
	struct checker_user user;
	struct diags diags;
	struct conf *conf;
	char error[256];

	diags_init(&diags);
	conf = load_conf(l->options.config, READ_RELOAD, &diags, NULL);
	log_diags(&diags);
	l->reloads++;
	if (conf == NULL) {
		char *why = diags_text(&diags);

		diags_fini(&diags);
		return refuse(l, why);
	}
	diags_fini(&diags);
	if (!user_resolve(conf, &user, error, sizeof error)) {
		log_err("%s", error);
		conf_free(conf);
		return refuse(l, xstrdup(error));
	}
	if (!reconcile_adopt(l, conf)) {
		snprintf(error, sizeof error, "cannot read the kernel's table: %s",
		    strerror(errno));
		log_err("%s", error);
		conf_free(conf);
		return refuse(l, xstrdup(error));
	}
	install(l, conf, &user, counts, checks_kept);
	free(l->reload.error);
	l->reload.error = NULL;
	l->reload.at_us = mono_us();
	log_info("reloaded directors=%zu servers=%zu operations=%zu failed=%zu checks=%s",
	    l->state->n_directors, l->state->n_servers, counts->n_ops,
	    reconcile_failed(l), *checks_kept ? "kept" : "restarted");
	return true;
}
