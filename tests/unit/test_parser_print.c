/*
 * The canonical text: of random files, that it is taken, means the same and is
 * its own canonical text. The files are made of the language's own rules, with
 * every statement and argument now and then; LVSD_SEED=N repeats a run.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/arena.h"
#include "lib/buf.h"
#include "parser/parser.h"

#define ROUNDS 400

static uint64_t seed;

static unsigned below(unsigned n)
{
	seed = seed * 6364136223846793005U + 1442695040888963407U;
	return (unsigned)(seed >> 33) % n;
}

static bool maybe(void)
{
	return below(3) == 0;
}

static const char *one_of(const char *const *list, size_t n)
{
	return list[below((unsigned)n)];
}
#define ONE_OF(...)                                  \
	one_of((const char *const[]){ __VA_ARGS__ }, \
	    sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(const char *))

static const char *some_time(void)
{
	return ONE_OF("10", "0.5", "500ms", "4s", "1.5m", "2h", "1234ms");
}

static const char *some_text(void)
{
	return ONE_OF("x", "/a/b", "\"/with blank\"", "\"/a#b\"", "\"/q\\\"\\\\\"",
	    "/back\\slash", "check", "/\xc3\xa4");
}

static void check_words(struct buf *b, bool port)
{
	if (maybe())
		buf_printf(b, " interval %us", 10 + below(50));
	if (maybe())
		buf_printf(b, " timeout %s", ONE_OF("10", "0.25", "1500ms", "3s"));
	if (maybe())
		buf_printf(b, " rise %u", 1 + below(5));
	if (maybe())
		buf_printf(b, " fall %u", 1 + below(65535));
	if (maybe())
		buf_printf(b, " fastinter %s", some_time());
	if (maybe())
		buf_printf(b, " downinter %s", some_time());
	if (maybe())
		buf_printf(b, " source 10.255.0.%u", below(256));
	if (maybe())
		buf_str(b, " inhibit");
	if (port && maybe())
		buf_printf(b, " port %u", 1 + below(65535));
}

static void tls_words(struct buf *b)
{
	if (maybe())
		buf_printf(b, " verify %s", ONE_OF("none", "required"));
	if (maybe())
		buf_str(b, " sni www.example.com");
	if (maybe())
		buf_str(b, " cafile \"/etc/my ca\"");
}

static void talk_words(struct buf *b)
{
	if (maybe())
		buf_printf(b, " send %s",
		    ONE_OF("x", "\"a\\r\\n\\t\"", "\\x00\\xff", "\"\\\"\\\\\\\\\""));
	if (maybe())
		buf_printf(b, " expect %s", ONE_OF("ok", "\"220 \"", "\\x7f#"));
}

static void http_words(struct buf *b)
{
	if (maybe())
		buf_printf(b, " uri %s", ONE_OF("/", "/x\\y", "\"/a#b\"", "\"/\\\"\""));
	if (maybe())
		buf_printf(b, " statuscode %s",
		    ONE_OF("204", "200-299", "200,301", "200-200", "100-999,404"));
	if (maybe())
		buf_printf(b, " method %s", ONE_OF("GET", "HEAD", "OPTIONS"));
	if (maybe())
		buf_printf(b, " match %s", some_text());
	if (maybe())
		buf_str(b, " vhost www.example.com");
}

/* A check option; true when a port may be given for it. */
static bool method(struct buf *b)
{
	switch (below(9)) {
	case 0:
		buf_str(b, "\toption icmp check");
		return false;
	case 1:
		buf_str(b, "\toption arpcheck");
		buf_str(b, maybe() ? " iface eth0" : "");
		return false;
	case 2:
		buf_printf(b, "\toption externalcheck %s",
		    ONE_OF("/bin/x", "\"/bin/x -a \\\"b\\\"\""));
		return false;
	case 3:
		buf_str(b, "\toption httpcheck");
		http_words(b);
		return true;
	case 4:
		buf_str(b, "\toption httpscheck");
		http_words(b);
		tls_words(b);
		return true;
	case 5:
		buf_str(b, "\toption udpcheck");
		talk_words(b);
		return true;
	case 6:
		buf_str(b, "\toption dnscheck");
		buf_printf(b, " type %s rcode %s", ONE_OF("A", "soa", "77"),
		    ONE_OF("NOERROR", "refused", "15"));
		buf_str(b, maybe() ? " name example.com" : "");
		return true;
	default:
		buf_str(b, "\toption tcpcheck");
		talk_words(b);
		if (maybe()) {
			buf_str(b, " ssl");
			tls_words(b);
		}
		return true;
	}
}

