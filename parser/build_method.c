/*
 * build_method: the check options, and what each method asks and expects.
 *
 * A director has one method. That of defaults gives way to the director's own,
 * with all that was said in its line.
 */
#include <string.h>
#include <strings.h>

#include "lib/arena.h"
#include "lib/xalloc.h"
#include "parser/build.h"
#include "parser/value.h"

#define HTTP_URI_MAX 2000
#define HOST_MAX 255
#define TEXT_MAX 1000
#define PAYLOAD_MAX 4096
#define CAFILE_MAX 1000
#define COMMAND_MAX 4000
#define COMMAND_WORDS_MAX 256
#define STATUSES_MAX 100
#define DNS_SOA 6

/* What the words of the statement are put into: each method has its own. */
static void method_new(struct parse *p, enum check_method method)
{
	p->http = NULL;
	p->talk = NULL;
	p->dns = NULL;
	if (method == CHECK_HTTP || method == CHECK_HTTPS) {
		p->http = arena_alloc(p->arena, sizeof *p->http);
		p->http->uri = "/";
		p->http->statuscode = 200;
	} else if (method == CHECK_DNS) {
		p->dns = arena_alloc(p->arena, sizeof *p->dns);
		p->dns->name = ".";
		p->dns->type = DNS_SOA;
	}
}

static bool is_in_section(const struct parse *p, const struct loc *at)
{
	return at->line >= p->section.line && at->file == p->section.file;
}

void build_option_method(
    struct parse *p, const struct word *key, enum check_method method)
{
	struct director_lines *l = &p->lines;

	p->server = NULL;
	method_new(p, method);
	if (l->method_loc.line != 0 && is_in_section(p, &l->method_loc)) {
		parse_error(p, key->loc,
		    "a second check method; the first was given at %s",
		    parse_place(p, l->method_loc, key->loc));
		p->check = build_check_words(p, NULL);
		p->talk = arena_alloc(p->scratch, sizeof *p->talk);
		return;
	}
	build_statement(p, key);
	p->check = build_check_words(p, &p->option_line);
	l->method_loc = key->loc;
	l->method = method;
	l->option_line = p->check;
	l->http = p->http;
	l->talk = NULL;
	l->dns = p->dns;
	l->command = NULL;
	l->iface = NULL;
	l->cafile_loc.line = l->tls_loc.line = 0;
}

void build_arp_iface(struct parse *p, const struct word *key, const struct word *value)
{
	if (build_argument(p, key))
		value_text(
		    p, value, "the name of an interface", IFACE_MAX, &p->lines.iface);
}

/* ---- http ---- */

void build_http_uri(struct parse *p, const struct word *key, const struct word *value)
{
	if (!build_argument(p, key) ||
	    !value_text(p, value, "a uri", HTTP_URI_MAX, &p->http->uri))
		return;
	if (p->http->uri[0] != '/')
		parse_error(p, value->loc, "\"%.*s\" is not a uri: it must begin with /",
		    WORD_ARGS(*value));
}

static const char *find(const char *text, size_t len, char c)
{
	return len > 0 ? memchr(text, c, len) : NULL;
}

/* Reads "200" or "200-299", the LEN bytes at TEXT. */
static bool read_range(struct parse *p, struct word w, struct status_range *r)
{
	const char *dash = find(w.text, w.len, '-');
	struct word end = w;
	uint32_t first, last;

	if (dash != NULL) {
		end.text = dash + 1;
		end.len = w.len - (uint32_t)(end.text - w.text);
		w.len = (uint32_t)(dash - w.text);
	}
	if (!value_number(p, &w, "a status code", 100, 999, &first) ||
	    !value_number(p, &end, "a status code", 100, 999, &last))
		return false;
	if (last < first) {
		parse_error(p, w.loc, "\"%u-%u\" ends before it begins", (unsigned)first,
		    (unsigned)last);
		return false;
	}
	r->first = (uint16_t)first;
	r->last = (uint16_t)last;
	return true;
}

void build_http_statuscode(
    struct parse *p, const struct word *key, const struct word *value)
{
	struct status_range list[STATUSES_MAX];
	struct word rest = *value;
	const char *comma;
	uint16_t n = 0;

