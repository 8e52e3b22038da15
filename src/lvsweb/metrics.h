/*
 * metrics: which there are, and the value of each.
 */
#ifndef LVSD_LVSWEB_METRICS_H
#define LVSD_LVSWEB_METRICS_H

#include <stdbool.h>
#include <stddef.h>

#include "lvsweb/source.h"

enum metric_subject { OF_DAEMON, OF_DIRECTOR, OF_SERVER };

/* What a sample is of; what its subject does not have is NULL. */
struct metric_item {
	const struct source *source;
	const struct web_director *director;
	const struct web_server *server;
};

struct metric {
	enum metric_subject subject;
	bool is_counter;
	const char *name; /* without "_total" */
	const char *unit; /* NULL: none */
	const char *help;
	/* Of ITEM; NAN when it has none. */
	double (*value)(const struct metric_item *item);
	/* Appends labels beside the names; may be NULL. */
	void (*labels)(struct buf *b, const struct metric_item *item);
};

/* In the order of an answer: the daemon's, the directors', the servers'. */
extern const struct metric metrics[];
extern const size_t metrics_n;

/* Appends NAME="VALUE", with a comma if it is not the first one behind the brace. */
void metric_label(struct buf *b, const char *name, const char *value);
/* How many directors and servers of S have samples. */
size_t metrics_directors(const struct status *s);
size_t metrics_servers(const struct status *s);

#endif
