/*
 * answers: words that are no slip but knowledge of something else.
 *
 * Other balancers have other words, and other marks between them, for what this
 * language says too. Who writes one gets an answer of its own: what it is here.
 */
#include <string.h>

#include "parser/value.h"

#define LENGTH(a) (sizeof(a) / sizeof *(a))

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
	{ "nq", "neverqueue" },
	{ "rr", "roundrobin\" for turns by weight, or \"balance kernel rr" },
	{ "lc", "leastconn\" for the fewest by weight, or \"balance kernel lc" },
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

/* What stands behind "option", and behind "check", in a line. */
static const char *const options[] = {
	"agentcheck", "announce", "arpcheck", "dnscheck", "drain", "externalcheck",
	"httpcheck", "httpscheck", "icmpcheck", "onepacket", "panic", "persistence",
	"quorum", "sip", "slowstart", "tcpcheck", "udpcheck",
};
static const char *const check_arguments[] = {
	"interval", "timeout", "fastinter", "downinter", "rise", "fall", "inhibit",
};
/* clang-format on */

static bool is_one_of(const struct word *w, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (list[i] != NULL && word_is(w, list[i]))
			return true;
	return false;
}

static bool may_stand(const char *word, const char *const *expected, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (expected[i] != NULL && strcmp(expected[i], word) == 0)
			return true;
	return false;
}

static const char *home_of(const struct word *w)
{
	for (size_t i = 0; i < sizeof home / sizeof home[0]; i++)
		if (word_is(w, home[i].word))
			return home[i].section;
	return NULL;
}

static const char *foreign_answer(const struct word *w)
{
	for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++)
		if (word_is(w, foreign[i].word))
			return foreign[i].answer;
	return NULL;
}

static const char *scheduler_word(const struct word *w)
{
	for (size_t i = 0; i < sizeof schedulers / sizeof schedulers[0]; i++)
		if (word_is(w, schedulers[i].name))
			return schedulers[i].word;
	return NULL;
}

