/* A director matches when one of its servers does, or has no servers and does itself. */
#include "lvsweb/view.h"

#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"

static bool has_text(const struct view *v, const char *text)
{
	return strcasestr(text, v->text) != NULL;
}

static bool director_has_text(const struct view *v, const struct web_director *d)
{
	return has_text(v, d->name) || has_text(v, d->service);
}

static bool director_has_state(const struct view *v, const struct web_director *d)
{
	if (v->state[0] == '\0')
		return true;
	if (strcmp(v->state, "wrong") == 0)
		return !status_director_is_up(d);
	return strcmp(d->state, v->state) == 0;
}

static bool server_has_state(const struct view *v, const struct web_server *s)
{
	if (strcmp(v->state, "wrong") == 0)
		return s->standing < STANDING_UP;
	if (strcmp(v->state, "drain") == 0 && s->standing == STANDING_DRAINED)
		return true;
	return strcmp(standing_name(s->standing), v->state) == 0;
}

bool view_has_server(
    const struct view *v, const struct web_director *d, const struct web_server *s)
{
	if (!director_has_text(v, d) && !has_text(v, s->name) && !has_text(v, s->address))
		return false;
	return server_has_state(v, s) || director_has_state(v, d);
}

/* How many of its servers are shown; of a director that is not, -1. */
static long count(const struct view *v, const struct web_director *d)
{
	long n = 0;

	for (size_t i = 0; i < d->n_servers; i++)
		n += view_has_server(v, d, &d->servers[i]);
	if (n > 0)
		return n < VIEW_SERVERS ? n : VIEW_SERVERS;
	return director_has_text(v, d) && director_has_state(v, d) ? 0 : -1;
}

/* Where the pages before and on one end. */
struct cursor {
	size_t page, directors, servers;
};

/* Past a director with so many; it is the first of a new page if there is no room. */
static void go_past(struct cursor *c, size_t servers)
{
	if (c->directors == VIEW_DIRECTORS ||
	    (c->directors > 0 && c->servers + servers > VIEW_SERVERS))
		*c = (struct cursor){ .page = c->page + 1 };
	c->directors++;
	c->servers += servers;
}

/* Fills P with the directors on its page; false when there are too few pages for that. */
static bool fill(const struct view *v, const struct status *s, struct view_page *p)
{
	struct cursor c = { .page = 1 };

	p->n = p->matching = 0;
	for (size_t i = 0; i < s->n_directors; i++) {
		long servers = count(v, &s->directors[i]);

		if (servers < 0)
			continue;
		p->matching++;
		go_past(&c, (size_t)servers);
		if (c.page == p->page)
			p->directors[p->n++] = i;
	}
	p->pages = c.page;
	return p->page <= p->pages;
}

struct view_page view_page(const struct view *v, const struct status *s)
{
	struct view_page p = { .page = v->page };

	p.directors = xcalloc(VIEW_DIRECTORS, sizeof *p.directors);
	if (!fill(v, s, &p)) {
		p.page = p.pages;
		fill(v, s, &p);
	}
	return p;
}

bool view_is_narrow(const struct view *v)
{
	return v->text[0] != '\0' || v->state[0] != '\0';
}
