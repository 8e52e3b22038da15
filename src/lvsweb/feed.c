/* Feeds run in the thread of the web server; only the list, and who sleeps, is shared. */
#include "lvsweb/feed.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "lib/xalloc.h"
#include "lvsweb/hash.h"

#define BLOCK 16384

struct feed {
	LIST_ENTRY(feed) of_all;
	struct feeds *all;
	struct MHD_Connection *connection;
	struct peer *peer;
	struct watch *watch;
	struct view view;
	bool sleeps;	 /* its connection is suspended */
	uint64_t asked;	 /* the question it told of last */
	uint64_t layout; /* a hash of which directors and servers it shows */
	uint64_t *parts; /* hashes of what the browser has; 0: nothing */
	size_t n_parts, room;
	struct buf pending;
	size_t sent; /* of it */
};

struct feeds {
	const char *host;
	pthread_mutex_t lock;
	LIST_HEAD(, feed) list;
	size_t n, max;
	uint64_t turns; /* how often they were woken */
	bool ends;
};

/* ---- hashes ---- */

static uint64_t hash_layout(const struct scene *s)
{
	const struct status *status = s->known->status;
	uint64_t hash = hash_bytes(HASH_START, &s->page->pages, sizeof s->page->pages);

	for (size_t i = 0; i < s->page->n; i++) {
		const struct web_director *d = &status->directors[s->page->directors[i]];

		hash = hash_bytes(
		    hash, &s->page->directors[i], sizeof s->page->directors[i]);
		hash = hash_text(hash, d->name);
		for (size_t j = 0; j < d->n_servers; j++)
			if (view_has_server(s->view, d, &d->servers[j]))
				hash = hash_text(hash, d->servers[j].name);
	}
	return hash;
}

/* ---- what is new ---- */

/* Sends B, the part number N, if the browser has another one; then empties it. */
static void settle_part(struct feed *f, size_t *n, struct buf *b)
{
	uint64_t hash = hash_bytes(HASH_START, b->data, b->len);

	if (*n == f->n_parts) {
		f->parts = xgrow(f->parts, f->n_parts, &f->room, sizeof *f->parts);
		f->parts[f->n_parts++] = 0;
	}
	if (f->parts[*n] != hash) {
		f->parts[*n] = hash;
		buf_str(&f->pending, "event: put\ndata: ");
		buf_add(&f->pending, b->data, b->len);
		buf_str(&f->pending, "\n\n");
	}
	b->len = 0;
	(*n)++;
}

static void put_parts(struct feed *f, const struct scene *s)
{
	void (*const single[])(struct buf * b, const struct scene *scene) = { part_title,
		part_alarms, part_strip, part_wrong, part_changes };
	struct buf b = { 0 };
	size_t n = 0;

	for (size_t i = 0; i < sizeof single / sizeof *single; i++) {
		single[i](&b, s);
		settle_part(f, &n, &b);
	}
	for (size_t i = 0; i < s->page->n; i++) {
		size_t place = s->page->directors[i], shown = 0;
		const struct web_director *d = &s->known->status->directors[place];

		part_head(&b, s, place);
		settle_part(f, &n, &b);
		for (size_t j = 0; j < d->n_servers && shown < VIEW_SERVERS; j++) {
			if (!view_has_server(s->view, d, &d->servers[j]))
				continue;
			part_server(&b, s, place, j);
			settle_part(f, &n, &b);
			shown++;
		}
	}
	buf_fini(&b);
}

/* HAS is what the browser has (watch_number()), 0: nothing. Of what it has, only hashes
 * are taken. */
static void look(struct feed *f, const struct knowledge *k, uint64_t has)
{
	struct view_page page = { 0 };
	struct scene s = { .known = k,
		.view = &f->view,
		.page = &page,
		.bare = true,
		.host = f->all->host };
	bool is_first = f->layout == 0, is_other;
	uint64_t layout, number = watch_number(k);

	if (k->status != NULL)
		page = view_page(&f->view, k->status);
	layout = hash_layout(&s);
	/* A page of another time may have other elements, too: that is not known here. */
	is_other = is_first ? has != 0 && has != number : f->layout != layout;
	if (is_other)
		f->n_parts = 0;
	put_parts(f, &s);
	/* Who has all of it, or gets the page again, needs nothing of that. */
	if (is_other || (is_first && has == number))
		f->pending.len = 0;
	if (is_other)
		buf_str(&f->pending, "event: layout\ndata:\n\n");
	f->layout = layout;
	buf_printf(&f->pending, "id: %" PRIu64 "\nevent: tick\ndata: %" PRIu64 "%s\n\n",
	    number, number, k->error[0] != '\0' ? " gone" : "");
	free(page.directors);
}

