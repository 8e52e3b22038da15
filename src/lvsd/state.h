/*
 * state: what is true now of every director and server.
 *
 * Built whole from a configuration and what was true before; a reload builds
 * a new one and drops the old. It points into the configuration, never the
 * other way. Health comes in as reports of the checker; the plan (plan.h)
 * turns all of it into the wanted table. Health is known for each probe and
 * copied to every server that the probe checks.
 */
#ifndef LVSD_STATE_H
#define LVSD_STATE_H

#include "check/probe.h"
#include "ipvs/ipvs.h"
#include "parser/conf.h"

#define NO_PROBE ((1u << 30) - 1)

/* What an operator said of a server. It belongs to the names of director and
 * server, and outlives reload and restart (behaviour.md, Words). */
enum decision_word { DECISION_READY, DECISION_DRAIN, DECISION_MAINT };

struct decision {
	enum decision_word word;
	bool has_weight;
	uint16_t weight; /* in place of the file's */
	/* Mono time until which a drained server keeps its connections; 0: until
	 * the last one ends. */
	uint64_t until_us;
};

/* There may be a hundred thousand of them. */
struct server_state {
	const struct server_conf *conf;
	struct director_state *director;
	/* NULL: ready, with the file's weight. To be read by state_decision() and
	 * written by state_decide(). */
	struct decision *decision;
	uint64_t since_us; /* mono: when the health last changed */
	struct health health;
	uint32_t probe : 30; /* index into state.probes, NO_PROBE: not checked */
	/* The health is what the kernel's table told; no check has spoken. */
	bool assumed : 1;
	bool slow : 1; /* came up again at since_us: its slow start runs, or is over */
};

/* Who takes the traffic of a director; plan.h decides. */
enum serving {
	SERVING_NOT_YET, /* never told: its checks have not all spoken */
	SERVING_NOBODY,
	SERVING_SERVERS,
	SERVING_SORRY,
	SERVING_PANIC, /* servers that are down, too, for want of better ones */
};

/* Why the kernel does not hold what it should for a director. */
struct fault {
	char *text;	   /* NULL: no fault */
	uint64_t retry_us; /* mono */
	uint8_t failures;  /* in a row, at most 255; for the back-off */
	bool no_service;   /* nothing of the director is in the kernel */
	bool waits;	   /* for its retry: it is left out of the plan */
	bool fresh;	   /* the last run met it */
	bool stuck;	   /* its last run was cut, and all of it refused */
};

struct director_state {
	const struct director_conf *conf;
	struct server_state *servers; /* in the order of the file */
	/* In that of address and port, which tables are in; NULL: it is the file's. */
	struct server_state **by_addr;
	struct probe_state **agents; /* of servers[], each its agent; NULL: none */
	struct fault fault;
	uint64_t slow_until_us; /* mono: some server is in its slow start */
	uint32_t n_servers;
	enum serving serving : 8; /* when it was last planned; for the log */
	bool dirty;		  /* to be planned at the end of this turn */
};

struct probe_state {
	struct probe probe;
	struct server_state **servers; /* that it checks */
	size_t n_servers;
	/* the last check */
	enum reason reason;
	int32_t code;
	uint32_t duration_us;
	char *text; /* NULL: none */
};

struct state {
	struct conf *conf;
	struct director_state *directors;
	size_t n_directors;
	struct server_state *servers; /* of all directors, one array */
	size_t n_servers;
	struct probe_state *probes; /* sorted by probe_cmp() */
	size_t n_probes;
	struct server_state **by_probe; /* where probes[].servers point into */
	struct probe_state **agents;	/* where directors[].agents point into */
	size_t n_agents;
};

/*
 * The state that CONF (taken over) starts with. Decisions are those of the server
 * of the same names. Health, in this order: that of
 * an OLD probe with the same outcome; that of the server of the same name in
 * the director of the same name; what HAVE, the services that are ours in the
 * kernel, shows; unknown. A fault of a director that is the same for the kernel
 * is carried, too. OLD may be NULL. NOW_US is mono.
 */
struct state *state_build(struct conf *conf, const struct state *old,
    const struct ipvs_table *have, uint64_t now_us);
/* Frees everything of S but its configuration: nothing is known any more. */
void state_strip(struct state *s);
void state_free(struct state *s); /* with its configuration; NULL is allowed */

/* After health and decisions of servers were set from outside: each probe starts with
 * the best of its servers, or at rest. */
void state_refit_probes(struct state *s);

/* What the operator said of S; never NULL. It lives until the next state_decide(). */
const struct decision *state_decision(const struct server_state *s);
void state_decide(struct server_state *s, const struct decision *d);

/* When the slow start of S is over; mono. */
uint64_t state_slow_end(const struct server_state *s);
/* The slow start of S runs: its director is planned until it is over. */
void state_slow(const struct server_state *s);

/* P rests while all its servers are in maintenance; the probe of agents, which may be
 * the ones that said so, while the operators keep them there. */
bool state_rests(const struct probe_state *p);
/* What P found is void: it was at rest. What an agent said stands. */
void state_forget(struct probe_state *p, uint64_t now_us);

/* The checks of A and B are the same, so a running checker can stay. */
bool state_same_probes(const struct state *a, const struct state *b);

/* What R, a validated report, tells of P itself: health and the last check. */
void state_take(struct probe_state *p, const struct probe_report *r);
/* The health of S, which WAS another, is NOW this since NOW_US: one that was down and is
 * up again starts slowly. */
void state_turned(struct server_state *s, enum health_state was, enum health_state now,
    uint64_t now_us);

/*
 * Takes a validated report of a check: health of every server of that probe, reason and
 * figures of the check. CHANGED is called for each server whose health is
 * another one now (its old state is given) after all is taken.
 */
typedef void state_changed_fn(
    struct server_state *server, enum health_state was, void *arg);
void state_report(struct state *s, const struct probe_report *r, uint64_t now_us,
    state_changed_fn *changed, void *arg);

/* The server of these names, or NULL. DIRECTOR and SERVER need not be valid names. */
struct server_state *state_find(
    const struct state *s, const char *director, const char *server);
/* "ready", "drain" or "maint". Never NULL. */
const char *decision_name(enum decision_word w);

/* Replaces a director's fault. TEXT is copied; NULL clears it. */
void fault_set(struct fault *f, const char *text, uint64_t retry_us);

#endif
