/*
 * syntax: what to say about a word that cannot stand where it stands.
 *
 * The grammar knows which keywords could stand there; from those, and from the
 * words before, comes a message for people: what is missing, what may have
 * been meant, what may stand there. Words that are no slip but knowledge of
 * another language (a firewall's policies, a later version of this one) get
 * an answer of their own.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "parser/parse.h"

#define SLIP_LEN_MAX 32

static bool is_keyword(const struct word *w, const char *s)
{
	return s != NULL && strlen(s) == w->len && memcmp(s, w->text, w->len) == 0;
}

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

	if (p->in->wanted != NULL)
		parse_error(p, loc, "%s must follow \"%.*s\"", p->in->wanted,
		    WORD_ARGS(*p->in->last));
	else
		parse_error(p, loc,
		    n > 1 ? "one of %s must follow \"%.*s\""
			  : "\"%s\" must follow \"%.*s\"",
		    list(buf, sizeof buf, expected, n), WORD_ARGS(*p->in->last));
}

/* clang-format off */

/* Where a statement belongs, for one that stands in another section. */
static const struct {
	const char *word, *section;
} home[] = {
	{ "balance", "director" }, { "mode", "director" }, { "check", "director" },
	{ "option", "director" }, { "server", "director" },
	{ "user", "global" }, { "control", "global" }, { "status", "global" },
	{ "state", "global" }, { "stop", "global" }, { "table", "global" },
	{ "timeouts", "global" }, { "empty", "global" }, { "sync", "global" },
	{ "conntrack", "global" }, { "sysctl", "global" }, { "checks", "global" },
	{ "match", "flow" }, { "ignore", "flow" },
};

/* What people know from other programs, and what it is here. */
static const struct {
	const char *word, *answer;
} foreign[] = {
	{ "listen", "a service is \"director NAME ADDRESS:PORT\" here" },
	{ "frontend", "a service is \"director NAME ADDRESS:PORT\" here" },
	{ "backend", "servers stand in the section of their director here" },
	{ "bind", "the address stands in the director's own line here: \"director NAME ADDRESS:PORT\"" },
	{ "http-check", "write \"option httpcheck uri PATH statuscode N\"" },
	{ "tcp-check", "write \"option tcpcheck\"" },
	{ "default-server", "write it under \"defaults\", or in the check line" },
	{ "virtual_server", "a service is \"director NAME ADDRESS:PORT\" here" },
	{ "real_server", "a server is \"server NAME ADDRESS:PORT weight N check\" here" },
	{ "virtual", "a service is \"director NAME ADDRESS:PORT\" here" },
	{ "real", "a server is \"server NAME ADDRESS:PORT weight N check\" here" },
};

/* The kernel's names of schedulers, and the word for them here. */
static const struct {
	const char *name, *word;
} schedulers[] = {
	{ "wrr", "roundrobin" }, { "wlc", "leastconn" },
	{ "lblc", "leastconn localitybased" },
	{ "lblcr", "leastconn localitybased replication" },
	{ "sh", "source" }, { "dh", "dest" }, { "sed", "shortexpdelay" },
	{ "nq", "neverqueue" }, { "rr", "kernel rr" }, { "lc", "kernel lc" },
	{ "static-rr", "roundrobin" }, { "random", "twos" },
};

/* Words of other programs that are an argument here under another name. */
static const struct {
	const char *word, *keyword;
} synonyms[] = {
	{ "backup", "sorry" }, { "inter", "interval" }, { "addr", "source" },
	{ "dr", "gateway" }, { "direct", "gateway" }, { "gate", "gateway" },
	{ "masq", "nat" }, { "ipip", "tunnel" }, { "tun", "tunnel" },
	{ "path", "uri" }, { "status", "statuscode" }, { "host", "vhost" },
	{ "inactive", "drain" }, { "mask", "netmask" },
};
/* clang-format on */

static const char *home_of(const struct word *w)
{
	for (size_t i = 0; i < sizeof home / sizeof home[0]; i++)
		if (is_keyword(w, home[i].word))
			return home[i].section;
	return NULL;
}

