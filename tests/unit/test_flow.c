/*
 * Which rules and sets a configuration asks for; what is kept of those that are there;
 * which mark a director gets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "flow/change.h"
#include "flow/compare.h"
#include "flow/marks.h"
#include "flow/plan.h"
#include "flow/rules.h"
#include "lib/xalloc.h"
#include "../plan/call.h"

static bool unused(uint32_t mark, void *arg)
{
	(void)mark;
	(void)arg;
	return false;
}

/* TEXT with its marks, as a table of FAMILY. */
static void plan(const char *text, uint8_t family, struct flow_table *t)
{
	struct conf *conf = call_conf(text);
	struct marks marks = { 0 };

	assert_true(marks_give(&marks, conf, unused, NULL));
	flow_plan(conf, family, NULL, NULL, t);
	marks_fini(&marks);
	conf_free(conf);
}

/* The lines of chain C with their members. */
static char *text_of(const struct flow_table *t, enum flow_chain_id c)
{
	char member[FLOW_MEMBER_TEXT];
	struct buf b = { 0 };

	buf_str(&b, "");
	for (size_t i = 0; i < t->chain[c].n; i++) {
		const struct flow_line *l = &t->chain[c].lines[i];

		for (const char *r = l->rule; *r != '\0'; r++)
			buf_printf(&b, "%c", *r == FLOW_SET_HERE ? '@' : *r);
		buf_str(&b, "\n");
		for (size_t j = 0; j < l->n; j++)
			buf_printf(&b, "  %s\n",
			    flow_member_text(&l->members[j], l->type, member));
	}
	return b.data;
}

/* For a machine that forwards. */
static void expect_chain(
    const char *conf, uint8_t family, enum flow_chain_id c, const char *want)
{
	static const struct flow_machine router = { .copies = true };
	struct flow_table t;
	char *got;

	plan(conf, family, &t);
	flow_fit(&t, &router);
	got = text_of(&t, c);
	assert_string_equal(got, want);
	free(got);
	flow_table_fini(&t);
}

static void expect(const char *conf, uint8_t family, const char *want)
{
	expect_chain(conf, family, FLOW_MARK, want);
}

#define WEB "director web 10.9.9.1:80\n"
#define POOL "director pool\n server a 10.2.0.11\n server b fd02::11\n"
#define FLOW POOL "flow f director pool\n"
#define MARK "-g LVSD-M-4c560001\n"

static void test_shapes(void **state)
{
	(void)state;
	expect(FLOW " match proto tcp dst 192.0.2.0/30 dstport 80:81\n"
		    " match proto udp dst 192.0.2.9 dstport 53\n",
	    AF_INET,
	    "-m set --match-set @ dst,dst " MARK "  192.0.2.0/30,tcp:80\n"
	    "  192.0.2.0/30,tcp:81\n"
	    "  192.0.2.9,udp:53\n");
	expect(FLOW " match dst 192.0.2.1\n match dst 192.0.2.2\n match dst 192.0.2.1\n",
	    AF_INET, "-m set --match-set @ dst " MARK "  192.0.2.1\n  192.0.2.2\n");
	expect(FLOW " match proto tcp src 10.0.0.0/8 dst 192.0.2.1\n", AF_INET,
	    "-p tcp -m set --match-set @ src,dst " MARK "  10.0.0.0/8,192.0.2.1\n");
	expect(FLOW " match proto tcp src 10.0.0.0/8 dst 0.0.0.0/0 dstport 80\n", AF_INET,
	    "-m set --match-set @ src,dst,dst " MARK "  10.0.0.0/8,tcp:80,0.0.0.0/0\n");
	expect(FLOW " match proto tcp dst fd09::/64 dstport 80\n", AF_INET6,
	    "-m set --match-set @ dst,dst " MARK "  fd09::/64,tcp:80\n");
}

