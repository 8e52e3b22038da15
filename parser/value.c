/*
 * value: what a word means as a number, a time or text.
 *
 * Strict about ranges, since the kernel's own answer to a number that does not
 * fit is "invalid argument", or silence. Addresses are in value_addr.c.
 */
#include "parser/value.h"

#include <string.h>

#include "lib/arena.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Reads digits at *AT, at most up to a number above LIMIT; false without any. */
static bool digits(const char **at, const char *end, uint64_t limit, uint64_t *out)
{
	const char *s = *at;

	*out = 0;
	for (; s < end && is_digit(*s); s++)
		if (*out <= limit)
			*out = *out * 10 + (uint64_t)(*s - '0');
	if (s == *at)
		return false;
	*at = s;
	return true;
}

bool value_number(struct parse *p, const struct word *w, const char *what, uint32_t min,
    uint32_t max, uint32_t *out)
{
	const char *at = w->text, *end = w->text + w->len;
	uint64_t n;

	if (!digits(&at, end, max, &n) || at != end || n < min || n > max) {
		parse_error(p, w->loc, "\"%.*s\" is not %s: a number from %u to %u",
		    WORD_ARGS(*w), what, (unsigned)min, (unsigned)max);
		return false;
	}
	*out = (uint32_t)n;
	return true;
}

/* The length of the unit S in ms; 0 when it is none. No unit means seconds. */
static uint32_t unit_ms(const char *s, size_t len)
{
	static const struct {
		const char *name;
		uint32_t ms;
	} units[] = {
		{ "", 1000 },
		{ "ms", 1 },
		{ "s", 1000 },
		{ "m", 60 * 1000 },
		{ "h", 60 * 60 * 1000 },
	};

	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
		if (strlen(units[i].name) == len && memcmp(units[i].name, s, len) == 0)
			return units[i].ms;
	return 0;
}

bool conf_time(const char *text, size_t len, uint32_t *out)
{
	const char *at = text, *end = text + len, *fraction = NULL;
	uint64_t whole, ms, ignored;
	uint32_t unit;

	if (!digits(&at, end, CONF_TIME_MAX_MS, &whole))
		return false;
	if (at < end && *at == '.') {
		fraction = ++at;
		if (!digits(&at, end, 0, &ignored))
			return false;
	}
	unit = unit_ms(at, (size_t)(end - at));
	if (unit == 0)
		return false;
	ms = whole * unit;
	for (uint32_t digit = unit; fraction != NULL && fraction < at && digit > 0;
	     fraction++) {
		ms += (uint64_t)(*fraction - '0') * digit / 10;
		digit /= 10;
	}
	*out = ms < UINT32_MAX ? (uint32_t)ms : UINT32_MAX;
	return true;
}

static bool time_from(struct parse *p, const struct word *w, uint32_t min, uint32_t *out)
{
	uint32_t ms;

	if (!conf_time(w->text, w->len, &ms)) {
		parse_error(p, w->loc,
		    "\"%.*s\" is not a time: a number of seconds, or with a unit: "
		    "500ms, 4s, 2m, 1h",
		    WORD_ARGS(*w));
		return false;
	}
	if (ms < min || ms > CONF_TIME_MAX_MS) {
		parse_error(p, w->loc,
		    "\"%.*s\" is out of range: a time from %s to 31 days", WORD_ARGS(*w),
		    min == 0 ? "0" : "1ms");
		return false;
	}
	*out = ms;
	return true;
}

bool value_time(struct parse *p, const struct word *w, uint32_t *out)
{
	return time_from(p, w, 1, out);
}

bool value_time_or_zero(struct parse *p, const struct word *w, uint32_t *out)
{
	return time_from(p, w, 0, out);
}

bool value_seconds(struct parse *p, const struct word *w, uint32_t *out)
{
	uint32_t ms;

	if (!value_time(p, w, &ms))
		return false;
	if (ms % 1000 != 0) {
		parse_error(p, w->loc, "\"%.*s\" is not a number of whole seconds",
		    WORD_ARGS(*w));
		return false;
	}
	*out = ms / 1000;
	return true;
}

bool value_octal(struct parse *p, const struct word *w, uint16_t *out)
{
	uint16_t mode = 0;
	bool good = w->len > 0 && w->len <= 4;

	for (uint32_t i = 0; good && i < w->len; i++) {
		good = w->text[i] >= '0' && w->text[i] <= '7';
		mode = (uint16_t)(mode * 8 + (w->text[i] - '0'));
	}
	if (!good || mode > 0777) {
		parse_error(p, w->loc,
		    "\"%.*s\" is not a mode: an octal number from 0 to 0777",
		    WORD_ARGS(*w));
		return false;
	}
	*out = mode;
	return true;
}

