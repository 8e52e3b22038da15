/*
 * writer: a file is whole or not there, whenever it is killed; never two of them; and the
 * next daemon waits for the one of the last.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/xalloc.h"
#include "lvsd/lvsd.h"
#include "lvsd/newfile.h"
#include "lvsd/writer.h"

#define LONG_S 60. /* nothing here takes as long */

/* A directory, and the file in it that is written. */
struct place {
	char dir[32];
	char *path, *lock, *writer;
	int daemon; /* holds the daemon's lock */
};

/* The daemon has its lock all the time, as NFS has it: all bytes of the file. */
static int set_up(void **state)
{
	struct flock all = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	struct place *p = xcalloc(1, sizeof *p);

	strcpy(p->dir, "/tmp/lvsd-writer.XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	p->path = xasprintf("%s/state", p->dir);
	p->lock = xasprintf("%s.lock", p->path);
	p->writer = xasprintf("%s.writer", p->path);
	p->daemon = open(p->lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(fcntl(p->daemon, F_OFD_SETLK, &all), 0);
	*state = p;
	return 0;
}

static int tear_down(void **state)
{
	struct place *p = *state;
	char *fresh = xasprintf("%s.new", p->path);

	unlink(p->path);
	unlink(fresh);
	unlink(p->lock);
	unlink(p->writer);
	assert_int_equal(rmdir(p->dir), 0);
	close(p->daemon);
	free(fresh);
	free(p->lock);
	free(p->writer);
	free(p->path);
	free(p);
	return 0;
}

static void start(struct writer *w)
{
	static struct lvsd l;

	assert_true(writer_start(w, &l));
}

/* Tells it, however long it takes to listen. */
static void tell(const struct writer *w, enum writer_word word, const char *bytes)
{
	struct pollfd room = { .fd = w->fd, .events = POLLOUT };

	while (!writer_tell(w, word, bytes, strlen(bytes))) {
		assert_int_equal(errno, EAGAIN);
		assert_int_equal(poll(&room, 1, (int)(LONG_S * 1000)), 1);
	}
}

static int answer(const struct writer *w)
{
	struct pollfd said = { .fd = w->fd, .events = POLLIN };
	int error;

	assert_int_equal(poll(&said, 1, (int)(LONG_S * 1000)), 1);
	assert_true(writer_answer(w, &error));
	return error;
}

/* What PATH holds; "" when it is not there. */
static const char *content(const char *path)
{
	static char text[200];
	FILE *in = fopen(path, "r");

	text[0] = '\0';
	if (in == NULL)
		return text;
	text[fread(text, 1, sizeof text - 1, in)] = '\0';
	fclose(in);
	return text;
}

static void wait_until_there(const char *path)
{
	for (double s = 0; access(path, F_OK) < 0; s += .002) {
		assert_true(s < LONG_S);
		poll(NULL, 0, 2);
	}
}

static void whole_or_not(void **state)
{
	const struct place *p = *state;
	char *fresh = xasprintf("%s.new", p->path);
	struct writer w = { 0 };
	struct stat st;
	int error;

	start(&w);
	tell(&w, WRITER_BEGIN, p->path);
	tell(&w, WRITER_BYTES, "one ");
	tell(&w, WRITER_BYTES, "two");
	assert_false(writer_answer(&w, &error));
	assert_int_equal(errno, EAGAIN);
	assert_string_equal(content(p->path), "");
	tell(&w, WRITER_END, "");
	assert_int_equal(answer(&w), 0);
	assert_string_equal(content(p->path), "one two");
	assert_int_equal(stat(p->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);

	/* One that is begun anew is not the rest of the one before. */
	tell(&w, WRITER_BEGIN, p->path);
	tell(&w, WRITER_BYTES, "void ");
	tell(&w, WRITER_BEGIN, p->path);
	tell(&w, WRITER_BYTES, "three");
	tell(&w, WRITER_END, "");
	assert_int_equal(answer(&w), 0);
	assert_string_equal(content(p->path), "three");

	/* Killed, or alone, in the middle. */
	tell(&w, WRITER_BEGIN, p->path);
	tell(&w, WRITER_BYTES, "four");
	wait_until_there(fresh);
	assert_true(writer_kill(&w, LONG_S));
	assert_int_equal(w.pid, 0);
	assert_string_equal(content(p->path), "three");
	start(&w);
	tell(&w, WRITER_BEGIN, p->path);
	tell(&w, WRITER_BYTES, "five");
	close(w.fd);
	assert_int_equal(waitpid(w.pid, &error, 0), w.pid);
	assert_true(WIFEXITED(error) && WEXITSTATUS(error) == 0);
	assert_string_equal(content(p->path), "three");
	free(fresh);
}

static void tells_why(void **state)
{
	const struct place *p = *state;
	char *nowhere = xasprintf("%s/none/state", p->dir), *fresh;
	struct writer w = { 0 };
	int error;

	start(&w);
	tell(&w, WRITER_BEGIN, nowhere);
	tell(&w, WRITER_BYTES, "one");
	tell(&w, WRITER_END, "");
	assert_int_equal(answer(&w), ENOENT);
	tell(&w, WRITER_BEGIN, p->dir); /* which is no file */
	tell(&w, WRITER_BYTES, "one");
	tell(&w, WRITER_END, "");
	assert_int_equal(answer(&w), EISDIR);
	fresh = xasprintf("%s.new", p->dir);
	assert_int_equal(access(fresh, F_OK), -1);
	/* The next is as good as any. */
	tell(&w, WRITER_BEGIN, p->path);
	tell(&w, WRITER_BYTES, "two");
	tell(&w, WRITER_END, "");
	assert_int_equal(answer(&w), 0);
	assert_string_equal(content(p->path), "two");

	kill(w.pid, SIGKILL);
	assert_int_equal(waitpid(w.pid, NULL, 0), w.pid);
	assert_false(writer_answer(&w, &error));
	assert_int_equal(errno, EPIPE);
	assert_false(writer_tell(&w, WRITER_END, "", 0));
	assert_int_equal(errno, EPIPE);
	writer_ended(&w);
	free(fresh);
	free(nowhere);
}

/* A daemon that died left a writer that does not come on. */
static void one_at_a_time(void **state)
{
	const struct place *p = *state;
	char *fresh = xasprintf("%s.new", p->path);
	struct writer late = { 0 }, w = { 0 };
	struct pollfd said;

	assert_true(writer_await(p->path, 0.));
	start(&late);
	tell(&late, WRITER_BEGIN, p->path);
	tell(&late, WRITER_BYTES, "late");
	wait_until_there(fresh);
	kill(late.pid, SIGSTOP);
	assert_false(writer_await(p->path, .05));

	start(&w);
	tell(&w, WRITER_BEGIN, p->path);
	tell(&w, WRITER_BYTES, "new");
	tell(&w, WRITER_END, "");
	said = (struct pollfd){ .fd = w.fd, .events = POLLIN };
	assert_int_equal(poll(&said, 1, 100), 0);
	kill(late.pid, SIGCONT);
	tell(&late, WRITER_END, "");
	assert_int_equal(answer(&late), 0);
	assert_true(writer_kill(&late, LONG_S));
	assert_int_equal(answer(&w), 0);
	assert_string_equal(content(p->path), "new");
	assert_true(writer_kill(&w, LONG_S));
	assert_true(writer_await(p->path, LONG_S));
	free(fresh);
}

/* It does not outlive who forked it, stopped or not. */
static void dies_with_its_parent(void **state)
{
	const struct place *p = *state;
	char *fresh = xasprintf("%s.new", p->path);
	pid_t daemon = fork();

	if (daemon == 0) {
		struct writer w = { 0 };

		start(&w);
		tell(&w, WRITER_BEGIN, p->path);
		tell(&w, WRITER_BYTES, "one");
		wait_until_there(fresh);
		kill(w.pid, SIGSTOP);
		kill(getpid(), SIGKILL);
	}
	assert_int_equal(waitpid(daemon, NULL, 0), daemon);
	assert_true(writer_await(p->path, LONG_S));
	assert_string_equal(content(p->path), "");
	free(fresh);
}

int main(int argc, char **argv, char **envp)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(whole_or_not, set_up, tear_down),
		cmocka_unit_test_setup_teardown(tells_why, set_up, tear_down),
		cmocka_unit_test_setup_teardown(one_at_a_time, set_up, tear_down),
		cmocka_unit_test_setup_teardown(dies_with_its_parent, set_up, tear_down),
	};

	setproctitle_init(argc, argv, envp);
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
