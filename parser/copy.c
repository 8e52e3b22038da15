/* A check by itself, with everything it points to: for who outlives the tree. */
#include <string.h>

#include "lib/arena.h"
#include "parser/conf.h"

static const char *text(struct arena *a, const char *s)
{
	return s != NULL ? arena_strndup(a, s, strlen(s)) : NULL;
}

static struct payload payload(struct arena *a, struct payload p)
{
	if (p.data != NULL)
		p.data = arena_strndup(a, p.data, p.len);
	return p;
}

static const struct http_conf *http(struct arena *a, const struct http_conf *from)
{
	struct http_conf *h = arena_dup(a, from, sizeof *h);

	h->uri = text(a, from->uri);
	h->vhost = text(a, from->vhost);
	h->match = text(a, from->match);
	h->sni = text(a, from->sni);
	h->cafile = text(a, from->cafile);
	if (from->statuses != NULL)
		h->statuses = arena_dup(
		    a, from->statuses, from->n_statuses * sizeof *from->statuses);
	return h;
}

static const struct talk_conf *talk(struct arena *a, const struct talk_conf *from)
{
	struct talk_conf *t = arena_dup(a, from, sizeof *t);

	t->send = payload(a, from->send);
	t->expect = payload(a, from->expect);
	t->sni = text(a, from->sni);
	t->cafile = text(a, from->cafile);
	return t;
}

static const struct dns_conf *dns(struct arena *a, const struct dns_conf *from)
{
	struct dns_conf *d = arena_dup(a, from, sizeof *d);

	d->name = text(a, from->name);
	return d;
}

const struct check_conf *conf_check_copy(struct arena *a, const struct check_conf *from)
{
	struct check_conf *c = arena_dup(a, from, sizeof *c);

	c->iface = text(a, from->iface);
	c->command = text(a, from->command);
	c->http = from->http != NULL ? http(a, from->http) : NULL;
	c->talk = from->talk != NULL ? talk(a, from->talk) : NULL;
	c->dns = from->dns != NULL ? dns(a, from->dns) : NULL;
	return c;
}
