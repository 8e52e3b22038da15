/*
 * parse: what the parser's own files share while one text is read.
 *
 * The scanner (scanner.l) cuts the text into words, the grammar (grammar.y)
 * puts them together with the functions of build.h, syntax.c words what the
 * grammar refuses, and validate.c judges and completes the tree. All of them
 * work on one struct parse, which lives as long as conf_parse() runs.
 *
 * No word is reserved: where a value stands, the grammar tells the scanner so
 * (parse_want()), and any word is then a T_WORD, even one that is a keyword.
 */
#ifndef LVSD_PARSER_PARSE_H
#define LVSD_PARSER_PARSE_H

#include "parser/draft.h"
#include "parser/parser.h"

/* A word of the text: not NUL-ended, valid while the text is being parsed. */
struct word {
	const char *text; /* without quotes and their escapes */
	uint32_t len;
	int token; /* T_WORD, or the keyword that it is */
	struct loc loc;
};

/* For "%.*s": a word as messages show it, cut when it is very long. */
#define WORD_ARGS(w) ((w).len < 64 ? (int)(w).len : 64), (w).text

/* Room for every token of the grammar, by its number. */
#define TOKENS_MAX 400

struct parse {
	struct arena *arena;   /* of the tree */
	struct arena *scratch; /* dropped with the parse */
	struct conf *conf;
	struct diags *diags;
	const char *file; /* name for messages */
	uint16_t file_no;
	enum read_purpose purpose;

	/* The scanner's text and its place in it. */
	const char *text;
	char *copy;
	void *scanner;
	uint32_t line, col; /* of the next byte */
	uint32_t end_col;   /* behind the last word of this line; 0: none yet */
	uint32_t bad_line;  /* where a bad byte was last reported */

	/* The statement that is being read. */
	unsigned n_words;
	struct word first, prev, last; /* its first word, and the last two */
	const char *want;	       /* NULL, or the value that must come next */
	const char *wanted;	       /* that of the token read last */

	/* Where each argument was last given, and each statement. */
	struct loc argument_at[TOKENS_MAX], statement_at[TOKENS_MAX];
	struct word section; /* the keyword of the section being read */
	struct loc global_at, control_at, status_at; /* of the global section */

	/* What is being built. */
	struct director_draft *director;
	struct server_draft *server;
	struct check_words *check;
	struct http_conf *http;
	struct socket_conf *socket;
	struct flow_conf *flow;
	struct rule_draft *rule;
};

/* Says before a value which one it is: "a name", "a number". */
void parse_want(struct parse *p, const char *value);

void parse_error(struct parse *p, struct loc loc, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void parse_warning(struct parse *p, struct loc loc, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* scanner.l */
void scanner_start(struct parse *p, const char *text, size_t len);
void scanner_stop(struct parse *p);

/*
 * Reports that the word W (NULL: the end of the line, at LOC) cannot stand
 * where it stands; EXPECTED has the N keywords that can.
 */
void syntax_error(struct parse *p, const struct word *w, struct loc loc,
    const char *const *expected, size_t n);
/* Is W one of the N keywords EXPECTED, but for a slip of the fingers? */
bool syntax_is_slip(const struct word *w, const char *const *expected, size_t n);

#endif
