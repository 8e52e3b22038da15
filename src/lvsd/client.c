/*
 * A client is one structure with one io watcher and one timer: first it reads, then
 * it may wait for something to be done, then it takes its answer, then it is gone.
 * The timer ends it in any state.
 *
 * Those that have taken all that was made for them stand in a queue; once a turn,
 * and for a bounded time, the next pieces are made for the first of it, and sent as far
 * as the socket takes them.
 */
#include "lvsd/client.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/mono.h"
#include "lib/xalloc.h"

#define REQUEST_MAX 4096  /* bytes, with the end of line */
#define CLIENTS_UID_MAX 8 /* a user and socket */
#define REQUEST_S 5.	  /* to send the line */
#define ANSWER_S 10.	  /* for one piece of the answer, to be made or to be taken */
#define WAIT_S 60.	  /* for what was asked to be done */
#define LOOK_S 5.	  /* how soon it is seen that one that waits is gone */
#define PIECE (64 * 1024) /* that is sent at once */
#define MAKE_US 1000	  /* for the pieces of one turn */

struct client {
	LIST_ENTRY(client) entry;
	TAILQ_ENTRY(client) turn; /* in clients.making, if it is */
	struct clients *home;
	int fd;
	int passed; /* the descriptor that came with the request; -1: none */
	uid_t uid;
	bool may_change;
	bool making; /* it is in clients.making */
	bool idle;   /* its reply has nothing at the moment */
	char request[REQUEST_MAX];
	size_t request_len;
	struct request_wait wait;
	struct reply *reply; /* NULL: none, or it is whole */
	struct buf out;
	size_t sent;
	struct ev_io io;
	struct ev_timer deadline;
};

struct clients {
	struct lvsd *l;
	LIST_HEAD(, client) all;
	TAILQ_HEAD(client_queue, client) making;
	struct ev_idle make; /* runs in each turn while there are any */
};

static void client_free(struct client *c)
{
	struct ev_loop *loop = c->home->l->loop;

	ev_io_stop(loop, &c->io);
	ev_timer_stop(loop, &c->deadline);
	close(c->fd);
	if (c->passed >= 0)
		close(c->passed);
	if (c->reply != NULL)
		c->reply->ops->free(c->reply);
	if (c->making)
		TAILQ_REMOVE(&c->home->making, c, turn);
	json_decref(c->wait.answer);
	buf_fini(&c->out);
	LIST_REMOVE(c, entry);
	free(c);
}

/* SECONDS from the loop's time, which is that of the beginning of this turn. */
static void restart_deadline(struct client *c, double seconds)
{
	c->deadline.repeat = seconds;
	ev_timer_again(c->home->l->loop, &c->deadline);
}

static void set_deadline(struct client *c, double seconds)
{
	ev_now_update(c->home->l->loop); /* what came before may have taken its time */
	restart_deadline(c, seconds);
}

static void watch(struct client *c, int events)
{
	ev_io_stop(c->home->l->loop, &c->io);
	ev_io_set(&c->io, c->fd, events);
	if (events != 0)
		ev_io_start(c->home->l->loop, &c->io);
}

/* Who only waits is not read from: whether its other end is gone has to be asked. */
static bool hung_up(const struct client *c)
{
	struct pollfd p = { .fd = c->fd };

	return poll(&p, 1, 0) == 1 && (p.revents & (POLLHUP | POLLERR));
}

static void on_deadline(struct ev_loop *loop, struct ev_timer *w, int events)
{
	struct client *c = w->data;

	(void)events;
	if (c->idle && !hung_up(c))
		ev_timer_again(loop, w);
	else
		client_free(c);
}

/* ---- its answer ---- */

/* It has taken what was made: the next piece is made in its turn. */
static void client_queue(struct client *c)
{
	struct clients *cs = c->home;

	c->making = true;
	TAILQ_INSERT_TAIL(&cs->making, c, turn);
	ev_idle_start(cs->l->loop, &cs->make);
}

/* The same of one that waits for something else. */
static void client_goes_on(struct client *c)
{
	watch(c, 0);
	set_deadline(c, ANSWER_S);
	client_queue(c);
}

