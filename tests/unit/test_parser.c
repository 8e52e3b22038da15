/*
 * The parser: trees of a few files field by field, the remarks and their
 * limits, the reader's trust. The wording of every message is checked by
 * tests/conf/run.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/arena.h"
#include "lib/buf.h"
#include "parser/parser.h"

static struct conf *parse_as(enum read_purpose purpose, const char *text, struct diags *d)
{
	struct conf_text t = { "test.conf", (char *)text, strlen(text) };

	diags_init(d);
	return conf_parse(&t, purpose, d);
}

/* A tree that must come without a remark. */
static struct conf *parse(const char *text)
{
	struct diags d;
	struct conf *c = parse_as(READ_CHECK, text, &d);

	diags_print(stderr, &d);
	assert_non_null(c);
	assert_int_equal(d.n, 0);
	diags_fini(&d);
	return c;
}

static const struct director_conf *director(const struct conf *c, const char *name)
{
	const struct director_conf *d;

	STAILQ_FOREACH (d, &c->directors, entry)
		if (strcmp(d->name, name) == 0)
			return d;
	fail_msg("no director %s", name);
	return NULL;
}

static const struct server_conf *server(const struct director_conf *d, const char *name)
{
	const struct server_conf *s;

	STAILQ_FOREACH (s, &d->servers, entry)
		if (strcmp(s->name, name) == 0)
			return s;
	fail_msg("no server %s", name);
	return NULL;
}

static void assert_addr(const struct addr *a, uint16_t port, const char *text)
{
	char buf[ADDR_TEXT_MAX];

	assert_string_equal(addr_port_text(a, port, buf), text);
}

static void test_defaults(void **state)
{
	struct conf *c = parse("director web 192.0.2.1:80\n\tserver a 10.0.0.1 check\n");
	const struct director_conf *d = director(c, "web");
	const struct server_conf *s = server(d, "a");

	(void)state;
	assert_int_equal(c->n_directors, 1);
	assert_int_equal(c->n_servers, 1);
	assert_int_equal(d->n_servers, 1);
	assert_addr(&d->addr, d->port, "192.0.2.1:80");
	assert_int_equal(d->protocol, IPPROTO_TCP);
	assert_int_equal(d->fwmark, 0);
	assert_int_equal(d->balance, BALANCE_LEASTCONN);
	assert_int_equal(d->mode, MODE_NAT);
	assert_false(d->persistent || d->onepacket);
	assert_int_equal(d->persist_timeout_s, 0);
	assert_int_equal(d->persist_prefix, 32);
	assert_addr(&s->addr, s->port, "10.0.0.1:80");
	assert_int_equal(s->weight, 1);
	assert_false(s->sorry);
	assert_ptr_equal(s->check, d->check);
	assert_int_equal(s->check->method, CHECK_ICMP);
	assert_int_equal(s->check->interval_ms, 10000);
	assert_int_equal(s->check->timeout_ms, 5000);
	assert_int_equal(s->check->rise, 1);
	assert_int_equal(s->check->fall, 1);
	assert_int_equal(s->check->port, 0);
	assert_false(s->check->inhibit);
	assert_false(addr_is_set(&s->check->source));
	assert_null(s->check->http);
	assert_string_equal(c->control.path, RUNDIR "/control.sock");
	assert_string_equal(c->status.path, RUNDIR "/status.sock");
	assert_string_equal(c->state, STATEDIR "/state");
	assert_int_equal(c->control.mode, 0660);
	assert_null(c->status.group);
	assert_int_equal(c->user_loc.line, 0);
	assert_int_equal(c->n_files, 1);
	assert_string_equal(c->files[0], "test.conf");
	conf_free(c);
}

/* Directors that have the same servers share their names. */
static void test_shared_names(void **state)
{
	struct conf *c = parse("director x 192.0.2.1:80\n server a 10.0.0.1\n"
			       " server b 10.0.0.2\n server c 10.0.0.3\n"
			       "director y 192.0.2.1:81\n server a 10.0.0.1\n"
			       " server bb 10.0.0.2\n server c 10.0.0.3\n server d 10.0.0.4\n");
	const struct director_conf *x = director(c, "x"), *y = director(c, "y");

	(void)state;
	assert_ptr_equal(server(x, "a")->name, server(y, "a")->name);
	assert_ptr_equal(server(x, "c")->name, server(y, "c")->name);
	assert_string_equal(server(x, "b")->name, "b");
	assert_string_equal(server(y, "bb")->name, "bb");
	assert_string_equal(server(y, "d")->name, "d");
	conf_free(c);
}

