/*
 * validate_check: one complete set of check parameters for each server.
 *
 * Three statements speak of them, and each wins over the one before: the
 * director's check line, its option line, the server's own arguments. A server
 * without any shares the director's set.
 */
#include "lib/arena.h"
#include "parser/validate.h"

#define INTERVAL_MS 10000

static bool needs_port(enum check_method m)
{
	return m == CHECK_TCP || m == CHECK_HTTP || m == CHECK_HTTPS || m == CHECK_UDP ||
	       m == CHECK_DNS;
}

/* Puts what W gives over what is there. W may be NULL. */
static void put_over(struct check_words *to, const struct check_words *w)
{
	if (w == NULL)
		return;
#define PUT(at_, value_)                \
	if (w->at.at_.line != 0) {      \
		to->at.at_ = w->at.at_; \
		to->value_ = w->value_; \
	}
	PUT(interval, interval_ms)
	PUT(timeout, timeout_ms)
	PUT(fastinter, fastinter_ms)
	PUT(downinter, downinter_ms)
	PUT(source, source)
	PUT(port, port)
	PUT(rise, rise)
	PUT(fall, fall)
#undef PUT
	if (w->at.inhibit.line != 0)
		to->at.inhibit = w->at.inhibit;
}

/* Judges W, of which only the words of SAID are new. */
static void judge_words(struct parse *p, const struct check_words *w,
    const struct check_words *said, enum check_method method)
{
	if (said == NULL)
		return;
	if (w->at.timeout.line != 0 && w->timeout_ms > w->interval_ms &&
	    (said->at.timeout.line != 0 || said->at.interval.line != 0))
		parse_error(p,
		    said->at.timeout.line != 0 ? said->at.timeout : said->at.interval,
		    "the timeout of %u ms is longer than the interval of %u ms",
		    (unsigned)w->timeout_ms, (unsigned)w->interval_ms);
	if (said->at.port.line != 0 && !needs_port(method))
		parse_error(p, said->at.port,
		    "a port is for checks that use one: tcp, http, https, udp and dns; this "
		    "director's check is %s",
		    conf_method_name(method));
}

static void fill(struct check_conf *c, const struct check_words *w)
{
	c->interval_ms = w->interval_ms;
	c->timeout_ms =
	    w->at.timeout.line != 0 ? w->timeout_ms : (w->interval_ms + 1) / 2;
	c->fastinter_ms = w->at.fastinter.line != 0 ? w->fastinter_ms : w->interval_ms;
	c->downinter_ms = w->at.downinter.line != 0 ? w->downinter_ms : w->interval_ms;
	c->rise = w->rise;
	c->fall = w->fall;
	c->port = w->port;
	c->inhibit = w->at.inhibit.line != 0;
	c->source = w->source;
}

/* Can this server be checked so? */
static void judge_target(
    struct parse *p, const struct server_draft *s, const struct check_conf *c)
{
	if (needs_port(c->method) && c->port == 0 && s->conf->port == 0)
		parse_error(p, s->check_loc,
		    "this %s check has no port: neither the check nor the server nor the "
		    "director gives one",
		    conf_method_name(c->method));
	if (addr_is_set(&c->source) && c->source.family != s->conf->addr.family)
		parse_error(p, s->check_loc,
		    "this server is IPv%c and the source of its check IPv%c",
		    s->conf->addr.family == AF_INET ? '4' : '6',
		    c->source.family == AF_INET ? '4' : '6');
}

/* Of a server with "inhibit" the hash of dest keeps finding the place. */
static void judge_inhibit(
    struct parse *p, const struct director_conf *c, const struct loc *at)
{
	if (at->line != 0 && c->balance == BALANCE_DEST)
		parse_warning(p, *at,
		    "with balance dest a server that is down is taken out all the same");
}

