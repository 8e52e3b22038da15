/*
 * Every attribute that <linux/ip_vs.h> has for services and servers.
 *
 * Each is either compared, so that a difference is seen and mended, and then it
 * is sent, too; or it is named here as left out, with the reason. The lists are
 * held against the header of this machine: one that a newer kernel brings makes
 * this fail until somebody has decided.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <linux/ip_vs.h>
#include <netinet/in.h>
#include <netlink/genl/genl.h>
#include <string.h>

#include "ipvs/msg.h"

struct attribute {
	const char *name;
	const char *left_out; /* why; NULL: it is compared */
	/* two values of SIZE bytes that mean different things */
	size_t size;
	unsigned char value[2][16];
};

#define ATTR(n) [n] = { .name = #n
/* clang-format off */
static const struct attribute services[IPVS_SVC_ATTR_MAX + 1] = {
	ATTR(IPVS_SVC_ATTR_AF), .size = 2, .value = { { AF_INET }, { AF_INET6 } } },
	ATTR(IPVS_SVC_ATTR_PROTOCOL), .size = 2, .value = { { IPPROTO_TCP }, { IPPROTO_UDP } } },
	ATTR(IPVS_SVC_ATTR_ADDR), .size = 16, .value = { { 10, 9, 9, 1 }, { 10, 9, 9, 2 } } },
	ATTR(IPVS_SVC_ATTR_PORT), .size = 2, .value = { { 0, 80 }, { 0, 81 } } },
	/* 0 is for services without a mark */
	ATTR(IPVS_SVC_ATTR_FWMARK), .size = 4, .value = { { 0 }, { 7 } } },
	ATTR(IPVS_SVC_ATTR_SCHED_NAME), .size = 4, .value = { "wlc", "wrr" } },
	/* struct ip_vs_flags: the flags, then the mask */
	ATTR(IPVS_SVC_ATTR_FLAGS), .size = 8, .value = { { IP_VS_SVC_F_HASHED }, { IP_VS_SVC_F_PERSISTENT } } },
	ATTR(IPVS_SVC_ATTR_TIMEOUT), .size = 4, .value = { { 60 }, { 61 } } },
	ATTR(IPVS_SVC_ATTR_NETMASK), .size = 4, .value = { { 255, 255, 255, 255 }, { 255, 255, 255 } } },
	ATTR(IPVS_SVC_ATTR_STATS), .left_out = "the kernel's own counters", .size = 8, .value = { { 1 }, { 2 } } },
	ATTR(IPVS_SVC_ATTR_PE_NAME), .size = 4, .value = { "sip", "tip" } },
	ATTR(IPVS_SVC_ATTR_STATS64), .left_out = "the kernel's own counters", .size = 8, .value = { { 1 }, { 2 } } },
};

static const struct attribute servers[IPVS_DEST_ATTR_MAX + 1] = {
	ATTR(IPVS_DEST_ATTR_ADDR), .size = 16, .value = { { 10, 2, 0, 11 }, { 10, 2, 0, 12 } } },
	ATTR(IPVS_DEST_ATTR_PORT), .size = 2, .value = { { 0, 80 }, { 0, 81 } } },
	ATTR(IPVS_DEST_ATTR_FWD_METHOD), .size = 4, .value = { { IP_VS_CONN_F_TUNNEL }, { IP_VS_CONN_F_DROUTE } } },
	ATTR(IPVS_DEST_ATTR_WEIGHT), .size = 4, .value = { { 1 }, { 2 } } },
	ATTR(IPVS_DEST_ATTR_U_THRESH), .size = 4, .value = { { 10 }, { 20 } } },
	ATTR(IPVS_DEST_ATTR_L_THRESH), .size = 4, .value = { { 5 }, { 6 } } },
	ATTR(IPVS_DEST_ATTR_ACTIVE_CONNS), .left_out = "what the kernel counts; the plan reads it", .size = 4, .value = { { 1 }, { 2 } } },
	ATTR(IPVS_DEST_ATTR_INACT_CONNS), .left_out = "what the kernel counts; the plan reads it", .size = 4, .value = { { 1 }, { 2 } } },
	ATTR(IPVS_DEST_ATTR_PERSIST_CONNS), .left_out = "what the kernel counts", .size = 4, .value = { { 1 }, { 2 } } },
	ATTR(IPVS_DEST_ATTR_STATS), .left_out = "the kernel's own counters", .size = 8, .value = { { 1 }, { 2 } } },
	ATTR(IPVS_DEST_ATTR_ADDR_FAMILY), .size = 2, .value = { { AF_INET }, { AF_INET6 } } },
	ATTR(IPVS_DEST_ATTR_STATS64), .left_out = "the kernel's own counters", .size = 8, .value = { { 1 }, { 2 } } },
	ATTR(IPVS_DEST_ATTR_TUN_TYPE), .size = 1, .value = { { IP_VS_CONN_F_TUNNEL_TYPE_IPIP }, { IP_VS_CONN_F_TUNNEL_TYPE_GRE } } },
	ATTR(IPVS_DEST_ATTR_TUN_PORT), .size = 2, .value = { { 0, 1 }, { 0, 2 } } },
	ATTR(IPVS_DEST_ATTR_TUN_FLAGS), .size = 2, .value = { { 1 }, { 2 } } },
};
/* clang-format on */

/* A message as the kernel's dump has it, NEST of ATTRIBUTES 1 to MAX with their
 * first values, that of OTHER (0: none) with its second. */