static void test_places(void **state)
{
	struct conf *c =
	    parse("# one\n\n director \"web\" 192.0.2.1:80\n\tserver a 10.0.0.1\n");
	const struct director_conf *d = director(c, "web");
	const struct server_conf *s = server(d, "a");

	(void)state;
	assert_int_equal(d->loc.line, 3);
	assert_int_equal(d->loc.col, 11);
	assert_int_equal(d->loc.len, 5);
	assert_null(s->check);
	conf_free(c);
}

/* The check line, then the option line, then the server: each wins. */
static void test_checks(void **state)
{
	struct conf *c =
	    parse("director a 192.0.2.1:80\n"
		  "\toption tcpcheck interval 4s port 81\n"
		  "\tcheck interval 3s rise 2 fall 3 port 82 source 10.0.0.9\n"
		  "\tserver plain 10.0.0.1 check\n"
		  "\tserver own 10.0.0.2 check interval 1 fall 7 inhibit port 83\n"
		  "\tserver late 10.0.0.3 check weight 2 timeout 0.25 sorry\n"
		  "\tserver none 10.0.0.4 sorry\n"
		  "director b 192.0.2.2:80\n"
		  "\tcheck timeout 400ms\n"
		  "\tserver own 10.0.0.1 check interval 1\n");
	const struct director_conf *d = director(c, "a");
	const struct check_conf *k = server(d, "plain")->check;

	(void)state;
	assert_ptr_equal(k, d->check);
	assert_int_equal(k->method, CHECK_TCP);
	assert_int_equal(k->interval_ms, 4000);
	assert_int_equal(k->timeout_ms, 2000);
	assert_int_equal(k->rise, 2);
	assert_int_equal(k->fall, 3);
	assert_int_equal(k->port, 81);
	assert_addr(&k->source, 0, "10.0.0.9:0");
	k = server(d, "own")->check;
	assert_ptr_not_equal(k, d->check);
	assert_int_equal(k->method, CHECK_TCP);
	assert_int_equal(k->interval_ms, 1000);
	assert_int_equal(k->timeout_ms, 500);
	assert_int_equal(k->rise, 2);
	assert_int_equal(k->fall, 7);
	assert_int_equal(k->port, 83);
	assert_true(k->inhibit);
	k = server(d, "late")->check;
	assert_int_equal(k->interval_ms, 4000);
	assert_int_equal(k->timeout_ms, 250);
	assert_false(k->inhibit);
	assert_int_equal(server(d, "late")->weight, 2);
	assert_true(server(d, "late")->sorry);
	assert_null(server(d, "none")->check);
	k = server(director(c, "b"), "own")->check;
	assert_int_equal(k->interval_ms, 1000);
	assert_int_equal(k->timeout_ms, 400);
	conf_free(c);
}

static uint32_t interval_of(const char *time)
{
	char text[200];
	struct conf *c;
	uint32_t ms;

	snprintf(text, sizeof text,
	    "director a 192.0.2.1:80\n check interval %s\n server s 10.0.0.1 check\n",
	    time);
	c = parse(text);
	ms = director(c, "a")->check->interval_ms;
	conf_free(c);
	return ms;
}

static void test_times(void **state)
{
	(void)state;
	assert_int_equal(interval_of("3"), 3000);
	assert_int_equal(interval_of("0.5"), 500);
	assert_int_equal(interval_of("1.2345"), 1234);
	assert_int_equal(interval_of("500ms"), 500);
	assert_int_equal(interval_of("1.9ms"), 1);
	assert_int_equal(interval_of("4s"), 4000);
	assert_int_equal(interval_of("2.5m"), 150000);
	assert_int_equal(interval_of("1.25h"), 4500000);
	assert_int_equal(interval_of("744h"), 2678400000U);
	assert_int_equal(interval_of("1ms"), 1);
}

