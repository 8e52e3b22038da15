/*
 * The status page of a terminal: 80 columns, aligned, in the file's order.
 *
 * First what is wrong with the daemon, then how many are up, then a line a server;
 * below one that is down its reason. A name or address that leaves no room for the
 * numbers has a line of its own, as nothing that somebody has to type is ever cut.
 * Colour repeats what the words say.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lvsctl/lvsctl.h"
#include "lvsctl/words.h"

#define INDENT 2
#define NUMBERS_WIDTH 38 /* state, since, weight and connections */
#define NAMES_WIDTH (WORDS_COLUMNS - INDENT - NUMBERS_WIDTH) /* name, blank, address */
#define IPV4_WIDTH 21					     /* "255.255.255.255:65535" */
#define PIECES_MAX 6

struct page {
	struct buf *out;
	bool colour;
	int name_width, address_width;
};

/* ---- pieces ---- */

/* STATE padded to WIDTH, in its colour. */
static void put_state(const struct page *p, const char *state, int width)
{
	const char *on = p->colour ? words_colour_of(state) : "";

	buf_printf(p->out, "%s%-*s%s", on, width, state, *on != '\0' ? "\033[0m" : "");
}

/* The number KEY in 6 columns; "-" when the server is not in the kernel's table. */
static void put_number(const struct page *p, const json_t *server, const char *key)
{
	char text[WORDS_MAX] = "-";

	if (json_is_number(json_object_get(server, key)))
		words_count(words_real(server, key), text);
	buf_printf(p->out, " %6s", text);
}

/* Below a server: one line, whatever TEXT is. */
static void put_note(const struct page *p, const char *text)
{
	buf_str(p->out, "    ");
	words_put(p->out, text, WORDS_COLUMNS - 4);
	buf_str(p->out, "\n");
}

static void put_alarm(const struct page *p, size_t indent, const char *text)
{
	buf_str(p->out, p->colour ? "\033[31m" : "");
	words_put_wrapped(p->out, indent, text);
	buf_str(p->out, p->colour ? "\033[0m" : "");
}

/* ---- servers ---- */

static bool is_ready(const json_t *server)
{
	return words_are(server, "operator", "ready");
}

static bool is_in_table(const json_t *server)
{
	return json_is_integer(json_object_get(server, "table_weight"));
}

static const char *server_state(const json_t *server)
{
	if (is_ready(server))
		return words_of(server, "health");
	if (words_are(server, "operator", "drain") && !is_in_table(server))
		return "drained";
	return words_of(server, "operator");
}

/* Why its check says what it says, unless all is well. */
static void put_reason(const struct page *p, const json_t *server)
{
	const json_t *check = json_object_get(server, "check");
	const char *text = words_of(check, "text"), *reason = words_of(check, "reason");
	bool none = strcmp(reason, "none") == 0;
	struct buf line = { 0 };
	char age[WORDS_MAX];

	if (!json_is_object(check) ||
	    (words_are(server, "health", "up") && (none || strcmp(reason, "ok") == 0)))
		return;
	buf_printf(
	    &line, "%s check: %s", words_of(check, "method"), words_of(check, "means"));
	if (!none)
		buf_printf(&line, " (%.1f ms, %s ago)",
		    words_real(check, "duration_us") / 1e3,
		    words_time(words_real(check, "age_s"), age));
	if (*text != '\0')
		buf_printf(&line, ": %s", text);
	put_note(p, line.data);
	buf_fini(&line);
}

static void put_decision(const struct page *p, const json_t *server)
{
	const json_t *cut = json_object_get(server, "cut_in_s");
	char text[80], age[WORDS_MAX];

	if (!is_ready(server) && is_in_table(server)) {
		snprintf(text, sizeof text, "it keeps its connections %s%s",
		    json_is_number(cut) ? "for " : "until the last one ends",
		    json_is_number(cut) ? words_time(json_number_value(cut), age) : "");
		put_note(p, text);
	}
	if (json_is_integer(json_object_get(server, "operator_weight"))) {
		snprintf(text, sizeof text, "an operator gave it weight %lld",
		    words_number(server, "operator_weight"));
		put_note(p, text);
	}
}

