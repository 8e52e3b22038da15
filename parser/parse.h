/*
 * parse: what the parser's own files share while one text is read.
 *
 * The scanner (scanner.c) cuts the text into words, the grammar (grammar.y)
 * puts them together with the functions of build.h, syntax.c words what the
 * grammar refuses, validate.c judges and completes the tree, and include.c
 * puts another file in between. All of them work on one struct parse, which
 * lives as long as conf_parse() runs.
 *
 * No word is reserved: where a value stands, the grammar tells the scanner so
 * (parse_want()), and any word is then a T_WORD, even one that is a keyword.
 */
#ifndef LVSD_PARSER_PARSE_H
#define LVSD_PARSER_PARSE_H

#include <string.h>

#include "parser/draft.h"
#include "parser/parser.h"
#include "parser/unique.h"

/* A word of the text: not NUL-ended, valid while the text is being parsed. */
struct word {
	const char *text; /* without quotes and their escapes */
	uint32_t len;
	int token; /* T_WORD, or the keyword that it is */
	struct loc loc;
};

static inline bool word_is(const struct word *w, const char *s)
{
	return strlen(s) == w->len && memcmp(s, w->text, w->len) == 0;
}

/* For "%.*s": a word as messages show it, cut when it is very long. */
#define WORD_ARGS(w) ((w).len < 64 ? (int)(w).len : 64), (w).text

/*
 * The words of a statement that are kept: more than one has without an argument
 * that is given twice. Of longer ones the last two are, and the first.
 */
#define WORDS_MAX 64

/* Room for every token of the grammar, by its number. */
#define TOKENS_MAX 400

/* The keywords by their hash; many places are free. */
#define KEYWORDS_SIZE 512
struct keyword {
	const char *name;
	uint16_t len; /* 0: free */
	uint16_t token;
};

/* One file that is being read: the main one, or one that is included. */
struct source {
	struct source *includer; /* NULL: the main file */
	uint32_t include_line;	 /* of the includer */
	dev_t dev;
	ino_t ino;
	uint16_t file_no;
	const char *text;
	size_t len;
	const char *next, *end, *line_start; /* in text: where the scanner is */
	uint32_t line;			     /* of next */
	uint32_t bad_line;		     /* where a bad byte was last reported */
	/* The statement that is being read. */
	unsigned n_words;
	struct word words[WORDS_MAX];	/* the first is always there */
	const struct word *prev, *last; /* the last two */
	uint32_t end_col;		/* behind the last word; 0: none yet */
	struct loc eol;	    /* of the end of the line, when that was read last */
	const char *want;   /* NULL, or the value that must come next */
	const char *wanted; /* that of the token read last */
};

/* One file that was read: its names and text are there until the end. */
struct file {
	const char *name;  /* for messages, in the memory of the diags */
	const char *chain; /* "", or " (included from a:1, from b:2)" */
	struct conf_text whole;
	const char *text; /* of whole, behind a byte order mark */
	size_t len;
};

struct parse {
	struct arena *arena;   /* of the tree */
	struct arena *scratch; /* dropped with the parse */
	struct conf *conf;
	struct diags *diags;
	enum read_purpose purpose;
	struct file *files;
	size_t n_files, cap_files;
	size_t included_bytes;
	struct source *in;
	struct keyword keywords[KEYWORDS_SIZE];

	/* Where each argument was last given, and each statement. */
	struct loc argument_at[TOKENS_MAX], statement_at[TOKENS_MAX];
	struct loc section; /* the place of the section being read */
	struct loc global_at, control_at, status_at; /* of the global section */
	struct loc sync_master_at, sync_backup_at;

	/* What is being built. */
	struct director_conf **directors; /* those of the tree, in its order */
	size_t n_directors, cap_directors;
	struct unique names, addresses, fwmarks; /* of them */
	size_t *unfed; /* the numbers of those that need a flow */
	size_t n_unfed, cap_unfed;
	struct director_draft draft, *director; /* NULL between directors */
	struct director_lines defaults, lines;
	struct director_conf defaults_conf;
	struct director_conf *into; /* whose lines are read: a director's, or defaults' */
	struct server_draft *servers, *server;
	size_t n_servers, cap_servers;
	/* How many the director before had: their drafts stand until they are written
	 * over. */
	size_t n_before;
	struct check_words *own_words; /* of those with arguments of their own */
	size_t n_own_words, cap_own_words;
	struct unique in_director;	       /* names, then addresses, of servers */
	const struct check_conf *own_check;    /* the last server's that has one */
	const struct check_conf *shared_check; /* the last director's */
	/* Of directors that say nothing; NULL: none has since the last defaults. */
	const struct check_conf *inherited_check;
	struct check_words inherited_words;
	struct check_words check_line, option_line; /* of a director */
	struct check_words *check;		    /* of this statement */
	struct http_conf *http;
	struct talk_conf *talk;
	struct dns_conf *dns;
	struct kernel_sched *kernel_sched;
	struct sync_conf *sync, *sync_too;
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

/* "line 7", or "FILE:7" where FILE is not the file of HERE. */
const char *parse_place(struct parse *p, struct loc place, struct loc here);

/* Reads FILE, which T holds, from its beginning to its end; includes what it
 * includes. T is kept until the end of the parse. */
void parse_source(struct parse *p, struct source *in, struct conf_text *t);

/* include.c: reads the files that PATTERN names; an error when it names none. */
void include_read(struct parse *p, const struct word *pattern);
/* Notes which file PATH is, so that one that includes itself is found out. */
void include_identify(struct source *in, const char *path);

/* scanner.c: once for a parse, and at the beginning of each file. */
void scanner_init(struct parse *p);
void scanner_start(struct source *in);

/* grammar.y: the keyword that TOKEN is; NULL for other numbers. */
const char *grammar_keyword(int token);

/*
 * Reports that the word W (NULL: the end of the line, at LOC) cannot stand
 * where it stands; EXPECTED has the N keywords that can.
 */
void syntax_error(struct parse *p, const struct word *w, struct loc loc,
    const char *const *expected, size_t n);
/*
 * answers.c: an answer for what other programs have and this language says
 * otherwise; false when W (NULL: the end of the line) is nothing of that.
 */
bool answer(struct parse *p, const struct word *w, const char *const *expected, size_t n);
/* The same for a W of digits that stands behind an address. */
bool answer_port(struct parse *p, const struct word *w);
/* The one of EXPECTED that is W in another program; NULL: none. */
const char *answer_synonym(const struct word *w, const char *const *expected, size_t n);
/* Is W one of the N keywords EXPECTED, but for a slip of the fingers? */
bool syntax_is_slip(const struct word *w, const char *const *expected, size_t n);

#endif
