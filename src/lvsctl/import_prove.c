/*
 * A section is put to the parser as a start of the daemon would put it.
 *
 * A line that is refused becomes a comment with the reason, and the rest is tried
 * again, since one error may have hidden another. A section whose first line is
 * refused, or that never gets right, is refused whole.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"
#include "lvsctl/import.h"
#include "parser/parser.h"

#define ROUNDS_MAX 20
#define INDENT "    "

static bool is_method(const char *line)
{
	return strncmp(line, "option ", 7) == 0 &&
	       memmem(line, strcspn(line + 7, " \n") + 7, "check", 5) != NULL;
}

/* Turns each line of TEXT that has a reason in WHY into a comment. */
static void comment_line(struct buf *text, const char *const *why)
{
	struct import_lines l = { .at = text->data, .end = text->data + text->len };
	struct buf out = { 0 };
	const char *line;
	size_t len;

	while (import_next_line(&l, &line, &len)) {
		if (why[l.line] == NULL) {
			buf_add(&out, line, len);
			buf_str(&out, "\n");
			continue;
		}
		line += strspn(line, " ");
		len = strcspn(line, "\n");
		buf_printf(&out, INDENT "# not imported: %.*s\n" INDENT "#   %s%s\n",
		    (int)(len < 200 ? len : 200), line, why[l.line],
		    is_method(line) ? "; a ping takes its place" : "");
	}
	buf_fini(text);
	*text = out;
}

static size_t count_lines(const struct buf *text)
{
	size_t n = 0;

	for (size_t i = 0; i < text->len; i++)
		n += text->data[i] == '\n';
	return n;
}

/* One parse of TEXT. True when nothing is wrong; else its lines with an error have
 * become comments, or *WHOLE is why none of it can stay. */
static bool prove_once(struct import *im, struct buf *text, const char **whole)
{
	const struct conf_text t = { "lvs.conf", text->data, text->len };
	const char **why = xcalloc(count_lines(text) + 2, sizeof *why);
	struct diags d;
	struct conf *c;

	diags_init(&d);
	c = conf_parse(&t, READ_START, &d);
	for (size_t i = 0; i < d.n; i++) {
		const struct diag *remark = &d.list[i];
		const char *reason;

		if (remark->level != DIAG_ERROR)
			continue;
		reason = import_printf(im, "%s", remark->text);
		if (remark->loc.line <= 1)
			*whole = reason;
		else if (why[remark->loc.line] == NULL)
			why[remark->loc.line] = reason;
	}
	if (c == NULL && *whole == NULL)
		comment_line(text, why);
	diags_fini(&d);
	free(why);
	conf_free(c);
	return c != NULL;
}

const char *import_prove(struct import *im, struct buf *text)
{
	const char *whole = NULL;
	unsigned rounds = 0;

	while (!prove_once(im, text, &whole)) {
		im->lost = true;
		if (whole == NULL && ++rounds == ROUNDS_MAX)
			whole = "too much is wrong with it";
		if (whole != NULL)
			return whole;
	}
	return NULL;
}
