/* A thin layer over epoll(7): its data is the watch. */
#include "loop.h"

#include <limits.h>
#include <sys/epoll.h>
#include <unistd.h>

#define EVENTS 256
/* All that is ready is one turn's, so that the thousandth socket does not keep the daemon
 * waiting; but times have their turn, too. */
#define ROUNDS 64

bool loop_init(struct loop *l)
{
	l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	return l->epoll_fd >= 0;
}

void loop_fini(struct loop *l)
{
	close(l->epoll_fd);
}

static int control(struct loop *l, int what, int fd, uint32_t events, struct watch *w)
{
	struct epoll_event e = { .events = events, .data.ptr = w };

	return epoll_ctl(l->epoll_fd, what, fd, &e);
}

bool loop_add(struct loop *l, int fd, uint32_t events, struct watch *w)
{
	return control(l, EPOLL_CTL_ADD, fd, events, w) == 0;
}

void loop_change(struct loop *l, int fd, uint32_t events, struct watch *w)
{
	control(l, EPOLL_CTL_MOD, fd, events, w);
}

void loop_remove(struct loop *l, int fd)
{
	control(l, EPOLL_CTL_DEL, fd, 0, NULL);
}

static int in_ms(uint64_t us)
{
	uint64_t ms = us / 1000 + (us % 1000 != 0);

	if (us == UINT64_MAX)
		return -1;
	return ms < INT_MAX ? (int)ms : INT_MAX;
}

void loop_wait(struct loop *l, uint64_t timeout_us)
{
	struct epoll_event events[EVENTS];
	int n, timeout_ms = in_ms(timeout_us);

	for (int round = 0; round < ROUNDS; round++, timeout_ms = 0) {
		n = epoll_wait(l->epoll_fd, events, EVENTS, timeout_ms);
		l->batch++;
		for (int i = 0; i < n; i++) {
			struct watch *w = events[i].data.ptr;

			w->on_event(w, events[i].events);
		}
		if (n < EVENTS)
			break;
	}
}
