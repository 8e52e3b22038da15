/*
 * The netlink form of a table's parts.
 *
 * One function writes an operation, two read the kernel's answers; each
 * attribute that is compared in table.c is written and read here.
 */
#include "ipvs/msg.h"

#include <arpa/inet.h>
#include <assert.h>
#include <linux/ip_vs.h>
#include <netlink/genl/genl.h>
#include <string.h>

static const uint8_t genl_cmd[IPVS_N_CMDS] = {
	[IPVS_ADD_SVC] = IPVS_CMD_NEW_SERVICE,
	[IPVS_SET_SVC] = IPVS_CMD_SET_SERVICE,
	[IPVS_DEL_SVC] = IPVS_CMD_DEL_SERVICE,
	[IPVS_ADD_DEST] = IPVS_CMD_NEW_DEST,
	[IPVS_SET_DEST] = IPVS_CMD_SET_DEST,
	[IPVS_DEL_DEST] = IPVS_CMD_DEL_DEST,
};

/* An empty request in MSG, whatever it held before. */
static void begin(
    struct nl_msg *msg, int family, uint32_t port, uint32_t seq, int flags, uint8_t cmd)
{
	nlmsg_hdr(msg)->nlmsg_len = NLMSG_HDRLEN;
	genlmsg_put(msg, port, seq, family, 0, flags, cmd, IPVS_GENL_VERSION);
}

static void put_port(struct nl_msg *msg, int attr, uint16_t port)
{
	uint16_t be = htons(port);

	nla_put(msg, attr, sizeof be, &be);
}

static void put_svc_id(struct nl_msg *msg, const struct ipvs_svc *svc)
{
	nla_put_u16(msg, IPVS_SVC_ATTR_AF, svc->addr.family);
	if (svc->fwmark != 0) {
		nla_put_u32(msg, IPVS_SVC_ATTR_FWMARK, svc->fwmark);
		return;
	}
	nla_put_u16(msg, IPVS_SVC_ATTR_PROTOCOL, svc->protocol);
	nla_put(msg, IPVS_SVC_ATTR_ADDR, sizeof svc->addr.bytes, svc->addr.bytes);
	put_port(msg, IPVS_SVC_ATTR_PORT, svc->port);
}

static void put_svc(struct nl_msg *msg, const struct ipvs_svc *svc, bool whole)
{
	struct nlattr *nest = nla_nest_start(msg, IPVS_CMD_ATTR_SERVICE);

	put_svc_id(msg, svc);
	if (whole) {
		struct ip_vs_flags flags = { .flags = svc->flags, .mask = ~0u };

		nla_put_string(msg, IPVS_SVC_ATTR_SCHED_NAME, svc->sched);
		if (svc->pe[0] != '\0')
			nla_put_string(msg, IPVS_SVC_ATTR_PE_NAME, svc->pe);
		nla_put(msg, IPVS_SVC_ATTR_FLAGS, sizeof flags, &flags);
		nla_put_u32(msg, IPVS_SVC_ATTR_TIMEOUT, svc->timeout_s);
		nla_put_u32(msg, IPVS_SVC_ATTR_NETMASK, svc->netmask);
	}
	nla_nest_end(msg, nest);
}

static void put_dest(struct nl_msg *msg, const struct ipvs_dest *dest, bool whole)
{
	struct nlattr *nest = nla_nest_start(msg, IPVS_CMD_ATTR_DEST);

	nla_put(msg, IPVS_DEST_ATTR_ADDR, sizeof dest->addr.bytes, dest->addr.bytes);
	put_port(msg, IPVS_DEST_ATTR_PORT, dest->port);
	nla_put_u16(msg, IPVS_DEST_ATTR_ADDR_FAMILY, dest->addr.family);
	if (whole) {
		nla_put_u32(msg, IPVS_DEST_ATTR_FWD_METHOD, dest->fwd);
		nla_put_u32(msg, IPVS_DEST_ATTR_WEIGHT, dest->weight);
		nla_put_u32(msg, IPVS_DEST_ATTR_U_THRESH, dest->u_thresh);
		nla_put_u32(msg, IPVS_DEST_ATTR_L_THRESH, dest->l_thresh);
		if (dest->fwd == IP_VS_CONN_F_TUNNEL) {
			nla_put_u8(msg, IPVS_DEST_ATTR_TUN_TYPE, dest->tun_type);
			put_port(msg, IPVS_DEST_ATTR_TUN_PORT, dest->tun_port);
			nla_put_u16(msg, IPVS_DEST_ATTR_TUN_FLAGS, dest->tun_flags);
		}
	}
	nla_nest_end(msg, nest);
}

