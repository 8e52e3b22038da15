/*
 * Clients, and then the sockets they come from.
 *
 * A client is one structure with one io watcher and one timer: first it reads,
 * then it may wait for something to be done, then it writes, then it is gone. The
 * timer ends it in any state.
 */
#include "lvsd/control.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/log.h"
#include "lib/xalloc.h"
#include "lvsd/path.h"
#include "lvsd/request.h"
#include "lvsd/user.h"

#define REQUEST_MAX 4096  /* bytes, with the end of line */
#define CLIENTS_MAX 64	  /* a socket */
#define CLIENTS_UID_MAX 8 /* a user and socket */
#define REQUEST_S 5.	  /* to send the line */
#define ANSWER_S 10.	  /* to take some more of the answer */
#define WAIT_S 60.	  /* for what was asked to be done */

struct listener {
	struct control *control;
	char *path;
	bool may_change; /* the operators' socket */
	int fd;
	size_t n_clients;
	struct ev_io readable;
};

struct client {
	LIST_ENTRY(client) entry;
	struct listener *listener;
	int fd;
	uid_t uid;
	char request[REQUEST_MAX];
	size_t request_len;
	struct request_wait wait;
	struct buf answer;
	size_t sent;
	struct ev_io io;
	struct ev_timer deadline;
};

struct control {
	struct lvsd *l;
	struct listener listeners[2];
	LIST_HEAD(, client) clients;
	int spare_fd; /* given up for a moment to turn a client away without one */
};

/* ---- clients ---- */

static void client_free(struct client *c)
{
	struct ev_loop *loop = c->listener->control->l->loop;

	ev_io_stop(loop, &c->io);
	ev_timer_stop(loop, &c->deadline);
	close(c->fd);
	buf_fini(&c->answer);
	c->listener->n_clients--;
	LIST_REMOVE(c, entry);
	free(c);
}

static void on_deadline(struct ev_loop *loop, struct ev_timer *w, int events)
{
	(void)loop;
	(void)events;
	client_free(w->data);
}

static void client_write(struct client *c)
{
	struct ev_loop *loop = c->listener->control->l->loop;
	ssize_t n = send(c->fd, c->answer.data + c->sent, c->answer.len - c->sent,
	    MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0) {
		c->sent += (size_t)n;
		c->deadline.repeat = ANSWER_S;
		ev_timer_again(loop, &c->deadline);
	}
	if (n <= 0 || c->sent == c->answer.len)
		client_free(c);
}

/* Writes O, which is taken over, from now on. */
static void client_answer(struct client *c, json_t *o)
{
	struct ev_loop *loop = c->listener->control->l->loop;
	char *text = json_dumps(o, JSON_COMPACT);

	json_decref(o);
	buf_str(&c->answer, text != NULL ? text : "{\"ok\":false}");
	buf_str(&c->answer, "\n");
	free(text);
	c->wait.what = WAIT_NOTHING;
	ev_io_stop(loop, &c->io);
	ev_io_set(&c->io, c->fd, EV_WRITE);
	ev_io_start(loop, &c->io);
	c->deadline.repeat = ANSWER_S;
	ev_now_update(loop); /* the answer may have taken its time */
	ev_timer_again(loop, &c->deadline);
}

/* The whole line is there. */
static void client_ask(struct client *c)
{
	struct lvsd *l = c->listener->control->l;
	json_t *o = request_answer(l, c->request, c->listener->may_change, &c->wait);

	if (o != NULL) {
		client_answer(c, o);
		return;
	}
	ev_io_stop(l->loop, &c->io);
	c->deadline.repeat = WAIT_S;
	ev_timer_again(l->loop, &c->deadline);
}

/* Answers those that wait for WHAT, up to number DONE. */
static void wake_clients(struct control *control, enum request_waits what, uint64_t done)
{
	struct client *c;

	if (control == NULL)
		return;
	LIST_FOREACH (c, &control->clients, entry)
		if (c->wait.what == what && c->wait.number <= done)
			client_answer(c, request_done(control->l, &c->wait));
}

void control_reloaded(struct control *c)
{
	wake_clients(c, WAIT_RELOAD, 0);
}

void control_saved(struct control *c, uint64_t saved)
{
	wake_clients(c, WAIT_SAVED, saved);
}

void control_audited(struct control *c)
{
	wake_clients(c, WAIT_AUDIT, 0);
}

static void client_read(struct client *c)
{
	ssize_t n = recv(c->fd, c->request + c->request_len,
	    sizeof c->request - c->request_len, MSG_DONTWAIT);
	char *end;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		client_free(c);
		return;
	}
	c->request_len += (size_t)n;
	end = memchr(c->request, '\n', c->request_len);
	if (end == NULL) {
		if (c->request_len == sizeof c->request)
			client_free(c); /* longer than any request */
		return;
	}
	if (end > c->request && end[-1] == '\r')
		end--;
	*end = '\0';
	client_ask(c);
}

static void on_client(struct ev_loop *loop, struct ev_io *w, int events)
{
	(void)loop;
	if (events & EV_WRITE)
		client_write(w->data);
	else
		client_read(w->data);
}

/* Whether one more client of UID may come in. */
static bool admit(const struct listener *ln, uid_t uid)
{
	const struct lvsd *l = ln->control->l;
	const struct client *c;
	size_t same = 0;

	if (ln->may_change && uid == l->user.uid && uid != geteuid())
		return false; /* the checker reads the network: it gets no say */
	LIST_FOREACH (c, &ln->control->clients, entry)
		same += c->listener == ln && c->uid == uid;
	return ln->n_clients < CLIENTS_MAX && same < CLIENTS_UID_MAX;
}

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
	struct ucred cred = { .uid = (uid_t)-1 };
	socklen_t len = sizeof cred;
	struct client *c;
	int fd = accept4(ln->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)events;
	if (fd < 0) {
		if (errno == EMFILE || errno == ENFILE)
			turn_away(ln);
		return;
	}
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0 ||
	    !admit(ln, cred.uid)) {
		close(fd);
		return;
	}
	c = xcalloc(1, sizeof *c);
	c->listener = ln;
	c->fd = fd;
	c->uid = cred.uid;
	ev_io_init(&c->io, on_client, fd, EV_READ);
	ev_timer_init(&c->deadline, on_deadline, REQUEST_S, 0.);
	c->io.data = c->deadline.data = c;
	ev_io_start(loop, &c->io);
	ev_timer_start(loop, &c->deadline);
	LIST_INSERT_HEAD(&ln->control->clients, c, entry);
	ln->n_clients++;
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
	LIST_INIT(&c->clients);
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
	while (!LIST_EMPTY(&c->clients)) {
		struct client *last = LIST_FIRST(&c->clients);

		/* "stop" is answered, as far as the socket takes it at once. */
		if (last->sent < last->answer.len &&
		    send(last->fd, last->answer.data + last->sent,
			last->answer.len - last->sent, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
			log_debug("a client went without its answer");
		client_free(last);
	}
	for (size_t i = 0; i < 2; i++)
		listener_close(&c->listeners[i]);
	if (c->spare_fd >= 0)
		close(c->spare_fd);
	free(c);
}
