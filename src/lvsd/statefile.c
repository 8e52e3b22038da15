/*
 * One file, one child at a time that writes it.
 *
 * The child is a fork of the daemon: it has everything as it was at that moment,
 * makes the record, writes it and ends; its exit status is the errno value of
 * what failed. Requests that come meanwhile make one more save after it.
 */
#include "lvsd/statefile.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/mono.h"
#include "lib/xalloc.h"
#include "lvsd/confirm.h"
#include "lvsd/control.h"
#include "lvsd/marking.h"
#include "lvsd/own.h"
#include "lvsd/path.h"
#include "lvsd/reconcile.h"
#include "lvsd/record.h"
#include "lvsd/reload.h"
#include "lvsd/sync.h"

#define TOUCHED_S 30.
#define SLOW_S 10.   /* nobody waits longer for a disk */
#define CHILD_NICE 5 /* a lone processor is the loop's first */
#define BUFFER_BYTES 65536
#define SIZE_MAX_BYTES (256 * 1024 * 1024)

struct statefile {
	struct lvsd *l;
	char *path, *fresh, *damaged;
	struct record_origin origin;
	/* Numbers of saves; that for which the time of slow runs. */
	uint64_t wanted, writing, done, awaited;
	struct owned owned; /* what the child writes is ours */
	pid_t pid;	    /* of the child; 0: none */
	char *error;
	struct ev_child exited;
	struct ev_timer slow, touched;
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
	int fd = open(f->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	json_error_t parsed;
	FILE *in;
	char why[256];
	json_t *root;

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

/* ---- writing ---- */

static int sync_parent(const char *path)
{
	char *dir = xstrdup(path), *slash = strrchr(dir, '/');
	int fd, rc;

	slash[slash == dir ? 1 : 0] = '\0';
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(dir);
	rc = fd >= 0 ? fsync(fd) : -1;
	if (fd >= 0)
		close(fd);
	return rc;
}

/* Writes what F has to tell into OUT, to the disk. 0, or an errno value. */
static int write_out(const struct statefile *f, FILE *out)
{
	const struct lvsd *l = f->l;
	struct ipvs_table owned = { 0 };
	json_t *more = json_object();
	bool done;

	own_list(l, &owned);
	json_object_set_new(more, "marking", marking_record(l->marking));
	confirm_record(l->confirm, more);
	sync_record(l->sync, more);
	errno = 0;
	done = record_write(out, &f->origin, &owned, &l->settings, l->state, more) &&
	       fflush(out) == 0 && fsync(fileno(out)) == 0;
	ipvs_table_fini(&owned);
	json_decref(more);
	return done ? 0 : errno != 0 ? errno : EIO;
}

static int write_file(const struct statefile *f, const char *path)
{
	int fd, error;
	FILE *out;

	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return errno;
	out = fdopen(fd, "w");
	if (out == NULL)
		return errno;
	setvbuf(out, NULL, _IOFBF, BUFFER_BYTES);
	error = write_out(f, out);
	fclose(out);
	return error;
}

/* The record in place of the file. 0, or an errno value; then the old one stays. */
static int write_record(const struct statefile *f)
{
	int error = write_file(f, f->fresh);

	if (error == 0 && (rename(f->fresh, f->path) < 0 || sync_parent(f->path) < 0))
		error = errno;
	if (error != 0)
		unlink(f->fresh);
	return error;
}

static void forget_owned(struct statefile *f)
{
	free(f->owned.ids);
	f->owned = (struct owned){ 0 };
}

static void take_result(struct statefile *f, int error)
{
	if (error != 0 && f->error == NULL)
		log_err("cannot write the state file: %s; after a restart lvsd will not "
			"know what is ours file=%s",
		    strerror(error), f->path);
	else if (error == 0 && f->error != NULL)
		log_info("the state file can be written again file=%s", f->path);
	free(f->error);
	f->error = error != 0 ? xstrdup(strerror(error)) : NULL;
	if (error == 0)
		own_saved(f->l, &f->owned);
	forget_owned(f);
}

/* Ends the child: what it would write is older than what is to be written now. */
static bool end_child(struct statefile *f)
{
	uint64_t deadline_us = mono_us() + (uint64_t)(SLOW_S * 1e6);

	if (f->pid == 0)
		return true;
	ev_child_stop(f->l->loop, &f->exited);
	kill(f->pid, SIGKILL);
	while (waitpid(f->pid, NULL, WNOHANG) == 0) {
		if (mono_us() > deadline_us)
			return false;
		poll(NULL, 0, 1);
	}
	f->pid = 0;
	forget_owned(f);
	return true;
}

bool statefile_write_now(struct statefile *f)
{
	if (!end_child(f))
		return false;
	own_identities(f->l, &f->owned);
	take_result(f, write_record(f));
	return f->error == NULL;
}

/* ---- the child ---- */

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
	ev_timer_stop(f->l->loop, &f->slow);
	ev_timer_set(&f->slow, after_s, 0.);
	ev_timer_start(f->l->loop, &f->slow);
}

static void on_exit_of_child(struct ev_loop *loop, struct ev_child *w, int events)
{
	struct statefile *f = w->data;
	int status = w->rstatus;

	(void)events;
	turn_does(&f->l->turns, "state file");
	ev_child_stop(loop, w);
	ev_timer_stop(loop, &f->slow);
	f->pid = 0;
	take_result(f, WIFEXITED(status) ? WEXITSTATUS(status) : EIO);
	finish(f, f->writing);
	if (f->pid == 0 && f->wanted > f->writing)
		write_next(f);
}

static void on_slow(struct ev_loop *loop, struct ev_timer *w, int events)
{
	struct statefile *f = w->data;

	(void)loop;
	(void)events;
	if (f->pid != 0 && f->done < f->writing) {
		log_err("the state file is being written for %.0f s; going on without it "
			"file=%s",
		    SLOW_S, f->path);
		free(f->error);
		f->error = xasprintf("it takes longer than %.0f s", SLOW_S);
	}
	finish(f, f->awaited);
	if (f->pid != 0 && f->wanted > f->done && !ev_is_active(&f->slow))
		start_waiting(f, SLOW_S);
}

static void write_next(struct statefile *f)
{
	struct ev_loop *loop = f->l->loop;
	pid_t parent = getpid();

	turn_does(&f->l->turns, "state file");
	f->writing = f->wanted;
	ev_timer_stop(loop, &f->touched);
	own_identities(f->l, &f->owned);
	f->pid = fork();
	if (f->pid == 0) {
		/* The next daemon must not find two writers. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		closefrom(STDERR_FILENO + 1); /* locks and sockets are the daemon's */
		if (nice(CHILD_NICE) < 0)
			log_debug("the state file is written at the daemon's priority");
		_exit(getppid() == parent ? write_record(f) : ECANCELED);
	}
	if (f->pid < 0) {
		f->pid = 0;
		take_result(f, errno);
	} else {
		ev_child_set(&f->exited, f->pid, 0);
		ev_child_start(loop, &f->exited);
	}
	/* Without a child: who waits is told, but not from within his request. */
	start_waiting(f, f->pid != 0 ? SLOW_S : 0.);
}

uint64_t statefile_save(struct statefile *f)
{
	f->wanted++;
	if (f->pid == 0)
		write_next(f);
	else if (!ev_is_active(&f->slow))
		start_waiting(f, SLOW_S); /* the child before was given up */
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
	f->fresh = xasprintf("%s.new", path);
	f->damaged = xasprintf("%s.damaged", path);
	record_origin(&f->origin, l->options.dry_run);
	ev_child_init(&f->exited, on_exit_of_child, 0, 0);
	ev_timer_init(&f->slow, on_slow, 0., 0.);
	ev_timer_init(&f->touched, on_touched, 0., 0.);
	f->exited.data = f->slow.data = f->touched.data = f;
	return f;
}

void statefile_free(struct statefile *f)
{
	if (f == NULL)
		return;
	ev_child_stop(f->l->loop, &f->exited);
	ev_timer_stop(f->l->loop, &f->slow);
	ev_timer_stop(f->l->loop, &f->touched);
	forget_owned(f);
	free(f->error);
	free(f->path);
	free(f->fresh);
	free(f->damaged);
	free(f);
}
