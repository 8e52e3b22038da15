/*
 * keepalived's virtual servers: one becomes a director, its real servers and its
 * sorry server become that director's.
 *
 * Settings stand before or behind what inherits them, so a block is read twice.
 */
#include <netinet/in.h>
#include <string.h>
#include <strings.h>

#include "lvsctl/import.h"
#include "parser/conf.h"

static bool is_one_of(const struct import_node *node, const char *a, const char *b)
{
	return import_node_is(node, a) || import_node_is(node, b);
}

/* "NAT", "DR" or "TUN [type ipip|gue port N|gre] [nocsum|csum|remcsum]", from word
 * AT on; NULL when it is none of them. */
static const char *mode_of(struct import *im, const struct import_node *node, unsigned at)
{
	const char *kind = import_node_word(node, at), *checksum = "";
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

bool keepalived_endpoint(
    const struct import_node *node, unsigned at, struct addr *addr, uint16_t *port)
{
	const char *ip = import_node_word(node, at);

	*port = 0;
	return addr_parse(addr, ip, strlen(ip)) &&
	       (node->n_words <= at + 1 || import_port(node->words[at + 1], port));
}

static void set_mode(struct import *im, struct import_director *d,
    const struct import_node *node, const char **mode)
{
	const char *said = mode_of(im, node, 1);

	if (said != NULL)
		*mode = said;
	else
		import_note(im, &d->notes, node->line,
		    "%s: NAT, DR or TUN may stand there", import_node_text(im, node));
}

static void set_protocol(
    struct import *im, struct import_director *d, const struct import_node *node)
{
	const char *value = import_node_word(node, 1);

	if (strcasecmp(value, "UDP") == 0)
		d->protocol = IPPROTO_UDP;
	else if (strcasecmp(value, "SCTP") == 0)
		d->protocol = IPPROTO_SCTP;
	else if (strcasecmp(value, "TCP") != 0)
		import_note(im, &d->notes, node->line,
		    "%s: TCP, UDP or SCTP may stand there", import_node_text(im, node));
}

/* ---- real servers ---- */

static void number(struct import *im, struct import_notes *notes,
    const struct import_node *node, uint32_t max, uint32_t *out)
{
	if (!import_number(import_node_word(node, 1), max, out))
		import_note(im, notes, node->line,
		    "%s: a number from 0 to %u may stand there",
		    import_node_text(im, node), (unsigned)max);
}

static void server_setting(struct import *im, struct import_director *d,
    struct import_server *s, const struct import_node *node, struct keepalived_common *c)
{
	if (keepalived_setting(im, &d->notes, node, c))
		return;
	if (import_node_is(node, "weight")) {
		number(im, &d->notes, node, UINT16_MAX, &s->weight);
	} else if (import_node_is(node, "uthreshold")) {
		number(im, &d->notes, node, UINT32_MAX, &s->maxconn);
	} else if (import_node_is(node, "lthreshold")) {
		number(im, &d->notes, node, UINT32_MAX, &s->minconn);
	} else if (is_one_of(node, "lvs_method", "lb_kind")) {
		set_mode(im, d, node, &s->mode);
	} else if (is_one_of(node, "notify_up", "notify_down") ||
		   import_node_is(node, "smtp_alert")) {
		import_note(im, &d->notes, node->line, "%s: lvsd logs, and calls nobody",
		    node->words[0]);
	} else {
		import_note(im, &d->notes, node->line,
		    "%s: nothing in lvs.conf is like it", import_node_text(im, node));
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

	if (!keepalived_endpoint(node, 1, &addr, &port)) {
		import_note(im, &d->notes, node->line,
		    "%s: only a literal address may stand there",
		    import_node_text(im, node));
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
	const char *value = import_node_word(node, 1);
	int flag = import_sched_flag(node->words[0]);

	if (flag >= 0)
		b->flags[flag] = true;
	else if (is_one_of(node, "lvs_sched", "lb_algo"))
		b->sched = value;
	else if (is_one_of(node, "lvs_method", "lb_kind"))
		set_mode(im, d, node, &d->mode);
	else if (import_node_is(node, "protocol"))
		set_protocol(im, d, node);
	else if (import_node_is(node, "ops"))
		d->onepacket = true;
	else if (import_node_is(node, "persistence_granularity"))
		d->netmask = value;
	else if (import_node_is(node, "persistence_engine"))
		d->sip = true;			     /* there is no other */
	else if (!import_node_is(node, "ip_family")) /* the servers tell */
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
	if (import_node_is(node, "persistence_timeout"))
		persistence(im, d, node);
	else if (import_node_is(node, "sorry_server"))
		b->sorry = node;
	else if (import_node_is(node, "sorry_server_lvs_method"))
		set_mode(im, d, node, &b->sorry_mode);
	else if (import_node_is(node, "quorum"))
		b->quorum = node;
	else if (is_one_of(node, "quorum_up", "quorum_down") ||
		 import_node_is(node, "smtp_alert"))
		import_note(im, &d->notes, node->line, "%s: lvsd logs, and calls nobody",
		    node->words[0]);
	else if (import_node_is(node, "ha_suspend"))
		import_note(im, &d->notes, node->line,
		    "ha_suspend: lvsd checks as long as it runs");
	else if (import_node_is(node, "omega"))
		import_note(im, &d->notes, node->line,
		    "omega: at its end lvsd leaves the table as it is");
	else
		import_note(im, &d->notes, node->line,
		    "%s: nothing in lvs.conf is like it", import_node_text(im, node));
}

static void sorry_server(
    struct import *im, struct import_director *d, const struct balancing *b)
{
	struct import_server *s;
	struct addr addr;
	uint16_t port;

	if (b->sorry == NULL)
		return;
	if (!keepalived_endpoint(b->sorry, 1, &addr, &port)) {
		import_note(im, &d->notes, b->sorry->line,
		    "%s: only a literal address may stand there",
		    import_node_text(im, b->sorry));
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

void keepalived_virtual(
    struct import *im, const struct import_node *node, const struct keepalived_target *t)
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
		if (!import_node_is(child, "real_server"))
			virtual_setting(im, d, child, &c, &b);
	STAILQ_FOREACH (child, &node->children, entry)
		if (import_node_is(child, "real_server"))
			real_server(im, d, child, &c);
	quorum(im, d, b.quorum);
	balance(im, d, &b);
	sorry_server(im, d, &b);
}
