/*
 * Both families, one after the other, and what is told of them. How one is read and
 * made is in family_read.c and family.c.
 */
#include "flow/flow.h"

#include <stdlib.h>

#include "flow/family.h"
#include "flow/plan.h"
#include "lib/mono.h"
#include "lib/xalloc.h"

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
			family_choose(fa, &error);
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
		done = family_apply(f, fa, &want) && done;
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

	for (enum flow_chain_id c = FLOW_ASIDE; c <= FLOW_REFUSE; c++)
		for (size_t i = 0; fa->known && i < fa->have.chain[c].n; i++) {
			struct flow_line *l = &fa->have.chain[c].lines[i];
			bool refuses = flow_refuses(c, l, served(l->mark, arg));

			if (refuses != (l->n > 0))
				family_refuse(f, fa, l, refuses);
		}
	return fa->error == NULL;
}

bool flow_clear(struct flow *f)
{
	bool done = true;

	for (int i = 0; i < 2; i++) {
		struct family *fa = &f->family[i];
		struct flow_table want = { .family = fa->number };

		done = family_apply(f, fa, &want) && done;
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