static void on_reply_ready(void *writer)
{
	struct client *c = writer;

	if (!c->idle)
		return;
	c->idle = false;
	client_goes_on(c);
}

/* What C is to be sent stands in c->out. */
static void client_send(struct client *c)
{
	set_deadline(c, ANSWER_S);
	watch(c, EV_WRITE);
}

enum sent { SENT_ALL, SENT_SOME, SENT_NOT };

/* What C->out has, as far as the socket takes it at once. SENT_NOT: it is gone. */
static enum sent send_out(struct client *c)
{
	ssize_t n = send(c->fd, c->out.data + c->sent, c->out.len - c->sent,
	    MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return SENT_SOME;
	if (n <= 0)
		return SENT_NOT;
	c->sent += (size_t)n;
	if (c->sent < c->out.len)
		return SENT_SOME;
	c->sent = c->out.len = 0;
	return SENT_ALL;
}

/* Its answer goes on, without a watch for room, or it is whole. */
static void client_sent(struct client *c, enum reply_next next)
{
	if (c->reply == NULL) {
		client_free(c);
	} else if (next == REPLY_LATER) {
		c->idle = true;
		restart_deadline(c, LOOK_S);
	} else {
		restart_deadline(c, ANSWER_S);
		client_queue(c);
	}
}

/* Makes the next piece for C, which is in no queue, and sends it. */
static void client_make(struct client *c, uint64_t until_us)
{
	enum reply_next next = REPLY_MORE;
	enum sent sent = SENT_ALL;

	while (next == REPLY_MORE && c->out.len < PIECE && mono_us() < until_us)
		next = c->reply->ops->more(c->reply, &c->out);
	if (next == REPLY_END) {
		c->reply->ops->free(c->reply);
		c->reply = NULL;
	}
	if (c->out.len > 0)
		sent = send_out(c);
	if (sent == SENT_NOT)
		client_free(c);
	else if (sent == SENT_ALL)
		client_sent(c, next);
	else
		client_send(c);
}

static void on_make(struct ev_loop *loop, struct ev_idle *w, int events)
{
	struct clients *cs = w->data;
	uint64_t until_us = mono_us() + MAKE_US;
	struct client *c, *last = TAILQ_LAST(&cs->making, client_queue), *done = NULL;

	(void)events;
	turn_does(&cs->l->turns, "answers");
	/* Each of them once, so that one that pauses does not come again. */
	while (done != last && mono_us() < until_us) {
		c = done = TAILQ_FIRST(&cs->making);
		TAILQ_REMOVE(&cs->making, c, turn);
		c->making = false;
		client_make(c, until_us);
	}
	if (TAILQ_EMPTY(&cs->making))
		ev_idle_stop(loop, w);
}

static void client_write(struct client *c)
{
	switch (send_out(c)) {
	case SENT_SOME:
		break;
	case SENT_NOT:
		client_free(c);
		break;
	case SENT_ALL:
		if (c->reply != NULL)
			client_goes_on(c);
		else
			client_free(c);
		break;
	}
}

/* Writes O, which is taken over, from now on. */
static void client_answer(struct client *c, json_t *o)
{
	char *text = json_dumps(o, JSON_COMPACT);

	json_decref(o);
	buf_str(&c->out, text != NULL ? text : "{\"ok\":false}");
	buf_str(&c->out, "\n");
	free(text);
	c->wait.what = WAIT_NOTHING;
	client_send(c);
}

void clients_wake(struct clients *cs, enum request_waits what, uint64_t done)
{
	struct client *c;

	LIST_FOREACH (c, &cs->all, entry) {
		if (c->wait.what == what && c->wait.number <= done)
			client_answer(c, request_done(cs->l, &c->wait));
		else if (c->idle) /* its reply may wait for the same */
			on_reply_ready(c);
	}
}

void clients_note(struct clients *cs, enum request_waits what, uint64_t done)
{
	struct client *c;

	LIST_FOREACH (c, &cs->all, entry)
		if (c->wait.what == what && c->wait.number <= done &&
		    c->wait.answer == NULL)
			c->wait.answer = request_done(cs->l, &c->wait);
}

/* ---- its request ---- */

/* The whole line is there. */
static void client_ask(struct client *c)
{
	struct request r = {
		.l = c->home->l,
		.may_change = c->may_change,
		.fd = c->passed,
	};
	struct answer a = { 0 };

	request_answer(&r, c->request, &a);
	if (c->passed >= 0)
		close(c->passed);
	c->passed = -1;
	if (a.json != NULL) {
		client_answer(c, a.json);
	} else if (a.reply != NULL) {
		c->reply = a.reply;
		c->reply->ready = on_reply_ready;
		c->reply->writer = c;
		client_goes_on(c);
	} else {
		c->wait = a.wait;
		watch(c, 0);
		set_deadline(c, WAIT_S);
	}
}

/*
 * Reads into the rest of the request, and takes the one descriptor that an operator may
 * send along. There is room for one: the kernel closes what comes beyond it.
 */
static ssize_t receive(struct client *c)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = { c->request + c->request_len,
		sizeof c->request - c->request_len };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
	const struct cmsghdr *h;
	ssize_t n;

