/*
 * build: repetitions, and the global section.
 *
 * Where an argument or a statement was last given is kept by its token number.
 * A statement is a line and a section begins at a line, so that comparing line
 * numbers tells whether that place is in the present one; nothing has to be
 * reset.
 */
#include "parser/build.h"

#include <assert.h>
#include <sys/un.h>

#include "parser/value.h"

/* What the kernel takes as the path of a socket, without the NUL. */
#define SOCKET_PATH_MAX (sizeof((struct sockaddr_un *)0)->sun_path - 1)
#define FILE_PATH_MAX 1000
#define USER_NAME_MAX 32

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
	return true;
}

bool build_statement(struct parse *p, const struct word *key)
{
	struct loc *at = &p->statement_at[key->token];

	assert(key->token < TOKENS_MAX);
	if (at->line >= p->section.loc.line && at->file == key->loc.file) {
		parse_error(p, key->loc,
		    "\"%.*s\" is given twice in this section; first given at line %u",
		    WORD_ARGS(*key), (unsigned)at->line);
		return false;
	}
	*at = key->loc;
	return true;
}

void build_global_open(struct parse *p, const struct word *key)
{
	p->section = *key;
	if (p->global_at.line != 0)
		parse_error(p, key->loc,
		    "there can be one global section only; first given at line %u",
		    (unsigned)p->global_at.line);
	else
		p->global_at = key->loc;
}

void build_global_user(struct parse *p, const struct word *key, const struct word *value)
{
	if (build_statement(p, key) &&
	    value_name(p, value, USER_NAME_MAX, true, &p->conf->user))
		p->conf->user_loc = value->loc;
}

void build_global_user_group(
    struct parse *p, const struct word *key, const struct word *value)
{
	if (build_argument(p, key))
		value_name(p, value, USER_NAME_MAX, true, &p->conf->group);
}

void build_global_control(
    struct parse *p, const struct word *key, const struct word *value)
{
	p->socket = &p->conf->control;
	if (build_statement(p, key) &&
	    value_path(p, value, SOCKET_PATH_MAX, &p->socket->path))
		p->control_at = value->loc;
}

void build_global_status(
    struct parse *p, const struct word *key, const struct word *value)
{
	p->socket = &p->conf->status;
	if (build_statement(p, key) &&
	    value_path(p, value, SOCKET_PATH_MAX, &p->socket->path))
		p->status_at = value->loc;
}

void build_global_state(struct parse *p, const struct word *key, const struct word *value)
{
	if (build_statement(p, key))
		value_path(p, value, FILE_PATH_MAX, &p->conf->state);
}

void build_socket_group(struct parse *p, const struct word *key, const struct word *value)
{
	if (build_argument(p, key))
		value_name(p, value, USER_NAME_MAX, true, &p->socket->group);
}

void build_socket_mode(struct parse *p, const struct word *key, const struct word *value)
{
	if (build_argument(p, key))
		value_octal(p, value, &p->socket->mode);
}
