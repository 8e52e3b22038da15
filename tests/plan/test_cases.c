/*
 * The cases of tests/plan/NAME.txt: what is sent to the kernel, step by step.
 *
 * A case is text that a reader can check. Before the first "==" stands what it
 * shows. Then, in any order and as often as wanted:
 *
 *   == conf               an lvs.conf: the start, then reloads
 *   == health S=up T=down a check of these servers has spoken
 *   == connections R=N    this many are open at the destination R, an address and
 *                         port as ipvsadm writes it; at all others none
 *   == operations         what the plan sends now, as ipvsadm commands; the table
 *                         takes it over
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <err.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "lib/buf.h"
#include "lib/xalloc.h"

struct run {
	const char *file;
	struct state *state;
	struct ipvs_table have;
	char *connections; /* as given */
	unsigned step;
};

static void fail_step(const struct run *r, const char *what, const char *detail)
{
	fail_msg("%s, part %u: %s %s", r->file, r->step, what, detail);
}

/* ---- the steps ---- */

static void do_conf(struct run *r, const char *text)
{
	struct state *before = r->state;

	r->state = call_state(text, before, &r->have);
	state_free(before);
}

static void set_health(struct run *r, const char *name, bool up)
{
	for (size_t i = 0; i < r->state->n_servers; i++) {
		const struct server_state *s = &r->state->servers[i];

		if (strcmp(s->conf->name, name) == 0 && s->probe != NO_PROBE) {
			call_report(r->state, s->probe, up);
			return;
		}
	}
	fail_step(r, "no checked server", name);
}

static void do_health(struct run *r, char *words)
{
	for (char *word; (word = strsep(&words, " ")) != NULL;) {
		char *value = strchr(word, '=');

		if (value == NULL)
			continue;
		*value++ = '\0';
		set_health(r, word, strcmp(value, "up") == 0);
	}
}

/* How many connections the destination D has by the step before. */
static uint32_t connections_of(const struct run *r, const struct ipvs_dest *d)
{
	char name[ADDR_TEXT_MAX + 1];
	const char *found;

	addr_port_text(&d->addr, d->port, name);
	strcat(name, "=");
	found = r->connections != NULL ? strstr(r->connections, name) : NULL;
	return found != NULL ? (uint32_t)strtoul(found + strlen(name), NULL, 10) : 0;
}

static void count_connections(struct run *r)
{
	for (size_t i = 0; i < r->have.n; i++)
		for (size_t j = 0; j < r->have.svcs[i].n_dests; j++) {
			struct ipvs_dest *d = &r->have.svcs[i].dests[j];

			d->active = d->inactive = connections_of(r, d);
		}
}

static void do_operations(struct run *r, const char *expected)
{
	struct ipvs_table want = { 0 };
	struct ipvs_ops ops = { 0 };
	struct buf said = { 0 };

	count_connections(r);
	call_plan(r->state, &r->have, &want);
	ipvs_diff(&r->have, &want, &ops);
	buf_str(&said, "");
	for (size_t i = 0; i < ops.n; i++) {
		ipvs_op_text(&ops.list[i], &said);
		buf_str(&said, "\n");
	}
	if (strcmp(said.data, expected) != 0)
		fail_step(r, "the operations are\n", said.data);
	for (size_t i = 0; i < ops.n; i++)
		if (ipvs_table_apply(&r->have, &ops.list[i]) != 0)
			fail_step(r, "an operation was refused", "");
	ipvs_ops_fini(&ops);
	ipvs_table_fini(&want);
	buf_fini(&said);
}

/* One part: its HEAD, the words behind "==", and the lines that follow. */
static void do_part(struct run *r, char *head, const char *lines)
{
	r->step++;
	if (strcmp(head, "conf") == 0)
		do_conf(r, lines);
	else if (strncmp(head, "health ", 7) == 0)
		do_health(r, head + 7);
	else if (strncmp(head, "connections", 11) == 0)
		r->connections = head + 11;
	else if (strcmp(head, "operations") == 0)
		do_operations(r, lines);
	else
		fail_step(r, "what is", head);
}

/* ---- files ---- */

static char *read_file(const char *path)
{
	FILE *f = fopen(path, "re");
	struct buf b = { 0 };
	char part[4096];
	size_t n;

	if (f == NULL)
		err(1, "%s", path);
	while ((n = fread(part, 1, sizeof part, f)) > 0)
		buf_add(&b, part, n);
	fclose(f);
	return b.data;
}

static void test_case(void **state)
{
	struct run r = { .file = *state };
	char *text = read_file(r.file), *part = strstr(text, "\n== ");

	assert_non_null(part);
	part++;
	while (part != NULL) {
		char *next = strstr(part, "\n== "), *lines = strchr(part, '\n');

		assert_non_null(lines);
		/* The newline before "==" ends the lines of this part. */
		if (next != NULL && next != lines)
			next[1] = '\0';
		*lines++ = '\0';
		do_part(&r, part + strlen("== "), next == lines - 1 ? "" : lines);
		part = next != NULL ? next + 1 : NULL;
		if (part != NULL)
			*part = '=';
	}
	state_free(r.state);
	ipvs_table_fini(&r.have);
	free(text);
}

int main(void)
{
	const char *source = getenv("SRCDIR");
	char *pattern = xasprintf("%s/tests/plan/*.txt", source != NULL ? source : ".");
	struct CMUnitTest *tests;
	glob_t files;
	int failed;

	if (glob(pattern, 0, NULL, &files) != 0)
		errx(1, "no cases: %s", pattern);
	tests = xcalloc(files.gl_pathc, sizeof *tests);
	for (size_t i = 0; i < files.gl_pathc; i++)
		tests[i] = (struct CMUnitTest){
			.name = strrchr(files.gl_pathv[i], '/') + 1,
			.test_func = test_case,
			.initial_state = files.gl_pathv[i],
		};
	failed = _cmocka_run_group_tests("cases", tests, files.gl_pathc, NULL, NULL);
	free(tests);
	free(pattern);
	globfree(&files);
	return failed;
}
