/* What one call of more() made is kept until it was read. */
#include "lvsweb/source.h"

#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"

struct source *source_new(
    bool (*more)(struct source *s, struct buf *piece), const struct knowledge *k)
{
	struct source *s = xcalloc(1, sizeof *s);

	s->more = more;
	s->known = *k;
	return s;
}

void source_free(struct source *s)
{
	if (s == NULL)
		return;
	status_release(s->known.status);
	buf_fini(&s->piece);
	free(s);
}

size_t source_read(struct source *s, char *to, size_t max)
{
	size_t n;

	while (s->sent == s->piece.len) {
		s->sent = s->piece.len = 0;
		if (!s->more(s, &s->piece))
			return 0;
	}
	n = s->piece.len - s->sent < max ? s->piece.len - s->sent : max;
	memcpy(to, s->piece.data + s->sent, n);
	s->sent += n;
	return n;
}
