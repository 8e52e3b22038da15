/*
 * build_check: the words about when and how often to check.
 *
 * The check arguments of a statement are kept apart with their places, because
 * three statements may have them (the check line, the option line, a server),
 * in any order; validate_check.c puts them together.
 */
#include "lib/arena.h"
#include "lib/xalloc.h"
#include "parser/build.h"
#include "parser/value.h"

/* Those of defaults must outlive their section; those of a director's two lines
 * serve the next director again. */
struct check_words *build_check_words(struct parse *p, struct check_words *slot)
{
	if (slot == NULL || p->into == &p->defaults_conf)
		return arena_alloc(p->scratch, sizeof *slot);
	*slot = (struct check_words){ 0 };
	return slot;
}

void build_check_open(struct parse *p, const struct word *key)
{
	struct check_words *words;

	p->server = NULL;
	if (!build_statement(p, key)) {
		p->check = build_check_words(p, NULL);
		return;
	}
	words = build_check_words(p, &p->check_line);
	p->check = words;
	p->lines.check_line = words;
	p->lines.check_loc = key->loc;
}

/* Those of the server that is being read, in its director's array. */
static struct check_words *own_words(struct parse *p)
{
	p->own_words =
	    xgrow(p->own_words, p->n_own_words, &p->cap_own_words, sizeof *p->own_words);
	p->server->own_words = (uint32_t)p->n_own_words + 1;
	p->own_words[p->n_own_words] = (struct check_words){ 0 };
	return &p->own_words[p->n_own_words++];
}

/*
 * The words that the argument KEY belongs to, NULL after an error. In a server
 * statement they exist only when they are needed, and stand behind "check".
 */
static struct check_words *words_for(struct parse *p, const struct word *key)
{
	if (!build_argument(p, key))
		return NULL;
	if (p->server == NULL)
		return p->check;
	if (p->server->check_loc.line == 0) {
		parse_error(p, key->loc,
		    "\"%.*s\" is an argument of \"check\", which must stand before it",
		    WORD_ARGS(*key));
		return NULL;
	}
	if (p->check == NULL)
		p->check = own_words(p);
	return p->check;
}

void build_check_interval(
    struct parse *p, const struct word *key, const struct word *value)
{
	struct check_words *words = words_for(p, key);

	if (words != NULL && value_time(p, value, &words->interval_ms))
		words->at.interval = value->loc;
}

void build_check_timeout(
    struct parse *p, const struct word *key, const struct word *value)
{
	struct check_words *words = words_for(p, key);

	if (words != NULL && value_time(p, value, &words->timeout_ms))
		words->at.timeout = value->loc;
}

void build_check_fastinter(
    struct parse *p, const struct word *key, const struct word *value)
{
	struct check_words *words = words_for(p, key);

	if (words != NULL && value_time(p, value, &words->fastinter_ms))
		words->at.fastinter = value->loc;
}

void build_check_downinter(
    struct parse *p, const struct word *key, const struct word *value)
{
	struct check_words *words = words_for(p, key);

	if (words != NULL && value_time(p, value, &words->downinter_ms))
		words->at.downinter = value->loc;
}

void build_check_source(struct parse *p, const struct word *key, const struct word *value)
{
	struct check_words *words = words_for(p, key);

	if (words != NULL && value_address(p, value, &words->source))
		words->at.source = value->loc;
}

/* Reads VALUE into *OUT and notes at *AT where it stands. */
static void take_u16(struct parse *p, const struct word *value, const char *what,
    uint16_t *out, struct loc *at)
{
	uint32_t n;

	if (!value_number(p, value, what, 1, UINT16_MAX, &n))
		return;
	*out = (uint16_t)n;
	*at = value->loc;
}

void build_check_port(struct parse *p, const struct word *key, const struct word *value)
{
	struct check_words *words = words_for(p, key);

	if (words != NULL)
		take_u16(p, value, "a port", &words->port, &words->at.port);
}

void build_check_rise(struct parse *p, const struct word *key, const struct word *value)
{
	struct check_words *words = words_for(p, key);

	if (words != NULL)
		take_u16(p, value, "a number of checks", &words->rise, &words->at.rise);
}

void build_check_fall(struct parse *p, const struct word *key, const struct word *value)
{
	struct check_words *words = words_for(p, key);

	if (words != NULL)
		take_u16(p, value, "a number of checks", &words->fall, &words->at.fall);
}

void build_check_inhibit(struct parse *p, const struct word *key)
{
	struct check_words *words = words_for(p, key);

	if (words != NULL)
		words->at.inhibit = key->loc;
}