static void test_rest(void **state)
{
	(void)state;
	expect(FLOW " match not src 10.0.0.0/8 not iface eth0 proto tcp srcport 7 "
		    "dst 192.0.2.1\n",
	    AF_INET,
	    "! -s 10.0.0.0/8 ! -i eth0 -p tcp -m tcp --sport 7 "
	    "-m set --match-set @ dst " MARK "  192.0.2.1\n");
	expect(FLOW " match proto udp not srcport 7:9 dst 192.0.2.1 dstport 1:65\n",
	    AF_INET,
	    "-p udp -m udp ! --sport 7:9 --dport 1:65 -m set --match-set @ dst " MARK
	    "  192.0.2.1\n");
	expect(FLOW " match proto udp not srcport 7:9 dst 192.0.2.1 dstport 5\n", AF_INET,
	    "-p udp -m udp ! --sport 7:9 -m set --match-set @ dst,dst " MARK
	    "  192.0.2.1,udp:5\n");
	expect(FLOW " match not proto tcp dst 192.0.2.1\n", AF_INET,
	    "! -p tcp -m set --match-set @ dst " MARK "  192.0.2.1\n");
	expect(FLOW " match iface \"a\\\"b\" dst 192.0.2.1\n", AF_INET,
	    "-i \"a\\\"b\" -m set --match-set @ dst " MARK "  192.0.2.1\n");
	expect(FLOW " match proto icmp icmptype 3 dst 192.0.2.1\n", AF_INET,
	    "-p icmp -m icmp --icmp-type 3 -m set --match-set @ dst " MARK
	    "  192.0.2.1\n");
}

static void test_families(void **state)
{
	(void)state;
	expect(FLOW " match proto tcp dst 192.0.2.1\n", AF_INET6, "");
	expect(FLOW " match not src 10.0.0.0/8 proto tcp dstport 70:700\n", AF_INET6,
	    "-p tcp -m tcp --dport 70:700 " MARK);
	expect(FLOW " match not dst 0.0.0.0/0 proto tcp\n", AF_INET, "");
	/* Without a server of the family there is nobody to lead packets to. */
	expect("director pool\n server a 10.2.0.11\n"
	       "flow f director pool\n match proto tcp\n",
	    AF_INET6, "");
	/* Neighbour discovery is never taken. */
	expect(FLOW " match iface eth1\n", AF_INET6,
	    "-p ipv6-icmp -m icmp6 --icmpv6-type 133 -j RETURN\n"
	    "-p ipv6-icmp -m icmp6 --icmpv6-type 134 -j RETURN\n"
	    "-p ipv6-icmp -m icmp6 --icmpv6-type 135 -j RETURN\n"
	    "-p ipv6-icmp -m icmp6 --icmpv6-type 136 -j RETURN\n"
	    "-p ipv6-icmp -m icmp6 --icmpv6-type 137 -j RETURN\n"
	    "-i eth1 " MARK);
}

static void test_order(void **state)
{
	(void)state;
	/* One line a run of equal outcome and shape, whatever stands between them. */
	expect(FLOW " match dst 192.0.2.1\n match proto tcp dst 192.0.2.2\n"
		    " match dst 192.0.2.3\n ignore dst 192.0.2.0/28\n"
		    " match dst 192.0.2.4\n",
	    AF_INET,
	    "-m set --match-set @ dst " MARK "  192.0.2.1\n  192.0.2.3\n"
	    "-p tcp -m set --match-set @ dst " MARK "  192.0.2.2\n"
	    "-m set --match-set @ dst -j RETURN\n  192.0.2.0/28\n"
	    "-m set --match-set @ dst " MARK "  192.0.2.4\n");
	expect(FLOW " match dst 192.0.2.1\n"
		    "director other\n server a 10.2.0.12\n"
		    "director all 192.0.2.8 TCP\n server a 10.2.0.11\n"
		    "director sticky 192.0.2.9 UDP\n option persistence\n"
		    " server a 10.2.0.11\n"
		    "director web 192.0.2.1:80\n server a 10.2.0.11\n"
		    "flow g director other\n match dst 192.0.2.1\n"
		    "flow h director pool\n match dst 192.0.2.2\n",
	    AF_INET,
	    "-m set --match-set @ dst,dst -j RETURN\n  192.0.2.1,tcp:80\n"
	    "-p udp -m set --match-set @ dst -j RETURN\n  192.0.2.9\n"
	    "-p tcp -m set --match-set @ dst -g LVSD-M-4c560003\n  192.0.2.8\n"
	    "-m set --match-set @ dst " MARK "  192.0.2.1\n"
	    "-m set --match-set @ dst -g LVSD-M-4c560002\n  192.0.2.1\n"
	    "-m set --match-set @ dst " MARK "  192.0.2.2\n");
	/* Without a mark there is nothing to spare anyone from. */
	expect(WEB " server a 10.2.0.11\n", AF_INET, "");
}

