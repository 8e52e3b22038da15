/*
 * What is ours among an administrator's rules, found and written by its names.
 *
 * A chain that iptables-restore is told of with ":" is emptied, even with
 * --noflush, so each write is the whole chain; the hooks and the chains of marks are
 * added and deleted beside it.
 */
#include "flow/rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"

/* What refuses comes before an administrator's rules: those that accept everything, say,
 * cannot mean packets that nobody would answer. */
static const struct {
	const char *table, *name, *hooks[FLOW_HOOKS];
	char how; /* to put a hook there: "-A" at the end, "-I" at the front */
} chains[FLOW_CHAINS] = {
	[FLOW_MARK] = { "mangle", FLOW_PREFIX "FLOW", { "PREROUTING" }, 'A' },
	[FLOW_MASQUERADE] = { "nat", FLOW_PREFIX "MASQ", { "POSTROUTING" }, 'A' },
	[FLOW_REFUSE] = { "filter", FLOW_PREFIX "REFUSE", { "INPUT", "FORWARD" }, 'I' },
	[FLOW_COPY] = { "filter", FLOW_PREFIX "COPY", { "OUTPUT" }, 'I' },
};

/*
 * Fragments after the first carry no ports. A chain with this match, though nobody
 * calls it, has the kernel put IPv4 packets together before any rule sees them
 * (xt_socket.c, nf_defrag_ipv4_enable); those of IPv6 come with their ports.
 */
#define REASSEMBLE FLOW_PREFIX "DEFRAG"
#define REASSEMBLE_RULE "-m socket -j RETURN"

#define MARK_CHAIN FLOW_PREFIX "M-%08x"
#define MARK_RULE "-j MARK --set-xmark 0x%x/0xffffffff"

const char *flow_rules_table(enum flow_chain_id c)
{
	return chains[c].table;
}

const char *flow_rules_name(enum flow_chain_id c)
{
	return chains[c].name;
}

const char *flow_rules_hook(enum flow_chain_id c, int i)
{
	return i < FLOW_HOOKS ? chains[c].hooks[i] : NULL;
}

/* ---- reading ---- */

/* The text behind PREFIX in LINE, or NULL. */
static const char *behind(const char *line, const char *prefix)
{
	size_t len = strlen(prefix);

	return strncmp(line, prefix, len) == 0 ? line + len : NULL;
}

/* LINE without the second of two blanks and those at its end, as iptables-save has them
 * for some matches. */
static void squeeze(char *line)
{
	char *to = line;

	for (const char *c = line; *c != '\0'; c++)
		if (*c != ' ' || (to > line && to[-1] != ' '))
			*to++ = *c;
	while (to > line && to[-1] == ' ')
		to--;
	*to = '\0';
}

/* A rule of ours: the name of its set is cut out of it. */
static void read_line(struct flow_chain *c, const char *rule)
{
	static const char option[] = "--match-set ";
	const char *at = strstr(rule, option);
	struct flow_line *l;
	size_t before, len;

	if (at == NULL) {
		flow_chain_add(c, xstrdup(rule), FLOW_NO_SET);
		return;
	}
	before = (size_t)(at - rule) + strlen(option);
	len = strcspn(rule + before, " ");
	l = flow_chain_add(c,
	    xasprintf("%.*s%c%s", (int)before, rule, FLOW_SET_HERE, rule + before + len),
	    FLOW_NO_SET);
	snprintf(l->set, sizeof l->set, "%.*s", (int)len, rule + before);
}

/* The mark that NAME, what stands behind FLOW_PREFIX "M-", means; 0: none. */
static uint32_t mark_of(const char *name)
{
	char *end;
	unsigned long mark = strtoul(name, &end, 16);

	return end == name + 8 && mark <= UINT32_MAX ? (uint32_t)mark : 0;
}

