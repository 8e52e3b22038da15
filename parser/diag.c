/*
 * diag: the remarks about a file, and how they look.
 *
 * A remark is formatted when it comes and put at its place in the order of
 * the file. When the list is full the remark that stands last in the file
 * makes room, so that the first 50 errors of the file are shown. Source lines
 * are filled in at the end, in one walk over the text.
 */
#include "parser/diag.h"

#include <stdlib.h>
#include <string.h>

#include "lib/arena.h"
#include "lib/xalloc.h"

/* A longer line is no help to anybody; the remark goes without it. */
#define LINE_MAX_SHOWN 1000

void diags_init(struct diags *d)
{
	memset(d, 0, sizeof *d);
	d->arena = arena_new();
}

void diags_fini(struct diags *d)
{
	free(d->list);
	arena_free(d->arena);
	memset(d, 0, sizeof *d);
}

static int loc_cmp(const struct loc *a, const struct loc *b)
{
	if (a->file != b->file)
		return a->file < b->file ? -1 : 1;
	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	return (a->col > b->col) - (a->col < b->col);
}

/* Takes away the last remark of LEVEL if it stands behind LOC. */
static bool make_room(struct diags *d, enum diag_level level, const struct loc *loc)
{
	size_t last = d->n;

	while (last > 0 && d->list[last - 1].level != level)
		last--;
	if (last == 0 || loc_cmp(&d->list[last - 1].loc, loc) <= 0)
		return false;
	memmove(&d->list[last - 1], &d->list[last], (d->n - last) * sizeof *d->list);
	d->n--;
	return true;
}

/* Is this remark there? Lines of defaults are judged for every director. */
static bool is_known(
    const struct diags *d, enum diag_level level, const struct loc *loc, const char *text)
{
	for (size_t i = d->n; i > 0; i--) {
		const struct diag *g = &d->list[i - 1];
		int order = loc_cmp(&g->loc, loc);

		if (order < 0)
			return false;
		if (order == 0 && g->level == level && strcmp(g->text, text) == 0)
			return true;
	}
	return false;
}

void diag_vadd(struct diags *d, enum diag_level level, struct loc loc, const char *file,
    const char *chain, const char *fmt, va_list ap)
{
	size_t *count = level == DIAG_ERROR ? &d->n_errors : &d->n_warnings;
	char text[2048];
	size_t at, len;

	vsnprintf(text, sizeof text, fmt, ap);
	len = strlen(text);
	snprintf(text + len, sizeof text - len, "%s", chain);
	if (is_known(d, level, &loc, text))
		return;
	if ((*count)++ >= DIAGS_MAX && !make_room(d, level, &loc))
		return;
	d->list = xgrow(d->list, d->n, &d->cap, sizeof *d->list);
	at = d->n;
	while (at > 0 && loc_cmp(&d->list[at - 1].loc, &loc) > 0)
		at--;
	memmove(&d->list[at + 1], &d->list[at], (d->n - at) * sizeof *d->list);
	d->list[at] = (struct diag){
		.level = level,
		.loc = loc,
		.file = file,
		.text = arena_strndup(d->arena, text, strlen(text)),
	};
	d->n++;
}

void diags_refuse(struct diags *d, const char *file, const char *fmt, ...)
{
	struct loc whole = { 0 };
	va_list ap;

	va_start(ap, fmt);
	diag_vadd(d, DIAG_ERROR, whole, file, "", fmt, ap);
	va_end(ap);
}

/* A copy of a source line in which no byte can confuse a terminal. */
static const char *line_copy(struct diags *d, const char *s, size_t len)
{
	char *line = arena_strndup(d->arena, s, len);

	for (size_t i = 0; i < len; i++)
		if (((unsigned char)line[i] < ' ' && line[i] != '\t') || line[i] == 0x7f)
			line[i] = '?';
	return line;
}

void diags_set_lines(struct diags *d, uint16_t file, const char *text, size_t len)
{
	const char *at = text, *end = text + len;
	uint32_t line = 1;

	for (size_t i = 0; i < d->n; i++) {
		struct diag *r = &d->list[i];
		const char *eol;

		if (r->loc.file != file || r->loc.line == 0 || r->line != NULL)
			continue;
		while (
		    line < r->loc.line && (eol = memchr(at, '\n', (size_t)(end - at)))) {
			at = eol + 1;
			line++;
		}
		eol = memchr(at, '\n', (size_t)(end - at));
		if (eol == NULL)
			eol = end;
		if (eol > at && eol[-1] == '\r')
			eol--;
		if (eol - at <= LINE_MAX_SHOWN)
			r->line = line_copy(d, at, (size_t)(eol - at));
	}
}

/* Further bytes of a character that stands in one column already. */
static bool is_continuation(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

static void print_source(FILE *out, const struct diag *d)
{
	const char *s = d->line;
	uint32_t col = 1;

	fprintf(out, "%s\n", s);
	for (; col < d->loc.col; col++) {
		if (!is_continuation(*s))
			putc(*s == '\t' ? '\t' : ' ', out);
		if (*s != '\0')
			s++;
	}
	putc('^', out);
	for (uint32_t i = 1; i < d->loc.len && *s != '\0' && *++s != '\0'; i++)
		if (!is_continuation(*s))
			putc('~', out);
	putc('\n', out);
}

void diag_print(FILE *out, const struct diag *d)
{
	fputs(d->file, out);
	if (d->loc.line != 0)
		fprintf(out, ":%u:%u", (unsigned)d->loc.line, (unsigned)d->loc.col);
	fprintf(out, ": %s: %s\n", d->level == DIAG_ERROR ? "error" : "warning", d->text);
	if (d->line != NULL && d->loc.line != 0)
		print_source(out, d);
}

void diags_print(FILE *out, const struct diags *d)
{
	for (size_t i = 0; i < d->n; i++)
		diag_print(out, &d->list[i]);
	if (d->n_errors > DIAGS_MAX)
		fprintf(out, "%zu more errors are not shown\n", d->n_errors - DIAGS_MAX);
	if (d->n_warnings > DIAGS_MAX)
		fprintf(
		    out, "%zu more warnings are not shown\n", d->n_warnings - DIAGS_MAX);
}
