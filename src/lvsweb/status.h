/*
 * status: what lvsd said at one time, as the pages need it.
 *
 * A status is made whole of one answer to "show rates", never changed after that, and
 * shared by everybody who shows it until the last one lets go of it. From the status
 * before it comes what an answer cannot tell: how the rates went in the last minutes.
 */
#ifndef LVSD_LVSWEB_STATUS_H
#define LVSD_LVSWEB_STATUS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "lib/arena.h"
#include "lib/buf.h"
#include "lvsweb/changes.h"

#define STATUS_POINTS 60	   /* of a history */
#define STATUS_STEP_S 5		   /* between two of them */
#define STATUS_HISTORIES 10000	   /* servers that have one; with more of them none has */
#define STATUS_NO_POINT UINT32_MAX /* nothing was known then */

/* Of operator, agent, check and table what tells most: what people call its state. */
enum standing {
	STANDING_DOWN,
	STANDING_UNKNOWN,
	STANDING_MAINT,
	STANDING_DRAIN,
	STANDING_DRAINED, /* drain, and its last connection is gone */
	STANDING_UP,
	STANDING_UNCHECKED,
	STANDING_MAX
};

/* "down", "maint", ... */
const char *standing_name(enum standing s);

/* A check, or the question to an agent, and how it went. */
struct web_check {
	const char *method; /* NULL: there is none */
	const char *reason, *means;
	int64_t code, duration_us;
};

struct web_rates {
	uint64_t conns, in_bytes, out_bytes; /* since the server was added */
	uint64_t conns_s, in_bytes_s, out_bytes_s;
};

struct web_server {
	const char *name, *address;
	enum standing standing;
	const char *operator_says;		 /* "ready", "drain", "maint" */
	const char *agent_admin, *agent_service; /* "": it said nothing of it */
	int64_t agent_percent;			 /* -1: likewise */
	bool sorry, has_rates, in_table;
	int64_t weight, operator_weight;	/* of an operator: -1 none */
	int64_t table_weight, active, inactive; /* 0 when it is not in the table */
	uint64_t since_us;			/* on mono_us()'s clock */
	double cut_in_s;			/* of its connections; -1: not by time */
	struct web_check check, agent;
	struct web_rates rates;
	uint32_t *history; /* connections a second, oldest first; NULL: has none */
};

struct web_director {
	const char *name, *service, *balance, *mode, *state;
	const char *fault; /* NULL: none */
	int64_t total, ready, usable, quorum;
	bool answers, has_rates;
	struct web_server *servers;
	size_t n_servers;
	int64_t active, inactive; /* of its servers together, as the rates are */
	struct web_rates rates;
	uint32_t history[STATUS_POINTS];
};

struct status {
	uint64_t number;      /* higher than that of every status before it */
	uint64_t taken_us;    /* on mono_us()'s clock */
	int64_t real_us;      /* what the other clock was ahead of that one */
	time_t taken;	      /* the same by the clock on the wall */
	struct buf raw;	      /* the answer */
	const json_t *daemon; /* the answer without directors */
	struct web_director *directors;
	size_t n_directors, n_servers;
	size_t standings[STANDING_MAX]; /* how many servers have each */
	int64_t active, inactive;
	bool has_rates;
	struct web_rates rates;
	uint32_t history[STATUS_POINTS];
	uint64_t shape; /* a hash of all that an event can tell of */
	struct change changes[CHANGES_MAX];
	size_t n_changes;
};

/* Makes a status of the answer RAW, whose bytes it takes over if it succeeds; BEFORE may
 * be NULL. NULL with what is wrong in ERROR, which has SIZE bytes. Give the status back
 * with status_release(). */
struct status *status_new(
    struct buf *raw, const struct status *before, char *error, size_t size);
/* Gives S, which nobody else has yet, the changes in EVENTS, or those of BEFORE. */
void status_take_changes(struct status *s, const struct buf *events);
void status_keep_changes(struct status *s, const struct status *before);
/* One more holder of S. Any thread may take and release. NULL is allowed. */
struct status *status_hold(struct status *s);
void status_release(struct status *s);

/* Members of a JSON object: "" and FALLBACK if they are not there or of another type. */
const char *status_text(const json_t *o, const char *key);
double status_number(const json_t *o, const char *key, double fallback);

/* Whether the director serves as it should: by its own servers, and is in the kernel. */
bool status_director_is_up(const struct web_director *d);

#endif