static const char *foreign_answer(const struct word *w)
{
	for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++)
		if (is_keyword(w, foreign[i].word))
			return foreign[i].answer;
	return NULL;
}

static const char *scheduler_word(const struct word *w)
{
	for (size_t i = 0; i < sizeof schedulers / sizeof schedulers[0]; i++)
		if (is_keyword(w, schedulers[i].name))
			return schedulers[i].word;
	return NULL;
}

/* Is W, behind a flow's name, a policy of packet flow managers but not ours? */
static bool is_foreign_policy(const struct parse *p, const struct word *w)
{
	static const char *const policies[] = { "permit", "deny", "skip", "table" };

	for (size_t i = 0; i < sizeof policies / sizeof policies[0]; i++)
		if (is_keyword(&p->in->words[0], "flow") && p->in->n_words == 3 &&
		    is_keyword(w, policies[i]))
			return true;
	return false;
}

static void refuse_firewall(struct parse *p, const struct word *w)
{
	parse_error(p, w->loc,
	    "\"%.*s\" is for a firewall, and this daemon is none; a flow is "
	    "\"flow NAME director DIRECTOR\"",
	    WORD_ARGS(*w));
}

/* The one of EXPECTED that W was meant to be, or NULL. */
static const char *meaning(const struct word *w, const char *const *expected, size_t n)
{
	for (size_t i = 0; i < sizeof synonyms / sizeof synonyms[0]; i++)
		for (size_t j = 0; is_keyword(w, synonyms[i].word) && j < n; j++)
			if (expected[j] != NULL &&
			    strcmp(expected[j], synonyms[i].keyword) == 0)
				return expected[j];
	return slip(w, expected, n);
}

/* Is W the keyword S, but not in lower case as keywords are? */
static bool is_shouted(const struct word *w, const char *s)
{
	return strlen(s) == w->len && strncasecmp(w->text, s, w->len) == 0;
}

/* Statements and words with an answer of their own; false for all others. */
static bool special(struct parse *p, const struct word *w)
{
	if (is_keyword(&p->in->words[0], "outflow"))
		refuse_firewall(p, &p->in->words[0]);
	else if (w == NULL)
		return false;
	else if (is_foreign_policy(p, w))
		refuse_firewall(p, w);
	else if (p->in->n_words == 1 && foreign_answer(w) != NULL)
		parse_error(p, w->loc, "unknown statement \"%.*s\"; %s", WORD_ARGS(*w),
		    foreign_answer(w));
	else if (p->in->n_words == 2 && is_keyword(&p->in->words[0], "balance") &&
		 scheduler_word(w) != NULL)
		parse_error(p, w->loc, "unknown balance \"%.*s\"; write \"balance %s\"",
		    WORD_ARGS(*w), scheduler_word(w));
	else if (p->in->n_words == 1 && home_of(w) != NULL)
		parse_error(p, w->loc, "\"%.*s\" belongs in a %s section", WORD_ARGS(*w),
		    home_of(w));
	else
		return false;
	return true;
}

/* What the word behind the others was meant to be. */
static const char *kind(const struct parse *p)
{
	static const char *const kinds[] = { "balance", "mode", "option" };

	for (size_t i = 0; p->in->n_words == 2 && i < 3; i++)
		if (is_keyword(&p->in->words[0], kinds[i]))
			return kinds[i];
	return p->in->n_words == 1 ? "statement" : "argument";
}

void syntax_error(struct parse *p, const struct word *w, struct loc loc,
    const char *const *expected, size_t n)
{
	char buf[600];
	const char *meant = w != NULL ? meaning(w, expected, n) : NULL;

	if (meant != NULL && is_keyword(w, meant)) {
		parse_error(p, loc, "\"%s\" stands in quotes; a keyword must not", meant);
		return;
	}
	if (special(p, w))
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
		parse_error(p, loc, "unknown %s \"%.*s\"; did you mean \"%s\"?%s",
		    kind(p), WORD_ARGS(*w), meant,
		    is_shouted(w, meant) ? " Upper and lower case differ" : "");
	else
		parse_error(p, loc, "unknown %s \"%.*s\"; here may stand %s", kind(p),
		    WORD_ARGS(*w), list(buf, sizeof buf, expected, n));
}
