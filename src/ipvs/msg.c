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

/*
 * A request being written. By hand and not by libnl's nla_put(): a full table
 * is millions of attributes, and making them took as long as the kernel takes
 * to carry them out.
 */
struct request {
	unsigned char *start, *end;
};

static inline void put(struct request *r, uint16_t type, const void *value, uint16_t size)
{
	struct nlattr a = { .nla_len = NLA_HDRLEN + size, .nla_type = type };
	uint32_t padding = 0;
	unsigned char *last = r->end + NLA_ALIGN(a.nla_len) - sizeof padding;

	memcpy(last, &padding, sizeof padding);
	memcpy(r->end, &a, sizeof a);
	memcpy(r->end + NLA_HDRLEN, value, size);
	r->end += NLA_ALIGN(a.nla_len);
}

static inline void put_u8(struct request *r, uint16_t type, uint8_t value)
{
	put(r, type, &value, sizeof value);
}

static inline void put_u16(struct request *r, uint16_t type, uint16_t value)
{
	put(r, type, &value, sizeof value);
}

static inline void put_u32(struct request *r, uint16_t type, uint32_t value)
{
	put(r, type, &value, sizeof value);
}

static inline void put_name(struct request *r, uint16_t type, const char *name)
{
	put(r, type, name, (uint16_t)(strlen(name) + 1));
}

/* Begins an attribute that holds others; nest_end() is given what it returns. */
static unsigned char *nest(struct request *r, uint16_t type)
{
	unsigned char *start = r->end;

	put(r, type | NLA_F_NESTED, "", 0);
	return start;
}

static void nest_end(struct request *r, unsigned char *start)
{
	uint16_t len = (uint16_t)(r->end - start);

	memcpy(start + offsetof(struct nlattr, nla_len), &len, sizeof len);
}

static struct request begin(void *at, uint8_t cmd)
{
	struct genlmsghdr genl = { .cmd = cmd, .version = IPVS_GENL_VERSION };
	unsigned char *start = at;

	memcpy(start + NLMSG_HDRLEN, &genl, sizeof genl);
	return (struct request){ start, start + NLMSG_HDRLEN + GENL_HDRLEN };
}

static size_t end(const struct request *r, int family, uint32_t seq, uint16_t flags)
{
	struct nlmsghdr hdr = {
		.nlmsg_len = (uint32_t)(r->end - r->start),
		.nlmsg_type = (uint16_t)family,
		.nlmsg_flags = NLM_F_REQUEST | flags,
		.nlmsg_seq = seq,
	};

	assert(hdr.nlmsg_len <= MSG_MAX);
	memcpy(r->start, &hdr, sizeof hdr);
	return hdr.nlmsg_len;
}

static void put_svc_id(struct request *r, const struct ipvs_svc *svc)
{
	put_u16(r, IPVS_SVC_ATTR_AF, svc->addr.family);
	if (svc->fwmark != 0) {
		put_u32(r, IPVS_SVC_ATTR_FWMARK, svc->fwmark);
		return;
	}
	put_u16(r, IPVS_SVC_ATTR_PROTOCOL, svc->protocol);
	put(r, IPVS_SVC_ATTR_ADDR, svc->addr.bytes, sizeof svc->addr.bytes);
	put_u16(r, IPVS_SVC_ATTR_PORT, htons(svc->port));
}

static void put_svc(struct request *r, const struct ipvs_svc *svc, bool whole)
{
	unsigned char *start = nest(r, IPVS_CMD_ATTR_SERVICE);

	put_svc_id(r, svc);
	if (whole) {
		struct ip_vs_flags flags = { .flags = svc->flags, .mask = ~0u };

		put_name(r, IPVS_SVC_ATTR_SCHED_NAME, svc->sched);
		if (svc->pe[0] != '\0')
			put_name(r, IPVS_SVC_ATTR_PE_NAME, svc->pe);
		put(r, IPVS_SVC_ATTR_FLAGS, &flags, sizeof flags);
		put_u32(r, IPVS_SVC_ATTR_TIMEOUT, svc->timeout_s);
		put_u32(r, IPVS_SVC_ATTR_NETMASK, svc->netmask);
	}
	nest_end(r, start);
}

