/* One table, as a switch: the compiler knows when a method has no place in it. */
#include "method.h"

#include <stdlib.h>

/* Nothing is expected: silence is good. */
static bool udp_is_quiet(const struct check_conf *check)
{
	return check->talk == NULL || check->talk->expect.len == 0;
}

const struct probe_ops *method_ops(const struct check_conf *check)
{
	switch (check->method) {
	case CHECK_ICMP:
		return &icmp_ops;
	case CHECK_TCP:
		return &tcp_ops;
	case CHECK_HTTP:
	case CHECK_HTTPS:
		return &http_ops;
	case CHECK_ARP:
		return &arp_ops;
	case CHECK_DNS:
		return &udp_ops;
	case CHECK_UDP:
		return udp_is_quiet(check) ? &udp_quiet_ops : &udp_ops;
	case CHECK_EXTERNAL:
		return &external_ops;
	case CHECK_AGENT:
		return &agent_ops;
	}
	abort();
}