	if (!build_argument(p, key))
		return;
	do {
		struct word one = rest;

		if (n == STATUSES_MAX) {
			parse_error(p, value->loc, "more than %u status codes and ranges",
			    STATUSES_MAX);
			return;
		}
		comma = find(rest.text, rest.len, ',');
		if (comma != NULL) {
			one.len = (uint32_t)(comma - rest.text);
			rest.text = comma + 1;
			rest.len -= one.len + 1;
		}
		if (!read_range(p, one, &list[n++]))
			return;
	} while (comma != NULL);
	p->http->statuscode = list[0].first;
	if (n == 1 && list[0].first == list[0].last)
		return;
	p->http->statuscode = 0;
	p->http->n_statuses = n;
	p->http->statuses =
	    memcpy(arena_alloc(p->arena, n * sizeof list[0]), list, n * sizeof list[0]);
}

void build_http_vhost(struct parse *p, const struct word *key, const struct word *value)
{
	if (build_argument(p, key))
		value_text(p, value, "a virtual host", HOST_MAX, &p->http->vhost);
}

void build_http_method(struct parse *p, const struct word *key, enum http_method method)
{
	if (build_argument(p, key))
		p->http->method = method;
}

void build_http_match(struct parse *p, const struct word *key, const struct word *value)
{
	if (build_argument(p, key))
		value_string(p, value, "a text to find", TEXT_MAX, &p->http->match);
}

/* ---- tcp, udp ---- */

/* Most tcp checks say nothing and need no node. */
static struct talk_conf *talk(struct parse *p)
{
	if (p->talk == NULL) {
		p->talk = arena_alloc(p->arena, sizeof *p->talk);
		p->lines.talk = p->talk;
	}
	return p->talk;
}

void build_talk_send(struct parse *p, const struct word *key, const struct word *value)
{
	if (build_argument(p, key))
		value_payload(p, value, PAYLOAD_MAX, &talk(p)->send);
}

void build_talk_expect(struct parse *p, const struct word *key, const struct word *value)
{
	if (build_argument(p, key))
		value_payload(p, value, PAYLOAD_MAX, &talk(p)->expect);
}

void build_talk_ssl(struct parse *p, const struct word *key)
{
	if (build_argument(p, key))
		talk(p)->ssl = true;
}

/* ---- tls: of https, and of tcp with ssl ---- */

void build_tls_sni(struct parse *p, const struct word *key, const struct word *value)
{
	const char **sni = p->http != NULL ? &p->http->sni : &talk(p)->sni;

	p->lines.tls_loc = key->loc;
	if (build_argument(p, key))
		value_text(p, value, "a server name", HOST_MAX, sni);
}

void build_tls_verify(struct parse *p, const struct word *key, bool required)
{
	p->lines.tls_loc = key->loc;
	if (build_argument(p, key))
		*(p->http != NULL ? &p->http->verify : &talk(p)->verify) = required;
}

void build_tls_cafile(struct parse *p, const struct word *key, const struct word *value)
{
	const char **cafile = p->http != NULL ? &p->http->cafile : &talk(p)->cafile;

	p->lines.tls_loc = key->loc;
	if (build_argument(p, key) && value_path(p, value, CAFILE_MAX, cafile))
		p->lines.cafile_loc = value->loc;
}

/* ---- dns ---- */

void build_dns_name(struct parse *p, const struct word *key, const struct word *value)
{
	if (build_argument(p, key))
		value_dns_name(p, value, &p->dns->name);
}

void build_dns_type(struct parse *p, const struct word *key, const struct word *value)
{
	if (build_argument(p, key))
		value_dns_type(p, value, &p->dns->type);
}

void build_dns_rcode(struct parse *p, const struct word *key, const struct word *value)
{
	if (build_argument(p, key))
		value_dns_rcode(p, value, &p->dns->rcode);
}

/* ---- external ---- */

static size_t count_words(const char *text)
{
	size_t n = 0;

	for (text += strspn(text, " \t"); *text != '\0'; text += strspn(text, " \t")) {
		text += strcspn(text, " \t");
		n++;
	}
	return n;
}

void build_external_command(struct parse *p, const struct word *value)
{
	const char *command;

	if (!value_string(p, value, "a command", COMMAND_MAX, &command))
		return;
	p->lines.command = command;
	if (command[0] != '/')
		parse_error(p, value->loc,
		    "the command must begin with the absolute path of a program");
	else if (count_words(command) > COMMAND_WORDS_MAX)
		parse_error(
		    p, value->loc, "more than %u words in a command", COMMAND_WORDS_MAX);
}
