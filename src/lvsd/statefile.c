/*
 * One file, one record at a time, which the writer (writer.h) puts on disk.
 *
 * The loop makes the record in pieces, the next one when the writer's socket took the
 * last; a reload in between begins it anew. Requests that come meanwhile make one more
 * record after it. A writer that dies is replaced, and the record is made again.
 */
#include "lvsd/statefile.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/xalloc.h"
#include "lvsd/confirm.h"
#include "lvsd/control.h"
#include "lvsd/marking.h"
#include "lvsd/newfile.h"
#include "lvsd/own.h"
#include "lvsd/path.h"
#include "lvsd/put.h"
#include "lvsd/record.h"
#include "lvsd/reload.h"
#include "lvsd/sync.h"
#include "lvsd/writer.h"

#define TOUCHED_S 30.
#define SLOW_S 10.  /* nobody waits longer for a disk */
#define STUCK_S 60. /* nor for a writer that takes nothing */
#define TRIES 3	    /* of a record, by as many writers */
#define SIZE_MAX_BYTES (256 * 1024 * 1024)

/* A record that is being made. */
struct making {
	struct record *record;	/* NULL: none */
	uint64_t configuration; /* whose it is */
	struct owned owned;	/* what it says is ours */
	struct confirm_text *text;
	struct buf piece;
	size_t told;	  /* so much of the piece the writer has */
	bool begun, more; /* it knows of the file; other pieces follow */
};

struct statefile {
	struct lvsd *l;
	char *path, *damaged;
	struct record_origin origin;
	/* Numbers of saves; that for which the time of slow runs. */
	uint64_t wanted, writing, done, awaited;
	bool busy; /* a record is made or written */
	struct making making;
	unsigned deaths; /* of writers, since one answered */
	char *error;
	struct ev_io room, answer;
	struct ev_child exited;
	struct ev_timer slow, stuck, touched;
};

char *statefile_path(const struct options *options, const struct conf *conf)
{
	/* A dry run must not overwrite what a real one knows of the kernel. */
	char *path = options->dry_run ? xasprintf("%s.dry-run", conf->state)
				      : xstrdup(conf->state);
	char *absolute = path_absolute(path);

	free(path);
	return absolute;
}

/* ---- reading ---- */

static json_t *refuse_file(struct statefile *f, json_t *root, const char *why)
{
	json_decref(root);
	if (rename(f->path, f->damaged) == 0)
		log_err("cannot use the state file: %s; it is kept as %s, operators' "
			"decisions and what was ours are forgotten file=%s",
		    why, f->damaged, f->path);
	else
		log_err("cannot use the state file: %s file=%s", why, f->path);
	return NULL;
}

/* The daemon believes what is in there: it must be its own. */
static bool is_trusted(int fd, char *why, size_t size)
{
	struct stat st;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		snprintf(why, size, "it is no regular file");
		return false;
	}
	if ((st.st_uid != 0 && st.st_uid != geteuid()) || (st.st_mode & 022) != 0) {
		snprintf(
		    why, size, "its owner is another user, or others may write to it");
		return false;
	}
	if (st.st_size > SIZE_MAX_BYTES) {
		snprintf(
		    why, size, "it is larger than %d MiB", SIZE_MAX_BYTES / 1024 / 1024);
		return false;
	}
	return true;
}

json_t *statefile_read(struct statefile *f)
{
	json_error_t parsed;
	FILE *in;
	char why[256];
	json_t *root;
	int fd;

	if (!writer_await(f->path, SLOW_S))
		log_warnx("the lvsd before this one is still writing the state file; "
			  "going on without that file=%s",
		    f->path);
	fd = open(f->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0 && errno == ENOENT)
		return NULL;
	if (fd < 0)
		return refuse_file(f, NULL, strerror(errno));
	if (!is_trusted(fd, why, sizeof why)) {
		close(fd);
		return refuse_file(f, NULL, why);
	}
	in = fdopen(fd, "r"); /* json_loadfd() makes a system call for each byte */
	if (in == NULL) {
		close(fd);
		return refuse_file(f, NULL, strerror(errno));
	}
	root = json_loadf(in, JSON_REJECT_DUPLICATES, &parsed);
	fclose(in);
	if (root == NULL) {
		snprintf(why, sizeof why, "line %d: %s", parsed.line, parsed.text);
		return refuse_file(f, NULL, why);
	}
	if (!record_check(root, why, sizeof why))
		return refuse_file(f, root, why);
	return root;
}

