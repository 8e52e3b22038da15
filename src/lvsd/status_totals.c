/* Director after director, and the servers of all of them, which are one array. */
#include "lvsd/status_totals.h"

#include <assert.h>
#include <string.h>

#include "lvsd/agents.h"
#include "lvsd/put.h"
#include "lvsd/service.h"
#include "lvsd/status_director.h"
#include "lvsd/status_server.h"

static void tally(struct status_tally *t, const char *word)
{
	size_t i = 0;

	while (i < t->n && strcmp(t->words[i], word) != 0)
		i++;
	assert(i < STATUS_WORDS_MAX);
	if (i == t->n)
		t->words[t->n++] = word;
	t->counts[i]++;
}

bool status_totals_more(struct status_totals *t, const struct lvsd *l)
{
	const struct state *state = l->state;
	size_t n = 0;

	for (; t->director < state->n_directors; t->director++, n++) {
		if (n == STATUS_TOTALS_A_PIECE)
			return true;
		tally(&t->directors,
		    status_director_word(l, &state->directors[t->director]));
	}
	for (; t->server < state->n_servers; t->server++, n++) {
		const struct server_state *s = &state->servers[t->server];

		if (n == STATUS_TOTALS_A_PIECE)
			return true;
		/* To look for each of them would take ten times as long. */
		tally(&t->servers,
		    status_server_word(s, agents_word(s) == DECISION_DRAIN &&
					      service_find(s, &l->have) != NULL));
	}
	return false;
}

static void put_tally(struct buf *b, const struct status_tally *t)
{
	for (size_t i = 0; i < t->n; i++) {
		buf_str(b, i == 0 ? "{" : ",");
		put_quoted(b, t->words[i]);
		buf_str(b, ":");
		put_digits(b, (int64_t)t->counts[i]);
	}
	buf_str(b, t->n == 0 ? "{}" : "}");
}

void status_totals_put(const struct status_totals *t, struct buf *b)
{
	buf_str(b, ",\"totals\":{\"directors\":");
	put_tally(b, &t->directors);
	buf_str(b, ",\"servers\":");
	put_tally(b, &t->servers);
	buf_str(b, "}");
}
