/* Directors and their servers, and the list of those that are not as they should be. */
#include <inttypes.h>
#include <string.h>

#include "lvsweb/html.h"
#include "lvsweb/parts.h"

#define WRONG_MAX 40
#define DASH "\xe2\x80\x93"
#define DOT " \xc2\xb7 "

static void put_state(struct buf *b, const char *state)
{
	buf_str(b, "<span class=\"state ");
	html_text(b, state);
	buf_str(b, "\">");
	html_text(b, state);
	buf_str(b, "</span>");
}

/* ---- a director ---- */

static void put_head_words(struct buf *b, const struct web_director *d)
{
	buf_str(b, "<span class=\"service\">");
	html_text(b, d->service);
	buf_str(b, "</span><span class=\"how\">");
	html_text(b, d->balance);
	buf_str(b, DOT);
	html_text(b, d->mode);
	buf_str(b, "</span><span class=\"usable\">");
	part_director_why(b, d);
	buf_str(b, "</span>");
}

static void put_head_figures(struct buf *b, const struct web_director *d)
{
	buf_str(b, "<span class=\"flow\">");
	if (d->has_rates) {
		html_spark(b, d->history, STATUS_POINTS, "connections a second");
		buf_str(b, "<b>");
		html_count(b, d->rates.conns_s);
		buf_str(b, "</b> conn/s" DOT);
	}
	if (d->answers) {
		buf_str(b, "<b>");
		html_count(b, (uint64_t)d->active);
		buf_str(b, "</b> active");
	}
	buf_str(b, "</span>");
}

void part_head(struct buf *b, const struct scene *s, size_t place)
{
	const struct web_director *d = &s->known->status->directors[place];

	buf_printf(b, "<header id=\"h%zu\" class=\"head ", place);
	html_text(b, d->state);
	buf_str(b, "\"><h2>");
	html_text(b, d->name);
	buf_str(b, "</h2>");
	put_state(b, d->state);
	put_head_words(b, d);
	put_head_figures(b, d);
	if (d->fault != NULL) {
		buf_str(b, "<p class=\"fault\">");
		html_text(b, d->fault);
		buf_str(b, "</p>");
	}
	buf_str(b, "</header>");
}

/* ---- a server ---- */

static void put_number(struct buf *b, const char *label, bool known, int64_t n)
{
	buf_printf(
	    b, "<td class=\"n%s\" data-label=\"%s\">", known ? "" : " none", label);
	if (known)
		html_count(b, n > 0 ? (uint64_t)n : 0);
	else
		buf_str(b, DASH);
	buf_str(b, "</td>");
}

static void put_bytes(struct buf *b, const char *label, bool known, uint64_t n)
{
	buf_printf(
	    b, "<td class=\"n bytes%s\" data-label=\"%s\">", known ? "" : " none", label);
	if (known)
		html_bytes(b, n);
	else
		buf_str(b, DASH);
	buf_str(b, "</td>");
}

static void put_rates(struct buf *b, const struct web_server *server)
{
	buf_printf(b, "<td class=\"n rate%s\" data-label=\"conn/s\">",
	    server->has_rates ? "" : " none");
	if (server->has_rates && server->history != NULL)
		html_spark(b, server->history, STATUS_POINTS, "connections a second");
	if (server->has_rates)
		html_count(b, server->rates.conns_s);
	else
		buf_str(b, DASH);
	buf_str(b, "</td>");
	put_bytes(b, "in/s", server->has_rates, server->rates.in_bytes_s);
	put_bytes(b, "out/s", server->has_rates, server->rates.out_bytes_s);
}

void part_server(struct buf *b, const struct scene *s, size_t place, size_t i)
{
	const struct web_server *server = &s->known->status->directors[place].servers[i];
	const char *state = standing_name(server->standing);

	buf_printf(
	    b, "<tr id=\"s%zu-%zu\" class=\"%s\"><th scope=\"row\">", place, i, state);
	html_text(b, server->name);
	buf_str(b, "</th><td class=\"address\">");
	html_text(b, server->address);
	buf_str(b, "</td><td class=\"is\">");
	put_state(b, state);
	buf_str(b, "</td><td class=\"since\">");
	part_since(b, s, server->since_us);
	buf_str(b, "</td><td class=\"why\">");
	part_why(b, s, server);
	buf_str(b, "</td>");
	put_number(b, "weight", server->in_table, server->table_weight);
	put_number(b, "active", server->in_table, server->active);
	put_number(b, "inactive", server->in_table, server->inactive);
	put_rates(b, server);
	buf_str(b, "</tr>");
}

/* ---- what is wrong ---- */

static bool is_on_page(const struct scene *s, size_t place)
{
	for (size_t i = 0; i < s->page->n; i++)
		if (s->page->directors[i] == place)
			return true;
	return false;
}

