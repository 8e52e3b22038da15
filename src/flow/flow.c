/*
 * One family after the other: read if it is not known, plan, align, apply.
 *
 * Whatever fails, what the kernel has is not known any more, and is read again before
 * the next attempt. Reading goes by names, so it finds what another process left.
 */
#include "flow/flow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flow/command.h"
#include "flow/marks.h"
#include "flow/plan.h"
#include "flow/route.h"
#include "flow/rules.h"
#include "flow/set.h"
#include "lib/log.h"
#include "lib/mono.h"
#include "lib/xalloc.h"

#define DEADLINE_MS 10000
#define LOCK_S "5" /* how long iptables waits for its own lock */

struct family {
	struct flow_table have;
	uint8_t number;
	bool known;
	bool whole_only;     /* this kernel cannot put fragments together for rules */
	bool routed;	     /* policy rules and routes are as they were last asked for */
	uint64_t routes;     /* a digest of what was asked for */
	const char *flavour; /* of iptables, in the middle of its name; NULL: not known */
	char *error;
};

struct flow {
	struct family family[2];
	struct set_session *sets;
	bool leftovers;
	size_t looked_at; /* the set that the next look begins with */
	struct flow_figures figures;
};

struct flow *flow_new(bool leftovers)
{
	struct flow *f = xcalloc(1, sizeof *f);

	f->family[0].number = f->family[0].have.family = AF_INET;
	f->family[1].number = f->family[1].have.family = AF_INET6;
	f->leftovers = leftovers;
	return f;
}

void flow_free(struct flow *f)
{
	if (f == NULL)
		return;
	for (int i = 0; i < 2; i++) {
		flow_table_fini(&f->family[i].have);
		free(f->family[i].error);
	}
	set_close(f->sets);
	free(f);
}

/* ---- iptables ---- */

/* Runs the iptables of FA, "save" or "restore", for TABLE. */
static bool iptables(const struct family *fa, const char *flavour, const char *verb,
    const char *table, const char *input, struct buf *out, struct buf *error)
{
	const bool restores = strcmp(verb, "restore") == 0;
	char *name = xasprintf(
	    "ip%stables%s-%s", fa->number == AF_INET6 ? "6" : "", flavour, verb);
	const char *save[] = { name, "-t", table, NULL };
	const char *restore[] = { name, "--noflush", "-w", LOCK_S, NULL };
	bool done =
	    command_run(restores ? restore : save, input, DEADLINE_MS, out, error);

	free(name);
	return done;
}

/*
 * Debian has two flavours of iptables that do not see each other's rules: that of the
 * plain name is taken, the other where the kernel has not what it needs. Reading
 * tells nothing of that, so a chain is made and deleted in one commit.
 */
static bool choose_flavour(struct family *fa, struct buf *error)
{
	static const char *const flavours[] = { "", "-legacy" };
	static const char probe[] = "*mangle\n:" FLOW_PREFIX "PROBE - [0:0]\n"
				    "-X " FLOW_PREFIX "PROBE\nCOMMIT\n";

	for (size_t i = 0; fa->flavour == NULL && i < 2; i++) {
		struct buf out = { 0 }, why = { 0 };

		if (iptables(fa, flavours[i], "restore", NULL, probe, &out, &why))
			fa->flavour = flavours[i];
		else if (error->len == 0)
			buf_str(error, why.data);
		buf_fini(&out);
		buf_fini(&why);
	}
	if (fa->flavour != NULL)
		buf_fini(error);
	return fa->flavour != NULL;
}

static bool write_rules(struct flow *f, struct family *fa, const struct flow_table *want,
    enum flow_chain_id c, struct buf *error)
{
	struct buf text = { 0 }, out = { 0 };
	bool done;

	flow_rules_write(&fa->have, want, c, &text);
	f->figures.rule_writes++;
	/* Where nothing of ours was, nothing was read that would have chosen. */
	done = choose_flavour(fa, error) &&
	       iptables(fa, fa->flavour, "restore", NULL, text.data, &out, error);
	buf_fini(&text);
	buf_fini(&out);
	return done;
}

