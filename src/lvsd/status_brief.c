/* A column is written once all of it is known to be the same, or not. */
#include "lvsd/status_brief.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"
#include "lvsd/put.h"
#include "lvsd/service.h"

/* A server, as far as it has to be looked up. */
struct row {
	const struct server_state *s;
	const struct ipvs_dest *dest; /* NULL: it is not in the table */
	const char *state;
};

struct column {
	enum { NAME, ADDRESS, STATE, SINCE, NUMBER, REST } what;
	size_t number; /* of a destination, a uint32_t: where it is */
};

/* In the order of doc/control.md. */
static const struct column columns[] = {
	{ NAME, 0 },
	{ ADDRESS, 0 },
	{ STATE, 0 },
	{ SINCE, 0 },
	{ NUMBER, offsetof(struct ipvs_dest, weight) },
	{ NUMBER, offsetof(struct ipvs_dest, active) },
	{ NUMBER, offsetof(struct ipvs_dest, inactive) },
	{ REST, 0 },
};

/* -1: it is not in the table. */
static int64_t number_of(const struct column *c, const struct row *r)
{
	const char *dest = (const char *)r->dest;

	if (dest == NULL)
		return -1;
	return *(const uint32_t *)(const void *)(dest + c->number);
}

static uint64_t since_ms(const struct status_view *v, const struct row *r)
{
	return (v->now_us - r->s->since_us) / 1000;
}

/* A and B have the same in C. What servers are known by is never looked at. */
static bool is_same(const struct status_view *v, const struct column *c,
    const struct row *a, const struct row *b)
{
	switch (c->what) {
	case STATE:
		return strcmp(a->state, b->state) == 0;
	case SINCE:
		return since_ms(v, a) == since_ms(v, b);
	case NUMBER:
		return number_of(c, a) == number_of(c, b);
	case REST:
		return !status_server_has_rest(v, a->s) &&
		       !status_server_has_rest(v, b->s);
	case NAME:
	case ADDRESS:
		break;
	}
	return false;
}

static void put_value(const struct status_view *v, const struct column *c,
    const struct row *r, struct buf *b)
{
	char addr[ADDR_TEXT_MAX];

	switch (c->what) {
	case NAME:
		put_quoted(b, r->s->conf->name);
		break;
	case ADDRESS:
		put_quoted(b, addr_port_text(&r->s->conf->addr, r->s->conf->port, addr));
		break;
	case STATE:
		put_quoted(b, r->state);
		break;
	case SINCE:
		put_thousandths(b, since_ms(v, r));
		break;
	case NUMBER:
		if (r->dest != NULL)
			put_digits(b, number_of(c, r));
		else
			buf_str(b, "null");
		break;
	case REST:
		if (status_server_has_rest(v, r->s))
			status_server_rest(v, r->s, b);
		else
			buf_str(b, "null");
		break;
	}
}

static void put_column(const struct status_view *v, const struct column *c,
    const struct row *rows, size_t n, struct buf *b)
{
	size_t same = 0;

	while (same < n && is_same(v, c, rows, &rows[same]))
		same++;
	buf_str(b, c == columns ? "[" : ",");
	if (same == n) {
		put_value(v, c, rows, b);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		buf_str(b, i == 0 ? "[" : ",");
		put_value(v, c, &rows[i], b);
	}
	buf_str(b, "]");
}

void status_brief(const struct status_view *v, const struct server_state *servers,
    size_t n, struct buf *b)
{
	struct row *rows = xcalloc(n, sizeof *rows);

	for (size_t i = 0; i < n; i++) {
		const struct ipvs_dest *dest = service_find(&servers[i], &v->now);

		rows[i] = (struct row){ &servers[i], dest,
			status_server_word(&servers[i], dest != NULL) };
	}
	for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
		put_column(v, &columns[i], rows, n, b);
	buf_str(b, "]");
	free(rows);
}
