/* What the readers of import share: notes, lines, words, numbers, addresses. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/arena.h"
#include "lvsctl/import.h"
#include "parser/conf.h"

bool import_refuse(struct import *im, unsigned line, const char *fmt, ...)
{
	va_list ap;

	if (line != 0)
		fprintf(stderr, "%s:%u: error: ", im->file, line);
	else
		fprintf(stderr, "%s: error: ", im->file);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return false;
}

static const char *format(struct import *im, const char *fmt, va_list ap)
{
	char *text = NULL;
	const char *copy;
	int len = vasprintf(&text, fmt, ap);

	if (len < 0)
		abort();
	copy = arena_strndup(im->arena, text, (size_t)len);
	free(text);
	return copy;
}

void import_note(
    struct import *im, struct import_notes *to, unsigned line, const char *fmt, ...)
{
	struct import_note *note;
	va_list ap;

	im->lost = true;
	if (im->quiet)
		return;
	note = arena_alloc(im->arena, sizeof *note);
	note->line = line;
	va_start(ap, fmt);
	note->text = format(im, fmt, ap);
	va_end(ap);
	STAILQ_INSERT_TAIL(to, note, entry);
}

char *import_printf(struct import *im, const char *fmt, ...)
{
	const char *text;
	va_list ap;

	va_start(ap, fmt);
	text = format(im, fmt, ap);
	va_end(ap);
	return (char *)text;
}

const char *import_taken(struct import *im, struct buf *b)
{
	const char *text =
	    b->data != NULL ? arena_strndup(im->arena, b->data, b->len) : "";

	buf_fini(b);
	return text;
}

struct import_director *import_director_new(
    struct import *im, unsigned line, const char *origin)
{
	struct import_director *d = arena_alloc(im->arena, sizeof *d);

	d->line = line;
	d->origin = origin;
	STAILQ_INIT(&d->servers);
	STAILQ_INIT(&d->matches);
	STAILQ_INIT(&d->notes);
	STAILQ_INSERT_TAIL(&im->directors, d, entry);
	return d;
}

struct import_server *import_server_new(
    struct import *im, struct import_director *d, unsigned line)
{
	struct import_server *s = arena_alloc(im->arena, sizeof *s);

	s->line = line;
	s->weight = 1;
	STAILQ_INSERT_TAIL(&d->servers, s, entry);
	return s;
}

void import_director_drop(struct import *im, struct import_director *d, const char *why)
{
	STAILQ_REMOVE(&im->directors, d, import_director, entry);
	import_note(im, &im->notes, d->line, "%s: %s", d->origin, why);
}

bool import_next_line(struct import_lines *l, const char **text, size_t *len)
{
	const char *nl;

	if (l->at == l->end)
		return false;
	nl = memchr(l->at, '\n', (size_t)(l->end - l->at));
	if (nl == NULL)
		nl = l->end;
	*text = l->at;
	*len = (size_t)(nl - l->at);
	if (*len > 0 && nl[-1] == '\r')
		--*len;
	l->at = nl < l->end ? nl + 1 : nl;
	l->line++;
	return true;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

size_t import_words(
    struct import *im, const char *text, size_t len, const char **words, size_t max)
{
	const char *end = text + len;
	size_t n = 0;

	for (;;) {
		struct buf b = { 0 };
		char quote = '\0';

		while (text < end && is_blank(*text))
			text++;
		if (text == end || n == max)
			return n;
		for (; text < end && (quote != '\0' || !is_blank(*text)); text++) {
			if (quote == '\0' && (*text == '"' || *text == '\''))
				quote = *text;
			else if (quote != '\0' && *text == quote)
				quote = '\0';
			else
				buf_add(&b, text, 1);
		}
		words[n++] = import_taken(im, &b);
	}
}

bool import_number(const char *s, uint32_t max, uint32_t *out)
{
	uint64_t n = 0;

	if (*s == '\0')
		return false;
	for (; *s != '\0'; s++) {
		if (*s < '0' || *s > '9')
			return false;
		n = n * 10 + (uint64_t)(*s - '0');
		if (n > max)
			return false;
	}
	*out = (uint32_t)n;
	return true;
}

bool import_ms(const char *s, uint32_t *out)
{
	uint32_t ms;

	if (strspn(s, "0123456789.") != strlen(s) || !conf_time(s, strlen(s), &ms) ||
	    ms == 0 || ms > CONF_TIME_MAX_MS)
		return false;
	*out = ms;
	return true;
}

/* The names of IANA, before older ones of the same port; /etc/services is that of
 * another machine. */
