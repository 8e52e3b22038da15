/*
 * Directors as an lvs.conf that a person could have written.
 *
 * Defaults are left out; over each director stands the line that it comes from
 * and what was lost of that. Each section is put to the parser as a start of the
 * daemon would: a line that it refuses becomes a comment with its reason, so what
 * is printed loads, whatever the input was.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"
#include "lvsctl/import.h"
#include "parser/parser.h"

#define NOTES_NEAR 100
#define INDENT "    "

/* ---- names ---- */

/* "http-192.0.2.10", "tcp-8080-192.0.2.10", "dns-udp-192.0.2.53", "mark-7" */
static const char *wanted_name(struct import *im, const struct import_director *d)
{
	const char *service = import_port_name(d->port);
	const char *protocol = d->protocol == IPPROTO_UDP    ? "udp"
			       : d->protocol == IPPROTO_SCTP ? "sctp"
							     : "tcp";
	char text[ADDR_TEXT_MAX];

	if (d->name != NULL && *d->name != '\0')
		return d->name;
	if (!addr_is_set(&d->addr))
		return import_printf(im, "mark-%u", (unsigned)d->fwmark);
	addr_text(&d->addr, text);
	if (d->port == 0)
		return import_printf(im, "%s-%s", protocol, text);
	if (service == NULL)
		return import_printf(im, "%s-%u-%s", protocol, d->port, text);
	if (d->protocol == IPPROTO_TCP)
		return import_printf(im, "%s-%s", service, text);
	return import_printf(im, "%s-%s-%s", service, protocol, text);
}

/* ---- lines ---- */

static void time_ms(struct buf *b, const char *key, uint32_t ms)
{
	if (ms % 1000 == 0)
		buf_printf(b, " %s %us", key, (unsigned)(ms / 1000));
	else
		buf_printf(b, " %s %ums", key, (unsigned)ms);
}

static void endpoint(struct buf *b, const struct addr *a, uint16_t port)
{
	char text[ADDR_TEXT_MAX];

	buf_printf(
	    b, " %s", port != 0 ? addr_port_text(a, port, text) : addr_text(a, text));
}

static void check_target(
    struct buf *b, const struct import_check *c, const struct import_check *usual)
{
	char text[ADDR_TEXT_MAX];

	if (c->port != usual->port)
		buf_printf(b, " port %u", c->port);
	if (addr_is_set(&c->source) && addr_cmp(&c->source, &usual->source) != 0)
		buf_printf(b, " source %s", addr_text(&c->source, text));
	if (c->inhibit && !usual->inhibit)
		buf_str(b, " inhibit");
}

static uint32_t fastinter_of(const struct import_check *c)
{
	return c->fastinter_ms != 0 ? c->fastinter_ms : c->interval_ms;
}

/* The check line of a director, beside the defaults of the language. */
static void write_check(struct buf *b, const struct import_check *c)
{
	static const struct import_check nothing;

	if (c->method == NULL)
		return;
	buf_str(b, INDENT "check");
	time_ms(b, "interval", c->interval_ms);
	time_ms(b, "timeout", c->timeout_ms);
	if (c->fall != 1)
		buf_printf(b, " fall %u", c->fall);
	if (fastinter_of(c) != c->interval_ms)
		time_ms(b, "fastinter", c->fastinter_ms);
	check_target(b, c, &nothing);
	buf_printf(b, "\n" INDENT "option %s\n", c->method);
}

static void write_server_check(
    struct buf *b, const struct import_check *c, const struct import_check *usual)
{
	buf_str(b, " check");
	if (c->interval_ms != usual->interval_ms)
		time_ms(b, "interval", c->interval_ms);
	if (c->timeout_ms != usual->timeout_ms || c->interval_ms != usual->interval_ms)
		time_ms(b, "timeout", c->timeout_ms);
	if (c->fall != usual->fall)
		buf_printf(b, " fall %u", c->fall);
	/* The director's fastinter, where it says one, goes for this server, too. */
	if (c->fall > 1 && fastinter_of(c) != fastinter_of(usual) &&
	    (c->fastinter_ms != 0 || usual->fastinter_ms != 0))
		time_ms(b, "fastinter", fastinter_of(c));
	check_target(b, c, usual);
}

/* Its address, and its port where the address has a line already. */
static const char *server_name(
    struct import *im, struct import_names *names, const struct import_server *s)
{
	char text[ADDR_TEXT_MAX], with_port[2 * ADDR_TEXT_MAX];

	if (s->sorry)
		return import_name_unique(im, names, "sorry");
	addr_text(&s->addr, text);
	for (char *c = text; *c != '\0'; c++)
		if (*c == ':')
			*c = '-';
	if (!import_name_has(names, text))
		return import_name_unique(im, names, text);
	snprintf(with_port, sizeof with_port, "%s-%u", text, s->port);
	return import_name_unique(im, names, with_port);
}

static void write_server(struct buf *b, const struct import_server *s, const char *name,
    const struct import_check *usual, bool weights)
{
	buf_printf(b, INDENT "server %s", name);
	endpoint(b, &s->addr, s->port);
	if (weights && !s->sorry)
		buf_printf(b, " weight %u", (unsigned)s->weight);
	if (s->maxconn != 0)
		buf_printf(b, " maxconn %u", (unsigned)s->maxconn);
	if (s->minconn != 0)
		buf_printf(b, " minconn %u", (unsigned)s->minconn);
	if (s->check.method != NULL)
		write_server_check(b, &s->check, usual);
	buf_str(b, s->sorry ? " sorry\n" : "\n");
}

