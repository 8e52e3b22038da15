/*
 * import: another balancer's configuration as an lvs.conf.
 *
 * One of three readers makes directors of a file, in the few terms that lvs.conf
 * has; import_settle() gives each director the one mode and the one check method
 * that it can have; import_write() writes it all as a person would. What has no
 * equal is a note, and notes become comments. One arena holds everything. All
 * strings are those of the input or words of the language; the input has no
 * control bytes but tabs, CR and newlines.
 */
#ifndef LVSD_IMPORT_H
#define LVSD_IMPORT_H

#include <sys/queue.h> /* libbsd's, by way of its overlay */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/buf.h"

struct arena;

/* Something that the lvs.conf does not say, and why. */
struct import_note {
	STAILQ_ENTRY(import_note) entry;
	unsigned line;
	const char *text;
};
STAILQ_HEAD(import_notes, import_note);

/* How one server is checked. Equal methods are equal strings. */
struct import_check {
	const char *method; /* what stands behind "option"; NULL: not checked */
	bool needs_port, inhibit;
	uint16_t port; /* 0: the server's */
	uint16_t fall;
	uint32_t interval_ms, timeout_ms;
	uint32_t fastinter_ms; /* 0: the interval */
	struct addr source;    /* family 0: none */
};

struct import_server {
	STAILQ_ENTRY(import_server) entry;
	unsigned line;
	struct addr addr;
	uint16_t port;
	uint32_t weight;
	uint32_t maxconn, minconn; /* 0: none */
	bool sorry;
	const char *mode; /* what stands behind "mode"; NULL: as the others */
	struct import_check check;
};
STAILQ_HEAD(import_servers, import_server);

/* Addresses that a flow leads to a director, with the port they are asked for at. */
struct import_match {
	STAILQ_ENTRY(import_match) entry;
	struct addr addr;
	uint8_t prefix;
	uint16_t port; /* 0: every port */
};
STAILQ_HEAD(import_matches, import_match);

struct import_director {
	STAILQ_ENTRY(import_director) entry;
	unsigned line;
	const char *origin; /* its line in the input */
	const char *name;   /* what the input calls it, or NULL */
	struct addr addr;   /* family 0: a mark director */
	uint16_t port;
	uint8_t protocol;
	uint32_t fwmark; /* 0: fed by its matches */
	struct import_matches matches;
	const char *balance, *mode;
	bool persistent, onepacket, sip;
	uint32_t persist_s;  /* 0: the default of both worlds, 360 */
	const char *netmask; /* NULL: each client is one */
	uint32_t quorum;     /* servers; 0 or 1: the default */
	struct import_check check;
	struct import_servers servers;
	struct import_notes notes;
};
STAILQ_HEAD(import_directors, import_director);

struct import {
	struct arena *arena;
	const char *file; /* its name in messages and comments */
	const char *text; /* not NUL-ended */
	size_t len;
	const char *kind;	   /* "keepalived", "ldirectord", "ipvsadm" */
	struct import_notes notes; /* of the file as a whole */
	struct import_directors directors;
	uint32_t timeouts_s[3]; /* tcp, tcpfin, udp; 0: the kernel's */
	unsigned flows;		/* written so far */
	bool stop_clear;
	bool lost;  /* there was a note */
	bool quiet; /* what is read was told of already */
};

/* FILE and TEXT are kept, not copied. */
void import_init(struct import *im, const char *file, const char *text, size_t len);
void import_fini(struct import *im);
/* Adds the lvs.conf to OUT; im->lost tells whether something is missing there. False:
 * refused, with a line on standard error. */
bool import_translate(struct import *im, struct buf *out);

/* The readers. False: refused, with a message. */
bool import_keepalived(struct import *im);
bool import_ldirectord(struct import *im);
bool import_ipvsadm(struct import *im);

/* Gives D one mode and one check, and notes what that leaves out. */
void import_settle(struct import *im, struct import_director *d);
/* Adds the lvs.conf to OUT: what the daemon would refuse in it is a comment. */
void import_write(struct import *im, struct buf *out);

/*
 * Leaves of TEXT, one section of an lvs.conf, what the daemon would start with; other
 * lines become comments. NULL, or why it cannot be any of it.
 */
const char *import_prove(struct import *im, struct buf *text);

/* ---- import_name.c ---- */

/* Strings that are there already; a zeroed one is empty. */
struct import_names {
	struct import_name {
		const char *text;
		size_t next; /* the number of the next one like it */
	} * table;
	size_t n, size;
};

/* Adds TEXT, which the caller keeps; false: it is there. */
bool import_name_add(struct import_names *set, const char *text);
bool import_name_has(const struct import_names *set, const char *text);
/* Adds and returns WANTED, cut to a name's length, with "-" for what no name may have,
 * and a number behind it where it is taken. */
const char *import_name_unique(
    struct import *im, struct import_names *set, const char *wanted);
void import_names_fini(struct import_names *set);

/* ---- import_match.c ---- */

/* Adds to TO what leads the addresses from FIRST on, up to that whose last four bytes
 * are LAST, at PORT: as few networks as there can be. */
void import_match_range(struct import *im, struct import_matches *to,
    const struct addr *first, uint32_t last, uint16_t port);
