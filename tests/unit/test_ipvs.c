/*
 * The table, the difference of two tables, and ipvsadm's words for them.
 *
 * The random test makes pairs of tables and holds the difference to what the
 * design promises: it leads from one to the other, a second one is empty, and
 * at no step is a service without a server that had one before and has one
 * after. It prints its seed and takes one in LVSD_SEED.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <linux/ip_vs.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ipvs/ipvs.h"
#include "lib/xalloc.h"

static struct addr ip(const char *text)
{
	struct addr a;

	assert_true(addr_parse(&a, text, strlen(text)));
	return a;
}

static struct ipvs_svc service(const char *addr, uint16_t port)
{
	struct ipvs_svc svc = {
		.addr = ip(addr),
		.port = port,
		.protocol = IPPROTO_TCP,
		.sched = "wlc",
		.netmask = 0xffffffff,
	};

	if (svc.addr.family == AF_INET6)
		svc.netmask = 128;
	return svc;
}

static struct ipvs_dest server(const char *addr, uint16_t port, uint32_t weight)
{
	return (struct ipvs_dest){ .addr = ip(addr), .port = port, .weight = weight };
}

static void test_table_keeps_order(void **state)
{
	struct ipvs_table t = { 0 };
	const char *addrs[] = { "10.0.0.3", "10.0.0.1", "2001:db8::1", "10.0.0.2" };
	struct ipvs_svc svc;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		svc = service(addrs[i], 80);
		ipvs_table_add(&t, &svc);
	}
	assert_int_equal(t.n, 4);
	for (size_t i = 1; i < t.n; i++)
		assert_true(ipvs_svc_cmp(&t.svcs[i - 1], &t.svcs[i]) < 0);
	svc = service("10.0.0.2", 80);
	assert_non_null(ipvs_table_find(&t, &svc));
	ipvs_table_remove(&t, ipvs_table_find(&t, &svc));
	assert_null(ipvs_table_find(&t, &svc));
	svc = service("10.0.0.2", 81);
	assert_null(ipvs_table_find(&t, &svc));
	ipvs_table_fini(&t);
}

/* Of a reserve stays what is used, and what comes later finds its room. */
static void test_room_fits(void **state)
{
	struct ipvs_svc svc = service("10.0.0.1", 80);
	struct ipvs_dest one = server("10.1.0.1", 80, 1);

	(void)state;
	ipvs_svc_reserve(&svc, 100);
	ipvs_svc_fit(&svc);
	assert_int_equal(svc.cap_dests, 0);
	assert_null(svc.dests);
	ipvs_svc_reserve(&svc, 100);
	ipvs_svc_append(&svc, &one);
	ipvs_svc_fit(&svc);
	assert_int_equal(svc.cap_dests, 1);
	one.port = 81;
	ipvs_svc_append(&svc, &one);
	assert_int_equal(svc.n_dests, 2);
	assert_int_equal(svc.dests[0].port, 80);
	assert_int_equal(svc.dests[1].port, 81);
	ipvs_svc_fini(&svc);
}

/* A dump that somebody's addition came into tells of a server twice. */
static void test_twins_are_one(void **state)
{
	static const uint16_t ports[] = { 82, 80, 81, 80, 82, 82 };
	struct ipvs_svc svc = service("10.0.0.1", 80);

	(void)state;
	for (size_t i = 0; i < sizeof ports / sizeof *ports; i++) {
		struct ipvs_dest one = server("10.1.0.1", ports[i], 1);

		ipvs_svc_append(&svc, &one);
	}
	ipvs_svc_sort(&svc);
	assert_int_equal(svc.n_dests, 3);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(svc.dests[i].port, 80 + i);
	ipvs_svc_fini(&svc);
}

