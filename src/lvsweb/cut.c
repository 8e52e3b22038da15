/* Depth 1 is in the answer, 2 in an array of it, 3 in an object of that. */
#include "lvsweb/cut.h"

#include <stdio.h>
#include <string.h>

struct cutter {
	const char *at, *end;
	const char *kept; /* from here on nothing went to the rest yet */
	const char *object;
	int depth;
	bool in_array; /* depth 2 is one */
	char key[32];  /* the last string at depth 1 */
};

/* AT is behind the string's first quote; it goes behind the last. */
static void skip_string(struct cutter *c)
{
	const char *begin = c->at;

	while (c->at < c->end && *c->at != '"')
		c->at += *c->at == '\\' && c->at + 1 < c->end ? 2 : 1;
	if (c->depth == 1)
		snprintf(c->key, sizeof c->key, "%.*s", (int)(c->at - begin), begin);
	if (c->at < c->end)
		c->at++;
}

static void opens(struct cutter *c, bool is_object, struct buf *rest)
{
	c->depth++;
	if (c->depth == 2)
		c->in_array = !is_object;
	if (c->depth == 3 && is_object && c->in_array) {
		c->object = c->at - 1;
		buf_add(rest, c->kept, (size_t)(c->object - c->kept));
	}
}

/* Commas between what was cut out would be left over: they go, too. */
static const char *behind_comma(const struct cutter *c)
{
	return c->at < c->end && *c->at == ',' ? c->at + 1 : c->at;
}

bool cut(const char *text, size_t len, const struct cut_taker *taker, struct buf *rest)
{
	struct cutter c = { .at = text, .end = text + len, .kept = text };

	while (c.at < c.end) {
		char byte = *c.at++;

		if (byte == '"')
			skip_string(&c);
		else if (byte == '{' || byte == '[')
			opens(&c, byte == '{', rest);
		else if (byte == '}' || byte == ']')
			c.depth--;
		if (byte != '}' || c.depth != 2 || c.object == NULL)
			continue;
		if (!taker->take(taker->data, c.key, c.object, (size_t)(c.at - c.object)))
			return false;
		c.kept = c.at = behind_comma(&c);
		c.object = NULL;
	}
	buf_add(rest, c.kept, (size_t)(c.end - c.kept));
	return true;
}