#define MASQ "-m ipvs --vmethod MASQ "

static void test_masquerade(void **state)
{
	(void)state;
	expect_chain(WEB " mode nat masquerade\n server a 10.2.0.11\n"
			 "director v fwmark 7\n mode nat masquerade\n"
			 " server a 10.2.0.12:53\n server b 10.2.0.13\n",
	    AF_INET, FLOW_MASQUERADE,
	    MASQ "-m set --match-set @ dst,dst -j MASQUERADE\n"
		 "  10.2.0.11,tcp:80\n  10.2.0.12,tcp:53\n"
		 "  10.2.0.12,udp:53\n  10.2.0.12,sctp:53\n" MASQ
		 "-m set --match-set @ dst -j MASQUERADE\n  10.2.0.13\n");
	/* A server that another director shows its clients' addresses to. */
	expect_chain(WEB
	    " mode nat masquerade\n server a 10.2.0.11\n"
	    "director v fwmark 7\n mode nat masquerade\n server a 10.2.0.11\n"
	    "director plain 10.9.9.2:80\n server a 10.2.0.11\n",
	    AF_INET, FLOW_MASQUERADE,
	    "-m ipvs --vproto 6 --vaddr 10.9.9.1 --vport 80 -j MASQUERADE\n"
	    "-m mark --mark 0x7 " MASQ "-j MASQUERADE\n");
}

/* ---- what is there, and what is to be ---- */

/* HAVE becomes what was written of WANT, read back as iptables-save prints it. */
static void install(struct flow_table *have, struct flow_table *want)
{
	struct flow_table read = { .family = want->family };
	struct buf text = { 0 };

	flow_align(have, want);
	for (enum flow_chain_id c = 0; c < FLOW_CHAINS; c++) {
		buf_fini(&text);
		flow_rules_write(have, want, c, &text);
		flow_rules_read(&read, c, text.data);
		for (size_t i = 0; i < read.chain[c].n; i++) {
			struct flow_line *l = &read.chain[c].lines[i];

			assert_string_equal(l->set, want->chain[c].lines[i].set);
			l->type = want->chain[c].lines[i].type;
		}
		assert_false(read.chain[c].strange);
	}
	buf_fini(&text);
	flow_table_fini(have);
	*have = read;
}

static const char *set_of(const struct flow_table *t, size_t line)
{
	return t->chain[FLOW_MARK].lines[line].set;
}

static void test_align(void **state)
{
	struct flow_table have = { .family = AF_INET }, want;
	char first[FLOW_SET_NAME], second[FLOW_SET_NAME];

	(void)state;
	plan(FLOW " match dst 192.0.2.1\n ignore dst 192.0.2.0/28\n", AF_INET, &want);
	install(&have, &want);
	flow_table_fini(&want);
	assert_string_not_equal(set_of(&have, 0), set_of(&have, 1));
	strcpy(first, set_of(&have, 0));
	strcpy(second, set_of(&have, 1));

	/* Other members: the same sets, the rules are not touched. */
	plan(FLOW " match dst 192.0.2.2\n ignore dst 192.0.2.0/28\n", AF_INET, &want);
	flow_align(&have, &want);
	assert_true(flow_rules_same(&have, &want, FLOW_MARK));
	flow_table_fini(&want);

	/* A rule in front gets a set that never was. */
	plan(FLOW " ignore dst 192.0.2.7\n match dst 192.0.2.1\n"
		  " ignore dst 192.0.2.0/28\n",
	    AF_INET, &want);
	flow_align(&have, &want);
	assert_false(flow_rules_same(&have, &want, FLOW_MARK));
	assert_string_not_equal(set_of(&want, 0), first);
	assert_string_not_equal(set_of(&want, 0), second);
	assert_string_equal(set_of(&want, 1), first);
	assert_string_equal(set_of(&want, 2), second);
	flow_table_fini(&want);

	/* Two that change places cannot both stay. */
	plan(FLOW " ignore dst 192.0.2.0/28\n match dst 192.0.2.1\n", AF_INET, &want);
	flow_align(&have, &want);
	assert_false(strcmp(set_of(&want, 0), second) == 0 &&
		     strcmp(set_of(&want, 1), first) == 0);
	flow_table_fini(&want);
	flow_table_fini(&have);
}