/* A link to where it stands, on this page if it does. */
static void put_link(
    struct buf *b, const struct scene *s, size_t place, const char *server)
{
	const struct web_director *d = &s->known->status->directors[place];

	buf_str(b, "<a href=\"");
	if (!is_on_page(s, place)) {
		buf_str(b, "/?q=");
		html_query(b, d->name);
	}
	buf_printf(b, "#d%zu\">", place);
	html_text(b, d->name);
	if (server != NULL) {
		buf_str(b, "/");
		html_text(b, server);
	}
	buf_str(b, "</a>");
}

static void put_wrong_director(struct buf *b, const struct scene *s, size_t place)
{
	const struct web_director *d = &s->known->status->directors[place];

	buf_str(b, "<li>");
	put_state(
	    b, d->fault != NULL && strcmp(d->state, "up") == 0 ? "fault" : d->state);
	put_link(b, s, place, NULL);
	buf_str(b, "<span class=\"where\">");
	html_text(b, d->service);
	buf_str(b, "</span><span class=\"why\">");
	if (d->fault != NULL)
		html_text(b, d->fault);
	else
		part_director_why(b, d);
	buf_str(b, "</span></li>");
}

static void put_wrong_server(
    struct buf *b, const struct scene *s, size_t place, const struct web_server *server)
{
	buf_str(b, "<li>");
	put_state(b, standing_name(server->standing));
	put_link(b, s, place, server->name);
	buf_str(b, "<span class=\"where\">");
	html_text(b, server->address);
	buf_str(b, "</span><span class=\"why\">");
	part_why(b, s, server);
	buf_str(b, "</span>");
	/* Since when a check says what it says is not since when somebody took it out. */
	if (server->standing < STANDING_MAINT) {
		buf_str(b, "<span class=\"since\">");
		part_since(b, s, server->since_us);
		buf_str(b, "</span>");
	}
	buf_str(b, "</li>");
}

/* All that has the standing; those beyond the list's end are counted only. */
static size_t put_wrong_servers(
    struct buf *b, const struct scene *s, enum standing standing, size_t n)
{
	const struct status *status = s->known->status;

	if (status->standings[standing] == 0)
		return n;
	for (size_t i = 0; i < status->n_directors; i++) {
		const struct web_director *d = &status->directors[i];

		for (size_t j = 0; j < d->n_servers && n < WRONG_MAX; j++)
			if (d->servers[j].standing == standing) {
				put_wrong_server(b, s, i, &d->servers[j]);
				n++;
			}
	}
	return n;
}

/* A title, the directors that are not up if WITH_DIRECTORS, the servers with a standing
 * from FIRST on before END. ALL is how many that are. */
static void put_list(struct buf *b, const struct scene *s, const char *title,
    bool with_directors, enum standing first, enum standing end, size_t all)
{
	const struct status *status = s->known->status;
	size_t n = 0;

	if (all == 0)
		return;
	buf_printf(b, "<h2>%s</h2><ul>", title);
	for (size_t i = 0; with_directors && i < status->n_directors && n < WRONG_MAX;
	     i++)
		if (!status_director_is_up(&status->directors[i])) {
			put_wrong_director(b, s, i);
			n++;
		}
	for (enum standing i = first; i < end && n < WRONG_MAX; i++)
		n = put_wrong_servers(b, s, i, n);
	buf_str(b, "</ul>");
	if (all > n)
		buf_printf(
		    b, "<p><a href=\"/?state=wrong\">and %zu more</a></p>", all - n);
}

static size_t count_standings(
    const struct status *s, enum standing first, enum standing end)
{
	size_t n = 0;

	for (enum standing i = first; i < end; i++)
		n += s->standings[i];
	return n;
}

static size_t count_wrong_directors(const struct status *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_directors; i++)
		n += !status_director_is_up(&s->directors[i]);
	return n;
}

void part_wrong(struct buf *b, const struct scene *s)
{
	const struct status *status = s->known->status;
	size_t wrong, taken;

	buf_str(b, "<section id=\"wrong\" aria-label=\"What needs a look\">");
	if (status != NULL && status->n_directors > 0) {
		wrong = count_wrong_directors(status) +
			count_standings(status, STANDING_DOWN, STANDING_MAINT);
		taken = count_standings(status, STANDING_MAINT, STANDING_UP);
		if (wrong == 0)
			buf_str(b, "<h2 class=\"fine\">Nothing is down</h2>");
		put_list(b, s, "Not as it should be", true, STANDING_DOWN, STANDING_MAINT,
		    wrong);
		put_list(b, s, "Taken out", false, STANDING_MAINT, STANDING_UP, taken);
	}
	buf_str(b, "</section>");
}
