/*
 * The status page of a terminal: 80 columns, aligned, in the file's order.
 *
 * First what is wrong with the daemon, then how many are up, then the directors
 * (status_director.c), then what leaves. Colour repeats what the words say.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/xalloc.h"
#include "lvsctl/lvsctl.h"
#include "lvsctl/status.h"
#include "lvsctl/words.h"

#define IPV4_WIDTH 21 /* "255.255.255.255:65535" */

static void take_longest(int *max, const json_t *texts)
{
	const json_t *text;
	size_t i;

	json_array_foreach (texts, i, text) {
		int len = (int)json_string_length(text);

		if (len > *max)
			*max = len;
	}
}

void status_fit(struct page *p, const json_t *director)
{
	const int room = STATUS_NAMES_WIDTH - 1;
	const json_t *servers;
	size_t i;

	json_array_foreach (json_object_get(director, "servers"), i, servers) {
		take_longest(&p->name, json_array_get(servers, COLUMN_NAME));
		take_longest(&p->address, json_array_get(servers, COLUMN_ADDRESS));
	}
	p->address_width = p->address < IPV4_WIDTH ? p->address : IPV4_WIDTH;
	p->name_width =
	    p->name < room - p->address_width ? p->name : room - p->address_width;
	p->address_width =
	    p->address < room - p->name_width ? p->address : room - p->name_width;
}

static void put_total(const struct page *p, const json_t *counts, const char *what)
{
	const char *word;
	json_t *count;
	json_int_t total = 0;
	bool first = true;

	json_object_foreach((json_t *)counts, word, count) total +=
	    json_integer_value(count);
	buf_printf(p->out, "%lld %s%s", (long long)total, what, total == 1 ? "" : "s");
	json_object_foreach((json_t *)counts, word, count)
	{
		buf_printf(p->out, "%s%lld ", first ? ": " : ", ",
		    (long long)json_integer_value(count));
		status_put_state(p, word, 0);
		first = false;
	}
	buf_str(p->out, "\n");
}

void status_put_totals(const struct page *p, const json_t *totals)
{
	put_total(p, json_object_get(totals, "directors"), "director");
	put_total(p, json_object_get(totals, "servers"), "server");
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

/* The parser's words: what it says may be wrapped, the lines of the file that it shows
 * stay as they are, or the mark below would point elsewhere. */
static void put_lines(const struct page *p, const char *text)
{
	while (*text != '\0') {
		size_t len = strcspn(text, "\n");
		char *line = xasprintf("%.*s", (int)len, text);

		if (strstr(line, ": error: ") != NULL) {
			words_put_wrapped(p->out, 0, line);
		} else {
			words_put(p->out, line, len);
			buf_str(p->out, "\n");
		}
		free(line);
		text += len + (text[len] == '\n');
	}
}

/* What runs is not, or not yet, what the file says. */
static void put_trial(const struct page *p, const json_t *trial)
{
	struct buf line = { 0 };
	char left[WORDS_MAX];

	if (!json_is_object(trial))
		return;
	if (json_is_true(json_object_get(trial, "taken_back")))
		buf_str(&line,
		    "the file was NOT CONFIRMED in time; what runs is the configuration "
		    "before it, and differs from the file");
	else
		buf_printf(&line,
		    "the configuration is ON TRIAL for another %s: lvsctl confirm keeps "
		    "it",
		    words_time(words_real(trial, "left_s"), left));
	status_put_alarm(p, 0, line.data);
	buf_fini(&line);
}

static void put_flows(const struct page *p, const json_t *marking)
{
	if (words_number(marking, "rules") > 0)
		buf_printf(p->out, "flows  rules %lld  sets %lld  members %lld\n",
		    words_number(marking, "rules"), words_number(marking, "sets"),
		    words_number(marking, "members"));
}

void status_put_daemon(const struct page *p, const json_t *status)
{
	const json_t *reload = json_object_get(status, "reload");
	const char *error = words_of(reload, "error");
	char text[WORDS_MAX];

	buf_printf(p->out, "lvsd %s  pid %lld  up %s  %s%s\n",
	    words_of(status, "version"), words_number(status, "pid"),
	    words_time(words_real(status, "uptime_s"), text), words_of(status, "config"),
	    json_is_true(json_object_get(status, "dry_run")) ? "  dry run" : "");
	put_checker(p, json_object_get(status, "checker"));
	put_flows(p, json_object_get(status, "marking"));
	if (*error != '\0') {
		struct buf line = { 0 };

		buf_printf(&line,
		    "the last reload, %s ago, was REFUSED; the running configuration "
		    "differs from the file:",
		    words_time(words_real(reload, "age_s"), text));
		status_put_alarm(p, 0, line.data);
		buf_fini(&line);
		put_lines(p, error);
	}
	put_trial(p, json_object_get(status, "trial"));
	if (json_is_string(json_object_get(status, "state_file_error"))) {
		status_put_alarm(p, 0, "the STATE FILE cannot be written:");
		words_put_wrapped(p->out, 4, words_of(status, "state_file_error"));
	}
	if (!json_is_true(json_object_get(json_object_get(status, "kernel"), "answers")))
		status_put_alarm(p, 0, "the KERNEL does not answer; trying on");
	status_put_totals(p, json_object_get(status, "totals"));
}

static void put_leaving(const struct page *p, const json_t *item)
{
	buf_printf(p->out, "leaving  %s  %lld server%s until the last connection ends\n",
	    words_of(item, "service"), words_number(item, "servers"),
	    words_number(item, "servers") == 1 ? "" : "s");
}

void status_put_end(const struct page *p, const json_t *end)
{
	const json_t *item;
	size_t i;

	json_array_foreach (json_object_get(end, "leaving"), i, item) {
		buf_str(p->out, i == 0 ? "\n" : "");
		put_leaving(p, item);
	}
	if (!words_knows_table(end)) {
		buf_str(p->out, "\n");
		status_put_alarm(p, 0,
		    "the KERNEL did not answer: what is said of its table is not all");
	}
}
