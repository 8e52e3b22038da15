/*
 * One virtual service of ldirectord.cf as a director.
 *
 * What its lines do not say, the global ones do. (ldirectord(8))
 */
#include <netinet/in.h>
#include <string.h>

#include "lvsctl/import_ldirectord.h"
#include "parser/conf.h"

#define RANGE_MAX 65536
#define SERVERS_MAX 1000000
#define WORDS_MAX 16

/* A virtual service while it is read. */
struct virtual
{
	struct ldirectord *l;
	const struct ldirectord_entry *first, *end;	/* its lines, without the first */
	const struct ldirectord_entry *own[N_KEYS + 1]; /* the last of each */
	struct import_director *d;
	struct import_check check; /* but for the method */
	struct ldirectord_check said;
	bool off, short_timeout;
};

/* The value of a key without its quotes: the virtual's own, else the global one;
 * NULL: not given. */
static const char *value_of(const struct virtual *v, enum ldirectord_key k)
{
	const struct ldirectord_entry *e =
	    v->own[k] != NULL ? v->own[k] : v->l->global[k];
	const char *words[1];

	if (e == NULL)
		return NULL;
	return import_words(v->l->im, e->value, strlen(e->value), words, 1) == 1
		   ? words[0]
		   : "";
}

static unsigned line_of(const struct virtual *v, enum ldirectord_key k)
{
	return v->own[k] != NULL	 ? v->own[k]->line
	       : v->l->global[k] != NULL ? v->l->global[k]->line
					 : v->d->line;
}

static void bad_value(const struct virtual *v, enum ldirectord_key k)
{
	import_note(v->l->im, &v->d->notes, line_of(v, k),
	    "%s = %.100s: this value cannot be used", ldirectord_keys[k], value_of(v, k));
}

static bool is_yes(const struct virtual *v, enum ldirectord_key k, bool usual)
{
	const char *value = value_of(v, k);

	return value == NULL ? usual : strcmp(value, "yes") == 0;
}

/* ---- servers ---- */

static const char *mode_of(const char *word)
{
	return strcmp(word, "masq") == 0   ? conf_mode_name(MODE_NAT)
	       : strcmp(word, "gate") == 0 ? conf_mode_name(MODE_GATEWAY)
	       : strcmp(word, "ipip") == 0 ? conf_mode_name(MODE_TUNNEL)
					   : NULL;
}

/* "IP:PORT", or "IP->IP:PORT" for the *N addresses from *FIRST on. */
static bool endpoints_of(
    const char *text, struct addr *first, uint32_t *n, uint16_t *port)
{
	const char *arrow = strstr(text, "->");
	struct addr last;
	uint32_t from = 0, to = 0;

	*n = 1;
	if (arrow == NULL)
		return import_endpoint(text, first, port);
	if (!addr_parse(first, text, (size_t)(arrow - text)) ||
	    !import_endpoint(arrow + 2, &last, port) || first->family != AF_INET ||
	    last.family != AF_INET)
		return false;
	for (int i = 0; i < 4; i++) {
		from = from << 8 | first->bytes[i];
		to = to << 8 | last.bytes[i];
	}
	*n = to - from + 1;
	return to >= from && to - from < RANGE_MAX;
}

static void next_address(struct addr *a)
{
	for (int i = 3; i >= 0 && ++a->bytes[i] == 0;)
		i--;
}

/* What stands behind address and mode: a weight, then request and receive. */
static void server_rest(struct virtual *v, const struct ldirectord_entry *e,
    const char **words, size_t n, struct import_server *s)
{
	struct ldirectord_check said = v->said;
	size_t at = 2, len;

	s->check = v->check;
	if (at < n && *words[at] >= '0' && *words[at] <= '9') {
		if (!import_number(words[at], UINT16_MAX, &s->weight))
			import_note(v->l->im, &v->d->notes, e->line,
			    "weight %s: a number from 0 to %u may stand there", words[at],
			    UINT16_MAX);
		at++;
	}
	if (v->off)
		s->weight = 0;
	if (at >= n)
		return;
	len = strlen(words[at]);
	said.request = import_printf(v->l->im, "%.*s",
	    (int)(len - (len > 0 && words[at][len - 1] == ',')), words[at]);
	if (at + 1 < n)
		said.receive = words[n - 1];
	ldirectord_method(v->l->im, &v->d->notes, e->line, &said, &s->check);
}