static void options(struct buf *b, bool is_mark)
{
	if (maybe())
		buf_printf(b, "\toption persistence timeout %us netmask %u\n",
		    1 + below(1000), 1 + below(32));
	if (maybe())
		buf_printf(b, "\toption agentcheck port %u%s\n", 1 + below(9999),
		    maybe() ? " interval 0.1" : "");
	if (maybe())
		buf_printf(b, "\toption slowstart %s\n", some_time());
	if (maybe())
		buf_printf(b, "\toption %s\n",
		    ONE_OF("quorum 3", "quorum 1", "quorum 50%", "panic 100%"));
	if (!is_mark && maybe())
		buf_printf(b, "\toption announce%s\n", maybe() ? " interface eth9" : "");
	if (maybe())
		buf_printf(b, "\toption drain %s\n", ONE_OF("0", "never", "2m", "15ms"));
	if (is_mark && maybe())
		buf_str(b, "\toption onepacket\n");
}

/* The lines of a director or of defaults; true when checks may have a port. */
static bool lines(struct buf *b, bool is_mark)
{
	bool port = false;

	if (maybe())
		buf_printf(b, "\tbalance %s\n",
		    ONE_OF("roundrobin", "leastconn localitybased", "source port", "dest",
			"leastconn localitybased replication", "mh", "mh port", "twos",
			"shortestexpected", "srcdst", "ovh", "weightedfailover",
			"neverqueue", "kernel rr", "kernel mh flag-3 flag-1"));
	if (maybe())
		buf_printf(b, "\tmode %s\n",
		    ONE_OF("nat", "nat masquerade", "gateway", "tunnel",
			"tunnel gre checksum yes", "tunnel port 9 gue checksum remote"));
	if (!is_mark || maybe()) {
		port = method(b);
		check_words(b, port);
		buf_str(b, "\n");
	}
	if (maybe()) {
		buf_str(b, "\tcheck");
		check_words(b, port);
		buf_str(b, "\n");
	}
	options(b, is_mark);
	return port;
}

static void director(struct buf *b, unsigned n)
{
	const bool is_mark = below(4) == 0;
	bool port;

	if (is_mark)
		buf_printf(b, "director d%u fwmark %u\n", n, n + 1);
	else
		buf_printf(b, "director d%u 192.0.2.%u:%u %s\n", n, n, 1 + below(65535),
		    ONE_OF("TCP", "udp", "sctp", ""));
	port = lines(b, is_mark);
	for (unsigned s = below(5); s > 0; s--) {
		buf_printf(b, "\tserver s%u 10.0.0.%u:%u", s, s, 1 + below(65535));
		if (maybe())
			buf_printf(b, " weight %u", below(65536));
		if (maybe())
			buf_printf(b, " maxconn %u minconn 1", 1 + below(9999));
		if (maybe())
			buf_str(b, " sorry");
		if (!maybe()) {
			buf_str(b, " check");
			if (maybe())
				check_words(b, port);
		}
		buf_str(b, "\n");
	}
}

static void global(struct buf *b)
{
	buf_str(b, "global\n");
	if (maybe())
		buf_str(b, "\tcontrol \"/run/a b\" mode 0600 group ops\n");
	if (maybe())
		buf_str(b, "\tuser check group mode\n");
	if (maybe())
		buf_printf(b, "\tstop %s\n", ONE_OF("keep", "clear"));
	if (maybe())
		buf_printf(b, "\ttable %s\n", ONE_OF("shared", "exclusive"));
	if (maybe())
		buf_str(b, "\ttimeouts udp 5m tcp 900\n");
	if (maybe())
		buf_str(b, "\tempty yes\n\tconntrack\n\tsysctl keep\n");
	if (maybe())
		buf_printf(b, "\tsync %s interface eth0 syncid %u ttl 3\n",
		    ONE_OF("master", "backup", "both"), below(256));
	if (maybe())
		buf_str(b, "\tchecks max-in-flight 77\n");
}

