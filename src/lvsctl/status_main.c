/*
 * status: the page is written while the answer comes, so that of ten thousand directors
 * the first are there at once.
 *
 * The head of the answer, each director and its end are lines of it. The first directors
 * wait for each other, as the columns are as wide as what stands in them; when one that
 * comes later needs more, they are wider from there on.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"
#include "lvsctl/incoming.h"
#include "lvsctl/lvsctl.h"
#include "lvsctl/status.h"
#include "lvsctl/words.h"

#define PIECE (64 * 1024) /* that is written at once */
#define FIRST (16 * 1024) /* what the first directors wait for */

struct reading {
	struct incoming in;
	struct buf out;
	struct page page;
	bool whole;	 /* of all directors, with the daemon */
	json_t *head;	 /* NULL: it was not there yet */
	json_t *waiting; /* directors */
	size_t taken;	 /* bytes of directors */
	size_t shown;	 /* directors */
	bool written;	 /* something was */
};

/* ---- the page ---- */

static bool flush(struct reading *r)
{
	r->written = true;
	return incoming_show(&r->in, &r->out);
}

static void show_director(struct reading *r, const json_t *director)
{
	status_fit(&r->page, director);
	if (r->whole || r->shown > 0)
		buf_str(&r->out, "\n");
	status_put_director(&r->page, director);
	r->shown++;
}

/* Those that waited. */
static void show_first(struct reading *r)
{
	json_t *director;
	size_t i;

	json_array_foreach (r->waiting, i, director)
		status_fit(&r->page, director);
	if (r->whole)
		status_put_daemon(&r->page, r->head);
	json_array_foreach (r->waiting, i, director)
		show_director(r, director);
	json_decref(r->waiting);
	r->waiting = NULL;
}

/* Takes DIRECTOR over. False: what there is cannot be written. */
static bool take_director(struct reading *r, json_t *director, size_t len)
{
	r->taken += len;
	if (r->waiting != NULL) {
		json_array_append_new(r->waiting, director);
		if (r->taken < FIRST)
			return true;
		show_first(r);
		return flush(r);
	} else {
		show_director(r, director);
		json_decref(director);
	}
	return r->out.len < PIECE || flush(r);
}

/* ---- the answer ---- */

/* The JSON of what stands between BEFORE and AFTER, which it needs to be an object. */
static json_t *parse(const char *before, const char *text, size_t len, const char *after)
{
	struct buf b = { 0 };
	json_t *o;

	buf_str(&b, before);
	buf_add(&b, text, len);
	buf_str(&b, after);
	o = json_loadb(b.data, b.len, 0, NULL);
	buf_fini(&b);
	return o;
}

static json_t *read_head(struct reading *r)
{
	size_t len;
	const char *line = incoming_line(&r->in, &len);

	if (line == NULL)
		return NULL;
	/* A refusal is an object of its own. */
	if (len >= 2 && line[len - 2] == '[')
		return parse("", line, len - 1, "]}");
	return json_loadb(line, len, 0, NULL);
}

/* Shows directors until the line behind the last, which is returned. NULL: there is none;
 * *STATUS is set when what there is cannot be written. */
static json_t *read_directors(struct reading *r, int *status)
{
	const char *line;
	size_t len;

	while ((line = incoming_line(&r->in, &len)) != NULL && *line != ']') {
		/* An object, a comma, a newline. */
		size_t object = len - (len >= 2 && line[len - 2] == ',' ? 2 : 1);
		json_t *director = json_loadb(line, object, 0, NULL);

		if (director == NULL)
			return NULL;
		if (!take_director(r, director, len)) {
			*status = CTL_REFUSED;
			return NULL;
		}
	}
	return line != NULL ? parse("{\"directors\":[", line, len, "") : NULL;
}

/* The exit status, or CTL_WRONG: a reload came in between, before there was a word. */
static int show_end(struct reading *r, const json_t *end)
{
	bool cut = json_is_false(json_object_get(end, "complete"));

	if (cut && !r->written)
		return CTL_WRONG;
	if (r->waiting != NULL)
		show_first(r);
	if (r->whole)
		status_put_end(&r->page, end);
	if (!flush(r))
		return CTL_REFUSED;
	if (cut)
		call_print_cut();
	return cut ? CTL_REFUSED : CTL_DONE;
}

/* As show_end(). */
static int show_answer(struct reading *r)
{
	int status = CTL_DONE;
	json_t *end;

	r->head = read_head(r);
	if (json_is_false(json_object_get(r->head, "ok"))) {
		call_print_refusal(r->head);
		return CTL_REFUSED;
	}
	end = r->head != NULL ? read_directors(r, &status) : NULL;
	if (end != NULL)
		status = show_end(r, end);
	else if (status == CTL_DONE) {
		incoming_print_broken(&r->in);
		status = CTL_NO_DAEMON;
	}
	json_decref(end);
	return status;
}

static int show_once(const struct call *c, const char *request)
{
	struct reading r = { .whole = c->n == 0 };
	int status;

	if (!incoming_open(&r.in, call_socket(c), request))
		return CTL_NO_DAEMON;
	r.page = (struct page){ .out = &r.out, .colour = words_colour() };
	r.page.name = (int)strlen("SERVER");
	r.page.address = (int)strlen("ADDRESS");
	r.waiting = json_array();
	status = show_answer(&r);
	json_decref(r.head);
	json_decref(r.waiting);
	buf_fini(&r.out);
	incoming_fini(&r.in);
	return status;
}

int status_main(const struct call *c)
{
	char *request;
	int status = CTL_WRONG;

	if (c->json)
		return call_plain(c);
	if (c->n > 0 && strchr(c->words[0], '\n') != NULL)
		return CTL_WRONG;
	request =
	    xasprintf("show brief%s%s", c->n > 0 ? " " : "", c->n > 0 ? c->words[0] : "");
	for (int i = 0; status == CTL_WRONG && i < CALL_TRIES; i++)
		status = show_once(c, request);
	free(request);
	if (status != CTL_WRONG)
		return status;
	call_print_cut();
	return CTL_REFUSED;
}
