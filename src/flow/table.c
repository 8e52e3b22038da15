/*
 * Lines, members, and two tables brought together.
 */
#include "flow/table.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"

static const char *const type_names[] = {
	[FLOW_NO_SET] = "",
	[FLOW_NET] = "hash:net",
	[FLOW_NET_NET] = "hash:net,net",
	[FLOW_NET_PORT] = "hash:net,port",
	[FLOW_NET_PORT_NET] = "hash:net,port,net",
};

const char *flow_type_name(enum flow_type type)
{
	return type_names[type];
}

enum flow_type flow_type_of(const char *name)
{
	for (enum flow_type t = FLOW_NET; t <= FLOW_NET_PORT_NET; t++)
		if (strcmp(type_names[t], name) == 0)
			return t;
	return FLOW_NO_SET;
}

/* ---- tables and lines ---- */

static void line_fini(struct flow_line *l)
{
	free(l->rule);
	free(l->members);
}

static void chain_fini(struct flow_chain *c)
{
	for (size_t i = 0; i < c->n; i++)
		line_fini(&c->lines[i]);
	free(c->lines);
}

void flow_table_fini(struct flow_table *t)
{
	for (int i = 0; i < FLOW_CHAINS; i++)
		chain_fini(&t->chain[i]);
	free(t->marks);
	free(t->orphans);
	*t = (struct flow_table){ .family = t->family };
}

struct flow_line *flow_chain_add(struct flow_chain *c, char *rule, enum flow_type type)
{
	struct flow_line *l;

	c->lines = xgrow(c->lines, c->n, &c->cap, sizeof *c->lines);
	l = &c->lines[c->n++];
	*l = (struct flow_line){ .rule = rule, .type = type };
	return l;
}

void flow_chain_drop(struct flow_chain *c, enum flow_type type)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++)
		if (c->lines[i].type == type)
			line_fini(&c->lines[i]);
		else
			c->lines[n++] = c->lines[i];
	c->n = n;
}

void flow_chain_cut(struct flow_chain *c, size_t n)
{
	while (c->n > n)
		line_fini(&c->lines[--c->n]);
}

void flow_table_mark(struct flow_table *t, uint32_t mark)
{
	size_t i = t->n_marks;

	while (i > 0 && t->marks[i - 1] >= mark)
		i--;
	if (i < t->n_marks && t->marks[i] == mark)
		return;
	t->marks = xgrow(t->marks, t->n_marks, &t->cap_marks, sizeof *t->marks);
	memmove(&t->marks[i + 1], &t->marks[i], (t->n_marks - i) * sizeof *t->marks);
	t->marks[i] = mark;
	t->n_marks++;
}

void flow_table_orphan(struct flow_table *t, const char *set)
{
	t->orphans = xgrow(t->orphans, t->n_orphans, &t->cap_orphans, sizeof *t->orphans);
	snprintf(t->orphans[t->n_orphans++], FLOW_SET_NAME, "%s", set);
}

void flow_table_done(struct flow_table *t)
{
	for (int c = 0; c < FLOW_CHAINS; c++) {
		struct flow_chain *chain = &t->chain[c];

		chain->exists = chain->n > 0;
		for (int h = 0; h < FLOW_HOOKS; h++)
			chain->hooks[h] = chain->n > 0;
		for (size_t i = 0; i < chain->n; i++)
			chain->lines[i].old = NULL;
	}
}

bool flow_table_is_empty(const struct flow_table *t)
{
	for (int i = 0; i < FLOW_CHAINS; i++) {
		const struct flow_chain *c = &t->chain[i];

		if (c->n > 0 || c->exists || c->hooks[0] > 0 || c->hooks[1] > 0)
			return false;
	}
	return t->n_marks == 0 && t->n_orphans == 0;
}

bool flow_is_kept(enum flow_chain_id c, const struct flow_line *l)
{
	return c == FLOW_ASIDE && l->type == FLOW_NET_PORT_NET;
}

/* ---- members ---- */

void flow_line_add(struct flow_line *l, const struct flow_member *m)
{
	l->members = xgrow(l->members, l->n, &l->cap, sizeof *l->members);
	l->members[l->n++] = *m;
}

static int net_cmp(const struct flow_net *a, const struct flow_net *b)
{
	int c = addr_cmp(&a->addr, &b->addr);

	return c != 0 ? c : a->prefix - b->prefix;
}

int flow_member_cmp(const struct flow_member *a, const struct flow_member *b)
{
	int c = net_cmp(&a->net[0], &b->net[0]);

	if (c == 0)
		c = net_cmp(&a->net[1], &b->net[1]);
	if (c == 0)
		c = a->protocol - b->protocol;
	return c != 0 ? c : (a->port > b->port) - (a->port < b->port);
}

static int by_member(const void *a, const void *b)
{
	return flow_member_cmp(a, b);
}