static void test_rules_foreign(void **state)
{
	struct flow_table have = { .family = AF_INET }, want;
	struct buf text = { 0 };

	(void)state;
	flow_rules_read(&have, FLOW_MARK,
	    "# Generated\n*mangle\n:PREROUTING ACCEPT [0:0]\n:LVSD-FLOW - [0:0]\n"
	    ":LVSD-M-00000007 - [0:0]\n:LVSDX - [0:0]\n"
	    "-A PREROUTING -j LVSD-FLOW\n-A PREROUTING -j LVSDX\n"
	    "-A PREROUTING -j LVSD-FLOW\n-A LVSDX -j LVSD-FLOW\n"
	    "-A LVSD-FLOW -m ipvs  --ipvs -j RETURN\n"
	    "-A LVSD-M-00000007 -j MARK --set-xmark 0x7/0xff\nCOMMIT\n");
	assert_int_equal(have.chain[FLOW_MARK].hooks[0], 2);
	assert_int_equal(have.chain[FLOW_MARK].n, 1);
	assert_string_equal(
	    have.chain[FLOW_MARK].lines[0].rule, "-m ipvs --ipvs -j RETURN");
	assert_true(have.chain[FLOW_MARK].strange); /* not the whole mark */
	assert_int_equal(have.n_marks, 1);
	plan(WEB " server a 10.2.0.11\n", AF_INET, &want);
	flow_align(&have, &want);
	flow_rules_write(&have, &want, FLOW_MARK, &text);
	assert_string_equal(text.data,
	    "*mangle\n:LVSD-FLOW - [0:0]\n"
	    "-F LVSD-M-00000007\n-X LVSD-M-00000007\n"
	    "-D PREROUTING -j LVSD-FLOW\n-D PREROUTING -j LVSD-FLOW\n"
	    "-X LVSD-FLOW\nCOMMIT\n");
	buf_fini(&text);
	flow_table_fini(&want);
	flow_table_fini(&have);
}

/* What compare tells when TEXT is what iptables-save prints in place of what was made. */
static void expect_found(
    const struct flow_table *have, const char *from, const char *to, const char *want)
{
	struct flow_table fresh = { .family = AF_INET }, none = fresh;
	struct buf text = { 0 }, edited = { 0 }, found = { 0 };
	const char *at;

	flow_rules_write(&none, have, FLOW_MARK, &text);
	at = strstr(text.data, from);
	assert_non_null(at);
	buf_add(&edited, text.data, (size_t)(at - text.data));
	buf_str(&edited, to);
	buf_str(&edited, at + strlen(from));
	flow_rules_read(&fresh, FLOW_MARK, edited.data);
	buf_str(&found, "");
	flow_compare_rules(have, &fresh, FLOW_MARK, &found);
	assert_string_equal(found.data, want);
	flow_table_fini(&fresh);
	buf_fini(&text);
	buf_fini(&edited);
	buf_fini(&found);
}

