/*
 * report: sending snapshots to the daemon.
 *
 * What changed goes at once, the rest once a second in one sendmmsg(). A full
 * socket only marks the run dirty: what is sent later is the newest, whole.
 */
#include "report.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check/probe.h"
#include "check/run.h"

#define TICK_S 1.
#define BATCH 128
#define ORDERS_A_TURN 256

static struct probe_report snapshot(const struct report *p, const struct run *r)
{
	struct probe_report m = {
		.generation = p->generation,
		.probe = (uint32_t)(r - r->checker->runs),
		.health = (uint8_t)r->health.state,
		.reason = r->reason,
		.score = r->health.score,
		.code = r->code,
		.duration_us = r->duration_us,
		.started_us = r->started_us,
		.agent = r->agent,
	};

	if (r->text != NULL)
		strlcpy(m.text, r->text, sizeof m.text);
	return m;
}

/* Nobody is left to report to, so there is nothing left to do. */
static void __attribute__((noreturn)) end_checker(const struct report *p)
{
	external_kill_all(p->checker);
	_exit(0);
}

static void end_if_gone(const struct report *p, int err)
{
	if (err == EPIPE || err == ECONNRESET || err == ENOTCONN)
		end_checker(p);
}

static void start_tick(struct report *p)
{
	if (ev_is_active(&p->tick) || ev_is_active(&p->writable))
		return;
	ev_timer_set(&p->tick, TICK_S, 0.);
	ev_timer_start(p->loop, &p->tick);
}

static void mark(struct report *p, struct run *r)
{
	if (!r->is_dirty)
		TAILQ_INSERT_TAIL(&p->dirty, r, dirty);
	r->is_dirty = true;
}

static void unmark(struct report *p, struct run *r)
{
	if (r->is_dirty)
		TAILQ_REMOVE(&p->dirty, r, dirty);
	r->is_dirty = false;
}

/* Sends the first of the dirty ones; false: the socket takes no more now. */
static bool send_batch(struct report *p)
{
	struct probe_report reports[BATCH];
	struct iovec iov[BATCH];
	struct mmsghdr msgs[BATCH];
	unsigned n = 0;
	struct run *r;
	int sent;

	TAILQ_FOREACH (r, &p->dirty, dirty) {
		if (n == BATCH)
			break;
		reports[n] = snapshot(p, r);
		iov[n] = (struct iovec){ &reports[n], sizeof reports[n] };
		msgs[n] = (struct mmsghdr){ .msg_hdr = {
						.msg_iov = &iov[n], .msg_iovlen = 1 } };
		n++;
	}
	sent = sendmmsg(p->fd, msgs, n, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (sent < 0) {
		end_if_gone(p, errno);
		return false;
	}
	for (int i = 0; i < sent; i++)
		unmark(p, TAILQ_FIRST(&p->dirty));
	return true;
}

/* A socket that is full gets them with the next results. */
static void tell_figures(struct report *p)
{
	struct checker_figures f = p->checker->figures;

	f.generation = p->generation;
	if (memcmp(&f, &p->told, sizeof f) == 0)
		return;
	if (send(p->fd, &f, sizeof f, MSG_DONTWAIT | MSG_NOSIGNAL) == sizeof f)
		p->told = f;
	else
		end_if_gone(p, errno);
}

static void flush(struct report *p)
{
	ev_io_stop(p->loop, &p->writable);
	ev_timer_stop(p->loop, &p->tick);
	while (!TAILQ_EMPTY(&p->dirty)) {
		if (send_batch(p))
			continue;
		if (errno == EAGAIN)
			ev_io_start(p->loop, &p->writable);
		else
			start_tick(p);
		return;
	}
	tell_figures(p);
}

static void on_tick(struct ev_loop *loop, ev_timer *w, int revents)
{
	(void)loop, (void)revents;
	flush(w->data);
}

static void on_writable(struct ev_loop *loop, ev_io *w, int revents)
{
	(void)loop, (void)revents;
	flush(w->data);
}

static void on_readable(struct ev_loop *loop, ev_io *w, int revents)
{
	struct report *p = w->data;
	struct probe_order o;
	ssize_t n;

	(void)loop, (void)revents;
	for (int i = 0; i < ORDERS_A_TURN; i++) {
		n = recv(w->fd, &o, sizeof o, MSG_DONTWAIT);
		if (n == 0)
			end_checker(p);
		if (n < 0) {
			end_if_gone(p, errno);
			return;
		}
		if (n == sizeof o)
			run_order(p->checker, &o);
	}
}

void report_init(struct report *p, struct checker *c, int fd, uint32_t generation)
{
	p->checker = c;
	p->loop = c->loop;
	p->fd = fd;
	p->generation = generation;
	TAILQ_INIT(&p->dirty);
	ev_timer_init(&p->tick, on_tick, 0., 0.);
	ev_io_init(&p->writable, on_writable, fd, EV_WRITE);
	ev_io_init(&p->readable, on_readable, fd, EV_READ);
	p->tick.data = p->writable.data = p->readable.data = p;
	ev_io_start(p->loop, &p->readable);
}

void report_result(struct report *p, struct run *r, bool changed)
{
	struct probe_report m;
	int err;

	start_tick(p);
	if (!changed) {
		mark(p, r);
		return;
	}
	m = snapshot(p, r);
	if (send(p->fd, &m, sizeof m, MSG_DONTWAIT | MSG_NOSIGNAL) == sizeof m) {
		unmark(p, r);
		return;
	}
	err = errno;
	end_if_gone(p, err);
	mark(p, r);
	if (err == EAGAIN) {
		ev_timer_stop(p->loop, &p->tick);
		ev_io_start(p->loop, &p->writable);
	}
}
