/*
 * judge: which requests are not answered at all.
 */
#ifndef LVSD_LVSWEB_JUDGE_H
#define LVSD_LVSWEB_JUDGE_H

#include <microhttpd.h>
#include <stdbool.h>

#include "lvsweb/peers.h"

/* A request whose head is there. */
struct request {
	struct MHD_Connection *connection;
	const char *url; /* without the query */
	const char *method;
	struct peer *peer;
};

struct verdict {
	unsigned status;  /* of the refusal; 0: none */
	const char *text; /* for people */
};

/* On loopback, a request has to name loopback as its host: a page of another site that
 * made its own name point here (DNS rebinding) cannot. */
struct verdict judge(const struct request *r, bool is_loopback);

#endif