/* ---- reading ---- */

static bool needs_chain(const struct flow *f, const struct flow_table *want, int c)
{
	return want->chain[c].n > 0 || f->leftovers;
}

static bool read_rules(
    struct flow *f, struct family *fa, const struct flow_table *want, struct buf *error)
{
	for (int c = 0; c < FLOW_CHAINS; c++) {
		struct buf text = { 0 };
		bool done = true;

		if (!needs_chain(f, want, c))
			continue;
		buf_str(&text, "");
		done = choose_flavour(fa, error) &&
		       iptables(fa, fa->flavour, "save", flow_rules_table(c), NULL, &text,
			   error);
		if (done)
			flow_rules_read(&fa->have, c, text.data != NULL ? text.data : "");
		buf_fini(&text);
		if (!done && want->chain[c].n > 0)
			return false;
		/* A table that cannot be had has nothing of ours. */
		buf_fini(error);
	}
	return true;
}

/* The line of HAVE that the set NAME belongs to, or NULL. */
static struct flow_line *line_of_set(struct flow_table *have, const char *name)
{
	for (int c = 0; c < FLOW_CHAINS; c++)
		for (size_t i = 0; i < have->chain[c].n; i++)
			if (strcmp(have->chain[c].lines[i].set, name) == 0)
				return &have->chain[c].lines[i];
	return NULL;
}

static bool read_set(struct flow *f, struct family *fa, const char *name)
{
	struct flow_line *line = line_of_set(&fa->have, name);
	enum flow_type type;

	if (line == NULL || line->type != FLOW_NO_SET) {
		flow_table_orphan(&fa->have, name);
		return true;
	}
	if (!set_read(f->sets, name, &type, line))
		return false;
	/* One that someone replaced is no use to us, but goes with the rest. */
	if (type == FLOW_NO_SET)
		flow_table_orphan(&fa->have, name);
	return true;
}

static bool open_sets(struct flow *f, struct buf *error)
{
	if (f->sets == NULL)
		f->sets = set_open();
	if (f->sets == NULL)
		buf_str(error, "cannot open a session with libipset");
	return f->sets != NULL;
}

static bool set_failed(const struct flow *f, struct buf *error)
{
	buf_printf(error,
	    "cannot use sets of addresses (kernel modules ip_set, xt_set): "
	    "%s",
	    set_error(f->sets));
	return false;
}

static bool read_sets(struct flow *f, struct family *fa, struct buf *error)
{
	char prefix[FLOW_SET_NAME];
	struct buf names = { 0 };
	char *rest, *name;
	bool done = open_sets(f, error);

	if (!done)
		return false;
	snprintf(
	    prefix, sizeof prefix, FLOW_PREFIX "%c-", fa->number == AF_INET6 ? '6' : '4');
	done = set_names(f->sets, prefix, &names);
	rest = names.data;
	while (done && (name = strsep(&rest, "\n")) != NULL)
		if (*name != '\0')
			done = read_set(f, fa, name);
	buf_fini(&names);
	return done || set_failed(f, error);
}

static bool needs_sets(const struct flow_table *t)
{
	for (int c = 0; c < FLOW_CHAINS; c++)
		for (size_t i = 0; i < t->chain[c].n; i++)
			if (t->chain[c].lines[i].type != FLOW_NO_SET)
				return true;
	return false;
}

/* Makes FA->have tell what is there, as far as WANT and what was left need it. */
static bool read_family(
    struct flow *f, struct family *fa, const struct flow_table *want, struct buf *error)
{
	struct buf ignored = { 0 };

	flow_table_fini(&fa->have);
	if (!read_rules(f, fa, want, error))
		return false;
	if (needs_sets(want) && !read_sets(f, fa, error))
		return false;
	/* Leftovers where sets cannot be had are no sets. */
	if (!needs_sets(want) && f->leftovers)
		read_sets(f, fa, &ignored);
	buf_fini(&ignored);
	fa->known = true;
	return true;
}