void msg_op(struct nl_msg *msg, int family, uint32_t port, uint32_t seq, int flags,
    const struct ipvs_op *op)
{
	begin(msg, family, port, seq, NLM_F_REQUEST | flags, genl_cmd[op->cmd]);
	put_svc(msg, op->svc, op->cmd == IPVS_ADD_SVC || op->cmd == IPVS_SET_SVC);
	if (op->dest != NULL)
		put_dest(msg, op->dest, op->cmd != IPVS_DEL_DEST);
	assert(nlmsg_hdr(msg)->nlmsg_len <= MSG_OP_MAX);
}

void msg_dump(struct nl_msg *msg, int family, uint32_t port, uint32_t seq,
    const struct ipvs_svc *svc)
{
	begin(msg, family, port, seq, NLM_F_REQUEST | NLM_F_DUMP,
	    svc != NULL ? IPVS_CMD_GET_DEST : IPVS_CMD_GET_SERVICE);
	if (svc != NULL)
		put_svc(msg, svc, false);
}

void msg_timeouts(struct nl_msg *msg, int family, uint32_t port, uint32_t seq,
    const struct ipvs_timeouts *t)
{
	begin(msg, family, port, seq, NLM_F_REQUEST | (t != NULL ? NLM_F_ACK : 0),
	    t != NULL ? IPVS_CMD_SET_CONFIG : IPVS_CMD_GET_CONFIG);
	if (t == NULL)
		return;
	nla_put_u32(msg, IPVS_CMD_ATTR_TIMEOUT_TCP, t->tcp_s);
	nla_put_u32(msg, IPVS_CMD_ATTR_TIMEOUT_TCP_FIN, t->tcpfin_s);
	nla_put_u32(msg, IPVS_CMD_ATTR_TIMEOUT_UDP, t->udp_s);
}

/* The attributes nested in the attribute ATTR of HDR, or false. */
static bool open_nest(const struct nlmsghdr *hdr, int attr, struct nlattr *tb[], int max)
{
	struct nlattr *outer[IPVS_CMD_ATTR_MAX + 1];

	return nlmsg_parse((struct nlmsghdr *)hdr, GENL_HDRLEN, outer, IPVS_CMD_ATTR_MAX,
		   NULL) == 0 &&
	       outer[attr] != NULL && nla_parse_nested(tb, max, outer[attr], NULL) == 0;
}

static uint16_t get_u16(const struct nlattr *a)
{
	return a != NULL && nla_len(a) >= 2 ? nla_get_u16(a) : 0;
}

static uint32_t get_u32(const struct nlattr *a)
{
	return a != NULL && nla_len(a) >= 4 ? nla_get_u32(a) : 0;
}

static void get_addr(struct addr *addr, uint8_t family, const struct nlattr *a)
{
	int want = family == AF_INET6 ? 16 : 4;

	memset(addr, 0, sizeof *addr);
	addr->family = family;
	if (a != NULL && nla_len(a) >= want)
		memcpy(addr->bytes, nla_data(a), (size_t)want);
}

static void get_name(char name[IPVS_NAME_MAX], const struct nlattr *a)
{
	memset(name, 0, IPVS_NAME_MAX);
	if (a != NULL)
		nla_strlcpy(name, a, IPVS_NAME_MAX);
}

