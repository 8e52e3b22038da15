/*
 * loop: the descriptors that the checker waits for.
 *
 * One epoll set for all of them, of which each tells by itself what happened: an
 * edge-triggered socket stays in the set over many connections, and a turn is one
 * system call however many are ready. Times are the wheel's (wheel.h).
 */
#ifndef LVSD_CHECK_LOOP_H
#define LVSD_CHECK_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct watch {
	/* EVENTS of epoll(7) happened at the descriptor. */
	void (*on_event)(struct watch *w, uint32_t events);
	void *owner;
};

struct loop {
	int epoll_fd;
	uint32_t batch; /* of events, by number: the last that was learned */
};

/* False, with errno: no epoll set. */
bool loop_init(struct loop *l);
void loop_fini(struct loop *l);

/* W hears of EVENTS at FD. False, with errno. */
bool loop_add(struct loop *l, int fd, uint32_t events, struct watch *w);
/* From now on of these EVENTS. */
void loop_change(struct loop *l, int fd, uint32_t events, struct watch *w);
/*
 * No more of FD, which is to be closed: closing alone does not do while a child that was
 * just spawned has it, too. What this turn of the loop has learned already can still be
 * told, so the memory of the watch must stay until its end.
 */
void loop_remove(struct loop *l, int fd);

/* Waits until something happens, or for TIMEOUT_US (UINT64_MAX: for ever), which is
 * rounded up to the next millisecond; and tells of all that happened. */
void loop_wait(struct loop *l, uint64_t timeout_us);

#endif
