/*
 * ldirectord.cf: "key = value" lines; those that belong to a virtual service are
 * indented beneath it, the others are defaults for all of them, wherever they
 * stand. (ldirectord(8))
 */
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"
#include "lvsctl/import_ldirectord.h"

static const char not_for_us[] = "nothing in lvs.conf is like it";
static const char no_mail[] = "lvsd logs, and calls nobody";

const char *const ldirectord_keys[N_KEYS] = {
	[K_VIRTUAL] = "virtual",
	[K_VIRTUAL6] = "virtual6",
	[K_REAL] = "real",
	[K_REAL6] = "real6",
	[K_FALLBACK] = "fallback",
	[K_FALLBACK6] = "fallback6",
	[K_CHECKTYPE] = "checktype",
	[K_SERVICE] = "service",
	[K_CHECKPORT] = "checkport",
	[K_REQUEST] = "request",
	[K_RECEIVE] = "receive",
	[K_VIRTUALHOST] = "virtualhost",
	[K_HTTPMETHOD] = "httpmethod",
	[K_CHECKCOMMAND] = "checkcommand",
	[K_LOGIN] = "login",
	[K_CHECKTIMEOUT] = "checktimeout",
	[K_NEGOTIATETIMEOUT] = "negotiatetimeout",
	[K_CHECKINTERVAL] = "checkinterval",
	[K_CHECKCOUNT] = "checkcount",
	[K_FAILURECOUNT] = "failurecount",
	[K_SCHEDULER] = "scheduler",
	[K_PERSISTENT] = "persistent",
	[K_NETMASK] = "netmask",
	[K_PROTOCOL] = "protocol",
	[K_QUIESCENT] = "quiescent",
	[K_CLEANSTOP] = "cleanstop",
	[K_OPS] = "ops",
};

/* Keys without an equal, and why; NULL: it is as lvsd does it anyway. */
static const struct {
	const char *key, *why;
} others[] = {
	{ "autoreload", "lvsd reloads when it is told to" },
	{ "callback", no_mail },
	{ "database", NULL },
	{ "emailalert", no_mail },
	{ "emailalertfreq", no_mail },
	{ "emailalertfrom", no_mail },
	{ "emailalertstatus", no_mail },
	{ "execute", "no other file is read; import that one, too" },
	{ "fallbackcommand", no_mail },
	{ "fork", NULL },
	{ "logfile", "lvsd logs to syslog" },
	{ "maintenancedir", "a server is taken out by lvsctl maint" },
	{ "monitorfile", no_mail },
	{ "passwd", NULL },
	{ "password", NULL },
	{ "readdquiescent", not_for_us },
	{ "secret", NULL },
	{ "smtp", no_mail },
	{ "supervised", NULL },
};

/* ---- lines ---- */

static bool is_key_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

/* The length of TEXT without a comment. */
static size_t without_comment(const char *text, size_t len)
{
	bool quote = false;

	for (size_t i = 0; i < len; i++) {
		quote = quote != (text[i] == '"');
		if (text[i] == '#' && !quote)
			return i;
	}
	return len;
}

static enum ldirectord_key key_of(const char *name)
{
	enum ldirectord_key k = 0;

	while (k < N_KEYS && strcmp(name, ldirectord_keys[k]) != 0)
		k++;
	return k;
}

static bool read_line(struct ldirectord *l, unsigned line, const char *text, size_t len)
{
	size_t begin = 0, end;
	struct ldirectord_entry e = { .line = line };

	len = without_comment(text, len);
	while (begin < len && (text[begin] == ' ' || text[begin] == '\t'))
		begin++;
	if (begin == len)
		return true;
	for (end = begin; end < len && is_key_char(text[end]);)
		end++;
	e.indented = begin > 0;
	e.name = import_printf(l->im, "%.*s", (int)(end - begin), text + begin);
	while (end < len && (text[end] == ' ' || text[end] == '\t'))
		end++;
	if (*e.name == '\0' || end == len || text[end] != '=')
		return import_refuse(l->im, line, "a line must be \"key = value\"");
	for (end++; end < len && (text[end] == ' ' || text[end] == '\t');)
		end++;
	while (len > end && (text[len - 1] == ' ' || text[len - 1] == '\t'))
		len--;
	e.value = import_printf(l->im, "%.*s", (int)(len - end), text + end);
	e.key = key_of(e.name);
	l->list = xgrow(l->list, l->n, &l->cap, sizeof *l->list);
	l->list[l->n++] = e;
	return true;
}

void ldirectord_other(
    struct import *im, struct import_notes *notes, const struct ldirectord_entry *e)
{
	const char *why = not_for_us;

	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		if (strcmp(e->name, others[i].key) == 0)
			why = others[i].why;
	if (why != NULL)
		import_note(im, notes, e->line, "%s: %s", e->name, why);
}

/* ---- the file ---- */

static bool is_virtual(const struct ldirectord_entry *e)
{
	return e->key == K_VIRTUAL || e->key == K_VIRTUAL6;
}

static void read_globals(struct ldirectord *l)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct ldirectord_entry *e = &l->list[i];

		if (e->indented || is_virtual(e))
			continue;
		l->global[e->key] = e;
		if (e->key == N_KEYS)
			ldirectord_other(l->im, &l->im->notes, e);
	}
	l->im->stop_clear = l->global[K_CLEANSTOP] != NULL &&
			    strcmp(l->global[K_CLEANSTOP]->value, "yes") == 0;
}

bool import_ldirectord(struct import *im)
{
	struct import_lines lines = { .at = im->text, .end = im->text + im->len };
	struct ldirectord l = { .im = im };
	bool good = true;
	const char *text;
	size_t len, end;

	while (good && import_next_line(&lines, &text, &len))
		good = read_line(&l, lines.line, text, len);
	if (good)
		read_globals(&l);
	for (size_t i = 0; good && i < l.n; i = end) {
		end = i + 1;
		if (!is_virtual(&l.list[i])) {
			if (l.list[i].indented)
				import_note(im, &im->notes, l.list[i].line,
				    "%s: it stands beneath no virtual service",
				    l.list[i].name);
			continue;
		}
		while (end < l.n && l.list[end].indented && !is_virtual(&l.list[end]))
			end++;
		good = ldirectord_virtual(&l, &l.list[i], &l.list[end]);
	}
	free(l.list);
	return good;
}