static void test_http(void **state)
{
	struct conf *c = parse("director a 192.0.2.1:80\n"
			       "\toption httpcheck\n"
			       "\tserver s 10.0.0.1 check\n"
			       "director b 192.0.2.2:443\n"
			       "\toption httpscheck uri \"/a\\\\\\\"\\x#\" vhost v"
			       " statuscode 204 sni n verify required cafile /ca\n"
			       "\tserver s 10.0.0.1 check\n");
	const struct http_conf *h = director(c, "a")->check->http;

	(void)state;
	assert_string_equal(h->uri, "/");
	assert_int_equal(h->statuscode, 200);
	assert_false(h->verify);
	assert_true(h->vhost == NULL && h->sni == NULL && h->cafile == NULL);
	assert_int_equal(director(c, "b")->check->method, CHECK_HTTPS);
	h = director(c, "b")->check->http;
	assert_string_equal(h->uri, "/a\\\"\\x#");
	assert_string_equal(h->vhost, "v");
	assert_int_equal(h->statuscode, 204);
	assert_string_equal(h->sni, "n");
	assert_true(h->verify);
	assert_string_equal(h->cafile, "/ca");
	conf_free(c);
}

static void test_modes_and_ports(void **state)
{
	struct diags d;
	struct conf *c = parse_as(READ_CHECK,
	    "director nat 192.0.2.1:80\n"
	    "\tserver a 10.0.0.1\n"
	    "\tserver b 10.0.0.2:8080\n"
	    "director gw 192.0.2.2:80\n"
	    "\tmode gateway\n"
	    "\toption tcpcheck\n"
	    "\tserver a 10.0.0.1 check\n"
	    "\tserver b 10.0.0.2:8080 check\n"
	    "director mark fwmark 7\n"
	    "\tmode tunnel\n"
	    "\toption tcpcheck\n"
	    "\tserver a 10.0.0.1:8080 check\n"
	    "\tserver b 10.0.0.2 check port 9\n"
	    "director all 192.0.2.3\n"
	    "\tserver a 10.0.0.1\n",
	    &d);

	(void)state;
	assert_non_null(c);
	assert_int_equal(d.n_warnings, 2);
	assert_int_equal(d.list[0].loc.line, 8);
	assert_int_equal(d.list[1].loc.line, 12);
	assert_int_equal(server(director(c, "nat"), "a")->port, 80);
	assert_int_equal(server(director(c, "nat"), "b")->port, 8080);
	assert_int_equal(server(director(c, "gw"), "a")->port, 80);
	assert_int_equal(server(director(c, "gw"), "b")->port, 80);
	assert_int_equal(server(director(c, "gw"), "b")->check->port, 0);
	assert_int_equal(server(director(c, "mark"), "a")->port, 0);
	assert_int_equal(server(director(c, "mark"), "a")->check->port, 8080);
	assert_int_equal(server(director(c, "mark"), "b")->check->port, 9);
	assert_int_equal(server(director(c, "all"), "a")->port, 0);
	conf_free(c);
	diags_fini(&d);
}

static void test_persistence(void **state)
{
	struct conf *c = parse("director a 192.0.2.1\n\toption persistence\n"
			       "director b 192.0.2.2\n"
			       "\toption persistence netmask 255.255.240.0 timeout 2m\n"
			       "director c 2001:db8::1\n\toption persistence\n"
			       "director d fwmark 1\n\toption persistence\n"
			       "\tserver a 10.0.0.1\n\tserver b 2001:db8::2\n"
			       "director e fwmark 2\n\toption persistence\n"
			       "\tserver a 10.0.0.1\n");

	(void)state;
	assert_true(director(c, "a")->persistent);
	assert_int_equal(director(c, "a")->persist_timeout_s, 360);
	assert_int_equal(director(c, "a")->persist_prefix, 32);
	assert_int_equal(director(c, "b")->persist_timeout_s, 120);
	assert_int_equal(director(c, "b")->persist_prefix, 20);
	assert_int_equal(director(c, "c")->persist_prefix, 128);
	assert_int_equal(director(c, "d")->persist_prefix, 128);
	assert_int_equal(director(c, "e")->persist_prefix, 32);
	conf_free(c);
}

