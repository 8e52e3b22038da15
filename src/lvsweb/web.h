/*
 * web: what a browser or a Prometheus may ask, and what it gets.
 *
 * One thread serves all connections and never waits for one of them. It answers GET and
 * HEAD, changes nothing, and asks lvsd nothing: all it tells is what the watch knows.
 */
#ifndef LVSD_LVSWEB_WEB_H
#define LVSD_LVSWEB_WEB_H

#include <stdbool.h>

#include "lvsweb/feed.h"
#include "lvsweb/peers.h"
#include "lvsweb/watch.h"

struct web;

/* What it works with, all of it longer there than the web. */
struct web_needs {
	int listener;	  /* a listening socket, which it closes */
	bool is_loopback; /* so that only a name of loopback is taken for it */
	const char *host; /* the name of this machine */
	struct watch *watch;
	struct feeds *feeds;
	struct peers *peers;
};

/* NULL when the library refuses. */
struct web *web_new(const struct web_needs *needs);
/* Ends all connections; after feeds_end(). */
void web_free(struct web *w);

#endif
