/*
 * What the kernel holds of ours, as the tools say it that show such things: ipset,
 * iptables and ip. What is ours is known by its name or its number, whoever made it.
 *
 * The rules are few and read first, so that what cannot be read is known before
 * anything is said. Sets may be of millions: they go out while they come.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flow/family.h"
#include "flow/route.h"
#include "lib/command.h"

#define DEADLINE_MS 5000
#define STRINGIFY(x) #x
#define STRING(x) STRINGIFY(x)
#define PROTOCOL STRING(ROUTE_PROTOCOL)

/* ---- rules ---- */

/* Of what iptables-save printed the lines that name something of ours, with the tables
 * they are in. */
static void keep_ours(char *saved, const char *title, struct buf *out)
{
	const char *table = NULL;
	bool begun = false, in_table = false;
	char *line;

	while ((line = strsep(&saved, "\n")) != NULL) {
		if (line[0] == '*') {
			table = line;
			in_table = false;
		} else if (strcmp(line, "COMMIT") == 0 && in_table) {
			buf_str(out, "COMMIT\n");
		} else if (table != NULL && strstr(line, FLOW_PREFIX) != NULL) {
			if (!begun)
				buf_printf(out, "# %s\n", title);
			if (!in_table)
				buf_printf(out, "%s\n", table);
			begun = in_table = true;
			buf_printf(out, "%s\n", line);
		}
	}
}

static bool show_rules(const struct family *fa, struct buf *out, struct buf *error)
{
	const char *flavour = fa->flavour != NULL ? fa->flavour : "";
	struct buf saved = { 0 };
	char title[64];
	bool done;

	buf_str(&saved, "");
	snprintf(title, sizeof title, "ip%stables%s-save",
	    fa->number == AF_INET6 ? "6" : "", flavour);
	done = family_iptables(fa, flavour, "save", NULL, NULL, &saved, error);
	if (done)
		keep_ours(saved.data, title, out);
	buf_fini(&saved);
	return done;
}

/* ---- policy rules and routes ---- */

/* The lines of TEXT with WORDS in them, or all (NULL). */
static void keep_lines(char *text, const char *words, const char *title, struct buf *out)
{
	bool begun = false;
	char *line;

	while ((line = strsep(&text, "\n")) != NULL) {
		if (*line == '\0' || (words != NULL && strstr(line, words) == NULL))
			continue;
		if (!begun)
			buf_printf(out, "# %s\n", title);
		buf_printf(out, "%s\n", line);
		begun = true;
	}
}

static bool show_routes(const struct family *fa, struct buf *out, struct buf *error)
{
	const char *family = fa->number == AF_INET6 ? "-6" : "-4";
	/* The second knows routes by their protocol, the first rules not (iproute2 6.1). */
	const char *const rule[] = { "ip", "-N", family, "rule", NULL };
	const char *const route[] = { "ip", family, "route", "show", "table", "all",
		"proto", PROTOCOL, NULL };
	struct buf rules = { 0 }, routes = { 0 };
	char title[64];
	bool done = command_run(rule, NULL, DEADLINE_MS, &rules, error) &&
		    command_run(route, NULL, DEADLINE_MS, &routes, error);

	if (done) {
		snprintf(title, sizeof title, "ip -N %s rule | grep 'proto " PROTOCOL "'",
		    family);
		keep_lines(rules.data, "proto " PROTOCOL, title, out);
		snprintf(title, sizeof title,
		    "ip %s route show table all proto " PROTOCOL, family);
		keep_lines(routes.data, NULL, title, out);
	}
	buf_fini(&rules);
	buf_fini(&routes);
	return done;
}

static bool show_family(const struct family *fa, struct buf *out, struct buf *error)
{
	if (show_rules(fa, out, error) && show_routes(fa, out, error))
		return true;
	if (!flow_table_is_empty(&fa->have))
		return false;
	/* Where we have made nothing, nothing need be there that tells of it. */
	buf_fini(error);
	return true;
}

/* ---- sets ---- */

static bool read_names(struct flow *f, struct buf *names, struct buf *error)
{
	if (family_open_sets(f, error) &&
	    (set_names(f->sets, FLOW_PREFIX, names) || family_set_failed(f, error)))
		return true;
	if (family_needs_sets(&f->family[0].have) ||
	    family_needs_sets(&f->family[1].have))
		return false;
	buf_fini(error);
	return true;
}

static void show_sets(struct flow *f, char *names, flow_text_fn *text, void *arg)
{
	char *name;

	if (names != NULL)
		text("# ipset save\n", arg);
	while ((name = strsep(&names, "\n")) != NULL) {
		if (*name == '\0' || set_save(f->sets, name, text, arg))
			continue;
		text("# ", arg);
		text(name, arg);
		text(": ", arg);
		text(set_error(f->sets), arg);
		text("\n", arg);
	}
}

bool flow_show(struct flow *f, flow_text_fn *text, void *arg, struct buf *error)
{
	struct buf rules = { 0 }, names = { 0 };
	bool done;

	f->sets = NULL; /* the socket is the daemon's */
	done = read_names(f, &names, error);
	for (int i = 0; done && i < 2; i++)
		done = show_family(&f->family[i], &rules, error);
	if (done) {
		show_sets(f, names.data, text, arg);
		text(rules.data != NULL ? rules.data : "", arg);
	}
	buf_fini(&names);
	buf_fini(&rules);
	return done;
}