/* ---- sending ---- */

enum turn { TURN_SLEEP, TURN_LOOK, TURN_END };

/* What is to be done now; who has to sleep does from here on. */
static enum turn next_turn(struct feed *f)
{
	struct feeds *fs = f->all;
	enum turn turn;

	pthread_mutex_lock(&fs->lock);
	turn = fs->ends ? TURN_END : f->asked == fs->turns ? TURN_SLEEP : TURN_LOOK;
	f->asked = fs->turns;
	f->sleeps = turn == TURN_SLEEP;
	if (f->sleeps) {
		peer_rests(f->peer);
		MHD_suspend_connection(f->connection);
	}
	pthread_mutex_unlock(&fs->lock);
	return turn;
}

/* MHD_ContentReaderCallback */
static ssize_t read_feed(void *data, uint64_t at, char *to, size_t max)
{
	struct feed *f = data;
	struct knowledge k;
	enum turn turn;
	size_t n;

	(void)at;
	if (f->sent == f->pending.len) {
		f->sent = f->pending.len = 0;
		turn = next_turn(f);
		if (turn != TURN_LOOK)
			return turn == TURN_END ? MHD_CONTENT_READER_END_OF_STREAM : 0;
		watch_get(f->watch, &k);
		look(f, &k, 0);
		status_release(k.status);
	}
	n = f->pending.len - f->sent < max ? f->pending.len - f->sent : max;
	memcpy(to, f->pending.data + f->sent, n);
	f->sent += n;
	peer_works(f->peer);
	return (ssize_t)n;
}

static void free_feed(void *data)
{
	struct feed *f = data;

	pthread_mutex_lock(&f->all->lock);
	LIST_REMOVE(f, of_all);
	f->all->n--;
	pthread_mutex_unlock(&f->all->lock);
	buf_fini(&f->pending);
	free(f->parts);
	free(f);
}

/* False when there are too many. */
static bool enlist(struct feeds *fs, struct feed *f)
{
	bool has_room;

	pthread_mutex_lock(&fs->lock);
	has_room = fs->n < fs->max && !fs->ends;
	if (has_room) {
		LIST_INSERT_HEAD(&fs->list, f, of_all);
		fs->n++;
		f->asked = fs->turns;
	}
	pthread_mutex_unlock(&fs->lock);
	return has_room;
}

struct MHD_Response *feed_response(struct feeds *fs, struct MHD_Connection *connection,
    struct peer *peer, struct watch *w, const struct view *view, uint64_t has)
{
	struct feed *f = xcalloc(1, sizeof *f);
	struct MHD_Response *response;
	struct knowledge k;

	f->all = fs;
	f->connection = connection;
	f->peer = peer;
	f->watch = w;
	f->view = *view;
	if (!enlist(fs, f)) {
		free(f);
		return NULL;
	}
	watch_get(w, &k);
	look(f, &k, has);
	status_release(k.status);
	response = MHD_create_response_from_callback(
	    MHD_SIZE_UNKNOWN, BLOCK, read_feed, f, free_feed);
	if (response == NULL)
		free_feed(f);
	return response;
}

/* ---- all of them ---- */

struct feeds *feeds_new(const char *host, size_t max)
{
	struct feeds *fs = xcalloc(1, sizeof *fs);

	fs->host = host;
	fs->max = max;
	LIST_INIT(&fs->list);
	pthread_mutex_init(&fs->lock, NULL);
	return fs;
}

void feeds_free(struct feeds *fs)
{
	pthread_mutex_destroy(&fs->lock);
	free(fs);
}

static void wake(struct feeds *fs, bool ends)
{
	struct feed *f;

	pthread_mutex_lock(&fs->lock);
	fs->turns++;
	fs->ends |= ends;
	LIST_FOREACH (f, &fs->list, of_all) {
		if (f->sleeps)
			MHD_resume_connection(f->connection);
		f->sleeps = false;
	}
	pthread_mutex_unlock(&fs->lock);
}

void feeds_wake(void *data)
{
	wake(data, false);
}

void feeds_end(struct feeds *fs)
{
	wake(fs, true);
}
