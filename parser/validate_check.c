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

static const char *method_name(enum check_method m)
{
	static const char *const names[] = {
		[CHECK_ICMP] = "icmp",
		[CHECK_TCP] = "tcp",
		[CHECK_HTTP] = "http",
		[CHECK_HTTPS] = "https",
		[CHECK_ARP] = "arp",
	};

	return names[m];
}

static bool needs_port(enum check_method m)
{
	return m == CHECK_TCP || m == CHECK_HTTP || m == CHECK_HTTPS;
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
		    "a port is for tcp and http checks; this director's check is %s",
		    method_name(method));
}

static void fill(struct check_conf *c, const struct check_words *w)
{
	c->interval_ms = w->interval_ms;
	c->timeout_ms =
	    w->at.timeout.line != 0 ? w->timeout_ms : (w->interval_ms + 1) / 2;
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
	if (needs_port(c->method) && c->port == 0 && s->conf.port == 0)
		parse_error(p, s->check_loc,
		    "this %s check has no port: neither the check nor the server nor the "
		    "director gives one",
		    method_name(c->method));
	if (addr_is_set(&c->source) && c->source.family != s->conf.addr.family)
		parse_error(p, s->check_loc,
		    "this server is IPv%c and the source of its check IPv%c",
		    s->conf.addr.family == AF_INET ? '4' : '6',
		    c->source.family == AF_INET ? '4' : '6');
}

/* The check of S: the director's, or a copy when S differs. */
static void complete_server(struct parse *p, struct director_draft *d,
    struct server_draft *s, const struct check_words *inherited)
{
	const bool lost_port = needs_port(d->method) && d->conf.check->port == 0 &&
			       s->conf.port == 0 && s->written_port != 0;
	struct check_conf *c = d->conf.check;

	if (s->check != NULL || lost_port) {
		struct check_words w = *inherited;

		put_over(&w, s->check);
		judge_words(p, &w, s->check, d->method);
		c = arena_alloc(p->arena, sizeof *c);
		*c = *d->conf.check;
		c->loc = s->check_loc;
		fill(c, &w);
		if (lost_port && c->port == 0)
			c->port = s->written_port;
	}
	s->conf.check = c;
	if (!d->bad && addr_is_set(&s->conf.addr))
		judge_target(p, s, c);
}

static void judge_http(struct parse *p, const struct director_draft *d)
{
	if (d->cafile_loc.line != 0 && d->http != NULL && !d->http->verify)
		parse_warning(
		    p, d->cafile_loc, "a cafile is of use with \"verify required\" only");
}

void validate_checks(struct parse *p, struct director_draft *d)
{
	struct check_words w = { .interval_ms = INTERVAL_MS, .rise = 1, .fall = 1 };
	struct check_conf *c = arena_alloc(p->arena, sizeof *c);
	struct server_conf *s;
	bool checked = false;
	struct loc loc = d->method_loc.line != 0 ? d->method_loc : d->check_loc;

	put_over(&w, d->check_line);
	put_over(&w, d->option_line);
	judge_words(p, &w, &w, d->method);
	judge_http(p, d);
	c->loc = loc.line != 0 ? loc : d->conf.loc;
	c->method = d->method;
	c->iface = d->iface;
	c->http = d->http;
	fill(c, &w);
	d->conf.check = c;
	STAILQ_FOREACH (s, &d->conf.servers, entry)
		if (server_draft(s)->check_loc.line != 0) {
			complete_server(p, d, server_draft(s), &w);
			checked = true;
		}
	if (loc.line != 0 && !checked && d->conf.n_servers > 0)
		parse_warning(p, loc,
		    "no server of this director says \"check\": none will be checked");
}
