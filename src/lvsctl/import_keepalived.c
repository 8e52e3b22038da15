/*
 * keepalived.conf: virtual servers become directors, one for each address of a
 * group; the rest of the file is not about balancing and stays with keepalived.
 */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/arena.h"
#include "lvsctl/import.h"
#include "parser/conf.h"

/* Of all groups and all that their directors are made of. */
#define RANGE_MAX 65536
#define WORK_MAX 4000000
#define COMPARED_MAX 100000000

struct keepalived {
	struct import *im;
	struct import_nodes nodes;
	size_t work;	 /* statements read for directors of groups so far */
	size_t compared; /* statements looked at for groups so far */
	bool seen;	 /* the notes of this virtual server are there already */
};

/* What a virtual server stands for. */
struct target {
	struct addr addr; /* family 0: a mark */
	uint16_t port;
	uint32_t fwmark;
	const char *origin, *name;
};

static const char *word(const struct import_node *node, unsigned i)
{
	return i < node->n_words ? node->words[i] : "";
}

static bool is(const struct import_node *node, const char *name)
{
	return strcmp(node->words[0], name) == 0;
}

static bool is_one_of(const struct import_node *node, const char *a, const char *b)
{
	return is(node, a) || is(node, b);
}

/* The words of NODE, at most as many as are of use in a comment. */
static const char *text_of(struct import *im, const struct import_node *node)
{
	struct buf b = { 0 };

	for (unsigned i = 0; i < node->n_words && b.len < 100; i++)
		buf_printf(&b, "%s%.100s", i > 0 ? " " : "", node->words[i]);
	return import_taken(im, &b);
}

/* "NAT", "DR" or "TUN [type ipip|gue port N|gre] [nocsum|csum|remcsum]", from word
 * AT on; NULL when it is none of them. */
static const char *mode_of(struct import *im, const struct import_node *node, unsigned at)
{
	const char *kind = word(node, at), *checksum = "";
	struct buf b = { 0 };

	if (strcasecmp(kind, "NAT") == 0)
		return conf_mode_name(MODE_NAT);
	if (strcasecmp(kind, "DR") == 0)
		return conf_mode_name(MODE_GATEWAY);
	if (strcasecmp(kind, "TUN") != 0)
		return NULL;
	buf_str(&b, conf_mode_name(MODE_TUNNEL));
	for (unsigned i = at + 1; i < node->n_words; i++) {
		const char *w = node->words[i];

		if (strcmp(w, "csum") == 0)
			checksum = " checksum yes";
		else if (strcmp(w, "remcsum") == 0)
			checksum = " checksum remote";
		else if (strcmp(w, "type") != 0 && strcmp(w, "nocsum") != 0 &&
			 strcmp(w, "ipip") != 0)
			buf_printf(&b, " %.20s", w);
	}
	buf_str(&b, checksum);
	return import_taken(im, &b);
}

/* "IP" and perhaps "PORT", from word AT on. */
static bool endpoint_of(
    const struct import_node *node, unsigned at, struct addr *addr, uint16_t *port)
{
	const char *ip = word(node, at);

	*port = 0;
	return addr_parse(addr, ip, strlen(ip)) &&
	       (node->n_words <= at + 1 || import_port(node->words[at + 1], port));
}

/* ---- real servers ---- */

static void number(struct import *im, struct import_notes *notes,
    const struct import_node *node, uint32_t max, uint32_t *out)
{
	if (!import_number(word(node, 1), max, out))
		import_note(im, notes, node->line,
		    "%s: a number from 0 to %u may stand there", text_of(im, node),
		    (unsigned)max);
}

