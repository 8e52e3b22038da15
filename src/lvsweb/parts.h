/*
 * parts: the pieces that a page is made of, each an element with an id of its own.
 *
 * A page is its parts with a frame around them, and a client that follows is told the
 * parts that changed. Whether one did is seen by its text, so "bare" has nothing in it
 * that only the time changes: durations are left empty, for the script of the page.
 */
#ifndef LVSD_LVSWEB_PARTS_H
#define LVSD_LVSWEB_PARTS_H

#include "lvsweb/view.h"
#include "lvsweb/watch.h"

/* What is to be shown, and how. */
struct scene {
	const struct knowledge *known;
	const struct view *view;
	const struct view_page *page; /* of known->status; not used when that is NULL */
	const char *host;	      /* the name of this machine */
	bool bare;
};

void part_title(struct buf *b, const struct scene *s);
/* What is wrong with the daemon. */
void part_alarms(struct buf *b, const struct scene *s);
/* How many there are, how many of them are up, and what goes through them. */
void part_strip(struct buf *b, const struct scene *s);
/* Directors and servers that are not as they should be, the worst first. */
void part_wrong(struct buf *b, const struct scene *s);
/* What happened last, the newest first. */
void part_changes(struct buf *b, const struct scene *s);
/* The head of the director at PLACE of the status. */
void part_head(struct buf *b, const struct scene *s, size_t place);
/* The row of its server at I. */
void part_server(struct buf *b, const struct scene *s, size_t place, size_t i);

/* The moment US on mono_us()'s clock, as html_since() shows it. */
void part_since(struct buf *b, const struct scene *s, uint64_t us);
/* "http: connection refused, 0.2 ms; an operator gave it weight 9" */
void part_why(struct buf *b, const struct scene *s, const struct web_server *server);
/* What a director's state means, and why it is in it. */
void part_director_why(struct buf *b, const struct web_director *d);

#endif
