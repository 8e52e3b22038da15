/*
 * In place of flow.c in a build --without-ipset: there are no flows.
 */
#include "flow/flow.h"

#include <stddef.h>

bool flow_is_supported(void)
{
	return false;
}

struct flow *flow_new(bool leftovers)
{
	(void)leftovers;
	return NULL;
}

void flow_free(struct flow *f)
{
	(void)f;
}

bool flow_apply(struct flow *f, const struct conf *conf)
{
	(void)f;
	(void)conf;
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
	(void)conf;
	(void)d;
	return NULL;
}

void flow_figures(const struct flow *f, struct flow_figures *out)
{
	(void)f;
	*out = (struct flow_figures){ 0 };
}

bool flow_is_there(const struct flow *f)
{
	(void)f;
	return false;
}