static void test_apply_answers_as_kernel(void **state)
{
	struct ipvs_table t = { 0 };
	struct ipvs_svc svc = service("10.9.9.1", 80);
	struct ipvs_dest d = server("10.2.0.11", 80, 1);
	struct ipvs_op op = { .cmd = IPVS_ADD_DEST, .svc = &svc, .dest = &d };

	(void)state;
	assert_int_equal(ipvs_table_apply(&t, &op), ESRCH);
	op.cmd = IPVS_ADD_SVC;
	assert_int_equal(ipvs_table_apply(&t, &op), 0);
	assert_int_equal(ipvs_table_apply(&t, &op), EEXIST);
	op.cmd = IPVS_SET_DEST;
	assert_int_equal(ipvs_table_apply(&t, &op), ENOENT);
	op.cmd = IPVS_ADD_DEST;
	assert_int_equal(ipvs_table_apply(&t, &op), 0);
	assert_int_equal(ipvs_table_apply(&t, &op), EEXIST);
	op.cmd = IPVS_DEL_DEST;
	assert_int_equal(ipvs_table_apply(&t, &op), 0);
	assert_int_equal(ipvs_table_apply(&t, &op), ENOENT);
	op.cmd = IPVS_DEL_SVC;
	assert_int_equal(ipvs_table_apply(&t, &op), 0);
	assert_int_equal(ipvs_table_apply(&t, &op), ESRCH);
	ipvs_table_fini(&t);
}

static void expect_ops(const struct ipvs_ops *ops, const char *want)
{
	struct buf b = { 0 };

	buf_str(&b, "");
	for (size_t i = 0; i < ops->n; i++) {
		ipvs_op_text(&ops->list[i], &b);
		buf_str(&b, "\n");
	}
	assert_string_equal(b.data, want);
	buf_fini(&b);
}

static void test_diff_brings_weight_first(void **state)
{
	struct ipvs_svc have = service("10.9.9.1", 80), want = service("10.9.9.1", 80);
	struct ipvs_ops ops = { 0 };
	struct ipvs_dest d;

	(void)state;
	d = server("10.2.0.11", 80, 1);
	ipvs_svc_add(&have, &d);
	d = server("10.2.0.12", 80, 1);
	ipvs_svc_add(&have, &d);
	d.weight = 0;
	ipvs_svc_add(&want, &d);
	d = server("10.2.0.13", 80, 5);
	ipvs_svc_add(&want, &d);
	ipvs_diff_svc(&have, &want, &ops);
	expect_ops(&ops, "ipvsadm -a -t 10.9.9.1:80 -r 10.2.0.13:80 -m -w 5\n"
			 "ipvsadm -e -t 10.9.9.1:80 -r 10.2.0.12:80 -m -w 0\n"
			 "ipvsadm -d -t 10.9.9.1:80 -r 10.2.0.11:80\n");
	ipvs_ops_fini(&ops);
	ipvs_diff_svc(&want, &want, &ops);
	assert_int_equal(ops.n, 0);
	ipvs_svc_fini(&have);
	ipvs_svc_fini(&want);
}

/* A thousand servers, so that mh is worth a detour. */
static struct ipvs_svc many_servers(void)
{
	struct ipvs_svc svc = service("10.9.9.1", 80);

	strcpy(svc.sched, "mh");
	svc.flags = IP_VS_SVC_F_SCHED1 | IP_VS_SVC_F_SCHED2 | IP_VS_SVC_F_ONEPACKET;
	for (unsigned i = 0; i < 1000; i++) {
		struct ipvs_dest d = server("10.2.0.0", 80, i % 2);

		d.addr.bytes[2] = (uint8_t)(i >> 8);
		d.addr.bytes[3] = (uint8_t)i;
		ipvs_svc_add(&svc, &d);
	}
	return svc;
}

static void expect_op(const struct ipvs_op *op, const char *want)
{
	struct buf b = { 0 };

	ipvs_op_text(op, &b);
	assert_string_equal(b.data, want);
	buf_fini(&b);
}

