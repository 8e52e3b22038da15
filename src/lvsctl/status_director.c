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

void status_put_state(const struct page *p, const char *state, int width)
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

void status_put_alarm(const struct page *p, size_t indent, const char *text)
{
	buf_str(p->out, p->colour ? "\033[31m" : "");
	words_put_wrapped(p->out, indent, text);
	buf_str(p->out, p->colour ? "\033[0m" : "");
}

/* ---- servers ---- */

static bool is_in_table(const json_t *server)
{
	return json_is_integer(json_object_get(server, "table_weight"));
}

/* Of operator and agent the more restrictive word. */
static const char *admin_word(const json_t *server)
{
	const char *operator_says = words_of(server, "operator");
	const char *agent_says = words_of(json_object_get(server, "agent"), "admin");

	if (strcmp(operator_says, "maint") == 0 || strcmp(agent_says, "maint") == 0)
		return "maint";
	if (strcmp(operator_says, "drain") == 0 || strcmp(agent_says, "drain") == 0)
		return "drain";
	return "ready";
}

static bool is_ready(const json_t *server)
{
	return strcmp(admin_word(server), "ready") == 0;
}

const char *status_server_state(const json_t *server)
{
	const char *word = admin_word(server);

	if (strcmp(word, "drain") == 0 && !is_in_table(server))
		return "drained";
	if (strcmp(word, "ready") != 0)
		return word;
	if (words_are(json_object_get(server, "agent"), "service", "down"))
		return "down";
	return words_of(server, "health");
}

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

/* Why its check says what it says, unless all is well. */
static void put_reason(const struct page *p, const json_t *server)
{
	const json_t *check = json_object_get(server, "check");

	if (json_is_object(check) &&
	    (!words_are(server, "health", "up") || !is_fine(check)))
		put_check(p, check);
}

/* What it said of itself, where that takes something from it. */
static void put_agent(const struct page *p, const json_t *server)
{
	const json_t *agent = json_object_get(server, "agent");
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
	int used = STATUS_INDENT + (int)strlen(name);

	buf_printf(p->out, "%*s%s", STATUS_INDENT, "", name);
	if (used > STATUS_INDENT + p->name_width &&
	    used + 1 + strlen(address) > WORDS_COLUMNS) {
		buf_printf(p->out, "\n%*s", STATUS_INDENT + p->name_width, "");
		used = STATUS_INDENT + p->name_width;
	}
	if (used < STATUS_INDENT + p->name_width) {
		buf_printf(p->out, "%*s", STATUS_INDENT + p->name_width - used, "");
		used = STATUS_INDENT + p->name_width;
	}
	buf_printf(p->out, " %s", address);
	used += 1 + (int)strlen(address);
	if (used > STATUS_INDENT + p->name_width + 1 + p->address_width) {
		buf_str(p->out, "\n");
		used = 0;
	}
	buf_printf(p->out, "%*s",
	    STATUS_INDENT + p->name_width + 1 + p->address_width - used, "");
}

static void put_server(const struct page *p, const json_t *server)
{
	char since[WORDS_MAX];

	put_names(p, words_of(server, "name"), words_of(server, "address"));
	buf_str(p->out, " ");
	status_put_state(p, status_server_state(server), 9);
	buf_printf(p->out, " %6s", words_time(words_real(server, "since_s"), since));
	put_number(p, server, "table_weight");
	put_number(p, server, "active");
	put_number(p, server, "inactive");
	buf_str(p->out, "\n");
	put_decision(p, server);
	if (json_is_true(json_object_get(server, "sorry")))
		put_note(p, "sorry server: used only while no other is usable");
	put_reason(p, server);
	put_agent(p, server);
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
	const json_t *server, *fault = json_object_get(director, "fault");
	size_t i;

	put_director_line(p, director);
	if (json_is_string(fault))
		status_put_alarm(p, 4, json_string_value(fault));
	if (json_array_size(json_object_get(director, "servers")) == 0)
		return;
	buf_printf(p->out, "%*s%-*s %-*s %-9s %6s %6s %6s %6s\n", STATUS_INDENT, "",
	    p->name_width, "SERVER", p->address_width, "ADDRESS", "STATE", "SINCE",
	    "WEIGHT", "ACTIVE", "INACT");
	json_array_foreach (json_object_get(director, "servers"), i, server)
		put_server(p, server);
}
