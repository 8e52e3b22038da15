/* The head of the page: its title, what is wrong with the daemon, the figures. */
#include "lvsweb/parts.h"

#include <inttypes.h>
#include <string.h>

#include "lib/mono.h"
#include "lvsweb/html.h"

void part_since(struct buf *b, const struct scene *s, uint64_t us)
{
	const struct status *status = s->known->status;
	uint64_t now_us = mono_us(), before_s;
	time_t at;

	/* Counted from when the answer came, so that the moment is the same every time. */
	if (status == NULL || us > status->taken_us) {
		html_since(
		    b, us < now_us ? (now_us - us) / 1000000 : 0, time(NULL), s->bare);
		return;
	}
	before_s = (status->taken_us - us) / 1000000;
	at = (time_t)(((int64_t)us + status->real_us) / 1000000);
	html_since(b, before_s, at + (time_t)before_s, s->bare);
}

/* ---- title ---- */

/* Servers that are down though nobody wanted it. */
static size_t n_down(const struct scene *s)
{
	return s->known->status != NULL ? s->known->status->standings[STANDING_DOWN] : 0;
}

void part_title(struct buf *b, const struct scene *s)
{
	buf_str(b, "<title id=\"title\">");
	if (s->known->error[0] != '\0')
		buf_str(b, "no answer \xc2\xb7 ");
	else if (n_down(s) > 0)
		buf_printf(b, "%zu down \xc2\xb7 ", n_down(s));
	html_text(b, s->host);
	buf_str(b, " \xc2\xb7 lvsd</title>");
}

/* ---- alarms ---- */

static void open_alarm(struct buf *b, const char *what)
{
	buf_printf(b, "<div class=\"alarm\"><strong>%s</strong> ", what);
}

static void put_gone(struct buf *b, const struct scene *s)
{
	if (s->known->error[0] == '\0')
		return;
	open_alarm(b, "lvsd does not answer");
	html_text(b, s->known->error);
	buf_str(b, ", for ");
	html_since(b, (mono_us() - s->known->gone_us) / 1000000, time(NULL), s->bare);
	if (s->known->status != NULL)
		buf_str(b, ". What stands below is what it said last. The kernel goes on "
			   "forwarding by its table.");
	buf_str(b, "</div>");
}

static void put_reload(struct buf *b, const json_t *daemon)
{
	const json_t *reload = json_object_get(daemon, "reload");
	const char *error = status_text(reload, "error");

	if (*error == '\0')
		return;
	open_alarm(b, "The last reload was refused.");
	buf_str(b, "What runs differs from the file.<pre>");
	html_text(b, error);
	buf_str(b, "</pre></div>");
}

static void put_trial(struct buf *b, const json_t *daemon)
{
	const json_t *trial = json_object_get(daemon, "trial");

	if (!json_is_object(trial))
		return;
	if (json_is_true(json_object_get(trial, "taken_back"))) {
		open_alarm(b, "The file was not confirmed in time.");
		buf_str(b, "What runs is the configuration before it.</div>");
		return;
	}
	open_alarm(b, "The configuration is on trial.");
	buf_str(b, "<code>lvsctl confirm</code> keeps it.</div>");
}

static bool kernel_answers(const json_t *daemon)
{
	const json_t *kernel = json_object_get(daemon, "kernel");

	return !json_is_false(json_object_get(kernel, "answers")) &&
	       !json_is_false(json_object_get(daemon, "table_read"));
}

static void put_daemon_alarms(struct buf *b, const json_t *daemon)
{
	const json_t *checker = json_object_get(daemon, "checker");

	if (!kernel_answers(daemon)) {
		open_alarm(b, "The kernel does not answer.");
		buf_str(b, "lvsd tries on; nothing is known of tables and connections."
			   "</div>");
	}
	if (status_number(checker, "pid", 0) == 0) {
		open_alarm(b, "The checker does not run.");
		buf_str(b, "It is about to be started; the table stays.</div>");
	}
	put_reload(b, daemon);
	put_trial(b, daemon);
	if (*status_text(daemon, "state_file_error") != '\0') {
		open_alarm(b, "The state file cannot be written.");
		html_text(b, status_text(daemon, "state_file_error"));
		buf_str(b, "</div>");
	}
}