static void test_diff_fills_mh_under_rr(void **state)
{
	struct ipvs_svc want = many_servers(), have = many_servers();
	struct ipvs_ops ops = { 0 };
	struct ipvs_table t = { 0 };

	(void)state;
	ipvs_diff_svc(NULL, &want, &ops);
	assert_int_equal(ops.n, 1003);
	expect_op(
	    &ops.list[0], "ipvsadm -A -t 10.9.9.1:80 -s mh -o -b mh-fallback,mh-port");
	expect_op(&ops.list[1], "ipvsadm -E -t 10.9.9.1:80 -s rr -o");
	expect_op(&ops.list[2], "ipvsadm -a -t 10.9.9.1:80 -r 10.2.0.0:80 -m -w 0");
	expect_op(
	    &ops.list[1002], "ipvsadm -E -t 10.9.9.1:80 -s mh -o -b mh-fallback,mh-port");
	for (size_t i = 0; i < ops.n; i++)
		assert_int_equal(ipvs_table_apply(&t, &ops.list[i]), 0);
	assert_true(ipvs_svc_same(&t.svcs[0], &want));
	assert_int_equal(t.svcs[0].n_dests, 1000);
	ipvs_ops_fini(&ops);
	/* a live one is not switched, however many come */
	have.n_dests = 1;
	ipvs_diff_svc(&have, &want, &ops);
	assert_int_equal(ops.n, 999);
	assert_int_equal(ops.count[IPVS_ADD_DEST], 999);
	ipvs_ops_fini(&ops);
	/* nor is it worth while for a few, or for another scheduler */
	want.n_dests = 20;
	ipvs_diff_svc(NULL, &want, &ops);
	assert_int_equal(ops.n, 21);
	ipvs_ops_fini(&ops);
	want.n_dests = 1000;
	strcpy(want.sched, "sh");
	ipvs_diff_svc(NULL, &want, &ops);
	assert_int_equal(ops.n, 1001);
	ipvs_ops_fini(&ops);
	ipvs_svc_fini(&have);
	ipvs_svc_fini(&want);
	ipvs_table_fini(&t);
}

static void add_service(struct ipvs_table *t, const char *addr, struct ipvs_dest d)
{
	struct ipvs_svc svc = service(addr, 80);

	ipvs_svc_add(&svc, &d);
	ipvs_table_add(t, &svc);
}

static void test_diff_deletes_after_all_additions(void **state)
{
	struct ipvs_table have = { 0 }, want = { 0 };
	struct ipvs_ops ops = { 0 };

	(void)state;
	add_service(&have, "10.9.9.1", server("10.2.0.11", 80, 1));
	add_service(&have, "10.9.9.2", server("10.2.0.11", 80, 1));
	add_service(&have, "10.9.9.3", server("10.2.0.11", 80, 1));
	add_service(&want, "10.9.9.2", server("10.2.0.12", 80, 1));
	add_service(&want, "10.9.9.3", server("10.2.0.12", 80, 0));
	add_service(&want, "10.9.9.4", server("10.2.0.12", 80, 1));
	ipvs_diff(&have, &want, &ops);
	expect_ops(&ops, "ipvsadm -a -t 10.9.9.2:80 -r 10.2.0.12:80 -m -w 1\n"
			 "ipvsadm -a -t 10.9.9.3:80 -r 10.2.0.12:80 -m -w 0\n"
			 "ipvsadm -A -t 10.9.9.4:80 -s wlc\n"
			 "ipvsadm -a -t 10.9.9.4:80 -r 10.2.0.12:80 -m -w 1\n"
			 "ipvsadm -d -t 10.9.9.2:80 -r 10.2.0.11:80\n"
			 "ipvsadm -d -t 10.9.9.3:80 -r 10.2.0.11:80\n"
			 "ipvsadm -D -t 10.9.9.1:80\n");
	ipvs_ops_fini(&ops);
	ipvs_table_fini(&have);
	ipvs_table_fini(&want);
}

