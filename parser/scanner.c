/*
 * scanner: text to words.
 *
 * Knows blanks, quotes, comments, line ends and the keywords; of what a word
 * means it knows nothing. Every token is a struct word with its place, whose
 * text is that of the file itself. A broken byte or quote is reported here,
 * and the rest of its line is left to the grammar's error rule (YYerror is
 * bison's token for that).
 *
 * Loading a file is mostly this, so that a byte costs a comparison or two: a
 * table-driven scanner took half of all the time.
 */
#include <string.h>
#include <strings.h>

#include "lib/arena.h"
#include "parser/grammar.h"

/* One that may stand in a word without quotes. */
static bool is_plain(char c)
{
	return c > '#' ? c != 0x7f : c == '!' || c < 0;
}

static bool is_bad(char c)
{
	return (c >= 0 && c < ' ' && c != '\t' && c != '\n') || c == 0x7f;
}

/* ---- keywords ---- */

/* Tells most words by which the grammar goes apart, in a few operations. */
static unsigned hash(const char *s, size_t len)
{
	const unsigned char *b = (const unsigned char *)s;
	unsigned h = (unsigned)len;

	h = h * 31 + b[0];
	h = h * 31 + b[len / 2];
	h = h * 31 + b[len - 1];
	return (h ^ h >> 7) % KEYWORDS_SIZE;
}

void scanner_init(struct parse *p)
{
	for (int token = T_EOL + 1; token < TOKENS_MAX; token++) {
		const char *name = grammar_keyword(token);
		unsigned at;

		if (name == NULL)
			continue;
		at = hash(name, strlen(name));
		while (p->keywords[at].len != 0)
			at = (at + 1) % KEYWORDS_SIZE;
		p->keywords[at] =
		    (struct keyword){ name, (uint16_t)strlen(name), (uint16_t)token };
	}
}

/* The names of protocols are keywords in upper and lower case. */
static int protocol(const char *s, size_t len)
{
	if (len == 3 && strncasecmp(s, "tcp", 3) == 0)
		return T_TCP;
	if (len == 3 && strncasecmp(s, "udp", 3) == 0)
		return T_UDP;
	if (len == 4 && strncasecmp(s, "sctp", 4) == 0)
		return T_SCTP;
	return T_WORD;
}

static int keyword(const struct parse *p, const char *s, size_t len)
{
	const struct keyword *k;

	for (unsigned at = hash(s, len); (k = &p->keywords[at])->len != 0;
	     at = (at + 1) % KEYWORDS_SIZE)
		if (k->len == len && memcmp(k->name, s, len) == 0)
			return k->token;
	return protocol(s, len);
}

/* ---- words ---- */

/* Makes W the word from in->next to END, and goes on behind it. */
static void take(struct source *in, struct word *w, const char *end)
{
	const size_t len = (size_t)(end - in->next);

	w->text = in->next;
	w->len = (uint32_t)len;
	w->loc.line = in->line;
	w->loc.col = (uint32_t)(in->next - in->line_start) + 1;
	w->loc.len = (uint16_t)(len < UINT16_MAX ? len : UINT16_MAX);
	w->loc.file = in->file_no;
	in->next = end;
}

/* How many of the LEN bytes at S stand before a bad one; a CR at their end is
 * none, it belongs to the end of the line. */
static size_t good_length(const char *s, size_t len)
{
	const size_t n = len > 0 && s[len - 1] == '\r' ? len - 1 : len;

	for (size_t i = 0; i < n; i++)
		if (is_bad(s[i]))
			return i;
	return len;
}

/* Reports the bad byte at S, if it is the first of its line: where one is, many
 * are. */
static int bad_byte(struct parse *p, const char *s)
{
	struct source *in = p->in;
	const struct loc loc = { in->line, (uint32_t)(s - in->line_start) + 1, 1,
		in->file_no };

	if (in->bad_line == in->line)
		return T_CONF_YYerror;
	in->bad_line = in->line;
	if (*s == '\0')
		parse_error(p, loc, "a NUL byte: is this a text file?");
	else
		parse_error(p, loc, "a control byte (0x%02x) is not allowed", *s);
	return T_CONF_YYerror;
}

static int unclosed(struct parse *p, const struct word *w)
{
	struct loc loc = w->loc;

	loc.len = 1;
	parse_error(p, loc, "the quote that opens here is not closed on this line");
	return T_CONF_YYerror;
}

