/*
 * agent: connects, reads one line, closes.
 *
 * The verdict of the last line that could be read stays with the run and goes up
 * in each report. An agent that does not answer takes nothing back: whether the
 * server lives is for its check to tell.
 */
#include "agent.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "check/run.h"
#include "check/stream.h"
#include "lib/xalloc.h"

struct agent_talk {
	struct stream stream;
	size_t len;
	char line[AGENT_LINE_MAX];
};

/* ---- the line ---- */

static bool is_word(const char *text, size_t len, const char *word)
{
	return strlen(word) == len && strncasecmp(text, word, len) == 0;
}

static bool take_percent(struct agent_verdict *v, const char *text, size_t len)
{
	unsigned n = 0;

	if (len < 2 || text[len - 1] != '%')
		return false;
	for (size_t i = 0; i < len - 1; i++) {
		if (!isdigit((unsigned char)text[i]))
			return false;
		n = n * 10 + (unsigned)(text[i] - '0');
		if (n > AGENT_PERCENT_MAX)
			n = AGENT_PERCENT_MAX;
	}
	v->weighed = 1;
	v->percent = (uint16_t)n;
	return true;
}

static bool take_word(struct agent_verdict *v, const char *text, size_t len)
{
	if (is_word(text, len, "up"))
		v->service = AGENT_UP;
	else if (is_word(text, len, "down") || is_word(text, len, "stopped") ||
		 is_word(text, len, "fail"))
		v->service = AGENT_DOWN;
	else if (is_word(text, len, "ready"))
		v->admin = AGENT_READY;
	else if (is_word(text, len, "drain"))
		v->admin = AGENT_DRAIN;
	else if (is_word(text, len, "maint"))
		v->admin = AGENT_MAINT;
	else if (len > 8 && strncasecmp(text, "maxconn:", 8) == 0)
		return true;
	else
		return take_percent(v, text, len);
	return true;
}

static bool is_separator(char c)
{
	return c == ' ' || c == '\t' || c == ',';
}

bool agent_parse(struct agent_verdict *v, const char *line, size_t len)
{
	struct agent_verdict said = *v;
	size_t words = 0;

	for (size_t i = 0, n; i < len && line[i] != '#'; i += n) {
		if (is_separator(line[i])) {
			n = 1;
			continue;
		}
		for (n = 1;
		     i + n < len && !is_separator(line[i + n]) && line[i + n] != '#';)
			n++;
		if (!take_word(&said, line + i, n))
			return false;
		words++;
	}
	if (words > 0)
		*v = said;
	return words > 0;
}

/* ---- the check ---- */

static void judge(struct run *r, size_t len)
{
	struct agent_talk *t = r->talk;
	struct agent_verdict before = r->target->agent;
	bool good = agent_parse(&r->target->agent, t->line, len);

	r->news = memcmp(&before, &r->target->agent, sizeof before) != 0;
	run_done(r, good ? REASON_OK : REASON_MALFORMED, 0, t->line, len);
}

static bool data(struct run *r, const char *bytes, size_t len)
{
	struct agent_talk *t = r->talk;
	size_t room = sizeof t->line - t->len, n = len < room ? len : room;
	const char *end;

	memcpy(t->line + t->len, bytes, n);
	t->len += n;
	end = memchr(t->line, '\n', t->len);
	if (end != NULL) {
		n = (size_t)(end - t->line);
		judge(r, n > 0 && end[-1] == '\r' ? n - 1 : n);
		return false;
	}
	if (t->len == sizeof t->line) {
		run_done(r, REASON_MALFORMED, 0, t->line, t->len);
		return false;
	}
	return true;
}

/* The end of the connection ends the line, too. */
static void end(struct run *r, bool ended)
{
	const struct agent_talk *t = r->talk;

	(void)ended;
	if (t->len == 0)
		run_ended(r, REASON_CLOSED, 0);
	else
		judge(r, t->len);
}

static const struct stream_ops agent_stream = { .data = data, .end = end };

static void agent_start(struct run *r)
{
	struct agent_talk *t = xcalloc(1, sizeof *t);

	r->talk = t;
	stream_open(
	    &t->stream, r, &agent_stream, (struct tls_setting){ .used = false }, NULL, 0);
}

static void agent_cancel(struct run *r)
{
	struct agent_talk *t = r->talk;

	stream_close(&t->stream);
	free(t);
	r->talk = NULL;
}

const struct probe_ops agent_ops = {
	.start = agent_start,
	.cancel = agent_cancel,
	.silence = REASON_TIMEOUT,
	.needs = NEEDS_SOCKET,
};
