/*
 * explain: why a server is where it is, in as few lines as tell it.
 *
 * First what it comes to, then what led there: the check, the operator, the
 * director, the kernel; last what happened before.
 */
#include <stdio.h>
#include <string.h>

#include "lvsctl/lvsctl.h"
#include "lvsctl/words.h"

#define LABEL 10 /* columns of what a line is about */

/* The text of one line about WHAT is put together in a buffer and printed. */
static void print_line(const char *what, struct buf *text)
{
	struct buf out = { 0 };

	words_put_wrapped(&out, LABEL, text->data != NULL ? text->data : "");
	printf("%-*s%.*s", LABEL, what, (int)(out.len > LABEL ? out.len - LABEL : 0),
	    out.len > LABEL ? out.data + LABEL : "");
	if (out.len == 0 || out.data[out.len - 1] != '\n')
		printf("\n");
	buf_fini(&out);
	buf_fini(text);
}

static void put_time(struct buf *b, double seconds)
{
	char text[WORDS_MAX];

	buf_str(b, words_time(seconds, text));
}

static bool is_true(const json_t *o, const char *key)
{
	return json_is_true(json_object_get(o, key));
}

static bool has(const json_t *o, const char *key)
{
	const json_t *member = json_object_get(o, key);

	return member != NULL && !json_is_null(member);
}

/* ---- the check ---- */

/* How far it is from being up, or down. */
static void put_score(const json_t *check, struct buf *b)
{
	long long score = words_number(check, "score"),
		  rise = words_number(check, "rise");

	if (words_are(check, "health", "down"))
		buf_printf(b, ", %lld of %lld successes to come up", score, rise);
	else if (words_are(check, "health", "up"))
		buf_printf(b, ", %lld failure%s in a row would take it down",
		    score - rise + 1, score == rise ? "" : "s");
}

static void print_check(const json_t *answer)
{
	const json_t *check = json_object_get(answer, "check");
	struct buf b = { 0 };

	if (!json_is_object(check)) {
		buf_str(&b, "none: it counts as up");
		print_line("check", &b);
		return;
	}
	buf_printf(&b, "%s every ", words_of(check, "method"));
	put_time(&b, words_real(check, "interval_ms") / 1e3);
	buf_str(&b, " for at most ");
	put_time(&b, words_real(check, "timeout_ms") / 1e3);
	if (words_number(check, "servers") > 1)
		buf_printf(&b, ", one for %lld servers", words_number(check, "servers"));
	print_line("check", &b);
	buf_printf(&b, "%s for ", words_of(check, "health"));
	put_time(&b, words_real(answer, "since_s"));
	put_score(check, &b);
	if (is_true(check, "rests"))
		buf_str(&b, "; it rests, all its servers are in maintenance");
	else if (is_true(check, "assumed"))
		buf_str(&b, "; that is as lvsd found it, no check has spoken since");
	print_line("", &b);
	if (!has(check, "age_s"))
		return;
	buf_str(&b, "last: ");
	buf_str(&b, words_of(check, "means"));
	if (has(check, "text"))
		buf_printf(&b, ": %s", words_of(check, "text"));
	buf_printf(&b, " (%.1f ms, ", words_real(check, "duration_us") / 1e3);
	put_time(&b, words_real(check, "age_s"));
	buf_str(&b, " ago)");
	if (is_true(check, "local"))
		buf_str(
		    &b, "; this machine's trouble, not the server's: its state stays");
	print_line("", &b);
}

/* ---- all else ---- */

static void print_agent(const json_t *agent)
{
	const json_t *percent = json_object_get(agent, "percent");
	const char *before = "says ";
	struct buf b = { 0 };

	if (!json_is_object(agent))
		return;
	for (int i = 0; i < 2; i++) {
		const char *word = words_of(agent, i == 0 ? "admin" : "service");

		if (*word == '\0')
			continue;
		buf_printf(&b, "%s%s", before, word);
		before = ", ";
	}
	if (json_is_integer(percent))
		buf_printf(&b, "%s%lld%% of its weight", before,
		    (long long)json_integer_value(percent));
	if (b.len == 0)
		buf_str(&b, "has said nothing");
	if (!words_are(agent, "reason", "ok"))
		buf_printf(&b, "; the last time: %s", words_of(agent, "means"));
	print_line("agent", &b);
}

