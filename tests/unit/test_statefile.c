/*
 * statefile: which save is over when, what a record has of changes that come while it is
 * made, and what becomes of it when its writer dies.
 *
 * The writer is one of ours, which takes as much as it is told to take, and answers when
 * it is told to; the process behind it is there to be killed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/mono.h"
#include "lvsd/control.h"
#include "lvsd/marking.h"
#include "lvsd/record.h"
#include "lvsd/statefile.h"
#include "lvsd/sync.h"
#include "lvsd/writer.h"
#include "tests/plan/call.h"

#define DIRECTORS 400
#define SERVERS 15
#define PIECE_MAX (64 * 1024 + 2000) /* what was begun when it was full is in it */
#define LONG_US 60000000ull	     /* nothing here takes as long */

/* ---- the writer ---- */

static struct {
	int far_end;
	size_t room; /* so many bytes it takes */
	bool no_process;
	size_t began, ended, started;
	size_t took_at_once, took_at_most; /* in a turn */
	struct buf text;
	uint64_t saved; /* who waits was told of this one last */
} fake;

bool __wrap_writer_start(struct writer *w, struct lvsd *l);
bool __wrap_writer_tell(
    const struct writer *w, enum writer_word word, const void *bytes, size_t len);
void __wrap_control_saved(struct control *c, uint64_t saved);

bool __wrap_writer_start(struct writer *w, struct lvsd *l)
{
	int fds[2];

	(void)l;
	assert_int_equal(w->pid, 0);
	if (fake.no_process) {
		errno = EAGAIN;
		return false;
	}
	if (fake.started++ > 0)
		close(fake.far_end);
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds),
	    0);
	*w = (struct writer){ .pid = fork(), .fd = fds[0] };
	fake.far_end = fds[1];
	if (w->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	return true;
}

bool __wrap_writer_tell(
    const struct writer *w, enum writer_word word, const void *bytes, size_t len)
{
	assert_true(w->pid > 0);
	assert_true(len <= WRITER_BYTES_MAX);
	if (fake.room < len || fake.room == 0) {
		errno = EAGAIN;
		return false;
	}
	fake.room -= len;
	switch (word) {
	case WRITER_BEGIN:
		assert_memory_equal(bytes, "/none", len);
		fake.began++;
		fake.text.len = 0;
		break;
	case WRITER_BYTES:
		buf_add(&fake.text, bytes, len);
		fake.took_at_once += len;
		break;
	case WRITER_END:
		fake.ended++;
		break;
	}
	return true;
}

void __wrap_control_saved(struct control *c, uint64_t saved)
{
	(void)c;
	assert_true(saved > fake.saved);
	fake.saved = saved;
}

static void answer(int error)
{
	assert_int_equal(
	    send(fake.far_end, &error, sizeof error, 0), (ssize_t)sizeof error);
}

/* What was written last. The caller owns it. */
static json_t *written(void)
{
	json_error_t why;
	char error[200];
	json_t *root =
	    json_loadb(fake.text.data, fake.text.len, JSON_REJECT_DUPLICATES, &why);

	if (root == NULL)
		fail_msg("line %d: %s", why.line, why.text);
	if (!record_check(root, error, sizeof error))
		fail_msg("%s", error);
	return root;
}

static int weight_of(const char *director, const char *server)
{
	json_t *root = written();
	json_t *o = json_object_get(json_object_get(root, "servers"), director);
	int weight = (int)json_integer_value(
	    json_object_get(json_object_get(o, server), "weight"));

	json_decref(root);
	return weight;
}

/* ---- the daemon ---- */

struct daemon {
	struct lvsd l;
	struct sync_state sync;
};

/* Directors FIRST to LAST, in that order, all of whose servers have a weight. */
static struct state *make_state(int first, int last)
{
	static const struct ipvs_table none;
	static const struct decision heavy = { .has_weight = true, .weight = 7 };
	struct buf text = { 0 };
	int step = first < last ? 1 : -1;
	struct state *s;

	for (int i = first; i != last + step; i += step) {
		buf_printf(
		    &text, "director d%d 10.9.%d.%d:80\n", i, i / 200, i % 200 + 1);
		for (int j = 0; j < SERVERS; j++)
			buf_printf(&text,
			    " server a-server-of-this-long-name-%d "
			    "10.2.0.%d:80\n",
			    j, j + 1);
	}
	s = state_build(call_conf(text.data), NULL, &none, 1);
	for (size_t i = 0; i < s->n_servers; i++)
		state_decide(&s->servers[i], &heavy);
	buf_fini(&text);
	return s;
}

