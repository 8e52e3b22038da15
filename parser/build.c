/*
 * build: repetitions, and what no part of the daemon does yet.
 *
 * Where an argument or a statement was last given is kept by its token number.
 * A statement is a line and a section begins at a line, so that comparing line
 * numbers tells whether that place is in the present one; nothing has to be
 * reset.
 */
#include "parser/build.h"

#include <assert.h>

#include "parser/grammar.h"

/*
 * The words that the language has and the daemon does not carry out yet. What
 * is pending in some of its meanings only is told by build_pending() there.
 */
static const bool pending[TOKENS_MAX] = {
	[T_ANNOUNCE] = true,
	[T_SIP] = true,
};

void build_pending(struct parse *p, const struct word *key)
{
	if (p->purpose == READ_START || p->purpose == READ_RELOAD ||
	    p->purpose == READ_SENT)
		parse_error(
		    p, key->loc, "\"%.*s\" is not supported yet", WORD_ARGS(*key));
	else
		parse_warning(p, key->loc,
		    "\"%.*s\" is not supported yet: a start or a reload will refuse it",
		    WORD_ARGS(*key));
}

bool build_argument(struct parse *p, const struct word *key)
{
	struct loc *at = &p->argument_at[key->token];

	assert(key->token < TOKENS_MAX);
	if (at->line == key->loc.line && at->file == key->loc.file) {
		parse_error(p, key->loc,
		    "\"%.*s\" is given twice; first given at column %u", WORD_ARGS(*key),
		    (unsigned)at->col);
		return false;
	}
	*at = key->loc;
	if (pending[key->token])
		build_pending(p, key);
	return true;
}

bool build_statement(struct parse *p, const struct word *key)
{
	struct loc *at = &p->statement_at[key->token];

	assert(key->token < TOKENS_MAX);
	if (at->line >= p->section.line && at->file == key->loc.file) {
		parse_error(p, key->loc,
		    "\"%.*s\" is given twice in this section; first given at %s",
		    WORD_ARGS(*key), parse_place(p, *at, key->loc));
		return false;
	}
	*at = key->loc;
	if (pending[key->token])
		build_pending(p, key);
	return true;
}
