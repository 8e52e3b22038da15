/*
 * draft: the nodes of the tree as the grammar leaves them.
 *
 * A director or server in the file is a node of struct conf with, behind it,
 * what only validate.c needs: where each thing was said, and the words about
 * checks that are still to be put together. The node stands first, so that
 * the lists of struct conf link drafts and nobody outside the parser knows.
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
		struct loc interval, timeout, source, port, rise, fall, inhibit;
	} at;
	uint32_t interval_ms, timeout_ms;
	struct addr source;
	uint16_t port, rise, fall;
};

struct director_draft {
	struct director_conf conf;
	struct loc addr_loc, protocol_loc, fwmark_loc;
	struct loc balance_loc, mode_loc, check_loc, method_loc;
	struct loc netmask_loc, onepacket_loc;
	struct loc cafile_loc;
	struct check_words *check_line, *option_line;
	enum check_method method;
	struct http_conf *http;
	const char *iface;
	const char *netmask;
	bool fed; /* a flow names it */
	bool bad; /* its line has an error: its address and mark mean nothing */
};

struct server_draft {
	struct server_conf conf;
	struct loc addr_loc, check_loc; /* line 0: no check */
	uint16_t written_port;	   /* that of the file, which the mode may not allow */
	struct check_words *check; /* NULL: without arguments of its own */
};

struct rule_draft {
	struct flow_rule conf;
	struct loc proto_loc, src_loc, dst_loc, srcport_loc, dstport_loc, icmptype_loc;
};

static inline struct director_draft *director_draft(struct director_conf *d)
{
	return (struct director_draft *)d;
}

static inline struct server_draft *server_draft(struct server_conf *s)
{
	return (struct server_draft *)s;
}

static inline struct rule_draft *rule_draft(struct flow_rule *r)
{
	return (struct rule_draft *)r;
}

#endif
