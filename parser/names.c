/*
 * The words of the enumerations of conf.h, for messages, status and print: one
 * table each, as long as its enumeration.
 */
#include "parser/conf.h"

#define LENGTH(a) (sizeof(a) / sizeof *(a))

const char *conf_balance_name(enum balance b)
{
	static const char *const names[] = {
		[BALANCE_ROUNDROBIN] = "roundrobin",
		[BALANCE_LEASTCONN] = "leastconn",
		[BALANCE_LOCALITY] = "leastconn localitybased",
		[BALANCE_LOCALITY_REPLICATION] = "leastconn localitybased replication",
		[BALANCE_SOURCE] = "source",
		[BALANCE_SRCDST] = "srcdst",
		[BALANCE_DEST] = "dest",
		[BALANCE_SHORTEXPDELAY] = "shortexpdelay",
		[BALANCE_NEVERQUEUE] = "neverqueue",
		[BALANCE_FO] = "fo",
		[BALANCE_OVF] = "ovf",
		[BALANCE_MH] = "mh",
		[BALANCE_TWOS] = "twos",
		[BALANCE_KERNEL] = "kernel",
	};
	_Static_assert(LENGTH(names) == BALANCE_KERNEL + 1, "one name each");

	return names[b];
}

const char *conf_mode_name(enum mode m)
{
	static const char *const names[] = {
		[MODE_NAT] = "nat",
		[MODE_GATEWAY] = "gateway",
		[MODE_TUNNEL] = "tunnel",
	};
	_Static_assert(LENGTH(names) == MODE_TUNNEL + 1, "one name each");

	return names[m];
}

const char *conf_method_name(enum check_method m)
{
	static const char *const names[] = {
		[CHECK_ICMP] = "icmp",
		[CHECK_TCP] = "tcp",
		[CHECK_HTTP] = "http",
		[CHECK_HTTPS] = "https",
		[CHECK_ARP] = "arp",
		[CHECK_UDP] = "udp",
		[CHECK_DNS] = "dns",
		[CHECK_EXTERNAL] = "external",
		[CHECK_AGENT] = "agent",
	};
	_Static_assert(LENGTH(names) == CHECK_AGENT + 1, "one name each");

	return names[m];
}