/* RULE is of a chain of a mark: the one that marks, or a line of FLOW_ASIDE. */
static void read_mark_rule(struct flow_table *have, const char *rule, size_t *n)
{
	uint32_t mark = mark_of(rule);
	char want[64], *line;

	snprintf(want, sizeof want, " " MARK_RULE, (unsigned)mark);
	if (mark != 0 &&
	    (strstr(rule, " --match-set ") != NULL || strstr(rule, " -j TEE ") != NULL ||
		strstr(rule, " -j TTL ") != NULL)) {
		line = xasprintf("M-%s", rule);
		read_line(&have->chain[FLOW_ASIDE], line);
		free(line);
		return;
	}
	if (mark == 0 || strcmp(rule + 8, want) != 0)
		have->chain[FLOW_MARK].strange = true;
	++*n;
}

/* A line ":CHAIN POLICY [0:0]", behind the colon. */
static void read_chain(struct flow_table *have, enum flow_chain_id id, const char *text)
{
	size_t len = strcspn(text, " ");
	const char *mark = behind(text, FLOW_PREFIX "M-");

	if (strlen(chains[id].name) == len && memcmp(text, chains[id].name, len) == 0)
		have->chain[id].exists = true;
	else if (behind(text, REASSEMBLE " ") != NULL)
		have->reassemble = true;
	else if (mark != NULL && id == FLOW_MARK && mark_of(mark) != 0)
		flow_table_mark(have, mark_of(mark));
}

/* How many rules there are in chains of which each has one. */
struct singles {
	size_t marks, reassemble;
};

/* A line "-A CHAIN RULE", behind the option. */
static void read_rule(
    struct flow_table *have, enum flow_chain_id id, const char *text, struct singles *n)
{
	struct flow_chain *c = &have->chain[id];
	char hook[64], own[64];
	const char *rule;

	for (int h = 0; flow_rules_hook(id, h) != NULL; h++) {
		snprintf(hook, sizeof hook, "%s -j %s", flow_rules_hook(id, h),
		    chains[id].name);
		c->hooks[h] += strcmp(text, hook) == 0;
	}
	snprintf(own, sizeof own, "%s ", chains[id].name);
	if ((rule = behind(text, own)) != NULL)
		read_line(c, rule);
	else if ((rule = behind(text, FLOW_PREFIX "M-")) != NULL && id == FLOW_MARK)
		read_mark_rule(have, rule, &n->marks);
	else if ((rule = behind(text, REASSEMBLE " ")) != NULL && id == FLOW_MARK)
		n->reassemble += strcmp(rule, REASSEMBLE_RULE) == 0 ? 1 : 2;
}

void flow_rules_read(struct flow_table *have, enum flow_chain_id id, const char *text)
{
	char *copy, *rest, *line;
	struct singles n = { 0 };

	if (chains[id].table == NULL)
		return;
	copy = rest = xstrdup(text);
	while ((line = strsep(&rest, "\n")) != NULL) {
		squeeze(line);
		if (line[0] == ':')
			read_chain(have, id, line + 1);
		else if (behind(line, "-A ") != NULL)
			read_rule(have, id, line + 3, &n);
	}
	if (id == FLOW_MARK &&
	    (n.marks != have->n_marks || n.reassemble != have->reassemble))
		have->chain[id].strange = true;
	free(copy);
}

/* ---- comparing ---- */

static bool same_lines(const struct flow_chain *have, const struct flow_chain *want)
{
	if (have->n != want->n)
		return false;
	for (size_t i = 0; i < want->n; i++)
		if (want->lines[i].old != &have->lines[i])
			return false;
	return true;
}

static bool same_marks(const struct flow_table *have, const struct flow_table *want)
{
	return have->n_marks == want->n_marks &&
	       (want->n_marks == 0 || memcmp(have->marks, want->marks,
					  want->n_marks * sizeof *want->marks) == 0);
}

static bool same_hooks(const struct flow_chain *have, enum flow_chain_id c, bool needed)
{
	for (int h = 0; flow_rules_hook(c, h) != NULL; h++)
		if (have->hooks[h] != needed)
			return false;
	return true;
}

