/*
 * A director on the status page: a line of its own, then one a server; below one
 * that is down its reason. A name or address that leaves no room for the numbers has
 * a line of its own, as nothing that somebody has to type is ever cut.
 */
#include <stdio.h>
#include <string.h>

#include "lvsctl/status.h"
#include "lvsctl/words.h"

#define PIECES_MAX 6

/* ---- pieces ---- */

static void put_blanks(const struct page *p, size_t n)
{
	static const char blanks[] = "                                                ";

	for (; n >= sizeof blanks; n -= sizeof blanks - 1)
		buf_add(p->out, blanks, sizeof blanks - 1);
	buf_add(p->out, blanks, n);
}

void status_put_state(const struct page *p, const char *state, int width)
{
	const char *on = p->colour ? words_colour_of(state) : "";
	size_t len = strlen(state), columns = (size_t)width;

	buf_str(p->out, on);
	buf_add(p->out, state, len);
	put_blanks(p, len < columns ? columns - len : 0);
	buf_str(p->out, *on != '\0' ? "\033[0m" : "");
}

/* TEXT in WIDTH columns, to their right. */
static void put_right(const struct page *p, const char *text, size_t width)
{
	size_t len = strlen(text);

	put_blanks(p, len < width ? width - len : 0);
	buf_add(p->out, text, len);
}

/* Below a server: one line, whatever TEXT is. */
static void put_note(const struct page *p, const char *text)
{
	buf_str(p->out, "    ");
	words_put(p->out, text, WORDS_COLUMNS - 4);
	buf_str(p->out, "\n");
}

void status_put_alarm(const struct page *p, size_t indent, const char *text)
{
	buf_str(p->out, p->colour ? "\033[31m" : "");
	words_put_wrapped(p->out, indent, text);
	buf_str(p->out, p->colour ? "\033[0m" : "");
}

/* ---- servers ---- */

/* How a check, or the question to an agent, went. */
static void put_check(const struct page *p, const json_t *check)
{
	const char *text = words_of(check, "text");
	struct buf line = { 0 };
	char age[WORDS_MAX];

	buf_printf(
	    &line, "%s check: %s", words_of(check, "method"), words_of(check, "means"));
	if (!words_are(check, "reason", "none"))
		buf_printf(&line, " (%.1f ms, %s ago)",
		    words_real(check, "duration_us") / 1e3,
		    words_time(words_real(check, "age_s"), age));
	if (*text != '\0')
		buf_printf(&line, ": %s", text);
	put_note(p, line.data);
	buf_fini(&line);
}

static bool is_fine(const json_t *check)
{
	return words_are(check, "reason", "ok") || words_are(check, "reason", "none");
}

/* What it said of itself, where that takes something from it. */
static void put_agent(const struct page *p, const json_t *agent)
{
	const json_t *percent = json_object_get(agent, "percent");
	char text[80];

	if (words_are(agent, "admin", "drain") || words_are(agent, "admin", "maint")) {
		snprintf(
		    text, sizeof text, "its agent says %s", words_of(agent, "admin"));
		put_note(p, text);
	}
	if (words_are(agent, "service", "down"))
		put_note(p, "its agent says down");
	if (json_is_integer(percent) && json_integer_value(percent) != 100) {
		snprintf(text, sizeof text, "its agent says %lld%% of its weight",
		    (long long)json_integer_value(percent));
		put_note(p, text);
	}
	if (json_is_object(agent) && !is_fine(agent))
		put_check(p, agent);
}

/* IS_LEAVING: it is in the table, and was taken out of service. */
static void put_decision(const struct page *p, const json_t *rest, bool is_leaving)
{
	const json_t *cut = json_object_get(rest, "cut_in_s");
	char text[80], age[WORDS_MAX];

	if (is_leaving) {
		snprintf(text, sizeof text, "it keeps its connections %s%s",
		    json_is_number(cut) ? "for " : "until the last one ends",
		    json_is_number(cut) ? words_time(json_number_value(cut), age) : "");
		put_note(p, text);
	}
	if (json_is_integer(json_object_get(rest, "operator_weight"))) {
		snprintf(text, sizeof text, "an operator gave it weight %lld",
		    words_number(rest, "operator_weight"));
		put_note(p, text);
	}
}

/* Name and address, and where the numbers begin: on the same line if they may. */
static void put_names(const struct page *p, const char *name, const char *address)
{
	size_t names_end = STATUS_INDENT + (size_t)p->name_width;
	size_t end = names_end + 1 + (size_t)p->address_width;
	size_t used = STATUS_INDENT + strlen(name), len = strlen(address);

	put_blanks(p, STATUS_INDENT);
	buf_str(p->out, name);
	if (used > names_end && used + 1 + len > WORDS_COLUMNS) {
		buf_str(p->out, "\n");
		used = 0;
	}
	if (used < names_end) {
		put_blanks(p, names_end - used);
		used = names_end;
	}
	buf_str(p->out, " ");
	buf_str(p->out, address);
	used += 1 + len;
	if (used > end) {
		buf_str(p->out, "\n");
		used = 0;
	}
	put_blanks(p, end - used);
}

