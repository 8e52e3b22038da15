/*
 * include: another file in the middle of one.
 *
 * The names of a pattern come in the order of their bytes, relative ones from
 * the directory of the file that includes. What is included is read with the
 * same distrust as the main file. Depth, number and bytes of files are bounded,
 * since a few small files could name each other a million times.
 */
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/arena.h"
#include "parser/parse.h"

#define DEPTH_MAX 8
#define FILES_MAX 10000
#define BYTES_MAX (256U * 1024 * 1024)

void include_identify(struct source *in, const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return; /* a text that is no file, or reading it will tell */
	in->dev = st.st_dev;
	in->ino = st.st_ino;
}

/* Is the file of IN one that is being read already? */
static bool is_loop(const struct source *in)
{
	for (const struct source *s = in->includer; s != NULL; s = s->includer)
		if (in->ino != 0 && s->ino == in->ino && s->dev == in->dev)
			return true;
	return false;
}

static unsigned depth(const struct source *in)
{
	unsigned n = 0;

	for (; in->includer != NULL; in = in->includer)
		n++;
	return n;
}

static void read_one(struct parse *p, const char *path, struct loc at)
{
	struct source in = { .includer = p->in, .include_line = at.line };
	struct diags d;
	struct conf_text t;

	include_identify(&in, path);
	if (is_loop(&in)) {
		parse_error(
		    p, at, "%.500s is being read already: it includes itself", path);
		return;
	}
	if (depth(&in) > DEPTH_MAX || p->n_files >= FILES_MAX) {
		parse_error(p, at, "%s",
		    depth(&in) > DEPTH_MAX ? "includes are nested more than 8 deep"
					   : "more than 10000 files are included");
		return;
	}
	diags_init(&d);
	if (!conf_read(&t, path, p->purpose, &d, NULL)) {
		parse_error(p, at, "%.500s: %s", path, d.list[0].text);
	} else if (t.len > BYTES_MAX - p->included_bytes) {
		parse_error(p, at, "all files together are larger than 256 MiB");
		conf_text_fini(&t);
	} else {
		p->included_bytes += t.len;
		parse_source(p, &in, &t);
	}
	diags_fini(&d);
}

/* The directory of the file that is being read, with "/", or "". */
static size_t directory_length(const char *name)
{
	const char *slash = strrchr(name, '/');

	return slash != NULL ? (size_t)(slash + 1 - name) : 0;
}

/* The path of PATTERN; in a GLOB no byte of the directory means anything. */
static const char *full_path(struct parse *p, const char *pattern, bool is_glob)
{
	const char *dir = p->files[p->in->file_no].name;
	const size_t len = pattern[0] == '/' ? 0 : directory_length(dir);
	char *path = arena_alloc(p->scratch, 2 * len + strlen(pattern) + 1), *to = path;

	for (size_t i = 0; i < len; i++) {
		if (is_glob && strchr("*?[]\\", dir[i]) != NULL)
			*to++ = '\\';
		*to++ = dir[i];
	}
	strcpy(to, pattern);
	return strcmp(path, "-") == 0 ? "./-" : path; /* not standard input */
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void include_read(struct parse *p, const struct word *w)
{
	const char *pattern = arena_strndup(p->scratch, w->text, w->len);
	const struct loc at = w->loc;
	const bool is_glob = strpbrk(pattern, "*?[") != NULL;
	const char *path = full_path(p, pattern, is_glob);
	glob_t found = { 0 };

	if (p->purpose == READ_TEXT || p->purpose == READ_SENT) {
		parse_error(p, at, "this text comes from no file and can include none");
		return;
	}
	if (!is_glob) {
		read_one(p, path, at);
		return;
	}
	switch (glob(path, GLOB_NOSORT, NULL, &found)) {
	case 0:
		qsort(found.gl_pathv, found.gl_pathc, sizeof *found.gl_pathv, by_bytes);
		for (size_t i = 0; i < found.gl_pathc; i++)
			read_one(p, found.gl_pathv[i], at);
		break;
	case GLOB_NOMATCH:
		parse_warning(p, at, "no file fits this pattern");
		break;
	default:
		parse_error(p, at, "the directory of this pattern cannot be read");
	}
	globfree(&found);
}
