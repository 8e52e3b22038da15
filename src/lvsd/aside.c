/*
 * A child, a pipe, and the reply that reads from it.
 *
 * The child keeps nothing of the daemon's but standard error, its end of the pipe and
 * the client's descriptor: locks and sockets belong to the daemon alone. It dies with
 * it, and with the client who asked.
 */
#include "lvsd/aside.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/xalloc.h"

#define ASIDES_MAX 4 /* at a time */
#define ASIDE_S 30   /* to live */
#define PIECE (64 * 1024)

struct aside {
	struct reply base;
	struct lvsd *l;
	pid_t pid; /* 0: it ended */
	int fd;	   /* where its answer comes from */
	bool said; /* it has begun to answer */
	struct ev_io readable;
	struct ev_child exited;
};

/* ---- the child ---- */

/* Puts FD at number AT and leaves nothing above. -1 stays what it is. */
static int move_fd(int fd, int at)
{
	return fd < 0 ? -1 : dup2(fd, at);
}

static void __attribute__((noreturn))
run_child(struct lvsd *l, pid_t parent, aside_fn *make, int passed, int out_fd)
{
	static const int signals[] = { SIGHUP, SIGTERM, SIGINT, SIGUSR1, SIGCHLD };
	FILE *out;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(EXIT_SYSTEM);
	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
		signal(signals[i], SIG_DFL);
	alarm(ASIDE_S);
	log_open("lvsd", LOG_TO_NOBODY, false);
	l->events = NULL;
	/* Copies first, so that neither is put in the place of the other. */
	passed = passed >= 0 ? fcntl(passed, F_DUPFD_CLOEXEC, 10) : -1;
	out_fd = move_fd(fcntl(out_fd, F_DUPFD_CLOEXEC, 10), STDERR_FILENO + 1);
	passed = move_fd(passed, STDERR_FILENO + 2);
	closefrom(STDERR_FILENO + (passed >= 0 ? 3 : 2));
	out = fdopen(out_fd, "w");
	if (out == NULL)
		_exit(EXIT_SYSTEM);
	if (!l->options.dry_run)
		l->ipvs = ipvs_open_kernel();
	make(l, passed, out);
	_exit(fflush(out) == 0 ? EXIT_OK : EXIT_SYSTEM);
}

/* ---- the reply ---- */

static enum reply_next aside_more(struct reply *r, struct buf *out)
{
	struct aside *a = (struct aside *)r;
	char piece[PIECE];
	ssize_t n = read(a->fd, piece, sizeof piece);

	if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
		ev_io_start(a->l->loop, &a->readable);
		return REPLY_LATER;
	}
	if (n > 0) {
		buf_add(out, piece, (size_t)n);
		a->said = true;
		return REPLY_MORE;
	}
	if (!a->said)
		buf_str(out, "{\"ok\":false,\"error\":\"the process that was to answer "
			     "ended without a word\"}\n");
	return REPLY_END;
}

static void aside_free(struct reply *r)
{
	struct aside *a = (struct aside *)r;

	ev_io_stop(a->l->loop, &a->readable);
	close(a->fd);
	a->l->asides--;
	/* The loop reaps it, whoever waits. */
	ev_child_stop(a->l->loop, &a->exited);
	if (a->pid != 0)
		kill(a->pid, SIGKILL);
	free(a);
}

static const struct reply_ops aside_ops = { aside_more, aside_free };

static void on_readable(struct ev_loop *loop, struct ev_io *w, int events)
{
	struct aside *a = w->data;

	(void)events;
	ev_io_stop(loop, w);
	a->base.ready(a->base.writer);
}

static void on_exit_of_child(struct ev_loop *loop, struct ev_child *w, int events)
{
	struct aside *a = w->data;

	(void)events;
	ev_child_stop(loop, w);
	a->pid = 0;
	if (WIFSIGNALED(w->rstatus))
		log_warnx("a process that made an answer was killed by signal %d pid=%d",
		    WTERMSIG(w->rstatus), w->rpid);
}

struct reply *aside_reply(struct lvsd *l, aside_fn *make, int fd)
{
	pid_t parent = getpid(), pid;
	struct aside *a;
	int fds[2];

	if (l->asides >= ASIDES_MAX) {
		errno = EAGAIN;
		return NULL;
	}
	if (pipe2(fds, O_CLOEXEC) < 0)
		return NULL;
	pid = fork();
	if (pid == 0)
		run_child(l, parent, make, fd, fds[1]);
	close(fds[1]);
	if (pid < 0) {
		close(fds[0]);
		return NULL;
	}
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	l->asides++;
	a = xcalloc(1, sizeof *a);
	a->base.ops = &aside_ops;
	a->l = l;
	a->pid = pid;
	a->fd = fds[0];
	ev_io_init(&a->readable, on_readable, a->fd, EV_READ);
	ev_child_init(&a->exited, on_exit_of_child, pid, 0);
	a->readable.data = a->exited.data = a;
	ev_child_start(l->loop, &a->exited);
	return &a->base;
}