static void put_dest(struct request *r, const struct ipvs_dest *dest, bool whole)
{
	unsigned char *start = nest(r, IPVS_CMD_ATTR_DEST);

	put(r, IPVS_DEST_ATTR_ADDR, dest->addr.bytes, sizeof dest->addr.bytes);
	put_u16(r, IPVS_DEST_ATTR_PORT, htons(dest->port));
	put_u16(r, IPVS_DEST_ATTR_ADDR_FAMILY, dest->addr.family);
	if (whole) {
		put_u32(r, IPVS_DEST_ATTR_FWD_METHOD, dest->fwd);
		put_u32(r, IPVS_DEST_ATTR_WEIGHT, dest->weight);
		put_u32(r, IPVS_DEST_ATTR_U_THRESH, dest->u_thresh);
		put_u32(r, IPVS_DEST_ATTR_L_THRESH, dest->l_thresh);
		if (dest->fwd == IP_VS_CONN_F_TUNNEL) {
			put_u8(r, IPVS_DEST_ATTR_TUN_TYPE, dest->tun_type);
			put_u16(r, IPVS_DEST_ATTR_TUN_PORT, htons(dest->tun_port));
			put_u16(r, IPVS_DEST_ATTR_TUN_FLAGS, dest->tun_flags);
		}
	}
	nest_end(r, start);
}

size_t msg_op(
    void *at, int family, uint32_t seq, uint16_t flags, const struct ipvs_op *op)
{
	struct request r = begin(at, genl_cmd[op->cmd]);

	put_svc(&r, op->svc, op->cmd == IPVS_ADD_SVC || op->cmd == IPVS_SET_SVC);
	if (op->dest != NULL)
		put_dest(&r, op->dest, op->cmd != IPVS_DEL_DEST);
	return end(&r, family, seq, flags);
}

size_t msg_dump(void *at, int family, uint32_t seq, const struct ipvs_svc *svc)
{
	struct request r =
	    begin(at, svc != NULL ? IPVS_CMD_GET_DEST : IPVS_CMD_GET_SERVICE);

	if (svc != NULL)
		put_svc(&r, svc, false);
	return end(&r, family, seq, NLM_F_DUMP);
}

size_t msg_service(void *at, int family, uint32_t seq, const struct ipvs_svc *svc)
{
	struct request r = begin(at, IPVS_CMD_GET_SERVICE);

	put_svc(&r, svc, false);
	return end(&r, family, seq, 0);
}

