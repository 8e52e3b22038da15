/*
 * print: the canonical text of a tree.
 *
 * One order of sections and of arguments, every default that has a word
 * spelled out, defaults and includes dissolved: two files that mean the same
 * are printed the same, and the canonical text of a canonical text is itself.
 * What the kernel or the machine decides (its timeouts, the user of the
 * checker) is left out where the file leaves it out.
 */
#include <netinet/in.h>
#include <string.h>

#include "lib/buf.h"
#include "parser/parser.h"
#include "parser/value.h"

void conf_print_text(struct buf *b, const char *key, const char *value)
{
	if (value == NULL)
		return;
	buf_printf(b, " %s ", key);
	if (*value != '\0' && strpbrk(value, " \t#\"") == NULL) {
		buf_str(b, value);
		return;
	}
	buf_str(b, "\"");
	for (; *value != '\0'; value++) {
		if (*value == '"' || *value == '\\')
			buf_str(b, "\\");
		buf_add(b, value, 1);
	}
	buf_str(b, "\"");
}

/* The backslash is one for the quotes and one for the escape, so it goes as
 * \x5c, which means the same and is easier to read. */
static void payload(struct buf *b, const char *key, const struct payload *p)
{
	if (p->data == NULL)
		return;
	buf_printf(b, " %s \"", key);
	for (size_t i = 0; i < p->len; i++) {
		unsigned char c = (unsigned char)p->data[i];

		if (c == '\r' || c == '\n' || c == '\t')
			buf_str(b, c == '\r' ? "\\r" : c == '\n' ? "\\n" : "\\t");
		else if (c < ' ' || c >= 0x7f || c == '\\')
			buf_printf(b, "\\x%02x", c);
		else
			buf_printf(b, c == '"' ? "\\%c" : "%c", c);
	}
	buf_str(b, "\"");
}

/* " KEY 10s" or " KEY 1500ms" */
static void time_ms(struct buf *b, const char *key, uint32_t ms)
{
	if (ms % 1000 == 0)
		buf_printf(b, " %s %us", key, (unsigned)(ms / 1000));
	else
		buf_printf(b, " %s %ums", key, (unsigned)ms);
}

/* " KEY N", nothing when N is 0. */
static void number(struct buf *b, const char *key, uint32_t n)
{
	if (n != 0)
		buf_printf(b, " %s %u", key, (unsigned)n);
}

static void word(struct buf *b, const char *key, bool there)
{
	if (there)
		buf_printf(b, " %s", key);
}

static void endpoint(struct buf *b, const struct addr *a, uint16_t port)
{
	char buf[ADDR_TEXT_MAX];

	buf_printf(
	    b, " %s", port == 0 ? addr_text(a, buf) : addr_port_text(a, port, buf));
}

static void address(struct buf *b, const char *key, const struct addr *a)
{
	char buf[ADDR_TEXT_MAX];

	if (addr_is_set(a))
		buf_printf(b, " %s %s", key, addr_text(a, buf));
}

/* ---- global ---- */

static void print_socket(struct buf *b, const char *key, const struct socket_conf *s)
{
	conf_print_text(b, key, s->path);
	conf_print_text(b, "group", s->group);
	buf_printf(b, " mode %04o\n", s->mode);
}

static void print_sync_args(struct buf *b, const char *role, const struct sync_conf *s)
{
	buf_printf(b, " sync %s", role);
	conf_print_text(b, "interface", s->iface);
	buf_printf(b, " syncid %u", s->syncid);
	number(b, "maxlen", s->maxlen);
	address(b, "group", &s->group);
	number(b, "port", s->port);
	number(b, "ttl", s->ttl);
	buf_str(b, "\n");
}

static void print_sync(struct buf *b, const struct conf *c)
{
	if (c->sync_master.on)
		print_sync_args(b, "master", &c->sync_master);
	if (c->sync_backup.on)
		print_sync_args(b, "backup", &c->sync_backup);
}

static void print_timeout(struct buf *b, const char *key, uint32_t s)
{
	if (s != 0)
		buf_printf(b, " %s %us", key, (unsigned)s);
}

static void print_global(struct buf *b, const struct conf *c)
{
	buf_str(b, "global\n");
	if (c->user != NULL) {
		conf_print_text(b, "user", c->user);
		conf_print_text(b, "group", c->group);
		buf_str(b, "\n");
	}
	print_socket(b, "control", &c->control);
	print_socket(b, "status", &c->status);
	conf_print_text(b, "state", c->state);
	buf_printf(b, "\n stop %s\n table %s\n", c->stop_clear ? "clear" : "keep",
	    c->table_exclusive ? "exclusive" : "shared");
	if (c->tcp_timeout_s != 0 || c->tcpfin_timeout_s != 0 || c->udp_timeout_s != 0) {
		buf_str(b, " timeouts");
		print_timeout(b, "tcp", c->tcp_timeout_s);
		print_timeout(b, "tcpfin", c->tcpfin_timeout_s);
		print_timeout(b, "udp", c->udp_timeout_s);
		buf_str(b, "\n");
	}
	buf_str(b, c->empty ? " empty yes\n" : "");
	print_sync(b, c);
	buf_str(b, c->conntrack ? " conntrack\n" : "");
	buf_str(b, c->sysctl_keep ? " sysctl keep\n" : "");
	if (c->checks_max != 0)
		buf_printf(b, " checks max-in-flight %u\n", (unsigned)c->checks_max);
}

