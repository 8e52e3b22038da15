/*
 * The output of ipvsadm -Sn: commands that add services and servers.
 *
 * Scheduler, flags and what else the table holds is kept exactly, so that the
 * daemon builds the same table of it. A mark has one director for both families.
 */
#include <netinet/in.h>
#include <string.h>

#include "lvsctl/import_ipvsadm.h"

#define WORDS_MAX 64

/* A service that was added, for its servers. The last one is asked first: in the
 * output of ipvsadm its servers follow it. */
struct service {
	const char *id;
	unsigned line;
	struct import_director *director; /* NULL: it became a comment */
	size_t n_servers;
};

struct ipvsadm {
	struct import *im;
	struct service last;
	struct import_director *last_mark; /* the last service, when it is a mark */
	bool last_v6;
};

static const char *mode_of(struct import *im, const struct ipvsadm_command *c)
{
	struct buf b = { 0 };

	buf_str(&b, conf_mode_name(c->mode));
	if (c->mode == MODE_TUNNEL) {
		if (c->tun_type != NULL && strcmp(c->tun_type, "ipip") != 0)
			buf_printf(&b, " %.20s", c->tun_type);
		if (c->tun_port != NULL)
			buf_printf(&b, " port %.20s", c->tun_port);
		if (c->checksum != NULL)
			buf_printf(&b, " checksum %s", c->checksum);
	}
	return import_taken(im, &b);
}

static bool sched_flags(const char *text, bool flags[3])
{
	char name[32];

	while (text != NULL && *text != '\0') {
		size_t len = strcspn(text, ",");
		int bit;

		if (len >= sizeof name)
			return false;
		memcpy(name, text, len);
		name[len] = '\0';
		bit = import_sched_flag(name);
		if (bit < 0)
			return false;
		flags[bit] = true;
		text += len + (text[len] == ',');
	}
	return true;
}

/* ---- services ---- */

/* A mark director's netmask is of IPv6 when it is longer than one of IPv4 can be. */
static bool is_short_mask(const struct ipvsadm_command *c)
{
	uint32_t n;

	return c->mark != NULL && c->v6 && c->netmask != NULL &&
	       import_number(c->netmask, 32, &n);
}

/* Fills D; NULL, or why that cannot be. */
static const char *fill_service(
    struct ipvsadm *i, struct import_director *d, const struct ipvsadm_command *c)
{
	bool flags[3] = { false };

	if (c->mark != NULL &&
	    (!import_number(c->mark, UINT32_MAX, &d->fwmark) || d->fwmark == 0))
		return "this is not a mark";
	if (c->endpoint != NULL && !import_endpoint(c->endpoint, &d->addr, &d->port))
		return "this is not an address with a port; use ipvsadm -Sn";
	if (c->timeout != NULL &&
	    !import_number(c->timeout, 31 * 24 * 60 * 60, &d->persist_s))
		return "its time of persistence is not a number of seconds";
	if (!sched_flags(c->flags, flags))
		return "its scheduler has a flag that is not known here";
	if (is_short_mask(c))
		return "a mark director's netmask of 32 bits or less is one of IPv4";
	/* Without a time ipvsadm takes 300 seconds (its ipvsadm.c). */
	if (c->persistent && c->timeout == NULL)
		d->persist_s = 300;
	d->protocol = c->protocol;
	d->balance = import_balance(i->im, c->sched, flags);
	d->persistent = c->persistent;
	d->netmask = c->netmask;
	d->onepacket = c->onepacket;
	d->sip = c->sip;
	return NULL;
}

/* "-f 7" and "-f 7 -6" are one director where they say the same. */
static bool is_other_family(const struct ipvsadm *i, const struct import_director *d)
{
	const struct import_director *e = i->last_mark;

	return e != NULL && e->fwmark == d->fwmark && d->fwmark != 0 &&
	       strcmp(e->balance, d->balance) == 0 && e->persistent == d->persistent &&
	       e->persist_s == d->persist_s && e->onepacket == d->onepacket &&
	       e->sip == d->sip && e->netmask == NULL && d->netmask == NULL;
}

/* A mark director is one service for each family that its servers have. */
static void end_service(struct ipvsadm *i)
{
	if (i->last.director != NULL && i->last.director->fwmark != 0 &&
	    i->last.n_servers == 0)
		import_note(i->im, &i->last.director->notes, i->last.line,
		    "%s: without a server a mark director is no service", i->last.id);
}

