/*
 * Services and operations as ipvsadm(8) says them.
 *
 * `lvsctl table` and the logs speak ipvsadm, because that is what the
 * operator knows and can type. The table's form is that of `ipvsadm -Sn`
 * (ipvsadm.c, print_service_entry with FMT_RULE), byte for byte.
 */
#include <arpa/inet.h>
#include <linux/ip_vs.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "ipvs/ipvs.h"

static const char *protocol_option(const struct ipvs_svc *svc)
{
	if (svc->fwmark != 0)
		return "-f";
	switch (svc->protocol) {
	case IPPROTO_UDP:
		return "-u";
	case IPPROTO_SCTP:
		return "--sctp-service";
	default:
		return "-t";
	}
}

/* "-t 10.9.9.1:80", "-f 5", "-f 5 -6" */
static void svc_id_text(const struct ipvs_svc *svc, struct buf *b)
{
	char text[ADDR_TEXT_MAX];

	if (svc->fwmark == 0)
		buf_printf(b, "%s %s", protocol_option(svc),
		    addr_port_text(&svc->addr, svc->port, text));
	else
		buf_printf(b, "-f %u%s", (unsigned)svc->fwmark,
		    svc->addr.family == AF_INET6 ? " -6" : "");
}

/* The two scheduler flags have names with the schedulers that use them. */
static void sched_flags_text(const struct ipvs_svc *svc, struct buf *b)
{
	bool sh = strcmp(svc->sched, "sh") == 0, mh = strcmp(svc->sched, "mh") == 0;
	const char *names[] = {
		sh   ? "sh-fallback"
		: mh ? "mh-fallback"
		     : "flag-1",
		sh   ? "sh-port"
		: mh ? "mh-port"
		     : "flag-2",
		"flag-3",
	};
	static const uint32_t bits[] = {
		IP_VS_SVC_F_SCHED1,
		IP_VS_SVC_F_SCHED2,
		IP_VS_SVC_F_SCHED3,
	};
	const char *before = " -b ";

	for (size_t i = 0; i < 3; i++) {
		if (!(svc->flags & bits[i]))
			continue;
		buf_printf(b, "%s%s", before, names[i]);
		before = ",";
	}
}

static void svc_attrs_text(const struct ipvs_svc *svc, struct buf *b)
{
	bool v6 = svc->addr.family == AF_INET6;

	buf_printf(b, " -s %s", svc->sched);
	if (svc->flags & IP_VS_SVC_F_PERSISTENT) {
		buf_printf(b, " -p %u", (unsigned)svc->timeout_s);
		if (v6 && svc->netmask != 128) {
			buf_printf(b, " -M %u", (unsigned)svc->netmask);
		} else if (!v6 && svc->netmask != 0xffffffff) {
			struct in_addr mask = { .s_addr = svc->netmask };
			char text[INET_ADDRSTRLEN];

			buf_printf(
			    b, " -M %s", inet_ntop(AF_INET, &mask, text, sizeof text));
		}
	}
	if (svc->pe[0] != '\0')
		buf_printf(b, " --pe %s", svc->pe);
	if (svc->flags & IP_VS_SVC_F_ONEPACKET)
		buf_str(b, " -o");
	sched_flags_text(svc, b);
}

static const char *fwd_option(uint8_t fwd)
{
	switch (fwd) {
	case IP_VS_CONN_F_MASQ:
		return "-m";
	case IP_VS_CONN_F_TUNNEL:
		return "-i";
	default:
		/* ipvsadm has no word for a local destination; the kernel
		 * makes one of any method when the address is local. */
		return "-g";
	}
}

