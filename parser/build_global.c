/*
 * build_global: the section about the daemon itself.
 *
 * Its statements go straight into the tree. The two synchronisation daemons of
 * the kernel may be told in one statement or in two.
 */
#include "parser/build.h"

#include <sys/un.h>

#include "parser/validate.h"
#include "parser/value.h"

/* What the kernel takes as the path of a socket, without the NUL. */
#define SOCKET_PATH_MAX (sizeof((struct sockaddr_un *)0)->sun_path - 1)
#define FILE_PATH_MAX 1000
#define USER_NAME_MAX 32
#define CHECKS_MAX 1000000

void build_global_open(struct parse *p, const struct word *key)
{
	validate_section(p);
	p->section = key->loc;
	if (p->global_at.line != 0)
		parse_error(p, key->loc,
		    "there can be one global section only; first given at %s",
		    parse_place(p, p->global_at, key->loc));
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

void build_global_stop(struct parse *p, const struct word *key, bool clear)
{
	if (!build_statement(p, key))
		return;
	p->conf->stop_clear = clear;
}

void build_global_table(struct parse *p, const struct word *key, bool exclusive)
{
	if (!build_statement(p, key))
		return;
	p->conf->table_exclusive = exclusive;
}

void build_global_empty(struct parse *p, const struct word *key)
{
	if (build_statement(p, key))
		p->conf->empty = true;
}

void build_global_conntrack(struct parse *p, const struct word *key)
{
	if (build_statement(p, key))
		p->conf->conntrack = true;
}

void build_global_sysctl(struct parse *p, const struct word *key)
{
	if (build_statement(p, key))
		p->conf->sysctl_keep = true;
}

void build_global_timeout(
    struct parse *p, const struct word *key, const struct word *value, uint32_t *out)
{
	if (build_argument(p, key))
		value_seconds(p, value, out);
}

void build_global_checks(struct parse *p, const struct word *value)
{
	value_number(p, value, "a number of checks", 1, CHECKS_MAX, &p->conf->checks_max);
}

/* ---- sync ---- */

static void sync_role(
    struct parse *p, const struct word *key, struct sync_conf *s, struct loc *at)
{
	if (at->line != 0)
		parse_error(p, key->loc, "this sync daemon was given at %s",
		    parse_place(p, *at, key->loc));
	*at = key->loc;
	*s = (struct sync_conf){ .on = true };
}

void build_sync_open(struct parse *p, const struct word *key, bool master, bool backup)
{
	struct conf *c = p->conf;

	if (master)
		sync_role(p, key, &c->sync_master, &p->sync_master_at);
	if (backup)
		sync_role(p, key, &c->sync_backup, &p->sync_backup_at);
	p->sync = master ? &c->sync_master : &c->sync_backup;
	p->sync_too = master && backup ? &c->sync_backup : NULL;
}

void build_sync_interface(
    struct parse *p, const struct word *key, const struct word *value)
{
	if (build_argument(p, key))
		value_text(
		    p, value, "the name of an interface", IFACE_MAX, &p->sync->iface);
}

static void sync_number(struct parse *p, const struct word *key, const struct word *value,
    const char *what, uint32_t min, uint32_t max, uint32_t *out)
{
	*out = min;
	if (build_argument(p, key))
		value_number(p, value, what, min, max, out);
}

void build_sync_syncid(struct parse *p, const struct word *key, const struct word *value)
{
	uint32_t n;

	sync_number(p, key, value, "a sync id", 0, UINT8_MAX, &n);
	p->sync->syncid = (uint8_t)n;
}

void build_sync_maxlen(struct parse *p, const struct word *key, const struct word *value)
{
	uint32_t n;

	sync_number(p, key, value, "a length", 1, UINT16_MAX, &n);
	p->sync->maxlen = (uint16_t)n;
}

void build_sync_port(struct parse *p, const struct word *key, const struct word *value)
{
	uint32_t n;

	sync_number(p, key, value, "a port", 1, UINT16_MAX, &n);
	p->sync->port = (uint16_t)n;
}

void build_sync_ttl(struct parse *p, const struct word *key, const struct word *value)
{
	uint32_t n;

	sync_number(p, key, value, "a time to live", 1, UINT8_MAX, &n);
	p->sync->ttl = (uint8_t)n;
}

void build_sync_group(struct parse *p, const struct word *key, const struct word *value)
{
	struct addr *a = &p->sync->group;

	if (!build_argument(p, key) || !value_address(p, value, a))
		return;
	if (a->family == AF_INET ? (a->bytes[0] & 0xf0) != 0xe0 : a->bytes[0] != 0xff)
		parse_error(p, value->loc, "\"%.*s\" is not a multicast group",
		    WORD_ARGS(*value));
}

void build_sync_close(struct parse *p, const struct word *key)
{
	if (p->sync->iface == NULL)
		parse_error(p, key->loc, "sync needs \"interface NAME\"");
	if (p->sync_too != NULL)
		*p->sync_too = *p->sync;
}