static void test_global(void **state)
{
	struct conf *c = parse("director a 192.0.2.1:80\n"
			       "global\n"
			       "\tuser check group mode\n"
			       "\tcontrol /c mode 0600 group ops\n"
			       "\tstatus \"/s\"\n"
			       "\tstate /st\n");

	(void)state;
	assert_string_equal(c->user, "check");
	assert_string_equal(c->group, "mode");
	assert_int_equal(c->user_loc.line, 3);
	assert_string_equal(c->control.path, "/c");
	assert_string_equal(c->control.group, "ops");
	assert_int_equal(c->control.mode, 0600);
	assert_string_equal(c->status.path, "/s");
	assert_int_equal(c->status.mode, 0660);
	assert_string_equal(c->state, "/st");
	conf_free(c);
}

static void test_flow(void **state)
{
	struct conf *c =
	    parse("flow f director r\n"
		  "\tignore src 10.9.0.0/16 not iface eth0\n"
		  "\tmatch proto UDP dst 2001:db8::/32 dstport 53:55 srcport 9\n"
		  "\tignore icmptype ping proto icmp\n"
		  "director r\n\tserver a 10.0.0.1\n");
	const struct flow_conf *f = STAILQ_FIRST(&c->flows);
	const struct flow_rule *r = STAILQ_FIRST(&f->rules);

	(void)state;
	assert_string_equal(f->name, "f");
	assert_ptr_equal(f->director, director(c, "r"));
	assert_true(r->ignore);
	assert_true(r->has_src.given && !r->has_src.negated);
	assert_addr(&r->src, 0, "10.9.0.0:0");
	assert_int_equal(r->src_prefix, 16);
	assert_true(r->has_iface.given && r->has_iface.negated);
	assert_string_equal(r->iface, "eth0");
	assert_false(r->has_dst.given || r->has_proto.given || r->has_dstport.given);
	r = STAILQ_NEXT(r, entry);
	assert_false(r->ignore);
	assert_int_equal(r->proto, IPPROTO_UDP);
	assert_int_equal(r->dst_prefix, 32);
	assert_int_equal(r->dstport[0], 53);
	assert_int_equal(r->dstport[1], 55);
	assert_int_equal(r->srcport[0], 9);
	assert_int_equal(r->srcport[1], 9);
	r = STAILQ_NEXT(r, entry);
	assert_true(r->has_icmptype.given);
	assert_int_equal(r->icmptype, 8);
	assert_null(STAILQ_NEXT(r, entry));
	conf_free(c);
}

/* Remarks stand in the order of the file, though they are found in another. */
static void test_remarks_in_order(void **state)
{
	struct diags d;
	struct conf *c = parse_as(READ_CHECK,
	    "director a 192.0.2.1:80\n"
	    "\tmode gateway\n"
	    "\tserver s 10.0.0.1:81\n"
	    "\tserver s 10.0.0.2\n"
	    "\tmode nat\n"
	    "director a 192.0.2.2:80\n"
	    "\tbalance\n",
	    &d);

	(void)state;
	assert_null(c);
	assert_int_equal(d.n, 4);
	assert_int_equal(d.n_errors, 4);
	assert_int_equal(d.list[0].loc.line, 4);
	assert_int_equal(d.list[1].loc.line, 5);
	assert_int_equal(d.list[2].loc.line, 6);
	assert_int_equal(d.list[2].loc.col, 10);
	assert_int_equal(d.list[3].loc.line, 7);
	assert_int_equal(d.list[3].loc.col, 9);
	assert_string_equal(d.list[3].line, "\tbalance");
	assert_string_equal(d.list[3].file, "test.conf");
	diags_fini(&d);
}

