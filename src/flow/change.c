/* The tables of both, aligned as a reload does it. */
#include "flow/change.h"

#include <stdio.h>

#include "flow/plan.h"
#include "flow/rules.h"

/* The set that members are counted for. */
struct count {
	struct flow_change *out;
	const struct flow_line *line;
};

static void tell(struct flow_change *out, const char *command, const char *text)
{
	if (out->n_commands++ < FLOW_COMMANDS_MAX)
		buf_printf(&out->commands, "%s %s\n", command, text);
}

static void tell_member(
    const struct count *c, const char *command, const struct flow_member *m)
{
	char member[FLOW_MEMBER_TEXT], text[FLOW_SET_NAME + FLOW_MEMBER_TEXT + 1];

	snprintf(text, sizeof text, "%s %s", c->line->set,
	    flow_member_text(m, c->line->type, member));
	tell(c->out, command, text);
}

static void count_added(const struct flow_member *m, void *arg)
{
	const struct count *c = arg;

	c->out->added++;
	tell_member(c, "ipset add", m);
}

static void count_removed(const struct flow_member *m, void *arg)
{
	const struct count *c = arg;

	c->out->removed++;
	tell_member(c, "ipset del", m);
}

/* "ip6tables -t mangle -A LVSD-FLOW ..." */
static void tell_rule(struct flow_change *out, uint8_t family, enum flow_chain_id c,
    const struct flow_line *l, bool is_added)
{
	const char *table = flow_rules_table(c) != NULL ? flow_rules_table(c)
							: flow_rules_table(FLOW_MARK);
	struct buf rule = { 0 };
	char start[32];

	flow_rules_line(l, c, &rule);
	rule.data[--rule.len] = '\0'; /* the end of the line */
	snprintf(start, sizeof start, "ip%stables -t %s -%c",
	    family == AF_INET6 ? "6" : "", table, is_added ? 'A' : 'D');
	tell(out, start, rule.data + 3);
	buf_fini(&rule);
}

static void add_lines(
    struct flow_table *want, enum flow_chain_id c, struct flow_change *out)
{
	/* Who is refused changes by itself. */
	bool follows = c == FLOW_ASIDE || c == FLOW_REFUSE;

	for (size_t i = 0; i < want->chain[c].n; i++) {
		struct flow_line *l = &want->chain[c].lines[i];
		struct count count = { out, l };
		char text[FLOW_SET_NAME + 64];

		if (l->old == NULL && l->type != FLOW_NO_SET) {
			snprintf(text, sizeof text, "%s %s family %s", l->set,
			    flow_type_name(l->type),
			    want->family == AF_INET6 ? "inet6" : "inet");
			tell(out, "ipset create", text);
		}
		if (!follows)
			flow_members_diff(l->old, l, count_added, NULL, &count);
	}
}

/* What stays of HAVE points to itself after. */
static void change_rules(struct flow_table *have, struct flow_table *want,
    enum flow_chain_id c, struct flow_change *out)
{
	out->rules = out->rules || !flow_rules_same(have, want, c);
	for (size_t i = 0; i < want->chain[c].n; i++) {
		struct flow_line *l = &want->chain[c].lines[i];

		if (l->old != NULL)
			l->old->old = l->old;
		else
			tell_rule(out, want->family, c, l, true);
	}
	for (size_t i = 0; i < have->chain[c].n; i++)
		if (have->chain[c].lines[i].old == NULL)
			tell_rule(out, want->family, c, &have->chain[c].lines[i], false);
}

static void remove_lines(struct flow_table *have, struct flow_table *want,
    enum flow_chain_id c, struct flow_change *out)
{
	bool follows = c == FLOW_ASIDE || c == FLOW_REFUSE;

	for (size_t i = 0; i < want->chain[c].n && !follows; i++) {
		struct flow_line *l = &want->chain[c].lines[i];
		struct count count = { out, l };

		flow_members_diff(l->old, l, NULL, count_removed, &count);
	}
	for (size_t i = 0; i < have->chain[c].n; i++) {
		const struct flow_line *l = &have->chain[c].lines[i];

		if (l->old != NULL)
			continue;
		out->removed += follows ? 0 : l->n;
		if (l->type != FLOW_NO_SET)
			tell(out, "ipset destroy", l->set);
	}
}

static void change_family(
    struct flow_table *have, struct flow_table *want, struct flow_change *out)
{
	want->reassemble = want->reassemble && (have->reassemble || have->n_marks == 0);
	flow_align(have, want);
	for (enum flow_chain_id c = 0; c < FLOW_CHAINS; c++)
		for (size_t i = 0; i < have->chain[c].n; i++)
			have->chain[c].lines[i].old = NULL;
	for (enum flow_chain_id c = 0; c < FLOW_CHAINS; c++)
		add_lines(want, c, out);
	for (enum flow_chain_id c = 0; c < FLOW_CHAINS; c++)
		change_rules(have, want, c, out);
	for (enum flow_chain_id c = 0; c < FLOW_CHAINS; c++)
		remove_lines(have, want, c, out);
}

void flow_change(struct flow_table *const have[2], const struct flow_machine *m,
    const struct conf *before, const struct conf *after, struct flow_change *out)
{
	static const uint8_t families[] = { AF_INET, AF_INET6 };

	*out = (struct flow_change){ 0 };
	for (int i = 0; i < 2; i++) {
		struct flow_table none = { .family = families[i] }, made, want;

		flow_plan(before, families[i], NULL, NULL, &made);
		flow_plan(after, families[i], NULL, NULL, &want);
		flow_fit(&made, m);
		flow_fit(&want, m);
		flow_align(&none, &made);
		flow_table_done(&made);
		change_family(have != NULL ? have[i] : &made, &want, out);
		flow_table_fini(&made);
		flow_table_fini(&want);
	}
}