static void write_options(struct buf *b, const struct import_director *d)
{
	if (d->persistent) {
		buf_str(b, INDENT "option persistence");
		if (d->persist_s != 0)
			buf_printf(b, " timeout %us", (unsigned)d->persist_s);
		if (d->netmask != NULL)
			buf_printf(b, " netmask %s", d->netmask);
		buf_str(b, "\n");
	}
	buf_str(b, d->onepacket ? INDENT "option onepacket\n" : "");
	buf_str(b, d->sip ? INDENT "option sip\n" : "");
	if (d->quorum > 1)
		buf_printf(b, INDENT "option quorum %u\n", (unsigned)d->quorum);
}

/* " 192.0.2.10:80 TCP" or " fwmark 7": what only one director can have; or nothing. */
static void write_service(struct buf *b, const struct import_director *d)
{
	if (!addr_is_set(&d->addr)) {
		if (d->fwmark != 0)
			buf_printf(b, " fwmark %u", (unsigned)d->fwmark);
		return;
	}
	endpoint(b, &d->addr, d->port);
	buf_str(b, d->protocol == IPPROTO_UDP	 ? " UDP"
		   : d->protocol == IPPROTO_SCTP ? " SCTP"
						 : " TCP");
}

static void write_director(
    struct import *im, struct buf *b, const struct import_director *d, const char *name)
{
	const struct import_server *s;
	struct import_names names = { 0 };
	bool weights = false;

	STAILQ_FOREACH (s, &d->servers, entry)
		weights = weights || (s->weight != 1 && !s->sorry);
	buf_printf(b, "director %s", name);
	write_service(b, d);
	buf_printf(b, "\n" INDENT "balance %s\n" INDENT "mode %s\n", d->balance, d->mode);
	write_check(b, &d->check);
	write_options(b, d);
	STAILQ_FOREACH (s, &d->servers, entry)
		write_server(b, s, server_name(im, &names, s), &d->check, weights);
	import_names_fini(&names);
}

/* ---- the file ---- */

static int cmp_notes(const void *a, const void *b)
{
	const struct import_note *v = *(const struct import_note *const *)a;
	const struct import_note *w = *(const struct import_note *const *)b;

	return v->line < w->line ? -1 : v->line > w->line;
}

/* In the order of the input; notes of one text that stand near each other are one. */
static void write_notes(struct buf *out, const struct import_notes *notes)
{
	struct import_note *note, **list = NULL;
	size_t n = 0, cap = 0;

	STAILQ_FOREACH (note, notes, entry) {
		list = xgrow(list, n, &cap, sizeof *list);
		list[n++] = note;
	}
	if (n > 0)
		qsort(list, n, sizeof *list, cmp_notes);
	for (size_t i = 0; i < n; i++) {
		const char *text = list[i]->text;

		if (text == NULL)
			continue;
		buf_printf(out, "# line %u", list[i]->line);
		for (size_t k = i + 1; k < n && k < i + NOTES_NEAR; k++)
			if (list[k]->text != NULL && strcmp(list[k]->text, text) == 0) {
				if (list[k]->line != list[k - 1]->line)
					buf_printf(out, ", %u", list[k]->line);
				list[k]->text = NULL;
			}
		buf_printf(out, ": not imported: %s\n", text);
	}
	free(list);
}

static void write_global(struct import *im, struct buf *out)
{
	static const char *const names[] = { "tcp", "tcpfin", "udp" };
	const uint32_t *t = im->timeouts_s;

	if (t[0] == 0 && t[1] == 0 && t[2] == 0 && !im->stop_clear)
		return;
	buf_str(out, "\nglobal\n");
	if (im->stop_clear)
		buf_str(out, INDENT "stop clear\n");
	if (t[0] == 0 && t[1] == 0 && t[2] == 0)
		return;
	buf_str(out, INDENT "timeouts");
	for (int i = 0; i < 3; i++)
		if (t[i] != 0)
			buf_printf(out, " %s %us", names[i], (unsigned)t[i]);
	buf_str(out, "\n");
}

/* The sets are those of names and of services in the file so far. */
static void write_section(struct import *im, struct buf *out,
    const struct import_director *d, struct import_names *names,
    struct import_names *services)
{
	struct buf service = { 0 }, text = { 0 };
	const char *why, *name;

	buf_printf(out, "\n# line %u: %s\n", d->line, d->origin);
	write_notes(out, &d->notes);
	write_service(&service, d);
	if (!STAILQ_EMPTY(&d->matches) ||
	    import_name_add(services, import_taken(im, &service))) {
		name = import_name_unique(im, names, wanted_name(im, d));
		write_director(im, &text, d, name);
		if (!STAILQ_EMPTY(&d->matches))
			import_match_write(
			    &text, d, import_printf(im, "import-%u", ++im->flows), name);
		why = import_prove(im, &text);
	} else {
		why = "a director before has this address and protocol, or mark";
	}
	if (why == NULL) {
		buf_add(out, text.data, text.len);
	} else {
		im->lost = true;
		buf_printf(out, "# not imported: %s\n", why);
	}
	buf_fini(&text);
}

/* A file's name may hold what a comment may not. */
static void write_head(struct import *im, struct buf *out)
{
	char *file = import_printf(im, "%s", im->file);

	for (char *c = file; *c != '\0'; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	buf_printf(out, "# Made of %s (%s) by lvsctl import.\n", file, im->kind);
	if (strcmp(im->kind, "ipvsadm") == 0)
		buf_str(
		    out, "# A table tells of no checks: what has none is always up.\n");
}

void import_write(struct import *im, struct buf *out)
{
	struct import_names names = { 0 }, services = { 0 };
	const struct import_director *d;

	write_head(im, out);
	write_notes(out, &im->notes);
	write_global(im, out);
	STAILQ_FOREACH (d, &im->directors, entry)
		write_section(im, out, d, &names, &services);
	import_names_fini(&names);
	import_names_fini(&services);
}