static void server_setting(struct import *im, struct import_director *d,
    struct import_server *s, const struct import_node *node, struct keepalived_common *c)
{
	if (keepalived_setting(im, &d->notes, node, c))
		return;
	if (is(node, "weight")) {
		number(im, &d->notes, node, UINT16_MAX, &s->weight);
	} else if (is(node, "uthreshold")) {
		number(im, &d->notes, node, UINT32_MAX, &s->maxconn);
	} else if (is(node, "lthreshold")) {
		number(im, &d->notes, node, UINT32_MAX, &s->minconn);
	} else if (is_one_of(node, "lvs_method", "lb_kind")) {
		s->mode = mode_of(im, node, 1);
	} else if (is_one_of(node, "notify_up", "notify_down") ||
		   is(node, "smtp_alert")) {
		import_note(im, &d->notes, node->line, "%s: lvsd logs, and calls nobody",
		    node->words[0]);
	} else {
		import_note(im, &d->notes, node->line,
		    "%s: nothing in lvs.conf is like it", text_of(im, node));
	}
}

static bool is_check(const struct import_node *node)
{
	const char *name = node->words[0];
	size_t len = strlen(name);

	return node->is_block && ((len > 6 && strcmp(name + len - 6, "_CHECK") == 0) ||
				     is_one_of(node, "HTTP_GET", "SSL_GET"));
}

static void real_server(struct import *im, struct import_director *d,
    const struct import_node *node, const struct keepalived_common *inherited)
{
	struct keepalived_common c = *inherited;
	const struct import_node *child;
	struct import_server *s;
	struct addr addr;
	uint16_t port;

	if (!endpoint_of(node, 1, &addr, &port)) {
		import_note(im, &d->notes, node->line,
		    "%s: only a literal address may stand there", text_of(im, node));
		return;
	}
	s = import_server_new(im, d, node->line);
	s->addr = addr;
	s->port = port;
	s->mode = d->mode;
	/* A checker inherits what stands behind it, too. */
	STAILQ_FOREACH (child, &node->children, entry)
		if (!is_check(child))
			server_setting(im, d, s, child, &c);
	STAILQ_FOREACH (child, &node->children, entry)
		if (is_check(child) && !keepalived_check(im, &d->notes, child, &c, s))
			import_note(im, &d->notes, child->line,
			    "%s: lvsd has no such check", child->words[0]);
}

/* ---- virtual servers ---- */

/* What has to wait until all of the block was read. */
struct balancing {
	const char *sched, *sorry_mode;
	bool flags[3];
	const struct import_node *sorry, *quorum;
};

static bool kernel_setting(struct import *im, struct import_director *d,
    const struct import_node *node, struct balancing *b)
{
	const char *value = word(node, 1);
	int flag = import_sched_flag(node->words[0]);

	if (flag >= 0)
		b->flags[flag] = true;
	else if (is_one_of(node, "lvs_sched", "lb_algo"))
		b->sched = value;
	else if (is_one_of(node, "lvs_method", "lb_kind"))
		d->mode = mode_of(im, node, 1);
	else if (is(node, "protocol"))
		d->protocol = strcasecmp(value, "UDP") == 0    ? IPPROTO_UDP
			      : strcasecmp(value, "SCTP") == 0 ? IPPROTO_SCTP
							       : IPPROTO_TCP;
	else if (is(node, "ops"))
		d->onepacket = true;
	else if (is(node, "persistence_granularity"))
		d->netmask = value;
	else if (is(node, "persistence_engine"))
		d->sip = true;		 /* the only one there is */
	else if (!is(node, "ip_family")) /* the servers tell */
		return false;
	return true;
}

static void persistence(
    struct import *im, struct import_director *d, const struct import_node *node)
{
	d->persistent = true;
	if (node->n_words > 1)
		number(im, &d->notes, node, 31 * 24 * 60 * 60, &d->persist_s);
	if (node->n_words > 1 && d->persist_s == 0)
		d->persistent = false; /* 0 turns it off */
}

