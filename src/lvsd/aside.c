/*
 * A child, a pipe, and the reply that reads from it.
 *
 * The child is started when the answer is first asked for and there is a place. It
 * keeps nothing of the daemon's but the standard descriptors, its end of the pipe and
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
#include <sys/queue.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/xalloc.h"

#define ASIDES_MAX 4 /* at a time, one of them for operators alone */
#define ASIDE_S 30   /* to live */
#define PIECE (64 * 1024)

struct aside {
	struct reply base;
	LIST_ENTRY(aside) waiting; /* in l->asides_waiting, until it is started */
	struct lvsd *l;
	aside_fn *make;
	bool for_operator;
	int passed; /* a copy of the client's descriptor until it is started; -1: none */
	pid_t pid;  /* 0: it ended, or was not started */
	int fd;	    /* where its answer comes from; -1: it is not started */
	bool said;  /* it has begun to answer */
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

/* ---- its start ---- */

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

static bool may_start(const struct aside *a)
{
	return a->l->asides < (a->for_operator ? ASIDES_MAX : ASIDES_MAX - 1);
}

/* False with errno when no process can be had. */
static bool start(struct aside *a)
{
	pid_t parent = getpid(), pid;
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return false;
	pid = fork();
	if (pid == 0)
		run_child(a->l, parent, a->make, a->passed, fds[1]);
	close(fds[1]);
	if (pid < 0) {
		close(fds[0]);
		return false;
	}
	if (a->passed >= 0)
		close(a->passed);
	a->passed = -1;
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	LIST_REMOVE(a, waiting);
	a->l->asides++;
	a->pid = pid;
	a->fd = fds[0];
	ev_io_init(&a->readable, on_readable, a->fd, EV_READ);
	ev_child_init(&a->exited, on_exit_of_child, pid, 0);
	a->readable.data = a->exited.data = a;
	ev_child_start(a->l->loop, &a->exited);
	return true;
}

/* ---- the reply ---- */

static enum reply_next refuse(struct buf *out, const char *why)
{
	buf_printf(out, "{\"ok\":false,\"error\":\"%s\"}\n", why);
	return REPLY_END;
}

static enum reply_next aside_more(struct reply *r, struct buf *out)
{
	struct aside *a = (struct aside *)r;
	char piece[PIECE];
	ssize_t n;

	if (a->fd < 0 && !may_start(a))
		return REPLY_LATER;
	if (a->fd < 0 && !start(a)) {
		log_warn("cannot start a process for an answer");
		return refuse(out, "no process can be started for the answer");
	}
	n = read(a->fd, piece, sizeof piece);
	if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
		ev_io_start(a->l->loop, &a->readable);
		return REPLY_LATER;
	}
	if (n > 0) {
		buf_add(out, piece, (size_t)n);
		a->said = true;
		return REPLY_MORE;
	}
	return a->said
		   ? REPLY_END
		   : refuse(out, "the process that was to answer ended without a word");
}

/* Gives the place of A back, to whoever waits for one. */
static void end(struct aside *a)
{
	struct lvsd *l = a->l;
	struct aside *next;

	ev_io_stop(l->loop, &a->readable);
	close(a->fd);
	/* The loop reaps it, whoever waits. */
	ev_child_stop(l->loop, &a->exited);
	if (a->pid != 0)
		kill(a->pid, SIGKILL);
	l->asides--;
	LIST_FOREACH (next, &l->asides_waiting, waiting)
		next->base.ready(next->base.writer);
}

static void aside_free(struct reply *r)
{
	struct aside *a = (struct aside *)r;

	if (a->fd >= 0)
		end(a);
	else
		LIST_REMOVE(a, waiting);
	if (a->passed >= 0)
		close(a->passed);
	free(a);
}

static const struct reply_ops aside_ops = { aside_more, aside_free };

/* Until somebody writes it nobody is to be told. */
static void no_writer(void *writer)
{
	(void)writer;
}

/* Behind all that wait. */
static void wait_in_line(struct lvsd *l, struct aside *a)
{
	struct aside *last = LIST_FIRST(&l->asides_waiting);

	if (last == NULL) {
		LIST_INSERT_HEAD(&l->asides_waiting, a, waiting);
		return;
	}
	while (LIST_NEXT(last, waiting) != NULL)
		last = LIST_NEXT(last, waiting);
	LIST_INSERT_AFTER(last, a, waiting);
}

struct reply *aside_reply(struct lvsd *l, aside_fn *make, int fd, bool for_operator)
{
	int passed = fd >= 0 ? fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1) : -1;
	struct aside *a;

	if (fd >= 0 && passed < 0)
		return NULL;
	a = xcalloc(1, sizeof *a);
	a->base.ops = &aside_ops;
	a->base.ready = no_writer;
	a->l = l;
	a->make = make;
	a->for_operator = for_operator;
	a->passed = passed;
	a->fd = -1;
	wait_in_line(l, a);
	return &a->base;
}
