/* Values of an answer, as people read them. */
#include "lvsctl/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- out of an answer ---- */

const char *words_of(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s != NULL ? s : "";
}

bool words_are(const json_t *o, const char *key, const char *text)
{
	return strcmp(words_of(o, key), text) == 0;
}

long long words_number(const json_t *o, const char *key)
{
	return (long long)words_real(o, key);
}

double words_real(const json_t *o, const char *key)
{
	return json_number_value(json_object_get(o, key));
}

bool words_knows_table(const json_t *status)
{
	return !json_is_false(json_object_get(status, "table_read"));
}

/* ---- numbers ---- */

const char *words_time(double seconds, char *buf)
{
	long t = (long)seconds;

	if (seconds < 1)
		snprintf(buf, WORDS_MAX, "%dms", seconds > 0 ? (int)(seconds * 1000) : 0);
	else if (t < 60)
		snprintf(buf, WORDS_MAX, "%lds", t);
	else if (t < 3600)
		snprintf(buf, WORDS_MAX, "%ldm%02lds", t / 60, t % 60);
	else if (t < 86400)
		snprintf(buf, WORDS_MAX, "%ldh%02ldm", t / 3600, t / 60 % 60);
	else if (t < 100 * 86400)
		snprintf(buf, WORDS_MAX, "%ldd%02ldh", t / 86400, t / 3600 % 24);
	else
		snprintf(buf, WORDS_MAX, "%ldd", t / 86400);
	return buf;
}

const char *words_count(double n, char *buf)
{
	static const char units[] = "kMGTPE";
	const char *unit = units;

	if (n >= 0 && n < 999999 && n == (double)(long)n) {
		snprintf(buf, WORDS_MAX, "%ld", (long)n);
		return buf;
	}
	if (n < 999999.5) {
		snprintf(buf, WORDS_MAX, "%.0f", n);
		return buf;
	}
	for (n /= 1000; n >= 999.5 && unit[1] != '\0'; unit++)
		n /= 1000;
	snprintf(buf, WORDS_MAX, "%.*f%c", n < 9.995 ? 2 : n < 99.95 ? 1 : 0, n, *unit);
	return buf;
}

/* ---- text ---- */

static void put_bytes(struct buf *out, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		buf_add(out, text[i] >= ' ' && text[i] <= '~' ? text + i : "?", 1);
}

void words_put(struct buf *out, const char *text, size_t max)
{
	size_t len = strlen(text);

	if (len <= max) {
		put_bytes(out, text, len);
	} else if (max > 3) {
		put_bytes(out, text, max - 3);
		buf_str(out, "...");
	}
}

/* How much of TEXT stands in a line of WIDTH: up to a blank, where there is one. */
static size_t line_of(const char *text, size_t width)
{
	size_t len = strlen(text), cut = width;

	if (len <= width)
		return len;
	while (cut > 0 && text[cut] != ' ')
		cut--;
	return cut > 0 ? cut : width;
}

void words_put_wrapped(struct buf *out, size_t indent, const char *text)
{
	while (*text != '\0') {
		size_t len = line_of(text, WORDS_COLUMNS - indent);

		buf_printf(out, "%*s", (int)indent, "");
		put_bytes(out, text, len);
		buf_str(out, "\n");
		text += len;
		text += strspn(text, " ");
	}
}

/* ---- colour ---- */

bool words_colour(void)
{
	return isatty(STDOUT_FILENO) && getenv("NO_COLOR") == NULL;
}

const char *words_colour_of(const char *state)
{
	static const struct {
		const char *state, *code;
	} colours[] = {
		{ "up", "\033[32m" },
		{ "down", "\033[31m" },
		{ "failed", "\033[31m" },
		{ "panic", "\033[31m" },
		{ "sorry", "\033[33m" },
		{ "unknown", "\033[33m" },
		{ "drain", "\033[33m" },
		{ "drained", "\033[33m" },
		{ "maint", "\033[33m" },
	};

	for (size_t i = 0; i < sizeof colours / sizeof *colours; i++)
		if (strcmp(state, colours[i].state) == 0)
			return colours[i].code;
	return "";
}