bool flow_rules_same(
    const struct flow_table *have, const struct flow_table *want, enum flow_chain_id c)
{
	const struct flow_chain *h = &have->chain[c];
	bool needed = want->chain[c].n > 0;

	if (chains[c].table == NULL)
		return true;
	return !h->strange && h->exists == needed && same_hooks(h, c, needed) &&
	       same_lines(h, &want->chain[c]) &&
	       (c != FLOW_MARK ||
		   (same_marks(have, want) && have->reassemble == want->reassemble &&
		       same_lines(&have->chain[FLOW_ASIDE], &want->chain[FLOW_ASIDE])));
}

/* ---- writing ---- */

void flow_rules_line(const struct flow_line *l, enum flow_chain_id c, struct buf *out)
{
	const char *here = strchr(l->rule, FLOW_SET_HERE);

	if (chains[c].name != NULL)
		buf_printf(out, "-A %s ", chains[c].name);
	else /* the rule begins with the rest of it */
		buf_str(out, "-A " FLOW_PREFIX);
	if (here == NULL)
		buf_printf(out, "%s\n", l->rule);
	else
		buf_printf(
		    out, "%.*s%s%s\n", (int)(here - l->rule), l->rule, l->set, here + 1);
}

static bool has_mark(const struct flow_table *t, uint32_t mark)
{
	size_t low = 0, high = t->n_marks;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (t->marks[mid] < mark)
			low = mid + 1;
		else
			high = mid;
	}
	return low < t->n_marks && t->marks[low] == mark;
}

static void write_marks(
    const struct flow_table *have, const struct flow_table *want, struct buf *out)
{
	for (size_t i = 0; i < want->n_marks; i++)
		buf_printf(out, "-A " MARK_CHAIN " " MARK_RULE "\n",
		    (unsigned)want->marks[i], (unsigned)want->marks[i]);
	for (size_t i = 0; i < want->chain[FLOW_ASIDE].n; i++)
		flow_rules_line(&want->chain[FLOW_ASIDE].lines[i], FLOW_ASIDE, out);
	if (want->reassemble)
		buf_str(out, "-A " REASSEMBLE " " REASSEMBLE_RULE "\n");
	/* Nothing leads to these any more: the chain that did is written anew. */
	for (size_t i = 0; i < have->n_marks; i++)
		if (!has_mark(want, have->marks[i]))
			buf_printf(out, "-F " MARK_CHAIN "\n-X " MARK_CHAIN "\n",
			    (unsigned)have->marks[i], (unsigned)have->marks[i]);
	if (have->reassemble && !want->reassemble)
		buf_str(out, "-F " REASSEMBLE "\n-X " REASSEMBLE "\n");
}

static void write_hooks(
    const struct flow_chain *have, enum flow_chain_id c, bool wanted, struct buf *out)
{
	for (int i = 0; flow_rules_hook(c, i) != NULL; i++) {
		const char *from = flow_rules_hook(c, i), *name = chains[c].name;

		if (wanted && have->hooks[i] == 0)
			buf_printf(out, "-%c %s -j %s\n", chains[c].how, from, name);
		for (size_t n = have->hooks[i]; n > wanted; n--)
			buf_printf(out, "-D %s -j %s\n", from, name);
	}
}

void flow_rules_write(const struct flow_table *have, const struct flow_table *want,
    enum flow_chain_id c, struct buf *out)
{
	const struct flow_chain *w = &want->chain[c];
	const char *name = chains[c].name;

	if (chains[c].table == NULL)
		return;
	buf_printf(out, "*%s\n", chains[c].table);
	if (w->n > 0 || have->chain[c].exists)
		buf_printf(out, ":%s - [0:0]\n", name);
	for (size_t i = 0; c == FLOW_MARK && i < want->n_marks; i++)
		buf_printf(out, ":" MARK_CHAIN " - [0:0]\n", (unsigned)want->marks[i]);
	if (c == FLOW_MARK && want->reassemble)
		buf_str(out, ":" REASSEMBLE " - [0:0]\n");
	for (size_t i = 0; i < w->n; i++)
		flow_rules_line(&w->lines[i], c, out);
	if (c == FLOW_MARK)
		write_marks(have, want, out);
	write_hooks(&have->chain[c], c, w->n > 0, out);
	if (w->n == 0 && have->chain[c].exists)
		buf_printf(out, "-X %s\n", name);
	buf_str(out, "COMMIT\n");
}