/* ---- a record ---- */

static void making_fini(struct making *m)
{
	record_free(m->record);
	confirm_release(m->text);
	buf_fini(&m->piece);
	free(m->owned.ids);
	*m = (struct making){ 0 };
}

static void put_sync(struct buf *b, const struct sync_state *sync)
{
	json_t *o = json_object();

	sync_record(sync, o);
	if (json_object_get(o, "sync") != NULL)
		put_json(b, "sync", json_object_get(o, "sync"));
	json_decref(o);
}

/* The record of what is so now, for all who wait. */
static void begin(struct statefile *f)
{
	struct making *m = &f->making;
	struct record_more more = { 0 };
	struct lvsd *l = f->l;

	making_fini(m);
	f->writing = f->wanted;
	ev_timer_stop(l->loop, &f->touched);
	if (l->pending.conf != NULL)
		turn_reloads(&l->turns); /* what it will own is looked up */
	own_identities(l, &m->owned);
	marking_record(l->marking, &more.members);
	put_sync(&more.members, l->sync);
	m->text = confirm_record(l->confirm, &more.members);
	if (m->text != NULL)
		more.text = &m->text->quoted;
	m->record = record_new(&f->origin, &m->owned, &l->settings, &more, &m->piece);
	m->configuration = l->configuration;
	m->more = true;
	buf_fini(&more.members);
}

static void next_piece(struct statefile *f)
{
	struct making *m = &f->making;

	m->more = record_next(m->record, &f->l->have, f->l->state, &m->piece);
}

/* What was saved, or not, and WHY not: an errno value. */
static void take_result(struct statefile *f, int why)
{
	if (why != 0 && f->error == NULL)
		log_err("cannot write the state file: %s; after a restart lvsd will not "
			"know what is ours file=%s",
		    strerror(why), f->path);
	else if (why == 0 && f->error != NULL)
		log_info("the state file can be written again file=%s", f->path);
	free(f->error);
	f->error = why != 0 ? xstrdup(strerror(why)) : NULL;
	if (why == 0)
		own_saved(f->l, &f->making.owned);
	making_fini(&f->making);
}

/* ---- written here ---- */

/* Ends the writer: what it would write is older than what is to be written now. */
static bool end_writer(struct statefile *f, double wait_s)
{
	struct lvsd *l = f->l;

	ev_io_stop(l->loop, &f->room);
	ev_io_stop(l->loop, &f->answer);
	ev_child_stop(l->loop, &f->exited);
	ev_timer_stop(l->loop, &f->stuck);
	if (!writer_kill(&l->writer, wait_s))
		return false;
	making_fini(&f->making);
	f->busy = false;
	return true;
}

bool statefile_write_now(struct statefile *f)
{
	struct newfile file = { 0 };
	struct making *m = &f->making;

	if (f->busy && !end_writer(f, SLOW_S)) {
		log_err("the process that writes the state file does not end; the file "
			"stays as it was file=%s",
		    f->path);
		return false;
	}
	newfile_begin(&file, f->path);
	begin(f);
	while (m->more) {
		next_piece(f);
		newfile_add(&file, m->piece.data, m->piece.len);
		m->piece.len = 0;
	}
	take_result(f, newfile_end(&file));
	return f->error == NULL;
}

/* ---- by the writer ---- */

static void write_next(struct statefile *f);

/* The saves up to NUMBER are over, for those who wait. */
static void finish(struct statefile *f, uint64_t number)
{
	if (number <= f->done)
		return; /* nobody waits any more */
	f->done = number;
	reload_saved(f->l);
	control_saved(f->l->control, f->done);
}

/* From now on the disk has AFTER_S for what is wanted. */
static void start_waiting(struct statefile *f, double after_s)
{
	f->awaited = f->wanted;
	ev_now_update(f->l->loop); /* a reload before it may have taken its time */
	ev_timer_stop(f->l->loop, &f->slow);
	ev_timer_set(&f->slow, after_s, 0.);
	ev_timer_start(f->l->loop, &f->slow);
}

