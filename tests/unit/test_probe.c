/*
 * probe and reason: which probes are the same, and whose fault an errno is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "check/probe.h"
#include "lib/arena.h"
#include "lib/xalloc.h"
#include "parser/parser.h"
#include "check/reason.h"

/* A probe with everything it points to, so that copies share nothing. */
struct whole {
	struct probe probe;
	struct check_conf check;
	struct http_conf http;
	struct status_range status;
	struct talk_conf talk;
	struct dns_conf dns;
	char command[16], words[16], name[16];
	char uri[16], vhost[16], sni[16], cafile[16], iface[16];
};

static void whole_init(struct whole *w, enum check_method method)
{
	memset(w, 0, sizeof *w);
	strcpy(w->uri, "/x");
	strcpy(w->vhost, "v.example");
	strcpy(w->sni, "s.example");
	strcpy(w->cafile, "/ca.pem");
	strcpy(w->iface, "eth0");
	w->http = (struct http_conf){
		.uri = w->uri,
		.vhost = w->vhost,
		.statuscode = 200,
		.n_statuses = 1,
		.statuses = &w->status,
		.match = w->words,
		.sni = w->sni,
		.cafile = w->cafile,
	};
	strcpy(w->words, "words");
	strcpy(w->command, "/bin/x");
	strcpy(w->name, "n.example");
	w->talk = (struct talk_conf){
		.send = { w->words, 5 },
		.expect = { w->words, 5 },
		.sni = w->sni,
		.cafile = w->cafile,
	};
	w->dns = (struct dns_conf){ .name = w->name, .type = 6 };
	w->check = (struct check_conf){
		.method = method,
		.interval_ms = 1000,
		.timeout_ms = 500,
		.rise = 2,
		.fall = 3,
		.iface = w->iface,
		.fastinter_ms = 1000,
		.downinter_ms = 1000,
		.http = &w->http,
		.talk = &w->talk,
		.dns = &w->dns,
		.command = w->command,
	};
	w->probe = (struct probe){ .check = &w->check, .port = 80 };
	assert_true(addr_parse(&w->probe.addr, "192.0.2.1", 9));
}

/* What each change makes of two equal probes of METHOD. */
struct change {
	enum check_method method;
	const char *name;
	void (*make)(struct whole *w);
	bool same, same_outcome;
};

/* clang-format off */
static void c_nothing(struct whole *w) { w->check.loc.line = 7; w->check.inhibit = true; }
static void c_health(struct whole *w) { w->probe.started_us = 9; w->probe.health.score = 1; }
static void c_interval(struct whole *w) { w->check.interval_ms++; }
static void c_fastinter(struct whole *w) { w->check.fastinter_ms++; }
static void c_downinter(struct whole *w) { w->check.downinter_ms++; }
static void c_rise(struct whole *w) { w->check.rise++; }
static void c_fall(struct whole *w) { w->check.fall++; }
static void c_timeout(struct whole *w) { w->check.timeout_ms++; }
static void c_addr(struct whole *w) { w->probe.addr.bytes[3]++; }
static void c_port(struct whole *w) { w->probe.port++; }
static void c_source(struct whole *w) { addr_parse(&w->check.source, "::1", 3); }
static void c_method(struct whole *w) { w->check.method = CHECK_HTTP; }
static void c_uri(struct whole *w) { strcpy(w->uri, "/y"); }
static void c_vhost(struct whole *w) { w->http.vhost = NULL; }
static void c_status(struct whole *w) { w->http.statuscode++; }
static void c_sni(struct whole *w) { w->http.sni = NULL; }
static void c_statuses(struct whole *w) { w->status.last++; }
static void c_how(struct whole *w) { w->http.method = HTTP_HEAD; }
static void c_match(struct whole *w) { strcpy(w->words, "other"); }
static void c_send(struct whole *w) { w->talk.send.len--; }
static void c_expect(struct whole *w) { w->talk.expect.data = "w\0rds"; }
static void c_ssl(struct whole *w) { w->talk.ssl = true; }
static void c_talk_sni(struct whole *w) { w->talk.sni = NULL; }
static void c_talk_verify(struct whole *w) { w->talk.verify = true; }
static void c_talk_cafile(struct whole *w) { w->talk.cafile = "/x"; }
static void c_talk(struct whole *w) { w->check.talk = NULL; }
static void c_name(struct whole *w) { w->name[0]++; }
static void c_type(struct whole *w) { w->dns.type++; }
static void c_rcode(struct whole *w) { w->dns.rcode++; }
static void c_command(struct whole *w) { w->command[5]++; }
static void c_verify(struct whole *w) { w->http.verify = true; }
static void c_cafile(struct whole *w) { strcpy(w->cafile, "/cb.pem"); }

