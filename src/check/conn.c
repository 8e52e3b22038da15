/*
 * conn: one non-blocking connection of a run.
 *
 * Opens, binds, connects and closes; what goes wrong becomes a reason, ours or
 * the server's (reason.h). Closing is a reset, so that a check leaves no
 * TIME_WAIT behind.
 */
#include "conn.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check/reason.h"
#include "check/run.h"

static void on_io(struct ev_loop *loop, ev_io *w, int revents)
{
	struct conn *c = w->data;
	socklen_t len = sizeof(int);
	int err = 0;

	(void)loop;
	if (run_expired(c->run))
		return;
	/* libev reports an error as readable and writable: only then it is
	 * worth a system call to ask for it. */
	if (!c->established && (revents & EV_READ)) {
		if (getsockopt(w->fd, SOL_SOCKET, SO_ERROR, &err, &len) < 0)
			err = errno;
		if (err != 0) {
			run_ended(c->run, reason_of_network(err), err);
			return;
		}
	}
	c->established = true;
	c->on_ready(c);
}

/* Binds to SOURCE and leaves the port to connect(), which can then use one port
 * for several targets. */
static bool bind_source(int fd, const struct addr *source)
{
	struct sockaddr_storage ss;
	socklen_t len = addr_sockaddr(source, 0, &ss);
	int on = 1;

	return setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on) == 0 &&
	       bind(fd, (const struct sockaddr *)&ss, len) == 0;
}

void conn_open(struct conn *c, struct run *r, void (*on_ready)(struct conn *c))
{
	const struct probe *p = r->probe;
	int type = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
	int fd = socket(p->addr.family, type, IPPROTO_TCP);
	struct sockaddr_storage ss;
	socklen_t len = addr_sockaddr(&p->addr, p->port, &ss);

	c->run = r;
	c->on_ready = on_ready;
	c->established = false;
	ev_io_init(&c->io, on_io, fd, EV_READ | EV_WRITE);
	c->io.data = c;
	if (fd < 0) {
		run_ended(r, reason_of_call(errno), errno);
	} else if (addr_is_set(&p->check->source) &&
		   !bind_source(fd, &p->check->source)) {
		enum reason why = reason_of_call(errno);

		if (errno == EADDRNOTAVAIL)
			why = REASON_LOCAL_SOURCE;
		run_ended(r, why, errno);
	} else if (connect(fd, (const struct sockaddr *)&ss, len) < 0 &&
		   errno != EINPROGRESS) {
		run_ended(r, reason_of_call(errno), errno);
	} else {
		ev_io_start(r->checker->loop, &c->io);
	}
}

void conn_want(struct conn *c, int events)
{
	struct ev_loop *loop = c->run->checker->loop;

	if (c->io.events == events)
		return;
	ev_io_stop(loop, &c->io);
	ev_io_modify(&c->io, events);
	ev_io_start(loop, &c->io);
}

static struct conn_result moved(ssize_t n, int events)
{
	if (n > 0)
		return (struct conn_result){ .what = CONN_MOVED, .n = (size_t)n };
	if (n == 0)
		return (struct conn_result){ .what = CONN_ENDED };
	if (errno == EAGAIN || errno == EINTR)
		return (struct conn_result){ .what = CONN_AGAIN, .events = events };
	return (struct conn_result){
		.what = CONN_FAILED, .reason = reason_of_network(errno), .code = errno
	};
}

struct conn_result conn_send(struct conn *c, const void *data, size_t len)
{
	return moved(send(c->io.fd, data, len, MSG_NOSIGNAL), EV_WRITE);
}

struct conn_result conn_recv(struct conn *c, void *data, size_t size)
{
	return moved(recv(c->io.fd, data, size, 0), EV_READ);
}

void conn_close(struct conn *c)
{
	struct linger reset = { .l_onoff = 1, .l_linger = 0 };

	if (c->io.fd < 0)
		return;
	ev_io_stop(c->run->checker->loop, &c->io);
	/* Best effort: without it the connection closes in the usual way. */
	if (c->established)
		setsockopt(c->io.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
	close(c->io.fd);
	c->io.fd = -1;
}
