/*
 * external: one process a check, in a group of its own.
 *
 * The process is watched by a descriptor (pidfd_open(2)), so no number of it can
 * come to mean another. What it writes goes through a pipe, of which the last line is
 * kept. Whatever ends the check kills the group; the place among those that may run
 * is free again when the kernel has let the process go, which a disk that hangs can
 * delay.
 */
#include "external.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check/run.h"
#include "lib/xalloc.h"

#define ARGUMENTS_MAX 256

#define READ_SIZE 4096
#define PIPE_SIZE (64 * 1024) /* pipe(7) */

struct program {
	struct watch end, output;
	int process_fd, output_fd; /* -1: closed, or read to its end */
	LIST_ENTRY(program) entry;
	struct checker *checker;
	struct run *run; /* NULL: the check is over, the process is not yet */
	pid_t pid;
	/* The last line that it wrote, or the beginning of that. */
	char line[PROBE_TEXT_MAX];
	size_t len;
	bool line_ended;
};

/* ---- its start ---- */

/* Cuts COMMAND, which is changed, into ARGV. */
static void split(char *command, char *argv[ARGUMENTS_MAX + 1])
{
	char *rest = command;
	size_t n = 0;

	while (n < ARGUMENTS_MAX && (argv[n] = strtok_r(rest, " \t", &rest)) != NULL)
		n++;
	argv[n] = NULL;
}

/* Signals as a new program expects them, no input, and OUTPUT for all it says. */
static int spawn(char **argv, char **env, int output, pid_t *pid)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t all, none;
	int err;

	sigfillset(&all);
	sigemptyset(&none);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(&attr,
	    POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
	posix_spawnattr_setsigdefault(&attr, &all);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&files, output, STDERR_FILENO);
	err = posix_spawn(pid, argv[0], &files, &attr, argv, env);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attr);
	return err;
}

static int run_command(const struct probe *p, int output, pid_t *pid)
{
	char address[32 + ADDR_TEXT_MAX], port[32], timeout[48];
	char *env[] = { address, port, timeout, NULL };
	char *command = xstrdup(p->check->command), *argv[ARGUMENTS_MAX + 1];
	char text[ADDR_TEXT_MAX];
	int err;

	snprintf(address, sizeof address, "LVSD_ADDRESS=%s", addr_text(&p->addr, text));
	snprintf(port, sizeof port, "LVSD_PORT=%u", (unsigned)p->port);
	snprintf(timeout, sizeof timeout, "LVSD_TIMEOUT_MS=%u",
	    (unsigned)p->check->timeout_ms);
	split(command, argv);
	err = spawn(argv, env, output, pid);
	free(command);
	return err;
}

/* A program that cannot be run says nothing of the server. */
static enum reason reason_of_spawn(int err)
{
	switch (err) {
	case EAGAIN:
	case ENOMEM:
		return REASON_LOCAL_MEMORY;
	case EMFILE:
	case ENFILE:
		return REASON_LOCAL_DESCRIPTORS;
	case EACCES:
	case EPERM:
		return REASON_LOCAL_PERMISSION;
	default:
		return REASON_LOCAL_OTHER;
	}
}

/* ---- what it says ---- */

static void take_output(struct program *g, const char *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (data[i] == '\n' || data[i] == '\r') {
			g->line_ended = true;
			continue;
		}
		if (g->line_ended)
			g->len = 0;
		g->line_ended = false;
		if (g->len < sizeof g->line)
			g->line[g->len++] = data[i];
	}
}

static void close_one(struct program *g, int *fd)
{
	if (*fd < 0)
		return;
	loop_remove(&g->checker->loop, *fd);
	close(*fd);
	*fd = -1;
}

/* Reads what is there; at most so much at a time that others have their turn. */
static void read_output(struct program *g)
{
	char data[READ_SIZE];
	ssize_t n = read(g->output_fd, data, sizeof data);

	if (n > 0)
		take_output(g, data, (size_t)n);
	else if (n == 0)
		close_one(g, &g->output_fd);
}

static void on_output(struct watch *w, uint32_t events)
{
	(void)events;
	read_output(w->owner);
}

/* What it wrote before it ended: what a pipe holds, and no more. */
static void read_rest(struct program *g)
{
	char data[READ_SIZE];
	ssize_t n;

	for (size_t all = 0; all < PIPE_SIZE; all += (size_t)n) {
		n = read(g->output_fd, data, sizeof data);
		if (n <= 0)
			break;
		take_output(g, data, (size_t)n);
	}
}