static void virtual_setting(struct import *im, struct import_director *d,
    const struct import_node *node, struct keepalived_common *c, struct balancing *b)
{
	if (keepalived_setting(im, &d->notes, node, c) || kernel_setting(im, d, node, b))
		return;
	if (is(node, "persistence_timeout"))
		persistence(im, d, node);
	else if (is(node, "sorry_server"))
		b->sorry = node;
	else if (is(node, "sorry_server_lvs_method"))
		b->sorry_mode = mode_of(im, node, 1);
	else if (is(node, "quorum"))
		b->quorum = node;
	else if (is_one_of(node, "quorum_up", "quorum_down") || is(node, "smtp_alert"))
		import_note(im, &d->notes, node->line, "%s: lvsd logs, and calls nobody",
		    node->words[0]);
	else if (is(node, "ha_suspend"))
		import_note(im, &d->notes, node->line,
		    "ha_suspend: lvsd checks as long as it runs");
	else if (is(node, "omega"))
		import_note(im, &d->notes, node->line,
		    "omega: at its end lvsd leaves the table as it is");
	else
		import_note(im, &d->notes, node->line,
		    "%s: nothing in lvs.conf is like it", text_of(im, node));
}

static void sorry_server(
    struct import *im, struct import_director *d, const struct balancing *b)
{
	struct import_server *s;
	struct addr addr;
	uint16_t port;

	if (b->sorry == NULL)
		return;
	if (!endpoint_of(b->sorry, 1, &addr, &port)) {
		import_note(im, &d->notes, b->sorry->line,
		    "%s: only a literal address may stand there", text_of(im, b->sorry));
		return;
	}
	s = import_server_new(im, d, b->sorry->line);
	s->addr = addr;
	s->port = port;
	s->sorry = true;
	s->mode = b->sorry_mode != NULL ? b->sorry_mode : d->mode;
}

/* The weight of all servers of D; 0 when they differ. */
static uint32_t common_weight(const struct import_director *d)
{
	const struct import_server *s;
	uint32_t weight = 0;

	STAILQ_FOREACH (s, &d->servers, entry) {
		if (s->sorry)
			continue;
		if (weight != 0 && s->weight != weight)
			return 0;
		weight = s->weight;
	}
	return weight;
}

/* keepalived counts weights, lvsd servers. */
static void quorum(
    struct import *im, struct import_director *d, const struct import_node *node)
{
	uint32_t sum = 1, weight = common_weight(d);

	if (node == NULL)
		return;
	number(im, &d->notes, node, INT32_MAX, &sum);
	if (weight != 0)
		d->quorum = (sum - 1) / weight + 1;
	else if (sum > 1)
		import_note(im, &d->notes, node->line,
		    "quorum %u: it is a sum of weights, and here it counts servers",
		    (unsigned)sum);
}

/* Taking turns by weight and without is the same where all weights are. */
static void balance(struct import *im, struct import_director *d, struct balancing *b)
{
	if (common_weight(d) != 0 && strcmp(b->sched, "rr") == 0)
		b->sched = "wrr";
	if (common_weight(d) != 0 && strcmp(b->sched, "lc") == 0)
		b->sched = "wlc";
	d->balance = import_balance(im, b->sched, b->flags);
}

static void virtual_server(
    struct import *im, const struct import_node *node, const struct target *t)
{
	struct keepalived_common c = { .delay_ms = 60000, .connect_ms = 5000 };
	struct import_director *d = import_director_new(im, node->line, t->origin);
	struct balancing b = { .sched = "wlc" };
	const struct import_node *child;

	d->addr = t->addr;
	d->port = t->port;
	d->fwmark = t->fwmark;
	d->name = t->name;
	d->protocol = IPPROTO_TCP;
	d->mode = conf_mode_name(MODE_NAT);
	STAILQ_FOREACH (child, &node->children, entry)
		if (!is(child, "real_server"))
			virtual_setting(im, d, child, &c, &b);
	if (d->mode == NULL)
		d->mode = conf_mode_name(MODE_NAT);
	STAILQ_FOREACH (child, &node->children, entry)
		if (is(child, "real_server"))
			real_server(im, d, child, &c);
	quorum(im, d, b.quorum);
	balance(im, d, &b);
	sorry_server(im, d, &b);
}

