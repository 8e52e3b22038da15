/*
 * view: which directors and servers a page shows.
 *
 * What was searched for and which page of it, from the query of a request. Pages have an
 * end, however many directors there are: a page ends behind so many directors, or so many
 * servers, and of a single director with more than that, only so many are shown.
 */
#ifndef LVSD_LVSWEB_VIEW_H
#define LVSD_LVSWEB_VIEW_H

#include <stdbool.h>
#include <stddef.h>

#include "lvsweb/status.h"

#define VIEW_DIRECTORS 100
#define VIEW_SERVERS 500
#define VIEW_TEXT_MAX 128

struct view {
	char text[VIEW_TEXT_MAX];  /* searched for; "": everything */
	char state[VIEW_TEXT_MAX]; /* only those in it; "": every state */
	size_t page;		   /* from 1 */
};

/* A piece of a status: the directors that a page has. */
struct view_page {
	size_t *directors;  /* their places in the status; to be freed */
	size_t n;	    /* of them */
	size_t page, pages; /* which it is, of how many; the last one if there are less */
	size_t matching;    /* directors, on all pages */
};

/* The page of S that V asks for. */
struct view_page view_page(const struct view *v, const struct status *s);
/* Whether the server S of D is on the page of V that D is on. */
bool view_has_server(
    const struct view *v, const struct web_director *d, const struct web_server *s);
bool view_is_narrow(const struct view *v); /* it does not show everything */

#endif
