/*
 * Text, tree, state, plan, operations; then, for each of these, how many connections
 * it touches, as the kernel has them now.
 *
 * Files of certificates and programs are not looked for: that would tell a client
 * which paths there are.
 */
#include "lvsd/preview.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "flow/change.h"
#include "lib/mono.h"
#include "lib/xalloc.h"
#include "lvsd/aside.h"
#include "lvsd/marking.h"
#include "lvsd/own.h"
#include "lvsd/plan.h"
#include "lvsd/reconcile.h"
#include "lvsd/reload.h"
#include "lvsd/run.h"
#include "lvsd/settings.h"
#include "lvsd/show.h"
#include "lvsd/sync.h"
#include "lvsd/user.h"

#define TEXT_MAX (64 * 1024 * 1024) /* bytes of a configuration */
#define SEALS (F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK)

/* ---- the text ---- */

/* Why FD is not what may come from a client, or NULL. Nothing but memory has seals;
 * with these nobody can change it any more. */
static const char *judge_fd(int fd)
{
	int seals = fd >= 0 ? fcntl(fd, F_GET_SEALS) : -1;
	struct stat st;

	if (fd < 0)
		return "no configuration came with it: use lvsctl plan";
	if (seals < 0 || (seals & SEALS) != SEALS || fstat(fd, &st) < 0)
		return "what came with it is not a sealed memfd";
	return st.st_size > TEXT_MAX ? "the configuration is larger than 64 MiB" : NULL;
}

static bool read_text(int fd, struct conf_text *text)
{
	char name[] = "plan";
	struct stat st;
	ssize_t n = 1;

	if (fstat(fd, &st) < 0)
		return false;
	*text = (struct conf_text){ .name = xstrdup(name) };
	text->data = xmalloc((size_t)st.st_size + 1);
	while (n > 0 && text->len < (size_t)st.st_size) {
		n = pread(fd, text->data + text->len, (size_t)st.st_size - text->len,
		    (off_t)text->len);
		text->len += n > 0 ? (size_t)n : 0;
	}
	return n >= 0;
}

/* The tree of the text in FD, judged as a reload does, and its USER; NULL after the
 * reason in *WHY, which the caller owns. */
static struct conf *read_conf(int fd, struct checker_user *user, char **why)
{
	struct conf_text text = { 0 };
	struct conf *conf = NULL;
	struct diags d;
	char error[256];

	diags_init(&d);
	if (!read_text(fd, &text))
		*why = xasprintf("cannot read the configuration: %s", strerror(errno));
	else if ((conf = conf_parse(&text, READ_SENT, &d)) == NULL)
		*why = reload_diags_text(&d);
	diags_fini(&d);
	conf_text_fini(&text);
	if (conf == NULL || user_resolve(conf, user, error, sizeof error))
		return conf;
	*why = xstrdup(error);
	conf_free(conf);
	return NULL;
}

/* ---- connections ---- */

/* What the kernel has now of the services that were looked at; each is read once. */
struct counted {
	struct lvsd *l;
	struct ipvs_table services;
};

static const struct ipvs_svc *counted_service(
    struct counted *c, const struct ipvs_svc *svc)
{
	struct ipvs_svc *known = ipvs_table_find(&c->services, svc);

	if (known != NULL)
		return known;
	own_add_id(&c->services, svc);
	known = ipvs_table_find(&c->services, svc);
	return ipvs_read_dests(c->l->ipvs, known) ? known : NULL;
}

static void add_dest(const struct ipvs_dest *d, json_int_t *active, json_int_t *inactive)
{
	*active += d != NULL && d->active != IPVS_CONNS_UNKNOWN ? d->active : 0;
	*inactive += d != NULL && d->inactive != IPVS_CONNS_UNKNOWN ? d->inactive : 0;
}

/* The connections that OP touches: those of its server, or of the whole service. What
 * is added has none. */
static void count(struct counted *c, const struct ipvs_op *op, json_t *o)
{
	const struct ipvs_svc *svc;
	json_int_t active = 0, inactive = 0;

	if (op->cmd == IPVS_ADD_SVC || op->cmd == IPVS_ADD_DEST)
		return;
	svc = counted_service(c, op->svc);
	if (svc != NULL && op->dest != NULL)
		add_dest(ipvs_svc_find(svc, op->dest), &active, &inactive);
	for (size_t i = 0; svc != NULL && op->dest == NULL && i < svc->n_dests; i++)
		add_dest(&svc->dests[i], &active, &inactive);
	json_object_set_new(o, "active", json_integer(active));
	json_object_set_new(o, "inactive", json_integer(inactive));
}

/* What the command does not say itself, or NULL. */
static const char *remark(const struct lvsd *l, const struct ipvs_op *op)
{
	const struct ipvs_svc *have = ipvs_table_find(&l->have, op->svc);

	if (op->cmd == IPVS_SET_SVC && have != NULL &&
	    strcmp(have->sched, op->svc->sched) != 0)
		return "for a moment no scheduler: new connections are refused";
	return NULL;
}

/* ---- the answer ---- */

