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
#include "parser/build.h"
#include "parser/diag.h"
#include "parser/grammar.h"
#include "parser/validate.h"

void parse_want(struct parse *p, const char *value)
{
	p->in->want = value;
}

static void remark(
    struct parse *p, enum diag_level level, struct loc loc, const char *fmt, va_list ap)
{
	const struct file *f = &p->files[loc.file];

	diag_vadd(p->diags, level, loc, f->name, f->chain, fmt, ap);
}

void parse_error(struct parse *p, struct loc loc, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	remark(p, DIAG_ERROR, loc, fmt, ap);
	va_end(ap);
}

void parse_warning(struct parse *p, struct loc loc, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	remark(p, DIAG_WARNING, loc, fmt, ap);
	va_end(ap);
}

const char *parse_place(struct parse *p, struct loc place, struct loc here)
{
	if (place.file == here.file)
		return arena_printf(p->scratch, "line %u", (unsigned)place.line);
	return arena_printf(
	    p->scratch, "%s:%u", p->files[place.file].name, (unsigned)place.line);
}

static struct conf *conf_new(void)
{
	struct arena *a = arena_new();
	struct conf *c = arena_alloc(a, sizeof *c);

	c->arena = a;
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
static void judge_last_line(struct parse *p, const struct source *in)
{
	struct loc loc = { .line = in->line, .len = 1, .file = in->file_no };
	const char *eol = in->len > 0 ? memrchr(in->text, '\n', in->len) : NULL;
	size_t last = eol != NULL ? in->len - (size_t)(eol + 1 - in->text) : in->len;

	if (last == 0)
		return;
	loc.col = (uint32_t)last + 1;
	if (p->purpose == READ_RELOAD || p->purpose == READ_SENT)
		parse_error(p, loc,
		    "the last line has no newline at its end: the file may be half written");
	else
		parse_warning(p, loc, "the last line has no newline at its end");
}

/* "", or where IN is included from, and where that is. */
static const char *chain(struct parse *p, const struct source *in)
{
	const char *text = "";

	for (; in->includer != NULL; in = in->includer)
		text = arena_printf(p->diags->arena, "%s%s from %s:%u", text,
		    text[0] == '\0' ? " (included" : ",",
		    p->files[in->includer->file_no].name, (unsigned)in->include_line);
	return text[0] == '\0' ? text : arena_printf(p->diags->arena, "%s)", text);
}

void parse_source(struct parse *p, struct source *in, struct conf_text *t)
{
	struct source *before = p->in;
	const size_t errors = p->diags->n_errors;
	struct file *f;

	p->files = xgrow(p->files, p->n_files, &p->cap_files, sizeof *p->files);
	in->file_no = (uint16_t)p->n_files;
	in->text = t->data != NULL ? t->data : "";
	in->len = t->len;
	if (in->len >= 3 &&
	    memcmp(in->text, "\xef\xbb\xbf", 3) == 0) { /* a byte order mark */
		in->text += 3;
		in->len -= 3;
	}
	f = &p->files[p->n_files++];
	f->name = arena_strndup(p->diags->arena, t->name, strlen(t->name));
	f->chain = "";
	f->chain = chain(p, in);
	f->whole = *t;
	f->text = in->text;
	f->len = in->len;
	p->in = in;
	scanner_start(in);
	if (conf_yyparse(p) != 0)
		assert(p->diags->n_errors > errors);
	validate_section(p);
	judge_last_line(p, in);
	p->in = before;
}

/* Gives the remarks their source lines, and the tree the names of its files. */
static void finish_files(struct parse *p)
{
	struct conf *c = p->conf;

	c->files = arena_alloc(p->arena, p->n_files * sizeof *c->files);
	for (size_t i = 0; i < p->n_files; i++) {
		const struct file *f = &p->files[i];

		c->files[i] = arena_strndup(p->arena, f->name, strlen(f->name));
		diags_set_lines(p->diags, (uint16_t)i, f->text, f->len);
	}
	c->n_files = p->n_files;
}

struct conf *conf_parse(
    const struct conf_text *t, enum read_purpose purpose, struct diags *d)
{
	const size_t errors = d->n_errors;
	struct parse *p = xcalloc(1, sizeof *p);
	struct source in = { 0 };
	struct conf_text text = *t;
	struct conf *c = conf_new();

	assert(t->len < INT_MAX);
	p->conf = c;
	p->arena = c->arena;
	p->scratch = arena_new();
	scanner_init(p);
	p->diags = d;
	p->purpose = purpose;
	build_defaults_init(&p->defaults_conf);
	p->included_bytes = t->len;
	include_identify(&in, t->name);
	parse_source(p, &in, &text);
	validate(p);
	finish_files(p);
	for (size_t i = 1; i < p->n_files; i++) /* the first is the caller's */
		conf_text_fini(&p->files[i].whole);
	free(p->files);
	free(p->directors);
	free(p->unfed);
	free(p->servers);
	free(p->own_words);
	unique_fini(&p->names);
	unique_fini(&p->addresses);
	unique_fini(&p->fwmarks);
	unique_fini(&p->in_director);
	arena_free(p->scratch);
	free(p);
	if (d->n_errors == errors)
		return c;
	conf_free(c);
	return NULL;
}
