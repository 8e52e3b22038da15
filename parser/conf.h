/*
 * conf: what an lvs.conf says, as a tree.
 *
 * Built by the parser, completed and judged by validate.c, and constant ever
 * after: one arena holds every node and string, conf_free() drops it whole.
 * Lists stand in the order of the file. After validation every default is
 * filled in, so nobody downstream needs to know one.
 *
 * Units are in the names. Ports are in host order. A string is NULL when the
 * file does not give it.
 */
#ifndef LVSD_CONF_H
#define LVSD_CONF_H

#include <sys/queue.h> /* libbsd's, by way of its overlay */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"

struct arena;

/* Where a word stands. Lines and columns count from 1, columns in bytes. */
struct loc {
	uint32_t line, col;
	uint16_t len;  /* of the word, in bytes; 65535 for longer ones */
	uint16_t file; /* index into conf.files */
};

/* The balance words of the language; plan.c knows the kernel's names. */
enum balance {
	BALANCE_ROUNDROBIN,
	BALANCE_LEASTCONN,	      /* the default */
	BALANCE_LOCALITY,	      /* leastconn localitybased */
	BALANCE_LOCALITY_REPLICATION, /* leastconn localitybased replication */
	BALANCE_SOURCE,
	BALANCE_SRCDST,
	BALANCE_DEST,
	BALANCE_SHORTEXPDELAY, /* also shortestexpected */
	BALANCE_NEVERQUEUE,
	BALANCE_FO,  /* also weightedfailover */
	BALANCE_OVF, /* also ovh */
	BALANCE_MH,
	BALANCE_TWOS,
	BALANCE_KERNEL, /* by the kernel's own name: kernel_sched */
};

/* balance kernel: a scheduler as ipvsadm(8) would be told of it. */
struct kernel_sched {
	const char *name; /* at most 15 bytes */
	bool flags[3];	  /* flag-1 to flag-3 */
};

enum mode { MODE_NAT, MODE_GATEWAY, MODE_TUNNEL };

enum tunnel_type { TUNNEL_IPIP, TUNNEL_GUE, TUNNEL_GRE };
enum tunnel_checksum { CHECKSUM_NONE, CHECKSUM_YES, CHECKSUM_REMOTE };

enum check_method {
	CHECK_ICMP,
	CHECK_TCP,
	CHECK_HTTP,
	CHECK_HTTPS,
	CHECK_ARP,
	CHECK_UDP,
	CHECK_DNS,
	CHECK_EXTERNAL,
	CHECK_AGENT, /* of agent_conf.check only: no director has it as its check */
};

/* Bytes to send or to expect; not NUL-ended, any byte may be in them. */
struct payload {
	const char *data; /* NULL: none */
	size_t len;
};

/*
 * One complete set of check parameters. A director has one; servers that say
 * plain "check" point to it, a server with arguments of its own has another.
 * Directors and servers may share one that is the same, and loc is then the
 * place of the first.
 */
struct check_conf {
	struct loc loc;
	enum check_method method;
	uint32_t interval_ms;	      /* from start to start */
	uint32_t timeout_ms;	      /* one absolute deadline for the whole check */
	uint32_t fastinter_ms;	      /* interval between up and down */
	uint32_t downinter_ms;	      /* interval while down */
	uint16_t rise, fall;	      /* consecutive results, at least 1 */
	uint16_t port;		      /* 0: the server's, else the director's */
	bool inhibit;		      /* down is weight 0 instead of deleted */
	struct addr source;	      /* family 0: the kernel chooses */
	const char *iface;	      /* arp only; NULL: from the connected networks */
	const struct http_conf *http; /* http and https only */
	const struct talk_conf *talk; /* tcp and udp only; NULL: connect alone */
	const struct dns_conf *dns;   /* dns only */
	const char *command;	      /* external only */
};

