/*
 * flow/table: rules and sets of one address family, as data.
 *
 * A packet that a flow covers is marked in the mangle table, and IPVS finds the
 * director by the mark. What marks it are lines: one rule of iptables each, most of
 * them with a set of addresses and ports that belongs to that rule alone. One type
 * says both what the kernel has and what it should have.
 *
 * Everything we own there begins with "LVSD-": a few chains, each hooked once, a
 * chain for each mark, and the sets.
 */
#ifndef LVSD_FLOW_TABLE_H
#define LVSD_FLOW_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/buf.h"

#define FLOW_PREFIX "LVSD-"
#define FLOW_SET_NAME 32 /* IPSET_MAXNAMELEN, with the NUL */

/* The types of sets that are used, by the kernel's names (ipset(8)). */
enum flow_type {
	FLOW_NO_SET,
	FLOW_NET,	   /* hash:net: the source or the destination */
	FLOW_NET_NET,	   /* hash:net,net: source, destination */
	FLOW_NET_PORT,	   /* hash:net,port: destination and its port */
	FLOW_NET_PORT_NET, /* hash:net,port,net: source, port, destination */
};

struct flow_net {
	struct addr addr; /* family 0: none; no bit is set behind the prefix */
	uint8_t prefix;
};

/* One element of a set. */
struct flow_member {
	struct flow_net net[2]; /* the second of the types with two */
	uint8_t protocol;	/* of those with a port */
	uint16_t port;		/* host order */
};

/* Stands in a rule where the name of its set comes: no rule has it otherwise. */
#define FLOW_SET_HERE '\1'

struct flow_line {
	char *rule; /* as iptables-save prints it, behind "-A CHAIN " */
	enum flow_type type;
	char set[FLOW_SET_NAME]; /* "": not given yet, or none */
	struct flow_member *members;
	size_t n, cap;
	/* Of flow_is_kept(): how many members its set has in the kernel. */
	size_t kept;
	/* What the packets get that fit, for the planner: 0 is nothing at all. */
	uint32_t mark;
	/* flow_align() found it in what the kernel has. */
	struct flow_line *old;
};

/* The chains, each with its table and its hook (rules.c). */
enum flow_chain_id {
	FLOW_MARK,	 /* mangle, PREROUTING: marks what flows cover */
	FLOW_MASQUERADE, /* nat, POSTROUTING: the source address, too */
	FLOW_ASIDE,	 /* in the chains of marks: datagrams where nobody serves */
	FLOW_REFUSE,	 /* filter, INPUT and FORWARD: refuses where nobody serves */
	FLOW_COPY,	 /* filter, OUTPUT: refuses their copies */
	FLOW_CHAINS,
};

/*
 * L, a line of chain C, is about clients that a server keeps which takes no new ones. Its
 * set is filled and emptied by itself (flow.h): its members are never told of here.
 */
bool flow_is_kept(enum flow_chain_id c, const struct flow_line *l);

/* A chain is called from one or two of those that packets come to. */
#define FLOW_HOOKS 2

struct flow_chain {
	struct flow_line *lines;
	size_t n, cap;
	size_t hooks[FLOW_HOOKS]; /* how often; 1 each when it is as it should be */
	bool exists;
	bool strange; /* it has something that we did not write, or not like this */
};

struct flow_table {
	uint8_t family;
	struct flow_chain chain[FLOW_CHAINS];
	uint32_t *marks; /* that have a chain, sorted */
	size_t n_marks, cap_marks;
	bool reassemble; /* IPv4: fragments have to be put together before the rules */
	/* Sets of ours that no rule names: leftovers. */
	char (*orphans)[FLOW_SET_NAME];
	size_t n_orphans, cap_orphans;
};

void flow_table_fini(struct flow_table *t);
/* Adds a line at the end of C; RULE is taken over. The pointer lives until the next. */
struct flow_line *flow_chain_add(struct flow_chain *c, char *rule, enum flow_type type);
/* Takes the lines of TYPE out of C. */
void flow_chain_drop(struct flow_chain *c, enum flow_type type);
/* Leaves the first N lines of C. */
void flow_chain_cut(struct flow_chain *c, size_t n);
/* Adds MARK to those that have a chain. */
void flow_table_mark(struct flow_table *t, uint32_t mark);
void flow_table_orphan(struct flow_table *t, const char *set);
/* T was made in the kernel: its chains are there, and called. */
void flow_table_done(struct flow_table *t);
/* Nothing of ours is in there, and nothing has to be. */
bool flow_table_is_empty(const struct flow_table *t);

void flow_line_add(struct flow_line *l, const struct flow_member *m);
/* Sorts the members and drops those that are there twice. */
void flow_line_sort(struct flow_line *l);

int flow_member_cmp(const struct flow_member *a, const struct flow_member *b);
/* "192.0.2.0/28,tcp:80", as ipset(8) writes it; BUF has FLOW_MEMBER_TEXT bytes. */
#define FLOW_MEMBER_TEXT (3 * ADDR_TEXT_MAX)
const char *flow_member_text(const struct flow_member *m, enum flow_type type, char *buf);
/* The opposite. False: no member of a set of this type and family. */
bool flow_member_parse(struct flow_member *m, enum flow_type type, const char *text);

/* "hash:net"; the type of that name, or FLOW_NO_SET. */
const char *flow_type_name(enum flow_type type);
enum flow_type flow_type_of(const char *name);

/*
 * Gives each line of WANT its set: that of the same rule in HAVE, if its place among
 * the others is the same, else a name that is nowhere in HAVE. So a set never means
 * something else than it did, and while the rules change no packet meets half of
 * both. Lines of WANT point into HAVE afterwards.
 */
void flow_align(const struct flow_table *have, struct flow_table *want);

/* What turns the members of HAVE into those of WANT (both sorted; HAVE may be NULL): each
 * that is in one of them only is given to ADD or to DEL. */
typedef void flow_member_fn(const struct flow_member *m, void *arg);
void flow_members_diff(const struct flow_line *have, const struct flow_line *want,
    flow_member_fn *add, flow_member_fn *del, void *arg);

#endif