/* Behind the quoted text that begins at S, or NULL: it is not closed. */
static const char *end_of_quote(const char *s, const char *end)
{
	for (s++; s < end && *s != '\n' && *s != '"'; s++)
		if (*s == '\\' && (++s == end || *s == '\n'))
			return NULL;
	return s < end && *s == '"' ? s + 1 : NULL;
}

/* Takes off the quotes, and the backslashes before a quote or a backslash. */
static int quoted(struct parse *p, struct word *w)
{
	struct source *in = p->in;
	const char *end = end_of_quote(in->next, in->end), *eol;
	uint32_t n = 0;
	char *plain;

	if (end == NULL) {
		eol = memchr(in->next, '\n', (size_t)(in->end - in->next));
		take(in, w, eol != NULL ? eol : in->end);
		return unclosed(p, w);
	}
	take(in, w, end);
	if (good_length(w->text, w->len) < w->len)
		return bad_byte(p, w->text + good_length(w->text, w->len));
	w->text++;
	w->len -= 2;
	if (w->len == 0 || memchr(w->text, '\\', w->len) == NULL)
		return T_WORD;
	plain = arena_strndup(p->scratch, w->text, w->len);
	for (uint32_t i = 0; i < w->len; i++) {
		if (plain[i] == '\\' && (plain[i + 1] == '"' || plain[i + 1] == '\\'))
			i++;
		plain[n++] = plain[i];
	}
	w->text = plain;
	w->len = n;
	return T_WORD;
}

/* Reads the word at in->next, where one begins. */
static int read_word(struct parse *p, struct word *w)
{
	struct source *in = p->in;
	const char *s = in->next, *end = in->end;

	if (*s == '"')
		return quoted(p, w);
	if (is_plain(*s)) {
		do
			s++;
		while (s < end && is_plain(*s));
		take(in, w, s);
		return in->wanted != NULL ? T_WORD : keyword(p, w->text, w->len);
	}
	while (s < end && is_bad(*s))
		s++;
	take(in, w, s);
	return bad_byte(p, w->text);
}

static void skip_comment(struct parse *p)
{
	struct source *in = p->in;
	const char *s = in->next;
	const char *eol = memchr(s, '\n', (size_t)(in->end - s));
	const size_t len = (size_t)((eol != NULL ? eol : in->end) - s);
	const size_t good = good_length(s, len);

	if (good < len)
		bad_byte(p, s + good);
	in->next += len;
}

/* Goes on to what is neither blank nor comment. */
static void skip(struct parse *p)
{
	struct source *in = p->in;

	const char *s = in->next, *end = in->end;

	while (s < end && (*s == ' ' || *s == '\t'))
		s++;
	in->next = s;
	if (s < end && *s == '#')
		skip_comment(p);
}

static bool is_end_of_line(const struct source *in)
{
	const char *s = in->next;

	return s == in->end || *s == '\n' ||
	       (*s == '\r' && s + 1 < in->end && s[1] == '\n');
}

/* Ends the line, and a last one that has no newline. */
static int end_of_line(struct source *in)
{
	const bool empty = in->n_words == 0;

	in->eol = (struct loc){ in->line, in->end_col, 1, in->file_no };
	in->end_col = 0;
	in->n_words = 0;
	if (in->next == in->end)
		return empty ? T_YYEOF : T_EOL;
	in->next += *in->next == '\r' ? 2 : 1;
	in->line_start = in->next;
	in->line++;
	return T_EOL;
}

static struct word *next_word(struct source *in)
{
	const unsigned n = in->n_words++;

	return &in->words[n < WORDS_MAX ? n : WORDS_MAX - 2 + n % 2];
}

/*
 * The grammar's source of tokens. Any word is a T_WORD where a value stands.
 */
int conf_yylex(union CONF_YYSTYPE *yylval, struct parse *p)
{
	struct source *in = p->in;
	struct word *w;

	in->wanted = in->want;
	in->want = NULL;
	skip(p);
	if (is_end_of_line(in))
		return end_of_line(in);
	w = next_word(in);
	w->token = read_word(p, w);
	if (w->token != T_CONF_YYerror && w->loc.col == in->end_col &&
	    in->line != in->bad_line) {
		parse_error(
		    p, w->loc, "a blank must stand between this word and the one before");
		w->token = T_CONF_YYerror;
	}
	in->end_col = (uint32_t)(in->next - in->line_start) + 1;
	in->prev = in->last;
	in->last = w;
	yylval->word = w;
	return w->token;
}

void scanner_start(struct source *in)
{
	in->next = in->line_start = in->text;
	in->end = in->text + in->len;
	in->line = 1;
	in->prev = in->last = &in->words[0];
}