/* What option tcpcheck and udpcheck say: words to send and to wait for. */
struct talk_conf {
	struct payload send, expect;
	bool ssl; /* tcp only, and then as in http_conf: */
	bool verify;
	const char *sni, *cafile;
};

/* What option dnscheck says; the numbers are those of RFC 1035. */
struct dns_conf {
	const char *name; /* "." */
	uint16_t type;	  /* SOA */
	uint8_t rcode;	  /* NOERROR */
};

enum http_method { HTTP_GET, HTTP_HEAD, HTTP_OPTIONS };

/* Status codes from first to last, inclusive. */
struct status_range {
	uint16_t first, last;
};

/* What option httpcheck and httpscheck say. */
struct http_conf {
	const char *uri;     /* "/" */
	const char *vhost;   /* Host header; NULL: address[:port] */
	uint16_t statuscode; /* 200; 0 when there is a list */
	uint16_t n_statuses; /* of the list, at least 1 where statuscode is 0 */
	const struct status_range *statuses;
	enum http_method method;
	const char *match; /* what the body must hold; NULL: anything */
	/* https only */
	const char *sni;    /* NULL: vhost, and without one no SNI is sent */
	bool verify;	    /* verify required: chain, and name (sni, vhost, address) */
	const char *cafile; /* NULL: the system's store */
};

/* There may be a hundred thousand of them. */
struct server_conf {
	STAILQ_ENTRY(server_conf) entry;
	const char *name;
	const struct check_conf *check; /* NULL: not checked, always up */
	uint32_t maxconn, minconn;	/* the kernel's thresholds; 0: none */
	struct addr addr;
	bool sorry;
	uint16_t port;	 /* 0: the packet's port, for a director without one */
	uint16_t weight; /* 0 to 65535, default 1 */
};
STAILQ_HEAD(server_list, server_conf);

struct director_conf {
	STAILQ_ENTRY(director_conf) entry;
	const char *name;
	struct loc loc;	      /* of the name */
	uint32_t fwmark;      /* 0: none given */
	uint32_t mark;	      /* of its services: fwmark, or what lvsd gave it later
			       * (flow/marks.h); 0: they have an address */
	struct addr addr;     /* family 0: a mark director */
	uint8_t protocol;     /* IPPROTO_TCP, IPPROTO_UDP or IPPROTO_SCTP */
	uint16_t port;	      /* 0: every port */
	uint16_t tunnel_port; /* TUNNEL_GUE only */
	enum balance balance : 8;
	enum mode mode : 8;
	enum tunnel_type tunnel_type : 8; /* MODE_TUNNEL only */
	enum tunnel_checksum tunnel_checksum : 8;
	const struct kernel_sched *kernel_sched; /* BALANCE_KERNEL only */
	bool masquerade; /* MODE_NAT only: the source address, too */
	bool hash_port;	 /* BALANCE_SOURCE and _MH: of the client's port, too */
	bool persistent, onepacket, sip;
	bool announce; /* the address is on announce_iface while up */
	bool quorum_is_percent;
	bool drain_never;	    /* removed servers stay until their last connection */
	uint8_t persist_prefix;	    /* netmask as a prefix length: of 32, or of 128 (for a
				 * mark director, when it has an IPv6 server) */
	uint8_t panic_percent;	    /* 0: no panic */
	uint32_t persist_timeout_s; /* 0 when not persistent */
	uint32_t quorum;	    /* usable servers, or percent of them; at least 1 */
	uint32_t slowstart_ms;	    /* 0: none */
	uint32_t drain_ms;	    /* unless drain_never; 0: cut at once */
	const char *announce_iface;
	const struct agent_conf *agent; /* NULL: none */
	const struct check_conf *check;
	struct server_list servers;
	size_t n_servers;
};
STAILQ_HEAD(director_list, director_conf);

/* option agentcheck: a word from the server itself, beside the check. */
struct agent_conf {
	uint32_t interval_ms;
	uint16_t port;
	const struct check_conf *check; /* the same as a check of its own */
};

