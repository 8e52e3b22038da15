/* The lock is held to change or copy what is known, never while asking. */
#include "lvsweb/watch.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/mono.h"
#include "lib/xalloc.h"

#define INTERVAL_US 1000000
#define REST 4 /* times as long as the question took */

struct watch {
	const char *path;
	void (*told)(void *data);
	void *data;
	int stop; /* an eventfd: readable when it is to end */
	pthread_t thread;
	pthread_mutex_t lock;
	struct knowledge known;
};

static void keep(struct watch *w, struct status *status, const char *error)
{
	struct status *old = NULL;
	bool was_gone, is_first, is_gone = status == NULL;

	pthread_mutex_lock(&w->lock);
	was_gone = w->known.error[0] != '\0';
	is_first = w->known.asked++ == 0;
	snprintf(w->known.error, sizeof w->known.error, "%s", is_gone ? error : "");
	if (is_gone && !was_gone) {
		w->known.gone_us = mono_us();
		w->known.gone = time(NULL);
	} else if (!is_gone) {
		old = w->known.status;
		w->known.status = status;
	}
	pthread_mutex_unlock(&w->lock);
	status_release(old);
	if (is_gone && (!was_gone || is_first))
		log_warnx("no answer: %s", error);
	else if (!is_gone && was_gone)
		log_info("lvsd answers");
}

/* What happened is asked only when something did: it may be a long answer. */
static void find_changes(struct watch *w, struct status *s, const struct status *before)
{
	char error[ASK_ERROR_MAX];
	struct buf events = { 0 };

	if (before != NULL && before->shape == s->shape)
		status_keep_changes(s, before);
	else if (ask(w->path, "events", w->stop, &events, error))
		status_take_changes(s, &events);
	else
		s->shape = 0; /* so that the next one asks again */
	buf_fini(&events);
}

/* Whether there was an answer. */
static bool ask_once(struct watch *w)
{
	/* Only this thread changes what is known, so it may look without the lock. */
	const struct status *before = w->known.status;
	char error[ASK_ERROR_MAX] = "";
	struct buf answer = { 0 };
	struct status *status = NULL;

	if (ask(w->path, "show rates", w->stop, &answer, error))
		status = status_new(&answer, before, error, sizeof error);
	if (status != NULL)
		find_changes(w, status, before);
	else if (error[0] == '\0')
		snprintf(error, sizeof error, "lvsd refused without a reason");
	buf_fini(&answer);
	keep(w, status, error);
	w->told(w->data);
	return status != NULL;
}

/* False when it is to end. */
static bool rest(const struct watch *w, uint64_t us)
{
	struct pollfd stop = { .fd = w->stop, .events = POLLIN };
	uint64_t end_us = mono_us() + us, now_us;

	while ((now_us = mono_us()) < end_us)
		if (poll(&stop, 1, (int)((end_us - now_us) / 1000) + 1) > 0)
			return false;
	return true;
}

static void *watch(void *data)
{
	struct watch *w = data;
	uint64_t begun_us, took_us, rest_us;

	do {
		begun_us = mono_us();
		rest_us = INTERVAL_US;
		if (ask_once(w)) {
			took_us = mono_us() - begun_us;
			if (took_us * REST > INTERVAL_US)
				rest_us = took_us * REST;
		}
	} while (rest(w, rest_us));
	return NULL;
}

struct watch *watch_new(const char *path, void (*told)(void *data), void *data)
{
	struct watch *w = xcalloc(1, sizeof *w);

	w->path = path;
	w->told = told;
	w->data = data;
	w->known.gone_us = mono_us();
	w->known.gone = time(NULL);
	snprintf(w->known.error, sizeof w->known.error, "lvsd was not asked yet");
	pthread_mutex_init(&w->lock, NULL);
	w->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (w->stop < 0) {
		free(w);
		return NULL;
	}
	errno = pthread_create(&w->thread, NULL, watch, w);
	if (errno == 0)
		return w;
	close(w->stop);
	free(w);
	return NULL;
}

void watch_free(struct watch *w)
{
	const uint64_t one = 1;

	if (w == NULL)
		return;
	/* It cannot fail: the counter is 0. */
	if (write(w->stop, &one, sizeof one) == sizeof one)
		pthread_join(w->thread, NULL);
	close(w->stop);
	status_release(w->known.status);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

void watch_get(struct watch *w, struct knowledge *k)
{
	pthread_mutex_lock(&w->lock);
	*k = w->known;
	status_hold(k->status);
	pthread_mutex_unlock(&w->lock);
}

/* Numbers of statuses are microseconds, so that the next one is nobody's. */
uint64_t watch_number(const struct knowledge *k)
{
	return (k->status != NULL ? k->status->number : 0) + (k->error[0] != '\0');
}