/* Name and address, and where the numbers begin: on the same line if they may. */
static void put_names(const struct page *p, const char *name, const char *address)
{
	int used = INDENT + (int)strlen(name);

	buf_printf(p->out, "%*s%s", INDENT, "", name);
	if (used > INDENT + p->name_width && used + 1 + strlen(address) > WORDS_COLUMNS) {
		buf_printf(p->out, "\n%*s", INDENT + p->name_width, "");
		used = INDENT + p->name_width;
	}
	if (used < INDENT + p->name_width) {
		buf_printf(p->out, "%*s", INDENT + p->name_width - used, "");
		used = INDENT + p->name_width;
	}
	buf_printf(p->out, " %s", address);
	used += 1 + (int)strlen(address);
	if (used > INDENT + p->name_width + 1 + p->address_width) {
		buf_str(p->out, "\n");
		used = 0;
	}
	buf_printf(
	    p->out, "%*s", INDENT + p->name_width + 1 + p->address_width - used, "");
}

static void put_server(const struct page *p, const json_t *server)
{
	char since[WORDS_MAX];

	put_names(p, words_of(server, "name"), words_of(server, "address"));
	buf_str(p->out, " ");
	put_state(p, server_state(server), 9);
	buf_printf(p->out, " %6s", words_time(words_real(server, "since_s"), since));
	put_number(p, server, "table_weight");
	put_number(p, server, "active");
	put_number(p, server, "inactive");
	buf_str(p->out, "\n");
	put_decision(p, server);
	if (json_is_true(json_object_get(server, "sorry")))
		put_note(p, "sorry server: used only while no other is usable");
	put_reason(p, server);
}

/* ---- directors ---- */

/* "3 of 4 servers usable, quorum 2"; TEXT has 80 bytes. */
static const char *director_count(const json_t *director, char *text)
{
	long long usable = words_number(director, "usable");
	long long quorum = words_number(director, "quorum");
	const json_t *server;
	size_t i, n = 0;

	json_array_foreach(json_object_get(director, "servers"), i, server) n +=
	    !json_is_true(json_object_get(server, "sorry"));
	snprintf(text, 80, "%lld of %zu server%s usable", usable, n, n == 1 ? "" : "s");
	if (quorum > 1)
		snprintf(text + strlen(text), 80 - strlen(text), ", quorum %lld", quorum);
	return text;
}

static void put_director_line(const struct page *p, const json_t *director)
{
	char count[80];
	const char *pieces[PIECES_MAX] = { words_of(director, "name"),
		words_of(director, "service"), words_of(director, "balance"),
		words_of(director, "mode"), words_of(director, "state"),
		director_count(director, count) };
	size_t used = 0;

	for (size_t i = 0; i < PIECES_MAX; i++) {
		size_t len = strlen(pieces[i]);

		if (used > 0 && used + 2 + len > WORDS_COLUMNS) {
			buf_str(p->out, "\n    ");
			used = 4;
		} else if (used > 0) {
			buf_str(p->out, "  ");
			used += 2;
		}
		put_state(p, pieces[i], 0);
		used += len;
	}
	buf_str(p->out, "\n");
}

static void put_director(const struct page *p, const json_t *director)
{
	const json_t *server, *fault = json_object_get(director, "fault");
	size_t i;

	buf_str(p->out, "\n");
	put_director_line(p, director);
	if (json_is_string(fault))
		put_alarm(p, 4, json_string_value(fault));
	if (json_array_size(json_object_get(director, "servers")) == 0)
		return;
	buf_printf(p->out, "%*s%-*s %-*s %-9s %6s %6s %6s %6s\n", INDENT, "",
	    p->name_width, "SERVER", p->address_width, "ADDRESS", "STATE", "SINCE",
	    "WEIGHT", "ACTIVE", "INACT");
	json_array_foreach(json_object_get(director, "servers"), i, server)
	    put_server(p, server);
}

/* ---- the page ---- */

static void take_max(int *max, const json_t *server, const char *key)
{
	int len = (int)strlen(words_of(server, key));

	if (len > *max)
		*max = len;
}

/* The columns are as wide as what stands in them, as far as there is room; names give
 * way before IPv4 addresses do. */
static void fit(struct page *p, const json_t *directors)
{
	const json_t *director, *server;
	int name = 6, address = 7, room = NAMES_WIDTH - 1;
	size_t i, j;

	json_array_foreach(directors, i, director)
	{
		json_array_foreach(json_object_get(director, "servers"), j, server)
		{
			take_max(&name, server, "name");
			take_max(&address, server, "address");
		}
	}
	p->address_width = address < IPV4_WIDTH ? address : IPV4_WIDTH;
	p->name_width = name < room - p->address_width ? name : room - p->address_width;
	p->address_width =
	    address < room - p->name_width ? address : room - p->name_width;
}