static bool is_same(const struct check_conf *a, const struct check_conf *b)
{
	return a->method == b->method && a->interval_ms == b->interval_ms &&
	       a->timeout_ms == b->timeout_ms && a->fastinter_ms == b->fastinter_ms &&
	       a->downinter_ms == b->downinter_ms && a->rise == b->rise &&
	       a->fall == b->fall && a->port == b->port && a->inhibit == b->inhibit &&
	       addr_cmp(&a->source, &b->source) == 0 && a->iface == b->iface &&
	       a->http == b->http && a->talk == b->talk && a->dns == b->dns &&
	       a->command == b->command;
}

/* The check of most is the same as that of the LAST one: that one, then. */
static const struct check_conf *shared(
    struct parse *p, const struct check_conf **last, const struct check_conf *c)
{
	if (*last == NULL || !is_same(*last, c))
		*last = arena_dup(p->arena, c, sizeof *c);
	return *last;
}

/* The check of S: the director's, or another when S differs. */
static void complete_server(struct parse *p, const struct director_draft *d,
    struct server_draft *s, const struct check_words *inherited)
{
	const struct check_conf *usual = d->conf->check;
	const struct check_words *said =
	    s->own_words != 0 ? &p->own_words[s->own_words - 1] : NULL;
	const bool lost_port = needs_port(usual->method) && usual->port == 0 &&
			       s->conf->port == 0 && s->written_port != 0;

	s->conf->check = usual;
	if (said != NULL || lost_port) {
		struct check_words w = *inherited;
		struct check_conf own = *usual;

		put_over(&w, said);
		judge_words(p, &w, said, usual->method);
		own.loc = s->check_loc;
		fill(&own, &w);
		if (lost_port && own.port == 0)
			own.port = s->written_port;
		if (!is_same(usual, &own))
			s->conf->check = shared(p, &p->own_check, &own);
	}
	if (said != NULL)
		judge_inhibit(p, d->conf, &said->at.inhibit);
	if (!d->bad && addr_is_set(&s->conf->addr))
		judge_target(p, s, s->conf->check);
}

static void judge_method(struct parse *p)
{
	const struct director_lines *l = &p->lines;
	const bool verify =
	    (l->http != NULL && l->http->verify) || (l->talk != NULL && l->talk->verify);

	if (l->tls_loc.line != 0 && l->talk != NULL && !l->talk->ssl)
		parse_error(p, l->tls_loc, "this is of use with \"ssl\" only");
	else if (l->cafile_loc.line != 0 && !verify)
		parse_warning(
		    p, l->cafile_loc, "a cafile is of use with \"verify required\" only");
}

/* A sorry page that can vanish is one only while another stays. */
static void judge_sorry(struct parse *p, const struct director_draft *d)
{
	const struct server_draft *checked = NULL;

	for (size_t i = 0; i < p->n_servers; i++) {
		const struct server_draft *s = &p->servers[i];

		if (s->conf->sorry && s->conf->check == NULL)
			return;
		if (s->conf->sorry && checked == NULL)
			checked = s;
	}
	if (checked != NULL && !d->bad)
		parse_warning(p, checked->check_loc,
		    "a sorry server that is down is not used: when this check fails as "
		    "well, nothing serves; without \"check\" it always does");
}

/* Says which servers nobody would miss: they are always taken for up. */
static void judge_unchecked(
    struct parse *p, const struct director_draft *d, struct loc check_loc)
{
	const struct server_draft *unchecked = NULL;
	size_t n_checked = 0;

	for (size_t i = 0; i < p->n_servers; i++) {
		const struct server_conf *s = p->servers[i].conf;

		if (s->check != NULL)
			n_checked++;
		else if (!s->sorry && addr_is_set(&s->addr) && unchecked == NULL)
			unchecked = &p->servers[i];
	}
	if (n_checked == 0 && check_loc.line > 0 && d->conf->n_servers > 0)
		parse_warning(p, check_loc,
		    "no server of this director says \"check\": none will be checked");
	else if (n_checked > 0 && unchecked != NULL && d->conf->agent == NULL)
		parse_warning(p, unchecked->name_loc,
		    "this server does not say \"check\" as others do: it is always taken "
		    "for up");
}