/* The record is over, WHY: 0, or an errno value. */
static void finish_record(struct statefile *f, int why)
{
	struct ev_loop *loop = f->l->loop;

	ev_timer_stop(loop, &f->slow);
	ev_timer_stop(loop, &f->stuck);
	ev_io_stop(loop, &f->room);
	f->busy = false;
	take_result(f, why);
	finish(f, f->writing);
	if (!f->busy && f->wanted > f->writing)
		write_next(f);
}

/* The writer is gone, or must go: on_exit_of_writer() has another one make it. */
static void give_up_writer(struct statefile *f)
{
	struct ev_loop *loop = f->l->loop;
	int status;

	ev_io_stop(loop, &f->room);
	ev_io_stop(loop, &f->answer);
	ev_timer_stop(loop, &f->stuck);
	if (ev_is_pending(&f->exited))
		return; /* the loop has heard of it, and waited for it */
	kill(f->l->writer.pid, SIGKILL);
	if (waitpid(f->l->writer.pid, &status, WNOHANG) <= 0)
		return;
	f->exited.rstatus = status;
	ev_feed_event(loop, &f->exited, EV_CHILD);
}

/* Tells the writer. False: it takes no more now, or is gone. */
static bool tell(
    struct statefile *f, enum writer_word word, const void *bytes, size_t len)
{
	if (writer_tell(&f->l->writer, word, bytes, len)) {
		ev_timer_again(f->l->loop, &f->stuck);
		return true;
	}
	if (errno != EAGAIN)
		give_up_writer(f);
	return false;
}

/* Tells it as much of the piece as it takes. True: that was all. */
static bool tell_piece(struct statefile *f)
{
	struct making *m = &f->making;

	if (!m->begun)
		m->begun = tell(f, WRITER_BEGIN, f->path, strlen(f->path));
	while (m->begun && m->told < m->piece.len) {
		size_t n = m->piece.len - m->told;

		if (n > WRITER_BYTES_MAX)
			n = WRITER_BYTES_MAX;
		if (!tell(f, WRITER_BYTES, m->piece.data + m->told, n))
			return false;
		m->told += n;
	}
	if (!m->begun)
		return false;
	m->piece.len = m->told = 0;
	return true;
}

/* The writer takes more: one piece a turn, so that others have theirs. */
static void on_room(struct ev_loop *loop, struct ev_io *w, int events)
{
	struct statefile *f = w->data;
	struct making *m = &f->making;

	(void)events;
	turn_does(&f->l->turns, "state file");
	/* Pieces of two configurations do not fit together, nor is the first one's
	 * state there any more. */
	if (m->record == NULL || m->configuration != f->l->configuration)
		begin(f);
	if (m->more && m->told == 0)
		next_piece(f);
	if (tell_piece(f) && !m->more && tell(f, WRITER_END, NULL, 0))
		ev_io_stop(loop, w);
}

static void on_answer(struct ev_loop *loop, struct ev_io *w, int events)
{
	struct statefile *f = w->data;
	int why;

	(void)loop;
	(void)events;
	turn_does(&f->l->turns, "state file");
	if (writer_answer(&f->l->writer, &why)) {
		f->deaths = 0;
		finish_record(f, why);
	} else if (errno != EAGAIN) {
		give_up_writer(f);
	}
}

static void watch_writer(struct statefile *f)
{
	const struct writer *w = &f->l->writer;

	ev_io_set(&f->room, w->fd, EV_WRITE);
	ev_io_set(&f->answer, w->fd, EV_READ);
	ev_child_set(&f->exited, w->pid, 0);
	ev_io_start(f->l->loop, &f->answer);
	ev_child_start(f->l->loop, &f->exited);
}

/* Has the writer make what is wanted; another one if there is none. */
static void go(struct statefile *f)
{
	struct lvsd *l = f->l;

	f->writing = f->wanted;
	if (l->writer.pid == 0) {
		turn_does(&l->turns, "starting the writer");
		if (!writer_start(&l->writer, l)) {
			f->busy = false;
			take_result(f, errno);
			/* Who waits is told, but not from within his request. */
			start_waiting(f, 0.);
			return;
		}
		watch_writer(f);
	}
	f->busy = true;
	ev_timer_again(l->loop, &f->stuck);
	ev_io_start(l->loop, &f->room);
}

