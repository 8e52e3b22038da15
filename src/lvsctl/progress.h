/*
 * progress: what goes on, for who waits for it.
 *
 * On a terminal one line at its bottom is written again and again, and lines that stay
 * scroll above it; elsewhere there are only the lines that stay. And the waiting
 * itself: a nap ends early when a signal asks for the end.
 */
#ifndef LVSD_LVSCTL_PROGRESS_H
#define LVSD_LVSCTL_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
	bool terminal;
	bool shown;	  /* a line is there that has to go */
	bool interrupted; /* a nap met SIGINT, SIGTERM or SIGHUP */
	uint64_t started_us;
};

/* From now on SIGINT, SIGTERM and SIGHUP are only seen by progress_nap(). */
void progress_start(struct progress *p);
/* Writes the passing line, cut to the width of a page. Elsewhere nothing. */
void progress_show(struct progress *p, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Writes a line that stays. */
void progress_say(struct progress *p, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Takes the passing line away, so that others can write. */
void progress_clear(struct progress *p);
/* "12s" since progress_start(); BUF has WORDS_MAX bytes. */
const char *progress_age(const struct progress *p, char *buf);

/* Waits so long, or until a child ends, or somebody wants all of this to end: then, and
 * ever after, true. */
bool progress_nap(struct progress *p, double seconds);
/* For a child: signals are as they were. */
void progress_restore_signals(void);

#endif