/* It is asked like a server that is checked, from where the CHECK comes from. */
static struct agent_conf *complete_agent(
    struct parse *p, const struct agent_conf *said, const struct check_conf *check)
{
	struct agent_conf *a = arena_alloc(p->arena, sizeof *a);
	struct check_conf *c = arena_alloc(p->arena, sizeof *c);

	*a = *said;
	if (a->interval_ms == 0)
		a->interval_ms = check->interval_ms;
	*c = (struct check_conf){ .loc = check->loc,
		.method = CHECK_AGENT,
		.interval_ms = a->interval_ms,
		.timeout_ms = (a->interval_ms + 1) / 2,
		.fastinter_ms = a->interval_ms,
		.downinter_ms = a->interval_ms,
		.rise = 1,
		.fall = 1,
		.port = a->port,
		.source = check->source };
	a->check = c;
	return a;
}

/* Can the agents be asked so? */
static void judge_agents(struct parse *p, const struct director_conf *d)
{
	const struct addr *source = &d->agent->check->source;

	for (size_t i = 0; i < p->n_servers; i++) {
		const struct server_draft *s = &p->servers[i];
		const struct check_conf *check = s->conf->check;
		uint8_t family = s->conf->addr.family;

		if (!addr_is_set(source) || !addr_is_set(&s->conf->addr) ||
		    source->family == family ||
		    (check != NULL && check->source.family != family))
			continue;
		parse_error(p, s->name_loc,
		    "this server is IPv%c and its agent would be asked from an IPv%c "
		    "address, the source of the director's check",
		    family == AF_INET ? '4' : '6', source->family == AF_INET ? '4' : '6');
	}
}

/* Puts the words of the director's lines together in *W; the check they make. */
static const struct check_conf *complete_check(
    struct parse *p, const struct director_draft *d, struct check_words *w)
{
	const struct director_lines *l = &p->lines;
	const struct loc loc = l->method_loc.line != 0 ? l->method_loc : l->check_loc;
	struct check_conf c = {
		.loc = loc.line != 0 ? loc : d->conf->loc,
		.method = l->method,
		.iface = l->iface,
		.http = l->http,
		.talk = l->talk,
		.dns = l->dns,
		.command = l->command,
	};

	*w = (struct check_words){ .interval_ms = INTERVAL_MS, .rise = 1, .fall = 1 };
	put_over(w, l->default_line);
	put_over(w, l->check_line);
	put_over(w, l->option_line);
	judge_words(p, w, w, l->method);
	judge_method(p);
	fill(&c, w);
	return shared(p, &p->shared_check, &c);
}

/* The same for a director that says nothing of checks, as most do under defaults:
 * all of them have one. */
static const struct check_conf *inherited_check(
    struct parse *p, const struct director_draft *d)
{
	if (p->inherited_check == NULL)
		p->inherited_check = complete_check(p, d, &p->inherited_words);
	return p->inherited_check;
}

void validate_checks(struct parse *p, struct director_draft *d)
{
	const struct director_lines *l = &p->lines;
	const bool inherited =
	    l->check_line == NULL && l->option_line == p->defaults.option_line;
	struct check_words own, *w = inherited ? &p->inherited_words : &own;

	d->conf->check = inherited ? inherited_check(p, d) : complete_check(p, d, w);
	judge_inhibit(p, d->conf, &w->at.inhibit);
	if (l->agent != NULL)
		d->conf->agent = complete_agent(p, l->agent, d->conf->check);
	for (size_t i = 0; i < p->n_servers; i++)
		if (p->servers[i].check_loc.line != 0)
			complete_server(p, d, &p->servers[i], w);
	if (d->conf->agent != NULL && !d->bad)
		judge_agents(p, d->conf);
	judge_sorry(p, d);
	judge_unchecked(p, d, l->method_loc.line != 0 ? l->method_loc : l->check_loc);
}