bool msg_read_svc(const struct nlmsghdr *hdr, struct ipvs_svc *svc)
{
	struct nlattr *tb[IPVS_SVC_ATTR_MAX + 1];

	memset(svc, 0, sizeof *svc);
	if (!open_nest(hdr, IPVS_CMD_ATTR_SERVICE, tb, IPVS_SVC_ATTR_MAX) ||
	    tb[IPVS_SVC_ATTR_AF] == NULL || tb[IPVS_SVC_ATTR_SCHED_NAME] == NULL)
		return false;
	svc->fwmark = get_u32(tb[IPVS_SVC_ATTR_FWMARK]);
	get_addr(&svc->addr, (uint8_t)get_u16(tb[IPVS_SVC_ATTR_AF]),
	    svc->fwmark == 0 ? tb[IPVS_SVC_ATTR_ADDR] : NULL);
	if (svc->fwmark == 0) {
		svc->protocol = (uint8_t)get_u16(tb[IPVS_SVC_ATTR_PROTOCOL]);
		svc->port = ntohs(get_u16(tb[IPVS_SVC_ATTR_PORT]));
	}
	get_name(svc->sched, tb[IPVS_SVC_ATTR_SCHED_NAME]);
	get_name(svc->pe, tb[IPVS_SVC_ATTR_PE_NAME]);
	if (tb[IPVS_SVC_ATTR_FLAGS] != NULL) {
		struct ip_vs_flags flags = { 0 };

		nla_memcpy(&flags, tb[IPVS_SVC_ATTR_FLAGS], sizeof flags);
		svc->flags = flags.flags & ~(uint32_t)IP_VS_SVC_F_HASHED;
	}
	svc->timeout_s = get_u32(tb[IPVS_SVC_ATTR_TIMEOUT]);
	svc->netmask = get_u32(tb[IPVS_SVC_ATTR_NETMASK]);
	return true;
}

bool msg_read_dest(const struct nlmsghdr *hdr, uint8_t svc_family, struct ipvs_dest *dest)
{
	struct nlattr *tb[IPVS_DEST_ATTR_MAX + 1];
	uint16_t family;

	memset(dest, 0, sizeof *dest);
	if (!open_nest(hdr, IPVS_CMD_ATTR_DEST, tb, IPVS_DEST_ATTR_MAX) ||
	    tb[IPVS_DEST_ATTR_ADDR] == NULL || tb[IPVS_DEST_ATTR_PORT] == NULL)
		return false;
	family = get_u16(tb[IPVS_DEST_ATTR_ADDR_FAMILY]);
	get_addr(&dest->addr, family != 0 ? (uint8_t)family : svc_family,
	    tb[IPVS_DEST_ATTR_ADDR]);
	dest->port = ntohs(get_u16(tb[IPVS_DEST_ATTR_PORT]));
	dest->fwd =
	    (uint8_t)(get_u32(tb[IPVS_DEST_ATTR_FWD_METHOD]) & IP_VS_CONN_F_FWD_MASK);
	dest->weight = get_u32(tb[IPVS_DEST_ATTR_WEIGHT]);
	dest->u_thresh = get_u32(tb[IPVS_DEST_ATTR_U_THRESH]);
	dest->l_thresh = get_u32(tb[IPVS_DEST_ATTR_L_THRESH]);
	if (tb[IPVS_DEST_ATTR_TUN_TYPE] != NULL)
		dest->tun_type = nla_get_u8(tb[IPVS_DEST_ATTR_TUN_TYPE]);
	dest->tun_port = ntohs(get_u16(tb[IPVS_DEST_ATTR_TUN_PORT]));
	dest->tun_flags = get_u16(tb[IPVS_DEST_ATTR_TUN_FLAGS]);
	dest->active = get_u32(tb[IPVS_DEST_ATTR_ACTIVE_CONNS]);
	dest->inactive = get_u32(tb[IPVS_DEST_ATTR_INACT_CONNS]);
	return true;
}

bool msg_read_timeouts(const struct nlmsghdr *hdr, struct ipvs_timeouts *t)
{
	struct nlattr *tb[IPVS_CMD_ATTR_MAX + 1];

	if (nlmsg_parse(
		(struct nlmsghdr *)hdr, GENL_HDRLEN, tb, IPVS_CMD_ATTR_MAX, NULL) != 0 ||
	    tb[IPVS_CMD_ATTR_TIMEOUT_TCP] == NULL)
		return false;
	t->tcp_s = get_u32(tb[IPVS_CMD_ATTR_TIMEOUT_TCP]);
	t->tcpfin_s = get_u32(tb[IPVS_CMD_ATTR_TIMEOUT_TCP_FIN]);
	t->udp_s = get_u32(tb[IPVS_CMD_ATTR_TIMEOUT_UDP]);
	return true;
}
