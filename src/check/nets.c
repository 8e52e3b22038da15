/*
 * nets: which interface a server is reached by, without asking a router.
 *
 * The connected networks of this machine, read with getifaddrs() and kept until
 * they are in doubt; the longest prefix wins, as in a routing table.
 */
#include "nets.h"

#include <ifaddrs.h>
#include <linux/if_packet.h>
#include <net/if_arp.h>
#include <string.h>

#include "lib/mono.h"
#include "lib/xalloc.h"

#define REREAD_US UINT64_C(5000000)

static void add_link(struct nets *n, const struct ifaddrs *i)
{
	const struct sockaddr_ll *ll = (const void *)i->ifa_addr;
	struct nets_link *l;

	if (ll->sll_hatype != ARPHRD_ETHER || ll->sll_halen != sizeof l->mac)
		return;
	n->links = xgrow(n->links, n->n_links, &n->cap_links, sizeof *n->links);
	l = &n->links[n->n_links++];
	*l = (struct nets_link){ .ifindex = ll->sll_ifindex };
	memcpy(l->mac, ll->sll_addr, sizeof l->mac);
	strlcpy(l->name, i->ifa_name, sizeof l->name);
}

static unsigned prefix_of(const struct sockaddr *mask)
{
	struct addr m = addr_of_sockaddr(mask);
	unsigned bits = 0;

	for (size_t i = 0; i < sizeof m.bytes; i++)
		bits += (unsigned)__builtin_popcount(m.bytes[i]);
	return bits;
}

/* An IPv4 address may stand there under its label, "eth0:1". */
static void add_addr(struct nets *n, const struct ifaddrs *i)
{
	size_t len = strcspn(i->ifa_name, ":");

	for (size_t l = 0; l < n->n_links; l++) {
		const char *name = n->links[l].name;

		if (strncmp(name, i->ifa_name, len) != 0 || name[len] != '\0')
			continue;
		n->addrs = xgrow(n->addrs, n->n_addrs, &n->cap_addrs, sizeof *n->addrs);
		n->addrs[n->n_addrs++] = (struct nets_addr){
			.addr = addr_of_sockaddr(i->ifa_addr),
			.prefix = prefix_of(i->ifa_netmask),
			.link = l,
		};
	}
}

/* When the list cannot be had, the old one stays. */
static void read_all(struct nets *n)
{
	struct ifaddrs *all;

	n->read_us = mono_us();
	n->doubted = false;
	if (getifaddrs(&all) < 0)
		return;
	n->n_links = n->n_addrs = 0;
	for (const struct ifaddrs *i = all; i != NULL; i = i->ifa_next)
		if (i->ifa_addr != NULL && i->ifa_addr->sa_family == AF_PACKET)
			add_link(n, i);
	for (const struct ifaddrs *i = all; i != NULL; i = i->ifa_next)
		if (i->ifa_addr != NULL && i->ifa_netmask != NULL &&
		    addr_of_sockaddr(i->ifa_addr).family != AF_UNSPEC)
			add_addr(n, i);
	freeifaddrs(all);
}

static bool holds(const struct nets_addr *net, const struct addr *a)
{
	unsigned whole = net->prefix / 8, rest = net->prefix % 8;
	uint8_t mask = (uint8_t)(0xff00 >> rest);

	if (net->addr.family != a->family ||
	    memcmp(net->addr.bytes, a->bytes, whole) != 0)
		return false;
	return rest == 0 || ((net->addr.bytes[whole] ^ a->bytes[whole]) & mask) == 0;
}

/*
 * The address to speak from. A named interface is believed even when no prefix
 * on it holds SERVER: then any address of the family does.
 */
static const struct nets_addr *best(
    const struct nets *n, const struct addr *server, const char *iface)
{
	const struct nets_addr *found = NULL;
	int found_bits = -1;

	for (size_t i = 0; i < n->n_addrs; i++) {
		const struct nets_addr *a = &n->addrs[i];
		int bits = holds(a, server) ? (int)a->prefix : -1;

		if (a->addr.family != server->family)
			continue;
		if (iface != NULL ? strcmp(n->links[a->link].name, iface) != 0 : bits < 0)
			continue;
		if (found == NULL || bits > found_bits) {
			found = a;
			found_bits = bits;
		}
	}
	return found;
}

static bool is_ours(const struct nets *n, const struct addr *a)
{
	for (size_t i = 0; i < n->n_addrs; i++)
		if (addr_cmp(&n->addrs[i].addr, a) == 0)
			return true;
	return false;
}

static enum nets_result search(const struct nets *n, const struct addr *server,
    const char *iface, const struct addr *source, struct nets_way *way)
{
	const struct nets_addr *from = best(n, server, iface);

	if (from == NULL)
		return NETS_NO_INTERFACE;
	if (addr_is_set(source) && !is_ours(n, source))
		return NETS_NO_SOURCE;
	way->ifindex = n->links[from->link].ifindex;
	memcpy(way->mac, n->links[from->link].mac, sizeof way->mac);
	way->source = addr_is_set(source) ? *source : from->addr;
	return NETS_FOUND;
}

enum nets_result nets_find(struct nets *n, const struct addr *server, const char *iface,
    const struct addr *source, struct nets_way *way)
{
	enum nets_result result = search(n, server, iface, source, way);

	if (result == NETS_FOUND && !n->doubted)
		return result;
	if (n->read_us != 0 && mono_us() - n->read_us < REREAD_US)
		return result;
	read_all(n);
	return search(n, server, iface, source, way);
}

void nets_doubt(struct nets *n)
{
	n->doubted = true;
}