void part_alarms(struct buf *b, const struct scene *s)
{
	buf_str(b, "<div id=\"alarms\" role=\"alert\">");
	put_gone(b, s);
	if (s->known->status != NULL)
		put_daemon_alarms(b, s->known->status->daemon);
	buf_str(b, "</div>");
}

/* ---- figures ---- */

static void put_tally(struct buf *b, size_t n, const char *state)
{
	if (n == 0)
		return;
	buf_printf(b, "<a class=\"tally %s\" href=\"/?state=%s\"><b>", state, state);
	html_count(b, n);
	buf_printf(b, "</b> %s</a>", state);
}

static void put_total(struct buf *b, size_t n, const char *what)
{
	buf_str(b, "<dt>");
	buf_printf(b, "%s%s</dt><dd><span class=\"big\">", what, n == 1 ? "" : "s");
	html_count(b, n);
	buf_str(b, "</span> ");
}

static size_t count_directors(const struct status *s, const char *state)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_directors; i++)
		n += strcmp(s->directors[i].state, state) == 0;
	return n;
}

static void put_directors(struct buf *b, const struct status *s)
{
	static const char *const states[] = { "failed", "down", "panic", "sorry",
		"unknown", "up" };

	buf_str(b, "<div>");
	put_total(b, s->n_directors, "director");
	for (size_t i = 0; i < sizeof states / sizeof *states; i++)
		put_tally(b, count_directors(s, states[i]), states[i]);
	buf_str(b, "</dd></div>");
}

static void put_servers(struct buf *b, const struct status *s)
{
	buf_str(b, "<div>");
	put_total(b, s->n_servers, "server");
	for (enum standing i = 0; i < STANDING_MAX; i++)
		put_tally(b, s->standings[i], standing_name(i));
	buf_str(b, "</dd></div>");
}

static void put_traffic(struct buf *b, const struct status *s)
{
	if (s->has_rates) {
		buf_str(b, "<div><dt>connections a second</dt><dd><span class=\"big\">");
		html_count(b, s->rates.conns_s);
		buf_str(b, "</span> ");
		html_spark(b, s->history, STATUS_POINTS, "connections a second");
		buf_str(b, "</dd></div><div><dt>bytes a second</dt><dd>");
		html_bytes(b, s->rates.in_bytes_s);
		buf_str(b, " in<br>");
		html_bytes(b, s->rates.out_bytes_s);
		buf_str(b, " out</dd></div>");
	}
	buf_str(b, "<div><dt>active connections</dt><dd><span class=\"big\">");
	html_count(b, (uint64_t)s->active);
	buf_str(b, "</span></dd></div>");
}

void part_strip(struct buf *b, const struct scene *s)
{
	const struct status *status = s->known->status;

	buf_str(b, "<dl id=\"strip\">");
	if (status != NULL) {
		put_directors(b, status);
		put_servers(b, status);
		put_traffic(b, status);
	}
	buf_str(b, "</dl>");
}

/* ---- changes ---- */

static void put_change(struct buf *b, const struct scene *s, const struct change *c)
{
	time_t now = s->known->status->taken;

	buf_str(b, "<li><span class=\"when\">");
	html_since(b, now > c->at ? (uint64_t)(now - c->at) : 0, now, s->bare);
	buf_str(b, " ago</span><span class=\"who\">");
	html_text(b, c->who);
	buf_str(b, "</span><span class=\"what ");
	html_text(b, c->is);
	buf_str(b, "\">");
	html_text(b, c->what);
	buf_str(b, "</span></li>");
}

void part_changes(struct buf *b, const struct scene *s)
{
	const struct status *status = s->known->status;

	buf_str(b, "<section id=\"changes\" aria-label=\"Last changes\">");
	if (status != NULL && status->n_changes > 0) {
		buf_str(b, "<h2>Last changes</h2><ol>");
		for (size_t i = 0; i < status->n_changes; i++)
			put_change(b, s, &status->changes[i]);
		buf_str(b, "</ol>");
	}
	buf_str(b, "</section>");
}
