/*
 * answer: what is looked for in a server's answer, and what is shown of it.
 *
 * Fed with the bytes as they come, it finds a text however it is cut, and keeps
 * the beginning of the last line that was not empty. Pure.
 */
#ifndef LVSD_CHECK_ANSWER_H
#define LVSD_CHECK_ANSWER_H

#include <stdbool.h>
#include <stddef.h>

#define ANSWER_LINE 80

struct answer {
	const char *want; /* not owned; its length is at least 1 */
	size_t want_len;
	char *window; /* the end of what came, which may begin the text */
	size_t window_len;
	bool found;
	bool line_over; /* the next byte begins another line */
	size_t line_len;
	char line[ANSWER_LINE]; /* no NUL */
};

void answer_init(struct answer *a, const char *want, size_t len);
/* True from the piece on that completes the text. */
bool answer_feed(struct answer *a, const char *data, size_t len);
void answer_fini(struct answer *a);

#endif
