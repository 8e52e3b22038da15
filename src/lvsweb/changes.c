/* From the end of the text backwards, as most of it is too old to be shown. */
#include "lvsweb/changes.h"

#include <jansson.h>
#include <stdbool.h>
#include <string.h>

#include "lvsweb/status.h"

#define ARROW " \xe2\x86\x92 "

/* Who serves, for people. */
static const char *serving(const char *word)
{
	static const char *const words[][2] = {
		{ "servers", "its servers serve" },
		{ "sorry", "the sorry servers serve" },
		{ "panic", "in panic, all its servers are used" },
		{ "nobody", "nobody serves" },
	};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcmp(words[i][0], word) == 0)
			return words[i][1];
	return word;
}

static bool is_event(const json_t *o, const char *event)
{
	return strcmp(status_text(o, "event"), event) == 0;
}

static const char *who(struct arena *a, const json_t *o)
{
	const char *director = status_text(o, "director");
	const char *server = status_text(o, "server");

	if (*director == '\0')
		return arena_printf(a, "%s", status_text(o, "event"));
	return arena_printf(a, "%s%s%s", director, *server != '\0' ? "/" : "", server);
}

static const char *what_server(struct arena *a, const json_t *o)
{
	const char *means = status_text(o, "means");
	bool is_told = *means != '\0' && strcmp(means, "ok") != 0;

	return arena_printf(a, "%s" ARROW "%s%s%s", status_text(o, "was"),
	    status_text(o, "is"), is_told ? ": " : "", is_told ? means : "");
}

static const char *what(struct arena *a, const json_t *o)
{
	if (is_event(o, "server"))
		return what_server(a, o);
	if (is_event(o, "agent"))
		return arena_printf(a, "its agent says %s", status_text(o, "is"));
	if (is_event(o, "director"))
		return arena_printf(a, "%s", serving(status_text(o, "is")));
	if (is_event(o, "fault") && *status_text(o, "fault") == '\0')
		return "the kernel has it as it should be again";
	if (is_event(o, "fault"))
		return arena_printf(a, "%s", status_text(o, "fault"));
	if (is_event(o, "operator"))
		return arena_printf(a, "an operator says %s", status_text(o, "says"));
	if (is_event(o, "reload"))
		return json_is_true(json_object_get(o, "done")) ? "done" : "refused";
	return arena_printf(a, "%s", status_text(o, "what"));
}

static bool read_one(struct arena *a, const char *line, size_t len, struct change *c)
{
	json_t *o = json_loadb(line, len, 0, NULL);
	struct tm tm = { 0 };
	bool is_good = strptime(status_text(o, "time"), "%Y-%m-%dT%H:%M:%S", &tm) != NULL;

	if (is_good)
		*c = (struct change){ .at = timegm(&tm),
			.who = who(a, o),
			.what = what(a, o),
			.is = is_event(o, "server")
				  ? arena_printf(a, "%s", status_text(o, "is"))
				  : "" };
	json_decref(o);
	return is_good;
}

size_t changes_read(
    struct arena *a, const char *text, size_t len, struct change changes[CHANGES_MAX])
{
	size_t n = 0;

	while (len > 0 && n < CHANGES_MAX) {
		const char *before = memrchr(text, '\n', len - 1);
		const char *line = before != NULL ? before + 1 : text;

		n += read_one(a, line, len - (size_t)(line - text), &changes[n]);
		len = (size_t)(line - text);
	}
	return n;
}
