/*
 * external: one process a check, in a group of its own.
 *
 * The process is watched by a descriptor (pidfd_open(2)), so no number of it can
 * come to mean another. Whatever ends the check kills the group; the place among
 * those that may run is free again when the kernel has let the process go, which
 * a disk that hangs can delay.
 */
#include "external.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check/run.h"
#include "lib/xalloc.h"

#define ARGUMENTS_MAX 256

struct program {
	ev_io io;
	LIST_ENTRY(program) entry;
	struct checker *checker;
	struct run *run; /* NULL: the check is over, the process is not yet */
	pid_t pid;
};

/* ---- whom it may run ---- */

static bool is_safe(const char *path, bool directory, char *error, size_t size)
{
	struct stat st;
	const char *why = NULL;

	if (stat(path, &st) < 0)
		why = strerror(errno);
	else if (st.st_uid != 0)
		why = "not owned by root";
	else if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		why = "writable by others than root";
	else if (!directory && (!S_ISREG(st.st_mode) || (st.st_mode & 0111) == 0))
		why = "not a program";
	if (why != NULL)
		snprintf(error, size, "%s: %s", path, why);
	return why == NULL;
}

/* PATH and every directory on the way. */
static bool way_is_safe(const char *path, char *error, size_t size)
{
	char part[PATH_MAX];

	for (const char *slash = path; slash != NULL; slash = strchr(slash + 1, '/')) {
		size_t len = slash == path ? 1 : (size_t)(slash - path);

		memcpy(part, path, len);
		part[len] = '\0';
		if (!is_safe(part, true, error, size))
			return false;
	}
	return is_safe(path, false, error, size);
}

bool external_trusted(const char *command, char *error, size_t size)
{
	char path[PATH_MAX], real[PATH_MAX];
	size_t len = strcspn(command, " \t");

	if (len >= sizeof path) {
		snprintf(error, size, "the path of a command is too long");
		return false;
	}
	memcpy(path, command, len);
	path[len] = '\0';
	if (realpath(path, real) == NULL) {
		snprintf(error, size, "%s: %s", path, strerror(errno));
		return false;
	}
	return way_is_safe(path, error, size) && way_is_safe(real, error, size);
}

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

/* Signals as a new program expects them, no input, and no one to talk to. */
static int spawn(char **argv, char **env, pid_t *pid)
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
	posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_RDWR, 0);
	err = posix_spawn(pid, argv[0], &files, &attr, argv, env);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attr);
	return err;
}

static int run_command(const struct probe *p, pid_t *pid)
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
	err = spawn(argv, env, pid);
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

/* ---- its end ---- */

static void kill_group(const struct program *g)
{
	/* The leader is not reaped yet, so the number is still its own. */
	kill(-g->pid, SIGKILL);
}

static void judge(struct run *r, const siginfo_t *info)
{
	static const char killed[] = "killed by a signal";

	if (info->si_code == CLD_EXITED)
		run_ended(
		    r, info->si_status == 0 ? REASON_OK : REASON_EXIT, info->si_status);
	else
		run_done(r, REASON_EXIT, info->si_status, killed, sizeof killed - 1);
}

static void on_end(struct ev_loop *loop, ev_io *w, int revents)
{
	struct program *g = w->data;
	struct checker *c = g->checker;
	struct run *r = g->run;
	siginfo_t info = { 0 };

	(void)revents;
	/* Those that it left behind do not outlive the check either. */
	kill_group(g);
	waitid(P_PID, (id_t)g->pid, &info, WEXITED | WNOHANG);
	ev_io_stop(loop, &g->io);
	close(g->io.fd);
	LIST_REMOVE(g, entry);
	free(g);
	if (r != NULL) {
		r->talk = NULL;
		judge(r, &info);
	}
	run_release(c, NEEDS_PROGRAM);
}

static void external_start(struct run *r)
{
	struct checker *c = r->checker;
	struct program *g;
	pid_t pid;
	int err = run_command(r->probe, &pid), fd;

	r->talk = NULL;
	if (err != 0) {
		run_ended(r, reason_of_spawn(err), err);
		run_release(c, NEEDS_PROGRAM);
		return;
	}
	fd = pidfd_open(pid, 0);
	if (fd < 0) {
		err = errno;
		kill(-pid, SIGKILL);
		waitpid(pid, NULL, 0);
		run_ended(r, reason_of_spawn(err), err);
		run_release(c, NEEDS_PROGRAM);
		return;
	}
	g = xcalloc(1, sizeof *g);
	g->checker = c;
	g->run = r;
	g->pid = pid;
	r->talk = g;
	LIST_INSERT_HEAD(&c->programs, g, entry);
	ev_io_init(&g->io, on_end, fd, EV_READ);
	g->io.data = g;
	ev_io_start(c->loop, &g->io);
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
