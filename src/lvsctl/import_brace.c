/*
 * Statements and blocks in braces, as keepalived.conf has them: a tree.
 *
 * A statement is the words of a line; a "{" behind it, or at the beginning of the
 * next line, opens its block. "!" and "#" begin a comment, a backslash at the end
 * of a line joins the next. The tree is as deep and as large as the limits below
 * allow, so that no input costs more than they do.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/arena.h"
#include "lib/xalloc.h"
#include "lvsctl/import.h"

#define DEPTH_MAX 16
#define WORDS_MAX 4096
#define STATEMENTS_MAX 1000000

enum token { TOKEN_WORD, TOKEN_EOL, TOKEN_OPEN, TOKEN_CLOSE, TOKEN_END, TOKEN_BAD };

struct brace {
	struct import *im;
	const char *at, *end;
	unsigned line;
	const char *word; /* of the last TOKEN_WORD */
	const char **words;
	size_t n_words, cap_words;
	size_t statements;
};

static bool is_space(const struct brace *b, const char *at)
{
	return at >= b->end || *at == ' ' || *at == '\t' || *at == '\r' || *at == '\n';
}

static void skip_blanks(struct brace *b)
{
	for (; b->at < b->end; b->at++) {
		if (*b->at == '\\' && b->at + 1 < b->end && b->at[1] == '\n') {
			b->at++;
			b->line++;
		} else if (*b->at == '!' || *b->at == '#') {
			while (b->at + 1 < b->end && b->at[1] != '\n')
				b->at++;
		} else if (*b->at == '\n' || !is_space(b, b->at)) {
			return;
		}
	}
}

/* What stands in quotes, from the quote on; false when they are not closed. */
static bool quoted(struct brace *b, struct buf *word)
{
	const char quote = *b->at++;

	for (; b->at < b->end && *b->at != '\n'; b->at++) {
		if (*b->at == quote) {
			b->at++;
			return true;
		}
		if (*b->at == '\\' && b->at + 1 < b->end &&
		    strchr("\"'\\", b->at[1]) != NULL)
			b->at++;
		buf_add(word, b->at, 1);
	}
	return false;
}

static enum token read_word(struct brace *b)
{
	struct buf word = { 0 };
	unsigned parameter = 0; /* inside ${...} */

	while (!is_space(b, b->at)) {
		if (*b->at == '"' || *b->at == '\'') {
			if (quoted(b, &word))
				continue;
			buf_fini(&word);
			import_refuse(b->im, b->line, "a quote is not closed");
			return TOKEN_BAD;
		}
		if (parameter == 0 && (*b->at == '!' || *b->at == '#' ||
					  (*b->at == '{' && is_space(b, b->at + 1))))
			break;
		if (*b->at == '{' &&
		    (parameter > 0 || (word.len > 0 && b->at[-1] == '$')))
			parameter++;
		else if (*b->at == '}' && parameter > 0)
			parameter--;
		buf_add(&word, b->at++, 1);
	}
	b->word = import_taken(b->im, &word);
	return TOKEN_WORD;
}

static enum token next_token(struct brace *b)
{
	skip_blanks(b);
	if (b->at == b->end)
		return TOKEN_END;
	if (*b->at == '\n') {
		b->at++;
		b->line++;
		return TOKEN_EOL;
	}
	if (*b->at == '}' || (*b->at == '{' && is_space(b, b->at + 1)))
		return *b->at++ == '}' ? TOKEN_CLOSE : TOKEN_OPEN;
	return read_word(b);
}

/* The statement that begins with the last word; returns the token behind it. */
static enum token read_statement(struct brace *b, struct import_nodes *to)
{
	struct import_node *node = arena_alloc(b->im->arena, sizeof *node);
	enum token token = TOKEN_WORD;

	node->line = b->line;
	node->size = 1;
	STAILQ_INIT(&node->children);
	for (b->n_words = 0; token == TOKEN_WORD; token = next_token(b)) {
		if (b->n_words == WORDS_MAX) {
			import_refuse(b->im, b->line, "a statement of more than %d words",
			    WORDS_MAX);
			return TOKEN_BAD;
		}
		b->words = xgrow(b->words, b->n_words, &b->cap_words, sizeof *b->words);
		b->words[b->n_words++] = b->word;
	}
	if (++b->statements > STATEMENTS_MAX) {
		import_refuse(
		    b->im, node->line, "more than %d statements", STATEMENTS_MAX);
		return TOKEN_BAD;
	}
	node->n_words = (unsigned)b->n_words;
	node->words = arena_alloc(b->im->arena, b->n_words * sizeof *node->words);
	memcpy(node->words, b->words, b->n_words * sizeof *node->words);
	STAILQ_INSERT_TAIL(to, node, entry);
	return token;
}

static bool read_block(struct brace *b, struct import_nodes *to, unsigned depth);

/* The block of the last statement of TO. */
static bool read_children(struct brace *b, struct import_nodes *to, unsigned depth)
{
	struct import_node *node = STAILQ_LAST(to, import_node, entry), *child;
	unsigned line = b->line;

	if (node == NULL || node->is_block)
		return import_refuse(b->im, line, "a \"{\" without a word before it");
	if (depth == DEPTH_MAX)
		return import_refuse(
		    b->im, line, "blocks are nested more than %d deep", DEPTH_MAX);
	node->is_block = true;
	if (!read_block(b, &node->children, depth + 1))
		return false;
	STAILQ_FOREACH (child, &node->children, entry)
		node->size += child->size;
	return true;
}

/* Up to the "}" of DEPTH, or the end of the text where that is 0. */
static bool read_block(struct brace *b, struct import_nodes *to, unsigned depth)
{
	const unsigned line = b->line;
	enum token token = next_token(b);

	for (;;) {
		switch (token) {
		case TOKEN_WORD:
			token = read_statement(b, to);
			continue;
		case TOKEN_OPEN:
			if (!read_children(b, to, depth))
				return false;
			break;
		case TOKEN_CLOSE:
			return depth > 0 ||
			       import_refuse(b->im, b->line, "a \"}\" without a \"{\"");
		case TOKEN_END:
			return depth == 0 ||
			       import_refuse(b->im, line,
				   "the \"{\" that opens here is never closed");
		case TOKEN_BAD:
			return false;
		case TOKEN_EOL:
			break;
		}
		token = next_token(b);
	}
}

bool import_braces(struct import *im, struct import_nodes *to)
{
	struct brace b = {
		.im = im,
		.at = im->text,
		.end = im->text + im->len,
		.line = 1,
	};
	bool good;

	STAILQ_INIT(to);
	good = read_block(&b, to, 0);
	free(b.words);
	return good;
}

const char *import_node_word(const struct import_node *node, unsigned i)
{
	return i < node->n_words ? node->words[i] : "";
}

bool import_node_is(const struct import_node *node, const char *name)
{
	return strcmp(node->words[0], name) == 0;
}

const char *import_node_text(struct import *im, const struct import_node *node)
{
	struct buf b = { 0 };

	for (unsigned i = 0; i < node->n_words && b.len < 100; i++)
		buf_printf(&b, "%s%.100s", i > 0 ? " " : "", node->words[i]);
	return import_taken(im, &b);
}
