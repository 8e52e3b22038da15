/*
 * The process's side of the daemon: background, locks, rights, signals.
 *
 * Locks are flock()s on files: they go with the process, however it ends. What
 * belongs to the process and not to its work (the parent that waits, the pid
 * file) is the one static structure here.
 */
#include "lvsd/daemon.h"

#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <libutil.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/xalloc.h"
#include "lvsd/children.h"
#include "lvsd/path.h"
#include "lvsd/reconcile.h"
#include "lvsd/reload.h"
#include "lvsd/show.h"
#include "lvsd/statefile.h"
#include "lvsd/tick.h"

/* What outlives a function but belongs to the process, not to its work. */
static struct {
	int ready_fd; /* to the parent of -D; -1: none waits */
	struct pidfh *pidfile;
} process = { .ready_fd = -1 };

/* ---- failing, forking ---- */

void daemon_fail(enum exit_status status, const char *fmt, ...)
{
	unsigned char byte = (unsigned char)status;
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (text[0] != '\0')
		fprintf(stderr, "lvsd: %s\n", text);
	if (process.ready_fd >= 0) {
		if (write(process.ready_fd, &byte, 1) < 0)
			exit(status);
	}
	if (process.pidfile != NULL)
		pidfile_remove(process.pidfile);
	exit(status);
}

/* In the parent: its end is the child's start. */
static void __attribute__((noreturn)) wait_for_child(int fd)
{
	unsigned char byte = EXIT_SYSTEM;
	ssize_t n;

	do
		n = read(fd, &byte, 1);
	while (n < 0 && errno == EINTR);
	_exit(n == 1 ? byte : EXIT_SYSTEM);
}

void daemon_fork(void)
{
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		daemon_fail(EXIT_SYSTEM, "cannot make a pipe: %s", strerror(errno));
	pid = fork();
	if (pid < 0)
		daemon_fail(EXIT_SYSTEM, "cannot fork: %s", strerror(errno));
	close(fds[pid == 0 ? 0 : 1]);
	if (pid > 0)
		wait_for_child(fds[0]);
	process.ready_fd = fds[1];
	setsid();
}

void daemon_ready(struct lvsd *l)
{
	unsigned char byte = EXIT_OK;
	int null;

	if (process.pidfile != NULL)
		pidfile_write(process.pidfile);
	if (process.ready_fd < 0)
		return;
	log_open("lvsd", LOG_TO_SYSLOG, l->options.verbose);
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null >= 0) {
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		close(null);
	}
	if (chdir("/") < 0)
		log_warn("cannot change to /");
	if (write(process.ready_fd, &byte, 1) < 0)
		log_warn("nobody waits for the start");
	close(process.ready_fd);
	process.ready_fd = -1;
}

/* ---- locks ---- */