static struct nl_msg *message(
    int nest_type, const struct attribute *attributes, int max, int other)
{
	struct nl_msg *msg = nlmsg_alloc();
	struct nlattr *nest;

	genlmsg_put(msg, 0, 1, 25, 0, 0, IPVS_CMD_NEW_SERVICE, IPVS_GENL_VERSION);
	nest = nla_nest_start(msg, nest_type);
	for (int i = 1; i <= max; i++)
		nla_put(msg, i, (int)attributes[i].size, attributes[i].value[i == other]);
	nla_nest_end(msg, nest);
	return msg;
}

static struct ipvs_svc read_service(int other)
{
	struct nl_msg *msg =
	    message(IPVS_CMD_ATTR_SERVICE, services, IPVS_SVC_ATTR_MAX, other);
	struct ipvs_svc svc;

	assert_true(msg_read_svc(nlmsg_hdr(msg), &svc));
	nlmsg_free(msg);
	return svc;
}

static struct ipvs_dest read_server(int other)
{
	struct nl_msg *msg =
	    message(IPVS_CMD_ATTR_DEST, servers, IPVS_DEST_ATTR_MAX, other);
	struct ipvs_dest dest;

	assert_true(msg_read_dest(nlmsg_hdr(msg), AF_INET, &dest));
	nlmsg_free(msg);
	return dest;
}

static void assert_decided(const struct attribute *attributes, int max, const char *what)
{
	for (int i = 1; i <= max; i++)
		if (attributes[i].name == NULL)
			fail_msg("<linux/ip_vs.h> has a %s attribute %d that nobody has "
				 "decided about: compare it or name it as left out",
			    what, i);
}

static void test_every_one_is_decided(void **state)
{
	(void)state;
	assert_decided(services, IPVS_SVC_ATTR_MAX, "service");
	assert_decided(servers, IPVS_DEST_ATTR_MAX, "server");
}

static void assert_seen(const struct attribute *a, bool differs)
{
	if (differs != (a->left_out == NULL))
		fail_msg("%s: %s", a->name,
		    differs ? "is left out but compared" : "a difference is not seen");
}

static void test_what_is_compared_is_seen(void **state)
{
	const struct ipvs_svc svc = read_service(0);
	const struct ipvs_dest dest = read_server(0);

	(void)state;
	for (int i = 1; i <= IPVS_SVC_ATTR_MAX; i++) {
		struct ipvs_svc other = read_service(i);

		assert_seen(&services[i],
		    ipvs_svc_cmp(&svc, &other) != 0 || !ipvs_svc_same(&svc, &other));
	}
	for (int i = 1; i <= IPVS_DEST_ATTR_MAX; i++) {
		struct ipvs_dest other = read_server(i);

		assert_seen(&servers[i],
		    ipvs_dest_cmp(&dest, &other) != 0 || !ipvs_dest_same(&dest, &other));
	}
}

/* ATTRIBUTES that are compared are in the NEST that SVC and DEST are sent as,
 * with the value that they were read from; but SKIPPED (0: none). */
static void assert_sent(const struct ipvs_svc *svc, const struct ipvs_dest *dest,
    int nest, const struct attribute *attributes, int max, int skipped)
{
	struct ipvs_op op = { IPVS_ADD_SVC, svc, dest, 0 };
	struct nlattr *outer[IPVS_CMD_ATTR_MAX + 1], *tb[32];
	union {
		struct nlmsghdr hdr;
		unsigned char bytes[2 * MSG_MAX];
	} sent;

	assert_true(max < 32);
	msg_op(&sent, 25, 1, 0, &op);
	assert_int_equal(
	    nlmsg_parse(&sent.hdr, GENL_HDRLEN, outer, IPVS_CMD_ATTR_MAX, NULL), 0);
	assert_non_null(outer[nest]);
	assert_int_equal(nla_parse_nested(tb, max, outer[nest], NULL), 0);
	for (int i = 1; i <= max; i++) {
		const struct attribute *a = &attributes[i];

		if (a->left_out != NULL || i == skipped)
			continue;
		if (tb[i] == NULL)
			fail_msg("%s is compared but not sent", a->name);
		/* the mask of the flags is the sender's */
		if (nest == IPVS_CMD_ATTR_SERVICE && i == IPVS_SVC_ATTR_FLAGS)
			continue;
		assert_int_equal(nla_len(tb[i]), a->size);
		assert_memory_equal(nla_data(tb[i]), a->value[0], a->size);
	}
}

static void test_what_is_compared_is_sent(void **state)
{
	const struct ipvs_svc svc = read_service(0),
			      mark = read_service(IPVS_SVC_ATTR_FWMARK);
	const struct ipvs_dest dest = read_server(0);
	struct ipvs_op op = { IPVS_ADD_SVC, &mark, NULL, 0 };
	struct nlattr *outer[IPVS_CMD_ATTR_MAX + 1], *tb[IPVS_SVC_ATTR_MAX + 1];
	union {
		struct nlmsghdr hdr;
		unsigned char bytes[MSG_MAX];
	} sent;

	(void)state;
	assert_sent(&svc, &dest, IPVS_CMD_ATTR_SERVICE, services, IPVS_SVC_ATTR_MAX,
	    IPVS_SVC_ATTR_FWMARK);
	assert_sent(&svc, &dest, IPVS_CMD_ATTR_DEST, servers, IPVS_DEST_ATTR_MAX, 0);
	msg_op(&sent, 25, 1, 0, &op);
	nlmsg_parse(&sent.hdr, GENL_HDRLEN, outer, IPVS_CMD_ATTR_MAX, NULL);
	nla_parse_nested(tb, IPVS_SVC_ATTR_MAX, outer[IPVS_CMD_ATTR_SERVICE], NULL);
	assert_int_equal(nla_get_u32(tb[IPVS_SVC_ATTR_FWMARK]), 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_one_is_decided),
		cmocka_unit_test(test_what_is_compared_is_seen),
		cmocka_unit_test(test_what_is_compared_is_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
