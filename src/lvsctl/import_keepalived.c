/*
 * keepalived.conf: virtual servers become directors, one for each address of a group,
 * but for long ranges, which are a flow; the rest of the file is not about
 * balancing and stays with keepalived.
 */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "lvsctl/import.h"

/* A range of so many addresses still is a director for each. */
#define LISTED_MAX 16
/* Of all groups and all that their directors are made of. */
#define WORK_MAX 4000000
#define COMPARED_MAX 100000000

struct keepalived {
	struct import *im;
	struct import_nodes nodes;
	size_t work;	 /* statements read for directors of groups so far */
	size_t compared; /* statements looked at for groups so far */
	bool seen;	 /* the notes of this virtual server are there already */
	struct import_matches matches; /* of its long ranges */
};

/* ---- groups ---- */

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
	*last = import_addr_tail(first);
	if (*end == '\0')
		return true;
	bits = first->family == AF_INET6 ? 128 : 32;
	if (*end == '/') {
		if (!import_number(end + 1, bits, &n) || n + 31 < bits)
			return false;
		span = (uint32_t)((1ULL << (bits - n)) - 1);
		import_addr_set_tail(first, *last & ~span);
		*last |= span;
		return true;
	}
	if (addr_parse(&a, end + 1, strlen(end + 1))) {
		*last = import_addr_tail(&a);
		return a.family == first->family &&
		       (bits == 32 || memcmp(a.bytes, first->bytes, 12) == 0);
	}
	n = (uint32_t)strtoul(end + 1, &rest, bits == 32 ? 10 : 16);
	span = bits == 32 ? 0xff : 0xffff;
	*last = (*last & ~span) | n;
	return rest != end + 1 && *rest == '\0' && n <= span;
}

/* One more director of NODE; false when there is no room for it. */
static bool group_director(struct keepalived *k, const struct import_node *node,
    const struct keepalived_target *t)
{
	k->work += node->size;
	if (k->work > WORK_MAX)
		return import_refuse(
		    k->im, node->line, "groups would give too many directors");
	k->im->quiet = k->seen;
	keepalived_virtual(k->im, node, t);
	k->im->quiet = false;
	k->seen = true;
	return true;
}

static bool group_range(
    struct keepalived *k, const struct import_node *node, const struct import_node *entry)
{
	struct keepalived_target t = { .name = import_node_word(node, 2) };
	uint32_t last, n;
	struct addr first;

	if (!range_of(entry->words[0], &first, &last) ||
	    last < import_addr_tail(&first) ||
	    (entry->n_words > 1 && !import_port(entry->words[1], &t.port))) {
		import_note(k->im, &k->im->notes, entry->line,
		    "%s of group %s: not an address or a range",
		    import_node_text(k->im, entry), t.name);
		return true;
	}
	if (last - import_addr_tail(&first) >= LISTED_MAX) {
		import_match_range(k->im, &k->matches, &first, last, t.port);
		return true;
	}
	t.origin = import_printf(k->im, "%s, %s", import_node_text(k->im, node),
	    import_node_text(k->im, entry));
	for (n = 0; n <= last - import_addr_tail(&first); n++) {
		t.addr = first;
		import_addr_set_tail(&t.addr, import_addr_tail(&first) + n);
		if (!group_director(k, node, &t))
			return false;
	}
	return true;
}

static bool group_mark(
    struct keepalived *k, const struct import_node *node, const struct import_node *entry)
{
	struct keepalived_target t = { .name = import_node_word(node, 2) };

	t.origin = import_printf(k->im, "%s, %s", import_node_text(k->im, node),
	    import_node_text(k->im, entry));
	if (!import_number(import_node_word(entry, 1), UINT32_MAX, &t.fwmark) ||
	    t.fwmark == 0) {
		import_note(
		    k->im, &k->im->notes, entry->line, "%s: not a mark", t.origin);
		return true;
	}
	return group_director(k, node, &t);
}

/* The director that all long ranges of the group of NODE lead to, if there are any. */
static bool group_flow(struct keepalived *k, const struct import_node *node)
{
	struct keepalived_target t = {
		.name = import_node_word(node, 2),
		.origin = import_printf(
		    k->im, "%s, its long ranges", import_node_text(k->im, node)),
	};
	struct import_director *d;

	if (STAILQ_EMPTY(&k->matches))
		return true;
	if (!group_director(k, node, &t))
		return false;
	d = STAILQ_LAST(&k->im->directors, import_director, entry);
	STAILQ_CONCAT(&d->matches, &k->matches);
	import_note(k->im, &d->notes, node->line,
	    "each address of a long range as a service of its own; here they are one, with "
	    "balance, persistence and counters in common");
	if (d->protocol != IPPROTO_TCP && d->protocol != IPPROTO_UDP)
		import_note(k->im, &d->notes, node->line,
		    "protocol and port of a range: a flow knows tcp and udp only");
	return true;
}

static bool virtual_group(struct keepalived *k, const struct import_node *node)
{
	const struct import_node *group, *entry;
	bool good = true, found = false;

	k->seen = false;
	STAILQ_INIT(&k->matches);
	STAILQ_FOREACH (group, &k->nodes, entry) {
		if (++k->compared > COMPARED_MAX)
			return import_refuse(k->im, node->line, "too many groups");
		if (!import_node_is(group, "virtual_server_group") ||
		    strcmp(import_node_word(group, 1), import_node_word(node, 2)) != 0)
			continue;
		found = true;
		STAILQ_FOREACH (entry, &group->children, entry)
			good = good && (import_node_is(entry, "fwmark")
					       ? group_mark(k, node, entry)
					       : group_range(k, node, entry));
	}
	if (!found)
		import_note(k->im, &k->im->notes, node->line,
		    "%s: there is no such group in this file",
		    import_node_text(k->im, node));
	return good && group_flow(k, node);
}

static bool read_virtual(struct keepalived *k, const struct import_node *node)
{
	struct keepalived_target t = { .origin = import_node_text(k->im, node) };
	bool good;

	if (strcmp(import_node_word(node, 1), "group") == 0)
		return virtual_group(k, node);
	if (strcmp(import_node_word(node, 1), "fwmark") == 0)
		good = import_number(import_node_word(node, 2), UINT32_MAX, &t.fwmark) &&
		       t.fwmark > 0;
	else
		good = keepalived_endpoint(node, 1, &t.addr, &t.port);
	if (good)
		keepalived_virtual(k->im, node, &t);
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
				    import_node_text(im, node));
}

static void globals(struct import *im, const struct import_node *node)
{
	const struct import_node *child;
	struct buf b = { 0 };

	STAILQ_FOREACH (child, &node->children, entry)
		if (import_node_is(child, "lvs_timeouts"))
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
	import_note(
	    im, &im->notes, node->line, "%s: %s", import_node_text(im, node), why);
}

bool import_keepalived(struct import *im)
{
	struct keepalived k = { .im = im };
	const struct import_node *node;
	bool good = import_braces(im, &k.nodes);

	if (!good)
		return false;
	STAILQ_FOREACH (node, &k.nodes, entry) {
		if (import_node_is(node, "virtual_server"))
			good = good && read_virtual(&k, node);
		else if (import_node_is(node, "global_defs"))
			globals(im, node);
		else if (!import_node_is(node, "virtual_server_group"))
			other(im, node);
	}
	return good;
}