/* The last four bytes of A, as a number. */
uint32_t import_addr_tail(const struct addr *a);
void import_addr_set_tail(struct addr *a, uint32_t tail);
/* Adds the flow NAME to the director DIRECTOR, which is D, to B. */
void import_match_write(struct buf *b, const struct import_director *d, const char *name,
    const char *director);

/* ---- import_text.c: what the readers share ---- */

/* Prints one line, "FILE:LINE: error: ...", and returns false. */
bool import_refuse(struct import *im, unsigned line, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Adds a note to TO. */
void import_note(struct import *im, struct import_notes *to, unsigned line,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));
char *import_printf(struct import *im, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* The text of B, which is freed. */
const char *import_taken(struct import *im, struct buf *b);

/* An empty director, at the end of the list, and a server at the end of D's. */
struct import_director *import_director_new(
    struct import *im, unsigned line, const char *origin);
struct import_server *import_server_new(
    struct import *im, struct import_director *d, unsigned line);
/* Takes the director that was added last off the list, with a note why. */
void import_director_drop(struct import *im, struct import_director *d, const char *why);

/* One line of a text; the text need not end in a newline. */
struct import_lines {
	const char *at, *end;
	unsigned line; /* of the line that was read last */
};
bool import_next_line(struct import_lines *l, const char **text, size_t *len);
/* The words of a line, with quotes taken off; at most MAX of them. */
size_t import_words(
    struct import *im, const char *text, size_t len, const char **words, size_t max);

/* A decimal number from 0 to MAX. */
bool import_number(const char *s, uint32_t max, uint32_t *out);
/* A number of seconds, decimals allowed, from 1 ms to 31 days. */
bool import_ms(const char *s, uint32_t *out);
/* A port from 0 to 65535, or the name of a well-known service. */
bool import_port(const char *s, uint16_t *out);
const char *import_port_name(uint16_t port); /* NULL: it has none */
/* A literal address with or without a port: "10.0.0.1:80", "[::1]:80", "::1". */
bool import_endpoint(const char *s, struct addr *addr, uint16_t *port);
/* The words behind "balance" for a scheduler and its three flags. */
const char *import_balance(struct import *im, const char *sched, const bool flags[3]);
/* The bit of a flag's name, 0 to 2, or -1. */
int import_sched_flag(const char *name);
/* Is TEXT, a regular expression, a plain text that only matches itself? */
bool import_is_plain(const char *text);

/* ---- import_brace.c: text of statements and braces ---- */

struct import_node {
	STAILQ_ENTRY(import_node) entry;
	unsigned line;
	unsigned n_words; /* at least 1 */
	const char **words;
	bool is_block;
	size_t size; /* statements in it, with itself */
	STAILQ_HEAD(import_nodes, import_node) children;
};

/* Its Ith word, "" where it has fewer; and is its first one NAME? */
const char *import_node_word(const struct import_node *node, unsigned i);
bool import_node_is(const struct import_node *node, const char *name);

/* Its words, at most as many as are of use in a comment. */
const char *import_node_text(struct import *im, const struct import_node *node);

/* Reads the whole text into TO. False: refused, with a message. */
bool import_braces(struct import *im, struct import_nodes *to);

/* ---- import_keepalived_virtual.c ---- */

/* What a virtual server stands for. */
struct keepalived_target {
	struct addr addr; /* family 0: a mark */
	uint16_t port;
	uint32_t fwmark;
	const char *origin, *name; /* as of a director */
};

/* Adds the director of the block NODE for the target T. */
void keepalived_virtual(
    struct import *im, const struct import_node *node, const struct keepalived_target *t);
/* "IP" and perhaps "PORT", from word AT on; false: no literal address. */
bool keepalived_endpoint(
    const struct import_node *node, unsigned at, struct addr *addr, uint16_t *port);

/* ---- import_keepalived_check.c ---- */

/* What a server's checks inherit, and its own settings. */
struct keepalived_common {
	uint32_t delay_ms, connect_ms;
	bool has_retry, has_retry_delay, inhibit;
	uint32_t retry, retry_delay_ms;
	const char *virtualhost;
};

/* Takes NODE if it is one of those settings. */
bool keepalived_setting(struct import *im, struct import_notes *notes,
    const struct import_node *node, struct keepalived_common *c);
/* Takes NODE if it is a checker: fills the check of S, or notes what is in the way. */
bool keepalived_check(struct import *im, struct import_notes *notes,
    const struct import_node *node, const struct keepalived_common *c,
    struct import_server *s);

/* ---- import_ldirectord_check.c ---- */

/* What ldirectord's keys say of a check; NULL: not given. */
struct ldirectord_check {
	const char *type, *service, *request, *receive, *vhost, *http_method, *command;
	const char *login;
	uint8_t protocol; /* IPPROTO_IP: a mark */
	uint16_t port;	  /* of the virtual service */
};

/* Sets CHECK's method, and whether it needs a port; notes, as of LINE, what is in the
 * way. Returns whether it talks, which has another timeout than to connect. */
bool ldirectord_method(struct import *im, struct import_notes *notes, unsigned line,
    const struct ldirectord_check *said, struct import_check *check);

#endif
