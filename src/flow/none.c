/*
 * In place of flow.c in a build --without-ipset: what needs rules is not loaded, the rest
 * does not notice.
 */
#include "flow/flow.h"

#include <stdlib.h>

#include "flow/plan.h"
#include "lib/xalloc.h"

struct flow {
	char nothing;
};

/* Marks are not given yet. */
const struct director_conf *flow_unsupported(const struct conf *conf)
{
	const struct flow_conf *f = STAILQ_FIRST(&conf->flows);
	const struct director_conf *d;

	if (f != NULL)
		return f->director;
	STAILQ_FOREACH (d, &conf->directors, entry)
		if (d->masquerade ||
		    (addr_is_set(&d->addr) && d->port == 0 && !d->persistent))
			return d;
	return NULL;
}

struct flow *flow_new(bool leftovers)
{
	(void)leftovers;
	return xcalloc(1, sizeof(struct flow));
}

void flow_free(struct flow *f)
{
	free(f);
}

void flow_prepare(struct flow *f, const struct conf *conf)
{
	(void)f;
	(void)conf;
}

bool flow_follow(struct flow *f, flow_served_fn *served, void *arg)
{
	(void)f;
	(void)served;
	(void)arg;
	return true;
}

bool flow_can_keep(const struct flow *f, uint32_t mark)
{
	(void)f;
	(void)mark;
	return false;
}

bool flow_keep(
    struct flow *f, uint32_t mark, const struct flow_line *clients, struct buf *error)
{
	(void)f;
	(void)mark;
	(void)clients;
	(void)error;
	return false;
}

void flow_kept(struct flow *f, uint32_t mark, size_t n)
{
	(void)f;
	(void)mark;
	(void)n;
}

bool flow_keep_nobody(struct flow *f, uint32_t mark)
{
	(void)f;
	(void)mark;
	return true;
}

bool flow_apply(
    struct flow *f, const struct conf *conf, flow_served_fn *served, void *arg)
{
	const struct director_conf *d;

	(void)f;
	(void)served;
	(void)arg;
	STAILQ_FOREACH (d, &conf->directors, entry)
		if (flow_needs(conf, d))
			return false;
	return true;
}

bool flow_clear(struct flow *f)
{
	(void)f;
	return true;
}

const char *flow_director_error(
    const struct flow *f, const struct conf *conf, const struct director_conf *d)
{
	(void)f;
	return flow_needs(conf, d) ? "this lvsd was built without ipset" : NULL;
}

bool flow_begin(
    struct flow *f, const struct conf *conf, flow_served_fn *served, void *arg)
{
	return !flow_apply(f, conf, served, arg);
}

void flow_work(struct flow *f, struct buf *told)
{
	(void)f;
	(void)told;
}

bool flow_worked(struct flow *f, const struct buf *told, const char *why)
{
	(void)f;
	(void)told;
	(void)why;
	return false;
}

void flow_check(struct flow *f, uint64_t budget_us, struct buf *told)
{
	(void)f;
	(void)budget_us;
	(void)told;
}

size_t flow_checked(struct flow *f, char *told, flow_found_fn *found, void *arg)
{
	(void)f;
	(void)told;
	(void)found;
	(void)arg;
	return 0;
}

bool flow_show(struct flow *f, flow_text_fn *text, void *arg, struct buf *error)
{
	(void)f;
	(void)text;
	(void)arg;
	buf_str(error, "this lvsd was built without ipset");
	return false;
}

void flow_figures(const struct flow *f, struct flow_figures *out)
{
	(void)f;
	*out = (struct flow_figures){ 0 };
}

bool flow_have(struct flow *f, struct flow_table *have[2])
{
	(void)f;
	have[0] = have[1] = NULL;
	return false;
}

void flow_machine(const struct flow *f, struct flow_machine *m)
{
	(void)f;
	*m = (struct flow_machine){ 0 };
}

bool flow_is_outdated(const struct flow *f)
{
	(void)f;
	return false;
}

bool flow_is_there(const struct flow *f)
{
	(void)f;
	return false;
}
