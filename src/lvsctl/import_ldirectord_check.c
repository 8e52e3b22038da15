/*
 * ldirectord's checks as option lines.
 *
 * What ldirectord does by speaking a protocol, lvsd does for HTTP and DNS; of the
 * others it waits for the greeting where the server speaks first, and else for the
 * connection. (ldirectord(8))
 */
#include <netinet/in.h>
#include <string.h>

#include "lvsctl/import.h"
#include "parser/parser.h"

static bool same(const char *a, const char *b)
{
	return a != NULL && strcmp(a, b) == 0;
}

/* The services, the ports that mean them, and the greeting that a plain tcpcheck
 * can wait for; NULL: the client speaks first. */
static const struct service {
	const char *name;
	uint16_t port;
	const char *greeting;
	bool tls;
} services[] = {
	{ "ftp", 21, "220", false },
	{ "smtp", 25, "220", false },
	{ "dns", 53, NULL, false },
	{ "http", 80, NULL, false },
	{ "pop", 110, "+OK", false },
	{ "nntp", 119, "20", false },
	{ "imap", 143, "* OK", false },
	{ "ldap", 389, NULL, false },
	{ "https", 443, NULL, false },
	{ "submission", 587, "220", false },
	{ "imaps", 993, "* OK", true },
	{ "pops", 995, "+OK", true },
	{ "oracle", 1521, NULL, false },
	{ "radius", 1812, NULL, false },
	{ "http_proxy", 3128, NULL, false },
	{ "mysql", 3306, NULL, false },
	{ "pgsql", 5432, NULL, false },
	{ "sip", 5060, NULL, false },
	{ "simpletcp", 0, NULL, false },
};

static const struct service *service_of(const struct ldirectord_check *said)
{
	for (size_t i = 0; i < sizeof services / sizeof *services; i++)
		if (said->service != NULL ? same(said->service, services[i].name)
					  : said->port == services[i].port)
			return &services[i];
	return NULL;
}

/* One check while it is made. */
struct maker {
	struct import *im;
	struct import_notes *notes;
	unsigned line;
	const struct ldirectord_check *said;
	struct import_check *check;
};

static bool set(struct maker *m, const char *method, bool needs_port)
{
	m->check->method = method;
	m->check->needs_port = needs_port;
	return false;
}

static bool no_service(struct maker *m, const char *what, const char *why)
{
	import_note(m->im, m->notes, m->line, "%s: %s", what, why);
	return m->said->protocol == IPPROTO_UDP ? set(m, "icmpcheck", false)
						: set(m, "tcpcheck", true);
}

static void no_receive(struct maker *m, const char *why)
{
	if (m->said->receive != NULL && *m->said->receive != '\0')
		import_note(m->im, m->notes, m->line, "receive \"%.100s\": %s",
		    m->said->receive, why);
}

static bool http(struct maker *m, bool tls)
{
	const struct ldirectord_check *said = m->said;
	const char *uri = said->request != NULL ? said->request : "";
	struct buf b = { 0 };

	if (strncmp(uri, "http:", 5) == 0 || strncmp(uri, "https:", 6) == 0) {
		import_note(m->im, m->notes, m->line,
		    "request \"%.100s\": a check asks its server, so only the path is kept",
		    uri);
		uri = strstr(uri, "//") != NULL ? strstr(uri, "//") + 2 : "";
		uri += strcspn(uri, "/");
	}
	buf_str(&b, tls ? "httpscheck" : "httpcheck");
	if (said->http_method != NULL && strcmp(said->http_method, "GET") != 0)
		conf_print_text(&b, "method", said->http_method);
	conf_print_text(
	    &b, "uri", import_printf(m->im, "%s%s", *uri == '/' ? "" : "/", uri));
	buf_str(&b, " statuscode 200-299");
	conf_print_text(&b, "vhost", said->vhost);
	if (said->receive != NULL && import_is_plain(said->receive))
		conf_print_text(&b, "match", said->receive);
	else
		no_receive(m, "match is a plain text, and this is a regular expression");
	set(m, import_taken(m->im, &b), true);
	return true;
}

static bool dns(struct maker *m)
{
	const char *name = m->said->request;
	struct addr a;
	struct buf b = { 0 };

	buf_str(&b, "dnscheck");
	if (name != NULL && addr_parse(&a, name, strlen(name)))
		import_note(m->im, m->notes, m->line,
		    "request \"%.100s\": asking for the name of an address", name);
	else if (name != NULL && *name != '\0') {
		conf_print_text(&b, "name", name);
		buf_str(&b, " type A");
	}
	no_receive(m, "dnscheck looks at the code of the answer only");
	set(m, import_taken(m->im, &b), true);
	return true;
}

/* "send" takes what ldirectord sends: \n is the same escape in both. */
static bool simple_tcp(struct maker *m)
{
	const char *request = m->said->request, *receive = m->said->receive;
	struct buf b = { 0 };

	buf_str(&b, "tcpcheck");
	if (request != NULL && *request != '\0')
		conf_print_text(&b, "send", request);
	if (receive != NULL && import_is_plain(receive))
		conf_print_text(&b, "expect", receive);
	else
		no_receive(m, "expect is a plain text, and this is a regular expression");
	set(m, import_taken(m->im, &b), true);
	return true;
}

static bool negotiate(struct maker *m)
{
	const struct service *s = service_of(m->said);

	if (s == NULL && (m->said->service == NULL || same(m->said->service, "none")))
		return set(m, NULL, false);
	if (s == NULL)
		return no_service(
		    m, m->said->service, "lvsd does not speak this service");
	if (same(s->name, "http") || same(s->name, "https"))
		return http(m, same(s->name, "https"));
	if (same(s->name, "dns"))
		return dns(m);
	if (same(s->name, "simpletcp"))
		return simple_tcp(m);
	if (s->greeting == NULL)
		return no_service(m, s->name, "lvsd does not speak this service");
	if (m->said->login != NULL || m->said->request != NULL ||
	    m->said->receive != NULL)
		import_note(m->im, m->notes, m->line,
		    "%s: the greeting is waited for, nothing is said", s->name);
	set(m,
	    import_printf(
		m->im, "tcpcheck%s expect \"%s\"", s->tls ? " ssl" : "", s->greeting),
	    true);
	return true;
}

static bool external(struct maker *m)
{
	struct buf b = { 0 };

	import_note(m->im, m->notes, m->line,
	    "checkcommand: it gets no arguments, but the environment LVSD_*");
	conf_print_text(&b, "externalcheck",
	    m->said->command != NULL ? m->said->command : "/bin/true");
	set(m, import_taken(m->im, &b) + 1, false);
	return false;
}

bool ldirectord_method(struct import *im, struct import_notes *notes, unsigned line,
    const struct ldirectord_check *said, struct import_check *check)
{
	struct maker m = { im, notes, line, said, check };
	const char *type = said->type != NULL ? said->type : "negotiate";
	uint32_t n;

	if (same(type, "negotiate"))
		return negotiate(&m);
	if (same(type, "on") || same(type, "off"))
		return set(&m, NULL, false);
	/* ldirectord pings for a connection without one. */
	if (same(type, "ping") ||
	    (same(type, "connect") && said->protocol == IPPROTO_UDP))
		return set(&m, "icmpcheck", false);
	if (same(type, "connect"))
		return set(&m, "tcpcheck", true);
	if (same(type, "external"))
		return external(&m);
	if (import_number(type, UINT16_MAX, &n)) {
		import_note(im, notes, line,
		    "checktype %s: each check is the same; all of them negotiate", type);
		return negotiate(&m);
	}
	return no_service(&m, type, "lvsd has no such check");
}
