/*
 * A sorted list of names, and a map of the range by bits while marks are given.
 */
#include "flow/marks.h"

#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"

#define RANGE (MARKS_LAST - MARKS_FIRST + 1)

void marks_fini(struct marks *m)
{
	for (size_t i = 0; i < m->n; i++)
		free(m->list[i].name);
	free(m->list);
	*m = (struct marks){ 0 };
}

/* Where NAME is in M, or would be. */
static size_t place(const struct marks *m, const char *name)
{
	size_t low = 0, high = m->n;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (strcmp(m->list[mid].name, name) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static uint32_t find(const struct marks *m, const char *name)
{
	size_t i = place(m, name);

	return i < m->n && strcmp(m->list[i].name, name) == 0 ? m->list[i].mark : 0;
}

static bool in_range(uint32_t mark)
{
	return mark >= MARKS_FIRST && mark <= MARKS_LAST;
}

static void insert(struct marks *m, const char *name, uint32_t mark)
{
	size_t i = place(m, name);

	m->list = xgrow(m->list, m->n, &m->cap, sizeof *m->list);
	memmove(&m->list[i + 1], &m->list[i], (m->n - i) * sizeof *m->list);
	m->list[i] = (struct mark){ xstrdup(name), mark };
	m->n++;
}

bool marks_add(struct marks *m, const char *name, uint32_t mark)
{
	if (!in_range(mark) || find(m, name) != 0)
		return false;
	for (size_t i = 0; i < m->n; i++)
		if (m->list[i].mark == mark)
			return false;
	insert(m, name, mark);
	return true;
}

/* A director without a mark of its file's that IPVS can know by a mark only. */
static bool needs_mark(const struct director_conf *d)
{
	if (d->fwmark != 0)
		return false;
	return !addr_is_set(&d->addr) || (d->port == 0 && !d->persistent);
}

static void take(bool *taken, uint32_t mark)
{
	if (in_range(mark))
		taken[mark - MARKS_FIRST] = true;
}

bool marks_give(struct marks *m, struct conf *conf, marks_used_fn *used, void *arg)
{
	bool *taken = xcalloc(RANGE, sizeof *taken),
	     *given = xcalloc(RANGE, sizeof *given);
	struct director_conf *d;
	uint32_t next = 0;

	STAILQ_FOREACH (d, &conf->directors, entry) {
		d->mark = d->fwmark;
		take(given, d->fwmark);
	}
	for (size_t i = 0; i < m->n; i++)
		take(taken, m->list[i].mark);
	STAILQ_FOREACH (d, &conf->directors, entry) {
		if (!needs_mark(d))
			continue;
		d->mark = find(m, d->name);
		if (d->mark != 0 && !given[d->mark - MARKS_FIRST])
			continue;
		/* The file gave its mark to another: it gets a new one. */
		while (next < RANGE &&
		       (taken[next] || given[next] || used(MARKS_FIRST + next, arg)))
			next++;
		if (next == RANGE) {
			d->mark = 0;
			break;
		}
		if (d->mark != 0)
			m->list[place(m, d->name)].mark = MARKS_FIRST + next;
		else
			insert(m, d->name, MARKS_FIRST + next);
		d->mark = MARKS_FIRST + next++;
	}
	free(taken);
	free(given);
	return next < RANGE;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void marks_prune(struct marks *m, const struct conf *conf, marks_used_fn *used, void *arg)
{
	const char **names = xcalloc(conf->n_directors + 1, sizeof *names);
	const struct director_conf *d;
	size_t n_names = 0, n = 0;

	STAILQ_FOREACH (d, &conf->directors, entry)
		if (needs_mark(d))
			names[n_names++] = d->name;
	qsort(names, n_names, sizeof *names, by_name);
	for (size_t i = 0; i < m->n; i++) {
		struct mark *known = &m->list[i];

		if (bsearch(&known->name, names, n_names, sizeof *names, by_name) !=
			NULL ||
		    used(known->mark, arg))
			m->list[n++] = *known;
		else
			free(known->name);
	}
	m->n = n;
	free(names);
}
