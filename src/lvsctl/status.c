/*
 * The status page of a terminal: 80 columns, aligned, in the file's order.
 *
 * First what is wrong with the daemon, then how many are up, then the directors.
 * Colour repeats what the words say.
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
	int name = 6, address = 7, room = STATUS_NAMES_WIDTH - 1;
	size_t i, j;

	json_array_foreach (directors, i, director) {
		json_array_foreach (json_object_get(director, "servers"), j, server) {
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
		status_put_state(p, t->states[i], 0);
	}
}

void status_put_totals(const struct page *p, const json_t *directors)
{
	struct tally d = { 0 }, s = { 0 };
	const json_t *director, *server;
	size_t i, j;

	json_array_foreach (directors, i, director) {
		tally_add(&d, words_of(director, "state"));
		json_array_foreach (json_object_get(director, "servers"), j, server)
			tally_add(&s, status_server_state(server));
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
		status_put_alarm(p, 0, line.data);
		buf_fini(&line);
		put_lines(p, error);
	}
	put_trial(p, json_object_get(status, "trial"));
	if (json_is_string(json_object_get(status, "state_file_error"))) {
		status_put_alarm(p, 0, "the STATE FILE cannot be written:");
		words_put_wrapped(p->out, 4, words_of(status, "state_file_error"));
	}
	if (!json_is_true(
		json_object_get(json_object_get(status, "kernel"), "answers")) ||
	    !words_knows_table(status))
		status_put_alarm(p, 0, "the KERNEL does not answer; trying on");
}

static void put_leaving(const struct page *p, const json_t *item)
{
	buf_printf(p->out, "leaving  %s  %lld server%s until the last connection ends\n",
	    words_of(item, "service"), words_number(item, "servers"),
	    words_number(item, "servers") == 1 ? "" : "s");
}

void status_page(const json_t *status, bool whole, bool colour, struct buf *out)
{
	const json_t *directors = json_object_get(status, "directors"), *item;
	struct page p = { .out = out, .colour = colour };
	size_t i;

	fit(&p, directors);
	if (whole) {
		put_daemon(&p, status);
		status_put_totals(&p, directors);
		buf_str(out, "\n");
	}
	json_array_foreach (directors, i, item) {
		buf_str(out, i > 0 ? "\n" : "");
		status_put_director(&p, item);
	}
	if (!whole)
		return;
	json_array_foreach (json_object_get(status, "leaving"), i, item) {
		buf_str(out, i == 0 ? "\n" : "");
		put_leaving(&p, item);
	}
}