/* Each attribute alone makes a difference; what the kernel counts does not. */
static void test_diff_sees_every_attribute(void **state)
{
	const struct ipvs_svc svc = service("10.9.9.1", 80);
	const struct ipvs_dest dest = server("10.2.0.11", 80, 1);
	struct ipvs_svc s[5] = { svc, svc, svc, svc, svc };
	struct ipvs_dest d[7] = { dest, dest, dest, dest, dest, dest, dest };
	struct ipvs_dest counted = dest, local = dest;

	(void)state;
	strcpy(s[0].sched, "rr");
	strcpy(s[1].pe, "sip");
	s[2].flags = IP_VS_SVC_F_PERSISTENT;
	s[3].timeout_s = 60;
	s[4].netmask = 0xffffff;
	for (size_t i = 0; i < 5; i++)
		assert_false(ipvs_svc_same(&svc, &s[i]));
	d[0].fwd = IP_VS_CONN_F_DROUTE;
	d[1].weight = 2;
	d[2].u_thresh = 1;
	d[3].l_thresh = 1;
	d[4].tun_type = 1;
	d[5].tun_port = 1;
	d[6].tun_flags = 1;
	for (size_t i = 0; i < 7; i++)
		assert_false(ipvs_dest_same(&dest, &d[i]));
	counted.active = counted.inactive = 7;
	assert_true(ipvs_dest_same(&dest, &counted));
	local.fwd = IP_VS_CONN_F_LOCALNODE;
	assert_true(ipvs_dest_same(&local, &dest));
}

static void test_text_is_ipvsadms(void **state)
{
	struct ipvs_svc svc = service("10.9.9.1", 80);
	struct ipvs_dest d = server("10.2.0.11", 8080, 10);
	struct ipvs_svc mark = { .addr.family = AF_INET6,
		.fwmark = 5,
		.sched = "mh",
		.flags = IP_VS_SVC_F_SCHED1,
		.netmask = 128 };
	struct buf b = { 0 };

	(void)state;
	svc.flags = IP_VS_SVC_F_PERSISTENT | IP_VS_SVC_F_SCHED1;
	strcpy(svc.sched, "sh");
	svc.timeout_s = 360;
	svc.netmask = htonl(0xffffff00);
	d.fwd = IP_VS_CONN_F_TUNNEL;
	ipvs_svc_add(&svc, &d);
	ipvs_svc_text(&svc, &b);
	ipvs_svc_text(&mark, &b);
	assert_string_equal(b.data,
	    "-A -t 10.9.9.1:80 -s sh -p 360 -M 255.255.255.0 -b sh-fallback\n"
	    "-a -t 10.9.9.1:80 -r 10.2.0.11:8080 -i -w 10 --tun-type ipip\n"
	    "-A -f 5 -6 -s mh -b mh-fallback\n");
	buf_fini(&b);
	ipvs_svc_fini(&svc);
}

/* ---- random pairs ---- */

static unsigned pick(unsigned n)
{
	return (unsigned)random() % n;
}

static void random_table(struct ipvs_table *t)
{
	char text[32];

	for (unsigned i = 0; i < 6; i++) {
		struct ipvs_svc svc;

		if (pick(3) == 0)
			continue;
		snprintf(text, sizeof text, "10.9.9.%u", i);
		svc = service(text, 80);
		strcpy(svc.sched, pick(4) ? "wlc" : "wrr");
		for (unsigned j = 0; j < 6; j++) {
			struct ipvs_dest d;

			if (pick(2) == 0)
				continue;
			snprintf(text, sizeof text, "10.2.0.%u", j);
			d = server(text, 80, pick(3));
			ipvs_svc_add(&svc, &d);
		}
		ipvs_table_add(t, &svc);
	}
}

static bool has_weight(const struct ipvs_table *t, const struct ipvs_svc *id)
{
	const struct ipvs_svc *svc = ipvs_table_find(t, id);

	for (size_t i = 0; svc != NULL && i < svc->n_dests; i++)
		if (svc->dests[i].weight > 0)
			return true;
	return false;
}