/* Of a thousand errors the first fifty are kept, those of validation with them. */
static void test_remarks_are_bounded(void **state)
{
	struct buf text = { 0 };
	struct diags d;

	(void)state;
	buf_str(&text, "director a 192.0.2.1:80\ndirector a 192.0.2.2:80\n");
	for (int i = 0; i < 1000; i++)
		buf_printf(&text, "\tserver s%d 10.0.0.1:%d bogus\n", i, i);
	assert_null(parse_as(READ_CHECK, text.data, &d));
	assert_int_equal(d.n_errors, 1001);
	assert_int_equal(d.n, 50);
	for (size_t i = 0; i < d.n; i++)
		assert_int_equal(d.list[i].loc.line, i + 2);
	diags_fini(&d);
	buf_fini(&text);
}

/* A statement of more words than are kept, each wrong one at its own place. */
static void test_many_words(void **state)
{
	struct buf b = { 0 };
	struct diags d;

	(void)state;
	buf_str(&b, "director a 192.0.2.1:80\nserver s 10.0.0.1");
	for (int i = 0; i < 45; i++)
		buf_str(&b, " weight 7");
	buf_str(&b, " wieght 7\n");
	assert_null(parse_as(READ_CHECK, b.data, &d));
	assert_int_equal(d.n_errors, 45);
	for (size_t i = 0; i < 44; i++) {
		assert_int_equal(d.list[i].loc.col, 28 + 9 * i);
		assert_int_equal(d.list[i].loc.len, 6);
		assert_string_equal(d.list[i].text,
		    "\"weight\" is given twice; first given at column 19");
	}
	assert_int_equal(d.list[44].loc.col, 19 + 9 * 45);
	assert_string_equal(
	    d.list[44].text, "unknown argument \"wieght\"; did you mean \"weight\"?");
	diags_fini(&d);
	buf_fini(&b);
}

/* Duplicates are found among so many that the table of them grows and wraps. */
static void test_duplicates(void **state)
{
	struct buf b = { 0 };
	struct diags d;

	(void)state;
	for (unsigned i = 0; i < 3000; i++)
		buf_printf(&b, "director d%u 192.0.%u.%u:80\n", i, i / 256, i % 256);
	for (unsigned i = 0; i < 3000; i++)
		buf_printf(&b, "server s%u 10.0.%u.%u\n", i, i / 256, i % 256);
	buf_str(&b, "server s17 10.1.0.1\nserver t 10.0.11.183\n"
		    "director d2999 192.1.0.1:80\ndirector e 192.0.0.0:80\n"
		    "director f fwmark 7\ndirector g fwmark 7\n");
	assert_null(parse_as(READ_CHECK, b.data, &d));
	assert_int_equal(d.n_errors, 5);
	assert_string_equal(d.list[0].text,
	    "a second server \"s17\" in this director; first given at line 3018");
	assert_string_equal(d.list[1].text,
	    "a second server with this address and port in this director; first given "
	    "at line 6000");
	assert_string_equal(
	    d.list[2].text, "a second director \"d2999\"; first given at line 3000");
	assert_string_equal(d.list[3].text,
	    "a second director with this address and protocol; first given at line 1");
	assert_string_equal(
	    d.list[4].text, "a second director with fwmark 7; first given at line 6005");
	diags_fini(&d);
	buf_fini(&b);
}

static void test_purposes(void **state)
{
	static const char cut[] = "director a 192.0.2.1:80\n\tserver a 10.0.0.1";
	struct diags d;
	struct conf *c;

	(void)state;
	c = parse_as(READ_START, cut, &d);
	assert_non_null(c);
	assert_int_equal(d.n_warnings, 1);
	conf_free(c);
	diags_fini(&d);
	assert_null(parse_as(READ_RELOAD, cut, &d));
	assert_int_equal(d.list[0].loc.line, 2);
	diags_fini(&d);

	c = parse_as(READ_START, "# nothing\n", &d);
	assert_non_null(c);
	assert_int_equal(c->n_directors, 0);
	assert_int_equal(d.n_warnings, 1);
	conf_free(c);
	diags_fini(&d);
	assert_null(parse_as(READ_RELOAD, "", &d));
	assert_int_equal(d.list[0].loc.line, 0);
	diags_fini(&d);
}

