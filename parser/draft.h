/*
 * draft: what validation must know of the tree beyond the tree.
 *
 * Where things were said, and the words about checks that are still to be put
 * together. A director, its lines and its servers are judged when its section
 * ends, so that their drafts serve the next one again. The tree stays small.
 */
#ifndef LVSD_PARSER_DRAFT_H
#define LVSD_PARSER_DRAFT_H

#include "parser/conf.h"

/*
 * The check arguments of one statement: a check line, an option line, or a
 * server's. A place of line 0 means that the argument was not given.
 */
struct check_words {
	struct {
		struct loc interval, timeout, fastinter, downinter;
		struct loc source, port, rise, fall, inhibit;
	} at;
	uint32_t interval_ms, timeout_ms, fastinter_ms, downinter_ms;
	struct addr source;
	uint16_t port, rise, fall;
};

/* What the lines of a director say, and those of defaults before it. */
struct director_lines {
	struct loc balance_loc, mode_loc, check_loc, method_loc;
	struct loc tunnel_loc, tunnel_type_loc, checksum_loc;
	struct loc netmask_loc, onepacket_loc, sip_loc, cafile_loc, tls_loc;
	struct loc quorum_loc, panic_loc, announce_loc;
	/* The check line of defaults, that of the director, the option line. */
	struct check_words *default_line, *check_line, *option_line;
	enum check_method method;
	struct http_conf *http;
	struct talk_conf *talk;
	struct dns_conf *dns;
	struct agent_conf *agent;
	const char *command;
	const char *iface;
	const char *netmask;
};

struct server_draft {
	struct server_conf *conf;
	struct loc name_loc, addr_loc;
	struct loc check_loc; /* line 0: no check */
	struct loc minconn_loc;
	uint16_t written_port; /* that of the file, which the mode may not allow */
	uint32_t own_words;    /* number of them, plus one; 0: no arguments of its own */
};

struct director_draft {
	struct director_conf *conf;
	struct loc addr_loc, protocol_loc, fwmark_loc;
	bool bad; /* its line has an error: its address and mark mean nothing */
};

struct rule_draft {
	struct flow_rule conf;
	struct loc proto_loc, src_loc, dst_loc, srcport_loc, dstport_loc, icmptype_loc;
};

static inline struct rule_draft *rule_draft(struct flow_rule *r)
{
	return (struct rule_draft *)r;
}

#endif
