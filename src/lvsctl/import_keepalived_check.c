/*
 * keepalived's checkers as check and option lines.
 *
 * keepalived looks every delay_loop, and after a failure retry times more, each
 * delay_before_retry after the one before; then the server is down. That is an
 * interval, a fall of one more, and a fastinter. (keepalived.conf(5), 2.2.7)
 */
#include <string.h>

#include "lvsctl/import.h"
#include "parser/parser.h"

/* One checker while it is read. */
struct checker {
	struct import *im;
	struct import_notes *notes;
	struct keepalived_common common;
	const struct import_server *server;
	struct import_check *check; /* of that */
	const char *name;
	struct buf method;
	/* What some of them say, for later. */
	const char *path, *vhost, *status, *match, *command, *dns_name, *dns_type;
	const char *send, *expect;
	uint32_t timeout_ms;
	bool has_url, has_host, no_match;
};

static bool is_yes(const struct import_node *node)
{
	const char *w = import_node_word(node, 1);

	return strcmp(w, "off") != 0 && strcmp(w, "no") != 0 && strcmp(w, "false") != 0;
}

static void bad_value(
    struct import *im, struct import_notes *notes, const struct import_node *node)
{
	import_note(im, notes, node->line, "%s %s: this value cannot be used",
	    node->words[0], import_node_word(node, 1));
}

bool keepalived_setting(struct import *im, struct import_notes *notes,
    const struct import_node *node, struct keepalived_common *c)
{
	bool good = true;

	if (import_node_is(node, "delay_loop")) {
		good = import_ms(import_node_word(node, 1), &c->delay_ms);
	} else if (import_node_is(node, "connect_timeout")) {
		good = import_ms(import_node_word(node, 1), &c->connect_ms);
	} else if (import_node_is(node, "retry") ||
		   import_node_is(node, "nb_get_retry")) {
		good =
		    import_number(import_node_word(node, 1), UINT16_MAX - 1, &c->retry);
		c->has_retry = c->has_retry || good;
	} else if (import_node_is(node, "delay_before_retry")) {
		good = import_ms(import_node_word(node, 1), &c->retry_delay_ms);
		c->has_retry_delay = c->has_retry_delay || good;
	} else if (import_node_is(node, "inhibit_on_failure")) {
		c->inhibit = is_yes(node);
	} else if (import_node_is(node, "virtualhost")) {
		c->virtualhost = import_node_word(node, 1);
	} else if (!import_node_is(node, "alpha") && !import_node_is(node, "warmup")) {
		/* Those two are how lvsd does it: nobody is up before a check has
		 * spoken, and checks are spread. */
		return false;
	}
	if (!good)
		bad_value(im, notes, node);
	return true;
}

static void no_equal(struct checker *k, const struct import_node *node, const char *why)
{
	import_note(
	    k->im, k->notes, node->line, "%s of %s: %s", node->words[0], k->name, why);
}

/* What every checker has about its connection. */
static bool connection(struct checker *k, const struct import_node *node)
{
	struct addr addr;

	if (import_node_is(node, "connect_port")) {
		if (!import_port(import_node_word(node, 1), &k->check->port))
			bad_value(k->im, k->notes, node);
	} else if (import_node_is(node, "bindto")) {
		const char *a = import_node_word(node, 1);

		if (!addr_parse(&k->check->source, a, strlen(a)))
			bad_value(k->im, k->notes, node);
	} else if (import_node_is(node, "connect_ip")) {
		if (!addr_parse(&addr, import_node_word(node, 1),
			strlen(import_node_word(node, 1))) ||
		    addr_cmp(&addr, &k->server->addr) != 0)
			no_equal(k, node, "a check asks the address of its server");
	} else if (import_node_is(node, "bind_if") || import_node_is(node, "bind_port") ||
		   import_node_is(node, "fwmark")) {
		no_equal(k, node, "a check can choose its source address only");
	} else {
		return false;
	}
	return true;
}

/* ---- HTTP_GET, SSL_GET ---- */

/* "200-299 301" as the list of lvs.conf. */
static const char *status_list(struct import *im, const struct import_node *node)
{
	struct buf b = { 0 };

	for (unsigned i = 1; i < node->n_words; i++)
		buf_printf(&b, "%s%s", i > 1 ? "," : "", node->words[i]);
	return import_taken(im, &b);
}