/* Lines of defaults stand in front of a director's own. */
static void test_defaults_section(void **state)
{
	struct conf *c = parse("defaults\n\tbalance mh port\n\tmode tunnel\n"
			       "\tcheck fall 3 interval 2s\n\toption tcpcheck rise 2\n"
			       "director a 192.0.2.1:80\n\tserver s 10.0.0.1 check\n"
			       "director b 192.0.2.2:80\n\tbalance mh\n\tmode nat\n"
			       "\tcheck fall 4\n\toption httpcheck\n"
			       "\tserver s 10.0.0.1 check\n"
			       "defaults\n"
			       "director c 192.0.2.3:80\n\tserver s 10.0.0.1 check\n");
	const struct director_conf *d = director(c, "a");

	(void)state;
	assert_int_equal(d->balance, BALANCE_MH);
	assert_true(d->hash_port);
	assert_int_equal(d->mode, MODE_TUNNEL);
	assert_int_equal(d->check->method, CHECK_TCP);
	assert_int_equal(d->check->fall, 3);
	assert_int_equal(d->check->rise, 2);
	d = director(c, "b");
	assert_false(d->hash_port);
	assert_int_equal(d->mode, MODE_NAT);
	assert_int_equal(d->check->method, CHECK_HTTP);
	assert_int_equal(d->check->fall, 4);
	assert_int_equal(d->check->interval_ms, 2000);
	assert_int_equal(d->check->rise, 1); /* that of the other method's line */
	d = director(c, "c");
	assert_int_equal(d->balance, BALANCE_LEASTCONN);
	assert_int_equal(d->check->method, CHECK_ICMP);
	assert_int_equal(d->check->fall, 1);
	conf_free(c);
}

/* What the daemon does not do yet it does not load, but -c says so only. */
static void test_pending(void **state)
{
	static const char *const lines[] = { "\toption announce\n" };

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		char text[200];
		struct diags d;
		struct conf *c;

		snprintf(text, sizeof text,
		    "director a 192.0.2.1:80\n\tserver s 10.0.0.1 check\n%s", lines[i]);
		c = parse_as(READ_CHECK, text, &d);
		assert_non_null(c);
		assert_int_equal(d.n, 1);
		assert_non_null(strstr(d.list[0].text, "is not supported yet"));
		conf_free(c);
		diags_fini(&d);
		assert_null(parse_as(READ_START, text, &d));
		assert_int_equal(d.n_errors, 1);
		diags_fini(&d);
		assert_null(parse_as(READ_RELOAD, text, &d));
		assert_int_equal(d.n_errors, 1);
		diags_fini(&d);
	}
}

/* What is done anyway may be said. */
static void test_not_pending(void **state)
{
	static const char *const lines[] = { "global\n\tstop keep\n",
		"global\n\tsync master interface eth0\n", "global\n\ttable shared\n",
		"\tcheck fastinter 10\n", "\tcheck downinter 10 interval 10000ms\n",
		"\tserver t 10.0.0.2 check interval 2 fastinter 2 downinter 2\n",
		"\toption httpcheck method GET statuscode 200\n", "\toption quorum 1\n",
		"\toption drain never\n" };

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		char text[200];
		struct diags d;

		snprintf(text, sizeof text,
		    "director a 192.0.2.1:80\n\tserver s 10.0.0.1 check\n%s", lines[i]);
		conf_free(parse_as(READ_RELOAD, text, &d));
		diags_print(stderr, &d);
		assert_int_equal(d.n, 0);
		diags_fini(&d);
	}
}

static void test_payload(void **state)
{
	struct diags d;
	struct conf *c = parse_as(READ_CHECK,
	    "director a 192.0.2.1:80\n"
	    "\toption tcpcheck send \"a\\x00\\r\\n\\\\t\\\\\\\\\\\"\" expect \\x7f\n"
	    "\tserver s 10.0.0.1 check\n",
	    &d);
	const struct talk_conf *t = director(c, "a")->check->talk;

	(void)state;
	assert_int_equal(t->send.len, 7);
	assert_memory_equal(t->send.data, "a\0\r\n\t\\\"", 7);
	assert_int_equal(t->expect.len, 1);
	assert_int_equal(t->expect.data[0], 0x7f);
	conf_free(c);
	diags_fini(&d);
}

