/*
 * report: sending snapshots to the daemon.
 *
 * What changed goes at once, the rest once a second in one sendmmsg(). A full
 * socket only marks the target dirty: what is sent later is the newest, whole.
 */
#include "report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "check/run.h"
#include "lib/mono.h"
#include "lib/xalloc.h"

#define TICK_US 1000000
#define BATCH 128
#define ORDERS_A_TURN 256

/* For one sendmmsg(): all is there but what the reports say. */
struct report_batch {
	struct mmsghdr msgs[BATCH];
	struct iovec iov[BATCH];
	struct probe_report reports[BATCH];
};

static void snapshot(
    struct probe_report *m, const struct report *p, const struct target *t)
{
	const char *text = target_text(t);

	m->generation = p->generation;
	m->probe = (uint32_t)(t - p->checker->targets.all);
	m->health = (uint8_t)t->health.state;
	m->reason = t->reason;
	m->reserved = 0;
	m->score = t->health.score;
	m->code = t->code;
	m->duration_us = t->duration_us;
	m->started_us = t->started_us;
	m->agent = t->agent;
	if (text != NULL)
		strlcpy(m->text, text, sizeof m->text);
	else
		m->text[0] = '\0';
}

/* A send or a receive failed with ERR. */
static void note_gone(struct report *p, int err)
{
	if (err == EPIPE || err == ECONNRESET || err == ENOTCONN)
		p->gone = true;
}

static void set_full(struct report *p, bool full)
{
	if (full == p->full)
		return;
	p->full = full;
	if (full)
		p->due_us = UINT64_MAX;
	loop_change(&p->checker->loop, p->fd, EPOLLIN | (full ? EPOLLOUT : 0), &p->watch);
}

static void start_tick(struct report *p, uint64_t now_us)
{
	if (p->due_us == UINT64_MAX && !p->full)
		p->due_us = now_us + TICK_US;
}

static void mark(struct report *p, struct target *t)
{
	if (t->is_dirty)
		return;
	t->is_dirty = true;
	p->dirty = xgrow(p->dirty, p->n_dirty, &p->cap_dirty, sizeof *p->dirty);
	p->dirty[p->n_dirty++] = (uint32_t)(t - p->checker->targets.all);
}

/* Those that are to be sent still: the N that could not be, at UNSENT, and the line from
 * its place NEXT on. */
static void keep(struct report *p, const uint32_t *unsent, size_t n, size_t next)
{
	for (size_t i = 0; i < n; i++)
		p->checker->targets.all[unsent[i]].is_dirty = true;
	memmove(p->dirty + n, p->dirty + next, (p->n_dirty - next) * sizeof *p->dirty);
	memcpy(p->dirty, unsent, n * sizeof *unsent);
	p->n_dirty += n - next;
}

/* Sends the dirty ones; false, with errno: the socket takes no more now. */
static bool send_all(struct report *p)
{
	struct report_batch *b = p->batch;
	uint32_t numbers[BATCH];
	size_t next = 0;

	while (next < p->n_dirty) {
		unsigned n = 0, done;
		int sent;

		for (; next < p->n_dirty && n < BATCH; next++) {
			struct target *t = &p->checker->targets.all[p->dirty[next]];

			if (!t->is_dirty)
				continue;
			t->is_dirty = false;
			snapshot(&b->reports[n], p, t);
			numbers[n++] = p->dirty[next];
		}
		sent =
		    n == 0 ? 0 : sendmmsg(p->fd, b->msgs, n, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (sent == (int)n)
			continue;
		done = sent > 0 ? (unsigned)sent : 0;
		keep(p, numbers + done, n - done, next);
		if (sent < 0) {
			note_gone(p, errno);
			return false;
		}
		next = 0;
	}
	p->n_dirty = 0;
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
		note_gone(p, errno);
}

void report_flush(struct report *p)
{
	bool all;

	p->due_us = UINT64_MAX;
	all = send_all(p);
	set_full(p, !all && errno == EAGAIN);
	if (all)
		tell_figures(p);
	else
		start_tick(p, mono_us());
}

static void take_orders(struct report *p)
{
	struct probe_order o;
	ssize_t n;

	for (int i = 0; i < ORDERS_A_TURN; i++) {
		n = recv(p->fd, &o, sizeof o, MSG_DONTWAIT);
		if (n == 0) {
			p->gone = true;
			return;
		}
		if (n < 0) {
			note_gone(p, errno);
			return;
		}
		if (n == sizeof o)
			run_order(p->checker, &o);
	}
}

static void on_event(struct watch *w, uint32_t events)
{
	struct report *p = w->owner;

	if (events & EPOLLOUT)
		report_flush(p);
	if (events & ~(uint32_t)EPOLLOUT)
		take_orders(p);
}

void report_init(struct report *p, struct checker *c, int fd, uint32_t generation)
{
	*p = (struct report){ .checker = c,
		.fd = fd,
		.generation = generation,
		.due_us = UINT64_MAX,
		.watch = { on_event, p } };
	p->batch = xcalloc(1, sizeof *p->batch);
	for (size_t i = 0; i < BATCH; i++) {
		p->batch->iov[i] =
		    (struct iovec){ &p->batch->reports[i], sizeof *p->batch->reports };
		p->batch->msgs[i].msg_hdr.msg_iov = &p->batch->iov[i];
		p->batch->msgs[i].msg_hdr.msg_iovlen = 1;
	}
	loop_add(&c->loop, fd, EPOLLIN, &p->watch);
}

void report_fini(struct report *p)
{
	free(p->batch);
	free(p->dirty);
}

void report_result(struct report *p, struct target *t, bool changed, uint64_t now_us)
{
	struct probe_report m = { 0 };

	start_tick(p, now_us);
	if (!changed) {
		mark(p, t);
		return;
	}
	snapshot(&m, p, t);
	if (send(p->fd, &m, sizeof m, MSG_DONTWAIT | MSG_NOSIGNAL) == sizeof m) {
		t->is_dirty = false;
		return;
	}
	note_gone(p, errno);
	if (errno == EAGAIN)
		set_full(p, true);
	mark(p, t);
}
