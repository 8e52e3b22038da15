/*
 * A tree to go back to, a time, and the mark of the file that is on trial.
 *
 * The mark is a hash of the file's canonical text: comments and order of words may
 * change, what it says may not. In the record the way back is such a text, each byte
 * of it one character, because JSON takes no others.
 */
#include "lvsd/confirm.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/log.h"
#include "lib/mono.h"
#include "lib/xalloc.h"
#include "lvsd/events.h"
#include "lvsd/put.h"
#include "lvsd/reload.h"
#include "lvsd/statefile.h"

#define AGAIN_S 1. /* when it could not be put back */

struct confirm {
	struct lvsd *l;
	uint64_t until_us;   /* mono: the end of the trial; 0: none runs */
	struct conf *before; /* the way back; NULL: it runs */
	bool taken_back;     /* nobody confirmed: what runs is not what the file says */
	uint64_t mark;	     /* of the file on trial, or that was taken back */
	struct confirm_text *text; /* of the way back, once it was asked for; or NULL */
	struct ev_timer timer;
};

/* FNV-1a */
static uint64_t mark_of(const struct conf *conf)
{
	uint64_t hash = 0xcbf29ce484222325;
	struct buf text = { 0 };

	conf_print(conf, &text);
	for (size_t i = 0; i < text.len; i++)
		hash = (hash ^ (unsigned char)text.data[i]) * 0x100000001b3;
	buf_fini(&text);
	return hash;
}

/* ---- the text of the way back ---- */

/* LEN bytes of TEXT as a string of JSON, each as one character. */
static void quote_bytes(struct buf *b, const char *text, size_t len)
{
	buf_str(b, "\"");
	for (size_t i = 0; i < len; i++) {
		unsigned char byte = (unsigned char)text[i];
		char two[2] = { (char)(0xc0 | byte >> 6), (char)(0x80 | (byte & 0x3f)) };

		if (byte == '\n')
			buf_str(b, "\\n");
		else if (byte < ' ')
			buf_printf(b, "\\u%04x", byte);
		else if (byte >= 0x80)
			buf_add(b, two, 2);
		else {
			if (byte == '"' || byte == '\\')
				buf_str(b, "\\");
			buf_add(b, text + i, 1);
		}
	}
	buf_str(b, "\"");
}

void confirm_release(struct confirm_text *t)
{
	if (t == NULL || --t->holders > 0)
		return;
	buf_fini(&t->quoted);
	free(t);
}

/* Before the configuration that it is of is freed: another may come to its place. */
static void drop_text(struct confirm *c)
{
	confirm_release(c->text);
	c->text = NULL;
}

static struct confirm_text *text_of(struct confirm *c, const struct conf *conf)
{
	struct buf text = { 0 };

	if (c->text != NULL && c->text->of == conf)
		return c->text;
	drop_text(c);
	c->text = xcalloc(1, sizeof *c->text);
	c->text->of = conf;
	c->text->holders = 1;
	conf_print(conf, &text);
	quote_bytes(&c->text->quoted, text.data, text.len);
	buf_fini(&text);
	return c->text;
}

/* ---- the trial ---- */

static void set_timer(struct confirm *c, double seconds)
{
	ev_timer_stop(c->l->loop, &c->timer);
	ev_now_update(c->l->loop);
	ev_timer_set(&c->timer, seconds > 0 ? seconds : 0., 0.);
	ev_timer_start(c->l->loop, &c->timer);
}

static void end_trial(struct confirm *c)
{
	ev_timer_stop(c->l->loop, &c->timer);
	c->until_us = 0;
}

bool confirm_asked(struct confirm *c, const struct conf *conf, uint64_t ms)
{
	bool was_back = c != NULL && c->taken_back;

	if (c == NULL)
		return false;
	c->taken_back = false;
	if (ms > 0) {
		c->until_us = mono_us() + ms * 1000;
		set_timer(c, (double)ms / 1e3);
		log_info("the configuration is on trial for %llu s; lvsctl confirm "
			 "keeps it",
		    (unsigned long long)ms / 1000);
		events_note(c->l, "confirm", "a configuration is on trial");
	}
	c->mark = c->until_us != 0 ? mark_of(conf) : 0;
	drop_text(c);
	if (c->until_us != 0) /* now, as a reload may take its time */
		text_of(c, c->before != NULL ? c->before : c->l->state->conf);
	if (c->until_us == 0) { /* nor goes on what was to be tried again */
		end_trial(c);
		conf_free(c->before);
		c->before = NULL;
	}
	return was_back || c->until_us != 0;
}

void confirm_replaced(struct confirm *c, struct conf *before)
{
	if (c != NULL && c->until_us != 0 && c->before == NULL)
		c->before = before;
	else {
		if (c != NULL && c->text != NULL && c->text->of == before)
			drop_text(c);
		conf_free(before);
	}
}

void confirm_keep(struct confirm *c, struct conf *before)
{
	c->before = before;
	set_timer(c, AGAIN_S);
}