/* Locks the file PATH, making it and its directory; held until the end. */
static void lock_path(const char *path, const char *what)
{
	int fd;

	path_make_parent(path);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		daemon_fail(EXIT_SOCKET, "cannot open %s: %s", path, strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		daemon_fail(EXIT_RUNNING,
		    "another lvsd is running %s; stop it first (lock %s)", what, path);
}

static void lock_pidfile(const char *path)
{
	pid_t other = 0;

	process.pidfile = pidfile_open(path, 0644, &other);
	if (process.pidfile != NULL)
		return;
	if (errno == EEXIST)
		daemon_fail(EXIT_RUNNING,
		    "another lvsd is running with pid %d; stop it first (lock %s)",
		    (int)other, path);
	daemon_fail(
	    EXIT_SOCKET, "cannot make the pid file %s: %s", path, strerror(errno));
}

void daemon_lock(struct lvsd *l, const struct conf *conf)
{
	struct stat ns;
	char *path, *state;

	if (!l->options.dry_run && stat("/proc/self/ns/net", &ns) == 0) {
		capng_get_caps_process();
		if (!capng_have_capability(CAPNG_EFFECTIVE, CAP_NET_ADMIN))
			return; /* it will not be allowed to do anything */
		path = xasprintf("%s/netns-%lu.lock", RUNDIR, (unsigned long)ns.st_ino);
		lock_path(path, "in this network namespace");
		free(path);
	}
	state = statefile_path(&l->options, conf);
	path = xasprintf("%s.lock", state);
	lock_path(path, "with this state file");
	free(path);
	free(state);
	if (l->options.pidfile != NULL)
		lock_pidfile(l->options.pidfile);
}

void daemon_unlock(void)
{
	if (process.pidfile != NULL)
		pidfile_remove(process.pidfile);
	process.pidfile = NULL;
}

/* ---- rights ---- */

bool daemon_probe(struct ipvs *ipvs)
{
	struct ipvs_table t = { 0 };
	bool may = ipvs_read_services(ipvs, &t);
	int error = errno;

	ipvs_table_fini(&t);
	errno = error;
	return may;
}

/*
 * NET_ADMIN programs IPVS; NET_RAW, SETUID, SETGID and SETPCAP are for the
 * next checker, which opens raw sockets and then gives up everything; KILL
 * ends it; CHOWN is for the sockets.
 */
void daemon_limit_rights(void)
{
	if (geteuid() != 0)
		return;
	capng_clear(CAPNG_SELECT_BOTH);
	capng_updatev(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_BOUNDING_SET,
	    CAP_NET_ADMIN, CAP_NET_RAW, CAP_SETUID, CAP_SETGID, CAP_SETPCAP, CAP_KILL,
	    CAP_CHOWN, -1);
	if (capng_apply(CAPNG_SELECT_BOTH) != 0)
		log_warnx("cannot give up the capabilities that are not needed");
}

/* ---- the loop ---- */

static void on_hup(struct ev_loop *loop, struct ev_signal *w, int events)
{
	(void)loop;
	(void)events;
	reload(w->data, 0);
}

static void on_usr1(struct ev_loop *loop, struct ev_signal *w, int events)
{
	(void)loop;
	(void)events;
	show_log(w->data);
}

static void on_stop(struct ev_loop *loop, struct ev_signal *w, int events)
{
	(void)events;
	log_info("stopping signal=%d", w->signum);
	ev_break(loop, EVBREAK_ALL);
}

static void on_turn_end(struct ev_loop *loop, struct ev_prepare *w, int events)
{
	struct lvsd *l = w->data;

	(void)loop;
	(void)events;
	turn_does(&l->turns, "planning");
	reconcile_dirty(l);
}

static void on_tick(struct ev_loop *loop, struct ev_timer *w, int events)
{
	struct lvsd *l = w->data;

	(void)loop;
	(void)events;
	turn_does(&l->turns, "tick");
	tick_now(l);
}

static void on_checker_restart(struct ev_loop *loop, struct ev_timer *w, int events)
{
	struct lvsd *l = w->data;

	(void)loop;
	(void)events;
	turn_does(&l->turns, "starting the checker");
	checker_start(l);
}

void daemon_watch(struct lvsd *l)
{
	ev_signal_init(&l->hup, on_hup, SIGHUP);
	ev_signal_init(&l->term, on_stop, SIGTERM);
	ev_signal_init(&l->intr, on_stop, SIGINT);
	ev_signal_init(&l->usr1, on_usr1, SIGUSR1);
	ev_prepare_init(&l->turn_end, on_turn_end);
	ev_timer_init(&l->tick, on_tick, 1., 1.);
	ev_timer_init(&l->checker_restart, on_checker_restart, 0., 0.);
	l->hup.data = l->term.data = l->intr.data = l->usr1.data = l;
	l->turn_end.data = l->tick.data = l->checker_restart.data = l;
	ev_signal_start(l->loop, &l->hup);
	ev_signal_start(l->loop, &l->term);
	ev_signal_start(l->loop, &l->intr);
	ev_signal_start(l->loop, &l->usr1);
	ev_prepare_start(l->loop, &l->turn_end);
	turn_watch(&l->turns, l->loop);
}
