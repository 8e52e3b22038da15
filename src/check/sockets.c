/*
 * sockets: taking, resetting and keeping the sockets of checks.
 *
 * An event can come late, for a socket that was given back and perhaps taken
 * again since the kernel noted it. Memory of a socket is therefore never freed,
 * what is still told of the batch in which it was taken is of the use before, and
 * conn_event() believes an error only if the socket confirms it.
 */
#include "sockets.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check/conn.h"
#include "lib/xalloc.h"

static void on_event(struct watch *w, uint32_t events)
{
	struct socket *s = w->owner;

	if (s->conn != NULL && s->taken != s->loop->batch)
		conn_event(s->conn, events);
}

void sockets_init(struct sockets *s, struct loop *loop)
{
	*s = (struct sockets){ .loop = loop };
}

static struct socket_list *idle_of(struct sockets *s, uint8_t family)
{
	return &s->idle[family == AF_INET6];
}

static void close_one(struct sockets *s, struct socket *given)
{
	loop_remove(s->loop, given->fd);
	close(given->fd);
	given->fd = -1;
	SLIST_INSERT_HEAD(&s->closed, given, idle);
}

void sockets_spare(struct sockets *s)
{
	struct socket_list *list = &s->idle[SLIST_EMPTY(&s->idle[0])];
	struct socket *first = SLIST_FIRST(list);

	if (first == NULL)
		return;
	SLIST_REMOVE_HEAD(list, idle);
	s->n_idle--;
	close_one(s, first);
}

/* Leaves the port to connect(), which can then use one port for several targets. */
static bool bind_source(int fd, const struct addr *source)
{
	struct sockaddr_storage ss;
	socklen_t len = addr_sockaddr(source, 0, &ss);
	int on = 1;

	return setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on) == 0 &&
	       bind(fd, (const struct sockaddr *)&ss, len) == 0;
}

static struct socket *open_one(
    struct sockets *s, uint8_t family, int type, const struct addr *source, bool *at_bind)
{
	static const uint32_t edges = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
	int fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), error;
	struct socket *made;

	if (fd < 0)
		return NULL;
	made = SLIST_FIRST(&s->closed);
	if (made != NULL)
		SLIST_REMOVE_HEAD(&s->closed, idle);
	else
		made = xcalloc(1, sizeof *made);
	*made = (struct socket){
		.watch = { on_event, made }, .loop = s->loop, .fd = fd, .family = family
	};
	made->stream = type == SOCK_STREAM;
	made->again = made->stream && !addr_is_set(source);
	*at_bind = addr_is_set(source) && !bind_source(fd, source);
	if (!*at_bind && loop_add(s->loop, fd, edges, &made->watch))
		return made;
	error = errno;
	close_one(s, made);
	errno = error;
	return NULL;
}

struct socket *sockets_take(struct sockets *s, struct conn *c, uint8_t family, int type,
    const struct addr *source, bool *at_bind)
{
	struct socket_list *idle = idle_of(s, family);
	struct socket *taken = NULL;

	*at_bind = false;
	if (type == SOCK_STREAM && !addr_is_set(source))
		taken = SLIST_FIRST(idle);
	if (taken != NULL) {
		SLIST_REMOVE_HEAD(idle, idle);
		s->n_idle--;
	} else {
		taken = open_one(s, family, type, source, at_bind);
	}
	if (taken != NULL) {
		taken->conn = c;
		taken->taken = s->loop->batch;
	}
	return taken;
}

void sockets_give(struct sockets *s, struct socket *given)
{
	static const struct sockaddr nobody = { .sa_family = AF_UNSPEC };
	bool fresh = given->stream && connect(given->fd, &nobody, sizeof nobody) == 0;

	given->conn = NULL;
	if (!fresh || !given->again || s->n_idle >= SOCKETS_IDLE_MAX) {
		close_one(s, given);
		return;
	}
	SLIST_INSERT_HEAD(idle_of(s, given->family), given, idle);
	s->n_idle++;
}
