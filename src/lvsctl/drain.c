/*
 * drain --wait, maint --wait: until the last connection is gone.
 *
 * The daemon takes a server out of the table with its last connection, or at the
 * deadline, so all there is to do is to look whether it is still there.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/mono.h"
#include "lib/xalloc.h"
#include "lvsctl/lvsctl.h"
#include "lvsctl/progress.h"
#include "lvsctl/words.h"

#define POLL_S 0.25

/* What is left of the servers that were named. */
struct left {
	size_t servers, in_table, ready;
	bool knows_table; /* the kernel said all of it */
	double active, inactive;
	bool has_deadline;
	double cut_in_s; /* the latest of them */
	uint64_t at_us;	 /* when this was so */
};

static void count_server(const json_t *server, struct left *left)
{
	const json_t *cut = json_object_get(server, "cut_in_s");

	left->servers++;
	left->ready += words_are(server, "operator", "ready");
	if (!json_is_integer(json_object_get(server, "table_weight")))
		return;
	left->in_table++;
	left->active += words_real(server, "active");
	left->inactive += words_real(server, "inactive");
	left->has_deadline = left->has_deadline || json_is_number(cut);
	if (json_number_value(cut) > left->cut_in_s)
		left->cut_in_s = json_number_value(cut);
}

/* NAME is director/server, with "*" for every director. */
static bool look(const struct call *c, const char *name, struct left *left, int *status)
{
	const char *server_name = strchr(name, '/') + 1;
	bool all = name[0] == '*';
	char *request = xasprintf("show status%s%s", all ? "" : " ", all ? "" : name);
	json_t *answer = call_ask(c, request, status);
	const json_t *director, *server;
	size_t i, j;

	*left =
	    (struct left){ .at_us = mono_us(), .knows_table = words_knows_table(answer) };
	json_array_foreach (json_object_get(answer, "directors"), i, director) {
		if (json_is_false(json_object_get(director, "answers")))
			left->knows_table = false;
		json_array_foreach (json_object_get(director, "servers"), j, server)
			if (words_are(server, "name", server_name))
				count_server(server, left);
	}
	free(request);
	json_decref(answer);
	return answer != NULL;
}

static void show_left(struct progress *p, const char *name, const struct left *left)
{
	char active[WORDS_MAX], inactive[WORDS_MAX], cut[WORDS_MAX], age[WORDS_MAX];

	words_count(left->active, active);
	words_count(left->inactive, inactive);
	progress_show(p, "%s: %s active, %s inactive connections, for %s%s%s", name,
	    active, inactive, progress_age(p, age), left->has_deadline ? ", cut in " : "",
	    left->has_deadline ? words_time(left->cut_in_s, cut) : "");
}

/* The deadline came while connections were left, as LAST had them. */
static bool was_cut(const struct left *last)
{
	double passed_s = (double)(mono_us() - last->at_us) / 1e6;

	return last->has_deadline && last->active + last->inactive > 0 &&
	       last->cut_in_s <= passed_s;
}

static int tell_end(struct progress *p, const char *name, const struct left *last)
{
	char active[WORDS_MAX], inactive[WORDS_MAX], age[WORDS_MAX];

	if (!was_cut(last)) {
		progress_say(
		    p, "%s: no connection is left, after %s", name, progress_age(p, age));
		return CTL_DONE;
	}
	progress_clear(p);
	fprintf(stderr,
	    "lvsctl: %s: the deadline came with %s active and %s inactive connections\n",
	    name, words_count(last->active, active),
	    words_count(last->inactive, inactive));
	return CTL_REFUSED;
}

static int wait_for_last(const struct call *c, const char *name)
{
	struct left last = { 0 }, left;
	struct progress p;
	int status;

	progress_start(&p);
	while (look(c, name, &left, &status)) {
		if (left.ready > 0 || left.servers == 0) {
			progress_clear(&p);
			fprintf(stderr, "lvsctl: %s: %s meanwhile\n", name,
			    left.ready > 0 ? "someone made it ready"
					   : "a reload removed it");
			return CTL_REFUSED;
		}
		if (left.knows_table && left.in_table == 0)
			return tell_end(&p, name, &last);
		if (left.knows_table) {
			show_left(&p, name, &left);
			last = left;
		}
		if (!progress_nap(&p, POLL_S))
			continue;
		progress_clear(&p);
		fprintf(stderr,
		    "lvsctl: not waited for; \"lvsctl ready %s\" brings it back\n", name);
		return CTL_REFUSED;
	}
	progress_clear(&p);
	return status;
}

int drain_main(const struct call *c)
{
	int status;

	if (c->json && c->given[OPTION_WAIT] != NULL)
		return CTL_WRONG; /* one answer, not two */
	status = call_plain(c);
	if (status != CTL_DONE || c->given[OPTION_WAIT] == NULL)
		return status;
	return wait_for_last(c, c->words[0]);
}
