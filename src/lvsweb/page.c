/* The frame around the parts. */
#include "lvsweb/page.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lvsweb/html.h"

#define MIDDLE " \xc2\xb7 "

static const char head[] =
    "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
    "<meta name=\"color-scheme\" content=\"light dark\">"
    "<meta name=\"robots\" content=\"noindex\">"
    "<link rel=\"stylesheet\" href=\"/style.css\">"
    "<link rel=\"icon\" href=\"/icon.svg\" type=\"image/svg+xml\">"
    "<script src=\"/script.js\" defer></script>"
    "<noscript><meta http-equiv=\"refresh\" content=\"5\"></noscript>";

static const char columns[] =
    "<thead><tr><th scope=\"col\">Server</th><th scope=\"col\">Address</th>"
    "<th scope=\"col\">State</th><th scope=\"col\">For</th><th scope=\"col\">Why</th>"
    "<th scope=\"col\" class=\"n\">Weight</th><th scope=\"col\" class=\"n\">Active</th>"
    "<th scope=\"col\" class=\"n\">Inactive</th><th scope=\"col\" class=\"n\">Conn/s</th>"
    "<th scope=\"col\" class=\"n\">In/s</th><th scope=\"col\" class=\"n\">Out/s</th></tr>"
    "</thead>";

/* A query with what is looked for, and PAGE. */
static void put_query(struct buf *b, const struct view *v, size_t page)
{
	buf_printf(b, "?page=%zu", page);
	if (v->text[0] != '\0') {
		buf_str(b, "&amp;q=");
		html_query(b, v->text);
	}
	if (v->state[0] != '\0') {
		buf_str(b, "&amp;state=");
		html_query(b, v->state);
	}
}

/* ---- top ---- */

static void put_daemon(struct buf *b, const struct scene *s)
{
	const struct status *status = s->known->status;
	uint64_t uptime_us;

	buf_str(b, "<p class=\"daemon\">");
	if (status != NULL) {
		buf_str(b, "lvsd ");
		html_text(b, status_text(status->daemon, "version"));
		uptime_us =
		    (uint64_t)(status_number(status->daemon, "uptime_s", 0) * 1e6);
		buf_str(b, MIDDLE "up ");
		part_since(b, s,
		    uptime_us < status->taken_us ? status->taken_us - uptime_us : 0);
		buf_str(b, MIDDLE);
		html_text(b, status_text(status->daemon, "config"));
		if (json_is_true(json_object_get(status->daemon, "dry_run")))
			buf_str(b, MIDDLE "<strong>dry run</strong>");
	}
	buf_str(b, "</p>");
}

static void put_search(struct buf *b, const struct scene *s)
{
	buf_str(b, "<form role=\"search\" action=\"/\"><label for=\"q\">Search</label>"
		   "<input id=\"q\" name=\"q\" type=\"search\" maxlength=\"100\" "
		   "placeholder=\"Name or address\" autocomplete=\"off\" "
		   "spellcheck=\"false\" value=\"");
	html_text(b, s->view->text);
	buf_str(b, "\">");
	if (s->view->state[0] != '\0') {
		buf_str(b, "<input type=\"hidden\" name=\"state\" value=\"");
		html_text(b, s->view->state);
		buf_str(b, "\">");
	}
	buf_str(b, "<button>Search</button></form>");
}

static void put_top(struct buf *b, const struct scene *s)
{
	buf_str(b, "<header class=\"top\"><h1><a href=\"/\">");
	html_text(b, s->host);
	buf_str(b, "</a></h1>");
	put_daemon(b, s);
	put_search(b, s);
	buf_str(b, "<p id=\"live\" role=\"status\"></p></header>");
}

/* ---- directors ---- */

static void put_director(struct buf *b, const struct scene *s, size_t place)
{
	const struct web_director *d = &s->known->status->directors[place];
	size_t shown = 0, matching = 0;

	buf_printf(b, "<section class=\"director\" id=\"d%zu\">", place);
	part_head(b, s, place);
	buf_str(b, "<table><caption>Servers of ");
	html_text(b, d->name);
	buf_printf(b, "</caption>%s<tbody>", columns);
	for (size_t i = 0; i < d->n_servers; i++) {
		if (!view_has_server(s->view, d, &d->servers[i]))
			continue;
		if (matching++ >= VIEW_SERVERS)
			continue;
		part_server(b, s, place, i);
		shown++;
	}
	buf_str(b, "</tbody></table>");
	if (shown < d->n_servers)
		buf_printf(b, "<p class=\"more\">%zu of its %zu servers are shown</p>",
		    shown, d->n_servers);
	buf_str(b, "</section>");
}

static void put_narrow(struct buf *b, const struct scene *s)
{
	if (!view_is_narrow(s->view))
		return;
	buf_printf(b, "<p class=\"narrow\">%zu director%s", s->page->matching,
	    s->page->matching == 1 ? "" : "s");
	if (s->view->state[0] != '\0') {
		buf_str(b, " in the state \xe2\x80\x9c");
		html_text(b, s->view->state);
		buf_str(b, "\xe2\x80\x9d, or with servers in it");
	}
	if (s->view->text[0] != '\0') {
		buf_str(b, " with \xe2\x80\x9c");
		html_text(b, s->view->text);
		buf_str(b, "\xe2\x80\x9d");
	}
	buf_str(b, ". <a href=\"/\">Show all</a></p>");
}

static void put_pages(struct buf *b, const struct scene *s)
{
	if (s->page->pages < 2)
		return;
	buf_str(b, "<nav class=\"pages\" aria-label=\"Pages\">");
	if (s->page->page > 1) {
		buf_str(b, "<a rel=\"prev\" href=\"/");
		put_query(b, s->view, s->page->page - 1);
		buf_str(b, "\">Previous</a>");
	}
	buf_printf(b, "<span>Page %zu of %zu</span>", s->page->page, s->page->pages);
	if (s->page->page < s->page->pages) {
		buf_str(b, "<a rel=\"next\" href=\"/");
		put_query(b, s->view, s->page->page + 1);
		buf_str(b, "\">Next</a>");
	}
	buf_str(b, "</nav>");
}

static void put_directors(struct buf *b, const struct scene *s)
{
	buf_str(b, "<section id=\"directors\" aria-label=\"Directors\">");
	put_narrow(b, s);
	if (s->known->status != NULL && s->known->status->n_directors == 0)
		buf_str(b, "<p>The configuration has no director.</p>");
	for (size_t i = 0; i < s->page->n; i++)
		put_director(b, s, s->page->directors[i]);
	put_pages(b, s);
	buf_str(b, "</section>");
}

void page_put(struct buf *b, const struct scene *s)
{
	buf_str(b, head);
	part_title(b, s);
	buf_str(b, "</head><body>");
	put_top(b, s);
	buf_printf(b, "<main id=\"main\" data-number=\"%" PRIu64 "\" data-now=\"%lld\">",
	    watch_number(s->known), (long long)time(NULL));
	part_alarms(b, s);
	part_strip(b, s);
	part_wrong(b, s);
	part_changes(b, s);
	put_directors(b, s);
	buf_str(b, "</main><footer><a href=\"/metrics\">metrics</a>"
		   "<a href=\"/;csv\">csv</a><a href=\"/status.json\">json</a>"
		   "<a href=\"/healthz\">health</a></footer></body></html>\n");
}