size_t msg_timeouts(void *at, int family, uint32_t seq, const struct ipvs_timeouts *t)
{
	struct request r =
	    begin(at, t != NULL ? IPVS_CMD_SET_CONFIG : IPVS_CMD_GET_CONFIG);

	if (t == NULL)
		return end(&r, family, seq, 0);
	put_u32(&r, IPVS_CMD_ATTR_TIMEOUT_TCP, t->tcp_s);
	put_u32(&r, IPVS_CMD_ATTR_TIMEOUT_TCP_FIN, t->tcpfin_s);
	put_u32(&r, IPVS_CMD_ATTR_TIMEOUT_UDP, t->udp_s);
	return end(&r, family, seq, NLM_F_ACK);
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

static uint64_t get_u64(const struct nlattr *a)
{
	return a != NULL && nla_len(a) >= 8 ? nla_get_u64(a) : 0;
}

bool msg_read_rate(const struct nlmsghdr *hdr, uint8_t svc_family, struct ipvs_rate *rate)
{
	struct nlattr *tb[IPVS_DEST_ATTR_MAX + 1], *stats[IPVS_STATS_ATTR_MAX + 1];
	struct ipvs_dest dest;

	if (!msg_read_dest(hdr, svc_family, &dest) ||
	    !open_nest(hdr, IPVS_CMD_ATTR_DEST, tb, IPVS_DEST_ATTR_MAX))
		return false;
	*rate = (struct ipvs_rate){ .addr = dest.addr, .port = dest.port };
	/* Kernels before 4.1 have counters of 32 bits in another attribute. */
	if (tb[IPVS_DEST_ATTR_STATS64] == NULL ||
	    nla_parse_nested(
		stats, IPVS_STATS_ATTR_MAX, tb[IPVS_DEST_ATTR_STATS64], NULL) != 0)
		return true;
	rate->conns = get_u64(stats[IPVS_STATS_ATTR_CONNS]);
	rate->in_bytes = get_u64(stats[IPVS_STATS_ATTR_INBYTES]);
	rate->out_bytes = get_u64(stats[IPVS_STATS_ATTR_OUTBYTES]);
	rate->conns_s = get_u64(stats[IPVS_STATS_ATTR_CPS]);
	rate->in_bytes_s = get_u64(stats[IPVS_STATS_ATTR_INBPS]);
	rate->out_bytes_s = get_u64(stats[IPVS_STATS_ATTR_OUTBPS]);
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

size_t msg_sync(void *at, int family, uint32_t seq, const struct ipvs_sync *s)
{
	struct request r = begin(at, s->on ? IPVS_CMD_NEW_DAEMON : IPVS_CMD_DEL_DAEMON);
	unsigned char *start = nest(&r, IPVS_CMD_ATTR_DAEMON);

	put_u32(&r, IPVS_DAEMON_ATTR_STATE,
	    s->master ? IP_VS_STATE_MASTER : IP_VS_STATE_BACKUP);
	if (s->on) {
		put_name(&r, IPVS_DAEMON_ATTR_MCAST_IFN, s->iface);
		put_u32(&r, IPVS_DAEMON_ATTR_SYNC_ID, s->syncid);
		if (s->maxlen != 0)
			put_u16(&r, IPVS_DAEMON_ATTR_SYNC_MAXLEN, s->maxlen);
		if (s->group.family == AF_INET6)
			put(&r, IPVS_DAEMON_ATTR_MCAST_GROUP6, s->group.bytes, 16);
		else if (s->group.family == AF_INET)
			put(&r, IPVS_DAEMON_ATTR_MCAST_GROUP, s->group.bytes, 4);
		if (s->port != 0)
			put_u16(&r, IPVS_DAEMON_ATTR_MCAST_PORT, s->port);
		if (s->ttl != 0)
			put_u8(&r, IPVS_DAEMON_ATTR_MCAST_TTL, s->ttl);
	}
	nest_end(&r, start);
	return end(&r, family, seq, NLM_F_ACK);
}

size_t msg_dump_sync(void *at, int family, uint32_t seq)
{
	struct request r = begin(at, IPVS_CMD_GET_DAEMON);

	return end(&r, family, seq, NLM_F_DUMP);
}

bool msg_read_sync(const struct nlmsghdr *hdr, struct ipvs_sync *s)
{
	struct nlattr *tb[IPVS_DAEMON_ATTR_MAX + 1];

	memset(s, 0, sizeof *s);
	if (!open_nest(hdr, IPVS_CMD_ATTR_DAEMON, tb, IPVS_DAEMON_ATTR_MAX) ||
	    tb[IPVS_DAEMON_ATTR_STATE] == NULL || tb[IPVS_DAEMON_ATTR_MCAST_IFN] == NULL)
		return false;
	s->on = true;
	s->master = get_u32(tb[IPVS_DAEMON_ATTR_STATE]) == IP_VS_STATE_MASTER;
	nla_strlcpy(s->iface, tb[IPVS_DAEMON_ATTR_MCAST_IFN], sizeof s->iface);
	s->syncid = (uint8_t)get_u32(tb[IPVS_DAEMON_ATTR_SYNC_ID]);
	s->maxlen = get_u16(tb[IPVS_DAEMON_ATTR_SYNC_MAXLEN]);
	s->port = get_u16(tb[IPVS_DAEMON_ATTR_MCAST_PORT]);
	if (tb[IPVS_DAEMON_ATTR_MCAST_TTL] != NULL)
		s->ttl = nla_get_u8(tb[IPVS_DAEMON_ATTR_MCAST_TTL]);
	if (tb[IPVS_DAEMON_ATTR_MCAST_GROUP6] != NULL)
		get_addr(&s->group, AF_INET6, tb[IPVS_DAEMON_ATTR_MCAST_GROUP6]);
	else if (tb[IPVS_DAEMON_ATTR_MCAST_GROUP] != NULL)
		get_addr(&s->group, AF_INET, tb[IPVS_DAEMON_ATTR_MCAST_GROUP]);
	return true;
}
