/*
 * watch: the one who asks lvsd, so that a thousand clients ask it no more than one.
 *
 * A thread asks once a second, or, when an answer takes long to come and to read, so that
 * four fifths of the time it does not. What it got last is there for everybody, together
 * with since when there is nothing newer, and why.
 */
#ifndef LVSD_LVSWEB_WATCH_H
#define LVSD_LVSWEB_WATCH_H

#include "lvsweb/ask.h"
#include "lvsweb/status.h"

struct watch;

/* What is known now. */
struct knowledge {
	struct status *status;	   /* the last one; NULL: there never was */
	char error[ASK_ERROR_MAX]; /* why the last question had no answer; "": it had */
	uint64_t gone_us;	   /* since when, on mono_us()'s clock */
	time_t gone;		   /* the same by the clock on the wall */
	uint64_t asked;		   /* questions so far */
};

/* Starts the thread, which asks at the socket PATH and calls TOLD(DATA) after each
 * question. PATH is kept. NULL with errno when it cannot. */
struct watch *watch_new(const char *path, void (*told)(void *data), void *data);
/* Ends the thread, also in the middle of a question. */
void watch_free(struct watch *w);

/* Fills K; its status is held for the caller, who gives it back with status_release(). */
void watch_get(struct watch *w, struct knowledge *k);
/* A number that is another one whenever something else is known than before: for a
 * browser, to tell what it has. */
uint64_t watch_number(const struct knowledge *k);

#endif