/* ---- sets ---- */

struct edit {
	struct set_session *sets;
	const struct flow_line *line;
};

static void add_member(const struct flow_member *m, void *arg)
{
	const struct edit *e = arg;

	set_add(e->sets, e->line->set, e->line->type, m);
}

static void delete_member(const struct flow_member *m, void *arg)
{
	const struct edit *e = arg;

	set_delete(e->sets, e->line->set, e->line->type, m);
}

/* Calls EDIT for the lines of WANT with a set. */
static void each_set(struct flow *f, const struct flow_table *want, bool add)
{
	for (int c = 0; c < FLOW_CHAINS; c++)
		for (size_t i = 0; i < want->chain[c].n; i++) {
			const struct flow_line *l = &want->chain[c].lines[i];
			struct edit e = { f->sets, l };

			if (l->type == FLOW_NO_SET)
				continue;
			flow_members_diff(l->old, l, add ? add_member : NULL,
			    add ? NULL : delete_member, &e);
		}
}

static bool create_sets(struct flow *f, const struct flow_table *want)
{
	for (int c = 0; c < FLOW_CHAINS; c++)
		for (size_t i = 0; i < want->chain[c].n; i++) {
			const struct flow_line *l = &want->chain[c].lines[i];

			if (l->type != FLOW_NO_SET && l->old == NULL &&
			    !set_create(f->sets, l->set, l->type, want->family, l->n))
				return false;
		}
	return true;
}

static bool grow_sets(struct flow *f, const struct flow_table *want, struct buf *error)
{
	uint64_t begun_us = mono_us();
	bool done;

	if (!needs_sets(want))
		return true;
	if (!open_sets(f, error))
		return false;
	if (!create_sets(f, want))
		return set_failed(f, error);
	each_set(f, want, true);
	done = set_commit(f->sets);
	f->figures.sets_us += mono_us() - begun_us;
	return done || set_failed(f, error);
}

static bool uses_set(const struct flow_table *t, const char *name)
{
	for (int c = 0; c < FLOW_CHAINS; c++)
		for (size_t i = 0; i < t->chain[c].n; i++)
			if (strcmp(t->chain[c].lines[i].set, name) == 0)
				return true;
	return false;
}

static bool shrink_sets(struct flow *f, const struct flow_table *have,
    const struct flow_table *want, struct buf *error)
{
	bool done = true;

	if (f->sets == NULL)
		return true;
	each_set(f, want, false);
	done = set_commit(f->sets);
	for (int c = 0; c < FLOW_CHAINS; c++)
		for (size_t i = 0; done && i < have->chain[c].n; i++) {
			const struct flow_line *l = &have->chain[c].lines[i];

			if (l->set[0] != '\0' && l->type != FLOW_NO_SET &&
			    !uses_set(want, l->set))
				done = set_destroy(f->sets, l->set);
		}
	for (size_t i = 0; done && i < have->n_orphans; i++)
		done = set_destroy(f->sets, have->orphans[i]);
	return done || set_failed(f, error);
}

/* ---- routes ---- */

static bool in_range(uint32_t mark)
{
	return mark >= MARKS_FIRST && mark <= MARKS_LAST;
}

/* The marks of WANT as policy rules say them: those we gave are one. */
static struct route_mark *route_marks(const struct flow_table *want, size_t *n)
{
	struct route_mark *list = xcalloc(want->n_marks + 1, sizeof *list);
	bool ranged = false;

	*n = 0;
	for (size_t i = 0; i < want->n_marks; i++) {
		if (!in_range(want->marks[i]))
			list[(*n)++] = (struct route_mark){ want->marks[i], UINT32_MAX };
		else if (!ranged)
			list[(*n)++] =
			    (struct route_mark){ MARKS_FIRST & MARKS_MASK, MARKS_MASK };
		ranged = ranged || in_range(want->marks[i]);
	}
	return list;
}