static void url_setting(struct checker *k, const struct import_node *node)
{
	if (import_node_is(node, "path"))
		k->path = import_node_word(node, 1);
	else if (import_node_is(node, "status_code"))
		k->status = status_list(k->im, node);
	else if (import_node_is(node, "virtualhost"))
		k->vhost = import_node_word(node, 1);
	else if (import_node_is(node, "regex") &&
		 import_is_plain(import_node_word(node, 1)))
		k->match = import_node_word(node, 1);
	else if (import_node_is(node, "regex"))
		no_equal(
		    k, node, "match is a plain text, and this is a regular expression");
	else if (import_node_is(node, "digest"))
		no_equal(k, node, "a body is looked at by \"match\" only");
	else if (import_node_is(node, "regex_no_match"))
		k->no_match = true; /* told of below */
	else
		no_equal(k, node, "httpcheck has nothing like it");
}

static bool http_setting(struct checker *k, const struct import_node *node)
{
	const struct import_node *child;

	if (import_node_is(node, "url") && !k->has_url) {
		k->has_url = true;
		STAILQ_FOREACH (child, &node->children, entry)
			url_setting(k, child);
		if (k->no_match)
			no_equal(k, node, "what must not be in a body cannot be said");
	} else if (import_node_is(node, "url")) {
		no_equal(k, node, "a check asks for one, the first");
	} else if (!import_node_is(node, "enable_sni")) {
		return false; /* sni is sent where there is a vhost */
	}
	return true;
}

static void http_method(struct checker *k)
{
	const char *vhost = k->vhost != NULL ? k->vhost : k->common.virtualhost;

	buf_str(&k->method, strcmp(k->name, "SSL_GET") == 0 ? "httpscheck" : "httpcheck");
	conf_print_text(&k->method, "uri", k->path != NULL ? k->path : "/");
	if (k->status == NULL)
		buf_str(&k->method, " statuscode 200-299");
	else if (strcmp(k->status, "200") != 0)
		conf_print_text(&k->method, "statuscode", k->status);
	conf_print_text(&k->method, "vhost", vhost);
	if (!k->no_match)
		conf_print_text(&k->method, "match", k->match);
}

/* ---- the others ---- */

static void tcp_method(struct checker *k)
{
	buf_str(&k->method, "tcpcheck");
}

static bool smtp_setting(struct checker *k, const struct import_node *node)
{
	const struct import_node *child;

	if (import_node_is(node, "host") && k->has_host) {
		no_equal(k, node, "a check asks one, the first");
		return true;
	}
	if (import_node_is(node, "host")) {
		k->has_host = true;
		STAILQ_FOREACH (child, &node->children, entry)
			if (!connection(k, child))
				no_equal(k, child, "tcpcheck has nothing like it");
		return true;
	}
	return import_node_is(node, "helo_name"); /* told of below */
}

static void smtp_method(struct checker *k)
{
	buf_str(&k->method, "tcpcheck expect \"220\"");
}

static bool misc_setting(struct checker *k, const struct import_node *node)
{
	if (import_node_is(node, "misc_path"))
		k->command = import_node_word(node, 1);
	else if (!import_node_is(node, "misc_timeout"))
		return false;
	else if (!import_ms(import_node_word(node, 1), &k->timeout_ms))
		bad_value(k->im, k->notes, node);
	return true;
}

static void misc_method(struct checker *k)
{
	struct buf b = { 0 };

	conf_print_text(&b, "externalcheck", k->command != NULL ? k->command : "");
	buf_str(&k->method, b.data + 1);
	buf_fini(&b);
}

static bool dns_setting(struct checker *k, const struct import_node *node)
{
	if (import_node_is(node, "type"))
		k->dns_type = import_node_word(node, 1);
	else if (import_node_is(node, "name"))
		k->dns_name = import_node_word(node, 1);
	else
		return false;
	return true;
}

static void dns_method(struct checker *k)
{
	buf_str(&k->method, "dnscheck");
	conf_print_text(&k->method, "name", k->dns_name);
	conf_print_text(&k->method, "type", k->dns_type);
}

/* The bytes that the hex digits of NODE's words are, as escapes in quotes; NULL
 * when they are none. A last digit alone counts as one with a 0 before it. */
static const char *hex_text(struct import *im, const struct import_node *node)
{
	struct buf b = { 0 };

	buf_str(&b, "\"");
	for (unsigned i = 1; i < node->n_words; i++) {
		const char *s = node->words[i];

		if (*s == '\0' || strspn(s, "0123456789abcdefABCDEF") != strlen(s)) {
			buf_fini(&b);
			return NULL;
		}
		for (; *s != '\0'; s += s[1] != '\0' ? 2 : 1)
			buf_printf(&b, "\\x%s%.2s", s[1] != '\0' ? "" : "0", s);
	}
	buf_str(&b, "\"");
	return import_taken(im, &b);
}

