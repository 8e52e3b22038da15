/* The options of ipvsadm(8), by letter and by name. */
#include <netinet/in.h>
#include <string.h>

#include "lvsctl/import_ipvsadm.h"

enum option {
	O_ADD_SERVICE,
	O_ADD_SERVER,
	O_TCP,
	O_UDP,
	O_SCTP,
	O_MARK,
	O_SERVER,
	O_SCHED,
	O_PERSISTENT,
	O_NETMASK,
	O_FLAGS,
	O_PE,
	O_WEIGHT,
	O_MAXCONN,
	O_MINCONN,
	O_TUN_TYPE,
	O_TUN_PORT,
	O_NOCSUM,
	O_CSUM,
	O_REMCSUM,
	O_NAT,
	O_GATEWAY,
	O_TUNNEL,
	O_ONEPACKET,
	O_V6,
	N_OPTIONS
};

static const struct {
	const char *letter, *name;
	bool has_value;
} options[N_OPTIONS] = {
	[O_ADD_SERVICE] = { "-A", "--add-service", false },
	[O_ADD_SERVER] = { "-a", "--add-server", false },
	[O_TCP] = { "-t", "--tcp-service", true },
	[O_UDP] = { "-u", "--udp-service", true },
	[O_SCTP] = { "", "--sctp-service", true },
	[O_MARK] = { "-f", "--fwmark-service", true },
	[O_SERVER] = { "-r", "--real-server", true },
	[O_SCHED] = { "-s", "--scheduler", true },
	[O_PERSISTENT] = { "-p", "--persistent", false }, /* its value may be left out */
	[O_NETMASK] = { "-M", "--netmask", true },
	[O_FLAGS] = { "-b", "--sched-flags", true },
	[O_PE] = { "", "--pe", true },
	[O_WEIGHT] = { "-w", "--weight", true },
	[O_MAXCONN] = { "-x", "--u-threshold", true },
	[O_MINCONN] = { "-y", "--l-threshold", true },
	[O_TUN_TYPE] = { "", "--tun-type", true },
	[O_TUN_PORT] = { "", "--tun-port", true },
	[O_NOCSUM] = { "", "--tun-nocsum", false },
	[O_CSUM] = { "", "--tun-csum", false },
	[O_REMCSUM] = { "", "--tun-remcsum", false },
	[O_NAT] = { "-m", "--masquerading", false },
	[O_GATEWAY] = { "-g", "--gatewaying", false },
	[O_TUNNEL] = { "-i", "--ipip", false },
	[O_ONEPACKET] = { "-o", "--ops", false },
	[O_V6] = { "-6", "--ipv6", false },
};

static enum option option_of(const char *word)
{
	enum option o = 0;

	while (o < N_OPTIONS && strcmp(word, options[o].letter) != 0 &&
	       strcmp(word, options[o].name) != 0)
		o++;
	return *word == '-' ? o : N_OPTIONS;
}

static void set_service(struct ipvsadm_command *c, uint8_t protocol, const char *value)
{
	c->protocol = protocol;
	if (protocol == IPPROTO_IP)
		c->mark = value;
	else
		c->endpoint = value;
}

static void take_option(struct ipvsadm_command *c, enum option o, const char *value)
{
	/* clang-format off */
	switch (o) {
	case O_ADD_SERVICE: c->add_service = true; break;
	case O_ADD_SERVER: c->add_server = true; break;
	case O_TCP: set_service(c, IPPROTO_TCP, value); break;
	case O_UDP: set_service(c, IPPROTO_UDP, value); break;
	case O_SCTP: set_service(c, IPPROTO_SCTP, value); break;
	case O_MARK: set_service(c, IPPROTO_IP, value); break;
	case O_SERVER: c->server = value; break;
	case O_SCHED: c->sched = value; break;
	case O_PERSISTENT: c->persistent = true; c->timeout = value; break;
	case O_NETMASK: c->netmask = value; break;
	case O_FLAGS: c->flags = value; break;
	case O_PE: c->sip = true; break;
	case O_WEIGHT: c->weight = value; break;
	case O_MAXCONN: c->maxconn = value; break;
	case O_MINCONN: c->minconn = value; break;
	case O_TUN_TYPE: c->tun_type = value; break;
	case O_TUN_PORT: c->tun_port = value; break;
	case O_NOCSUM: c->checksum = NULL; break;
	case O_CSUM: c->checksum = "yes"; break;
	case O_REMCSUM: c->checksum = "remote"; break;
	case O_NAT: c->mode = MODE_NAT; break;
	case O_GATEWAY: c->mode = MODE_GATEWAY; break;
	case O_TUNNEL: c->mode = MODE_TUNNEL; break;
	case O_ONEPACKET: c->onepacket = true; break;
	case O_V6: c->v6 = true; break;
	case N_OPTIONS: break;
	}
	/* clang-format on */
}

bool ipvsadm_command(struct ipvsadm_command *c, const char **words, size_t n)
{
	*c = (struct ipvsadm_command){
		.mode = MODE_GATEWAY, .sched = "wlc", .weight = "1"
	};
	for (size_t i = 0; i < n; i++) {
		enum option o = option_of(words[i]);
		bool has_value = o < N_OPTIONS &&
				 (options[o].has_value ||
				     (o == O_PERSISTENT && i + 1 < n &&
					 *words[i + 1] >= '0' && *words[i + 1] <= '9'));

		if (o == N_OPTIONS || (has_value && i + 1 == n))
			return false;
		take_option(c, o, has_value ? words[i + 1] : NULL);
		i += has_value;
	}
	return c->add_service != c->add_server &&
	       (c->endpoint != NULL) != (c->mark != NULL);
}