static void flow(struct buf *b, unsigned n)
{
	buf_printf(
	    b, "director r%u\n\tserver a 2001:db8::1\nflow f%u director r%u\n", n, n, n);
	for (unsigned i = below(5); i > 0; i--) {
		buf_printf(b, "\t%s", ONE_OF("match", "ignore"));
		if (maybe())
			buf_str(b, " not iface eth0");
		if (maybe())
			buf_printf(b, " src 10.%u.0.0/255.255.0.0", below(256));
		if (maybe())
			buf_str(b, " not dst 10.0.0.1");
		if (maybe())
			buf_printf(b, " proto %s dstport %u:65535", ONE_OF("tcp", "UDP"),
			    1 + below(65535));
		else if (maybe())
			buf_printf(b, " proto icmp icmptype %s", ONE_OF("ping", "77"));
		buf_str(b, "\n");
	}
}

static void random_file(struct buf *b)
{
	if (maybe())
		global(b);
	for (unsigned n = below(6); n > 0; n--) {
		if (maybe())
			buf_str(b, "defaults\n\tbalance roundrobin\n\tcheck fall 3\n");
		director(b, n);
	}
	for (unsigned n = below(3); n > 0; n--)
		flow(b, n);
}

/* Is TEXT one that the daemon would start with? */
static bool starts(const char *text, size_t len)
{
	struct conf_text t = { "random", (char *)text, len };
	struct diags d;
	struct conf *c;

	diags_init(&d);
	c = conf_parse(&t, READ_START, &d);
	diags_fini(&d);
	conf_free(c);
	return c != NULL;
}

/* The canonical text of TEXT, which may have an error in it: then false. */
static bool canonical(const char *text, size_t len, struct buf *out, struct diags *d)
{
	struct conf_text t = { "random", (char *)text, len };
	struct conf *c = conf_parse(&t, READ_TEXT, d);

	if (c == NULL)
		return false;
	conf_print(c, out);
	conf_free(c);
	return true;
}

static void test_random_files(void **state)
{
	const char *given = getenv("LVSD_SEED");
	unsigned taken = 0, started = 0;

	(void)state;
	seed = given != NULL ? strtoull(given, NULL, 10)
			     : (uint64_t)getpid() << 20 ^ (uint64_t)time(NULL);
	print_message("LVSD_SEED=%llu\n", (unsigned long long)seed);
	for (int i = 0; i < ROUNDS; i++) {
		struct buf text = { 0 }, once = { 0 }, twice = { 0 };
		struct diags d, e;

		diags_init(&d);
		diags_init(&e);
		random_file(&text);
		if (text.data == NULL)
			buf_str(&text, "#\n");
		if (canonical(text.data, text.len, &once, &d)) {
			taken++;
			if (!canonical(once.data, once.len, &twice, &e))
				diags_print(stderr, &e);
			assert_non_null(twice.data);
			assert_string_equal(once.data, twice.data);
			if (starts(text.data, text.len)) {
				started++;
				assert_true(starts(once.data, once.len));
			}
		}
		diags_fini(&d);
		diags_fini(&e);
		buf_fini(&text);
		buf_fini(&once);
		buf_fini(&twice);
	}
	print_message("%u of %u files were taken, the daemon would start with %u\n",
	    taken, ROUNDS, started);
	assert_true(taken > ROUNDS / 4);
	assert_true(started > ROUNDS / 20);
}

static void test_two_ways_to_say_it(void **state)
{
	static const char plain[] = "defaults\n check interval 1000ms\n"
				    "director a 192.0.2.1:80 tcp # x\n"
				    " option icmp check fall 2\n"
				    " server s 10.0.0.1 check fall 2 weight 1\n";
	static const char other[] = "director \"a\" 192.0.2.1:80\n"
				    "\tserver s 10.0.0.1:80 check\n"
				    "\tmode nat\n"
				    "\tcheck interval 1 timeout 0.5 fall 2\n"
				    "global\n\tstop keep\n";
	struct buf a = { 0 }, b = { 0 };
	struct diags d;

	(void)state;
	diags_init(&d);
	assert_true(canonical(plain, strlen(plain), &a, &d));
	assert_true(canonical(other, strlen(other), &b, &d));
	assert_string_equal(a.data, b.data);
	diags_fini(&d);
	buf_fini(&a);
	buf_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_files),
		cmocka_unit_test(test_two_ways_to_say_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