static bool udp_setting(struct checker *k, const struct import_node *node)
{
	const bool sends = import_node_is(node, "payload");
	const char *text;

	if (!sends && !import_node_is(node, "require_reply"))
		return false;
	text = node->n_words > 1 ? hex_text(k->im, node) : NULL;
	if (text == NULL)
		no_equal(k, node, "udpcheck sends and expects bytes without gaps");
	else if (sends)
		k->send = text;
	else
		k->expect = text;
	return true;
}

static void udp_method(struct checker *k)
{
	buf_str(&k->method, "udpcheck");
	if (k->send != NULL)
		buf_printf(&k->method, " send %s", k->send);
	if (k->expect != NULL)
		buf_printf(&k->method, " expect %s", k->expect);
}

static void ping_method(struct checker *k)
{
	buf_str(&k->method, "icmpcheck");
}

/* The checkers: those that tell more about a service have the higher rank. */
static const struct {
	const char *name;
	unsigned retry, retry_delay_ms; /* 0: the delay_loop */
	bool needs_port;
	bool (*setting)(struct checker *k, const struct import_node *node); /* or NULL */
	void (*method)(struct checker *k);
	const char *lost; /* of the checker as a whole, or NULL */
} types[] = {
	{ "HTTP_GET", 1, 3000, true, http_setting, http_method, NULL },
	{ "SSL_GET", 1, 3000, true, http_setting, http_method, NULL },
	{ "TCP_CHECK", 1, 1000, true, NULL, tcp_method, NULL },
	{ "SMTP_CHECK", 1, 1000, true, smtp_setting, smtp_method,
	    "the greeting is waited for, nothing is said" },
	{ "MISC_CHECK", 0, 1000, false, misc_setting, misc_method, NULL },
	{ "DNS_CHECK", 3, 0, true, dns_setting, dns_method, NULL },
	{ "UDP_CHECK", 1, 1000, true, udp_setting, udp_method, NULL },
	{ "PING_CHECK", 1, 1000, false, NULL, ping_method, NULL },
};

static void set_times(struct checker *k, const struct import_node *node, unsigned retry,
    uint32_t retry_delay_ms)
{
	const struct keepalived_common *c = &k->common;
	struct import_check *check = k->check;
	uint32_t timeout_ms = c->connect_ms;

	if (import_node_is(node, "MISC_CHECK"))
		timeout_ms = k->timeout_ms != 0 ? k->timeout_ms : c->delay_ms;
	if (c->has_retry)
		retry = c->retry;
	if (c->has_retry_delay)
		retry_delay_ms = c->retry_delay_ms;
	check->interval_ms = c->delay_ms;
	check->timeout_ms = timeout_ms;
	check->fall = (uint16_t)(retry + 1);
	if (retry > 0 && retry_delay_ms != c->delay_ms)
		check->fastinter_ms = retry_delay_ms;
	if (timeout_ms > c->delay_ms) {
		import_note(k->im, k->notes, node->line,
		    "%s: its timeout of %u ms is more than its interval", k->name,
		    (unsigned)timeout_ms);
		check->timeout_ms = c->delay_ms;
	}
	check->inhibit = c->inhibit;
}

static void read_checker(struct checker *k, const struct import_node *node, size_t type)
{
	const struct import_node *child;

	STAILQ_FOREACH (child, &node->children, entry)
		if (!keepalived_setting(k->im, k->notes, child, &k->common) &&
		    !connection(k, child) &&
		    (types[type].setting == NULL || !types[type].setting(k, child)))
			no_equal(k, child, "nothing in lvs.conf is like it");
	if (types[type].lost != NULL)
		import_note(
		    k->im, k->notes, node->line, "%s: %s", k->name, types[type].lost);
	types[type].method(k);
	k->check->method = import_taken(k->im, &k->method);
	k->check->needs_port = types[type].needs_port;
	if (!k->check->needs_port && k->check->port != 0) {
		import_note(k->im, k->notes, node->line,
		    "connect_port of %s: it has none", k->name);
		k->check->port = 0;
	}
	set_times(k, node, types[type].retry, types[type].retry_delay_ms);
}

bool keepalived_check(struct import *im, struct import_notes *notes,
    const struct import_node *node, const struct keepalived_common *c,
    struct import_server *s)
{
	struct checker k = {
		.im = im,
		.notes = notes,
		.common = *c,
		.server = s,
		.check = &s->check,
		.name = node->words[0],
	};

	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		if (!import_node_is(node, types[i].name))
			continue;
		if (s->check.method != NULL)
			import_note(im, notes, node->line,
			    "%s: a server has one check, the first of the file",
			    node->words[0]);
		else
			read_checker(&k, node, i);
		return true;
	}
	return false;
}
