/* The screen of top: totals, then a line a server, in the order that was asked for. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"
#include "lvsctl/status.h"
#include "lvsctl/top.h"
#include "lvsctl/words.h"

#define NUMBERS_WIDTH 52 /* state, weight, connections, rates */
#define NAME_MIN 12
#define OTHER_LINES 7 /* than servers */

static const struct order {
	char key;
	const char *name;
} orders[] = { { 'c', "connections a second" }, { 'a', "active connections" },
	{ 'i', "bytes in" }, { 'o', "bytes out" }, { 'n', "name" }, { 'f', "file" } };

struct row {
	const json_t *director, *server;
	double active, inactive, conns, in, out;
	size_t place; /* in the file */
};

struct rows {
	struct row *list;
	size_t n, cap;
	struct row total;
};

bool top_sorts(char key)
{
	for (size_t i = 0; i < sizeof orders / sizeof *orders; i++)
		if (orders[i].key == key)
			return true;
	return false;
}

static const char *sort_name(char key)
{
	for (size_t i = 0; i < sizeof orders / sizeof *orders; i++)
		if (orders[i].key == key)
			return orders[i].name;
	return "file";
}

size_t top_rows(const struct top_view *v)
{
	return v->lines > OTHER_LINES ? (size_t)(v->lines - OTHER_LINES) : 0;
}

/* ---- rows ---- */

static void add_row(struct rows *r, const json_t *director, const json_t *server)
{
	const json_t *rate = json_object_get(server, "rate");
	struct row row = {
		.director = director,
		.server = server,
		.active = words_real(server, "active"),
		.inactive = words_real(server, "inactive"),
		.conns = words_real(rate, "conns_s"),
		.in = words_real(rate, "in_bytes_s"),
		.out = words_real(rate, "out_bytes_s"),
		.place = r->n,
	};

	r->list = xgrow(r->list, r->n, &r->cap, sizeof *r->list);
	r->list[r->n++] = row;
	r->total.active += row.active;
	r->total.inactive += row.inactive;
	r->total.conns += row.conns;
	r->total.in += row.in;
	r->total.out += row.out;
}

static int compare_names(const struct row *a, const struct row *b)
{
	int c = strcmp(words_of(a->director, "name"), words_of(b->director, "name"));

	return c != 0 ? c
		      : strcmp(words_of(a->server, "name"), words_of(b->server, "name"));
}

/* The busiest first; what is equal as in the file. */
static int compare_rows(const void *x, const void *y, void *sort)
{
	const struct row *a = x, *b = y;
	double more = 0;

	switch (*(const char *)sort) {
	case 'c':
		more = b->conns - a->conns;
		break;
	case 'a':
		more = b->active - a->active;
		break;
	case 'i':
		more = b->in - a->in;
		break;
	case 'o':
		more = b->out - a->out;
		break;
	case 'n':
		more = compare_names(a, b);
		break;
	}
	if (more != 0)
		return more > 0 ? 1 : -1;
	return (a->place > b->place) - (a->place < b->place);
}

static void collect(struct rows *r, const json_t *answer, char sort)
{
	const json_t *director, *server;
	size_t i, j;

	json_array_foreach (json_object_get(answer, "directors"), i, director)
		json_array_foreach (json_object_get(director, "servers"), j, server)
			add_row(r, director, server);
	if (r->n > 0)
		qsort_r(r->list, r->n, sizeof *r->list, compare_rows, &sort);
}

/* ---- lines ---- */

/* The end of a line that overwrites what was there. */
static void end_line(struct buf *out)
{
	buf_str(out, "\033[K\r\n");
}

static void put_number(struct buf *out, double n)
{
	char text[WORDS_MAX];

	buf_printf(out, " %6s", words_count(n, text));
}

/* Columns that are left for names. */
static size_t name_width(const struct top_view *v)
{
	return v->columns > NUMBERS_WIDTH + NAME_MIN
		   ? (size_t)(v->columns - NUMBERS_WIDTH)
		   : NAME_MIN;
}

/* "director/server" in WIDTH columns; the director's name gives way first. */
static void put_name(struct buf *out, const struct row *row, size_t width)
{
	const char *server = words_of(row->server, "name");
	size_t len = strlen(server) + 1, before = out->len;

	words_put(out, words_of(row->director, "name"),
	    len + NAME_MIN < width ? width - len : NAME_MIN);
	buf_str(out, "/");
	words_put(out, server, width - (out->len - before));
	buf_printf(out, "%*s", (int)(width - (out->len - before)), "");
}

static void put_row(struct buf *out, const struct top_view *v, const struct row *row)
{
	struct page p = { .out = out, .colour = v->colour };

	put_name(out, row, name_width(v));
	buf_str(out, " ");
	status_put_state(&p, words_of(row->server, "state"), 9);
	if (json_is_integer(json_object_get(row->server, "table_weight"))) {
		put_number(out, words_real(row->server, "table_weight"));
		put_number(out, row->active);
		put_number(out, row->inactive);
		put_number(out, row->conns);
		put_number(out, row->in);
		put_number(out, row->out);
	}
	end_line(out);
}

static void put_head(
    struct buf *out, const struct top_view *v, const json_t *answer, const struct row *t)
{
	struct page p = { .colour = v->colour };
	struct buf totals = { 0 };
	char text[WORDS_MAX];

	buf_printf(out, "lvsd %s  up %s  ", words_of(answer, "version"),
	    words_time(words_real(answer, "uptime_s"), text));
	buf_printf(out, "%s conn/s", words_count(t->conns, text));
	buf_printf(out, "  %s bytes/s in", words_count(t->in, text));
	buf_printf(out, "  %s out", words_count(t->out, text));
	end_line(out);
	p.out = &totals;
	status_put_totals(&p, json_object_get(answer, "totals"));
	for (char *at = totals.data, *line; (line = strsep(&at, "\n")) != NULL;) {
		if (*line == '\0')
			continue;
		buf_str(out, line);
		end_line(out);
	}
	buf_fini(&totals);
	end_line(out);
}

static void put_foot(struct buf *out, const struct top_view *v, size_t end, size_t n)
{
	struct buf line = { 0 };

	buf_printf(&line, "%zu-%zu of %zu by %s   c a i o n f: order  j k: page  q: quit",
	    end > 0 ? v->first + 1 : 0, end, n, sort_name(v->sort));
	buf_printf(out, "\033[J\033[%d;1H", v->lines);
	words_put(out, line.data, (size_t)v->columns);
	buf_fini(&line);
}

void top_page(const json_t *answer, struct top_view *v, struct buf *out)
{
	struct rows r = { 0 };
	size_t end;

	collect(&r, answer, v->sort);
	if (v->first + top_rows(v) > r.n)
		v->first = r.n > top_rows(v) ? r.n - top_rows(v) : 0;
	end = v->first + top_rows(v) < r.n ? v->first + top_rows(v) : r.n;
	buf_str(out, "\033[H");
	put_head(out, v, answer, &r.total);
	buf_printf(out, "\033[7m%-*s %-9s %6s %6s %6s %6s %6s %6s\033[0m",
	    (int)name_width(v), "SERVER", "STATE", "WEIGHT", "ACTIVE", "INACT", "CONN/S",
	    "IN/S", "OUT/S");
	end_line(out);
	for (size_t i = v->first; i < end; i++)
		put_row(out, v, &r.list[i]);
	put_foot(out, v, end, r.n);
	free(r.list);
}
