/*
 * until_ready: how long a daemon takes from its exec until it says that it is ready.
 *
 *   until_ready SECONDS COMMAND [ARGUMENT]...
 *
 * Prints the microseconds and leaves the daemon running. Ready is what systemd takes
 * for it: a datagram with READY=1 at $NOTIFY_SOCKET (sd_notify(3)). Fails when that
 * does not come within SECONDS.
 */
#include <errno.h>
#include <poll.h>
#include <spawn.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static uint64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

/* An abstract name, which needs no file and goes with the process. */
static int open_socket(void)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int len =
	    snprintf(sun.sun_path, sizeof sun.sun_path, "@until-ready-%d", (int)getpid());
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	setenv("NOTIFY_SOCKET", sun.sun_path, 1);
	sun.sun_path[0] = '\0';
	if (fd < 0 ||
	    bind(fd, (struct sockaddr *)&sun,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)len)) < 0)
		return -1;
	return fd;
}

static int wait_until_ready(int fd, uint64_t deadline_us)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	char text[4096];

	for (;;) {
		uint64_t now = now_us();
		ssize_t n;

		if (now >= deadline_us ||
		    poll(&pfd, 1, (int)((deadline_us - now) / 1000 + 1)) == 0)
			return ETIMEDOUT;
		n = recv(fd, text, sizeof text - 1, MSG_DONTWAIT);
		if (n < 0)
			continue;
		text[n] = '\0';
		if (strncmp(text, "READY=1", 7) == 0 || strstr(text, "\nREADY=1") != NULL)
			return 0;
	}
}

int main(int argc, char **argv)
{
	uint64_t begun_us, limit_us;
	int fd, error;
	pid_t pid;

	if (argc < 3) {
		fprintf(stderr, "usage: until_ready SECONDS COMMAND [ARGUMENT]...\n");
		return 2;
	}
	limit_us = strtoull(argv[1], NULL, 10) * 1000000;
	fd = open_socket();
	if (fd < 0) {
		perror("until_ready: socket");
		return 1;
	}
	begun_us = now_us();
	error = posix_spawnp(&pid, argv[2], NULL, NULL, argv + 2, environ);
	if (error == 0)
		error = wait_until_ready(fd, begun_us + limit_us);
	if (error != 0) {
		fprintf(stderr, "until_ready: %s: %s\n", argv[2], strerror(error));
		return 1;
	}
	printf("%llu\n", (unsigned long long)(now_us() - begun_us));
	return 0;
}