/* ---- director ---- */

static void print_balance(struct buf *b, const struct director_conf *d)
{
	buf_printf(b, " balance %s", conf_balance_name(d->balance));
	word(b, "port", d->hash_port);
	if (d->balance == BALANCE_KERNEL) {
		buf_printf(b, " %s", d->kernel_sched->name);
		word(b, "flag-1", d->kernel_sched->flags[0]);
		word(b, "flag-2", d->kernel_sched->flags[1]);
		word(b, "flag-3", d->kernel_sched->flags[2]);
	}
	buf_str(b, "\n");
}

static void print_mode(struct buf *b, const struct director_conf *d)
{
	static const char *const tunnels[] = {
		[TUNNEL_IPIP] = "ipip",
		[TUNNEL_GUE] = "gue",
		[TUNNEL_GRE] = "gre",
	};
	static const char *const checksums[] = {
		[CHECKSUM_NONE] = "none",
		[CHECKSUM_YES] = "yes",
		[CHECKSUM_REMOTE] = "remote",
	};

	if (d->mode == MODE_TUNNEL) {
		buf_printf(b, " mode tunnel %s", tunnels[d->tunnel_type]);
		number(b, "port", d->tunnel_port);
		buf_printf(b, " checksum %s", checksums[d->tunnel_checksum]);
	} else {
		buf_printf(b, " mode %s", conf_mode_name(d->mode));
		word(b, "masquerade", d->masquerade);
	}
	buf_str(b, "\n");
}

static void print_check(struct buf *b, const struct check_conf *c)
{
	buf_str(b, " check");
	time_ms(b, "interval", c->interval_ms);
	time_ms(b, "timeout", c->timeout_ms);
	time_ms(b, "fastinter", c->fastinter_ms);
	time_ms(b, "downinter", c->downinter_ms);
	buf_printf(b, " rise %u fall %u", c->rise, c->fall);
	address(b, "source", &c->source);
	number(b, "port", c->port);
	word(b, "inhibit", c->inhibit);
}

static void print_tls(struct buf *b, bool verify, const char *sni, const char *cafile)
{
	buf_printf(b, " verify %s", verify ? "required" : "none");
	conf_print_text(b, "sni", sni);
	conf_print_text(b, "cafile", cafile);
}

static void print_http(struct buf *b, const struct http_conf *h, bool tls)
{
	static const char *const verbs[] = {
		[HTTP_GET] = "GET",
		[HTTP_HEAD] = "HEAD",
		[HTTP_OPTIONS] = "OPTIONS",
	};

	buf_printf(b, " method %s", verbs[h->method]);
	conf_print_text(b, "uri", h->uri);
	number(b, "statuscode", h->statuscode);
	for (unsigned i = 0; i < h->n_statuses; i++) {
		const struct status_range *r = &h->statuses[i];

		buf_printf(b, "%s%u", i == 0 ? " statuscode " : ",", r->first);
		if (r->last != r->first)
			buf_printf(b, "-%u", r->last);
	}
	conf_print_text(b, "vhost", h->vhost);
	conf_print_text(b, "match", h->match);
	if (tls)
		print_tls(b, h->verify, h->sni, h->cafile);
}

static void print_talk(struct buf *b, const struct talk_conf *t)
{
	payload(b, "send", &t->send);
	payload(b, "expect", &t->expect);
	word(b, "ssl", t->ssl);
	if (t->ssl)
		print_tls(b, t->verify, t->sni, t->cafile);
}

static void print_dns(struct buf *b, const struct dns_conf *d)
{
	const char *type = value_dns_type_name(d->type);
	const char *rcode = value_dns_rcode_name(d->rcode);

	conf_print_text(b, "name", d->name);
	if (type != NULL)
		buf_printf(b, " type %s", type);
	else
		buf_printf(b, " type %u", d->type);
	if (rcode != NULL)
		buf_printf(b, " rcode %s", rcode);
	else
		buf_printf(b, " rcode %u", d->rcode);
}

static void print_method(struct buf *b, const struct check_conf *c)
{
	buf_str(b, " option");
	if (c->method == CHECK_EXTERNAL)
		conf_print_text(b, "externalcheck", c->command);
	else
		buf_printf(b, " %scheck", conf_method_name(c->method));
	conf_print_text(b, "iface", c->iface);
	if (c->http != NULL)
		print_http(b, c->http, c->method == CHECK_HTTPS);
	if (c->talk != NULL)
		print_talk(b, c->talk);
	if (c->dns != NULL)
		print_dns(b, c->dns);
	buf_str(b, "\n");
}

