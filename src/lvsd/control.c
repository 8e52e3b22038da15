/*
 * The sockets: their paths, owners and modes, and who comes in by them.
 *
 * A path that a killed daemon left is taken over; one that somebody listens on, or
 * that is no socket, is not. What clients do is client.c's.
 */
#include "lvsd/control.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/xalloc.h"
#include "lvsd/client.h"
#include "lvsd/path.h"
#include "lvsd/user.h"

struct listener {
	struct control *control;
	char *path;
	bool may_change; /* the operators' socket */
	int fd;
	struct ev_io readable;
};

struct control {
	struct lvsd *l;
	struct listener listeners[2];
	struct clients *clients;
	int spare_fd; /* given up for a moment to turn a client away without one */
};

/* ---- who knocks ---- */

/* No descriptor is left: a client that stays in the queue would wake us without
 * end, so it is let in on the spare one and closed. */
static void turn_away(struct listener *ln)
{
	struct control *c = ln->control;

	close(c->spare_fd);
	close(accept4(ln->fd, NULL, NULL, SOCK_CLOEXEC));
	c->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void on_accept(struct ev_loop *loop, struct ev_io *w, int events)
{
	struct listener *ln = w->data;
	int fd = accept4(ln->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)loop;
	(void)events;
	turn_does(&ln->control->l->turns, "clients");
	if (fd >= 0)
		clients_add(ln->control->clients, fd, ln->may_change);
	else if (errno == EMFILE || errno == ENFILE)
		turn_away(ln);
}

/* ---- what they wait for ---- */

static void wake(struct control *c, enum request_waits what, uint64_t done)
{
	if (c != NULL)
		clients_wake(c->clients, what, done);
}

void control_reloaded(struct control *c, uint64_t number)
{
	wake(c, WAIT_RELOAD, number);
}

void control_note_reload(struct control *c, uint64_t number)
{
	if (c != NULL)
		clients_note(c->clients, WAIT_RELOAD, number);
}

void control_saved(struct control *c, uint64_t saved)
{
	wake(c, WAIT_SAVED, saved);
}

void control_audited(struct control *c)
{
	wake(c, WAIT_AUDIT, 0);
}

/* ---- sockets ---- */

/* Whether the socket PATH may be replaced: nothing is there, or what a killed
 * daemon left. A file of another kind, or a socket that somebody listens on,
 * stays; errno says which. */
static bool may_replace(const struct sockaddr_un *sun)
{
	struct stat st;
	bool taken;
	int fd;

	if (lstat(sun->sun_path, &st) < 0)
		return errno == ENOENT || errno == ENOTDIR;
	if (!S_ISSOCK(st.st_mode)) {
		errno = EEXIST;
		return false;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return false;
	taken = connect(fd, (const struct sockaddr *)sun, sizeof *sun) == 0 ||
		errno == EAGAIN;
	close(fd);
	errno = EADDRINUSE;
	return !taken;
}

/* The path, its owner and its mode; nobody can connect before they are right. */
static int bind_socket(int fd, const struct socket_conf *conf, gid_t gid)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	mode_t mask;
	int rc;

	if (strlcpy(sun.sun_path, conf->path, sizeof sun.sun_path) >=
	    sizeof sun.sun_path) {
		errno = ENAMETOOLONG;
		return -1;
	}
	path_make_parent(conf->path);
	if (!may_replace(&sun))
		return -1;
	unlink(conf->path);
	mask = umask(0777);
	rc = bind(fd, (const struct sockaddr *)&sun, sizeof sun);
	umask(mask);
	if (rc < 0)
		return -1;
	if ((geteuid() == 0 && chown(conf->path, 0, gid) < 0) ||
	    chmod(conf->path, conf->mode) < 0 || listen(fd, CLIENTS_MAX) < 0) {
		int error = errno;

		unlink(conf->path);
		errno = error;
		return -1;
	}
	return 0;
}

static bool listener_open(struct listener *ln, struct control *c,
    const struct socket_conf *conf, gid_t gid, char *error, size_t size)
{
	ln->control = c;
	ln->path = xstrdup(conf->path);
	ln->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (ln->fd < 0 || bind_socket(ln->fd, conf, gid) < 0) {
		snprintf(error, size,
		    "cannot make the socket %s: %s; choose another path with "
		    "\"global control\" or \"global status\"",
		    conf->path, strerror(errno));
		return false;
	}
	ev_io_init(&ln->readable, on_accept, ln->fd, EV_READ);
	ln->readable.data = ln;
	ev_io_start(c->l->loop, &ln->readable);
	return true;
}

static void listener_close(struct listener *ln)
{
	if (ln->readable.data != NULL) {
		ev_io_stop(ln->control->l->loop, &ln->readable);
		unlink(ln->path);
	}
	if (ln->fd >= 0)
		close(ln->fd);
	free(ln->path);
}

struct control *control_open(struct lvsd *l, char *error, size_t size)
{
	const struct conf *conf = l->state->conf;
	const char *status_group =
	    conf->status.group != NULL ? conf->status.group : "lvsd-status";
	struct control *c = xcalloc(1, sizeof *c);

	c->l = l;
	c->clients = clients_new(l);
	c->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	c->listeners[0].fd = c->listeners[1].fd = -1;
	c->listeners[0].may_change = true;
	if (!listener_open(&c->listeners[0], c, &conf->control,
		user_group(conf->control.group, 0), error, size) ||
	    !listener_open(&c->listeners[1], c, &conf->status,
		user_group(status_group, 0), error, size)) {
		control_close(c);
		return NULL;
	}
	return c;
}

void control_close(struct control *c)
{
	if (c == NULL)
		return;
	clients_free(c->clients);
	for (size_t i = 0; i < 2; i++)
		listener_close(&c->listeners[i]);
	if (c->spare_fd >= 0)
		close(c->spare_fd);
	free(c);
}
