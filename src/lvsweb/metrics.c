/*
 * metrics: what a Prometheus asks for.
 *
 * Formats want all samples of a metric together, so the answer goes through the directors
 * once a metric. It has at most so many samples; directors come before servers, those
 * of the file's beginning before others, and how many were left out is a metric, too.
 */
#include "lvsweb/metrics.h"

#include <math.h>
#include <string.h>

#define SAMPLES_MAX 100000
#define PIECE_MAX 16384 /* a piece ends soon behind it */

/* ---- pieces ---- */

void metric_label(struct buf *b, const char *name, const char *value)
{
	if (b->data[b->len - 1] != '{')
		buf_str(b, ",");
	buf_printf(b, "%s=\"", name);
	for (; *value != '\0'; value++) {
		if (*value == '\n')
			buf_str(b, "\\n");
		else if (*value == '"' || *value == '\\')
			buf_printf(b, "\\%c", *value);
		else
			buf_add(b, value, 1);
	}
	buf_str(b, "\"");
}

static void put_sample(
    struct buf *b, const struct metric *f, const struct metric_item *item)
{
	double value = f->value(item);

	if (isnan(value))
		return;
	buf_printf(b, "%s%s", f->name, f->is_counter ? "_total" : "");
	if (f->subject != OF_DAEMON || f->labels != NULL) {
		buf_str(b, "{");
		if (item->director != NULL)
			metric_label(b, "director", item->director->name);
		if (item->server != NULL)
			metric_label(b, "server", item->server->name);
		if (f->labels != NULL)
			f->labels(b, item);
		buf_str(b, "}");
	}
	buf_printf(b, " %.17g\n", value);
}

static void put_metric(struct buf *b, const struct metric *f, bool openmetrics)
{
	const char *suffix = f->is_counter && !openmetrics ? "_total" : "";

	buf_printf(b, "# HELP %s%s %s\n", f->name, suffix, f->help);
	buf_printf(
	    b, "# TYPE %s%s %s\n", f->name, suffix, f->is_counter ? "counter" : "gauge");
	if (openmetrics && f->unit != NULL)
		buf_printf(b, "# UNIT %s %s\n", f->name, f->unit);
}

static size_t count_metrics(enum metric_subject subject)
{
	size_t n = 0;

	for (size_t i = 0; i < metrics_n; i++)
		n += metrics[i].subject == subject;
	return n;
}

size_t metrics_directors(const struct status *s)
{
	size_t room = SAMPLES_MAX / count_metrics(OF_DIRECTOR);

	return s->n_directors < room ? s->n_directors : room;
}

size_t metrics_servers(const struct status *s)
{
	size_t used = metrics_directors(s) * count_metrics(OF_DIRECTOR);
	size_t room = (SAMPLES_MAX - used) / count_metrics(OF_SERVER);

	return s->n_servers < room ? s->n_servers : room;
}

/* The samples of the servers of ITEM's director, from where S is; DONE counts them. */
static void put_servers(struct source *s, struct buf *b, struct metric_item *item)
{
	size_t told = metrics_servers(s->known.status);

	for (size_t i = 0; i < item->director->n_servers && s->done < told; i++) {
		item->server = &item->director->servers[i];
		put_sample(b, &metrics[s->family], item);
		s->done++;
	}
}

/* A director's samples of the family; false behind the last one. */
static bool put_next(struct source *s, struct buf *b)
{
	const struct metric *f = &metrics[s->family];
	const struct status *status = s->known.status;
	struct metric_item item = { .source = s };

	if (f->subject == OF_DAEMON) {
		put_sample(b, f, &item);
		return false;
	}
	if (s->director == status->n_directors ||
	    (f->subject == OF_DIRECTOR && s->director == metrics_directors(status)))
		return false;
	item.director = &status->directors[s->director++];
	if (f->subject == OF_DIRECTOR)
		put_sample(b, f, &item);
	else
		put_servers(s, b, &item);
	return true;
}

static void put_up(struct buf *b, bool up)
{
	buf_printf(b,
	    "# HELP lvsd_up Whether lvsd answers.\n"
	    "# TYPE lvsd_up gauge\n"
	    "lvsd_up %d\n",
	    up);
}

/* SERVER is not needed as a place: 1 says that the beginning was told. */
bool metrics_more(struct source *s, struct buf *piece)
{
	bool up = s->known.error[0] == '\0';

	if (s->server++ == 0)
		put_up(piece, up);
	if (!up)
		s->family = s->family < metrics_n ? metrics_n : s->family;
	while (s->family < metrics_n && piece->len < PIECE_MAX) {
		if (s->director == 0)
			put_metric(piece, &metrics[s->family], s->openmetrics);
		if (put_next(s, piece))
			continue;
		s->family++;
		s->director = s->done = 0;
	}
	if (s->family == metrics_n) {
		s->family++;
		buf_str(piece, s->openmetrics ? "# EOF\n" : "");
	}
	return piece->len > 0;
}
