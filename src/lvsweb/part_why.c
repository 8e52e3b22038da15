/* Why a director or server is in its state, in words. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lvsweb/html.h"
#include "lvsweb/parts.h"

/* ---- a director ---- */

void part_director_why(struct buf *b, const struct web_director *d)
{
	static const struct {
		const char *state, *means;
	} meanings[] = {
		{ "sorry", "the sorry servers serve: " },
		{ "panic", "too few are up, so all are used: " },
		{ "down", "nobody serves: " },
		{ "failed", "it is not in the kernel: " },
	};

	for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++)
		if (strcmp(meanings[i].state, d->state) == 0)
			buf_str(b, meanings[i].means);
	buf_printf(b, "%" PRId64 " of %" PRId64 " usable", d->usable, d->total);
	if (d->quorum > 1)
		buf_printf(b, ", quorum %" PRId64, d->quorum);
}

/* ---- a server ---- */

/* Between one piece and the next; BEGIN is where the first began. */
static void next(struct buf *b, size_t begin)
{
	if (b->len > begin)
		buf_str(b, "; ");
}

/* Coarse, or a row would change with every check. */
static void put_took(struct buf *b, int64_t us)
{
	if (us < 1000)
		buf_str(b, ", under 1 ms");
	else if (us < 1000000)
		buf_printf(b, ", %" PRId64 " ms", us / 1000);
	else
		buf_printf(b, ", %.1f s", (double)us / 1e6);
}

/* A status says what an answer was worth; an errno is in the words already. */
static bool has_status(const struct web_check *c)
{
	return strncmp(c->method, "http", 4) == 0 && c->code >= 100 && c->code <= 999;
}

static void put_check(struct buf *b, const struct web_check *c)
{
	bool is_ok = strcmp(c->reason, "ok") == 0;

	html_text(b, c->method);
	buf_str(b, is_ok ? " " : ": ");
	html_text(b, c->means);
	if (!is_ok && has_status(c))
		buf_printf(b, " %" PRId64, c->code);
	if (strcmp(c->reason, "none") != 0)
		put_took(b, c->duration_us);
}

static void put_operator(struct buf *b, const struct scene *s, const struct web_server *v)
{
	size_t begin = b->len;
	const char *comma;
	char text[32];
	struct tm tm;
	time_t until;

	if (strcmp(v->operator_says, "drain") == 0 ||
	    strcmp(v->operator_says, "maint") == 0)
		buf_str(b, "taken out by an operator");
	comma = b->len > begin ? ", " : "";
	if (v->standing == STANDING_DRAIN && v->cut_in_s < 0)
		buf_printf(b, "%skeeps its connections", comma);
	if (v->in_table && v->cut_in_s >= 0) {
		until = s->known->status->taken + (time_t)(v->cut_in_s + 0.5);
		strftime(text, sizeof text, "%H:%M:%S", gmtime_r(&until, &tm));
		buf_printf(b, "%skeeps its connections until %s UTC", comma, text);
	}
}

static bool is_fine(const struct web_check *c)
{
	return strcmp(c->reason, "ok") == 0 || strcmp(c->reason, "none") == 0;
}

static void put_agent(struct buf *b, size_t begin, const struct web_server *v)
{
	if (*v->agent_admin != '\0' && strcmp(v->agent_admin, "ready") != 0) {
		next(b, begin);
		buf_str(b, "its agent says ");
		html_text(b, v->agent_admin);
	}
	if (strcmp(v->agent_service, "down") == 0) {
		next(b, begin);
		buf_str(b, "its agent says down");
	}
	if (v->agent_percent >= 0 && v->agent_percent != 100) {
		next(b, begin);
		buf_printf(b, "its agent says %" PRId64 "%%", v->agent_percent);
	}
	if (v->agent.method != NULL && !is_fine(&v->agent)) {
		next(b, begin);
		put_check(b, &v->agent);
	}
}

void part_why(struct buf *b, const struct scene *s, const struct web_server *v)
{
	size_t begin = b->len;

	put_operator(b, s, v);
	put_agent(b, begin, v);
	if (v->operator_weight >= 0) {
		next(b, begin);
		buf_printf(b, "an operator gave it weight %" PRId64, v->operator_weight);
	}
	if (v->sorry) {
		next(b, begin);
		buf_str(b, "sorry server");
	}
	/* Who was taken out is not asked how he is, unless he is not well. */
	if (v->check.method != NULL && (!is_fine(&v->check) || b->len == begin)) {
		next(b, begin);
		put_check(b, &v->check);
	} else if (b->len == begin) {
		next(b, begin);
		buf_str(b, "no check");
	}
}