static void test_compare(void **state)
{
	static const char conf[] = FLOW " match proto tcp dst 192.0.2.1 dstport 80\n"
					" ignore dst 192.0.2.0/28\n";
	struct flow_table have, none = { .family = AF_INET };
	struct flow_line fresh = { 0 };
	struct buf found = { 0 };

	(void)state;
	plan(conf, AF_INET, &have);
	flow_align(&none, &have);
	flow_table_done(&have);
	expect_found(&have, "-A", "-A", "");
	expect_found(&have, "-A PREROUTING -j LVSD-FLOW\n", "",
	    "LVSD-FLOW is called 0 times from PREROUTING of table mangle\n");
	expect_found(&have, "-A LVSD-FLOW -m set --match-set LVSD-4-2 dst -j RETURN\n",
	    "", "rule gone: -A LVSD-FLOW -m set --match-set LVSD-4-2 dst -j RETURN\n");
	expect_found(&have, "LVSD-4-2 dst -j RETURN\n", "LVSD-4-2 src -j RETURN\n",
	    "rule gone: -A LVSD-FLOW -m set --match-set LVSD-4-2 dst -j RETURN\n"
	    "rule added: -A LVSD-FLOW -m set --match-set LVSD-4-2 src -j RETURN\n");
	expect_found(&have, "-A LVSD-FLOW", "-A LVSD-FLOW -j RETURN\n-A LVSD-FLOW",
	    "rule added: -A LVSD-FLOW -j RETURN\n");
	expect_found(&have, ":LVSD-FLOW - [0:0]\n", "",
	    "chain LVSD-FLOW of table mangle is gone\n");
	expect_found(&have, "--set-xmark 0x4c560001/0xffffffff", "--set-xmark 0x7/0xff",
	    "a chain of table mangle has other rules\n");
	expect_found(&have, ":LVSD-DEFRAG - [0:0]\n", "",
	    "a chain of table mangle has other rules\n"
	    "chain LVSD-DEFRAG of table mangle is gone\n");

	fresh.type = FLOW_NET_PORT;
	flow_compare_set(&have.chain[FLOW_MARK].lines[0], &fresh, &found);
	assert_string_equal(
	    found.data, "members of set LVSD-4-1: 1 gone (192.0.2.1,tcp:80)\n");
	fresh.type = FLOW_NET;
	found.len = 0;
	flow_compare_set(&have.chain[FLOW_MARK].lines[0], &fresh, &found);
	assert_string_equal(found.data, "set LVSD-4-1 is of another type\n");
	buf_fini(&found);
	flow_table_fini(&have);
}

struct counts {
	size_t added, deleted;
};

static void count_added(const struct flow_member *m, void *arg)
{
	(void)m;
	((struct counts *)arg)->added++;
}

static void count_deleted(const struct flow_member *m, void *arg)
{
	(void)m;
	((struct counts *)arg)->deleted++;
}

static void test_members(void **state)
{
	static const struct {
		enum flow_type type;
		const char *text;
	} good[] = {
		{ FLOW_NET, "192.0.2.0/28" },
		{ FLOW_NET, "fd00::/64" },
		{ FLOW_NET_NET, "10.0.0.0/8,192.0.2.1" },
		{ FLOW_NET_PORT, "192.0.2.1,tcp:80" },
		{ FLOW_NET_PORT, "fd00::1,udp:65535" },
		{ FLOW_NET_PORT_NET, "0.0.0.0/0,sctp:0,192.0.2.0/24" },
	};
	static const char *const bad[] = { "", "192.0.2.1", "192.0.2.1,", "192.0.2.1,tcp",
		"192.0.2.1,tcp:", "192.0.2.1,tcp:65536", "192.0.2.1/33,tcp:80",
		"192.0.2.1,tcp:80,", "192.0.2.1,tcp:80 nomatch", "x,tcp:80",
		"192.0.2.1,icmp:8" };
	struct flow_line have = { .type = FLOW_NET_PORT }, want = have;
	struct counts counts = { 0 };
	char text[FLOW_MEMBER_TEXT];
	struct flow_member m;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		assert_true(flow_member_parse(&m, good[i].type, good[i].text));
		assert_string_equal(
		    flow_member_text(&m, good[i].type, text), good[i].text);
	}
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_false(flow_member_parse(&m, FLOW_NET_PORT, bad[i]));
	for (int i = 9; i >= 0; i--) {
		snprintf(text, sizeof text, "192.0.2.%d,tcp:80", i);
		assert_true(flow_member_parse(&m, FLOW_NET_PORT, text));
		if (i < 8)
			flow_line_add(&have, &m);
		if (i > 0 && i != 4)
			flow_line_add(&want, &m);
	}
	flow_line_sort(&have);
	flow_line_sort(&want);
	flow_members_diff(&have, &want, count_added, count_deleted, &counts);
	assert_int_equal(counts.added, 2);
	assert_int_equal(counts.deleted, 2);
	free(have.members);
	free(want.members);
}

/* A machine that forwards nothing, and copies. */
static const struct flow_machine still = { .still = { true, true }, .copies = true };