/* ---- groups ---- */

static uint32_t tail_of(const struct addr *a)
{
	const uint8_t *at = a->bytes + (a->family == AF_INET6 ? 12 : 0);

	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 |
	       at[3];
}

static void set_tail(struct addr *a, uint32_t tail)
{
	uint8_t *at = a->bytes + (a->family == AF_INET6 ? 12 : 0);

	for (int i = 3; i >= 0; i--, tail >>= 8)
		at[i] = (uint8_t)tail;
}

/* "10.0.0.1", "10.0.0.1-9", "10.0.0.1-10.0.1.9", "10.0.0.0/24", and of IPv6 the same
 * with a hexadecimal end: the first address, and the last four bytes of the last. */
static bool range_of(const char *text, struct addr *first, uint32_t *last)
{
	size_t len = strcspn(text, "-/");
	const char *end = text + len;
	struct addr a;
	uint32_t n, bits, span;
	char *rest;

	if (!addr_parse(first, text, len))
		return false;
	*last = tail_of(first);
	if (*end == '\0')
		return true;
	bits = first->family == AF_INET6 ? 128 : 32;
	if (*end == '/') {
		if (!import_number(end + 1, bits, &n) || n + 16 < bits)
			return false;
		span = (1U << (bits - n)) - 1;
		set_tail(first, *last & ~span);
		*last |= span;
		return true;
	}
	if (addr_parse(&a, end + 1, strlen(end + 1))) {
		*last = tail_of(&a);
		return a.family == first->family &&
		       (bits == 32 || memcmp(a.bytes, first->bytes, 12) == 0);
	}
	n = (uint32_t)strtoul(end + 1, &rest, bits == 32 ? 10 : 16);
	span = bits == 32 ? 0xff : 0xffff;
	*last = (*last & ~span) | n;
	return rest != end + 1 && *rest == '\0' && n <= span;
}

/* One more director of NODE; false when there is no room for it. */
static bool group_director(
    struct keepalived *k, const struct import_node *node, const struct target *t)
{
	k->work += node->size;
	if (k->work > WORK_MAX)
		return import_refuse(
		    k->im, node->line, "groups would give too many directors");
	k->im->quiet = k->seen;
	virtual_server(k->im, node, t);
	k->im->quiet = false;
	k->seen = true;
	return true;
}

static bool group_range(
    struct keepalived *k, const struct import_node *node, const struct import_node *entry)
{
	struct target t = { .name = word(node, 2) };
	uint32_t last, n;
	struct addr first;

	if (!range_of(entry->words[0], &first, &last) || last < tail_of(&first) ||
	    last - tail_of(&first) >= RANGE_MAX ||
	    (entry->n_words > 1 && !import_port(entry->words[1], &t.port))) {
		import_note(k->im, &k->im->notes, entry->line,
		    "%s of group %s: not an address or range of at most %d",
		    text_of(k->im, entry), t.name, RANGE_MAX);
		return true;
	}
	t.origin =
	    import_printf(k->im, "%s, %s", text_of(k->im, node), text_of(k->im, entry));
	for (n = 0; n <= last - tail_of(&first); n++) {
		t.addr = first;
		set_tail(&t.addr, tail_of(&first) + n);
		if (!group_director(k, node, &t))
			return false;
	}
	return true;
}

static bool group_mark(
    struct keepalived *k, const struct import_node *node, const struct import_node *entry)
{
	struct target t = { .name = word(node, 2) };

	t.origin =
	    import_printf(k->im, "%s, %s", text_of(k->im, node), text_of(k->im, entry));
	if (!import_number(word(entry, 1), UINT32_MAX, &t.fwmark) || t.fwmark == 0) {
		import_note(
		    k->im, &k->im->notes, entry->line, "%s: not a mark", t.origin);
		return true;
	}
	return group_director(k, node, &t);
}