static int set_up(void **state)
{
	struct daemon *d = calloc(1, sizeof *d);

	memset(&fake, 0, sizeof fake);
	fake.room = SIZE_MAX;
	d->l.loop = ev_default_loop(0);
	d->l.options.dry_run = true;
	d->l.sync = &d->sync;
	d->l.state = make_state(0, DIRECTORS - 1);
	d->l.configuration = 1;
	settings_init(&d->l.settings);
	d->l.marking = marking_new(&d->l, NULL, false);
	d->l.statefile = statefile_new(&d->l, "/none");
	*state = d;
	return 0;
}

static int tear_down(void **state)
{
	struct daemon *d = *state;

	statefile_free(d->l.statefile);
	assert_int_equal(d->l.writer.pid, 0);
	marking_free(d->l.marking);
	state_free(d->l.state);
	free(d->l.owned.ids);
	buf_fini(&fake.text);
	if (fake.started > 0)
		close(fake.far_end);
	free(d);
	return 0;
}

static void turns(struct daemon *d, int n)
{
	for (int i = 0; i < n; i++) {
		fake.took_at_once = 0;
		ev_run(d->l.loop, EVRUN_NOWAIT);
		if (fake.took_at_once > fake.took_at_most)
			fake.took_at_most = fake.took_at_once;
	}
}

/* Until *COUNT is N. */
static void until(struct daemon *d, const size_t *count, size_t n)
{
	uint64_t begun_us = mono_us();

	while (*count < n) {
		assert_true(mono_us() - begun_us < LONG_US);
		turns(d, 1);
	}
	assert_int_equal(*count, n);
}

static void until_saved(struct daemon *d, uint64_t n)
{
	uint64_t begun_us = mono_us();

	while (statefile_saved(d->l.statefile) < n) {
		assert_true(mono_us() - begun_us < LONG_US);
		turns(d, 1);
	}
	assert_int_equal(fake.saved, n);
	assert_int_equal(statefile_saved(d->l.statefile), n);
}

static void decide(struct daemon *d, size_t director, uint16_t weight)
{
	state_decide(&d->l.state->directors[director].servers[0],
	    &(struct decision){ .has_weight = true, .weight = weight });
}

/* ---- the tests ---- */

static void one_save(void **state)
{
	struct daemon *d = *state;
	struct statefile *f = d->l.statefile;
	json_t *root;

	assert_int_equal(statefile_save(f), 1);
	until(d, &fake.ended, 1);
	turns(d, 3);
	assert_int_equal(statefile_saved(f), 0);
	assert_int_equal(d->l.owned.n, 0);
	root = written();
	assert_int_equal(json_array_size(json_object_get(root, "services")), DIRECTORS);
	assert_int_equal(json_object_size(json_object_get(root, "servers")), DIRECTORS);
	json_decref(root);
	answer(0);
	until_saved(d, 1);
	assert_int_equal(d->l.owned.n, DIRECTORS);
	assert_null(statefile_error(f));
	turns(d, 3);
	assert_int_equal(fake.began, 1);
	/* A piece a turn, whatever the socket would take. */
	assert_in_range(fake.took_at_most, 1, PIECE_MAX);
	assert_true(fake.text.len > 3 * PIECE_MAX);
}

/* It counts for nobody who asks while it is made, nor while it is written. */
static void during_another(void **state)
{
	struct daemon *d = *state;
	struct statefile *f = d->l.statefile;

	fake.room = 200000;
	statefile_save(f);
	turns(d, 20);
	assert_int_equal(fake.began, 1);
	assert_int_equal(fake.ended, 0);
	decide(d, 0, 99); /* that part is made */
	assert_int_equal(statefile_save(f), 2);
	fake.room = SIZE_MAX;
	until(d, &fake.ended, 1);
	assert_int_equal(weight_of("d0", "a-server-of-this-long-name-0"), 7);
	assert_int_equal(statefile_save(f), 3);
	assert_int_equal(statefile_save(f), 4);
	answer(0);
	until_saved(d, 1);
	until(d, &fake.ended, 2);
	assert_int_equal(weight_of("d0", "a-server-of-this-long-name-0"), 99);
	assert_int_equal(statefile_saved(f), 1);
	answer(0);
	until_saved(d, 4);
	turns(d, 3);
	assert_int_equal(fake.began, 2);
}

/* The new one has other directors, in another order, and the old state is gone. */
static void reload_in_the_middle(void **state)
{
	struct daemon *d = *state;
	json_t *root;

	fake.room = 200000;
	statefile_save(d->l.statefile);
	turns(d, 20);
	assert_int_equal(fake.began, 1);
	assert_int_equal(fake.ended, 0);
	state_free(d->l.state);
	d->l.state = make_state(DIRECTORS - 1, 100);
	d->l.configuration++;
	fake.room = SIZE_MAX;
	until(d, &fake.ended, 1);
	assert_int_equal(fake.began, 2);
	root = written();
	assert_int_equal(
	    json_array_size(json_object_get(root, "services")), DIRECTORS - 100);
	assert_int_equal(
	    json_object_size(json_object_get(root, "servers")), DIRECTORS - 100);
	json_decref(root);
	answer(0);
	until_saved(d, 1);
	assert_int_equal(d->l.owned.n, DIRECTORS - 100);
}

