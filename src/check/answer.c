/* Searching in pieces: each is looked at together with the end of those before. */
#include "answer.h"

#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"

#define PIECE 4096

void answer_init(struct answer *a, const char *want, size_t len)
{
	*a = (struct answer){ .want = want, .want_len = len };
	a->window = xmalloc(len - 1 + PIECE);
}

static void keep_line(struct answer *a, const char *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (data[i] == '\n' || data[i] == '\r') {
			a->line_over = true;
			continue;
		}
		if (a->line_over)
			a->line_len = 0;
		a->line_over = false;
		if (a->line_len < sizeof a->line)
			a->line[a->line_len++] = data[i];
	}
}

static void search(struct answer *a, const char *data, size_t len)
{
	size_t keep = a->want_len - 1;

	memcpy(a->window + a->window_len, data, len);
	a->window_len += len;
	a->found = memmem(a->window, a->window_len, a->want, a->want_len) != NULL;
	if (a->window_len > keep) {
		memmove(a->window, a->window + a->window_len - keep, keep);
		a->window_len = keep;
	}
}

bool answer_feed(struct answer *a, const char *data, size_t len)
{
	keep_line(a, data, len);
	for (size_t done = 0, n; done < len && !a->found; done += n) {
		n = len - done < PIECE ? len - done : PIECE;
		search(a, data + done, n);
	}
	return a->found;
}

void answer_fini(struct answer *a)
{
	free(a->window);
}
