/*
 * sync: the kernel's daemons that copy connections between two directors.
 *
 * The file says how they run ("global sync") and which of them; an operator, or what
 * he has for VRRP, may say which run from now on: that holds until the machine
 * starts anew, over reloads and restarts. What somebody else started without the file
 * speaking of it is left alone.
 */
#ifndef LVSD_SYNC_H
#define LVSD_SYNC_H

#include <jansson.h>

#include "lib/buf.h"
#include "lvsd/request.h"

/* What is to be remembered. Zeroed: nobody said anything, and nothing is ours. */
struct sync_state {
	bool said;	      /* by an operator: */
	bool wants[2];	      /* master, backup */
	bool ours[2];	      /* that run because of us */
	const char *error[2]; /* strerror() of the last try; NULL: it went well */
};

/* Starts and stops what L->state->conf and the operator have it. */
void sync_apply(struct lvsd *l);
/* Appends what sync_apply() would do as ipvsadm commands, one a line. */
void sync_plan(struct lvsd *l, struct buf *commands);
/* Stops what is ours. */
void sync_clear(struct lvsd *l);

/* "sync master|backup|both|off" */
void sync_request(struct request *r, struct answer *a);

/* Into the record, and back, of this boot and namespace. */
void sync_record(const struct sync_state *s, json_t *root);
void sync_restore(struct sync_state *s, const json_t *root);

/* For status: {"master": ..., "backup": ...}, each null or with its settings. */
json_t *sync_show(struct lvsd *l);

#endif