/* Is a condition of a rule there, and does "not" stand before it? */
struct flow_has {
	bool given, negated;
};

/* One "match" or "ignore" line of a flow; conditions not given are unset. */
struct flow_rule {
	STAILQ_ENTRY(flow_rule) entry;
	struct loc loc;
	bool ignore;
	struct flow_has has_iface, has_proto, has_src, has_dst;
	struct flow_has has_srcport, has_dstport, has_icmptype;
	const char *iface;
	uint8_t proto; /* IPPROTO_TCP, IPPROTO_UDP or IPPROTO_ICMP */
	struct addr src, dst;
	uint8_t src_prefix, dst_prefix;
	uint16_t srcport[2], dstport[2]; /* first and last, inclusive */
	uint8_t icmptype;
};
STAILQ_HEAD(flow_rule_list, flow_rule);

struct flow_conf {
	STAILQ_ENTRY(flow_conf) entry;
	struct loc loc;
	const char *name;
	const char *director_name;
	struct loc director_loc;
	const struct director_conf *director; /* never NULL after validation */
	struct flow_rule_list rules;
};
STAILQ_HEAD(flow_list, flow_conf);

struct socket_conf {
	const char *path;
	const char *group; /* NULL: the default of interfaces.md */
	uint16_t mode;	   /* 0660 */
};

/* One of the kernel's two daemons that copy connections to another director. */
struct sync_conf {
	bool on;
	const char *iface;
	uint8_t syncid;
	uint8_t ttl;	   /* 0: the kernel's */
	uint16_t port;	   /* 0: the kernel's */
	uint16_t maxlen;   /* 0: the kernel's */
	struct addr group; /* family 0: the kernel's */
};

struct conf {
	struct arena *arena;
	const char **files; /* names as given, for messages; files[0] is the main one */
	size_t n_files;
	struct loc user_loc;	  /* line 0: no user statement */
	const char *user, *group; /* of the checker; NULL: lvsd, else nobody */
	struct socket_conf control, status;
	const char *state;    /* path of the state file */
	bool stop_clear;      /* SIGTERM takes what is ours out of the kernel */
	bool table_exclusive; /* services that are not in this file go */
	bool empty;	      /* a file without a director is meant */
	bool conntrack;	      /* net.ipv4.vs.conntrack=1 */
	bool sysctl_keep;     /* the kernel's settings are left alone */
	uint32_t tcp_timeout_s, tcpfin_timeout_s, udp_timeout_s; /* 0: the kernel's */
	struct sync_conf sync_master, sync_backup;
	uint32_t checks_max; /* checks in flight; 0: from RLIMIT_NOFILE */
	struct director_list directors;
	size_t n_directors, n_servers;
	struct flow_list flows;
};

/* The canonical words: "leastconn localitybased", "nat", "http". Never NULL. The
 * name of BALANCE_KERNEL is "kernel"; which one stands in kernel_sched. */
const char *conf_balance_name(enum balance b);
const char *conf_mode_name(enum mode m);
const char *conf_method_name(enum check_method m);

/* What packets carry that IPVS must not see (flow/marks.h): no director has it. */
#define CONF_MARK_ASIDE 0x4c560000U
#define CONF_TIME_MAX_MS (31U * 24 * 60 * 60 * 1000)

/* The time that the LEN bytes at TEXT are in the words of the language ("500ms", "4s",
 * "1.5h"; without a unit seconds), in ms, at most UINT32_MAX. False: no time. */
bool conf_time(const char *text, size_t len, uint32_t *ms);

/* FROM with everything it points to, in A: it outlives the tree. */
const struct check_conf *conf_check_copy(struct arena *a, const struct check_conf *from);

/* Frees the tree with all its strings. NULL is allowed. */
void conf_free(struct conf *c);

#endif