static void expect_change(
    const char *before, const char *after, size_t added, size_t removed, bool rules)
{
	struct conf *from = call_conf(before), *to = call_conf(after);
	struct marks marks = { 0 };
	struct flow_change change;

	assert_true(marks_give(&marks, from, unused, NULL));
	assert_true(marks_give(&marks, to, unused, NULL));
	flow_change(NULL, &still, from, to, &change);
	assert_int_equal(change.added, added);
	assert_int_equal(change.removed, removed);
	assert_int_equal(change.rules, rules);
	buf_fini(&change.commands);
	marks_fini(&marks);
	conf_free(from);
	conf_free(to);
}

/* In the words of ipset and iptables, with the names that the kernel has. */
static void test_change_words(void **state)
{
	struct conf *from =
	    call_conf(FLOW " match dst 192.0.2.1\n match dst 192.0.2.2\n");
	struct conf *to = call_conf(
	    FLOW " match dst 192.0.2.2\n match dst 192.0.2.3\n ignore src 10.0.0.1\n");
	struct flow_table four = { .family = AF_INET }, six = { .family = AF_INET6 };
	struct flow_table *have[2] = { &four, &six };
	struct marks marks = { 0 };
	struct flow_change change;

	(void)state;
	assert_true(marks_give(&marks, from, unused, NULL));
	assert_true(marks_give(&marks, to, unused, NULL));
	for (int i = 0; i < 2; i++) {
		struct flow_table none = { .family = have[i]->family };

		flow_plan(from, have[i]->family, NULL, NULL, have[i]);
		flow_align(&none, have[i]);
		flow_table_done(have[i]);
	}
	strcpy(four.chain[FLOW_MARK].lines[0].set, "LVSD-4-77");
	flow_change(have, &still, from, to, &change);
	assert_string_equal(change.commands.data,
	    "ipset add LVSD-4-77 192.0.2.3\n"
	    "ipset create LVSD-4-78 hash:net family inet\n"
	    "ipset add LVSD-4-78 10.0.0.1\n"
	    "iptables -t mangle -A LVSD-FLOW -m set --match-set LVSD-4-78 src -j RETURN\n"
	    "ipset del LVSD-4-77 192.0.2.1\n");
	assert_int_equal(change.n_commands, 5);
	assert_true(change.rules);
	buf_fini(&change.commands);
	for (int i = 0; i < 2; i++)
		flow_table_fini(have[i]);
	marks_fini(&marks);
	conf_free(from);
	conf_free(to);
}

static void test_change(void **state)
{
	(void)state;
	expect_change(WEB, WEB, 0, 0, false);
	expect_change(
	    FLOW " match dst 192.0.2.1\n", FLOW " match dst 192.0.2.1\n", 0, 0, false);
	expect_change(FLOW " match dst 192.0.2.1\n match dst 192.0.2.2\n",
	    FLOW " match dst 192.0.2.2\n match dst 192.0.2.3\n match dst fd00::1\n", 2, 1,
	    true);
	expect_change(FLOW " match dst 192.0.2.1\n",
	    FLOW " match dst 192.0.2.1\n match dst 192.0.2.4\n", 1, 0, false);
	expect_change(FLOW " ignore dst 192.0.2.0/24\n match dst 192.0.2.1\n",
	    FLOW " match dst 192.0.2.1\n", 0, 1, true);
	expect_change(POOL, FLOW " match proto tcp\n", 0, 0, true);
}

/* ---- where nobody serves ---- */

static enum flow_service as_told(uint32_t mark, void *arg)
{
	(void)mark;
	return *(enum flow_service *)arg;
}

#define KEPT "M-4c560001 -p udp -m set --match-set @ src,src,dst -j RETURN\n"
#define ASIDE                                                             \
	"M-4c560001 -p udp -m set --match-set @ src -j MARK --set-xmark " \
	"0x4c560000/0xffffffff\n"
#define COPIED "M-4c560001 -m mark --mark 0x4c560000 -m addrtype --dst-type UNICAST "
#define COPY COPIED "-j TTL --ttl-set 1\n" COPIED "-j TEE --gateway 192.0.0.8\n"
#define EVERYONE "  0.0.0.0/1\n  128.0.0.0/1\n"

