/* Nothing here keeps state. */
#include "lvsweb/html.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SPARK_HEIGHT 18

void html_text(struct buf *b, const char *text)
{
	static const char special[] = "&<>\"'\n\r";
	static const char *const safe[] = { "&amp;", "&lt;", "&gt;", "&quot;", "&#39;",
		"&#10;", "&#13;" };

	while (*text != '\0') {
		size_t plain = strcspn(text, special);

		buf_add(b, text, plain);
		text += plain;
		if (*text != '\0')
			buf_str(b, safe[strchr(special, *text++) - special]);
	}
}

void html_query(struct buf *b, const char *text)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789-._~";

	for (; *text != '\0'; text++) {
		if (strchr(plain, *text) != NULL)
			buf_add(b, text, 1);
		else
			buf_printf(b, "%%%02X", (unsigned char)*text);
	}
}

void html_duration(struct buf *b, uint64_t s)
{
	if (s < 60)
		buf_printf(b, "%" PRIu64 " s", s);
	else if (s < 3600)
		buf_printf(b, "%" PRIu64 " min %02" PRIu64 " s", s / 60, s % 60);
	else if (s < 86400)
		buf_printf(b, "%" PRIu64 " h %02" PRIu64 " min", s / 3600, s / 60 % 60);
	else if (s < 100 * 86400)
		buf_printf(b, "%" PRIu64 " d %02" PRIu64 " h", s / 86400, s / 3600 % 24);
	else
		buf_printf(b, "%" PRIu64 " d", s / 86400);
}

void html_since(struct buf *b, uint64_t seconds, time_t now, bool bare)
{
	time_t at = now - (time_t)seconds;
	char text[32];
	struct tm tm;

	strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&at, &tm));
	buf_printf(b, "<time datetime=\"%s\" title=\"%s\">", text, text);
	if (!bare)
		html_duration(b, seconds);
	buf_str(b, "</time>");
}

/* Three digits that matter, and the unit. */
static void put_scaled(struct buf *b, double n, const char *unit)
{
	static const char prefixes[] = "kMGTPE";
	const char *prefix = prefixes;

	for (n /= 1000; n >= 999.5 && prefix[1] != '\0'; prefix++)
		n /= 1000;
	buf_printf(b, "%.*f %c%s", n < 9.995 ? 2 : n < 99.95 ? 1 : 0, n, *prefix, unit);
}

void html_count(struct buf *b, uint64_t n)
{
	if (n < 1000)
		buf_printf(b, "%" PRIu64, n);
	else if (n < 1000000)
		buf_printf(b, "%" PRIu64 ",%03" PRIu64, n / 1000, n % 1000);
	else
		put_scaled(b, (double)n, "");
}

void html_bytes(struct buf *b, uint64_t n)
{
	if (n < 1000)
		buf_printf(b, "%" PRIu64 " B", n);
	else
		put_scaled(b, (double)n, "B");
}

/* A line begins anew behind a point that is not known. */
static void put_path(struct buf *b, const uint32_t *points, size_t n, uint32_t max)
{
	bool is_drawn = false;

	for (size_t i = 0; i < n; i++) {
		if (points[i] == UINT32_MAX) {
			is_drawn = false;
			continue;
		}
		buf_printf(b, "%c%zu %.1f", is_drawn ? 'L' : 'M', i,
		    1 + (SPARK_HEIGHT - 2) * (1 - (double)points[i] / max));
		is_drawn = true;
	}
}

void html_spark(struct buf *b, const uint32_t *points, size_t n, const char *title)
{
	uint32_t max = 0;

	for (size_t i = 0; i < n; i++)
		if (points[i] != UINT32_MAX && points[i] > max)
			max = points[i];
	buf_printf(b,
	    "<svg class=\"spark\" viewBox=\"0 0 %zu %d\" preserveAspectRatio=\"none\" "
	    "role=\"img\" aria-label=\"%s, at most %" PRIu32
	    "\"><path vector-effect=\"non-scaling-stroke\" d=\"",
	    n, SPARK_HEIGHT, title, max);
	put_path(b, points, n, max > 0 ? max : 1);
	buf_str(b, "\"/></svg>");
}
