/*
 * request: what a client of the sockets may ask, and the answer.
 *
 * A request is one line of words. Its answer is one JSON object with "ok" and, when
 * that is false, "error". What has to be on disk, or takes more
 * than a turn of the loop, is answered later or piece by piece.
 */
#ifndef LVSD_REQUEST_H
#define LVSD_REQUEST_H

#include <jansson.h>

#include "lvsd/lvsd.h"
#include "lvsd/reply.h"

#define REQUEST_WORDS_MAX 8

enum request_waits { WAIT_NOTHING, WAIT_RELOAD, WAIT_SAVED, WAIT_AUDIT };

struct request_wait {
	enum request_waits what;
	uint64_t number; /* of the save or the reload */
	json_t *answer;	 /* what will be said then, NULL: that is not known yet */
	size_t changed;	 /* servers whose decision it was */
};

/* How a request is answered: by one of these. */
struct answer {
	json_t *json;		  /* at once */
	struct reply *reply;	  /* piece by piece */
	struct request_wait wait; /* by request_done(), when what it waits for is done */
};

struct request {
	struct lvsd *l;
	char *words[REQUEST_WORDS_MAX];
	size_t n;
	/* It came over the operators' socket, which may do more than look and is told
	 * more. */
	bool may_change;
	int fd; /* that came with it, -1: none; not taken over */
};

/* Answers LINE, which is cut up, from a client as in R, whose words are filled in. */
void request_answer(struct request *r, char *line, struct answer *a);

/* What WAIT waited for is done. The caller owns the answer. */
json_t *request_done(const struct lvsd *l, const struct request_wait *wait);

/* "ok": false, with the reason TEXT. The caller owns the result. */
json_t *request_refusal(const char *text);

#endif
