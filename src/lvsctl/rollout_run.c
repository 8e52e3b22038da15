/*
 * The command of a rollout: one process a server of the batch, in the caller's
 * session, so that ^C reaches it as well.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/mono.h"
#include "lib/xalloc.h"
#include "lvsctl/rollout.h"

#define POLL_S 1.
#define END_US 5000000u /* from SIGTERM to SIGKILL, when it is interrupted */

/* "[2001:db8::1]:80" as address and port. */
static void set_address(const char *text)
{
	const char *port = strrchr(text, ':');
	size_t brackets = text[0] == '[';
	char *address = strndup(text + brackets, (size_t)(port - text) - 2 * brackets);

	setenv("LVSD_ADDRESS", address != NULL ? address : "", 1);
	setenv("LVSD_PORT", port + 1, 1);
	free(address);
}

static void start(struct rollout *r, struct member *m)
{
	pid_t pid = fork();
	int null;

	m->pid = pid > 0 ? pid : 0;
	if (pid != 0)
		return;
	progress_restore_signals();
	setenv("LVSD_DIRECTOR", r->director, 1);
	setenv("LVSD_SERVER", m->name, 1);
	set_address(m->address);
	null = open("/dev/null", O_RDONLY);
	if (null >= 0)
		dup2(null, STDIN_FILENO);
	execl("/bin/sh", "sh", "-c", r->command, (char *)NULL);
	_exit(127);
}

/* One that ended; false: it failed. */
static bool take_end(struct rollout *r, struct member *m, int status)
{
	m->pid = 0;
	m->ran_us = mono_us();
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return true;
	if (WIFEXITED(status))
		return rollout_fail(r, "%s/%s: the command ended with status %d",
		    r->director, m->name, WEXITSTATUS(status));
	return rollout_fail(r, "%s/%s: the command was ended by signal %d", r->director,
	    m->name, WTERMSIG(status));
}

/* Takes what ended of the batch; how many still run. */
static size_t reap(struct rollout *r, bool *good)
{
	size_t running = 0;
	int status;

	for (size_t i = r->first; i < r->end; i++) {
		struct member *m = &r->members[i];

		if (m->pid == 0)
			continue;
		if (waitpid(m->pid, &status, WNOHANG) == m->pid)
			*good = take_end(r, m, status) && *good;
		else
			running++;
	}
	return running;
}

static void end_all(const struct rollout *r, int signal)
{
	for (size_t i = r->first; i < r->end; i++)
		if (r->members[i].pid != 0)
			kill(r->members[i].pid, signal);
}

bool rollout_run(struct rollout *r)
{
	uint64_t kill_us = 0;
	bool good = true;

	progress_clear(&r->progress);
	for (size_t i = r->first; i < r->end; i++) {
		start(r, &r->members[i]);
		if (r->members[i].pid == 0)
			good = rollout_fail(
			    r, "cannot start the command: %s", strerror(errno));
	}
	while (reap(r, &good) > 0) {
		if (!progress_nap(&r->progress, POLL_S))
			continue;
		if (kill_us == 0) {
			end_all(r, SIGTERM);
			kill_us = mono_us() + END_US;
		} else if (mono_us() > kill_us) {
			end_all(r, SIGKILL);
		}
	}
	if (r->progress.interrupted)
		return rollout_fail(r, "interrupted");
	return good;
}