static bool real(struct virtual *v, const struct ldirectord_entry *e)
{
	const char *words[WORDS_MAX];
	size_t n_words =
	    import_words(v->l->im, e->value, strlen(e->value), words, WORDS_MAX);
	struct addr addr;
	uint16_t port;
	uint32_t n;

	if (n_words < 2 || mode_of(words[1]) == NULL ||
	    !endpoints_of(words[0], &addr, &n, &port)) {
		import_note(v->l->im, &v->d->notes, e->line,
		    "real = %.100s: a literal address and gate, masq or ipip must stand there",
		    e->value);
		return true;
	}
	for (v->l->servers += n; n > 0; n--, next_address(&addr)) {
		struct import_server *s;

		if (v->l->servers > SERVERS_MAX)
			return import_refuse(v->l->im, e->line, "too many servers");
		s = import_server_new(v->l->im, v->d, e->line);
		s->addr = addr;
		/* Only masq can have another port (ldirectord(8)). */
		s->port =
		    strcmp(words[1], "masq") == 0 || v->d->port == 0 ? port : v->d->port;
		if (s->port == 0)
			s->port = v->d->port;
		s->mode = mode_of(words[1]);
		server_rest(v, e, words, n_words, s);
	}
	return true;
}

/* Where nothing says how the fallback is reached, as the others: on the director
 * itself, where it usually is, that makes no difference. */
static void fallback(struct virtual *v)
{
	enum ldirectord_key k = v->first[-1].key == K_VIRTUAL6 ? K_FALLBACK6 : K_FALLBACK;
	const struct ldirectord_entry *e =
	    v->own[k] != NULL ? v->own[k] : v->l->global[k];
	const char *words[WORDS_MAX];
	struct import_server *s;
	struct addr addr;
	uint16_t port;
	size_t n;

	if (e == NULL)
		return;
	n = import_words(v->l->im, e->value, strlen(e->value), words, WORDS_MAX);
	if (n == 0 || !import_endpoint(words[0], &addr, &port)) {
		import_note(v->l->im, &v->d->notes, e->line,
		    "fallback = %.100s: a literal address must stand there", e->value);
		return;
	}
	s = import_server_new(v->l->im, v->d, e->line);
	s->addr = addr;
	s->port = port != 0 ? port : v->d->port;
	s->sorry = true;
	if (n > 1 && !(addr.family == AF_INET && addr.bytes[0] == 127))
		s->mode = mode_of(words[1]);
}

/* ---- virtual services ---- */

static void seconds(struct virtual *v, enum ldirectord_key k, uint32_t *ms)
{
	const char *value = value_of(v, k);

	if (value != NULL && !import_ms(value, ms))
		bad_value(v, k);
}

static void check_times(struct virtual *v, bool talks)
{
	const enum ldirectord_key first = talks ? K_NEGOTIATETIMEOUT : K_CHECKTIMEOUT;
	const enum ldirectord_key second = talks ? K_CHECKTIMEOUT : K_NEGOTIATETIMEOUT;
	const enum ldirectord_key k = value_of(v, first) != NULL ? first : second;
	struct import_check *c = &v->check;
	uint32_t count = 1;

	c->interval_ms = 10000;
	c->timeout_ms = talks ? 30000 : 5000;
	seconds(v, K_CHECKINTERVAL, &c->interval_ms);
	seconds(v, k, &c->timeout_ms);
	if (c->timeout_ms > c->interval_ms) {
		if (c->method != NULL && value_of(v, k) != NULL)
			import_note(v->l->im, &v->d->notes, line_of(v, k),
			    "%s: a check takes at most its interval", ldirectord_keys[k]);
		c->timeout_ms = c->interval_ms;
	}
	if (value_of(v, K_FAILURECOUNT) != NULL &&
	    !import_number(value_of(v, K_FAILURECOUNT), 1000, &count))
		bad_value(v, K_FAILURECOUNT);
	c->fall = count > 0 ? (uint16_t)count : 1;
	c->inhibit = is_yes(v, K_QUIESCENT, true);
}

/* checkcount counts for pings only, whose attempts follow each other. */
static void check_count(struct virtual *v)
{
	uint32_t count;

	if (v->check.method == NULL || strcmp(v->check.method, "icmpcheck") != 0 ||
	    value_of(v, K_CHECKCOUNT) == NULL)
		return;
	if (!import_number(value_of(v, K_CHECKCOUNT), 60, &count) || count == 0)
		bad_value(v, K_CHECKCOUNT);
	else
		v->check.fall = (uint16_t)(v->check.fall * count);
}