static void add_commands(
    const struct lvsd *l, struct counted *c, const struct ipvs_ops *ops, json_t *list)
{
	for (size_t i = 0; i < ops->n; i++) {
		const char *note = remark(l, &ops->list[i]);
		struct buf text = { 0 };
		json_t *o;

		ipvs_op_text(&ops->list[i], &text);
		o = json_pack("{s:s, s:s?}", "command", text.data, "remark", note);
		count(c, &ops->list[i], o);
		json_array_append_new(list, o);
		buf_fini(&text);
	}
}

/* Fills in the connections that the servers of TABLE that leave have now. True when
 * some leave. */
static bool count_leaving(struct counted *c, struct ipvs_table *table)
{
	bool any = false;

	for (size_t i = 0; i < table->n; i++) {
		struct ipvs_svc *svc = &table->svcs[i];
		const struct ipvs_svc *now;

		if (svc->lingering == 0)
			continue;
		any = true;
		now = counted_service(c, svc);
		for (size_t j = 0; now != NULL && j < svc->n_dests; j++) {
			const struct ipvs_dest *d = ipvs_svc_find(now, &svc->dests[j]);

			if (d == NULL)
				continue;
			svc->dests[j].active = d->active;
			svc->dests[j].inactive = d->inactive;
		}
	}
	return any;
}

/* Settings and the daemons that copy connections come first. */
static void add_settings(struct lvsd *l, json_t *list)
{
	struct buf text = { 0 };
	char *at, *command;

	settings_plan(&l->settings, l->state->conf, l->ipvs, l->options.dry_run, &text);
	sync_plan(l, &text);
	for (at = text.data; (command = strsep(&at, "\n")) != NULL;)
		if (*command != '\0')
			json_array_append_new(
			    list, json_pack("{s:s, s:n}", "command", command, "remark"));
	buf_fini(&text);
}

/* What is sent at once, and, of servers that leave without a connection, what follows
 * a moment later: the tick would see that they have none. */
static json_t *commands(struct lvsd *l, struct run *r)
{
	struct counted c = { .l = l };
	struct ipvs_table then = { 0 };
	struct ipvs_ops ops = { 0 }, later = { 0 };
	json_t *list = json_array();

	add_settings(l, list);
	run_diff(l, r, &ops);
	add_commands(l, &c, &ops, list);
	if (count_leaving(&c, &r->want)) {
		plan_all(l->state, &r->want, mono_us(), &then);
		ipvs_diff(&r->want, &then, &later);
		add_commands(l, &c, &later, list);
	}
	ipvs_ops_fini(&ops);
	ipvs_ops_fini(&later);
	ipvs_table_fini(&then);
	ipvs_table_fini(&c.services);
	return list;
}

static json_t *flow_commands(struct flow_change *flows)
{
	json_t *list = json_array();
	char *rest = flows->commands.data, *line;

	while ((line = strsep(&rest, "\n")) != NULL)
		if (*line != '\0')
			json_array_append_new(list, json_string(line));
	return json_pack("{s:I, s:I, s:b, s:I, s:o}", "added", (json_int_t)flows->added,
	    "removed", (json_int_t)flows->removed, "rules", (int)flows->rules,
	    "operations", (json_int_t)flows->n_commands, "commands", list);
}

/* What CONF, which is taken over, would change. */
static json_t *preview(struct lvsd *l, struct conf *conf, const struct checker_user *user)
{
	struct state *before = l->state;
	struct flow_change flows;
	struct run r = { 0 };
	json_t *list, *o;
	bool kept;

	marking_give(l->marking, conf);
	if (l->ipvs == NULL || l->resync || !own_adopt(l, conf, NULL)) {
		conf_free(conf);
		return request_refusal("the kernel does not answer");
	}
	own_note_removed(l, conf);
	l->state = state_build(conf, before, &l->have, mono_us());
	kept = reload_keeps_checks(l, before, user);
	marking_change(l->marking, before->conf, conf, &flows);
	state_free(before);
	reconcile_plan(l, &r);
	list = commands(l, &r);
	run_fini(&r);
	o = json_pack("{s:b, s:I, s:b, s:o}", "ok", 1, "operations",
	    (json_int_t)json_array_size(list), "checks_kept", (int)kept, "commands",
	    list);
	json_object_set_new(o, "flows", flow_commands(&flows));
	buf_fini(&flows.commands);
	return o;
}

static void make_plan(struct lvsd *l, int fd, FILE *out)
{
	char *why = NULL;
	struct checker_user user;
	struct conf *conf = read_conf(fd, &user, &why);
	json_t *o = conf != NULL ? preview(l, conf, &user) : request_refusal(why);

	json_dumpf(o, out, JSON_COMPACT);
	fputc('\n', out);
	json_decref(o);
	free(why);
}

void preview_plan(struct request *r, struct answer *a)
{
	const char *why = judge_fd(r->fd);

	if (why != NULL)
		a->json = request_refusal(why);
	else
		a->reply = aside_reply(r->l, make_plan, r->fd, r->may_change);
}