static void print_operator(const json_t *answer)
{
	const json_t *said = json_object_get(answer, "operator");
	const json_t *weight = json_object_get(answer, "weight");
	struct buf b = { 0 };

	buf_str(&b, words_of(said, "says"));
	if (has(said, "cut_in_s")) {
		buf_str(&b, ", its connections are cut in ");
		put_time(&b, words_real(said, "cut_in_s"));
	} else if (!words_are(said, "says", "ready")) {
		buf_str(&b, ", until its last connection ends");
	}
	print_line("operator", &b);
	buf_printf(&b, "%lld", words_number(weight, "now"));
	if (has(said, "weight"))
		buf_printf(&b, ", an operator gave it %lld in place of the file's %lld",
		    words_number(said, "weight"), words_number(weight, "file"));
	else
		buf_printf(&b, ", the file has %lld", words_number(weight, "file"));
	if (has(weight, "slow_start_left_s")) {
		buf_str(&b, "; its slow start goes on for ");
		put_time(&b, words_real(weight, "slow_start_left_s"));
	}
	print_line("weight", &b);
}

static void print_director(const json_t *director)
{
	struct buf b = { 0 };

	buf_printf(&b, "%s is %s: %lld of %lld ready servers usable, it needs %lld",
	    words_of(director, "service"), words_of(director, "state"),
	    words_number(director, "usable"), words_number(director, "ready"),
	    words_number(director, "quorum"));
	if (words_number(director, "panic_percent") > 0)
		buf_printf(
		    &b, ", panic below %lld%%", words_number(director, "panic_percent"));
	if (!is_true(director, "all_known"))
		buf_str(&b, "; not every check has spoken");
	print_line("director", &b);
	if (!has(director, "fault"))
		return;
	buf_str(&b, words_of(director, "fault"));
	if (has(director, "retry_in_s")) {
		buf_str(&b, "; tried again in ");
		put_time(&b, words_real(director, "retry_in_s"));
	}
	print_line("fault", &b);
}

static void print_kernel(const json_t *answer)
{
	const json_t *kernel = json_object_get(answer, "kernel");
	const json_t *server = json_object_get(kernel, "server");
	const json_t *planned = json_object_get(answer, "planned_weight");
	struct buf b = { 0 };

	if (!is_true(kernel, "answers"))
		buf_str(&b, "does not answer");
	else if (!json_is_object(server))
		buf_str(&b, "it is not in the table");
	else
		buf_printf(&b, "weight %lld, %lld active and %lld inactive connections",
		    words_number(server, "weight"), words_number(server, "active"),
		    words_number(server, "inactive"));
	if (is_true(kernel, "answers") &&
	    (json_is_object(server) != json_is_integer(planned) ||
		(json_is_object(server) &&
		    words_number(server, "weight") != json_integer_value(planned))))
		buf_str(&b, "; that is about to change");
	print_line("kernel", &b);
}

static void print_changes(const json_t *changes)
{
	const json_t *change;
	size_t i;

	json_array_foreach (changes, i, change) {
		struct buf b = { 0 };

		buf_printf(&b, "%.19sZ  ", words_of(change, "time"));
		if (words_are(change, "event", "operator"))
			buf_printf(&b, "an operator said %s", words_of(change, "says"));
		else if (words_are(change, "event", "agent"))
			buf_printf(&b, "its agent: %s -> %s", words_of(change, "was"),
			    words_of(change, "is"));
		else
			buf_printf(&b, "%s -> %s: %s", words_of(change, "was"),
			    words_of(change, "is"), words_of(change, "means"));
		print_line(i == 0 ? "before" : "", &b);
	}
}

void explain_show(const struct call *c, const json_t *answer)
{
	const json_t *director = json_object_get(answer, "director");
	struct buf b = { 0 };

	(void)c;
	words_put(&b, words_of(director, "name"), WORDS_COLUMNS);
	buf_str(&b, "/");
	words_put(&b, words_of(answer, "server"), WORDS_COLUMNS);
	printf("%s  %s%s\n", b.data, words_of(answer, "address"),
	    is_true(answer, "sorry") ? "  sorry server" : "");
	buf_fini(&b);
	buf_str(&b, words_of(answer, "verdict"));
	print_line("", &b);
	print_check(answer);
	print_agent(json_object_get(answer, "agent"));
	print_operator(answer);
	print_director(director);
	print_kernel(answer);
	print_changes(json_object_get(answer, "changes"));
}
