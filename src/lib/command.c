/*
 * Spawned with its three pipes, fed and read by one poll(), reaped by its pidfd.
 */
#include "lib/command.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/mono.h"

#define PATHS "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define PATH_MAX_LENGTH 256
#define ERROR_MAX 300
#define OUTPUT_MAX (64u * 1024 * 1024)

struct command {
	int in, out, err; /* our ends; -1 once closed */
	pid_t pid;
	const char *input;
	size_t left; /* of the input */
	uint64_t deadline_us;
};

static void close_end(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* Where NAME is, in BUF of PATH_MAX_LENGTH bytes; our own PATH may be anything. */
static const char *find_program(const char *name, char *buf)
{
	static const char paths[] = PATHS;
	const char *dir = strchr(paths, '=');

	while (*dir != '\0') {
		size_t len = strcspn(++dir, ":");

		snprintf(buf, PATH_MAX_LENGTH, "%.*s/%s", (int)len, dir, name);
		if (access(buf, X_OK) == 0)
			return buf;
		dir += len;
	}
	return name; /* what does not exist is told by who runs it */
}

static bool spawn(struct command *c, const char *const argv[], int theirs[3])
{
	char program[PATH_MAX_LENGTH];
	static char path[] = PATHS, language[] = "LC_ALL=C";
	char *const environment[] = { path, language, NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t set;
	int error;

	posix_spawn_file_actions_init(&files);
	for (int i = 0; i < 3; i++)
		posix_spawn_file_actions_adddup2(&files, theirs[i], i);
	posix_spawnattr_init(&attr);
	sigfillset(&set);
	posix_spawnattr_setsigdefault(&attr, &set);
	sigemptyset(&set);
	posix_spawnattr_setsigmask(&attr, &set);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
	error = posix_spawn(&c->pid, find_program(argv[0], program), &files, &attr,
	    (char *const *)argv, environment);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&files);
	errno = error;
	return error == 0;
}

/* Pipes and program. False with errno. */
static bool start(struct command *c, const char *const argv[])
{
	int fds[3][2] = { { -1, -1 }, { -1, -1 }, { -1, -1 } };
	int theirs[3];
	bool done = true;
	int error;

	for (int i = 0; done && i < 3; i++)
		done = pipe2(fds[i], O_CLOEXEC) == 0;
	theirs[0] = fds[0][0];
	theirs[1] = fds[1][1];
	theirs[2] = fds[2][1];
	c->in = fds[0][1];
	c->out = fds[1][0];
	c->err = fds[2][0];
	done = done && fcntl(c->in, F_SETFL, O_NONBLOCK) == 0 &&
	       fcntl(c->out, F_SETFL, O_NONBLOCK) == 0 &&
	       fcntl(c->err, F_SETFL, O_NONBLOCK) == 0 && spawn(c, argv, theirs);
	error = errno;
	for (int i = 0; i < 3; i++)
		close_end(&theirs[i]);
	errno = error;
	return done;
}

static void feed(struct command *c)
{
	ssize_t n = c->left > 0 ? write(c->in, c->input, c->left) : 0;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0) {
		c->input += n;
		c->left -= (size_t)n;
	}
	if (n < 0 || c->left == 0)
		close_end(&c->in);
}

static void drain(int *fd, struct buf *into)
{
	char bytes[16384];
	ssize_t n = read(*fd, bytes, sizeof bytes);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0 && into->len < OUTPUT_MAX)
		buf_add(into, bytes, (size_t)n);
	else
		close_end(fd);
}

/* Milliseconds until the deadline, 0 when it has passed. */
static int left_ms(const struct command *c)
{
	uint64_t now_us = mono_us();

	return now_us < c->deadline_us ? (int)((c->deadline_us - now_us) / 1000 + 1) : 0;
}

/* Until it has said all it has to say. False: out of time. */
static bool talk(struct command *c, struct buf *out, struct buf *error)
{
	while (c->out >= 0 || c->err >= 0) {
		struct pollfd p[] = {
			{ .fd = c->in, .events = POLLOUT },
			{ .fd = c->out, .events = POLLIN },
			{ .fd = c->err, .events = POLLIN },
		};
		int ms = left_ms(c);

		if (ms == 0)
			return false;
		if (poll(p, 3, ms) <= 0)
			continue;
		if (p[0].revents != 0)
			feed(c);
		if (p[1].revents != 0)
			drain(&c->out, out);
		if (p[2].revents != 0)
			drain(&c->err, error);
	}
	return true;
}

/* Reaps the program, by force when it is late (*IN_TIME); its status of wait(2). */
static int reap(struct command *c, bool *in_time)
{
	struct pollfd p = { .fd = pidfd_open(c->pid, 0), .events = POLLIN };
	int status = -1;

	/* Without a pidfd (EMFILE) it is late at once. */
	while (*in_time && p.fd >= 0 && poll(&p, 1, left_ms(c)) < 0 && errno == EINTR)
		continue;
	*in_time = *in_time && p.fd >= 0 && p.revents != 0;
	if (!*in_time)
		kill(c->pid, SIGKILL);
	close_end(&p.fd);
	while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
		continue;
	return status;
}

/* TEXT becomes one line, of a length that can be read. */
static void one_line(struct buf *text)
{
	if (text->len > ERROR_MAX) {
		text->len = ERROR_MAX;
		memcpy(text->data + ERROR_MAX - 3, "...", 4);
	}
	while (text->len > 0 && strchr("\n ", text->data[text->len - 1]) != NULL)
		text->data[--text->len] = '\0';
	for (size_t i = 0; i < text->len; i++)
		if (text->data[i] == '\n')
			text->data[i] = ' ';
}

bool command_run(const char *const argv[], const char *input, unsigned deadline_ms,
    struct buf *out, struct buf *error)
{
	struct command c = {
		.input = input,
		.left = input != NULL ? strlen(input) : 0,
		.deadline_us = mono_us() + deadline_ms * 1000ull,
	};
	bool in_time;
	int status;

	if (!start(&c, argv)) {
		buf_printf(error, "cannot run %s: %s", argv[0], strerror(errno));
		close_end(&c.in);
		close_end(&c.out);
		close_end(&c.err);
		return false;
	}
	in_time = talk(&c, out, error);
	status = reap(&c, &in_time);
	close_end(&c.in);
	close_end(&c.out);
	close_end(&c.err);
	one_line(error);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return true;
	if (!in_time)
		buf_printf(error, "%s%s took more than %u ms", error->len > 0 ? "; " : "",
		    argv[0], deadline_ms);
	else if (error->len == 0 && WIFEXITED(status))
		buf_printf(
		    error, "%s ended with status %d", argv[0], WEXITSTATUS(status));
	else if (error->len == 0)
		buf_printf(error, "%s ended by signal %d", argv[0], WTERMSIG(status));
	return false;
}
