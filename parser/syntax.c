/*
 * syntax: what to say about a word that cannot stand where it stands.
 *
 * The grammar knows which keywords could stand there; from those, and from the
 * words before, comes a message for people: what is missing, what may have
 * been meant, what may stand there. What is no slip has an answer of its own
 * (answers.c).
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "parser/parse.h"

#define SLIP_LEN_MAX 32

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
	unsigned m = a < b ? a : b;

	return m < c ? m : c;
}

/*
 * How many letters must be added, left out, changed or swapped with their
 * neighbour to make S of W; upper and lower case are the same.
 */
static unsigned distance(const struct word *w, const char *s)
{
	unsigned rows[3][SLIP_LEN_MAX + 1];
	unsigned *before = rows[0], *last = rows[1], *row = rows[2];
	size_t len = strlen(s);

	for (unsigned j = 0; j <= len; j++)
		last[j] = j;
	for (unsigned i = 1; i <= w->len; i++) {
		unsigned *spare = before;
		char c = lower(w->text[i - 1]);

		row[0] = i;
		for (unsigned j = 1; j <= len; j++) {
			row[j] = min3(last[j] + 1, row[j - 1] + 1,
			    last[j - 1] + (c != lower(s[j - 1])));
			if (i > 1 && j > 1 && c == lower(s[j - 2]) &&
			    lower(w->text[i - 2]) == lower(s[j - 1]))
				row[j] = min3(row[j], before[j - 2] + 1, row[j]);
		}
		before = last;
		last = row;
		row = spare;
	}
	return last[len];
}

/* The one of EXPECTED that W is a slip of, or NULL. */
static const char *slip(const struct word *w, const char *const *expected, size_t n)
{
	unsigned best = w->len / 3 + 1; /* a third of the word may be wrong */
	const char *found = NULL;

	if (w->len < 2 || w->len > SLIP_LEN_MAX)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		unsigned d;

		if (expected[i] == NULL || strlen(expected[i]) > SLIP_LEN_MAX)
			continue;
		d = distance(w, expected[i]);
		if (d < best) {
			best = d;
			found = expected[i];
		}
	}
	return found;
}

bool syntax_is_slip(const struct word *w, const char *const *expected, size_t n)
{
	return slip(w, expected, n) != NULL;
}

/* "a, b or c" in BUF; NULL stands for a word that is no keyword. */
static const char *list(char *buf, size_t size, const char *const *expected, size_t n)
{
	size_t len = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < n && len < size; i++)
		len += (size_t)snprintf(buf + len, size - len, "%s%s",
		    i == 0	? ""
		    : i + 1 < n ? ", "
				: " or ",
		    expected[i] != NULL ? expected[i] : "an address");
	return buf;
}

/* A line that ends too early. */
static void missing(
    struct parse *p, struct loc loc, const char *const *expected, size_t n)
{
	char buf[600];

	if (p->in->wanted != NULL && p->in->last == &p->in->words[1] &&
	    word_is(&p->in->words[0], "server") &&
	    memchr(p->in->last->text, ':', p->in->last->len) != NULL)
		parse_error(p, p->in->last->loc,
		    "a server has a name before its address: server NAME %.*s",
		    WORD_ARGS(*p->in->last));
	else if (p->in->wanted != NULL)
		parse_error(p, loc, "%s must follow \"%.*s\"", p->in->wanted,
		    WORD_ARGS(*p->in->last));
	else
		parse_error(p, loc,
		    n > 1 ? "one of %s must follow \"%.*s\""
			  : "\"%s\" must follow \"%.*s\"",
		    list(buf, sizeof buf, expected, n), WORD_ARGS(*p->in->last));
}

/* The one of EXPECTED that W was meant to be, or NULL. */
static const char *meaning(const struct word *w, const char *const *expected, size_t n)
{
	const char *synonym = answer_synonym(w, expected, n);

	return synonym != NULL ? synonym : slip(w, expected, n);
}

/* Is W the keyword S, but not in lower case as keywords are? */
static bool is_shouted(const struct word *w, const char *s)
{
	return strlen(s) == w->len && strncasecmp(w->text, s, w->len) == 0;
}

/* What the word behind the others was meant to be. */
static const char *kind(const struct parse *p)
{
	static const char *const kinds[] = { "balance", "mode", "option" };

	for (size_t i = 0; p->in->n_words == 2 && i < 3; i++)
		if (word_is(&p->in->words[0], kinds[i]))
			return kinds[i];
	return p->in->n_words == 1 ? "statement" : "argument";
}

void syntax_error(struct parse *p, const struct word *w, struct loc loc,
    const char *const *expected, size_t n)
{
	char buf[600];
	const char *meant = w != NULL ? meaning(w, expected, n) : NULL;

	if (meant != NULL && word_is(w, meant)) {
		parse_error(p, loc, "\"%s\" stands in quotes; a keyword must not", meant);
		return;
	}
	if (answer(p, w, expected, n))
		return;
	if (w == NULL) {
		missing(p, loc, expected, n);
		return;
	}
	if (n == 0) {
		parse_error(
		    p, loc, "nothing may stand after \"%.*s\"", WORD_ARGS(*p->in->prev));
		return;
	}
	if (meant != NULL)
		parse_error(p, loc,
		    is_shouted(w, meant)
			? "unknown %s \"%.*s\"; write \"%s\": upper and lower case differ"
			: "unknown %s \"%.*s\"; did you mean \"%s\"?",
		    kind(p), WORD_ARGS(*w), meant);
	else
		parse_error(p, loc, "unknown %s \"%.*s\"; here may stand %s", kind(p),
		    WORD_ARGS(*w), list(buf, sizeof buf, expected, n));
}
