/*
 * A fork, a pipe, and a deadline. The end of the pipe is the end of the job: the last
 * byte that the child writes says that nothing is missing.
 */
#include "lvsd/job.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/xalloc.h"
#include "lvsd/lvsd.h"

#define TOLD_MAX (64u * 1024 * 1024)
#define COMPLETE '.'

struct job {
	struct ev_loop *loop;
	job_done_fn *done;
	void *arg;
	pid_t pid; /* 0: the loop has reaped it, and the number may be another's */
	int fd;
	struct buf told;
	struct ev_io readable;
	struct ev_child exited;
	struct ev_timer deadline;
};

/* ---- the child ---- */

/* Locks, sockets and the loop are the daemon's. */
static void __attribute__((noreturn))
run_child(job_work_fn *work, void *arg, pid_t parent, int fd)
{
	static const int signals[] = { SIGHUP, SIGTERM, SIGINT, SIGUSR1, SIGCHLD };
	struct buf out = { 0 };
	size_t sent = 0;

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(EXIT_SYSTEM);
	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
		signal(signals[i], SIG_DFL);
	log_open("lvsd", LOG_TO_NOBODY, false);
	if (dup2(fd, STDERR_FILENO + 1) < 0)
		_exit(EXIT_SYSTEM);
	closefrom(STDERR_FILENO + 2);
	fcntl(STDERR_FILENO + 1, F_SETFD, FD_CLOEXEC);
	work(arg, &out);
	buf_printf(&out, "%c", COMPLETE);
	while (sent < out.len) {
		ssize_t n = write(STDERR_FILENO + 1, out.data + sent, out.len - sent);

		if (n < 0 && errno != EINTR)
			_exit(EXIT_SYSTEM);
		sent += n > 0 ? (size_t)n : 0;
	}
	_exit(EXIT_OK);
}

/* ---- the daemon ---- */

void job_kill(struct job *j)
{
	if (j == NULL)
		return;
	ev_io_stop(j->loop, &j->readable);
	ev_child_stop(j->loop, &j->exited); /* the loop reaps it, whoever waits */
	ev_timer_stop(j->loop, &j->deadline);
	if (j->pid != 0)
		kill(-j->pid, SIGKILL);
	close(j->fd);
	buf_fini(&j->told);
	free(j);
}

static void end(struct job *j, const char *why)
{
	struct buf told = j->told;
	job_done_fn *done = j->done;
	void *arg = j->arg;

	j->told = (struct buf){ 0 };
	job_kill(j);
	done(arg, &told, why);
	buf_fini(&told);
}

static void on_readable(struct ev_loop *loop, struct ev_io *w, int events)
{
	struct job *j = w->data;
	char piece[16384];
	ssize_t n = read(j->fd, piece, sizeof piece);

	(void)loop;
	(void)events;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0 && j->told.len < TOLD_MAX) {
		buf_add(&j->told, piece, (size_t)n);
		return;
	}
	if (n == 0 && j->told.len > 0 && j->told.data[j->told.len - 1] == COMPLETE) {
		j->told.data[--j->told.len] = '\0';
		end(j, NULL);
		return;
	}
	end(j, "the process ended early");
}

static void on_deadline(struct ev_loop *loop, struct ev_timer *w, int events)
{
	(void)loop;
	(void)events;
	end(w->data, "the process took too long");
}

static void on_exit_of_child(struct ev_loop *loop, struct ev_child *w, int events)
{
	struct job *j = w->data;

	(void)events;
	ev_child_stop(loop, w);
	j->pid = 0;
}

struct job *job_start(struct ev_loop *loop, job_work_fn *work, job_done_fn *done,
    void *arg, double deadline_s)
{
	struct job *j;
	pid_t parent = getpid(), pid;
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return NULL;
	pid = fork();
	if (pid == 0)
		run_child(work, arg, parent, fds[1]);
	close(fds[1]);
	if (pid < 0) {
		close(fds[0]);
		return NULL;
	}
	setpgid(pid, pid); /* whoever is first */
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	j = xcalloc(1, sizeof *j);
	*j = (struct job){
		.loop = loop, .done = done, .arg = arg, .pid = pid, .fd = fds[0]
	};
	ev_io_init(&j->readable, on_readable, j->fd, EV_READ);
	ev_timer_init(&j->deadline, on_deadline, deadline_s, 0.);
	ev_child_init(&j->exited, on_exit_of_child, pid, 0);
	j->readable.data = j->exited.data = j->deadline.data = j;
	ev_child_start(loop, &j->exited);
	ev_io_start(loop, &j->readable);
	ev_now_update(loop);
	ev_timer_start(loop, &j->deadline);
	return j;
}