static void test_empty(void **state)
{
	struct diags d;
	struct conf *c = parse_as(READ_RELOAD, "global\n\tempty yes\n", &d);

	(void)state;
	assert_non_null(c);
	assert_true(c->empty);
	assert_int_equal(d.n, 0);
	conf_free(c);
	diags_fini(&d);
}

/* Trees and remarks of one parse have nothing to do with those of another. */
static void test_two_at_once(void **state)
{
	struct conf *a = parse("director a 192.0.2.1:80\n");
	struct diags d;
	struct conf *b = parse_as(READ_CHECK, "director b 192.0.2.1:80 tpc\n", &d);
	struct conf *c = parse("director c 192.0.2.1:80\n");

	(void)state;
	assert_null(b);
	conf_free(a);
	assert_string_equal(director(c, "c")->name, "c");
	conf_free(c);
	assert_non_null(strstr(d.list[0].text, "TCP"));
	diags_fini(&d);
}

struct scene {
	char dir[64], path[96];
};

static int scene_open(void **state)
{
	struct scene *s = calloc(1, sizeof *s);

	strcpy(s->dir, "/tmp/lvsd-test-XXXXXX");
	if (mkdtemp(s->dir) == NULL)
		return -1;
	snprintf(s->path, sizeof s->path, "%s/lvs.conf", s->dir);
	*state = s;
	return 0;
}

static int scene_close(void **state)
{
	struct scene *s = *state;

	unlink(s->path);
	rmdir(s->dir);
	free(s);
	return 0;
}

static void write_file(const char *path, const char *text, mode_t mode)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	assert_int_equal(chmod(path, mode), 0);
}

/* What is included must be trusted as what includes it, and is not shown. */
static void test_include_trust(void **state)
{
	struct scene *s = *state;
	char part[128];
	struct conf_text t;
	struct diags d;
	struct conf *c;

	snprintf(part, sizeof part, "%s/part", s->dir);
	write_file(s->path, "include part\n", 0644);
	write_file(part, "secret\n", 0666);
	diags_init(&d);
	assert_true(conf_read(&t, s->path, READ_START, &d, NULL));
	assert_null(conf_parse(&t, READ_START, &d));
	assert_int_equal(d.n, 1);
	assert_int_equal(d.list[0].loc.line, 1);
	assert_int_equal(d.list[0].loc.col, 9);
	assert_non_null(strstr(d.list[0].text, "must not be writable"));
	assert_string_equal(d.list[0].line, "include part");
	diags_fini(&d);

	write_file(part, "director a 192.0.2.1:80\n", 0644);
	diags_init(&d);
	c = conf_parse(&t, READ_START, &d);
	assert_non_null(c);
	assert_int_equal(c->n_files, 2);
	assert_string_equal(c->files[0], s->path);
	assert_string_equal(c->files[1], part);
	assert_int_equal(director(c, "a")->loc.file, 1);
	conf_free(c);
	diags_fini(&d);
	conf_text_fini(&t);
	unlink(part);
}

/* What reading PATH comes to: 'r'ead, 'u'nreadable or 'n'ot to be used. */
static char outcome(const char *path, enum read_purpose purpose)
{
	struct conf_text t;
	struct diags d;
	bool unreadable, good;

	diags_init(&d);
	good = conf_read(&t, path, purpose, &d, &unreadable);
	assert_int_equal(d.n_errors, good ? 0 : 1);
	conf_text_fini(&t);
	diags_fini(&d);
	return good ? 'r' : unreadable ? 'u' : 'n';
}

