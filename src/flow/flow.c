/*
 * Both families, one after the other, and what is told of them. How one is read and
 * made is in family_read.c and family.c, how that is done beside the loop in work.c.
 */
#include "flow/flow.h"

#include <stdlib.h>

#include "flow/family.h"
#include "flow/plan.h"
#include "lib/forwards.h"
#include "lib/mono.h"
#include "lib/xalloc.h"

const struct director_conf *flow_unsupported(const struct conf *conf)
{
	(void)conf;
	return NULL;
}

struct flow *flow_new(bool leftovers)
{
	struct flow *f = xcalloc(1, sizeof *f);

	for (int i = 0; i < 2; i++) {
		struct family *fa = &f->family[i];

		fa->number = i == 0 ? AF_INET : AF_INET6;
		fa->have.family = fa->want.family = fa->number;
	}
	f->leftovers = leftovers;
	return f;
}

void flow_free(struct flow *f)
{
	if (f == NULL)
		return;
	for (int i = 0; i < 2; i++) {
		flow_table_fini(&f->family[i].have);
		flow_table_fini(&f->family[i].want);
		free(f->family[i].error);
		free(f->family[i].note);
		free(f->family[i].no_copies);
	}
	set_close(f->sets);
	free(f);
}

static bool has_family(const struct director_conf *d, uint8_t family)
{
	const struct server_conf *s;

	if (addr_is_set(&d->addr))
		return d->addr.family == family;
	STAILQ_FOREACH (s, &d->servers, entry)
		if (s->addr.family == family)
			return true;
	return family == AF_INET && STAILQ_EMPTY(&d->servers); /* as the plan has it */
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
			family_choose(fa, &error);
		buf_fini(&error);
	}
}

/* What each family wants; nothing else changes. */
static void plan(
    struct flow *f, const struct conf *conf, flow_served_fn *served, void *arg)
{
	struct flow_machine m;

	flow_machine(f, &m);
	for (int i = 0; i < 2; i++) {
		struct family *fa = &f->family[i];

		flow_table_fini(&fa->want);
		if (conf != NULL)
			flow_plan(conf, fa->number, served, arg, &fa->want);
		fa->still = m.still[i];
		flow_fit(&fa->want, &m);
	}
}

bool flow_make(struct flow *f)
{
	uint64_t begun_us = mono_us();
	bool done = true;

	f->figures.sets_us = 0;
	for (int i = 0; i < 2; i++)
		done = family_apply(f, &f->family[i]) && done;
	if (done)
		f->leftovers = false;
	f->figures.last_us = mono_us() - begun_us;
	return done;
}

bool flow_apply(
    struct flow *f, const struct conf *conf, flow_served_fn *served, void *arg)
{
	plan(f, conf, served, arg);
	return flow_make(f);
}

bool flow_begin(
    struct flow *f, const struct conf *conf, flow_served_fn *served, void *arg)
{
	plan(f, conf, served, arg);
	if (f->leftovers || !family_is_done(&f->family[0]) ||
	    !family_is_done(&f->family[1]))
		return true;
	for (int i = 0; i < 2; i++)
		family_settle(&f->family[i]);
	return false;
}

bool flow_follow(struct flow *f, flow_served_fn *served, void *arg)
{
	struct family *fa = &f->family[0];

	for (enum flow_chain_id c = FLOW_ASIDE; c <= FLOW_REFUSE; c++)
		for (size_t i = 0; fa->known && i < fa->have.chain[c].n; i++) {
			struct flow_line *l = &fa->have.chain[c].lines[i];
			bool refuses = flow_refuses(c, l, served(l->mark, arg));

			if (flow_is_kept(c, l))
				continue;
			if (refuses != (l->n > 0))
				family_refuse(f, fa, l, refuses);
		}
	return fa->error == NULL;
}

bool flow_clear(struct flow *f)
{
	plan(f, NULL, NULL, NULL);
	return flow_make(f);
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

static void count_lines(const struct flow_table *have, struct flow_figures *out)
{
	for (int c = 0; c < FLOW_CHAINS; c++)
		for (size_t i = 0; i < have->chain[c].n; i++) {
			const struct flow_line *l = &have->chain[c].lines[i];

			out->rules++;
			out->sets += l->type != FLOW_NO_SET;
			out->members += l->n;
		}
}

void flow_figures(const struct flow *f, struct flow_figures *out)
{
	*out = f->figures;
	out->rules = out->sets = out->members = 0;
	for (int i = 0; i < 2; i++)
		count_lines(&f->family[i].have, out);
	if (f->sets != NULL)
		out->set_operations += set_operations(f->sets);
}

bool flow_have(struct flow *f, struct flow_table *have[2])
{
	for (int i = 0; i < 2; i++)
		have[i] = &f->family[i].have;
	return f->family[0].known && f->family[1].known;
}

void flow_machine(const struct flow *f, struct flow_machine *m)
{
	for (int i = 0; i < 2; i++)
		m->still[i] = forwards_nothing(f->family[i].number);
	m->copies = f->family[0].no_copies == NULL;
}

bool flow_is_outdated(const struct flow *f)
{
	for (int i = 0; i < 2; i++) {
		const struct family *fa = &f->family[i];

		if (fa->have.n_marks > 0 && fa->still != forwards_nothing(fa->number))
			return true;
	}
	return false;
}

bool flow_is_there(const struct flow *f)
{
	for (int i = 0; i < 2; i++)
		if (!flow_table_is_empty(&f->family[i].have))
			return true;
	return f->leftovers;
}