/* ---- its end ---- */

static void kill_group(const struct program *g)
{
	/* The leader is not reaped yet, so the number is still its own. */
	kill(-g->pid, SIGKILL);
}

static void judge(struct run *r, const siginfo_t *info, const char *line, size_t len)
{
	static const char killed[] = "killed by a signal";

	if (info->si_code == CLD_EXITED)
		run_done(r, info->si_status == 0 ? REASON_OK : REASON_EXIT,
		    info->si_status, line, len);
	else
		run_done(r, REASON_EXIT, info->si_status, killed, sizeof killed - 1);
}

/* The kernel has let it go, and INFO tells how it ended. */
static void finish(struct program *g, const siginfo_t *info)
{
	struct checker *c = g->checker;
	struct run *r = g->run;

	read_rest(g);
	close_one(g, &g->process_fd);
	close_one(g, &g->output_fd);
	LIST_REMOVE(g, entry);
	LIST_INSERT_HEAD(&c->gone, g, entry);
	if (r != NULL) {
		r->talk = NULL;
		judge(r, info, g->line, g->len);
	}
	run_release(c, NEEDS_PROGRAM);
}

static void on_end(struct watch *w, uint32_t events)
{
	struct program *g = w->owner;
	siginfo_t info = { 0 };

	(void)events;
	/* Those that it left behind do not outlive the check either. */
	kill_group(g);
	waitid(P_PID, (id_t)g->pid, &info, WEXITED | WNOHANG);
	finish(g, &info);
}

void external_reap(struct checker *c)
{
	struct program *g, *next;

	LIST_FOREACH_SAFE(g, &c->programs, entry, next)
	{
		siginfo_t info = { 0 };

		if (g->process_fd >= 0 ||
		    waitid(P_PID, (id_t)g->pid, &info, WEXITED | WNOHANG) < 0 ||
		    info.si_pid == 0)
			continue;
		c->n_unwatched--;
		finish(g, &info);
	}
}

/* Starts the program of P, with what it says behind a descriptor; or an errno. */
static int open_program(const struct probe *p, pid_t *pid, int *output)
{
	int pipe[2], err;

	if (pipe2(pipe, O_CLOEXEC) < 0)
		return errno;
	/* The program's end blocks, as programs expect. */
	fcntl(pipe[0], F_SETFL, O_NONBLOCK);
	err = run_command(p, pipe[1], pid);
	close(pipe[1]);
	*output = pipe[0];
	if (err != 0)
		close(pipe[0]);
	return err;
}

/* In the memory of one that is gone. Of that an event may still be told in the turn that
 * it went in; then output is read that is not there. */
static struct program *make_program(struct checker *c)
{
	struct program *g = LIST_FIRST(&c->gone);

	if (g == NULL)
		return xmalloc(sizeof *g);
	LIST_REMOVE(g, entry);
	return g;
}

static void external_start(struct run *r)
{
	struct checker *c = r->checker;
	int output = -1, err;
	struct program *g;
	pid_t pid;

	r->talk = NULL;
	err = open_program(&r->probe, &pid, &output);
	if (err != 0) {
		run_ended(r, reason_of_spawn(err), err);
		run_release(c, NEEDS_PROGRAM);
		return;
	}
	g = make_program(c);
	*g = (struct program){ .end = { on_end, g },
		.output = { on_output, g },
		.process_fd = pidfd_open(pid, 0),
		.output_fd = output,
		.checker = c,
		.run = r,
		.pid = pid };
	r->talk = g;
	LIST_INSERT_HEAD(&c->programs, g, entry);
	if (g->process_fd < 0) {
		err = errno;
		c->n_unwatched++;
		run_ended(r, reason_of_spawn(err), err); /* which kills it */
		return;
	}
	loop_add(&c->loop, g->process_fd, EPOLLIN, &g->end);
	loop_add(&c->loop, output, EPOLLIN, &g->output);
}

static void external_cancel(struct run *r)
{
	struct program *g = r->talk;

	if (g == NULL)
		return;
	kill_group(g);
	g->run = NULL;
	r->talk = NULL;
}

void external_kill_all(struct checker *c)
{
	struct program *g;

	LIST_FOREACH (g, &c->programs, entry)
		kill_group(g);
}

const struct probe_ops external_ops = {
	.start = external_start,
	.cancel = external_cancel,
	.silence = REASON_TIMEOUT,
	.needs = NEEDS_PROGRAM,
};
