/*
 * doctor: what will not work, and what to type.
 *
 * It reads the kernel with the caller's rights in the caller's network namespace, and
 * asks the daemon what it is to do there. Each doctor_*.c looks at one side of it and
 * adds what it finds. What is wrong for many directors is one finding.
 */
#ifndef LVSD_LVSCTL_DOCTOR_H
#define LVSD_LVSCTL_DOCTOR_H

#include <jansson.h>
#include <stdbool.h>

#include "lib/addr.h"

struct doctor {
	/* Of objects with "what", "type" and the names of "directors". */
	json_t *findings;
	bool more; /* there were too many */
	struct routes *routes;
};

/* Adds a finding for DIRECTOR, or for all (NULL). TYPE is a command line, or what to
 * write into the configuration. */
void doctor_find(struct doctor *d, const char *director, const char *type,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* The number in the file PATH, or -1. */
long doctor_number(const char *path);

/* ---- the sides ---- */

/* IPVS itself. */
void doctor_ipvs(struct doctor *d);
/* STATUS: what the daemon says of itself. */
void doctor_daemon(struct doctor *d, const json_t *status);
/* Schedulers and settings that DIRECTOR needs. */
void doctor_kernel(struct doctor *d, const json_t *director);
/* The ways to its servers, and of its clients to it. */
void doctor_network(struct doctor *d, const json_t *director);
/* What marking its packets needs. */
void doctor_flow(struct doctor *d, const json_t *director);
/* What refusing datagrams needs, where STATUS tells of flows of some. */
void doctor_datagrams(struct doctor *d, const json_t *status);
/* Rules of iptables, where STATUS tells of a director that needs some. */
void doctor_rules(struct doctor *d, const json_t *status);
/* Programs that edit the kernel's table, too. */
void doctor_others(struct doctor *d, const json_t *status);

/* A finding for DIRECTOR for each interface that is up and has a strict rp_filter; WHY
 * that is wrong ends it. */
void doctor_strict(struct doctor *d, const json_t *director, const char *why);

/* ---- routes ---- */

struct route {
	bool found;    /* there is one that forwards, or delivers here */
	bool is_local; /* the address is one of this machine */
	bool by_router;
	char device[16]; /* IF_NAMESIZE; "": unknown */
};

/* NULL with errno. */
struct routes *routes_open(void);
void routes_close(struct routes *r); /* NULL is allowed */
/* What the kernel would do with a packet to TO: `ip route get`. False: it did not say. */
bool routes_get(struct routes *r, const struct addr *to, struct route *route);

#endif