static void check(struct virtual *v)
{
	bool talks;

	v->said = (struct ldirectord_check){
		.type = value_of(v, K_CHECKTYPE),
		.service = value_of(v, K_SERVICE),
		.request = value_of(v, K_REQUEST),
		.receive = value_of(v, K_RECEIVE),
		.vhost = value_of(v, K_VIRTUALHOST),
		.http_method = value_of(v, K_HTTPMETHOD),
		.command = value_of(v, K_CHECKCOMMAND),
		.login = value_of(v, K_LOGIN),
		.protocol = v->d->protocol,
		.port = v->d->port,
	};
	if (value_of(v, K_CHECKPORT) != NULL &&
	    !import_port(value_of(v, K_CHECKPORT), &v->check.port))
		bad_value(v, K_CHECKPORT);
	talks = ldirectord_method(
	    v->l->im, &v->d->notes, line_of(v, K_CHECKTYPE), &v->said, &v->check);
	check_times(v, talks);
	check_count(v);
	v->off = v->said.type != NULL && strcmp(v->said.type, "off") == 0;
	if (v->off)
		import_note(v->l->im, &v->d->notes, line_of(v, K_CHECKTYPE),
		    "checktype off: its servers have weight 0 here");
}

static void protocol(struct virtual *v)
{
	const char *value = value_of(v, K_PROTOCOL);
	struct import_director *d = v->d;

	d->protocol = d->port == 53 ? IPPROTO_UDP : IPPROTO_TCP;
	if (!addr_is_set(&d->addr))
		d->protocol = IPPROTO_IP;
	else if (value != NULL && strcmp(value, "udp") == 0)
		d->protocol = IPPROTO_UDP;
	else if (value != NULL && strcmp(value, "tcp") == 0)
		d->protocol = IPPROTO_TCP;
	else if (value != NULL)
		bad_value(v, K_PROTOCOL);
}

static bool same_weights(const struct import_director *d)
{
	const struct import_server *s, *first = STAILQ_FIRST(&d->servers);

	STAILQ_FOREACH (s, &d->servers, entry)
		if (!s->sorry && s->weight != first->weight)
			return false;
	return true;
}

static void options(struct virtual *v)
{
	const char *sched = value_of(v, K_SCHEDULER);
	struct import_director *d = v->d;

	if (value_of(v, K_PERSISTENT) != NULL) {
		d->persistent = import_number(
		    value_of(v, K_PERSISTENT), 31 * 24 * 60 * 60, &d->persist_s);
		if (!d->persistent)
			bad_value(v, K_PERSISTENT);
	}
	d->netmask = value_of(v, K_NETMASK);
	d->onepacket = is_yes(v, K_OPS, false);
	if (sched == NULL)
		sched = "wrr";
	/* Turns by weight and without are the same where all weights are. */
	if (strcmp(sched, "rr") == 0 && same_weights(d))
		sched = "wrr";
	if (strcmp(sched, "lc") == 0 && same_weights(d))
		sched = "wlc";
	d->balance = import_balance(v->l->im, sched, (bool[3]){ false });
}

bool ldirectord_virtual(struct ldirectord *l, const struct ldirectord_entry *head,
    const struct ldirectord_entry *end)
{
	struct virtual v = { .l = l, .first = head + 1, .end = end };
	const char *words[1];
	struct import_director *d = import_director_new(l->im, head->line,
	    import_printf(l->im, "%s = %.100s", head->name, head->value));

	v.d = d;
	if (import_words(l->im, head->value, strlen(head->value), words, 1) != 1 ||
	    ((!import_number(words[0], UINT32_MAX, &d->fwmark) || d->fwmark == 0) &&
		!import_endpoint(words[0], &d->addr, &d->port))) {
		import_director_drop(l->im, d,
		    "only a literal address with a port, or a mark, may stand there");
		return true;
	}
	for (const struct ldirectord_entry *e = v.first; e < end; e++) {
		v.own[e->key] = e;
		if (e->key == N_KEYS)
			ldirectord_other(l->im, &d->notes, e);
	}
	protocol(&v);
	check(&v);
	for (const struct ldirectord_entry *e = v.first; e < end; e++)
		if ((e->key == K_REAL || e->key == K_REAL6) && !real(&v, e))
			return false;
	options(&v);
	fallback(&v);
	return true;
}