static void tunnel_text(const struct ipvs_dest *dest, struct buf *b)
{
	static const char *const types[] = {
		[IP_VS_CONN_F_TUNNEL_TYPE_IPIP] = "ipip",
		[IP_VS_CONN_F_TUNNEL_TYPE_GUE] = "gue",
		[IP_VS_CONN_F_TUNNEL_TYPE_GRE] = "gre",
	};

	if (dest->tun_type >= sizeof types / sizeof *types)
		return;
	buf_printf(b, " --tun-type %s", types[dest->tun_type]);
	if (dest->tun_type == IP_VS_CONN_F_TUNNEL_TYPE_GUE)
		buf_printf(b, " --tun-port %u", (unsigned)dest->tun_port);
	if (dest->tun_type == IP_VS_CONN_F_TUNNEL_TYPE_IPIP)
		return;
	if (dest->tun_flags & IP_VS_TUNNEL_ENCAP_FLAG_CSUM)
		buf_str(b, " --tun-csum");
	else if (dest->tun_flags & IP_VS_TUNNEL_ENCAP_FLAG_REMCSUM)
		buf_str(b, " --tun-remcsum");
	else
		buf_str(b, " --tun-nocsum");
}

/* Of commands only: ipvsadm -Sn leaves them out. */
static void thresholds_text(const struct ipvs_dest *dest, struct buf *b)
{
	if (dest->u_thresh != 0)
		buf_printf(b, " -x %u", (unsigned)dest->u_thresh);
	if (dest->l_thresh != 0)
		buf_printf(b, " -y %u", (unsigned)dest->l_thresh);
}

static void dest_text(const struct ipvs_dest *dest, bool attrs, struct buf *b)
{
	char text[ADDR_TEXT_MAX];

	buf_printf(b, " -r %s", addr_port_text(&dest->addr, dest->port, text));
	if (!attrs)
		return;
	buf_printf(b, " %s -w %u", fwd_option(dest->fwd), (unsigned)dest->weight);
	if (dest->fwd == IP_VS_CONN_F_TUNNEL)
		tunnel_text(dest, b);
}

void ipvs_svc_text(const struct ipvs_svc *svc, struct buf *b)
{
	buf_str(b, "-A ");
	svc_id_text(svc, b);
	svc_attrs_text(svc, b);
	buf_str(b, "\n");
	for (size_t i = 0; i < svc->n_dests; i++) {
		buf_str(b, "-a ");
		svc_id_text(svc, b);
		dest_text(&svc->dests[i], true, b);
		buf_str(b, "\n");
	}
}

void ipvs_table_text(const struct ipvs_table *t, struct buf *b)
{
	for (size_t i = 0; i < t->n; i++)
		ipvs_svc_text(&t->svcs[i], b);
}

void ipvs_op_text(const struct ipvs_op *op, struct buf *b)
{
	static const char *const options[IPVS_N_CMDS] = {
		[IPVS_ADD_SVC] = "-A",
		[IPVS_SET_SVC] = "-E",
		[IPVS_DEL_SVC] = "-D",
		[IPVS_ADD_DEST] = "-a",
		[IPVS_SET_DEST] = "-e",
		[IPVS_DEL_DEST] = "-d",
	};

	buf_printf(b, "ipvsadm %s ", options[op->cmd]);
	svc_id_text(op->svc, b);
	if (op->cmd == IPVS_ADD_SVC || op->cmd == IPVS_SET_SVC)
		svc_attrs_text(op->svc, b);
	if (op->dest == NULL)
		return;
	dest_text(op->dest, op->cmd != IPVS_DEL_DEST, b);
	if (op->cmd != IPVS_DEL_DEST)
		thresholds_text(op->dest, b);
}

const char *ipvs_svc_name(const struct ipvs_svc *svc, char *buf)
{
	char text[ADDR_TEXT_MAX];

	if (svc->fwmark != 0)
		snprintf(buf, IPVS_SVC_NAME_MAX, "FWM %u", (unsigned)svc->fwmark);
	else
		snprintf(buf, IPVS_SVC_NAME_MAX, "%s %s",
		    svc->protocol == IPPROTO_UDP    ? "UDP"
		    : svc->protocol == IPPROTO_SCTP ? "SCTP"
						    : "TCP",
		    addr_port_text(&svc->addr, svc->port, text));
	return buf;
}