	if (c->may_change) {
		m.msg_control = &control;
		m.msg_controllen = CMSG_LEN(sizeof(int));
	}
	n = recvmsg(c->fd, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	h = n >= 0 ? CMSG_FIRSTHDR(&m) : NULL;
	if (h != NULL && h->cmsg_level == SOL_SOCKET && h->cmsg_type == SCM_RIGHTS) {
		if (c->passed >= 0)
			close(c->passed);
		memcpy(&c->passed, CMSG_DATA(h), sizeof c->passed);
	}
	return n;
}

static void client_read(struct client *c)
{
	ssize_t n = receive(c);
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
	struct client *c = w->data;

	(void)loop;
	turn_does(&c->home->l->turns, events & EV_WRITE ? "answers" : "requests");
	if (events & EV_WRITE)
		client_write(c);
	else
		client_read(c);
}

/* ---- who comes in ---- */

static bool admit(const struct clients *cs, uid_t uid, bool may_change)
{
	size_t all = 0, same = 0;
	const struct client *c;

	if (may_change && uid == cs->l->user.uid && uid != geteuid())
		return false; /* the checker reads the network: it gets no say */
	LIST_FOREACH (c, &cs->all, entry) {
		all += c->may_change == may_change;
		same += c->may_change == may_change && c->uid == uid;
	}
	return all < CLIENTS_MAX && same < CLIENTS_UID_MAX;
}

void clients_add(struct clients *cs, int fd, bool may_change)
{
	struct ucred cred = { .uid = (uid_t)-1 };
	socklen_t len = sizeof cred;
	struct client *c;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0 ||
	    !admit(cs, cred.uid, may_change)) {
		close(fd);
		return;
	}
	c = xcalloc(1, sizeof *c);
	c->home = cs;
	c->fd = fd;
	c->passed = -1;
	c->uid = cred.uid;
	c->may_change = may_change;
	ev_io_init(&c->io, on_client, fd, EV_READ);
	ev_timer_init(&c->deadline, on_deadline, REQUEST_S, 0.);
	c->io.data = c->deadline.data = c;
	ev_io_start(cs->l->loop, &c->io);
	ev_timer_start(cs->l->loop, &c->deadline);
	LIST_INSERT_HEAD(&cs->all, c, entry);
}

struct clients *clients_new(struct lvsd *l)
{
	struct clients *cs = xcalloc(1, sizeof *cs);

	cs->l = l;
	LIST_INIT(&cs->all);
	TAILQ_INIT(&cs->making);
	ev_idle_init(&cs->make, on_make);
	/* With the highest priority it does not wait for a loop without events. */
	ev_set_priority(&cs->make, EV_MAXPRI);
	cs->make.data = cs;
	return cs;
}

void clients_free(struct clients *cs)
{
	if (cs == NULL)
		return;
	while (!LIST_EMPTY(&cs->all)) {
		struct client *last = LIST_FIRST(&cs->all);

		/* "stop" is answered, as far as the socket takes it at once. */
		if (last->sent < last->out.len &&
		    send(last->fd, last->out.data + last->sent,
			last->out.len - last->sent, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
			log_debug("a client went without its answer");
		client_free(last);
	}
	ev_idle_stop(cs->l->loop, &cs->make);
	free(cs);
}