static void print_persistence(struct buf *b, const struct director_conf *d)
{
	if (d->persistent)
		buf_printf(b, " option persistence timeout %us netmask %u\n",
		    (unsigned)d->persist_timeout_s, d->persist_prefix);
	buf_str(b, d->onepacket ? " option onepacket\n" : "");
	buf_str(b, d->sip ? " option sip\n" : "");
}

static void print_service(struct buf *b, const struct director_conf *d)
{
	if (d->agent != NULL) {
		buf_printf(b, " option agentcheck port %u", d->agent->port);
		time_ms(b, "interval", d->agent->interval_ms);
		buf_str(b, "\n");
	}
	if (d->slowstart_ms != 0) {
		time_ms(b, "option slowstart", d->slowstart_ms);
		buf_str(b, "\n");
	}
	if (d->panic_percent == 0)
		buf_printf(b, " option quorum %u%s\n", (unsigned)d->quorum,
		    d->quorum_is_percent ? "%" : "");
	else
		buf_printf(b, " option panic %u%%\n", d->panic_percent);
	if (d->announce)
		buf_printf(b, " option announce interface %s\n", d->announce_iface);
	if (d->drain_never)
		buf_str(b, " option drain never");
	else
		time_ms(b, "option drain", d->drain_ms);
	buf_str(b, "\n");
}

static void print_server(
    struct buf *b, const struct director_conf *d, const struct server_conf *s)
{
	buf_printf(b, " server %s", s->name);
	endpoint(b, &s->addr, s->port);
	buf_printf(b, " weight %u", s->weight);
	number(b, "maxconn", s->maxconn);
	number(b, "minconn", s->minconn);
	word(b, "sorry", s->sorry);
	if (s->check == d->check)
		buf_str(b, " check");
	else if (s->check != NULL)
		print_check(b, s->check);
	buf_str(b, "\n");
}

static void print_director(struct buf *b, const struct director_conf *d)
{
	const struct server_conf *s;

	buf_printf(b, "\ndirector %s", d->name);
	if (addr_is_set(&d->addr)) {
		endpoint(b, &d->addr, d->port);
		word(b, "TCP", d->protocol == IPPROTO_TCP);
		word(b, "UDP", d->protocol == IPPROTO_UDP);
		word(b, "SCTP", d->protocol == IPPROTO_SCTP);
	}
	number(b, "fwmark", d->fwmark);
	buf_str(b, "\n");
	print_balance(b, d);
	print_mode(b, d);
	print_check(b, d->check);
	buf_str(b, "\n");
	print_method(b, d->check);
	print_persistence(b, d);
	print_service(b, d);
	STAILQ_FOREACH (s, &d->servers, entry)
		print_server(b, d, s);
}

/* ---- flow ---- */

/* " [not] KEY", the beginning of a condition; false when it is not there. */
static bool condition(struct buf *b, const struct flow_has *has, const char *key)
{
	if (has->given)
		buf_printf(b, "%s %s", has->negated ? " not" : "", key);
	return has->given;
}

static void print_network(struct buf *b, const struct flow_has *has, const char *key,
    const struct addr *a, uint8_t prefix)
{
	char buf[ADDR_TEXT_MAX];

	if (condition(b, has, key))
		buf_printf(b, " %s/%u", addr_text(a, buf), prefix);
}

static void print_ports(
    struct buf *b, const struct flow_has *has, const char *key, const uint16_t ports[2])
{
	if (!condition(b, has, key))
		return;
	buf_printf(b, " %u", ports[0]);
	if (ports[1] != ports[0])
		buf_printf(b, ":%u", ports[1]);
}

static void print_rule(struct buf *b, const struct flow_rule *r)
{
	buf_str(b, r->ignore ? " ignore" : " match");
	if (r->has_iface.given)
		conf_print_text(
		    b, r->has_iface.negated ? "not iface" : "iface", r->iface);
	if (condition(b, &r->has_proto, "proto"))
		buf_str(b, r->proto == IPPROTO_TCP   ? " tcp"
			   : r->proto == IPPROTO_UDP ? " udp"
						     : " icmp");
	print_network(b, &r->has_src, "src", &r->src, r->src_prefix);
	print_network(b, &r->has_dst, "dst", &r->dst, r->dst_prefix);
	print_ports(b, &r->has_srcport, "srcport", r->srcport);
	print_ports(b, &r->has_dstport, "dstport", r->dstport);
	if (condition(b, &r->has_icmptype, "icmptype"))
		buf_printf(b, " %u", r->icmptype);
	buf_str(b, "\n");
}

void conf_print(const struct conf *c, struct buf *b)
{
	const struct director_conf *d;
	const struct flow_conf *f;
	const struct flow_rule *r;

	print_global(b, c);
	STAILQ_FOREACH (d, &c->directors, entry)
		print_director(b, d);
	STAILQ_FOREACH (f, &c->flows, entry) {
		buf_printf(b, "\nflow %s director %s\n", f->name, f->director_name);
		STAILQ_FOREACH (r, &f->rules, entry)
			print_rule(b, r);
	}
}