static const struct {
	const char *name;
	uint16_t port;
} services[] = {
	{ "ftp", 21 },
	{ "ssh", 22 },
	{ "telnet", 23 },
	{ "smtp", 25 },
	{ "dns", 53 },
	{ "domain", 53 },
	{ "http", 80 },
	{ "www", 80 },
	{ "pop3", 110 },
	{ "nntp", 119 },
	{ "ntp", 123 },
	{ "imap", 143 },
	{ "imap2", 143 },
	{ "ldap", 389 },
	{ "https", 443 },
	{ "syslog", 514 },
	{ "submission", 587 },
	{ "ldaps", 636 },
	{ "imaps", 993 },
	{ "pop3s", 995 },
	{ "radius", 1812 },
	{ "mysql", 3306 },
	{ "rdp", 3389 },
	{ "ms-wbt-server", 3389 },
	{ "sip", 5060 },
	{ "postgresql", 5432 },
};

bool import_port(const char *s, uint16_t *out)
{
	uint32_t n;

	for (size_t i = 0; i < sizeof services / sizeof *services; i++)
		if (strcmp(s, services[i].name) == 0) {
			*out = services[i].port;
			return true;
		}
	if (!import_number(s, UINT16_MAX, &n))
		return false;
	*out = (uint16_t)n;
	return true;
}

const char *import_port_name(uint16_t port)
{
	for (size_t i = 0; i < sizeof services / sizeof *services; i++)
		if (services[i].port == port)
			return services[i].name;
	return NULL;
}

bool import_endpoint(const char *s, struct addr *addr, uint16_t *port)
{
	size_t len = strlen(s);
	const char *close;

	*port = 0;
	if (*s == '[') {
		close = strchr(s, ']');
		if (close == NULL || (close[1] != '\0' && close[1] != ':') ||
		    !addr_parse(addr, s + 1, (size_t)(close - s - 1)))
			return false;
		return close[1] == '\0' || import_port(close + 2, port);
	}
	if (addr_parse(addr, s, len))
		return true;
	close = strchr(s, ':');
	return close != NULL && addr_parse(addr, s, (size_t)(close - s)) &&
	       import_port(close + 1, port);
}

const char *import_balance(struct import *im, const char *sched, const bool flags[3])
{
	static const struct {
		const char *sched;
		enum balance balance;
		bool fallback;
	} words[] = {
		{ "wrr", BALANCE_ROUNDROBIN, false },
		{ "wlc", BALANCE_LEASTCONN, false },
		{ "lblc", BALANCE_LOCALITY, false },
		{ "lblcr", BALANCE_LOCALITY_REPLICATION, false },
		{ "sh", BALANCE_SOURCE, true },
		{ "dh", BALANCE_DEST, false },
		{ "sed", BALANCE_SHORTEXPDELAY, false },
		{ "nq", BALANCE_NEVERQUEUE, false },
		{ "fo", BALANCE_FO, false },
		{ "ovf", BALANCE_OVF, false },
		{ "mh", BALANCE_MH, true },
		{ "twos", BALANCE_TWOS, false },
	};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcmp(words[i].sched, sched) == 0 && words[i].fallback == flags[0] &&
		    (words[i].fallback || !flags[1]) && !flags[2])
			return import_printf(im, "%s%s",
			    conf_balance_name(words[i].balance), flags[1] ? " port" : "");
	return import_printf(im, "%s %s%s%s%s", conf_balance_name(BALANCE_KERNEL), sched,
	    flags[0] ? " flag-1" : "", flags[1] ? " flag-2" : "",
	    flags[2] ? " flag-3" : "");
}

int import_sched_flag(const char *name)
{
	static const char *const names[][3] = {
		{ "flag-1", "sh-fallback", "mh-fallback" },
		{ "flag-2", "sh-port", "mh-port" },
		{ "flag-3", "flag-3", "flag-3" },
	};

	for (int bit = 0; bit < 3; bit++)
		for (int i = 0; i < 3; i++)
			if (strcmp(name, names[bit][i]) == 0)
				return bit;
	return -1;
}

bool import_is_plain(const char *text)
{
	return *text != '\0' && strpbrk(text, "\\^$.|?*+()[]{}") == NULL;
}