/* Where all servers have the same it is there once, for all of them. */
struct column {
	const json_t *values; /* or the one value */
	char text[WORDS_MAX]; /* of that, or of the server that is shown */
};

static const json_t *value_at(const json_t *values, size_t i)
{
	return json_is_array(values) ? json_array_get(values, i) : values;
}

static const char *text_at(const json_t *values, size_t i)
{
	const char *text = json_string_value(value_at(values, i));

	return text != NULL ? text : "";
}

/* A time, or a number; "-" for what is not in the kernel's table. */
static void say(struct column *c, bool is_time, const json_t *value)
{
	if (is_time)
		words_time(json_number_value(value), c->text);
	else if (json_is_integer(value))
		words_count((double)json_integer_value(value), c->text);
	else
		strcpy(c->text, "-");
}

/* Those of numbers, for the server I. */
static void put_numbers(const struct page *p, struct column columns[COLUMNS], size_t i)
{
	for (int c = COLUMN_SINCE; c < COLUMN_REST; c++) {
		struct column *column = &columns[c];

		if (json_is_array(column->values))
			say(column, c == COLUMN_SINCE, json_array_get(column->values, i));
		put_right(p, column->text, 7);
	}
}

/* What is not so with most servers. IS_OUT: somebody took it out of service. */
static void put_rest(
    const struct page *p, const json_t *rest, bool is_out, bool is_in_table)
{
	if (!json_is_object(rest))
		return;
	put_decision(p, rest, is_out && is_in_table);
	if (json_is_true(json_object_get(rest, "sorry")))
		put_note(p, "sorry server: used only while no other is usable");
	if (json_is_object(json_object_get(rest, "check")))
		put_check(p, json_object_get(rest, "check"));
	put_agent(p, json_object_get(rest, "agent"));
}

static void put_servers(const struct page *p, const json_t *servers)
{
	struct column columns[COLUMNS];
	const json_t *name;
	size_t i;

	for (int c = 0; c < COLUMNS; c++) {
		columns[c].values = json_array_get(servers, (size_t)c);
		say(&columns[c], c == COLUMN_SINCE, columns[c].values);
	}
	if (!json_is_array(columns[COLUMN_NAME].values))
		put_note(p, "its servers cannot be read: lvsd is of another version");
	json_array_foreach (columns[COLUMN_NAME].values, i, name) {
		const char *state = text_at(columns[COLUMN_STATE].values, i);
		const json_t *weight = value_at(columns[COLUMN_WEIGHT].values, i);
		bool is_out = strcmp(state, "drain") == 0 || strcmp(state, "maint") == 0;

		put_names(p, text_at(columns[COLUMN_NAME].values, i),
		    text_at(columns[COLUMN_ADDRESS].values, i));
		buf_str(p->out, " ");
		status_put_state(p, state, 9);
		put_numbers(p, columns, i);
		buf_str(p->out, "\n");
		put_rest(p, value_at(columns[COLUMN_REST].values, i), is_out,
		    json_is_integer(weight));
	}
}

/* ---- directors ---- */

/* "3 of 4 servers usable, quorum 2"; TEXT has 80 bytes. */
static const char *director_count(const json_t *director, char *text)
{
	long long usable = words_number(director, "usable");
	long long quorum = words_number(director, "quorum");
	long long total = words_number(director, "total");

	snprintf(text, 80, "%lld of %lld server%s usable", usable, total,
	    total == 1 ? "" : "s");
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
		status_put_state(p, pieces[i], 0);
		used += len;
	}
	buf_str(p->out, "\n");
}

void status_put_director(const struct page *p, const json_t *director)
{
	const json_t *servers, *fault = json_object_get(director, "fault");
	size_t i;

	put_director_line(p, director);
	if (json_is_string(fault))
		status_put_alarm(p, 4, json_string_value(fault));
	if (json_array_size(json_object_get(director, "servers")) == 0)
		return;
	buf_printf(p->out, "%*s%-*s %-*s %-9s %6s %6s %6s %6s\n", STATUS_INDENT, "",
	    p->name_width, "SERVER", p->address_width, "ADDRESS", "STATE", "SINCE",
	    "WEIGHT", "ACTIVE", "INACT");
	json_array_foreach (json_object_get(director, "servers"), i, servers)
		put_servers(p, servers);
}
