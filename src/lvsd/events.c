/*
 * A ring of lines. A follower is the number of the line that he gets next.
 */
#include "lvsd/events.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <time.h>

#include "lib/xalloc.h"
#include "lvsd/put.h"

#define RING 4096
#define LINES_A_PIECE 200

struct follower {
	struct reply base;
	LIST_ENTRY(follower) entry;
	struct events *events;
	uint64_t next; /* the number of the line that comes next */
	uint64_t end;  /* behind the last one; UINT64_MAX: there is none */
};

struct events {
	char *ring[RING]; /* the line with the number N is at N % RING */
	uint64_t next;	  /* the number of the next line; they begin with 1 */
	struct buf line;  /* that is being made */
	time_t second;	  /* of the line before, with its words: many come at once */
	char time[40];
	LIST_HEAD(, follower) followers;
};

struct events *events_new(void)
{
	struct events *e = xcalloc(1, sizeof *e);

	e->next = 1;
	LIST_INIT(&e->followers);
	return e;
}

void events_free(struct events *e)
{
	if (e == NULL)
		return;
	for (size_t i = 0; i < RING; i++)
		free(e->ring[i]);
	buf_fini(&e->line);
	free(e);
}

/* ---- lines ---- */

/* Begins a line; NULL when nobody keeps any. */
static struct buf *begin(const struct lvsd *l, const char *kind)
{
	struct events *e = l->events;
	struct timespec now;
	struct tm tm;

	if (e == NULL)
		return NULL;
	clock_gettime(CLOCK_REALTIME, &now);
	if (now.tv_sec != e->second) {
		gmtime_r(&now.tv_sec, &tm);
		strftime(e->time, sizeof e->time, "%Y-%m-%dT%H:%M:%S", &tm);
		e->second = now.tv_sec;
	}
	e->line.len = 0;
	buf_str(&e->line, "{\"event\":");
	put_quoted(&e->line, kind);
	put_integer(&e->line, "number", (int64_t)e->next);
	buf_printf(&e->line, ",\"time\":\"%s.%03ldZ\"", e->time, now.tv_nsec / 1000000);
	return &e->line;
}

/* Ends the line, and takes it in the place of the one that is the oldest. */
static void end(const struct lvsd *l)
{
	struct events *e = l->events;
	char **place = &e->ring[e->next % RING];
	struct follower *f;

	buf_str(&e->line, "}\n");
	free(*place);
	*place = xstrdup(e->line.data);
	e->next++;
	LIST_FOREACH (f, &e->followers, entry)
		f->base.ready(f->base.writer);
}

static uint64_t oldest(const struct events *e)
{
	return e->next > RING ? e->next - RING : 1;
}

/* ---- what happens ---- */

void events_server(
    const struct lvsd *l, const struct server_state *s, enum health_state was)
{
	const struct probe_state *p = &l->state->probes[s->probe];
	struct buf *b = begin(l, "server");

	if (b == NULL)
		return;
	put_text(b, "director", s->director->conf->name);
	put_text(b, "server", s->conf->name);
	put_text(b, "was", health_name(was));
	put_text(b, "is", health_name(s->health.state));
	put_text(b, "reason", reason_name(p->reason));
	put_text(b, "means", reason_text(p->reason));
	put_integer(b, "code", p->code);
	put_integer(b, "duration_us", p->duration_us);
	end(l);
}

static const char *serving_word(enum serving s)
{
	switch (s) {
	case SERVING_SERVERS:
		return "servers";
	case SERVING_SORRY:
		return "sorry";
	case SERVING_PANIC:
		return "panic";
	case SERVING_NOBODY:
		return "nobody";
	case SERVING_NOT_YET:
		break;
	}
	return "unknown";
}

void events_serving(
    const struct lvsd *l, const struct director_state *d, enum serving was)
{
	struct buf *b = begin(l, "director");

	if (b == NULL)
		return;
	put_text(b, "director", d->conf->name);
	put_text(b, "was", serving_word(was));
	put_text(b, "is", serving_word(d->serving));
	end(l);
}

