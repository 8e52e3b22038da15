/*
 * What /proc/net/ip_vs says, taken in pieces of every size: what is complete is told, and
 * a line that makes no sense costs its own service and no other.
 */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ipvs/listing.h"

static const char text[] =
    "IP Virtual Server version 1.2.1 (size=4096)\n"
    "Prot LocalAddress:Port Scheduler Flags\n"
    "  -> RemoteAddress:Port Forward Weight ActiveConn InActConn\n"
    "TCP  0A090901:0050 wlc  persistent 360 FFFFFFFF\n"
    "  -> 0A02000C:1F90      Masq    65535  3          17        \n"
    "  -> 0A02000B:1F90      Masq    0      2147483647 0         \n"
    "UDP  0A090901:0035 rr  ops \n"
    "SCTP [fd09:0000:0000:0000:0000:0000:0000:0001]:0050 rr \n"
    "  -> [fd02:0000:0000:0000:0000:0000:0000:0011]:1F90      Route   1      "
    "2          3         \n"
    "FWM  0000000A rr \n"
    "  -> 0A02000B:0000      Tunnel  1      0          1         \n";

/* In words that a test can compare. */
static void tell(void *arg, const struct ipvs_svc *svc)
{
	char name[IPVS_SVC_NAME_MAX], addr[ADDR_TEXT_MAX];
	struct buf *b = arg;

	buf_printf(b, "%s\n", ipvs_svc_name(svc, name));
	for (size_t i = 0; i < svc->n_dests; i++) {
		const struct ipvs_dest *d = &svc->dests[i];

		buf_printf(b, " %s %u %u %u\n", addr_port_text(&d->addr, d->port, addr),
		    d->weight, d->active, d->inactive);
	}
}

/* What is told of SAID, PIECE bytes at a time. The end is one more service, which is not
 * told of, as it may go on. */
static char *told(const char *said, size_t piece)
{
	struct ipvs_listing l = { 0 };
	struct buf out = { 0 }, rest = { 0 };
	size_t len = strlen(said);

	for (size_t at = 0; at < len; at += piece) {
		size_t n = len - at < piece ? len - at : piece, taken;

		buf_add(&rest, said + at, n);
		taken = ipvs_listing_take(&l, rest.data, rest.len, tell, &out);
		assert_true(taken <= rest.len);
		memmove(rest.data, rest.data + taken, rest.len - taken);
		rest.len -= taken;
	}
	ipvs_listing_take(&l, "TCP  01010101:0001 rr \n", 23, tell, &out);
	buf_fini(&rest);
	ipvs_listing_close(&l);
	if (out.data == NULL)
		buf_str(&out, "");
	return out.data;
}

static void all_of_it(void **state)
{
	static const char want[] = "TCP 10.9.9.1:80\n"
				   " 10.2.0.12:8080 65535 3 17\n"
				   " 10.2.0.11:8080 0 2147483647 0\n"
				   "UDP 10.9.9.1:53\n"
				   "SCTP [fd09::1]:80\n"
				   " [fd02::11]:8080 1 2 3\n"
				   "FWM 10\n"
				   " 10.2.0.11:0 1 0 1\n";

	(void)state;
	for (size_t piece = 1; piece <= sizeof text; piece++) {
		char *got = told(text, piece);

		assert_string_equal(got, want);
		free(got);
	}
}

/* A service whose LINE of a destination is broken, between two others. */
static void is_left_out(const char *line)
{
	struct buf b = { 0 };
	char *got;

	buf_printf(&b,
	    "TCP  0A090901:0050 rr \n"
	    "TCP  0A090902:0050 rr \n"
	    "  -> 0A02000B:1F90      Masq    1      2          3         \n"
	    "%s\n"
	    "  -> 0A02000C:1F90      Masq    1      2          3         \n"
	    "TCP  0A090903:0050 rr \n",
	    line);
	got = told(b.data, b.len);
	assert_string_equal(got, "TCP 10.9.9.1:80\nTCP 10.9.9.3:80\n");
	free(got);
	buf_fini(&b);
}

static void broken_lines(void **state)
{
	(void)state;
	is_left_out("  ->");
	is_left_out("  -> 0A02000B:1F90");
	is_left_out("  -> 0A02000B:1F90      Masq    1      2");
	is_left_out("  -> 0A02000B      Masq    1      2          3");
	is_left_out("  -> :1F90      Masq    1      2          3");
	is_left_out("  -> 0A02000B:      Masq    1      2          3");
	is_left_out("  -> 1A02000B1:1F90      Masq    1      2          3");
	is_left_out("  -> 0A02000B:11F90      Masq    1      2          3");
	is_left_out("  -> 0A02000G:1F90      Masq    1      2          3");
	is_left_out("  -> [fd02::11:1F90      Masq    1      2          3");
	is_left_out("  -> []:1F90      Masq    1      2          3");
	is_left_out("  -> [fd02::11]]:1F90      Masq    1      2          3");
	is_left_out("  -> 0A02000B:1F90      Masq    -1     2          3");
	is_left_out("  -> 0A02000B:1F90      Masq    1      4294967296          3");
	is_left_out("  -> 0A02000B:1F90      Masq    1      2          0x3");
}

static void broken_services(void **state)
{
	static const char *const lines[] = { "", "TCP", "TCP  0A090901",
		"ICMP 0A090901:0050 rr", "TCP  0A090901:0050:0050:0 rr",
		"FWM  100000000 rr", "FWM  x rr", "-> ->" };
	char *got;

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		struct buf b = { 0 };

		buf_printf(&b,
		    "%s\n  -> 0A02000B:1F90      Masq    1      2          3\n",
		    lines[i]);
		got = told(b.data, b.len);
		assert_string_equal(got, "");
		free(got);
		buf_fini(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_of_it),
		cmocka_unit_test(broken_lines),
		cmocka_unit_test(broken_services),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
