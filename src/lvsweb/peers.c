/* A descriptor is shut down under the lock under which it is taken off the list, so that
 * it cannot be another connection's by then. */
#include "lvsweb/peers.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include "lib/mono.h"
#include "lib/xalloc.h"

#define REQUEST_US 15000000
#define ANSWER_US 60000000

struct peer {
	LIST_ENTRY(peer) of_all;
	struct peers *all;
	int fd;
	uint64_t until_us;
};

struct peers {
	pthread_mutex_t lock;
	LIST_HEAD(, peer) list;
};

struct peers *peers_new(void)
{
	struct peers *ps = xcalloc(1, sizeof *ps);

	LIST_INIT(&ps->list);
	pthread_mutex_init(&ps->lock, NULL);
	return ps;
}

void peers_free(struct peers *ps)
{
	pthread_mutex_destroy(&ps->lock);
	free(ps);
}

void peers_sweep(struct peers *ps)
{
	uint64_t now_us = mono_us();
	struct peer *p;

	pthread_mutex_lock(&ps->lock);
	LIST_FOREACH (p, &ps->list, of_all)
		if (p->until_us <= now_us)
			shutdown(p->fd, SHUT_RDWR);
	pthread_mutex_unlock(&ps->lock);
}

struct peer *peer_new(struct peers *ps, int fd)
{
	struct peer *p = xcalloc(1, sizeof *p);

	p->all = ps;
	p->fd = fd;
	p->until_us = mono_us() + REQUEST_US;
	pthread_mutex_lock(&ps->lock);
	LIST_INSERT_HEAD(&ps->list, p, of_all);
	pthread_mutex_unlock(&ps->lock);
	return p;
}

void peer_free(struct peer *p)
{
	pthread_mutex_lock(&p->all->lock);
	LIST_REMOVE(p, of_all);
	pthread_mutex_unlock(&p->all->lock);
	free(p);
}

static void set(struct peer *p, uint64_t until_us)
{
	pthread_mutex_lock(&p->all->lock);
	p->until_us = until_us;
	pthread_mutex_unlock(&p->all->lock);
}

void peer_works(struct peer *p)
{
	set(p, mono_us() + ANSWER_US);
}

void peer_waits(struct peer *p)
{
	set(p, mono_us() + REQUEST_US);
}

void peer_rests(struct peer *p)
{
	set(p, UINT64_MAX);
}