static struct ipvs_table copy(const struct ipvs_table *t)
{
	struct ipvs_table c = { 0 };

	for (size_t i = 0; i < t->n; i++) {
		struct ipvs_svc svc = t->svcs[i];

		svc.dests = NULL;
		svc.n_dests = svc.cap_dests = 0;
		for (size_t j = 0; j < t->svcs[i].n_dests; j++)
			ipvs_svc_add(&svc, &t->svcs[i].dests[j]);
		ipvs_table_add(&c, &svc);
	}
	return c;
}

static void one_random_pair(void)
{
	struct ipvs_table have = { 0 }, want = { 0 }, now;
	struct ipvs_ops ops = { 0 }, again = { 0 };

	random_table(&have);
	random_table(&want);
	now = copy(&have);
	ipvs_diff(&have, &want, &ops);
	for (size_t i = 0; i < ops.n; i++) {
		assert_int_equal(ipvs_table_apply(&now, &ops.list[i]), 0);
		for (size_t j = 0; j < have.n; j++)
			if (has_weight(&have, &have.svcs[j]) &&
			    has_weight(&want, &have.svcs[j]))
				assert_true(has_weight(&now, &have.svcs[j]));
	}
	ipvs_diff(&now, &want, &again);
	assert_int_equal(again.n, 0);
	assert_int_equal(now.n, want.n);
	ipvs_ops_fini(&ops);
	ipvs_ops_fini(&again);
	ipvs_table_fini(&have);
	ipvs_table_fini(&want);
	ipvs_table_fini(&now);
}

static void test_random_pairs(void **state)
{
	const char *given = getenv("LVSD_SEED");
	unsigned seed =
	    given != NULL ? (unsigned)strtoul(given, NULL, 10) : (unsigned)time(NULL);

	(void)state;
	print_message("LVSD_SEED=%u\n", seed);
	srandom(seed);
	for (int i = 0; i < 2000; i++)
		one_random_pair();
}

/* Nobody has to wait for more than a piece of the list. */
static void test_list_in_pieces(void **state)
{
	struct ipvs *h = ipvs_open_memory();
	struct ipvs_table none = { 0 }, want = { 0 }, listed = { 0 }, found = { 0 };
	struct ipvs_ops ops = { 0 };
	enum ipvs_more more = IPVS_MORE;
	size_t at = 0, pieces = 0;

	(void)state;
	for (uint16_t i = 1; i <= 600; i++) {
		struct ipvs_svc svc = { .protocol = IPPROTO_TCP, .port = i };

		assert_true(addr_parse(&svc.addr, "10.9.9.1", 8));
		strlcpy(svc.sched, "rr", sizeof svc.sched);
		ipvs_table_add(&want, &svc);
	}
	ipvs_diff(&none, &want, &ops);
	assert_true(ipvs_apply(h, &ops));
	for (size_t before = 0; more == IPVS_MORE; before = found.n, pieces++) {
		more = ipvs_read_more(h, &found, &at);
		assert_true(found.n - before <= 256);
	}
	assert_int_equal(more, IPVS_ALL);
	assert_int_equal(pieces, 3);
	assert_int_equal(ipvs_stats(h)->reads, 1);
	assert_true(ipvs_read_services(h, &listed));
	ipvs_table_sort(&found);
	assert_int_equal(found.n, 600);
	assert_int_equal(listed.n, 600);
	for (size_t i = 0; i < 600; i++)
		assert_int_equal(ipvs_svc_cmp(&listed.svcs[i], &found.svcs[i]), 0);
	ipvs_ops_fini(&ops);
	ipvs_table_fini(&want);
	ipvs_table_fini(&listed);
	ipvs_table_fini(&found);
	ipvs_close(h);
}