static void add_service(struct ipvsadm *i, unsigned line, const struct ipvsadm_command *c)
{
	struct import_director *d = import_director_new(i->im, line, c->service);
	const char *why = fill_service(i, d, c);

	end_service(i);
	i->last = (struct service){ .id = c->service, .line = line };
	if (why != NULL) {
		import_director_drop(i->im, d, why);
		i->last_mark = NULL;
		return;
	}
	if (is_other_family(i, d) && c->v6 != i->last_v6) {
		STAILQ_REMOVE(&i->im->directors, d, import_director, entry);
		d = i->last_mark;
	}
	i->last.director = d;
	i->last_mark = d->fwmark != 0 ? d : NULL;
	i->last_v6 = c->v6;
}

/* ---- servers ---- */

static void weight_of(struct ipvsadm *i, struct import_director *d, unsigned line,
    const struct ipvsadm_command *c, uint32_t *weight)
{
	if (!import_number(c->weight, INT32_MAX, weight))
		import_note(
		    i->im, &d->notes, line, "%s: its weight is not a number", c->server);
	if (*weight > UINT16_MAX) {
		import_note(i->im, &d->notes, line, "%s: weight %u is more than %u",
		    c->server, (unsigned)*weight, UINT16_MAX);
		*weight = UINT16_MAX;
	}
	if (*weight == 0 && strcmp(d->balance, conf_balance_name(BALANCE_DEST)) == 0)
		import_note(i->im, &d->notes, line,
		    "%s: with balance dest a server of weight 0 is not in the table",
		    c->server);
}

static void add_server(struct ipvsadm *i, unsigned line, const struct ipvsadm_command *c)
{
	struct import_director *d = i->last.director;
	struct import_server *s;
	struct addr addr;
	uint16_t port;

	if (d == NULL)
		return; /* its service has its note */
	if (c->server == NULL || !import_endpoint(c->server, &addr, &port)) {
		import_note(i->im, &d->notes, line, "-r %s: this is not an address",
		    c->server != NULL ? c->server : "");
		return;
	}
	/* A mark service has a family of its own, a director that of its servers. */
	if (d->fwmark != 0 && addr.family != (c->v6 ? AF_INET6 : AF_INET)) {
		import_note(i->im, &d->notes, line,
		    "%s: a mark director serves clients of its server's family",
		    c->server);
		return;
	}
	i->last.n_servers++;
	s = import_server_new(i->im, d, line);
	s->addr = addr;
	s->port = port;
	s->mode = mode_of(i->im, c);
	weight_of(i, d, line, c, &s->weight);
	if ((c->maxconn != NULL && !import_number(c->maxconn, UINT16_MAX, &s->maxconn)) ||
	    (c->minconn != NULL && !import_number(c->minconn, UINT16_MAX, &s->minconn)))
		import_note(i->im, &d->notes, line,
		    "%s: its threshold is not a number up to %u", c->server, UINT16_MAX);
}

static void add(struct ipvsadm *i, unsigned line, struct ipvsadm_command *c)
{
	c->service = c->mark != NULL
			 ? import_printf(i->im, "-f %s%s", c->mark, c->v6 ? " -6" : "")
			 : import_printf(i->im, "%s %s",
			       c->protocol == IPPROTO_TCP   ? "-t"
			       : c->protocol == IPPROTO_UDP ? "-u"
							    : "--sctp-service",
			       c->endpoint);
	if (c->add_service)
		add_service(i, line, c);
	else if (i->last.id != NULL && strcmp(i->last.id, c->service) == 0)
		add_server(i, line, c);
	else
		import_note(i->im, &i->im->notes, line,
		    "-a %s: this service does not stand before it", c->service);
}

/* "ipvsadm" or its path may stand before the options. */
static bool is_name(const char *word)
{
	const char *slash = strrchr(word, '/');

	return strcmp(slash != NULL ? slash + 1 : word, "ipvsadm") == 0;
}

bool import_ipvsadm(struct import *im)
{
	struct import_lines l = { .at = im->text, .end = im->text + im->len };
	struct ipvsadm i = { .im = im };
	const char *text, *words[WORDS_MAX];
	size_t len;

	while (import_next_line(&l, &text, &len)) {
		size_t n = import_words(im, text, len, words, WORDS_MAX);
		size_t skip = n > 0 && is_name(words[0]);
		struct ipvsadm_command c;

		if (n == skip || *words[0] == '#')
			continue;
		if (ipvsadm_command(&c, words + skip, n - skip))
			add(&i, l.line, &c);
		else
			import_note(im, &im->notes, l.line,
			    "%.*s: only services and servers that are added are read",
			    (int)(len < 100 ? len : 100), text);
	}
	end_service(&i);
	return true;
}