/* How many have each state, in the order of their first. */
struct tally {
	const char *states[16];
	size_t counts[16], n, total;
};

static void tally_add(struct tally *t, const char *state)
{
	size_t i = 0;

	while (i < t->n && strcmp(t->states[i], state) != 0)
		i++;
	if (i == sizeof t->states / sizeof *t->states)
		return;
	if (i == t->n)
		t->states[t->n++] = state;
	t->counts[i]++;
	t->total++;
}

static void put_tally(const struct page *p, const struct tally *t, const char *what)
{
	buf_printf(p->out, "%zu %s%s", t->total, what, t->total == 1 ? "" : "s");
	for (size_t i = 0; i < t->n; i++) {
		buf_printf(p->out, "%s%zu ", i == 0 ? ": " : ", ", t->counts[i]);
		put_state(p, t->states[i], 0);
	}
}

static void put_totals(const struct page *p, const json_t *directors)
{
	struct tally d = { 0 }, s = { 0 };
	const json_t *director, *server;
	size_t i, j;

	json_array_foreach(directors, i, director)
	{
		tally_add(&d, words_of(director, "state"));
		json_array_foreach(json_object_get(director, "servers"), j, server)
		    tally_add(&s, server_state(server));
	}
	put_tally(p, &d, "director");
	buf_str(p->out, "\n");
	put_tally(p, &s, "server");
	buf_str(p->out, "\n");
}

static void put_checker(const struct page *p, const json_t *checker)
{
	long long deaths = words_number(checker, "deaths");

	if (words_number(checker, "pid") != 0)
		buf_printf(p->out, "checker pid %lld  user %s  %lld check%s",
		    words_number(checker, "pid"), words_of(checker, "user"),
		    words_number(checker, "probes"),
		    words_number(checker, "probes") == 1 ? "" : "s");
	else
		buf_str(
		    p->out, "checker NOT RUNNING, about to be started; the table stays");
	if (deaths > 0)
		buf_printf(p->out, "  died %lld time%s", deaths, deaths == 1 ? "" : "s");
	buf_str(p->out, "\n");
}

/* The parser's words: lines of their own, which stay as they are. */
static void put_lines(const struct page *p, const char *text)
{
	while (*text != '\0') {
		size_t len = strcspn(text, "\n");
		char *line = strndup(text, len);

		if (line != NULL)
			words_put(p->out, line, len);
		free(line);
		buf_str(p->out, "\n");
		text += len + (text[len] == '\n');
	}
}

static void put_daemon(const struct page *p, const json_t *status)
{
	const json_t *reload = json_object_get(status, "reload");
	const char *error = words_of(reload, "error");
	char text[WORDS_MAX];

	buf_printf(p->out, "lvsd %s  pid %lld  up %s  %s%s\n",
	    words_of(status, "version"), words_number(status, "pid"),
	    words_time(words_real(status, "uptime_s"), text), words_of(status, "config"),
	    json_is_true(json_object_get(status, "dry_run")) ? "  dry run" : "");
	put_checker(p, json_object_get(status, "checker"));
	if (*error != '\0') {
		struct buf line = { 0 };

		buf_printf(&line,
		    "the last reload, %s ago, was REFUSED; the running configuration "
		    "differs from the file:",
		    words_time(words_real(reload, "age_s"), text));
		put_alarm(p, 0, line.data);
		buf_fini(&line);
		put_lines(p, error);
	}
	if (json_is_string(json_object_get(status, "state_file_error"))) {
		put_alarm(p, 0, "the STATE FILE cannot be written:");
		words_put_wrapped(p->out, 4, words_of(status, "state_file_error"));
	}
	if (!json_is_true(json_object_get(json_object_get(status, "kernel"), "answers")))
		put_alarm(p, 0, "the KERNEL does not answer; trying on");
}

static void put_leaving(const struct page *p, const json_t *item)
{
	buf_printf(p->out,
	    "\nleaving  %s  %lld server%s until the last connection ends\n",
	    words_of(item, "service"), words_number(item, "servers"),
	    words_number(item, "servers") == 1 ? "" : "s");
}

void status_page(const json_t *status, bool colour, struct buf *out)
{
	const json_t *directors = json_object_get(status, "directors"), *item;
	struct page p = { .out = out, .colour = colour };
	size_t i;

	fit(&p, directors);
	put_daemon(&p, status);
	put_totals(&p, directors);
	json_array_foreach(directors, i, item) put_director(&p, item);
	json_array_foreach(json_object_get(status, "leaving"), i, item)
	    put_leaving(&p, item);
}
