/*
 * The kernel's words for the language's: schedulers and their flags, forwarding,
 * tunnels, netmasks; and the families that a director has a service for.
 */
#include "lvsd/service.h"

#include <arpa/inet.h>
#include <linux/ip_vs.h>
#include <stdlib.h>
#include <string.h>

/*
 * The kernel's scheduler for each word. sh and mh get their fallback flag
 * always: without it a server at weight 0 refuses the clients hashed to it
 * (ip_vs_sh.c, ip_vs_mh.c). srcdst is sh: with one address per director the
 * destination adds nothing to the hash.
 */
static const struct {
	const char *sched;
	uint32_t flags;
} schedulers[] = {
	[BALANCE_ROUNDROBIN] = { "wrr", 0 },
	[BALANCE_LEASTCONN] = { "wlc", 0 },
	[BALANCE_LOCALITY] = { "lblc", 0 },
	[BALANCE_LOCALITY_REPLICATION] = { "lblcr", 0 },
	[BALANCE_SOURCE] = { "sh", IP_VS_SVC_F_SCHED1 },
	[BALANCE_SRCDST] = { "sh", IP_VS_SVC_F_SCHED1 },
	[BALANCE_DEST] = { "dh", 0 },
	[BALANCE_SHORTEXPDELAY] = { "sed", 0 },
	[BALANCE_NEVERQUEUE] = { "nq", 0 },
	[BALANCE_FO] = { "fo", 0 },
	[BALANCE_OVF] = { "ovf", 0 },
	[BALANCE_MH] = { "mh", IP_VS_SVC_F_SCHED1 },
	[BALANCE_TWOS] = { "twos", 0 },
};

/* The second flag: the hash takes the client's port, too (ip_vs_sh.c, ip_vs_mh.c). */
#define FLAG_HASH_PORT IP_VS_SVC_F_SCHED2

const char *service_unsupported(const struct director_conf *d)
{
	if (d->mark != 0)
		return NULL;
	if (addr_is_set(&d->addr) && (d->port != 0 || d->persistent))
		return NULL;
	return "there is no mark left for it";
}

/* ---- identities ---- */

void service_id(const struct director_conf *d, uint8_t family, struct ipvs_svc *svc)
{
	memset(svc, 0, sizeof *svc);
	svc->addr.family = family;
	if (d->mark != 0) {
		svc->fwmark = d->mark;
		return;
	}
	svc->addr = d->addr;
	svc->protocol = d->protocol;
	svc->port = d->port;
}

static uint8_t forwarding(enum mode mode)
{
	switch (mode) {
	case MODE_GATEWAY:
		return IP_VS_CONN_F_DROUTE;
	case MODE_TUNNEL:
		return IP_VS_CONN_F_TUNNEL;
	default:
		return IP_VS_CONN_F_MASQ;
	}
}

static void tunnel_attrs(const struct director_conf *d, struct ipvs_dest *dest)
{
	static const uint8_t types[] = {
		[TUNNEL_IPIP] = IP_VS_CONN_F_TUNNEL_TYPE_IPIP,
		[TUNNEL_GUE] = IP_VS_CONN_F_TUNNEL_TYPE_GUE,
		[TUNNEL_GRE] = IP_VS_CONN_F_TUNNEL_TYPE_GRE,
	};
	static const uint16_t checksums[] = {
		[CHECKSUM_NONE] = IP_VS_TUNNEL_ENCAP_FLAG_NOCSUM,
		[CHECKSUM_YES] = IP_VS_TUNNEL_ENCAP_FLAG_CSUM,
		[CHECKSUM_REMOTE] = IP_VS_TUNNEL_ENCAP_FLAG_REMCSUM,
	};

	if (d->mode != MODE_TUNNEL)
		return;
	dest->tun_type = types[d->tunnel_type];
	dest->tun_port = d->tunnel_port;
	dest->tun_flags = checksums[d->tunnel_checksum];
}

void service_dest(const struct director_conf *d, const struct server_conf *s,
    uint32_t weight, struct ipvs_dest *dest)
{
	memset(dest, 0, sizeof *dest);
	dest->addr = s->addr;
	/* As ipvsadm does: without a port, the service's. */
	dest->port = s->port != 0 ? s->port : d->port;
	dest->fwd = forwarding(d->mode);
	dest->weight = weight;
	dest->u_thresh = s->maxconn;
	dest->l_thresh = s->minconn;
	dest->active = dest->inactive = IPVS_CONNS_UNKNOWN;
	tunnel_attrs(d, dest);
}