static const struct change changes[] = {
	{ CHECK_HTTPS, "nothing", c_nothing, true, true },
	{ CHECK_HTTPS, "health", c_health, true, true },
	{ CHECK_HTTPS, "interval", c_interval, false, true },
	{ CHECK_HTTPS, "rise", c_rise, false, true },
	{ CHECK_HTTPS, "fall", c_fall, false, true },
	{ CHECK_HTTPS, "timeout", c_timeout, false, false },
	{ CHECK_HTTPS, "addr", c_addr, false, false },
	{ CHECK_HTTPS, "port", c_port, false, false },
	{ CHECK_HTTPS, "source", c_source, false, false },
	{ CHECK_HTTPS, "method", c_method, false, false },
	{ CHECK_HTTPS, "uri", c_uri, false, false },
	{ CHECK_HTTPS, "vhost", c_vhost, false, false },
	{ CHECK_HTTPS, "statuscode", c_status, false, false },
	{ CHECK_HTTPS, "sni", c_sni, false, false },
	{ CHECK_HTTPS, "verify", c_verify, false, false },
	{ CHECK_HTTPS, "cafile", c_cafile, false, false },
	{ CHECK_HTTPS, "fastinter", c_fastinter, false, true },
	{ CHECK_HTTPS, "downinter", c_downinter, false, true },
	{ CHECK_HTTP, "statuses", c_statuses, false, false },
	{ CHECK_HTTP, "how", c_how, false, false },
	{ CHECK_HTTP, "match", c_match, false, false },
	{ CHECK_TCP, "send", c_send, false, false },
	{ CHECK_TCP, "expect", c_expect, false, false },
	{ CHECK_TCP, "ssl", c_ssl, false, false },
	{ CHECK_TCP, "talk_sni", c_talk_sni, false, false },
	{ CHECK_TCP, "talk_verify", c_talk_verify, false, false },
	{ CHECK_TCP, "talk_cafile", c_talk_cafile, false, false },
	{ CHECK_TCP, "talk", c_talk, false, false },
	{ CHECK_UDP, "send", c_send, false, false },
	{ CHECK_UDP, "expect", c_expect, false, false },
	{ CHECK_UDP, "ssl", c_ssl, false, false },
	{ CHECK_UDP, "talk_sni", c_talk_sni, false, false },
	{ CHECK_UDP, "talk_verify", c_talk_verify, false, false },
	{ CHECK_UDP, "talk_cafile", c_talk_cafile, false, false },
	{ CHECK_UDP, "talk", c_talk, false, false },
	{ CHECK_DNS, "name", c_name, false, false },
	{ CHECK_DNS, "type", c_type, false, false },
	{ CHECK_DNS, "rcode", c_rcode, false, false },
	{ CHECK_EXTERNAL, "command", c_command, false, false },
	{ CHECK_TCP, "command", c_command, true, true },
	{ CHECK_HTTP, "talk", c_talk, true, true },
};
/* clang-format on */

static int sign(int d)
{
	return (d > 0) - (d < 0);
}

static void every_parameter_counts(void **state)
{
	struct whole a, b;

	(void)state;
	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
		const struct change *c = &changes[i];
		int all, outcome;

		whole_init(&a, c->method);
		whole_init(&b, c->method);
		c->make(&b);
		all = probe_cmp(&a.probe, &b.probe);
		outcome = probe_cmp_outcome(&a.probe, &b.probe);
		if ((all == 0) != c->same || (outcome == 0) != c->same_outcome)
			fail_msg("%s: %d, outcome %d", c->name, all, outcome);
		assert_int_equal(sign(probe_cmp(&b.probe, &a.probe)), -sign(all));
		assert_int_equal(
		    sign(probe_cmp_outcome(&b.probe, &a.probe)), -sign(outcome));
	}
}

/* An interface belongs to arp alone, and http to http alone. */
static void only_what_the_method_uses(void **state)
{
	struct whole a, b;

	(void)state;
	whole_init(&a, CHECK_ARP);
	whole_init(&b, CHECK_ARP);
	c_uri(&b);
	assert_int_equal(probe_cmp(&a.probe, &b.probe), 0);
	strcpy(b.iface, "eth1");
	assert_int_not_equal(probe_cmp_outcome(&a.probe, &b.probe), 0);
	b.check.iface = NULL;
	assert_true(probe_cmp_outcome(&b.probe, &a.probe) < 0);
	a.check.method = b.check.method = CHECK_TCP;
	assert_int_equal(probe_cmp(&a.probe, &b.probe), 0);
}

