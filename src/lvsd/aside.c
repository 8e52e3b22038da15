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
#include "lvsd/events.h"

#define ASIDES_MAX 4 /* at a time; one place is the operators' */
#define ASIDE_S 30   /* to live */
#define CHILD_NICE 5 /* a lone processor is the loop's first */
#define PIECE (64 * 1024)

struct aside {
	struct reply base;
	TAILQ_ENTRY(aside) entry; /* in asides.waiting, if it waits */
	struct lvsd *l;
	aside_fn *make;
	bool for_operator;
	int passed; /* that came with the request, our own copy; -1: none */
	int fd;	    /* where its answer comes from; -1: it waits for its turn */
	pid_t pid;  /* 0: it waits, or has ended */
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

/* Should memory run out, then it is this process that has too much of it. */
static void be_first_to_go(void)
{
	static const char score[] = "1000\n";
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, score, sizeof score - 1) < 0)
		log_debug("the memory of an answer counts as the daemon's");
	close(fd);
}

static void __attribute__((noreturn)) run_child(struct aside *a, pid_t parent, int out_fd)
{
	static const int signals[] = { SIGHUP, SIGTERM, SIGINT, SIGUSR1, SIGCHLD };
	struct lvsd *l = a->l;
	int passed;
	FILE *out;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(EXIT_SYSTEM);
	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
		signal(signals[i], SIG_DFL);
	alarm(ASIDE_S);
	be_first_to_go();
	if (nice(CHILD_NICE) < 0)
		log_debug("an answer is made at the daemon's priority");
	log_open("lvsd", LOG_TO_NOBODY, false);
	/* Nobody hears of what this process does, and a netlink socket has one reader. */
	events_free(l->events);
	l->events = NULL;
	if (!l->options.dry_run)
		ipvs_close(l->ipvs);
	/* Copies first, so that neither is put in the place of the other. */
	passed = a->passed >= 0 ? fcntl(a->passed, F_DUPFD_CLOEXEC, 10) : -1;
	out_fd = move_fd(fcntl(out_fd, F_DUPFD_CLOEXEC, 10), STDERR_FILENO + 1);
	passed = move_fd(passed, STDERR_FILENO + 2);
	closefrom(STDERR_FILENO + (passed >= 0 ? 3 : 2));
	out = fdopen(out_fd, "w");
	if (out == NULL)
		_exit(EXIT_SYSTEM);
	if (!l->options.dry_run)
		l->ipvs = ipvs_open_kernel();
	a->make(l, passed, out);
	_exit(fflush(out) == 0 ? EXIT_OK : EXIT_SYSTEM);
}

/* ---- the reply ---- */

static bool start(struct aside *a)
{
	pid_t parent = getpid();
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return false;
	turn_does(&a->l->turns, "starting a process for an answer");
	a->pid = fork();
	if (a->pid == 0)
		run_child(a, parent, fds[1]);
	close(fds[1]);
	if (a->pid < 0) {
		a->pid = 0;
		close(fds[0]);
		return false;
	}
	a->l->asides.running++;
	a->fd = fds[0];
	fcntl(a->fd, F_SETFL, O_NONBLOCK);
	ev_io_set(&a->readable, a->fd, EV_READ);
	ev_child_set(&a->exited, a->pid, 0);
	ev_child_start(a->l->loop, &a->exited);
	return true;
}

static enum reply_next fail(struct buf *out, const char *why)
{
	buf_printf(out, "{\"ok\":false,\"error\":\"%s\"}\n", why);
	return REPLY_END;
}

/* Readers, who may have so many connections and need not read, leave one place. */
static bool may_start(const struct aside *a)
{
	return a->l->asides.running < (a->for_operator ? ASIDES_MAX : ASIDES_MAX - 1);
}

static enum reply_next aside_more(struct reply *r, struct buf *out)
{
	struct aside *a = (struct aside *)r;
	struct asides *all = &a->l->asides;
	char piece[PIECE];
	ssize_t n;

	if (a->fd < 0) {
		if (!may_start(a))
			return REPLY_LATER;
		TAILQ_REMOVE(&all->waiting, a, entry);
		if (!start(a)) {
			log_warn("cannot start a process for an answer");
			TAILQ_INSERT_HEAD(&all->waiting, a, entry);
			return fail(out, "no process can be started for the answer");
		}
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
	return a->said ? REPLY_END
		       : fail(out, "the process that was to answer ended without a word");
}

static void aside_free(struct reply *r)
{
	struct aside *a = (struct aside *)r, *next;
	struct asides *all = &a->l->asides;

	ev_io_stop(a->l->loop, &a->readable);
	/* The loop reaps it, whoever waits. */
	ev_child_stop(a->l->loop, &a->exited);
	if (a->pid != 0)
		kill(a->pid, SIGKILL);
	if (a->passed >= 0)
		close(a->passed);
	if (a->fd >= 0) {
		close(a->fd);
		all->running--;
	} else {
		TAILQ_REMOVE(&all->waiting, a, entry);
	}
	free(a);
	/* All, for the place may not be for the first. */
	TAILQ_FOREACH (next, &all->waiting, entry)
		next->base.ready(next->base.writer);
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

void aside_init(struct asides *a)
{
	a->running = 0;
	TAILQ_INIT(&a->waiting);
}

struct reply *aside_reply(struct lvsd *l, aside_fn *make, int fd, bool for_operator)
{
	struct aside *a = xcalloc(1, sizeof *a);

	a->base.ops = &aside_ops;
	a->l = l;
	a->make = make;
	a->for_operator = for_operator;
	a->fd = -1;
	a->passed = fd >= 0 ? fcntl(fd, F_DUPFD_CLOEXEC, 0) : -1;
	ev_io_init(&a->readable, on_readable, -1, EV_READ);
	ev_child_init(&a->exited, on_exit_of_child, 0, 0);
	a->readable.data = a->exited.data = a;
	TAILQ_INSERT_TAIL(&l->asides.waiting, a, entry);
	return &a->base;
}