bool confirm_done(struct confirm *c)
{
	if (c == NULL || c->until_us == 0)
		return false;
	end_trial(c);
	drop_text(c);
	conf_free(c->before);
	c->before = NULL;
	c->mark = 0;
	log_info("the configuration is confirmed");
	events_note(c->l, "confirm", "the configuration is confirmed");
	return true;
}

static void on_time(struct ev_loop *loop, struct ev_timer *w, int events)
{
	struct confirm *c = w->data;
	struct conf *before = c->before;

	(void)loop;
	(void)events;
	if (!c->taken_back) {
		log_err("the configuration was not confirmed in time: the one before "
			"comes back, the file is not touched config=%s",
		    c->l->options.config);
		events_note(c->l, "confirm", "not confirmed in time: taken back");
	}
	end_trial(c);
	c->taken_back = true;
	c->before = NULL;
	reload_take_back(c->l, before);
}

/* ---- over a restart ---- */

/* The bytes that were quoted; what is no byte becomes "?". */
static void bytes_of(const json_t *string, struct buf *b)
{
	const char *text = json_string_value(string);

	buf_str(b, "");
	for (size_t i = 0, len = json_string_length(string); i < len; i++) {
		unsigned char lead = (unsigned char)text[i];
		char byte = (char)lead;

		if (lead >= 0x80)
			byte = lead > 0xc3 || i + 1 == len
				   ? '?'
				   : (char)((lead & 0x03) << 6 | (text[++i] & 0x3f));
		buf_add(b, &byte, 1);
	}
}

/* What would come back, or has. */
static const struct conf *way_back(const struct confirm *c)
{
	const struct pending_reload *pending = &c->l->pending;

	if (c->before != NULL)
		return c->before;
	/* It waits for the very record that is made. */
	return pending->conf != NULL && pending->back ? pending->conf : c->l->state->conf;
}

struct confirm_text *confirm_record(struct confirm *c, struct buf *b)
{
	struct confirm_text *text;

	if (c == NULL || (c->until_us == 0 && !c->taken_back))
		return NULL;
	text = text_of(c, way_back(c));
	text->holders++;
	buf_printf(b, ",\n\"trial\":{\"file\":\"%016" PRIx64 "\"", c->mark);
	put_integer(b, "until_us", (int64_t)c->until_us);
	buf_str(b, ",\"before\":");
	return text;
}

static struct conf *parse_before(const json_t *before)
{
	struct buf text = { 0 };
	struct conf_text t = { .name = NULL };
	struct conf *conf;
	struct diags d;
	char name[] = "the configuration before";

	bytes_of(before, &text);
	t = (struct conf_text){ name, text.data, text.len };
	diags_init(&d);
	conf = conf_parse(&t, READ_SENT, &d);
	if (conf == NULL)
		log_err("the configuration that is to come back cannot be used: %s",
		    d.list[0].text);
	diags_fini(&d);
	buf_fini(&text);
	return conf;
}

struct conf *confirm_restore(
    struct confirm *c, const json_t *root, bool this_boot, struct conf *file)
{
	const json_t *trial = json_object_get(root, "trial");
	const char *mark = json_string_value(json_object_get(trial, "file"));
	json_int_t until_us = json_integer_value(json_object_get(trial, "until_us"));
	uint64_t now_us = mono_us();
	struct conf *before;

	if (mark == NULL || strtoull(mark, NULL, 16) != mark_of(file))
		return file; /* none, or the file was changed since */
	before = parse_before(json_object_get(trial, "before"));
	if (before == NULL)
		return file;
	c->mark = mark_of(file);
	if (this_boot && until_us > 0 && (uint64_t)until_us > now_us) {
		c->before = before;
		c->until_us = (uint64_t)until_us;
		set_timer(c, (double)(c->until_us - now_us) / 1e6);
		log_warnx("the configuration is still on trial; lvsctl confirm keeps it");
		return file;
	}
	log_err("the file was not confirmed: the configuration before it is used; a "
		"reload loads the file config=%s",
	    c->l->options.config);
	c->taken_back = true;
	conf_free(file);
	return before;
}

/* ---- its life ---- */

json_t *confirm_show(const struct confirm *c)
{
	uint64_t now_us = mono_us();

	if (c == NULL || (c->until_us == 0 && !c->taken_back))
		return json_null();
	if (c->taken_back)
		return json_pack("{s:b, s:n}", "taken_back", 1, "left_s");
	return json_pack("{s:b, s:f}", "taken_back", 0, "left_s",
	    c->until_us > now_us ? (double)(c->until_us - now_us) / 1e6 : 0.);
}

struct confirm *confirm_new(struct lvsd *l)
{
	struct confirm *c = xcalloc(1, sizeof *c);

	c->l = l;
	ev_timer_init(&c->timer, on_time, 0., 0.);
	c->timer.data = c;
	return c;
}

void confirm_free(struct confirm *c)
{
	if (c == NULL)
		return;
	ev_timer_stop(c->l->loop, &c->timer);
	drop_text(c);
	conf_free(c->before);
	free(c);
}