void events_agent(
    const struct lvsd *l, const struct server_state *s, const char *was, const char *now)
{
	struct buf *b = begin(l, "agent");

	if (b == NULL)
		return;
	put_text(b, "director", s->director->conf->name);
	put_text(b, "server", s->conf->name);
	put_text(b, "was", was);
	put_text(b, "is", now);
	end(l);
}

void events_fault(const struct lvsd *l, const struct director_state *d)
{
	struct buf *b = begin(l, "fault");

	if (b == NULL)
		return;
	put_text(b, "director", d->conf->name);
	put_text(b, "fault", d->fault.text);
	end(l);
}

void events_decision(const struct lvsd *l, const char *director, const char *server,
    const char *what, size_t n)
{
	struct buf *b = begin(l, "operator");

	if (b == NULL)
		return;
	put_text(b, "director", director);
	put_text(b, "server", server);
	put_text(b, "says", what);
	put_integer(b, "servers", (int64_t)n);
	end(l);
}

void events_reload(const struct lvsd *l)
{
	struct buf *b = begin(l, "reload");
	char error[1000];

	if (b == NULL)
		return;
	put_bool(b, "done", l->reload.error == NULL);
	/* All that the parser says may be long. */
	if (l->reload.error != NULL)
		snprintf(error, sizeof error, "%s", l->reload.error);
	put_text(b, "error", l->reload.error != NULL ? error : NULL);
	put_integer(b, "operations", (int64_t)l->reload.n_ops);
	end(l);
}

void events_note(const struct lvsd *l, const char *kind, const char *what)
{
	struct buf *b = begin(l, kind);

	if (b == NULL)
		return;
	put_text(b, "what", what);
	end(l);
}

/* ---- who asks ---- */

static enum reply_next follower_more(struct reply *r, struct buf *out)
{
	struct follower *f = (struct follower *)r;
	const struct events *e = f->events;

	if (f->next < oldest(e)) {
		buf_str(out, "{\"event\":\"lost\"");
		put_integer(out, "lost", (int64_t)(oldest(e) - f->next));
		buf_str(out, "}\n");
		return REPLY_END;
	}
	for (int n = 0; n < LINES_A_PIECE && f->next < e->next && f->next < f->end; n++)
		buf_str(out, e->ring[f->next++ % RING]);
	if (f->next >= f->end)
		return REPLY_END;
	return f->next < e->next ? REPLY_MORE : REPLY_LATER;
}

static void follower_free(struct reply *r)
{
	struct follower *f = (struct follower *)r;

	LIST_REMOVE(f, entry);
	free(f);
}

static const struct reply_ops follower_ops = { follower_more, follower_free };

/* Until somebody writes it nobody is to be told. */
static void no_writer(void *writer)
{
	(void)writer;
}

struct reply *events_reply(struct events *e, bool follow)
{
	struct follower *f = xcalloc(1, sizeof *f);

	f->base.ops = &follower_ops;
	f->base.ready = no_writer;
	f->events = e;
	f->next = oldest(e);
	f->end = follow ? UINT64_MAX : e->next;
	LIST_INSERT_HEAD(&e->followers, f, entry);
	return &f->base;
}

json_t *events_about(const struct events *e, const struct server_state *s, size_t max)
{
	/* Names hold nothing that is escaped. */
	char *mark = xasprintf("\"director\":\"%s\",\"server\":\"%s\",",
	    s->director->conf->name, s->conf->name);
	json_t *list = json_array();

	for (uint64_t i = e->next; i > oldest(e) && json_array_size(list) < max; i--) {
		const char *line = e->ring[(i - 1) % RING];

		if (strstr(line, mark) != NULL)
			json_array_insert_new(list, 0, json_loads(line, 0, NULL));
	}
	free(mark);
	return list;
}