static uint64_t digest(const struct route_mark *list, size_t n)
{
	uint64_t h = 1469598103934665603u + n; /* FNV-1a */

	for (size_t i = 0; i < n; i++)
		h = (h ^ list[i].mark) * 1099511628211u;
	return h;
}

/* Routes for what is wanted are made before the rules, and go after them. */
static bool route(
    struct family *fa, const struct flow_table *want, bool before, struct buf *error)
{
	size_t n;
	struct route_mark *list = route_marks(want, &n);
	uint64_t h = digest(list, n);
	struct buf ignored = { 0 };
	bool done = true;

	if ((n > 0) == before && (!fa->routed || fa->routes != h)) {
		/* Where nothing is wanted, nothing need be possible. */
		done =
		    route_apply(fa->number, list, n, n > 0 ? error : &ignored) || n == 0;
		fa->routed = done;
		fa->routes = h;
	}
	free(list);
	buf_fini(&ignored);
	return done;
}

/* ---- one family ---- */

static bool change_rules(
    struct flow *f, struct family *fa, struct flow_table *want, struct buf *error)
{
	for (enum flow_chain_id c = 0; c < FLOW_CHAINS; c++) {
		struct buf first = { 0 };
		bool done;

		if (flow_rules_same(&fa->have, want, c))
			continue;
		done = write_rules(f, fa, want, c, error);
		if (!done && c == FLOW_MARK && want->reassemble) {
			first = *error;
			*error = (struct buf){ 0 };
			want->reassemble = false;
			done = write_rules(f, fa, want, c, error);
			fa->whole_only = done;
			if (done)
				log_warnx("this kernel cannot put fragments together "
					  "before they are marked: %s",
				    first.data);
			buf_fini(&first);
		}
		if (!done)
			return false;
	}
	return true;
}

/* WANT was done: it is what the kernel has. */
static void settle(struct family *fa, struct flow_table *want)
{
	flow_table_fini(&fa->have);
	flow_table_done(want);
	fa->have = *want;
	*want = (struct flow_table){ .family = want->family };
}

/* What FA has is not known any more, and ERROR is why. */
static void fail_family(struct flow *f, struct family *fa, const struct buf *error)
{
	free(fa->error);
	fa->error = xstrdup(error->data != NULL ? error->data : "no reason");
	fa->known = false;
	f->leftovers = true; /* what was done before it failed */
}

static bool apply_family(struct flow *f, struct family *fa, struct flow_table *want)
{
	struct buf error = { 0 };
	bool done = fa->known || read_family(f, fa, want, &error);

	want->reassemble = want->reassemble && !fa->whole_only;
	if (done)
		flow_align(&fa->have, want);
	done = done && route(fa, want, true, &error) && grow_sets(f, want, &error) &&
	       change_rules(f, fa, want, &error) &&
	       shrink_sets(f, &fa->have, want, &error) && route(fa, want, false, &error);
	free(fa->error);
	fa->error = NULL;
	if (done)
		settle(fa, want);
	else
		fail_family(f, fa, &error);
	buf_fini(&error);
	return done;
}

/* ---- both families ---- */

static bool has_family(const struct director_conf *d, uint8_t family)
{
	const struct server_conf *s;

	if (addr_is_set(&d->addr))
		return d->addr.family == family;
	STAILQ_FOREACH (s, &d->servers, entry)
		if (s->addr.family == family)
			return true;
	return false;
}

void flow_prepare(struct flow *f, const struct conf *conf)
{
	const struct director_conf *d;

	for (int i = 0; i < 2; i++) {
		struct family *fa = &f->family[i];
		struct buf error = { 0 };
		bool needed = f->leftovers;

		STAILQ_FOREACH (d, &conf->directors, entry)
			needed =
			    needed || (has_family(d, fa->number) && flow_needs(conf, d));
		if (needed)
			choose_flavour(fa, &error);
		buf_fini(&error);
	}
}