static void no_room_on_disk(void **state)
{
	struct daemon *d = *state;
	struct statefile *f = d->l.statefile;

	statefile_save(f);
	until(d, &fake.ended, 1);
	answer(ENOSPC);
	until_saved(d, 1);
	assert_string_equal(statefile_error(f), strerror(ENOSPC));
	assert_int_equal(d->l.owned.n, 0); /* it is not on disk */
	statefile_save(f);
	until(d, &fake.ended, 2);
	answer(0);
	until_saved(d, 2);
	assert_null(statefile_error(f));
	assert_int_equal(d->l.owned.n, DIRECTORS);
}

static void writer_dies(void **state)
{
	struct daemon *d = *state;
	struct statefile *f = d->l.statefile;

	/* In the middle: another one makes it anew. */
	fake.room = 200000;
	statefile_save(f);
	turns(d, 20);
	assert_int_equal(fake.ended, 0);
	kill(d->l.writer.pid, SIGKILL);
	fake.room = 0;
	until(d, &fake.started, 2);
	fake.room = SIZE_MAX;
	until(d, &fake.ended, 1);
	assert_int_equal(fake.began, 2);
	/* With all of it, and before it has answered. */
	kill(d->l.writer.pid, SIGKILL);
	until(d, &fake.ended, 2);
	assert_int_equal(fake.started, 3);
	assert_int_equal(statefile_saved(f), 0);
	answer(0);
	until_saved(d, 1);
	assert_null(statefile_error(f));
	/* With nothing to do: the next save starts one. */
	kill(d->l.writer.pid, SIGKILL);
	for (uint64_t begun_us = mono_us(); d->l.writer.pid != 0; turns(d, 1))
		assert_true(mono_us() - begun_us < LONG_US);
	statefile_save(f);
	until(d, &fake.ended, 3);
	answer(0);
	until_saved(d, 2);
	assert_int_equal(fake.started, 4);
}

/* Who waits is told, and nobody tries for ever. */
static void all_writers_die(void **state)
{
	struct daemon *d = *state;
	struct statefile *f = d->l.statefile;

	statefile_save(f);
	for (size_t i = 1; i <= 3; i++) {
		until(d, &fake.ended, i);
		assert_int_equal(statefile_saved(f), 0);
		kill(d->l.writer.pid, SIGKILL);
	}
	until_saved(d, 1);
	assert_string_equal(statefile_error(f), strerror(EIO));
	turns(d, 10);
	assert_int_equal(fake.started, 3);
	statefile_save(f);
	until(d, &fake.ended, 4);
	answer(0);
	until_saved(d, 2);
	assert_null(statefile_error(f));
}

static void no_process(void **state)
{
	struct daemon *d = *state;
	struct statefile *f = d->l.statefile;

	fake.no_process = true;
	assert_int_equal(statefile_save(f), 1);
	assert_int_equal(statefile_saved(f), 0); /* not from within the request */
	until_saved(d, 1);
	assert_string_equal(statefile_error(f), strerror(EAGAIN));
	fake.no_process = false;
	statefile_save(f);
	until(d, &fake.ended, 1);
	answer(0);
	until_saved(d, 2);
	assert_null(statefile_error(f));
}

/* Not when the turn began, which may have had a reload before. */
static void time_begins_when_asked(void **state)
{
	struct daemon *d = *state;
	ev_tstamp turn;

	turns(d, 1);
	turn = ev_now(d->l.loop);
	while (ev_time() < turn + .001)
		poll(NULL, 0, 1);
	statefile_save(d->l.statefile);
	assert_true(ev_now(d->l.loop) > turn);
	until(d, &fake.ended, 1);
	answer(0);
	until_saved(d, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(one_save, set_up, tear_down),
		cmocka_unit_test_setup_teardown(during_another, set_up, tear_down),
		cmocka_unit_test_setup_teardown(reload_in_the_middle, set_up, tear_down),
		cmocka_unit_test_setup_teardown(no_room_on_disk, set_up, tear_down),
		cmocka_unit_test_setup_teardown(writer_dies, set_up, tear_down),
		cmocka_unit_test_setup_teardown(all_writers_die, set_up, tear_down),
		cmocka_unit_test_setup_teardown(no_process, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    time_begins_when_asked, set_up, tear_down),
	};

	log_open("lvsd", LOG_TO_NOBODY, false);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