static bool is_name_byte(char c, bool dot)
{
	const unsigned char lower = (unsigned char)(c | 0x20);

	return (lower >= 'a' && lower <= 'z') || is_digit(c) || c == '-' || c == '_' ||
	       (c == '.' && dot);
}

bool value_name(
    struct parse *p, const struct word *w, size_t max, bool dot, const char **out)
{
	uint32_t i = 0;

	while (i < w->len && is_name_byte(w->text[i], dot))
		i++;
	if (i < w->len || w->len == 0 || w->len > max) {
		parse_error(p, w->loc,
		    "\"%.*s\" is not a name: 1 to %zu letters, digits, %s\"-\" and \"_\"%s",
		    WORD_ARGS(*w), max, dot ? "\".\", " : "",
		    value_is_address(w) ? "; a name stands before the address" : "");
		return false;
	}
	*out = arena_strndup(p->arena, w->text, w->len);
	return true;
}

bool value_path(struct parse *p, const struct word *w, size_t max, const char **out)
{
	if (w->len == 0 || w->text[0] != '/') {
		parse_error(p, w->loc,
		    "\"%.*s\" is not an absolute path: it must begin with /",
		    WORD_ARGS(*w));
		return false;
	}
	if (w->len > max) {
		parse_error(p, w->loc, "this path is too long: at most %zu bytes", max);
		return false;
	}
	*out = arena_strndup(p->arena, w->text, w->len);
	return true;
}

bool value_text(
    struct parse *p, const struct word *w, const char *what, size_t max, const char **out)
{
	uint32_t i = 0;

	while (i < w->len && (unsigned char)w->text[i] > ' ')
		i++;
	if (i < w->len || w->len == 0 || w->len > max) {
		parse_error(p, w->loc,
		    "\"%.*s\" is not %s: 1 to %zu bytes without a blank", WORD_ARGS(*w),
		    what, max);
		return false;
	}
	*out = arena_strndup(p->arena, w->text, w->len);
	return true;
}

bool value_string(
    struct parse *p, const struct word *w, const char *what, size_t max, const char **out)
{
	if (w->len == 0 || w->len > max) {
		parse_error(p, w->loc, "\"%.*s\" is not %s: 1 to %zu bytes",
		    WORD_ARGS(*w), what, max);
		return false;
	}
	*out = arena_strndup(p->arena, w->text, w->len);
	return true;
}

static int hex_digit(char c)
{
	if (is_digit(c))
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Reads the escape behind the backslash at *AT, and moves *AT behind it. */
static bool escape(const char **at, const char *end, char *out)
{
	static const char from[] = "rnt\\", to[] = "\r\n\t\\";
	const char *s = *at + 1, *found;

	if (s == end)
		return false;
	if (*s == 'x') {
		int high = end - s > 2 ? hex_digit(s[1]) : -1;
		int low = end - s > 2 ? hex_digit(s[2]) : -1;

		*out = (char)(high * 16 + low);
		*at = s + 3;
		return high >= 0 && low >= 0;
	}
	found = strchr(from, *s);
	if (found == NULL)
		return false;
	*out = to[found - from];
	*at = s + 1;
	return true;
}

bool value_payload(struct parse *p, const struct word *w, size_t max, struct payload *out)
{
	const char *at = w->text, *end = w->text + w->len;
	const char *text;
	char *data;
	size_t len = 0;

	if (!value_string(p, w, "a text", max, &text))
		return false;
	data = (char *)text;
	while (at < end) {
		if (*at != '\\') {
			data[len++] = *at++;
		} else if (!escape(&at, end, &data[len++])) {
			parse_error(p, w->loc,
			    "a backslash stands before one of r n t xHH, or is doubled "
			    "twice: \\\\\\\\");
			return false;
		}
	}
	*out = (struct payload){ data, len };
	return true;
}

bool value_icmptype(struct parse *p, const struct word *w, uint8_t *out)
{
	const char *at = w->text, *end = w->text + w->len;
	uint64_t n;

	if (!digits(&at, end, UINT8_MAX, &n) || at != end || n > UINT8_MAX) {
		parse_error(p, w->loc,
		    "\"%.*s\" is not an ICMP type: a number from 0 to 255, or a name "
		    "such as echo-request",
		    WORD_ARGS(*w));
		return false;
	}
	*out = (uint8_t)n;
	return true;
}
