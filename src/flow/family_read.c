/*
 * What the kernel has: rules by iptables-save, members by libipset, put together by the
 * names of sets. What is ours is known by its name, whoever made it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/command.h"
#include "flow/family.h"
#include "flow/rules.h"
#include "lib/xalloc.h"

#define DEADLINE_MS 10000
/* How long iptables waits for its own lock, while the daemon waits and while not. */
#define LOCK_S "1"
#define LOCK_PATIENT_S "5"

/* ---- iptables ---- */

bool family_iptables(const struct family *fa, const char *flavour, const char *verb,
    const char *table, const char *input, struct buf *out, struct buf *error)
{
	const bool restores = strcmp(verb, "restore") == 0;
	char *name = xasprintf(
	    "ip%stables%s-%s", fa->number == AF_INET6 ? "6" : "", flavour, verb);
	const char *save[] = { name, table != NULL ? "-t" : NULL, table, NULL };
	const char *restore[] = { name, "--noflush", "-w",
		fa->patient ? LOCK_PATIENT_S : LOCK_S, NULL };
	bool done =
	    command_run(restores ? restore : save, input, DEADLINE_MS, out, error);

	if (!done && error->len > 0 && strstr(error->data, FAMILY_LOCKED) != NULL) {
		buf_fini(error);
		buf_printf(error,
		    "another program holds the lock of %s (the " FAMILY_LOCKED
		    ", /run/xtables.lock)",
		    name);
	}
	free(name);
	return done;
}

/*
 * Debian has two flavours of iptables that do not see each other's rules: that of the
 * plain name is taken, the other where the kernel has not what it needs. Reading
 * tells nothing of that, so a chain is made and deleted in one commit.
 */
static const char *const flavours[] = { "", "-legacy" };

const char *family_flavour(const char *name)
{
	for (size_t i = 0; i < sizeof flavours / sizeof flavours[0]; i++)
		if (strcmp(flavours[i], name) == 0)
			return flavours[i];
	return NULL;
}

bool family_choose(struct family *fa, struct buf *error)
{
	static const char probe[] = "*mangle\n:" FLOW_PREFIX "PROBE - [0:0]\n"
				    "-X " FLOW_PREFIX "PROBE\nCOMMIT\n";

	for (size_t i = 0; fa->flavour == NULL && i < 2; i++) {
		struct buf out = { 0 }, why = { 0 };
		bool done =
		    family_iptables(fa, flavours[i], "restore", NULL, probe, &out, &why);
		/* That tells nothing of the kernel, and the other waits for the same. */
		bool locked = !done && strstr(why.data, FAMILY_LOCKED) != NULL;

		if (locked)
			buf_fini(error);
		if (done)
			fa->flavour = flavours[i];
		else if (error->len == 0)
			buf_str(error, why.data);
		buf_fini(&out);
		buf_fini(&why);
		if (locked)
			break;
	}
	if (fa->flavour != NULL)
		buf_fini(error);
	return fa->flavour != NULL;
}

/* ---- reading ---- */

static bool needs_chain(const struct flow *f, const struct flow_table *want, int c)
{
	return flow_rules_table(c) != NULL && (want->chain[c].n > 0 || f->leftovers);
}

static bool read_rules(
    struct flow *f, struct family *fa, const struct flow_table *want, struct buf *error)
{
	for (int c = 0; c < FLOW_CHAINS; c++) {
		struct buf text = { 0 };
		bool done = true;

		if (!needs_chain(f, want, c))
			continue;
		buf_str(&text, "");
		done = family_choose(fa, error) &&
		       family_iptables(fa, fa->flavour, "save", flow_rules_table(c), NULL,
			   &text, error);
		if (done)
			flow_rules_read(&fa->have, c, text.data != NULL ? text.data : "");
		buf_fini(&text);
		if (!done && want->chain[c].n > 0)
			return false;
		/* A table that cannot be had has nothing of ours. */
		buf_fini(error);
	}
	return true;
}

/* The line of HAVE that the set NAME belongs to, or NULL. */
static struct flow_line *line_of_set(struct flow_table *have, const char *name)
{
	for (int c = 0; c < FLOW_CHAINS; c++)
		for (size_t i = 0; i < have->chain[c].n; i++)
			if (strcmp(have->chain[c].lines[i].set, name) == 0)
				return &have->chain[c].lines[i];
	return NULL;
}

static bool read_set(struct flow *f, struct family *fa, const char *name)
{
	struct flow_line *line = line_of_set(&fa->have, name);
	enum flow_type type;

	if (line == NULL || line->type != FLOW_NO_SET) {
		flow_table_orphan(&fa->have, name);
		return true;
	}
	if (!set_read(f->sets, name, &type, line))
		return false;
	/* One that someone replaced is no use to us, but goes with the rest. */
	if (type == FLOW_NO_SET)
		flow_table_orphan(&fa->have, name);
	return true;
}

bool family_open_sets(struct flow *f, struct buf *error)
{
	if (f->sets == NULL)
		f->sets = set_open();
	if (f->sets == NULL)
		buf_str(error, "cannot open a session with libipset");
	return f->sets != NULL;
}

bool family_set_failed(const struct flow *f, struct buf *error)
{
	buf_printf(error,
	    "cannot use sets of addresses (kernel modules ip_set, xt_set): "
	    "%s",
	    set_error(f->sets));
	return false;
}

static bool read_sets(struct flow *f, struct family *fa, struct buf *error)
{
	char prefix[FLOW_SET_NAME];
	struct buf names = { 0 };
	char *rest, *name;
	bool done = family_open_sets(f, error);

	if (!done)
		return false;
	snprintf(
	    prefix, sizeof prefix, FLOW_PREFIX "%c-", fa->number == AF_INET6 ? '6' : '4');
	done = set_names(f->sets, prefix, &names);
	rest = names.data;
	while (done && (name = strsep(&rest, "\n")) != NULL)
		if (*name != '\0')
			done = read_set(f, fa, name);
	buf_fini(&names);
	return done || family_set_failed(f, error);
}

bool family_needs_sets(const struct flow_table *t)
{
	for (int c = 0; c < FLOW_CHAINS; c++)
		for (size_t i = 0; i < t->chain[c].n; i++)
			if (t->chain[c].lines[i].type != FLOW_NO_SET)
				return true;
	return false;
}

bool family_read(
    struct flow *f, struct family *fa, const struct flow_table *want, struct buf *error)
{
	struct buf ignored = { 0 };

	flow_table_fini(&fa->have);
	fa->routed = false;
	if (!read_rules(f, fa, want, error))
		return false;
	if (family_needs_sets(want) && !read_sets(f, fa, error))
		return false;
	/* Leftovers where sets cannot be had are no sets. */
	if (!family_needs_sets(want) && f->leftovers)
		read_sets(f, fa, &ignored);
	buf_fini(&ignored);
	fa->known = true;
	return true;
}
