/*
 * events: what changed, for those who want to know it.
 *
 * Each change is one line of JSON with a number, kept in a ring of the last 4,096.
 * Who follows is given each as it comes; one that the ring overtook because he reads
 * too slowly is told how many he lost, and that is his end. Nothing waits for him.
 */
#ifndef LVSD_EVENTS_H
#define LVSD_EVENTS_H

#include <jansson.h>

#include "lvsd/lvsd.h"
#include "lvsd/reply.h"

struct events;

struct events *events_new(void);
/* Followers must be gone. NULL is allowed, here and as l->events below. */
void events_free(struct events *e);

/* What there is; with FOLLOW also what comes. The caller owns the result. */
struct reply *events_reply(struct events *e, bool follow);
/* The last of a server, at most MAX, the oldest first. The caller owns the result. */
json_t *events_about(const struct events *e, const struct server_state *s, size_t max);

/* ---- what happens ---- */

/* The health of S changed from WAS, by what its check found. */
void events_server(
    const struct lvsd *l, const struct server_state *s, enum health_state was);
/* Who serves for D was WAS. */
void events_serving(
    const struct lvsd *l, const struct director_state *d, enum serving was);
/* The agent of S said WAS and says NOW. */
void events_agent(
    const struct lvsd *l, const struct server_state *s, const char *was, const char *now);
/* D has a fault, or has none any more. */
void events_fault(const struct lvsd *l, const struct director_state *d);
/* An operator said WHAT of N servers: DIRECTOR may be "*". */
void events_decision(const struct lvsd *l, const char *director, const char *server,
    const char *what, size_t n);
/* A reload was done or refused, as l->reload has it. */
void events_reload(const struct lvsd *l);
/* WHAT in words, of something that is nobody's but the daemon's: KIND is "daemon",
 * "checker", "kernel", "audit", "sync" or "confirm". */
void events_note(const struct lvsd *l, const char *kind, const char *what);

#endif
