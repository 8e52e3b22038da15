/*
 * reader: a file's bytes as they were at one moment.
 *
 * What the daemon loads decides about the network and is read as root, so that
 * it must be a regular file that only root or who starts the daemon can
 * write. All questions are asked of the open descriptor. A reload also makes
 * sure that nobody wrote meanwhile: file and path are looked at again.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/xalloc.h"
#include "lib/arena.h"
#include "parser/diag.h"

#define SIZE_MAX_BYTES (256U * 1024 * 1024)
#define CHUNK (64U * 1024)

struct reader {
	const char *path;
	enum read_purpose purpose;
	struct diags *diags;
	const char *name; /* of the file, in the memory of diags */
	int fd;
	struct stat before;
};

static void refuse(struct reader *r, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void refuse(struct reader *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	diag_vadd(r->diags, DIAG_ERROR, (struct loc){ 0 }, r->name, "", fmt, ap);
	va_end(ap);
}

static bool is_stdin(const struct reader *r)
{
	return r->purpose == READ_CHECK && strcmp(r->path, "-") == 0;
}

static bool open_file(struct reader *r)
{
	if (is_stdin(r))
		r->fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
	else /* O_NONBLOCK: opening a named pipe or a device must not wait */
		r->fd = open(r->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (r->fd >= 0 && fstat(r->fd, &r->before) == 0)
		return true;
	refuse(r, "cannot open: %s", strerror(errno));
	return false;
}

static bool is_right_kind(struct reader *r)
{
	const mode_t mode = r->before.st_mode;

	if (S_ISREG(mode)) {
		if (r->before.st_size <= SIZE_MAX_BYTES)
			return true;
		refuse(r, "cannot read: larger than 256 MiB");
		return false;
	}
	if (S_ISDIR(mode))
		refuse(r, "cannot read: this is a directory");
	else if (is_stdin(r) || (r->purpose == READ_CHECK && S_ISFIFO(mode)))
		return true;
	else
		refuse(r, "cannot read: this is not a regular file");
	return false;
}

/* Could somebody else have written it? */
static bool is_trusted(struct reader *r)
{
	const struct stat *st = &r->before;

	if (r->purpose == READ_CHECK)
		return true;
	if (st->st_uid != 0 && st->st_uid != geteuid()) {
		refuse(r,
		    "must be owned by root or by who starts the daemon, not by user %u",
		    (unsigned)st->st_uid);
		return false;
	}
	if ((st->st_mode & (S_IWGRP | S_IWOTH)) != 0) {
		refuse(r, "must not be writable by group or others; try chmod go-w %s",
		    r->path);
		return false;
	}
	return true;
}

/* One read() that also waits for a pipe; of a check run, so without a deadline. */
static ssize_t read_some(int fd, char *buf, size_t size)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	ssize_t n;

	for (;;) {
		if (poll(&pfd, 1, -1) < 0 && errno != EINTR)
			return -1;
		n = read(fd, buf, size);
		if (n >= 0 || (errno != EINTR && errno != EAGAIN))
			return n;
	}
}

static bool read_all(struct reader *r, struct conf_text *t)
{
	size_t cap = 0;
	ssize_t n;

	do {
		if (t->len + CHUNK > cap) {
			cap = cap == 0 ? CHUNK : cap * 2;
			if (cap < (size_t)r->before.st_size + CHUNK)
				cap = (size_t)r->before.st_size + CHUNK;
			t->data = xreallocarray(t->data, cap, 1);
		}
		n = read_some(r->fd, t->data + t->len, cap - t->len);
		if (n < 0) {
			refuse(r, "cannot read: %s", strerror(errno));
			return false;
		}
		t->len += (size_t)n;
		if (t->len > SIZE_MAX_BYTES) {
			refuse(r, "cannot read: larger than 256 MiB");
			return false;
		}
	} while (n > 0);
	return true;
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino &&
	       a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* Is what was read one state of the file, and the file still the one at PATH? */
static bool is_unchanged(struct reader *r, size_t len)
{
	struct stat now, there;

	if (r->purpose != READ_RELOAD)
		return true;
	if (fstat(r->fd, &now) == 0 && stat(r->path, &there) == 0 &&
	    is_same(&r->before, &now) && is_same(&r->before, &there) &&
	    (size_t)now.st_size == len)
		return true;
	refuse(r, "changed while it was read; it may be half written");
	return false;
}

bool conf_read(struct conf_text *t, const char *path, enum read_purpose purpose,
    struct diags *d, bool *unreadable)
{
	struct reader r = { .path = path, .purpose = purpose, .diags = d, .fd = -1 };
	bool readable, good = false;

	memset(t, 0, sizeof *t);
	t->name = xstrdup(is_stdin(&r) ? "<stdin>" : path);
	r.name = arena_strndup(d->arena, t->name, strlen(t->name));
	readable = open_file(&r) && is_right_kind(&r);
	if (readable && is_trusted(&r)) {
		readable = read_all(&r, t);
		good = readable && is_unchanged(&r, t->len);
	}
	if (r.fd >= 0)
		close(r.fd);
	if (!good)
		conf_text_fini(t);
	if (unreadable != NULL)
		*unreadable = !readable;
	return good;
}

void conf_text_fini(struct conf_text *t)
{
	free(t->name);
	free(t->data);
	memset(t, 0, sizeof *t);
}
