/* Plain text is copied; anything else goes through jansson. */
#include "lvsd/put.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "lvsd/show.h"

static void put_key(struct buf *b, const char *key)
{
	buf_add(b, ",\"", 2);
	buf_str(b, key);
	buf_add(b, "\":", 2);
}

/* Needs no escape. */
static bool is_plain(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text < ' ' || *text > '~' || *text == '"' || *text == '\\')
			return false;
	return true;
}

void put_quoted(struct buf *b, const char *text)
{
	json_t *string;
	char *quoted;

	if (is_plain(text)) {
		buf_add(b, "\"", 1);
		buf_str(b, text);
		buf_add(b, "\"", 1);
		return;
	}
	string = show_text(text);
	quoted = json_dumps(string, JSON_ENCODE_ANY);
	json_decref(string);
	buf_str(b, quoted != NULL ? quoted : "\"\"");
	free(quoted);
}

void put_text(struct buf *b, const char *key, const char *text)
{
	put_key(b, key);
	if (text != NULL)
		put_quoted(b, text);
	else
		buf_add(b, "null", 4);
}

void put_digits(struct buf *b, int64_t n)
{
	char digits[24], *at = digits + sizeof digits;
	uint64_t rest = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;

	do
		*--at = (char)('0' + rest % 10);
	while ((rest /= 10) > 0);
	if (n < 0)
		*--at = '-';
	buf_add(b, at, (size_t)(digits + sizeof digits - at));
}

void put_integer(struct buf *b, const char *key, int64_t n)
{
	put_key(b, key);
	put_digits(b, n);
}

void put_bool(struct buf *b, const char *key, bool yes)
{
	put_key(b, key);
	buf_str(b, yes ? "true" : "false");
}

void put_null(struct buf *b, const char *key)
{
	put_key(b, key);
	buf_add(b, "null", 4);
}

static int add_dumped(const char *bytes, size_t len, void *b)
{
	buf_add(b, bytes, len);
	return 0;
}

void put_json(struct buf *b, const char *key, const json_t *value)
{
	put_key(b, key);
	json_dump_callback(value, add_dumped, b, JSON_COMPACT | JSON_ENCODE_ANY);
}

/* REST, of DIGITS digits, behind a point. */
static void put_fraction(struct buf *b, uint64_t rest, size_t digits)
{
	char fraction[] = ".000000";

	for (size_t i = digits; i > 0; i--, rest /= 10)
		fraction[i] = (char)('0' + rest % 10);
	buf_add(b, fraction, digits + 1);
}

void put_decimal(struct buf *b, uint64_t us)
{
	put_digits(b, (int64_t)(us / 1000000));
	put_fraction(b, us % 1000000, 6);
}

void put_thousandths(struct buf *b, uint64_t ms)
{
	put_digits(b, (int64_t)(ms / 1000));
	put_fraction(b, ms % 1000, 3);
}

void put_seconds(struct buf *b, const char *key, uint64_t us)
{
	put_key(b, key);
	put_decimal(b, us);
}
