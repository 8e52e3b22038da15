/*
 * One mode and one check method a director: those of most of its servers.
 *
 * A server with another mode cannot be in the director; one with another method
 * is checked as the others are, which is told. Then the check line takes what the
 * servers have in common, and ports are those that the mode can have.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"
#include "lvsctl/import.h"
#include "parser/conf.h"

/* A word of one server, and the server's place in the file. */
struct vote {
	const char *word;
	size_t at;
};

static int cmp_votes(const void *a, const void *b)
{
	const struct vote *v = a, *w = b;
	int c = strcmp(v->word, w->word);

	return c != 0 ? c : v->at < w->at ? -1 : v->at > w->at;
}

/* The word with the most votes; of several the first in the file; NULL of none. */
static const char *winner(struct vote *votes, size_t n)
{
	size_t best = 0, best_n = 0;

	if (n > 0)
		qsort(votes, n, sizeof *votes, cmp_votes);
	for (size_t i = 0, end; i < n; i = end) {
		for (end = i; end < n && strcmp(votes[end].word, votes[i].word) == 0;)
			end++;
		if (end - i > best_n ||
		    (end - i == best_n && votes[i].at < votes[best].at)) {
			best = i;
			best_n = end - i;
		}
	}
	return n > 0 ? votes[best].word : NULL;
}

/* Of the modes, or of the methods, of D's servers. */
static const char *elect(const struct import_director *d, bool methods)
{
	const struct import_server *s;
	struct vote *votes = NULL;
	size_t n = 0, cap = 0, at = 0;
	const char *word;

	STAILQ_FOREACH (s, &d->servers, entry) {
		word = methods ? s->check.method : s->mode;
		at++;
		if (word == NULL || (s->sorry && !methods))
			continue;
		votes = xgrow(votes, n, &cap, sizeof *votes);
		votes[n++] = (struct vote){ word, at };
	}
	word = winner(votes, n);
	free(votes);
	return word;
}

static const char *server_text(const struct import_server *s, char *buf)
{
	return s->port != 0 ? addr_port_text(&s->addr, s->port, buf)
			    : addr_text(&s->addr, buf);
}

static bool is_nat(const struct import_director *d)
{
	return strcmp(d->mode, conf_mode_name(MODE_NAT)) == 0;
}

static void settle_mode(struct import *im, struct import_director *d)
{
	struct import_servers kept = STAILQ_HEAD_INITIALIZER(kept);
	const char *mode = elect(d, false);
	struct import_server *s;
	char text[ADDR_TEXT_MAX];

	if (mode != NULL)
		d->mode = mode;
	if (d->mode == NULL)
		d->mode = conf_mode_name(MODE_NAT);
	while ((s = STAILQ_FIRST(&d->servers)) != NULL) {
		STAILQ_REMOVE_HEAD(&d->servers, entry);
		if (s->mode == NULL || strcmp(s->mode, d->mode) == 0)
			STAILQ_INSERT_TAIL(&kept, s, entry);
		else
			import_note(im, &d->notes, s->line,
			    "%s %s: a director has one mode, and most of its servers have %s",
			    server_text(s, text), s->mode, d->mode);
	}
	STAILQ_INIT(&d->servers);
	STAILQ_CONCAT(&d->servers, &kept);
}

/* Only nat can change a port; the others may have one for their check. */
static void settle_port(
    struct import *im, struct import_director *d, struct import_server *s)
{
	char text[ADDR_TEXT_MAX];

	if (is_nat(d) || s->port == d->port)
		return;
	if (s->check.method != NULL && s->check.needs_port && s->check.port == 0)
		s->check.port = s->port;
	if (s->port != 0 && (d->port != 0 || s->check.method == NULL))
		import_note(im, &d->notes, s->line, "%s: mode %s cannot change the port",
		    server_text(s, text), d->mode);
	s->port = d->port;
}

static bool needs_port(const struct import_director *d, const char *method)
{
	const struct import_server *s;

	STAILQ_FOREACH (s, &d->servers, entry)
		if (s->check.method != NULL && strcmp(s->check.method, method) == 0)
			return s->check.needs_port;
	return false;
}

/* Gives S the METHOD of most in place of its own. A command may be about the other
 * server, whose end must not be that of S. */
static void change_method(struct import *im, struct import_director *d,
    struct import_server *s, const char *method)
{
	bool is_command = strncmp(method, "externalcheck ", 14) == 0;
	char text[ADDR_TEXT_MAX];

	import_note(im, &d->notes, s->line,
	    "%s%s, %s: a director has one check, and most of its servers have %s",
	    server_text(s, text), is_command ? " is not checked" : "", s->check.method,
	    method);
	s->check.method = is_command ? NULL : method;
}

static void settle_method(
    struct import *im, struct import_director *d, const char *method)
{
	const bool port = needs_port(d, method);
	struct import_server *s;
	char text[ADDR_TEXT_MAX];

	STAILQ_FOREACH (s, &d->servers, entry) {
		if (s->check.method != NULL && strcmp(s->check.method, method) != 0)
			change_method(im, d, s, method);
		if (s->check.method == NULL)
			continue;
		s->check.needs_port = port;
		if (!port || s->check.port == s->port)
			s->check.port = 0;
		if (port && s->check.port == 0 && s->port == 0 && d->port == 0) {
			import_note(im, &d->notes, s->line,
			    "%s: not checked, for there is no port to check",
			    server_text(s, text));
			s->check.method = NULL;
		}
	}
}

/* The check line is that of the first server; what cannot be taken back behind a
 * server's "check" must be the same for all. */
static void settle_check(struct import_director *d)
{
	const struct import_server *s;
	bool first = true;

	STAILQ_FOREACH (s, &d->servers, entry) {
		const struct import_check *c = &s->check;

		if (c->method == NULL)
			continue;
		if (first)
			d->check = *c;
		first = false;
		d->check.inhibit = d->check.inhibit && c->inhibit;
		if (c->port != d->check.port)
			d->check.port = 0;
		if (addr_cmp(&c->source, &d->check.source) != 0)
			d->check.source.family = AF_UNSPEC;
	}
}

void import_settle(struct import *im, struct import_director *d)
{
	struct import_server *s;
	const char *method;

	settle_mode(im, d);
	STAILQ_FOREACH (s, &d->servers, entry)
		settle_port(im, d, s);
	method = elect(d, true);
	if (method != NULL)
		settle_method(im, d, method);
	settle_check(d);
}
