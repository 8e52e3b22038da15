/*
 * parser: one text in, one tree or a list of errors out.
 *
 * Scanner and grammar build the tree and go on after each error; validation
 * then completes it, in the presence of syntax errors too, so that one run
 * shows all that is wrong. The tree is handed out only without an error.
 */
#include "parser/parser.h"

#include <assert.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "lib/arena.h"
#include "lib/xalloc.h"
#include "parser/diag.h"
#include "parser/grammar.h"
#include "parser/validate.h"

void parse_want(struct parse *p, const char *value)
{
	p->want = value;
}

void parse_error(struct parse *p, struct loc loc, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	diag_vadd(p->diags, DIAG_ERROR, loc, p->file, fmt, ap);
	va_end(ap);
}

void parse_warning(struct parse *p, struct loc loc, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	diag_vadd(p->diags, DIAG_WARNING, loc, p->file, fmt, ap);
	va_end(ap);
}

static struct conf *conf_new(const char *name)
{
	struct arena *a = arena_new();
	struct conf *c = arena_alloc(a, sizeof *c);

	c->arena = a;
	c->files = arena_alloc(a, sizeof *c->files);
	c->files[0] = arena_strndup(a, name, strlen(name));
	c->n_files = 1;
	c->control.mode = c->status.mode = 0660;
	STAILQ_INIT(&c->directors);
	STAILQ_INIT(&c->flows);
	return c;
}

void conf_free(struct conf *c)
{
	if (c != NULL)
		arena_free(c->arena);
}

/* A file may have been cut anywhere; at a line's end it cannot be seen. */
static void judge_last_line(struct parse *p, const char *text, size_t len)
{
	struct loc loc = { .line = p->line, .len = 1, .file = p->file_no };
	const char *eol = len > 0 ? memrchr(text, '\n', len) : NULL;
	size_t last = eol != NULL ? len - (size_t)(eol + 1 - text) : len;

	if (last == 0)
		return;
	loc.col = (uint32_t)last + 1;
	if (p->purpose == READ_RELOAD)
		parse_error(p, loc,
		    "the last line has no newline at its end: the file may be half written");
	else
		parse_warning(p, loc, "the last line has no newline at its end");
}

struct conf *conf_parse(
    const struct conf_text *t, enum read_purpose purpose, struct diags *d)
{
	const size_t errors = d->n_errors;
	const char *text = t->data;
	size_t len = t->len;
	struct parse *p = xcalloc(1, sizeof *p);
	struct conf *c = conf_new(t->name);

	assert(len < INT_MAX);
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) { /* a byte order mark */
		text += 3;
		len -= 3;
	}
	p->conf = c;
	p->arena = c->arena;
	p->scratch = arena_new();
	p->diags = d;
	p->file = arena_strndup(d->arena, t->name, strlen(t->name));
	p->purpose = purpose;
	scanner_start(p, text, len);
	if (conf_yyparse(p) != 0)
		assert(d->n_errors > errors);
	judge_last_line(p, text, len);
	validate(p);
	scanner_stop(p);
	diags_set_lines(d, p->file_no, text, len);
	arena_free(p->scratch);
	free(p);
	if (d->n_errors == errors)
		return c;
	conf_free(c);
	return NULL;
}