/* Is W, behind a flow's name, a policy of packet flow managers but not ours? */
static bool is_foreign_policy(const struct parse *p, const struct word *w)
{
	static const char *const policies[] = { "permit", "deny", "skip", "table" };

	for (size_t i = 0; i < sizeof policies / sizeof policies[0]; i++)
		if (word_is(&p->in->words[0], "flow") && p->in->n_words == 3 &&
		    word_is(w, policies[i]))
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

const char *answer_synonym(const struct word *w, const char *const *expected, size_t n)
{
	for (size_t i = 0; i < sizeof synonyms / sizeof synonyms[0]; i++)
		for (size_t j = 0; word_is(w, synonyms[i].word) && j < n; j++)
			if (expected[j] != NULL &&
			    strcmp(expected[j], synonyms[i].keyword) == 0)
				return expected[j];
	return NULL;
}

/* Words that begin no statement, but in another section or program they do. */
static bool statement(struct parse *p, const struct word *w)
{
	if (is_foreign_policy(p, w))
		refuse_firewall(p, w);
	else if (p->in->n_words == 1 && foreign_answer(w) != NULL)
		parse_error(p, w->loc, "unknown statement \"%.*s\"; %s", WORD_ARGS(*w),
		    foreign_answer(w));
	else if (p->in->n_words == 2 && word_is(&p->in->words[0], "balance") &&
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

/* A word of an option or a check that stands where a statement should. */
static bool argument_alone(
    struct parse *p, const struct word *w, const char *const *expected, size_t n)
{
	if (p->in->n_words != 1 || !may_stand("option", expected, n))
		return false;
	if (is_one_of(w, options, LENGTH(options)))
		parse_error(p, w->loc,
		    "unknown statement \"%.*s\"; write \"option %.*s\"", WORD_ARGS(*w),
		    WORD_ARGS(*w));
	else if (is_one_of(w, check_arguments, LENGTH(check_arguments)))
		parse_error(p, w->loc, "unknown statement \"%.*s\"; write \"check %.*s\"",
		    WORD_ARGS(*w), WORD_ARGS(*w));
	else
		return false;
	return true;
}

/* "weight=10" */
static bool equals_sign(
    struct parse *p, const struct word *w, const char *const *expected, size_t n)
{
	const char *at = memchr(w->text, '=', w->len);
	struct word key = *w, value = *w;

	if (at == NULL)
		return false;
	key.len = (uint32_t)(at - w->text);
	value.text = at + 1;
	value.len = w->len - key.len - 1;
	if (!is_one_of(&key, expected, n))
		return false;
	parse_error(p, w->loc,
	    "a blank stands between an argument and its value: %.*s %.*s", WORD_ARGS(key),
	    WORD_ARGS(value));
	return true;
}

/* Marks that end or enclose something in other languages. */
static bool punctuation(struct parse *p, const struct word *w)
{
	if (w->text[0] == '{' || w->text[0] == '}')
		parse_error(p, w->loc,
		    "there are no braces here: a section lasts until the next line that "
		    "begins one");
	else if (w->len == 1 && w->text[0] == ';')
		parse_error(p, w->loc, "a statement ends with its line, without a mark");
	else
		return false;
	return true;
}

/* "10.0.0.1 80" */
static bool port_alone(struct parse *p, const struct word *w)
{
	return word_is(&p->in->words[0], "server") && p->in->n_words == 4 &&
	       answer_port(p, w);
}

bool answer_port(struct parse *p, const struct word *w)
{
	for (uint32_t i = 0; i < w->len; i++)
		if (w->text[i] < '0' || w->text[i] > '9')
			return false;
	parse_error(p, w->loc,
	    "a port stands behind its address, without a blank: 10.0.0.1:%.*s or "
	    "[2001:db8::1]:%.*s",
	    WORD_ARGS(*w), WORD_ARGS(*w));
	return true;
}

/* "server 10.0.0.1:80 weight 10": that the name is missing has been told. */
static bool name_missing(struct parse *p)
{
	return word_is(&p->in->words[0], "server") && p->in->n_words > 3 &&
	       value_is_address(&p->in->words[1]) && !value_is_address(&p->in->words[2]);
}

/* "check http" */
static bool method_alone(struct parse *p, const struct word *w)
{
	static const char *const methods[] = { "http", "https", "tcp", "icmp", "arp",
		"udp", "dns" };

	if (p->in->n_words != 2 || !word_is(&p->in->words[0], "check") ||
	    !is_one_of(w, methods, LENGTH(methods)))
		return false;
	parse_error(p, w->loc, "unknown argument \"%.*s\"; write \"option %.*scheck\"",
	    WORD_ARGS(*w), WORD_ARGS(*w));
	return true;
}

/* "httpcheck GET /path" */
static bool http_words(
    struct parse *p, const struct word *w, const char *const *expected, size_t n)
{
	static const char *const methods[] = { "GET", "HEAD", "OPTIONS" };

	if (!may_stand("uri", expected, n))
		return false;
	if (w->text[0] == '/')
		parse_error(
		    p, w->loc, "a path stands behind \"uri\": uri %.*s", WORD_ARGS(*w));
	else if (is_one_of(w, methods, LENGTH(methods)))
		parse_error(p, w->loc, "write \"method %.*s\", and a path behind \"uri\"",
		    WORD_ARGS(*w));
	else
		return false;
	return true;
}

bool answer(struct parse *p, const struct word *w, const char *const *expected, size_t n)
{
	if (word_is(&p->in->words[0], "outflow")) {
		refuse_firewall(p, &p->in->words[0]);
		return true;
	}
	return w != NULL && w->len > 0 &&
	       (name_missing(p) || statement(p, w) || argument_alone(p, w, expected, n) ||
		   equals_sign(p, w, expected, n) || punctuation(p, w) ||
		   port_alone(p, w) || method_alone(p, w) ||
		   http_words(p, w, expected, n));
}
