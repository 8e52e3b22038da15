/*
 * Addresses and routes: whether packets of clients are taken in here, and whether they
 * reach the servers as the director's mode needs it.
 */
#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lvsctl/doctor.h"
#include "lvsctl/words.h"

/* TEXT is an address, or one with its port. */
static bool read_address(const char *text, struct addr *addr)
{
	const char *end = strrchr(text, ':');

	if (text[0] == '[')
		return addr_parse(addr, text + 1, strcspn(text, "]") - 1);
	if (end == NULL || strchr(text, ':') != end)
		return addr_parse(addr, text, strlen(text));
	return addr_parse(addr, text, (size_t)(end - text));
}

static void look_at_vip(struct doctor *d, const json_t *director)
{
	const char *vip = words_of(director, "vip");
	struct route route;
	struct addr addr;
	char type[128];

	if (*vip == '\0' || !read_address(vip, &addr) ||
	    words_number(director, "mark") != 0 || /* rules lead its packets here */
	    !routes_get(d->routes, &addr, &route) || route.is_local)
		return;
	snprintf(type, sizeof type, "ip addr add %s/%d dev lo", vip,
	    addr.family == AF_INET6 ? 128 : 32);
	doctor_find(d, words_of(director, "name"), type,
	    "%s is no address of this machine, so packets to it are not balanced", vip);
}

static void look_at_server(struct doctor *d, const json_t *director, const json_t *server)
{
	const char *name = words_of(director, "name"), *mode = words_of(director, "mode");
	const char *server_name = words_of(server, "name");
	char text[ADDR_TEXT_MAX], type[160];
	struct route route;
	struct addr addr;

	if (!read_address(words_of(server, "address"), &addr) ||
	    !routes_get(d->routes, &addr, &route) || route.is_local)
		return;
	addr_text(&addr, text);
	if (!route.found) {
		snprintf(type, sizeof type, "ip route add %s/%d dev INTERFACE", text,
		    addr.family == AF_INET6 ? 128 : 32);
		doctor_find(d, name, type, "there is no route to server %s, %s",
		    server_name, text);
	} else if (route.by_router && strcmp(mode, "gateway") == 0) {
		snprintf(type, sizeof type,
		    "mode tunnel   # or an address of this machine in the network of %s",
		    text);
		doctor_find(d, name, type,
		    "server %s, %s, is behind a router; in mode gateway packets go to the "
		    "servers by their MAC address, so they must be on a connected network",
		    server_name, text);
	}
}

/* ---- rp_filter ---- */

/* What counts is the higher of the interface's and that of "all"
 * (Documentation/networking/ip-sysctl.rst); 1 is strict. */
static long rp_filter(const char *device)
{
	char path[128];
	long all = doctor_number("/proc/sys/net/ipv4/conf/all/rp_filter"), own;

	snprintf(path, sizeof path, "/proc/sys/net/ipv4/conf/%s/rp_filter", device);
	own = doctor_number(path);
	return own > all ? own : all;
}

/* Of a name such as "eth0.100" the dot is no separator, which sysctl(8) is told by a
 * slash. */
static const char *sysctl_name(const char *device, char name[IF_NAMESIZE])
{
	strlcpy(name, device, IF_NAMESIZE);
	for (char *dot = name; (dot = strchr(dot, '.')) != NULL;)
		*dot = '/';
	return name;
}

void doctor_strict(struct doctor *d, const json_t *director, const char *why)
{
	struct ifaddrs *interfaces = NULL;
	char type[128], name[IF_NAMESIZE];

	if (getifaddrs(&interfaces) < 0)
		return;
	for (const struct ifaddrs *i = interfaces; i != NULL; i = i->ifa_next) {
		/* Of each interface one entry is its own, the others its addresses. */
		if (i->ifa_addr == NULL || i->ifa_addr->sa_family != AF_PACKET ||
		    !(i->ifa_flags & IFF_UP) || (i->ifa_flags & IFF_LOOPBACK) ||
		    rp_filter(i->ifa_name) != 1)
			continue;
		snprintf(type, sizeof type, "sysctl -w net.ipv4.conf.%s.rp_filter=2",
		    sysctl_name(i->ifa_name, name));
		doctor_find(d, words_of(director, "name"), type,
		    "rp_filter is strict on %s; %s", i->ifa_name, why);
	}
	freeifaddrs(interfaces);
}

/*
 * In mode tunnel servers answer clients by ways of their own, so that a packet's
 * source is seldom expected where it comes in: on a server's tunnel device, and on a
 * director whose way back to the clients is another one.
 */
static void look_at_rp_filter(struct doctor *d, const json_t *director)
{
	if (words_are(director, "mode", "tunnel") &&
	    strchr(words_of(director, "vip"), ':') == NULL)
		doctor_strict(d, director,
		    "in mode tunnel packets come in where their source is not expected, "
		    "and are dropped. The servers' tunnel devices need the same");
}

void doctor_network(struct doctor *d, const json_t *director)
{
	const json_t *server;
	size_t i;

	look_at_vip(d, director);
	look_at_rp_filter(d, director);
	json_array_foreach (json_object_get(director, "servers"), i, server)
		look_at_server(d, director, server);
}