static void reasons(void **state)
{
	(void)state;
	for (int i = 0; i < REASON_MAX; i++) {
		assert_true(reason_text((enum reason)i)[0] != '\0');
		for (int j = 0; j < i; j++)
			assert_string_not_equal(
			    reason_name((enum reason)i), reason_name((enum reason)j));
	}
	assert_false(reason_is_local(REASON_NO_ARP_ANSWER));
	assert_true(reason_is_local(REASON_LOCAL_DESCRIPTORS));
	assert_true(reason_is_local(REASON_LOCAL_OTHER));
}

static void errnos(void **state)
{
	/* clang-format off */
	static const struct {
		int err;
		enum reason of_call, of_network;
	} rows[] = {
		{ ECONNREFUSED, REASON_REFUSED, REASON_REFUSED },
		{ ETIMEDOUT, REASON_TIMEOUT, REASON_TIMEOUT },
		{ ECONNRESET, REASON_RESET, REASON_RESET },
		{ EPIPE, REASON_RESET, REASON_RESET },
		{ EHOSTUNREACH, REASON_UNREACHABLE, REASON_UNREACHABLE },
		{ ENETUNREACH, REASON_UNREACHABLE, REASON_UNREACHABLE },
		{ ENETDOWN, REASON_UNREACHABLE, REASON_UNREACHABLE },
		{ ENOPROTOOPT, REASON_LOCAL_OTHER, REASON_UNREACHABLE },
		{ EACCES, REASON_LOCAL_PERMISSION, REASON_UNREACHABLE },
		{ EPERM, REASON_LOCAL_PERMISSION, REASON_UNREACHABLE },
		{ EMFILE, REASON_LOCAL_DESCRIPTORS, REASON_LOCAL_DESCRIPTORS },
		{ ENFILE, REASON_LOCAL_DESCRIPTORS, REASON_LOCAL_DESCRIPTORS },
		{ EADDRNOTAVAIL, REASON_LOCAL_PORTS, REASON_LOCAL_PORTS },
		{ EAGAIN, REASON_LOCAL_PORTS, REASON_LOCAL_PORTS },
		{ ENOMEM, REASON_LOCAL_MEMORY, REASON_LOCAL_MEMORY },
		{ ENOBUFS, REASON_LOCAL_MEMORY, REASON_LOCAL_MEMORY },
		{ EINVAL, REASON_LOCAL_OTHER, REASON_LOCAL_OTHER },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_int_equal(reason_of_call(rows[i].err), rows[i].of_call);
		assert_int_equal(reason_of_network(rows[i].err), rows[i].of_network);
	}
}

/* A copy asks the same, and has nothing of the tree any more. */
static void test_copy(void **state)
{
	static const char text[] =
	    "director a 192.0.2.1:80\n option httpscheck uri /x vhost v method HEAD "
	    "statuscode 200-299,301 sni s verify required cafile /etc/ca\n"
	    " server s 10.0.0.1 check\n"
	    "director b 192.0.2.2:80\n option tcpcheck send \"a\\x00b\" expect c ssl sni t\n"
	    " server s 10.0.0.1 check\n"
	    "director c 192.0.2.3:53 udp\n option dnscheck name example.net type A\n"
	    " server s 10.0.0.1 check\n"
	    "director d 192.0.2.4:80\n option arpcheck iface eth9\n server s 10.0.0.1 check\n"
	    "director e 192.0.2.5:80\n option httpcheck match \"fine\"\n"
	    " server s 10.0.0.1 check\n";
	struct conf_text t = {
		.name = xstrdup("copy.conf"), .data = xstrdup(text), .len = strlen(text)
	};
	struct arena *arena = arena_new();
	struct probe copies[5] = { 0 };
	struct director_conf *d;
	struct conf *conf, *again;
	struct diags diags;
	size_t n = 0;

	(void)state;
	diags_init(&diags);
	conf = conf_parse(&t, READ_CHECK, &diags);
	again = conf_parse(&t, READ_CHECK, &diags);
	assert_non_null(conf);
	STAILQ_FOREACH (d, &conf->directors, entry)
		copies[n++].check = conf_check_copy(arena, d->check);
	conf_free(conf);
	n = 0;
	STAILQ_FOREACH (d, &again->directors, entry) {
		struct probe p = { .check = d->check };

		assert_int_equal(probe_cmp(&p, &copies[n]), 0);
		if (n > 0)
			assert_int_not_equal(probe_cmp(&p, &copies[n - 1]), 0);
		n++;
	}
	assert_int_equal(n, 5);
	conf_free(again);
	conf_text_fini(&t);
	diags_fini(&diags);
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_copy),
		cmocka_unit_test(every_parameter_counts),
		cmocka_unit_test(only_what_the_method_uses),
		cmocka_unit_test(reasons),
		cmocka_unit_test(errnos),
	};

	return cmocka_run_group_tests_name("probe", tests, NULL, NULL);
}