static bool virtual_group(struct keepalived *k, const struct import_node *node)
{
	const struct import_node *group, *entry;
	bool good = true, found = false;

	k->seen = false;
	STAILQ_FOREACH (group, &k->nodes, entry) {
		if (++k->compared > COMPARED_MAX)
			return import_refuse(k->im, node->line, "too many groups");
		if (!is(group, "virtual_server_group") ||
		    strcmp(word(group, 1), word(node, 2)) != 0)
			continue;
		found = true;
		STAILQ_FOREACH (entry, &group->children, entry)
			good =
			    good && (is(entry, "fwmark") ? group_mark(k, node, entry)
							 : group_range(k, node, entry));
	}
	if (!found)
		import_note(k->im, &k->im->notes, node->line,
		    "%s: there is no such group in this file", text_of(k->im, node));
	return good;
}

static bool read_virtual(struct keepalived *k, const struct import_node *node)
{
	struct target t = { .origin = text_of(k->im, node) };
	bool good;

	if (strcmp(word(node, 1), "group") == 0)
		return virtual_group(k, node);
	if (strcmp(word(node, 1), "fwmark") == 0)
		good =
		    import_number(word(node, 2), UINT32_MAX, &t.fwmark) && t.fwmark > 0;
	else
		good = endpoint_of(node, 1, &t.addr, &t.port);
	if (good)
		virtual_server(k->im, node, &t);
	else
		import_note(k->im, &k->im->notes, node->line,
		    "%s: only a literal address or a mark may stand there", t.origin);
	return true;
}

/* ---- the rest of the file ---- */

static void timeouts(struct import *im, const struct import_node *node)
{
	static const char *const names[] = { "tcp", "tcpfin", "udp" };

	for (unsigned i = 1; i + 1 < node->n_words; i += 2)
		for (unsigned which = 0; which < 3; which++)
			if (strcmp(node->words[i], names[which]) == 0 &&
			    !import_number(node->words[i + 1], 31 * 24 * 60 * 60,
				&im->timeouts_s[which]))
				import_note(im, &im->notes, node->line,
				    "%s: a number of seconds may stand there",
				    text_of(im, node));
}

static void globals(struct import *im, const struct import_node *node)
{
	const struct import_node *child;
	struct buf b = { 0 };

	STAILQ_FOREACH (child, &node->children, entry)
		if (is(child, "lvs_timeouts"))
			timeouts(im, child);
		else if (b.len < 200)
			buf_printf(&b, "%s%.40s", b.len > 0 ? ", " : "", child->words[0]);
	if (b.len > 0)
		import_note(im, &im->notes, node->line,
		    "global_defs: nothing in lvs.conf is like %s", b.data);
	buf_fini(&b);
}

static void other(struct import *im, const struct import_node *node)
{
	const char *why = "nothing in lvs.conf is like it";

	if (strncmp(node->words[0], "include", 7) == 0)
		why = "no other file is read; import that one, too";
	else if (strchr("$~@", node->words[0][0]) != NULL)
		why = "definitions and conditions are not carried out";
	else if (strncmp(node->words[0], "vrrp", 4) == 0)
		why = "lvsd moves no addresses; keepalived or another goes on to do that";
	import_note(im, &im->notes, node->line, "%s: %s", text_of(im, node), why);
}

bool import_keepalived(struct import *im)
{
	struct keepalived k = { .im = im };
	const struct import_node *node;
	bool good = import_braces(im, &k.nodes);

	if (!good)
		return false;
	STAILQ_FOREACH (node, &k.nodes, entry) {
		if (is(node, "virtual_server"))
			good = good && read_virtual(&k, node);
		else if (is(node, "global_defs"))
			globals(im, node);
		else if (!is(node, "virtual_server_group"))
			other(im, node);
	}
	return good;
}