static void on_exit_of_writer(struct ev_loop *loop, struct ev_child *w, int events)
{
	struct statefile *f = w->data;

	(void)events;
	ev_child_stop(loop, w);
	ev_io_stop(loop, &f->room);
	ev_io_stop(loop, &f->answer);
	ev_timer_stop(loop, &f->stuck);
	writer_ended(&f->l->writer);
	log_warnx("the process that writes the state file %s %d; another one follows",
	    WIFSIGNALED(w->rstatus) ? "was killed by signal" : "ended with status",
	    WIFSIGNALED(w->rstatus) ? WTERMSIG(w->rstatus) : WEXITSTATUS(w->rstatus));
	f->deaths++;
	if (!f->busy)
		return; /* the next save starts it */
	making_fini(&f->making);
	if (f->deaths < TRIES)
		go(f);
	else
		finish_record(f, EIO);
}

static void on_slow(struct ev_loop *loop, struct ev_timer *w, int events)
{
	struct statefile *f = w->data;

	(void)loop;
	(void)events;
	if (f->busy && f->done < f->writing) {
		log_err("the state file is being written for %.0f s; going on without it "
			"file=%s",
		    SLOW_S, f->path);
		free(f->error);
		f->error = xasprintf("it takes longer than %.0f s", SLOW_S);
	}
	finish(f, f->awaited);
	if (f->busy && f->wanted > f->done && !ev_is_active(&f->slow))
		start_waiting(f, SLOW_S);
}

static void on_stuck(struct ev_loop *loop, struct ev_timer *w, int events)
{
	struct statefile *f = w->data;

	(void)loop;
	(void)events;
	log_err("the process that writes the state file did nothing for %.0f s; it is "
		"replaced file=%s",
	    STUCK_S, f->path);
	give_up_writer(f);
}

static void write_next(struct statefile *f)
{
	start_waiting(f, SLOW_S);
	go(f);
}

uint64_t statefile_save(struct statefile *f)
{
	f->wanted++;
	if (!f->busy)
		write_next(f);
	else if (!ev_is_active(&f->slow))
		start_waiting(f, SLOW_S); /* the record before was given up */
	return f->wanted;
}

uint64_t statefile_saved(const struct statefile *f)
{
	return f->done;
}

static void on_touched(struct ev_loop *loop, struct ev_timer *w, int events)
{
	(void)loop;
	(void)events;
	statefile_save(w->data);
}

void statefile_touch(struct statefile *f)
{
	if (f != NULL && !ev_is_active(&f->touched)) {
		ev_timer_set(&f->touched, TOUCHED_S, 0.);
		ev_timer_start(f->l->loop, &f->touched);
	}
}

const char *statefile_error(const struct statefile *f)
{
	return f->error;
}

/* ---- its life ---- */

struct statefile *statefile_new(struct lvsd *l, const char *path)
{
	struct statefile *f = xcalloc(1, sizeof *f);

	f->l = l;
	f->path = xstrdup(path);
	f->damaged = xasprintf("%s.damaged", path);
	record_origin(&f->origin, l->options.dry_run);
	ev_io_init(&f->room, on_room, -1, EV_WRITE);
	ev_io_init(&f->answer, on_answer, -1, EV_READ);
	ev_child_init(&f->exited, on_exit_of_writer, 0, 0);
	ev_timer_init(&f->slow, on_slow, 0., 0.);
	ev_timer_init(&f->stuck, on_stuck, 0., STUCK_S);
	ev_timer_init(&f->touched, on_touched, 0., 0.);
	f->room.data = f->answer.data = f->exited.data = f;
	f->slow.data = f->stuck.data = f->touched.data = f;
	if (l->writer.pid != 0)
		watch_writer(f);
	return f;
}

void statefile_free(struct statefile *f)
{
	if (f == NULL)
		return;
	ev_timer_stop(f->l->loop, &f->slow);
	ev_timer_stop(f->l->loop, &f->touched);
	end_writer(f, f->busy ? 0. : SLOW_S); /* then it was waited for already */
	making_fini(&f->making);
	free(f->error);
	free(f->path);
	free(f->damaged);
	free(f);
}