bool flow_apply(
    struct flow *f, const struct conf *conf, flow_served_fn *served, void *arg)
{
	uint64_t begun_us = mono_us();
	bool done = true;

	f->figures.sets_us = 0;
	for (int i = 0; i < 2; i++) {
		struct family *fa = &f->family[i];
		struct flow_table want;

		flow_plan(conf, fa->number, served, arg, &want);
		done = apply_family(f, fa, &want) && done;
		flow_table_fini(&want);
	}
	if (done)
		f->leftovers = false;
	f->figures.last_us = mono_us() - begun_us;
	return done;
}

bool flow_follow(struct flow *f, flow_served_fn *served, void *arg)
{
	struct family *fa = &f->family[0];
	struct flow_chain *c = &fa->have.chain[FLOW_REFUSE];
	struct buf error = { 0 };
	bool done;

	for (size_t i = 0; fa->known && i < c->n; i++) {
		struct flow_line *l = &c->lines[i], want = *l;
		struct edit e = { f->sets, l };
		bool refuses = !served(l->mark, arg);

		if (refuses == (l->n > 0))
			continue;
		want.members = NULL;
		want.n = want.cap = 0;
		flow_refuse(&want, refuses);
		flow_members_diff(l, &want, add_member, delete_member, &e);
		done = set_commit(f->sets);
		if (done) {
			flow_refuse(l, refuses);
		} else {
			set_failed(f, &error);
			fail_family(f, fa, &error);
		}
		free(want.members);
	}
	done = fa->error == NULL;
	buf_fini(&error);
	return done;
}

bool flow_clear(struct flow *f)
{
	bool done = true;

	for (int i = 0; i < 2; i++) {
		struct family *fa = &f->family[i];
		struct flow_table want = { .family = fa->number };

		done = apply_family(f, fa, &want) && done;
		flow_table_fini(&want);
	}
	return done;
}

/* The Nth line with a set of both families, or NULL behind the last. */
static const struct flow_line *line_with_set(
    struct flow *f, size_t n, struct family **family)
{
	for (int i = 0; i < 2; i++)
		for (int c = 0; c < FLOW_CHAINS; c++) {
			const struct flow_chain *chain = &f->family[i].have.chain[c];

			*family = &f->family[i];
			for (size_t j = 0; j < chain->n; j++)
				if (chain->lines[j].type != FLOW_NO_SET && n-- == 0)
					return &chain->lines[j];
		}
	return NULL;
}

bool flow_is_changed(struct flow *f, uint64_t budget_us)
{
	uint64_t begun_us = mono_us();
	const struct flow_line *l;
	size_t references, members;
	struct family *fa;

	if (budget_us == UINT64_MAX)
		f->looked_at = 0;
	while ((l = line_with_set(f, f->looked_at, &fa)) != NULL) {
		f->looked_at++;
		if (fa->known && (!set_look(f->sets, l->set, &references, &members) ||
				     references != 1 || members != l->n)) {
			fa->known = false;
			f->leftovers = true;
			return true;
		}
		if (mono_us() - begun_us > budget_us)
			return false;
	}
	f->looked_at = 0;
	return false;
}

/* ---- what is told ---- */

const char *flow_director_error(
    const struct flow *f, const struct conf *conf, const struct director_conf *d)
{
	bool failed = false;

	for (int i = 0; i < 2; i++)
		failed = failed || f->family[i].error != NULL;
	if (!failed || !flow_needs(conf, d))
		return NULL;
	for (int i = 0; i < 2; i++)
		if (f->family[i].error != NULL && has_family(d, f->family[i].number))
			return f->family[i].error;
	return NULL;
}

void flow_figures(const struct flow *f, struct flow_figures *out)
{
	*out = f->figures;
	if (f->sets != NULL)
		out->set_operations = set_operations(f->sets);
}

bool flow_is_there(const struct flow *f)
{
	for (int i = 0; i < 2; i++)
		if (!flow_table_is_empty(&f->family[i].have))
			return true;
	return f->leftovers;
}
