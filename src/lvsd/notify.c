/* One connected socket, or none; see sd_notify(3) for the words. */
#include "lvsd/notify.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/mono.h"

static int socket_fd = -1;
static double watchdog_s; /* 0: nobody watches */
static struct ev_timer watchdog;

static int connect_to(const char *name)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	size_t len = strlen(name);
	int fd;

	if ((name[0] != '/' && name[0] != '@') || len >= sizeof sun.sun_path) {
		errno = EINVAL;
		return -1;
	}
	memcpy(sun.sun_path, name, len);
	if (name[0] == '@')
		sun.sun_path[0] = '\0'; /* an abstract name */
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 &&
	    connect(fd, (struct sockaddr *)&sun,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) < 0) {
		int error = errno;

		close(fd);
		errno = error;
		return -1;
	}
	return fd;
}

void notify_open(void)
{
	const char *name = getenv("NOTIFY_SOCKET");
	const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");

	if (name != NULL) {
		socket_fd = connect_to(name);
		if (socket_fd < 0)
			log_warn("cannot reach the service manager at %s", name);
	}
	if (usec != NULL && (pid == NULL || strtol(pid, NULL, 10) == getpid()))
		watchdog_s = (double)strtoull(usec, NULL, 10) / 1e6;
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
}

static void say(const char *words)
{
	if (socket_fd >= 0 &&
	    send(socket_fd, words, strlen(words), MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		log_debug("the service manager does not hear: %s", strerror(errno));
}

static void on_watchdog(struct ev_loop *loop, struct ev_timer *w, int events)
{
	(void)loop;
	(void)w;
	(void)events;
	say("WATCHDOG=1");
}

void notify_watch(struct ev_loop *loop)
{
	if (socket_fd < 0 || watchdog_s <= 0)
		return;
	ev_timer_init(&watchdog, on_watchdog, watchdog_s / 2, watchdog_s / 2);
	ev_timer_start(loop, &watchdog);
}

void notify_ready(void)
{
	say("READY=1");
}

void notify_reloading(void)
{
	char words[64];

	snprintf(words, sizeof words, "RELOADING=1\nMONOTONIC_USEC=%llu",
	    (unsigned long long)mono_us());
	say(words);
}

void notify_stopping(void)
{
	say("STOPPING=1");
}
