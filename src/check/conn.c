/*
 * conn: one non-blocking connection of a run.
 *
 * Takes a socket, connects, moves bytes, gives the socket back; what goes wrong
 * becomes a reason, ours or the server's (reason.h).
 */
#include "conn.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "check/reason.h"
#include "check/run.h"
#include "check/sockets.h"

/* Only an error is worth a system call to ask which. Without one the event is
 * what the use before left behind. */
static void fail(struct conn *c)
{
	socklen_t len = sizeof(int);
	int err = 0;

	if (getsockopt(c->socket->fd, SOL_SOCKET, SO_ERROR, &err, &len) < 0)
		err = errno;
	if (err != 0)
		run_ended(c->run, reason_of_network(err), err);
}

void conn_event(struct conn *c, uint32_t events)
{
	if (!c->established && (events & (EPOLLERR | EPOLLHUP))) {
		fail(c);
		return;
	}
	c->established |= (events & EPOLLOUT) != 0;
	c->readable = (events & EPOLLIN) != 0;
	c->ended = (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
	if (c->established)
		c->on_ready(c);
}

void conn_open(struct conn *c, struct run *r, int type, void (*on_ready)(struct conn *c))
{
	const struct probe *p = &r->probe;
	struct sockaddr_storage ss;
	socklen_t len = addr_sockaddr(&p->addr, p->port, &ss);
	bool at_bind;

	*c = (struct conn){ .run = r, .on_ready = on_ready };
	c->socket = sockets_take(
	    &r->checker->sockets, c, p->addr.family, type, &p->check->source, &at_bind);
	if (c->socket == NULL && at_bind && errno == EADDRNOTAVAIL)
		run_ended(r, REASON_LOCAL_SOURCE, errno);
	else if (c->socket == NULL)
		run_ended(r, reason_of_call(errno), errno);
	else if (connect(c->socket->fd, (const struct sockaddr *)&ss, len) < 0 &&
		 errno != EINPROGRESS)
		run_ended(r, reason_of_call(errno), errno);
}

int conn_fd(const struct conn *c)
{
	return c->socket->fd;
}

static struct conn_result moved(const struct conn *c, ssize_t n)
{
	if (n > 0 || (n == 0 && !c->socket->stream))
		return (struct conn_result){ .what = CONN_MOVED, .n = (size_t)n };
	if (n == 0)
		return (struct conn_result){ .what = CONN_ENDED };
	if (errno == EAGAIN || errno == EINTR)
		return (struct conn_result){ .what = CONN_AGAIN };
	return (struct conn_result){
		.what = CONN_FAILED, .reason = reason_of_network(errno), .code = errno
	};
}

struct conn_result conn_send(struct conn *c, const void *data, size_t len)
{
	return moved(c, send(c->socket->fd, data, len, MSG_NOSIGNAL));
}

struct conn_result conn_recv(struct conn *c, void *data, size_t size)
{
	return moved(c, recv(c->socket->fd, data, size, 0));
}

void conn_close(struct conn *c)
{
	if (c->socket == NULL)
		return;
	sockets_give(&c->run->checker->sockets, c->socket);
	c->socket = NULL;
}