const struct ipvs_dest *service_find(
    const struct server_state *s, const struct ipvs_table *have)
{
	const struct director_conf *d = s->director->conf;
	const struct ipvs_svc *svc;
	struct ipvs_svc svc_key;
	struct ipvs_dest id;

	service_dest(d, s->conf, 0, &id);
	service_id(d, service_family(d, s->conf), &svc_key);
	svc = ipvs_table_find(have, &svc_key);
	return svc != NULL ? ipvs_svc_find(svc, &id) : NULL;
}

/* ---- services ---- */

static uint32_t netmask(const struct director_conf *d, uint8_t family)
{
	unsigned full = family == AF_INET6 ? 128 : 32, prefix = full;

	/* A mark director can have both families; a length that fits only one
	 * of them is meant for that one. */
	if (d->persistent &&
	    (addr_is_set(&d->addr) || (d->persist_prefix > 32) == (full > 32)))
		prefix = d->persist_prefix;
	if (family == AF_INET6)
		return prefix;
	return prefix == 0 ? 0 : htonl(0xffffffffu << (32 - prefix));
}

static void sched_attrs(const struct director_conf *d, struct ipvs_svc *svc)
{
	static const uint32_t flags[] = { IP_VS_SVC_F_SCHED1, IP_VS_SVC_F_SCHED2,
		IP_VS_SVC_F_SCHED3 };

	if (d->balance == BALANCE_KERNEL) {
		strlcpy(svc->sched, d->kernel_sched->name, sizeof svc->sched);
		for (int i = 0; i < 3; i++)
			if (d->kernel_sched->flags[i])
				svc->flags |= flags[i];
		return;
	}
	strcpy(svc->sched, schedulers[d->balance].sched);
	svc->flags = schedulers[d->balance].flags;
	if (d->hash_port)
		svc->flags |= FLAG_HASH_PORT;
}

void service_attrs(const struct director_conf *d, struct ipvs_svc *svc)
{
	sched_attrs(d, svc);
	if (d->onepacket)
		svc->flags |= IP_VS_SVC_F_ONEPACKET;
	if (d->persistent) {
		svc->flags |= IP_VS_SVC_F_PERSISTENT;
		svc->timeout_s = d->persist_timeout_s;
	}
	svc->netmask = netmask(d, svc->addr.family);
}

/* dh picks one server by hash and refuses when that one has weight 0: with it
 * a server has weight or is not there (ip_vs_dh.c). */
bool service_is_hashed(const struct director_conf *d)
{
	return d->balance == BALANCE_DEST ||
	       (d->balance == BALANCE_KERNEL && strcmp(d->kernel_sched->name, "dh") == 0);
}

size_t service_families(const struct director_conf *d, uint8_t family[SERVICE_FAMILIES])
{
	const struct server_conf *s;
	bool v4 = false, v6 = false;
	size_t n = 0;

	if (service_unsupported(d) != NULL)
		return 0;
	if (addr_is_set(&d->addr)) {
		family[0] = d->addr.family;
		return 1;
	}
	STAILQ_FOREACH (s, &d->servers, entry) {
		v4 = v4 || s->addr.family == AF_INET;
		v6 = v6 || s->addr.family == AF_INET6;
	}
	if (v4 || !v6)
		family[n++] = AF_INET;
	if (v6)
		family[n++] = AF_INET6;
	return n;
}

size_t service_identities(
    const struct director_conf *d, struct ipvs_svc ids[SERVICE_FAMILIES])
{
	uint8_t family[SERVICE_FAMILIES];
	size_t n = service_families(d, family);

	for (size_t i = 0; i < n; i++) {
		service_id(d, family[i], &ids[i]);
		ids[i].tag = PLAN_TAG_LEAVING;
	}
	return n;
}

bool service_same(const struct director_conf *a, const struct director_conf *b)
{
	uint8_t family_a[2], family_b[2];
	size_t n = service_families(a, family_a);

	if (service_families(b, family_b) != n)
		return false;
	for (size_t i = 0; i < n; i++) {
		struct ipvs_svc x, y;

		service_id(a, family_a[i], &x);
		service_id(b, family_b[i], &y);
		service_attrs(a, &x);
		service_attrs(b, &y);
		if (ipvs_svc_cmp(&x, &y) != 0 || !ipvs_svc_same(&x, &y))
			return false;
	}
	return true;
}
