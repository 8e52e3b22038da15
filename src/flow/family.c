/*
 * One family made as it is wanted: routes, additions to sets, the rules in one commit,
 * deletions. Whatever fails, what the kernel has is not known any more.
 */
#include "flow/family.h"

#include <stdlib.h>
#include <string.h>

#include "flow/marks.h"
#include "flow/plan.h"
#include "flow/route.h"
#include "flow/rules.h"
#include "lib/log.h"
#include "lib/mono.h"
#include "lib/xalloc.h"

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

static void add_members(struct flow *f, const struct flow_table *want)
{
	for (int c = 0; c < FLOW_CHAINS; c++)
		for (size_t i = 0; i < want->chain[c].n; i++) {
			const struct flow_line *l = &want->chain[c].lines[i];
			struct edit e = { f->sets, l };

			if (l->type != FLOW_NO_SET)
				flow_members_diff(l->old, l, add_member, NULL, &e);
		}
}

/* The last line first: who is spared of what a line behind does is spared to its end. */
static void delete_members(struct flow *f, const struct flow_table *want)
{
	for (int c = 0; c < FLOW_CHAINS; c++)
		for (size_t i = want->chain[c].n; i-- > 0;) {
			const struct flow_line *l = &want->chain[c].lines[i];
			struct edit e = { f->sets, l };

			if (l->type != FLOW_NO_SET)
				flow_members_diff(l->old, l, NULL, delete_member, &e);
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

	if (!family_needs_sets(want))
		return true;
	if (!family_open_sets(f, error))
		return false;
	if (!create_sets(f, want))
		return family_set_failed(f, error);
	add_members(f, want);
	done = set_commit(f->sets);
	f->figures.sets_us += mono_us() - begun_us;
	return done || family_set_failed(f, error);
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

	if (!family_needs_sets(have) && !family_needs_sets(want) && have->n_orphans == 0)
		return true;
	if (!family_open_sets(f, error))
		return false;
	delete_members(f, want);
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
	return done || family_set_failed(f, error);
}

/* ---- routes ---- */

static bool in_range(uint32_t mark)
{
	return mark >= MARKS_FIRST && mark <= MARKS_LAST;
}

/* Those we gave are one. */
struct route_mark *family_route_marks(const struct flow_table *t, size_t *n)
{
	struct route_mark *list = xcalloc(t->n_marks + 1, sizeof *list);
	bool ranged = false;

	*n = 0;
	for (size_t i = 0; i < t->n_marks; i++) {
		if (!in_range(t->marks[i]))
			list[(*n)++] = (struct route_mark){ t->marks[i], UINT32_MAX };
		else if (!ranged)
			list[(*n)++] =
			    (struct route_mark){ MARKS_FIRST & MARKS_MASK, MARKS_MASK };
		ranged = ranged || in_range(t->marks[i]);
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
	struct route_mark *list = family_route_marks(want, &n);
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

/* ---- rules ---- */

static bool write_rules(struct flow *f, struct family *fa, const struct flow_table *want,
    enum flow_chain_id c, struct buf *error)
{
	struct buf text = { 0 }, out = { 0 };
	bool done;

	flow_rules_write(&fa->have, want, c, &text);
	f->figures.rule_writes++;
	/* Where nothing of ours was, nothing was read that would have chosen. */
	done = family_choose(fa, error) &&
	       family_iptables(fa, fa->flavour, "restore", NULL, text.data, &out, error);
	buf_fini(&text);
	buf_fini(&out);
	return done;
}

/* ---- one family ---- */

/* Once; in another process the daemon says it (work.c). */
static void tell_whole_only(struct family *fa, const char *why)
{
	free(fa->note);
	fa->note = xasprintf(
	    "this kernel cannot put fragments together before they are marked: %s", why);
	log_warnx("%s", fa->note);
}

static bool change_rules(
    struct flow *f, struct family *fa, struct flow_table *want, struct buf *error)
{
	/* What ends copies comes before what makes them, and goes after it. */
	const int first_chain = flow_copies(want) ? FLOW_COPY : 0;

	for (int i = 0; i < FLOW_CHAINS; i++) {
		enum flow_chain_id c = (first_chain + i) % FLOW_CHAINS;
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
				tell_whole_only(fa, first.data);
			buf_fini(&first);
		}
		if (!done)
			return false;
	}
	return true;
}

/* How many clients the sets have that went over to what is wanted. */
static void carry_kept(const struct flow_chain *have, struct flow_chain *want)
{
	for (size_t i = 0; i < want->n; i++)
		for (size_t j = 0; j < have->n && want->lines[i].set[0] != '\0'; j++)
			if (have->lines[j].kept > 0 &&
			    strcmp(have->lines[j].set, want->lines[i].set) == 0)
				want->lines[i].kept = have->lines[j].kept;
}

void family_settle(struct family *fa)
{
	if (fa->known)
		carry_kept(&fa->have.chain[FLOW_ASIDE], &fa->want.chain[FLOW_ASIDE]);
	flow_table_fini(&fa->have);
	flow_table_done(&fa->want);
	fa->have = fa->want;
	fa->want = (struct flow_table){ .family = fa->number };
	fa->known = true;
}

void family_fail(struct flow *f, struct family *fa, const char *why)
{
	free(fa->error);
	fa->error = xstrdup(why != NULL && *why != '\0' ? why : "no reason");
	fa->known = fa->routed = false;
	f->leftovers = true; /* what was done before it failed */
}

static void note_difference(const struct flow_member *m, void *arg)
{
	(void)m;
	*(bool *)arg = true;
}

/* Policy rules and routes are as WANT has them. */
static bool is_routed(const struct family *fa)
{
	size_t n;
	struct route_mark *list = family_route_marks(&fa->want, &n);
	bool same = fa->routed && fa->routes == digest(list, n);

	free(list);
	return same;
}

bool family_is_done(struct family *fa)
{
	struct flow_table *want = &fa->want;
	bool differs = !fa->known || !is_routed(fa) || fa->have.n_orphans > 0;

	want->reassemble = want->reassemble && !fa->whole_only;
	if (fa->no_copies != NULL)
		flow_without_copies(want);
	if (!differs)
		flow_align(&fa->have, want);
	for (enum flow_chain_id c = 0; c < FLOW_CHAINS && !differs; c++) {
		differs = !flow_rules_same(&fa->have, want, c);
		for (size_t i = 0; i < want->chain[c].n && !differs; i++)
			flow_members_diff(want->chain[c].lines[i].old,
			    &want->chain[c].lines[i], note_difference, note_difference,
			    &differs);
	}
	return !differs;
}

bool family_apply(struct flow *f, struct family *fa)
{
	struct flow_table *want = &fa->want;
	struct buf error = { 0 };
	bool done = fa->known || family_read(f, fa, want, &error);

	want->reassemble = want->reassemble && !fa->whole_only;
	if (fa->no_copies != NULL)
		flow_without_copies(want);
	if (done)
		copies_try(fa, want);
	if (done)
		flow_align(&fa->have, want);
	done = done && route(fa, want, true, &error) && grow_sets(f, want, &error) &&
	       change_rules(f, fa, want, &error) &&
	       shrink_sets(f, &fa->have, want, &error) && route(fa, want, false, &error);
	free(fa->error);
	fa->error = NULL;
	if (done)
		family_settle(fa);
	else
		family_fail(f, fa, error.data);
	flow_table_fini(want);
	buf_fini(&error);
	return done;
}

bool family_refuse(struct flow *f, struct family *fa, struct flow_line *l, bool everyone)
{
	struct flow_line want = { .type = l->type };
	struct buf error = { 0 };
	/* Who made the sets may have been another process. */
	bool done = family_open_sets(f, &error);

	if (done) {
		struct edit e = { f->sets, l };

		flow_refuse(&want, everyone);
		flow_members_diff(l, &want, add_member, delete_member, &e);
		free(want.members);
		done = set_commit(f->sets) || family_set_failed(f, &error);
	}
	if (done) {
		flow_refuse(l, everyone);
		buf_fini(&error);
		return true;
	}
	family_fail(f, fa, error.data);
	buf_fini(&error);
	return false;
}
