/* The steps of a rollout, and what is told of them. */
#include "lvsctl/rollout.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"
#include "lvsctl/words.h"
#include "parser/conf.h"

#define TIMEOUT_S 60.
#define BAR 20 /* columns */

/* ---- telling ---- */

bool rollout_fail(struct rollout *r, const char *fmt, ...)
{
	va_list ap;

	progress_clear(&r->progress);
	fputs("lvsctl: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	if (r->status == CTL_DONE)
		r->status = CTL_REFUSED;
	return false;
}

/* "rs1, rs2": the batch in hand. */
static const char *batch_text(const struct rollout *r, struct buf *b)
{
	for (size_t i = r->first; i < r->end; i++)
		buf_printf(b, "%s%s", i > r->first ? ", " : "", r->members[i].name);
	return b->data;
}

void rollout_show(struct rollout *r, const char *what)
{
	size_t filled = BAR * r->first / r->n;
	char bar[BAR + 1], age[WORDS_MAX];
	struct buf names = { 0 };

	memset(bar, '#', filled);
	memset(bar + filled, '.', BAR - filled);
	bar[BAR] = '\0';
	progress_show(&r->progress, "[%s] %zu of %zu, %s: %s: until %s", bar, r->first,
	    r->n, progress_age(&r->progress, age), batch_text(r, &names), what);
	buf_fini(&names);
}

static void say(struct rollout *r, const char *what)
{
	struct buf names = { 0 };
	char age[WORDS_MAX];

	progress_say(&r->progress, "%s: %s, after %s", batch_text(r, &names), what,
	    progress_age(&r->progress, age));
	buf_fini(&names);
}

/* What is left for the operator to do. */
static void tell_drained(const struct rollout *r)
{
	for (size_t i = r->first; i < r->end; i++)
		if (r->members[i].drained)
			fprintf(stderr,
			    "lvsctl: %s/%s stays drained: \"lvsctl ready %s/%s\" brings "
			    "it back\n",
			    r->director, r->members[i].name, r->director,
			    r->members[i].name);
}

/* ---- the steps ---- */

/* Others take the traffic while the batch is out. */
static bool may_go_on(struct rollout *r)
{
	long long left, quorum;
	const json_t *director;
	json_t *answer;

	director = rollout_look(r, &answer);
	if (director == NULL)
		return false;
	left = words_number(director, "usable");
	quorum = words_number(director, "quorum");
	for (size_t i = r->first; i < r->end; i++) {
		const json_t *server = rollout_find(director, &r->members[i]);

		left -= words_are(server, "state", "up") ||
			words_are(server, "state", "unchecked");
	}
	json_decref(answer);
	if (left >= quorum)
		return true;
	return rollout_fail(r,
	    "%s: without this batch %lld of its servers would be usable, and it needs "
	    "%lld%s",
	    r->director, left, quorum,
	    r->end - r->first > 1 ? "; a smaller --batch may do" : "");
}

/* Tells the daemon WORD about each of the batch. */
static bool decide(struct rollout *r, const char *word)
{
	bool drains = strcmp(word, "drain") == 0;
	const char *deadline = drains ? r->call->given[OPTION_DEADLINE] : NULL;

	for (size_t i = r->first; i < r->end; i++) {
		char *request = xasprintf("%s %s/%s%s%s", word, r->director,
		    r->members[i].name, deadline != NULL ? " deadline " : "",
		    deadline != NULL ? deadline : "");
		int status;
		json_t *answer = call_ask(r->call, request, &status);

		free(request);
		if (answer == NULL) {
			r->status = status;
			return false;
		}
		json_decref(answer);
		r->members[i].drained = drains;
	}
	return true;
}

static bool do_batch(struct rollout *r)
{
	if (!may_go_on(r) || !decide(r, "drain") || !rollout_wait_drained(r))
		return false;
	say(r, "drained");
	if (!rollout_run(r))
		return false;
	say(r, "command done");
	if (!rollout_wait_healthy(r))
		return false;
	if (!decide(r, "ready") || !rollout_wait_in_table(r))
		return false;
	say(r, "in service");
	return true;
}

static void do_all(struct rollout *r)
{
	char age[WORDS_MAX];

	progress_say(&r->progress, "%s: %zu server%s, %zu at a time", r->director, r->n,
	    r->n == 1 ? "" : "s", r->batch);
	for (; r->first < r->n; r->first = r->end) {
		r->end = r->first + r->batch < r->n ? r->first + r->batch : r->n;
		if (!do_batch(r)) {
			tell_drained(r);
			return;
		}
	}
	progress_say(&r->progress, "%s: done, after %s", r->director,
	    progress_age(&r->progress, age));
}

/* ---- beginning and end ---- */

/* Servers that an operator took out before are left out, sorry servers likewise. */
static bool list_members(struct rollout *r)
{
	const json_t *director, *server;
	json_t *answer;
	size_t i;

	director = rollout_look(r, &answer);
	r->members = xcalloc(json_array_size(json_object_get(director, "servers")) + 1,
	    sizeof *r->members);
	json_array_foreach (json_object_get(director, "servers"), i, server) {
		if (json_is_true(json_object_get(server, "sorry")))
			continue;
		if (!words_are(server, "operator", "ready")) {
			progress_say(&r->progress, "%s: left out, an operator said %s",
			    words_of(server, "name"), words_of(server, "operator"));
			continue;
		}
		r->members[r->n++] = (struct member){
			.name = xstrdup(words_of(server, "name")),
			.address = xstrdup(words_of(server, "address")),
		};
	}
	json_decref(answer);
	if (director != NULL && r->n == 0)
		rollout_fail(r, "%s has no server that is ready", r->director);
	return r->n > 0;
}

/* "3", or "25%" of N, at least 1. */
static bool read_batch(const char *text, size_t n, size_t *batch)
{
	size_t len = strlen(text);
	bool is_percent = len > 1 && text[len - 1] == '%';
	char *digits = xstrdup(text);
	const char *error;
	long long number;

	if (is_percent)
		digits[len - 1] = '\0';
	number = strtonum(digits, 1, is_percent ? 100 : 1000000, &error);
	free(digits);
	*batch = is_percent ? n * (size_t)number / 100 : (size_t)number;
	if (*batch == 0)
		*batch = 1;
	return error == NULL;
}

static bool read_timeout(const char *text, double *seconds)
{
	uint32_t ms = 0;

	*seconds = TIMEOUT_S;
	if (text != NULL && !conf_time(text, strlen(text), &ms))
		return false;
	if (text != NULL)
		*seconds = ms / 1e3;
	return text == NULL || ms > 0;
}

int rollout_main(const struct call *c)
{
	struct rollout r = { .call = c, .command = c->given[OPTION_COMMAND] };
	const char *batch = c->given[OPTION_BATCH];

	if (!read_batch(batch, 1, &r.batch) ||
	    !read_timeout(c->given[OPTION_TIMEOUT], &r.timeout_s) || c->json ||
	    strchr(c->words[0], '/') != NULL)
		return CTL_WRONG;
	r.director = c->words[0];
	progress_start(&r.progress);
	if (list_members(&r)) {
		read_batch(batch, r.n, &r.batch);
		do_all(&r);
	}
	for (size_t i = 0; i < r.n; i++) {
		free(r.members[i].name);
		free(r.members[i].address);
	}
	free(r.members);
	return r.status;
}
