/*
 * build_check: the check, and the options.
 *
 * The check arguments of a statement are kept apart with their places, because
 * three statements may have them (the check line, the option line, a server),
 * in any order; validate_check.c puts them together.
 */
#include <stdio.h>

#include "lib/arena.h"
#include "parser/build.h"
#include "parser/value.h"

#define HTTP_URI_MAX 2000
#define HOST_MAX 255
#define IFACE_MAX 15 /* IFNAMSIZ, without the NUL */
#define CAFILE_MAX 1000

static struct check_words *words_new(struct parse *p)
{
	return arena_alloc(p->scratch, sizeof(struct check_words));
}

void build_check_open(struct parse *p, const struct word *key)
{
	struct check_words *words = words_new(p);

	p->server = NULL;
	p->check = words;
	if (!build_statement(p, key))
		return;
	p->director->check_line = words;
	p->director->check_loc = key->loc;
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
		p->check = words_new(p);
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

void build_option_persistence(struct parse *p, const struct word *key)
{
	build_statement(p, key);
	p->director->conf.persistent = true;
}

void build_persistence_timeout(
    struct parse *p, const struct word *key, const struct word *value)
{
	uint32_t ms;

	if (!build_argument(p, key) || !value_time(p, value, &ms))
		return;
	if (ms % 1000 != 0) {
		parse_error(p, value->loc, "\"%.*s\" is not a number of whole seconds",
		    WORD_ARGS(*value));
		return;
	}
	p->director->conf.persist_timeout_s = ms / 1000;
}

void build_persistence_netmask(
    struct parse *p, const struct word *key, const struct word *value)
{
	if (!build_argument(p, key))
		return;
	p->director->netmask = arena_strndup(p->scratch, value->text, value->len);
	p->director->netmask_loc = value->loc;
}

void build_option_onepacket(struct parse *p, const struct word *key)
{
	build_statement(p, key);
	p->director->conf.onepacket = true;
	p->director->onepacket_loc = key->loc;
}

void build_option_method(
    struct parse *p, const struct word *key, enum check_method method)
{
	struct director_draft *d = p->director;

	p->server = NULL;
	p->check = words_new(p);
	if (method == CHECK_HTTP || method == CHECK_HTTPS) {
		p->http = arena_alloc(p->arena, sizeof *p->http);
		p->http->uri = "/";
		p->http->statuscode = 200;
	}
	if (d->method_loc.line != 0) {
		parse_error(p, key->loc,
		    "a second check method; the first was given at line %u",
		    (unsigned)d->method_loc.line);
		return;
	}
	d->method_loc = key->loc;
	d->method = method;
	d->option_line = p->check;
	if (method == CHECK_HTTP || method == CHECK_HTTPS)
		d->http = p->http;
}

void build_arp_iface(struct parse *p, const struct word *key, const struct word *value)
{
	if (build_argument(p, key))
		value_text(
		    p, value, "the name of an interface", IFACE_MAX, &p->director->iface);
}

void build_http_uri(struct parse *p, const struct word *key, const struct word *value)
{
	if (!build_argument(p, key) ||
	    !value_text(p, value, "a uri", HTTP_URI_MAX, &p->http->uri))
		return;
	if (p->http->uri[0] != '/')
		parse_error(p, value->loc, "\"%.*s\" is not a uri: it must begin with /",
		    WORD_ARGS(*value));
}

void build_http_statuscode(
    struct parse *p, const struct word *key, const struct word *value)
{
	uint32_t n;

	if (build_argument(p, key) &&
	    value_number(p, value, "a status code", 100, 999, &n))
		p->http->statuscode = (uint16_t)n;
}

void build_http_vhost(struct parse *p, const struct word *key, const struct word *value)
{
	if (build_argument(p, key))
		value_text(p, value, "a virtual host", HOST_MAX, &p->http->vhost);
}

void build_https_sni(struct parse *p, const struct word *key, const struct word *value)
{
	if (build_argument(p, key))
		value_text(p, value, "a server name", HOST_MAX, &p->http->sni);
}

void build_https_verify(struct parse *p, const struct word *key, bool required)
{
	if (build_argument(p, key))
		p->http->verify = required;
}

void build_https_cafile(struct parse *p, const struct word *key, const struct word *value)
{
	if (build_argument(p, key) && value_path(p, value, CAFILE_MAX, &p->http->cafile))
		p->director->cafile_loc = value->loc;
}
