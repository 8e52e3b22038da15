/*
 * request: what a client of the sockets may ask, and the answer.
 *
 * A request is one line of words, an answer one JSON object with "ok" and, when
 * that is false, "error". What has to be on disk, or takes more than a turn of
 * the loop, is answered later: the client then waits for what struct request_wait
 * says.
 */
#ifndef LVSD_REQUEST_H
#define LVSD_REQUEST_H

#include <jansson.h>

#include "lvsd/lvsd.h"

enum request_waits { WAIT_NOTHING, WAIT_RELOAD, WAIT_SAVED, WAIT_AUDIT };

struct request_wait {
	enum request_waits what;
	uint64_t number; /* of the save */
	size_t changed;	 /* servers whose decision it was */
};

/*
 * The answer to REQUEST, which the caller owns, or NULL: then WAIT tells what it
 * waits for. REQUEST is cut up. MAY_CHANGE: it came over the operators' socket,
 * which may do more than look and is told more.
 */
json_t *request_answer(
    struct lvsd *l, char *request, bool may_change, struct request_wait *wait);

/* What WAIT waited for is done. The caller owns the answer. */
json_t *request_done(const struct lvsd *l, const struct request_wait *wait);

#endif
