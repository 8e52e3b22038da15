/*
 * A temporary name, and the order of fsync, rename, fsync.
 *
 * What fails is remembered, so that only the end has to be asked.
 */
#include "lvsd/newfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/xalloc.h"

static void forget(struct newfile *f)
{
	if (f->path == NULL)
		return;
	if (f->fd >= 0)
		close(f->fd);
	free(f->path);
	free(f->fresh);
	*f = (struct newfile){ 0 };
}

void newfile_begin(struct newfile *f, const char *path)
{
	forget(f);
	f->path = xstrdup(path);
	f->fresh = xasprintf("%s.new", path);
	unlink(f->fresh);
	f->fd =
	    open(f->fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (f->fd < 0)
		f->error = errno;
}

void newfile_add(struct newfile *f, const void *bytes, size_t len)
{
	const char *at = bytes;

	while (len > 0 && f->error == 0) {
		ssize_t n = write(f->fd, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			f->error = n < 0 ? errno : EIO;
			return;
		}
		at += n;
		len -= (size_t)n;
	}
}

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

int newfile_end(struct newfile *f)
{
	int error = f->path != NULL ? f->error : EINVAL;

	if (error == 0 && (fsync(f->fd) < 0 || rename(f->fresh, f->path) < 0 ||
			      sync_parent(f->path) < 0))
		error = errno;
	if (error != 0 && f->path != NULL)
		unlink(f->fresh);
	forget(f);
	return error;
}