/* Lines of the kernel's list of connections, as ip_vs_conn_seq_show() prints them. */
static void test_connections(void **state)
{
	static const char *const others[] = {
		"Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName "
		"PEData\n",
		"UDP fd01:0000:0000:0000:0000:0000:0000:0001 C350 "
		"fd92:0000:0000:0000:0000:0000:0000:0003 0035 "
		"fd02:0000:0000:0000:0000:0000:0000:0011 0035 UDP             299\n",
		"UDP 0A0101FB C350 C0000222 0035 fd02:0000:0000:0000:0000:0000:0000:0011 0035 "
		"UDP             299\n",
		"UDP 0A0101FB C350 C0000222\n",
		"IP  0A0101FB 0000 C0000222 0000 0A02000B 0000 NONE            299\n",
		"UDP",
		"",
	};
	struct ipvs_conn c;
	char text[ADDR_TEXT_MAX];

	(void)state;
	assert_true(ipvs_conn_parse(&c, "UDP 0A0101FB C350 C0000222 0035 0A02000B 14E9 "
					"UDP             299\n"));
	assert_int_equal(c.protocol, IPPROTO_UDP);
	assert_string_equal(addr_text(&c.client, text), "10.1.1.251");
	assert_string_equal(addr_text(&c.vip, text), "192.0.2.34");
	assert_string_equal(addr_text(&c.server, text), "10.2.0.11");
	assert_int_equal(c.client_port, 50000);
	assert_int_equal(c.vip_port, 53);
	assert_int_equal(c.server_port, 5353);
	assert_true(ipvs_conn_parse(&c, "TCP 0A0101FB FFFF C0000222 0050 0A02000B 0050 "
					"ESTABLISHED     899\n"));
	assert_int_equal(c.protocol, IPPROTO_TCP);
	assert_int_equal(c.client_port, 65535);
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		assert_false(ipvs_conn_parse(&c, others[i]));
}

/* N destinations, newest first as the kernel tells of them, BACK of which were put back
 * later; or in no order. */
static void sort_many(size_t n, size_t back, bool shuffled)
{
	struct ipvs_svc svc = { .addr = { AF_INET, { 10, 9, 9, 1 } } };
	uint16_t *port = xcalloc(n, sizeof *port);

	for (size_t i = 0; i < n; i++)
		port[i] = (uint16_t)(n - i);
	for (size_t i = 0; i < (shuffled ? n : back); i++) {
		size_t from = shuffled ? i * 7919 % n : n - 1 - i * (n / back);
		uint16_t moved = port[from];

		memmove(port + 1, port, from * sizeof *port);
		port[0] = moved;
	}
	for (size_t i = 0; i < n; i++) {
		struct ipvs_dest d = { .port = port[i], .weight = port[i] };

		ipvs_svc_append(&svc, &d);
	}
	ipvs_svc_sort(&svc);
	assert_int_equal(svc.n_dests, n);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(svc.dests[i].port, i + 1);
		assert_int_equal(svc.dests[i].weight, i + 1);
	}
	ipvs_svc_fini(&svc);
	free(port);
}

static void test_sorts(void **state)
{
	(void)state;
	for (size_t n = 1; n < 200; n++) {
		sort_many(n, 0, false);
		sort_many(n, 1, false);
		sort_many(n, n / 2 + 1, false);
		sort_many(n, 0, true);
	}
	for (size_t back = 0; back < 100; back++)
		sort_many(1000, back, false);
	sort_many(3000, 0, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table_keeps_order),
		cmocka_unit_test(test_room_fits),
		cmocka_unit_test(test_twins_are_one),
		cmocka_unit_test(test_sorts),
		cmocka_unit_test(test_apply_answers_as_kernel),
		cmocka_unit_test(test_diff_brings_weight_first),
		cmocka_unit_test(test_diff_fills_mh_under_rr),
		cmocka_unit_test(test_diff_deletes_after_all_additions),
		cmocka_unit_test(test_diff_sees_every_attribute),
		cmocka_unit_test(test_text_is_ipvsadms),
		cmocka_unit_test(test_random_pairs),
		cmocka_unit_test(test_list_in_pieces),
		cmocka_unit_test(test_connections),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
