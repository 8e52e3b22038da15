/*
 * The same work in another process: what it has to tell is what of a struct flow it
 * changed, for the same program reads it. The names of sets, in the order of
 * the lines, tell the daemon which set of the kernel is whose.
 */
#include <stdlib.h>
#include <string.h>

#include "flow/family.h"
#include "flow/plan.h"
#include "lib/log.h"
#include "lib/xalloc.h"

#define TEXT 512

struct told {
	struct {
		bool known, whole_only, routed;
		uint64_t routes;
		bool has_flavour;
		char flavour[16], error[TEXT], note[TEXT], no_copies[TEXT];
	} family[2];
	struct flow_figures figures; /* of this work alone */
};

/* ---- in the other process ---- */

/* The netlink socket of sets is the daemon's; what is counted begins anew. */
static void begin(struct flow *f)
{
	f->sets = NULL;
	f->figures = (struct flow_figures){ 0 };
	for (int i = 0; i < 2; i++)
		f->family[i].patient = true;
}

static void tell_names(const struct flow_table *t, struct buf *out)
{
	for (int c = 0; c < FLOW_CHAINS; c++)
		for (size_t i = 0; i < t->chain[c].n; i++)
			buf_add(out, t->chain[c].lines[i].set, FLOW_SET_NAME);
}

static void copy(char *to, size_t size, const char *text)
{
	snprintf(to, size, "%s", text != NULL ? text : "");
}

void flow_work(struct flow *f, struct buf *out)
{
	struct told t = { 0 };

	begin(f);
	flow_make(f);
	for (int i = 0; i < 2; i++) {
		const struct family *fa = &f->family[i];

		t.family[i].known = fa->known;
		t.family[i].whole_only = fa->whole_only;
		t.family[i].routed = fa->routed;
		t.family[i].routes = fa->routes;
		t.family[i].has_flavour = fa->flavour != NULL;
		copy(t.family[i].flavour, sizeof t.family[i].flavour, fa->flavour);
		copy(t.family[i].error, TEXT, fa->error);
		copy(t.family[i].note, TEXT, fa->note);
		copy(t.family[i].no_copies, TEXT, fa->no_copies);
	}
	flow_figures(f, &t.figures);
	buf_add(out, &t, sizeof t);
	for (int i = 0; i < 2; i++)
		if (f->family[i].known)
			tell_names(&f->family[i].have, out);
}

void flow_check(struct flow *f, uint64_t budget_us, struct buf *out)
{
	struct buf error = { 0 };

	begin(f);
	for (int i = 0; i < 2; i++)
		if (!family_check(&f->family[i], out, &error)) {
			buf_printf(out, "?%s\n", error.data != NULL ? error.data : "");
			buf_fini(&error);
		}
	family_check_sets(f, budget_us, out);
	buf_printf(out, "=%zu\n", f->looked_at);
}

/* ---- in the daemon ---- */

/* The names of T from what comes at *AT; false: there are too few. */
static bool hear_names(struct flow_table *t, const char **at, const char *end)
{
	for (int c = 0; c < FLOW_CHAINS; c++)
		for (size_t i = 0; i < t->chain[c].n; i++) {
			char *set = t->chain[c].lines[i].set;

			if (end - *at < FLOW_SET_NAME)
				return false;
			memcpy(set, *at, FLOW_SET_NAME);
			set[FLOW_SET_NAME - 1] = '\0';
			*at += FLOW_SET_NAME;
		}
	return true;
}

static void hear_family(struct family *fa, const struct told *t, int i)
{
	fa->routed = t->family[i].routed;
	fa->routes = t->family[i].routes;
	if (t->family[i].whole_only && !fa->whole_only)
		log_warnx("%s", t->family[i].note);
	fa->whole_only = t->family[i].whole_only;
	fa->want.reassemble = fa->want.reassemble && !fa->whole_only;
	if (t->family[i].no_copies[0] != '\0') {
		if (fa->no_copies == NULL) {
			fa->no_copies = xstrdup(t->family[i].no_copies);
			copies_tell(fa);
		}
		flow_without_copies(&fa->want);
	}
	if (t->family[i].has_flavour)
		fa->flavour = family_flavour(t->family[i].flavour);
	free(fa->error);
	fa->error = NULL;
}

static void hear_figures(struct flow *f, const struct flow_figures *told)
{
	f->figures.set_operations += told->set_operations;
	f->figures.rule_writes += told->rule_writes;
	f->figures.sets_us = told->sets_us;
	f->figures.last_us = told->last_us;
}

static bool fail_all(struct flow *f, const char *why)
{
	for (int i = 0; i < 2; i++) {
		family_fail(f, &f->family[i], why);
		flow_table_fini(&f->family[i].want);
	}
	return false;
}

bool flow_worked(struct flow *f, const struct buf *told, const char *why)
{
	const char *at, *end;
	struct told t;
	bool done = true;

	if (why != NULL || told->len < sizeof t)
		return fail_all(f, why != NULL ? why : "it told too little");
	memcpy(&t, told->data, sizeof t);
	at = told->data + sizeof t;
	end = told->data + told->len;
	hear_figures(f, &t.figures);
	for (int i = 0; i < 2; i++) {
		struct family *fa = &f->family[i];

		hear_family(fa, &t, i);
		if (t.family[i].known && hear_names(&fa->want, &at, end)) {
			family_settle(fa);
			continue;
		}
		family_fail(f, fa, t.family[i].error);
		flow_table_fini(&fa->want);
		done = false;
	}
	if (done)
		f->leftovers = false;
	return done;
}

size_t flow_checked(struct flow *f, char *told, flow_found_fn *found, void *arg)
{
	char *line;
	size_t n = 0;

	while ((line = strsep(&told, "\n")) != NULL)
		if (*line == '=')
			f->looked_at = strtoul(line + 1, NULL, 10);
		else if (*line == '?')
			log_warnx(
			    "audit: the rules of flows cannot be read: %s", line + 1);
		else if (*line != '\0') {
			n++;
			found(line, arg);
		}
	for (int i = 0; n > 0 && i < 2; i++)
		f->family[i].known = f->family[i].routed = false;
	f->leftovers = f->leftovers || n > 0;
	return n;
}
