/*
 * lvsctl import: reads another balancer's configuration, prints an lvs.conf.
 *
 * Which of the three kinds it is, its first statement tells. Nothing is fetched,
 * carried out or resolved, and the size of the input is bounded. What could not be
 * translated is a comment in the output, and said by the exit status.
 */
#include "lvsctl/import.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/arena.h"
#include "lvsctl/lvsctl.h"
#include "parser/parser.h"

#define SIZE_MAX_BYTES (16U * 1024 * 1024)

static bool read_input(struct conf_text *t, const char *path)
{
	struct diags d;
	bool good;

	diags_init(&d);
	good = conf_read(t, path, READ_CHECK, &d, NULL);
	diags_print(stderr, &d);
	diags_fini(&d);
	return good;
}

/* A file with other control bytes is none of these, and could not be quoted. */
static bool is_text(struct import *im)
{
	unsigned line = 1;

	if (im->len > SIZE_MAX_BYTES)
		return import_refuse(im, 0, "larger than 16 MiB");
	for (size_t i = 0; i < im->len; i++) {
		unsigned char c = (unsigned char)im->text[i];
		bool ends_line = c == '\r' && i + 1 < im->len && im->text[i + 1] == '\n';

		line += c == '\n';
		if ((c < ' ' && c != '\t' && c != '\n' && !ends_line) || c == 0x7f)
			return import_refuse(
			    im, line, "a control byte (0x%02x): is this a text file?", c);
	}
	return true;
}

/* ---- which kind ---- */

static bool begins(const char *s, size_t len, const char *word)
{
	size_t n = strlen(word);

	return len >= n && memcmp(s, word, n) == 0 &&
	       (len == n || strchr(" \t{", s[n]) != NULL);
}

/* "key = value", where the key is one word. */
static bool is_assignment(const char *s, size_t len)
{
	size_t n = 0;

	while (n < len && ((s[n] >= 'a' && s[n] <= 'z') || (s[n] >= '0' && s[n] <= '9')))
		n++;
	if (n == 0)
		return false;
	while (n < len && (s[n] == ' ' || s[n] == '\t'))
		n++;
	return n < len && s[n] == '=';
}

/* The first line that is neither empty nor a comment decides. */
static bool read_kind(struct import *im)
{
	struct import_lines l = { .at = im->text, .end = im->text + im->len };
	const char *s;
	size_t len;

	while (import_next_line(&l, &s, &len)) {
		for (; len > 0 && (*s == ' ' || *s == '\t'); len--)
			s++;
		if (len == 0 || *s == '#' || *s == '!')
			continue;
		if (*s == '-' || begins(s, len, "ipvsadm") || *s == '/') {
			im->kind = "ipvsadm";
			return import_ipvsadm(im);
		}
		if (is_assignment(s, len)) {
			im->kind = "ldirectord";
			return import_ldirectord(im);
		}
		if (begins(s, len, "director") || begins(s, len, "global") ||
		    begins(s, len, "defaults") || begins(s, len, "flow"))
			return import_refuse(im, l.line, "this is an lvs.conf already");
		if (memchr(s, '{', (size_t)(l.end - s)) == NULL)
			break;
		im->kind = "keepalived";
		return import_keepalived(im);
	}
	return import_refuse(im, l.line,
	    "neither a keepalived.conf, nor an ldirectord.cf, nor the output of "
	    "ipvsadm -Sn");
}

/* ---- all of it ---- */

void import_init(struct import *im, const char *file, const char *text, size_t len)
{
	*im = (struct import){
		.arena = arena_new(), .file = file, .text = text, .len = len
	};
	STAILQ_INIT(&im->notes);
	STAILQ_INIT(&im->directors);
}

void import_fini(struct import *im)
{
	arena_free(im->arena);
}

bool import_translate(struct import *im, struct buf *out)
{
	struct import_director *d;

	if (!is_text(im) || !read_kind(im))
		return false;
	STAILQ_FOREACH (d, &im->directors, entry)
		import_settle(im, d);
	import_write(im, out);
	return true;
}

static int print(struct import *im, const struct buf *out)
{
	if (fwrite(out->data, 1, out->len, stdout) != out->len || fflush(stdout) != 0) {
		perror("lvsctl: cannot write");
		return CTL_REFUSED;
	}
	if (!im->lost)
		return CTL_DONE;
	fprintf(stderr, "%s: not all of it has an equal: see the comments\n", im->file);
	return CTL_IMPORTED_PARTLY;
}

int import_main(const struct call *c)
{
	struct buf out = { 0 };
	struct conf_text t;
	struct import im;
	int status = CTL_REFUSED;

	if (!read_input(&t, c->words[0]))
		return CTL_REFUSED;
	import_init(&im, t.name, t.data, t.len);
	if (import_translate(&im, &out))
		status = print(&im, &out);
	import_fini(&im);
	buf_fini(&out);
	conf_text_fini(&t);
	return status;
}