/* With SERVICE the lines of datagrams are WANT, and connections are refused or not. */
static void expect_refusals(
    const char *text, enum flow_service service, const char *want, bool refuses)
{
	struct conf *conf = call_conf(text);
	struct marks marks = { 0 };
	struct flow_table t, none = { .family = AF_INET };
	char *got;

	assert_true(marks_give(&marks, conf, unused, NULL));
	flow_plan(conf, AF_INET, as_told, &service, &t);
	got = text_of(&t, FLOW_ASIDE);
	assert_string_equal(got, want);
	assert_int_equal(t.chain[FLOW_REFUSE].lines[0].n > 0, refuses);
	flow_align(&none, &t);
	for (size_t i = 0; i < t.chain[FLOW_ASIDE].n; i++)
		assert_int_equal(
		    strstr(t.chain[FLOW_ASIDE].lines[i].set, "LVSD-4-KEPT-") != NULL,
		    flow_is_kept(FLOW_ASIDE, &t.chain[FLOW_ASIDE].lines[i]));
	free(got);
	flow_table_fini(&t);
	marks_fini(&marks);
	conf_free(conf);
}

static void test_refusals(void **state)
{
	static const char ports[] = FLOW " match proto udp dst 192.0.2.1 dstport 53\n";
	static const char all[] = FLOW " match dst 192.0.2.1\n";

	(void)state;
	expect_refusals(ports, FLOW_SERVES, KEPT ASIDE COPY, false);
	expect_refusals(ports, FLOW_LEAVES, KEPT ASIDE COPY, true);
	expect_refusals(ports, FLOW_CLOSED, KEPT ASIDE EVERYONE COPY, true);
	expect_refusals(ports, FLOW_NOBODY, KEPT ASIDE EVERYONE COPY, true);
	/* Pieces that are not put together do not tell their port. */
	expect_refusals(all, FLOW_LEAVES, ASIDE COPY, true);
	expect_refusals(all, FLOW_NOBODY, ASIDE EVERYONE COPY, true);
}

/* What has to be written to make HAVE what WANT says; NULL: nothing. */
static char *written(
    struct flow_table *have, struct flow_table *want, enum flow_chain_id c)
{
	struct buf text = { 0 };

	flow_align(have, want);
	if (!flow_rules_same(have, want, c))
		flow_rules_write(have, want, c, &text);
	return text.data;
}

static void test_copies(void **state)
{
	static const char conf[] = FLOW " match proto udp dst 192.0.2.1\n";
	struct flow_table have = { .family = AF_INET }, want;
	char *got;

	(void)state;
	plan(FLOW " match dst fd92::1\n", AF_INET6, &want);
	assert_false(flow_copies(&want));
	flow_table_fini(&want);

	plan(conf, AF_INET, &want);
	assert_true(flow_copies(&want));
	install(&have, &want);
	flow_table_done(&have); /* iptables-save has "-A" for what was inserted */
	assert_true(flow_copies(&have));
	flow_table_fini(&want);
	plan(conf, AF_INET, &want);
	assert_null(written(&have, &want, FLOW_MARK));
	assert_null(written(&have, &want, FLOW_REFUSE));
	assert_null(written(&have, &want, FLOW_COPY));
	flow_table_fini(&want);

	plan(conf, AF_INET, &want);
	flow_without_copies(&want);
	assert_false(flow_copies(&want));
	assert_null(written(&have, &want, FLOW_REFUSE));
	got = written(&have, &want, FLOW_COPY);
	assert_string_equal(got,
	    "*filter\n:LVSD-COPY - [0:0]\n-D OUTPUT -j LVSD-COPY\n-X LVSD-COPY\nCOMMIT\n");
	free(got);
	got = written(&have, &want, FLOW_MARK);
	assert_non_null(strstr(got, "-j MARK --set-xmark 0x4c560000/0xffffffff\n"));
	assert_null(strstr(got, "TEE"));
	free(got);
	flow_table_fini(&want);
	flow_table_fini(&have);
}