static void test_reader_trust(void **state)
{
	const struct scene *s = *state;
	char other[128];

	write_file(s->path, "director a 192.0.2.1:80\n", 0644);
	assert_int_equal(outcome(s->path, READ_CHECK), 'r');
	assert_int_equal(outcome(s->path, READ_START), 'r');
	assert_int_equal(outcome(s->path, READ_RELOAD), 'r');
	chmod(s->path, 0664);
	assert_int_equal(outcome(s->path, READ_CHECK), 'r');
	assert_int_equal(outcome(s->path, READ_START), 'n');
	assert_int_equal(outcome(s->path, READ_RELOAD), 'n');
	chmod(s->path, 0606);
	assert_int_equal(outcome(s->path, READ_START), 'n');
	chmod(s->path, 0600);
	if (geteuid() == 0) {
		assert_int_equal(chown(s->path, 12345, 0), 0);
		assert_int_equal(outcome(s->path, READ_START), 'n');
		assert_int_equal(outcome(s->path, READ_CHECK), 'r');
	}
	assert_int_equal(outcome(s->dir, READ_START), 'u');
	assert_int_equal(outcome("/dev/null", READ_START), 'u');
	assert_int_equal(outcome("-", READ_START), 'u');
	snprintf(other, sizeof other, "%s/none", s->dir);
	assert_int_equal(outcome(other, READ_RELOAD), 'u');
	snprintf(other, sizeof other, "%s/pipe", s->dir);
	assert_int_equal(mkfifo(other, 0600), 0);
	assert_int_equal(outcome(other, READ_START), 'u'); /* and does not wait */
	unlink(other);
}

/* Touches PATH without end, in a process of its own. */
static pid_t start_toucher(const char *path)
{
	int ready[2];
	pid_t pid;
	char byte;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (long i = 0;; i++) {
			struct timespec t[2] = { { 1, i % 1000000 }, { 1, i % 1000000 } };
			if (utimensat(AT_FDCWD, path, t, 0) != 0)
				_exit(1);
			if (i == 0 && write(ready[1], "", 1) != 1)
				_exit(1);
		}
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	close(ready[1]);
	return pid;
}

/* A file that changes while it is read is refused on reload, and only there. */
static void test_reader_change(void **state)
{
	const struct scene *s = *state;
	char on_reload = 'r';
	pid_t pid;

	write_file(s->path, "director a 192.0.2.1:80\n", 0600);
	assert_int_equal(truncate(s->path, 8 << 20), 0);
	pid = start_toucher(s->path);
	for (int i = 0; i < 500 && on_reload == 'r'; i++)
		on_reload = outcome(s->path, READ_RELOAD);
	assert_int_equal(outcome(s->path, READ_START), 'r');
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	assert_int_equal(on_reload, 'n');
	assert_int_equal(outcome(s->path, READ_RELOAD), 'r');
}

/* A whole file comes back byte for byte, the NUL bytes in it too. */
static void test_reader_bytes(void **state)
{
	const struct scene *s = *state;
	char bytes[200000];
	struct conf_text t;
	struct diags d;
	int fd;

	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (char)(i * 31);
	fd = open(s->path, O_WRONLY | O_CREAT, 0600);
	assert_int_equal(write(fd, bytes, sizeof bytes), sizeof bytes);
	close(fd);
	diags_init(&d);
	assert_true(conf_read(&t, s->path, READ_RELOAD, &d, NULL));
	assert_int_equal(t.len, sizeof bytes);
	assert_memory_equal(t.data, bytes, sizeof bytes);
	assert_string_equal(t.name, s->path);
	conf_text_fini(&t);
	diags_fini(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_shared_names),
		cmocka_unit_test(test_checks),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_http),
		cmocka_unit_test(test_modes_and_ports),
		cmocka_unit_test(test_persistence),
		cmocka_unit_test(test_global),
		cmocka_unit_test(test_flow),
		cmocka_unit_test(test_remarks_in_order),
		cmocka_unit_test(test_remarks_are_bounded),
		cmocka_unit_test(test_many_words),
		cmocka_unit_test(test_duplicates),
		cmocka_unit_test(test_purposes),
		cmocka_unit_test(test_two_at_once),
		cmocka_unit_test(test_defaults_section),
		cmocka_unit_test(test_pending),
		cmocka_unit_test(test_not_pending),
		cmocka_unit_test(test_payload),
		cmocka_unit_test(test_empty),
		cmocka_unit_test_setup_teardown(
		    test_include_trust, scene_open, scene_close),
		cmocka_unit_test_setup_teardown(
		    test_reader_trust, scene_open, scene_close),
		cmocka_unit_test_setup_teardown(
		    test_reader_change, scene_open, scene_close),
		cmocka_unit_test_setup_teardown(
		    test_reader_bytes, scene_open, scene_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