void flow_line_sort(struct flow_line *l)
{
	size_t n = 0;

	if (l->n > 0)
		qsort(l->members, l->n, sizeof *l->members, by_member);
	for (size_t i = 0; i < l->n; i++)
		if (n == 0 || flow_member_cmp(&l->members[n - 1], &l->members[i]) != 0)
			l->members[n++] = l->members[i];
	l->n = n;
}

void flow_members_diff(const struct flow_line *have, const struct flow_line *want,
    flow_member_fn *add, flow_member_fn *del, void *arg)
{
	size_t n_have = have != NULL ? have->n : 0, i = 0, j = 0;

	while (i < n_have || j < want->n) {
		int c = i == n_have ? 1
			: j == want->n
			    ? -1
			    : flow_member_cmp(&have->members[i], &want->members[j]);

		if (c < 0 && del != NULL)
			del(&have->members[i], arg);
		if (c > 0 && add != NULL)
			add(&want->members[j], arg);
		i += c <= 0;
		j += c >= 0;
	}
}

/* ---- members as text ---- */

static bool has_port(enum flow_type type)
{
	return type == FLOW_NET_PORT || type == FLOW_NET_PORT_NET;
}

static bool has_two_nets(enum flow_type type)
{
	return type == FLOW_NET_NET || type == FLOW_NET_PORT_NET;
}

static uint8_t full_prefix(uint8_t family)
{
	return family == AF_INET6 ? 128 : 32;
}

static size_t net_text(const struct flow_net *n, char *buf, size_t size)
{
	char addr[ADDR_TEXT_MAX];
	int len = n->prefix == full_prefix(n->addr.family)
		      ? snprintf(buf, size, "%s", addr_text(&n->addr, addr))
		      : snprintf(buf, size, "%s/%u", addr_text(&n->addr, addr),
			    (unsigned)n->prefix);

	return (size_t)len;
}

static const struct {
	uint8_t number;
	const char *name;
} protocols[] = { { IPPROTO_TCP, "tcp" }, { IPPROTO_UDP, "udp" },
	{ IPPROTO_SCTP, "sctp" } };

const char *flow_member_text(const struct flow_member *m, enum flow_type type, char *buf)
{
	size_t len = net_text(&m->net[0], buf, FLOW_MEMBER_TEXT);
	const char *protocol = "?";

	for (size_t i = 0; i < sizeof protocols / sizeof protocols[0]; i++)
		if (protocols[i].number == m->protocol)
			protocol = protocols[i].name;
	if (has_port(type))
		len += (size_t)snprintf(buf + len, FLOW_MEMBER_TEXT - len, ",%s:%u",
		    protocol, (unsigned)m->port);
	if (has_two_nets(type)) {
		buf[len++] = ',';
		net_text(&m->net[1], buf + len, FLOW_MEMBER_TEXT - len);
	}
	return buf;
}

/* The number that TEXT, of LEN bytes, is and nothing else; false above MAX. */
static bool read_number(const char *text, size_t len, unsigned max, unsigned *out)
{
	*out = 0;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		*out = *out * 10 + (unsigned)(text[i] - '0');
		if (*out > max)
			return false;
	}
	return len > 0;
}

static bool read_net(const char *text, size_t len, struct flow_net *net)
{
	const char *slash = memchr(text, '/', len);
	size_t n = slash != NULL ? (size_t)(slash - text) : len;
	unsigned prefix;

	if (!addr_parse(&net->addr, text, n))
		return false;
	prefix = full_prefix(net->addr.family);
	if (slash != NULL && !read_number(slash + 1, len - n - 1, prefix, &prefix))
		return false;
	net->prefix = (uint8_t)prefix;
	return true;
}

/* "tcp:80" */
static bool read_port(const char *text, size_t len, struct flow_member *m)
{
	const char *colon = memchr(text, ':', len);
	size_t n = colon != NULL ? (size_t)(colon - text) : 0;
	unsigned port;

	for (size_t i = 0; i < sizeof protocols / sizeof protocols[0]; i++)
		if (strlen(protocols[i].name) == n &&
		    memcmp(protocols[i].name, text, n) == 0)
			m->protocol = protocols[i].number;
	if (m->protocol == 0 || !read_number(colon + 1, len - n - 1, UINT16_MAX, &port))
		return false;
	m->port = (uint16_t)port;
	return true;
}

bool flow_member_parse(struct flow_member *m, enum flow_type type, const char *text)
{
	const int n_parts = 1 + has_port(type) + has_two_nets(type);
	bool good = type != FLOW_NO_SET;

	*m = (struct flow_member){ 0 };
	for (int i = 0; good && i < n_parts; i++) {
		size_t len = strcspn(text, ",");

		if (i == 1 && has_port(type))
			good = read_port(text, len, m);
		else
			good = read_net(text, len, &m->net[i > 0]);
		text += len;
		if (i < n_parts - 1 && *text++ != ',')
			good = false;
	}
	return good && *text == '\0';
}
