/*
 * arp: who-has for IPv4 servers, neighbour solicitation for IPv6 ones.
 *
 * A run asks on the interface it was told, or on the one whose network the
 * server is in (nets.h), through a socket that all runs share (raw.h). An
 * answer counts when the server's own address sent it.
 */
#include "arp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <netinet/icmp6.h>
#include <netinet/if_ether.h>
#include <stdlib.h>
#include <string.h>

#include "check/reason.h"
#include "check/run.h"
#include "lib/xalloc.h"

/* Of a packet that no router touched, RFC 4861, section 7.1. */
#define ND_HOP_LIMIT 255

struct arp_talk {
	RB_ENTRY(arp_talk) entry;
	struct addr server;
	struct run *run; /* NULL sorts first, for a search */
	struct nets_way way;
	bool answered;
};

/* By address; several probes may ask for the same one. */
static int talk_cmp(const struct arp_talk *a, const struct arp_talk *b)
{
	int d = addr_cmp(&a->server, &b->server);

	return d != 0 ? d : (a->run > b->run) - (a->run < b->run);
}

/* Not RB_GENERATE_STATIC, whose __unused only BSD's headers define. */
RB_GENERATE_INTERNAL(arp_tree, arp_talk, entry, talk_cmp, static __attribute__((unused)))

static int send_request(
    struct raw *raw, const struct nets_way *way, const struct addr *server)
{
	const struct raw_socket *s = &raw->sockets[RAW_ARP];
	struct ether_arp q = {
		.ea_hdr = { htons(ARPHRD_ETHER), htons(ETHERTYPE_IP), ETH_ALEN, 4,
		    htons(ARPOP_REQUEST) },
	};
	struct sockaddr_ll to = { .sll_family = AF_PACKET,
		.sll_protocol = htons(ETHERTYPE_ARP),
		.sll_ifindex = way->ifindex,
		.sll_halen = ETH_ALEN,
		.sll_addr = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } };

	if (s->fd < 0)
		return s->error;
	memcpy(q.arp_sha, way->mac, ETH_ALEN);
	memcpy(q.arp_spa, way->source.bytes, 4);
	memcpy(q.arp_tpa, server->bytes, 4);
	if (sendto(s->fd, &q, sizeof q, MSG_DONTWAIT, (struct sockaddr *)&to,
		sizeof to) >= 0)
		return 0;
	return errno == EAGAIN ? ENOBUFS : errno;
}

static int send_solicitation(
    struct raw *raw, const struct nets_way *way, const struct addr *server)
{
	/* The solicited-node address ends as the server's, RFC 4291, 2.7.1. */
	struct addr group = { AF_INET6, { 0xff, 2, [11] = 1, [12] = 0xff } };
	struct {
		struct nd_neighbor_solicit ns;
		struct nd_opt_hdr option;
		uint8_t mac[ETH_ALEN];
	} q = { .ns.nd_ns_type = ND_NEIGHBOR_SOLICIT,
		.option = { ND_OPT_SOURCE_LINKADDR, 1 } };
	const struct raw_send s = { .to = &group,
		.source = &way->source,
		.ifindex = way->ifindex,
		.hop_limit = ND_HOP_LIMIT,
		.data = &q,
		.len = sizeof q };

	memcpy(group.bytes + 13, server->bytes + 13, 3);
	memcpy(&q.ns.nd_ns_target, server->bytes, 16);
	memcpy(q.mac, way->mac, ETH_ALEN);
	return raw_send(raw, RAW_ICMP6, &s);
}

static void ask(struct run *r)
{
	struct checker *c = r->checker;
	struct arp_talk *t = r->talk;
	const struct addr *server = &r->probe.addr;
	int err = server->family == AF_INET ? send_request(&c->raw, &t->way, server)
					    : send_solicitation(&c->raw, &t->way, server);

	if (err == 0)
		return;
	if (err == ENODEV || err == ENXIO)
		run_ended(r, REASON_LOCAL_INTERFACE, err);
	else if (err == EADDRNOTAVAIL)
		run_ended(r, REASON_LOCAL_SOURCE, err);
	else
		run_ended(r, reason_of_call(err), err);
}

static void arp_start(struct run *r)
{
	const struct check_conf *check = r->probe.check;
	struct checker *c = r->checker;
	struct arp_talk *t = xcalloc(1, sizeof *t);

	t->server = r->probe.addr;
	t->run = r;
	r->talk = t;
	RB_INSERT(arp_tree, &c->arp, t);
	switch (
	    nets_find(&c->nets, &r->probe.addr, check->iface, &check->source, &t->way)) {
	case NETS_FOUND:
		ask(r);
		break;
	case NETS_NO_INTERFACE:
		run_ended(r, REASON_LOCAL_INTERFACE, 0);
		break;
	case NETS_NO_SOURCE:
		run_ended(r, REASON_LOCAL_SOURCE, 0);
		break;
	}
}

static void arp_cancel(struct run *r)
{
	struct arp_talk *t = r->talk;

	if (!t->answered)
		nets_doubt(&r->checker->nets);
	RB_REMOVE(arp_tree, &r->checker->arp, t);
	free(t);
	r->talk = NULL;
}

/* SERVER answered US on IFINDEX. The key sorts before every talk about it. */
static void answered(
    struct checker *c, const struct addr *server, int ifindex, const struct addr *us)
{
	struct arp_talk key = { .server = *server }, *t, *next;

	for (t = RB_NFIND(arp_tree, &c->arp, &key); t != NULL; t = next) {
		if (addr_cmp(&t->server, server) != 0)
			break;
		next = RB_NEXT(arp_tree, &c->arp, t);
		if (t->way.ifindex != ifindex || addr_cmp(&t->way.source, us) != 0)
			continue;
		t->answered = true;
		run_ended(t->run, REASON_OK, 0);
	}
}

void arp_input(struct checker *c, const struct raw_packet *p)
{
	struct addr server = { .family = AF_INET }, us = { .family = AF_INET };
	struct ether_arp a;

	if (p->len < sizeof a)
		return;
	memcpy(&a, p->data, sizeof a);
	if (ntohs(a.arp_hrd) != ARPHRD_ETHER || ntohs(a.arp_pro) != ETHERTYPE_IP ||
	    a.arp_hln != ETH_ALEN || a.arp_pln != 4 || ntohs(a.arp_op) != ARPOP_REPLY)
		return;
	memcpy(server.bytes, a.arp_spa, 4);
	memcpy(us.bytes, a.arp_tpa, 4);
	answered(c, &server, p->ifindex, &us);
}

void arp_advert_input(struct checker *c, const struct raw_packet *p)
{
	struct nd_neighbor_advert na;
	struct addr server = { .family = AF_INET6 };

	if (p->len < sizeof na || p->hop_limit != ND_HOP_LIMIT)
		return;
	memcpy(&na, p->data, sizeof na);
	if (na.nd_na_type != ND_NEIGHBOR_ADVERT || na.nd_na_code != 0)
		return;
	memcpy(server.bytes, &na.nd_na_target, 16);
	answered(c, &server, p->ifindex, &p->to);
}

const struct probe_ops arp_ops = {
	.start = arp_start,
	.cancel = arp_cancel,
	.silence = REASON_NO_ARP_ANSWER,
};