/* A machine that does not forward has to be told of packets that are too large. */
static void test_too_large(void **state)
{
	static const char conf[] =
	    FLOW " match proto tcp dst 192.0.2.1\n match proto tcp dst fd92::1\n";
	static const char *const last[] = { "-p icmp -m icmp --icmp-type 3/4 -m mark "
					    "--mark 0x0 -m addrtype ! --dst-type LOCAL "
					    "-j LVSD-M-4c560001",
		"-p ipv6-icmp -m icmp6 --icmpv6-type 2 -m mark --mark 0x0 -m addrtype "
		"! --dst-type LOCAL -j LVSD-M-4c560001" };
	static const uint8_t families[] = { AF_INET, AF_INET6 };
	struct flow_machine m = { .copies = true };
	struct flow_table t;
	char *got;

	(void)state;
	for (int i = 0; i < 2; i++) {
		plan(conf, families[i], &t);
		m.still[i] = true;
		flow_fit(&t, &m);
		assert_int_equal(t.chain[FLOW_MARK].n, 2);
		assert_string_equal(t.chain[FLOW_MARK].lines[1].rule, last[i]);
		m.still[i] = false;
		m.still[1 - i] = true;
		flow_fit(&t, &m);
		assert_int_equal(t.chain[FLOW_MARK].n, 1);
		m.still[1 - i] = false;
		flow_table_fini(&t);
	}
	plan("director web 192.0.2.1:80\n server a 10.2.0.1:80\n", AF_INET, &t);
	got = text_of(&t, FLOW_MARK);
	assert_string_equal(got, "");
	free(got);
	flow_table_fini(&t);
}

/* ---- marks ---- */

static uint32_t mark_of(const struct conf *conf, const char *name)
{
	const struct director_conf *d;

	STAILQ_FOREACH (d, &conf->directors, entry)
		if (strcmp(d->name, name) == 0)
			return d->mark;
	fail_msg("no director %s", name);
	return 0;
}

static bool first_is_used(uint32_t mark, void *arg)
{
	(void)arg;
	return mark == MARKS_FIRST;
}

static void test_marks(void **state)
{
	struct marks marks = { 0 };
	struct conf *conf;

	(void)state;
	conf = call_conf("director b\ndirector a\ndirector c fwmark 1280704515\n"
			 "director d 10.9.9.1\ndirector e 10.9.9.2\n option persistence\n"
			 "director f 10.9.9.3:80\n");
	assert_true(marks_give(&marks, conf, first_is_used, NULL));
	assert_int_equal(mark_of(conf, "b"), MARKS_FIRST + 1);
	assert_int_equal(mark_of(conf, "a"), MARKS_FIRST + 3);
	assert_int_equal(mark_of(conf, "c"), MARKS_FIRST + 2);
	assert_int_equal(mark_of(conf, "d"), MARKS_FIRST + 4);
	assert_int_equal(mark_of(conf, "e"), 0);
	assert_int_equal(mark_of(conf, "f"), 0);
	conf_free(conf);

	/* The same names in another order; and one mark is the file's now. */
	conf = call_conf("director n\ndirector d 10.9.9.1\ndirector a\n"
			 "director other fwmark 1280704516\n");
	assert_true(marks_give(&marks, conf, unused, NULL));
	assert_int_equal(mark_of(conf, "n"), MARKS_FIRST);
	assert_int_equal(mark_of(conf, "d"), MARKS_FIRST + 4);
	assert_int_not_equal(mark_of(conf, "a"), MARKS_FIRST + 3);
	assert_int_equal(marks.n, 4);
	marks_prune(&marks, conf, unused, NULL);
	assert_int_equal(marks.n, 3);
	conf_free(conf);

	assert_false(marks_add(&marks, "n", MARKS_FIRST + 9));
	assert_false(marks_add(&marks, "x", MARKS_FIRST));
	assert_false(marks_add(&marks, "x", 7));
	assert_true(marks_add(&marks, "x", MARKS_LAST));
	marks_fini(&marks);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_rest),
		cmocka_unit_test(test_families),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_masquerade),
		cmocka_unit_test(test_align),
		cmocka_unit_test(test_rules_foreign),
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_change),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_copies),
		cmocka_unit_test(test_too_large),
		cmocka_unit_test(test_change_words),
		cmocka_unit_test(test_compare),
		cmocka_unit_test(test_marks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
