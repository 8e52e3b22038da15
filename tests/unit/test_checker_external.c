/*
 * Checks that are programs: their verdicts, what they are given, and that nothing
 * of them outlives the check.
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
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check/external.h"
#include "lib/mono.h"
#include "tests/unit/checker_bench.h"

/* A directory for scripts and what they write, for everyone; one probe. */
struct scene {
	struct bench b;
	char dir[32], script[64], said[64], command[256];
};

static int setup(void **state)
{
	struct scene *s = calloc(1, sizeof *s);
	struct check_conf *check;

	strcpy(s->dir, "/tmp/lvsd-test-ext.XXXXXX");
	if (mkdtemp(s->dir) == NULL || chmod(s->dir, 0777) < 0)
		return -1;
	snprintf(s->script, sizeof s->script, "%s/check", s->dir);
	snprintf(s->said, sizeof s->said, "%s/said", s->dir);
	snprintf(s->command, sizeof s->command, "%s one  two", s->script);
	check = bench_add(&s->b, CHECK_EXTERNAL, "192.0.2.7", 8080);
	check->command = s->command;
	check->interval_ms = 60000;
	check->timeout_ms = 20000;
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	struct scene *s = *state;

	unlink(s->script);
	unlink(s->said);
	rmdir(s->dir);
	free(s);
	return 0;
}

/* The script, in SAID's directory. */
static void script(struct scene *s, const char *text)
{
	FILE *f = fopen(s->script, "w");

	assert_non_null(f);
	fprintf(f, "#!/bin/sh\nsaid=%s\n%s\n", s->said, text);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(s->script, 0755), 0);
}

/* Waits until the script has written a whole line, and returns it. */
static void wait_said(struct scene *s, char *line, size_t size)
{
	uint64_t deadline_us = mono_us() + BENCH_DEADLINE_MS * 1000;
	FILE *f;

	for (line[0] = '\0'; strchr(line, '\n') == NULL; poll(NULL, 0, 5)) {
		assert_true(mono_us() < deadline_us);
		if ((f = fopen(s->said, "r")) == NULL)
			continue;
		line[fread(line, 1, size - 1, f)] = '\0';
		fclose(f);
	}
}

/* Waits until no process has the number PID any more, or it is a zombie. */
static void wait_gone(pid_t pid)
{
	uint64_t deadline_us = mono_us() + BENCH_DEADLINE_MS * 1000;
	char path[64], stat[256], *state;
	FILE *f;

	for (;; poll(NULL, 0, 5)) {
		assert_true(mono_us() < deadline_us);
		snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
		if ((f = fopen(path, "r")) == NULL)
			return;
		stat[fread(stat, 1, sizeof stat - 1, f)] = '\0';
		fclose(f);
		state = strrchr(stat, ')');
		if (state == NULL || state[2] == 'Z' || state[2] == 'X')
			return;
	}
}

static void status_is_the_verdict(void **state)
{
	struct scene *s = *state;
	struct probe_report r;

	script(s, "exit 0");
	r = bench_once(&s->b);
	assert_int_equal(r.reason, REASON_OK);
	assert_int_equal(r.health, HEALTH_UP);
	script(s, "exit 3");
	r = bench_once(&s->b);
	assert_int_equal(r.reason, REASON_EXIT);
	assert_int_equal(r.code, 3);
	assert_int_equal(r.health, HEALTH_DOWN);
	script(s, "kill -9 $$");
	r = bench_once(&s->b);
	assert_int_equal(r.reason, REASON_EXIT);
	assert_int_equal(r.code, SIGKILL);
	assert_string_equal(r.text, "killed by a signal");
}

/* The last line of what it writes, on whichever descriptor, and however much. */
static void last_line(void **state)
{
	static const struct {
		const char *script, *text;
	} rows[] = {
		{ "echo one\necho two", "two" },
		{ "echo out\necho err >&2\nexit 3", "err" },
		{ "printf 'no end of line'", "no end of line" },
		{ "printf 'one\\r\\n\\n\\n'", "one" },
		{ "printf 'a\\001b\\n'", "a\\x01b" },
		{ "yes | head -c 1000000\necho end", "end" },
		{ "head -c 1000000 /dev/zero | tr '\\0' x",
		    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" },
		{ "", "" },
	};
	struct scene *s = *state;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		script(s, rows[i].script);
		assert_string_equal(bench_once(&s->b).text, rows[i].text);
	}
}

/* Words, environment and descriptors: what is told here and nothing else. */
static void what_it_is_given(void **state)
{
	struct scene *s = *state;
	char line[1024];

	/* sh itself sets PWD, OLDPWD, SHLVL and _ where they are missing. */
	script(s,
	    "ls /proc/$$/fd >$said.fd\n"
	    "echo \"$# $1 $2\" $(env | grep -Ev '^(PWD|OLDPWD|SHLVL|_)=' | sort) "
	    "$(grep -c '^[3-9]$' $said.fd) $(cat | wc -c) >$said.new\nmv $said.new $said\nrm $said.fd");
	assert_int_equal(bench_once(&s->b).reason, REASON_OK);
	wait_said(s, line, sizeof line);
	/* From 10 on they are the shell's own. */
	assert_string_equal(line,
	    "2 one two LVSD_ADDRESS=192.0.2.7 LVSD_PORT=8080 LVSD_TIMEOUT_MS=20000 "
	    "0 0\n");
}

/* At the deadline the whole group goes, a child that ignores signals, too. */
static void killed_at_the_deadline(void **state)
{
	struct scene *s = *state;
	struct probe_report r;
	char line[64];

	script(s, "trap '' TERM INT HUP\nsleep 1000 &\necho $! >$said\nwait");
	s->b.checks[0].timeout_ms = 3000; /* so long may it take a shell to start */
	bench_start(&s->b);
	r = bench_report(&s->b);
	assert_int_equal(r.reason, REASON_TIMEOUT);
	assert_true(r.duration_us >= 3000000);
	wait_said(s, line, sizeof line);
	wait_gone((pid_t)atoi(line));
	assert_int_equal(bench_stop(&s->b), 0);
}

/* What a program leaves in the background ends with it. */
static void leaves_nobody_behind(void **state)
{
	struct scene *s = *state;
	char line[64];

	script(s, "sleep 1000 &\necho $! >$said");
	bench_start(&s->b);
	assert_int_equal(bench_report(&s->b).reason, REASON_OK);
	wait_said(s, line, sizeof line);
	wait_gone((pid_t)atoi(line));
	assert_int_equal(bench_stop(&s->b), 0);
}

/* Nor do they outlive the checker, however that ends, nor a pause. */
static void ends_with_the_checker(void **state)
{
	struct scene *s = *state;
	char line[64];

	for (int how = 0; how < 3; how++) {
		script(s, "sleep 1000 &\necho $! >$said.new\nmv $said.new $said\nwait");
		bench_start(&s->b);
		wait_said(s, line, sizeof line);
		if (how == 0)
			bench_order(&s->b, 0, PROBE_PAUSE);
		if (how == 0)
			wait_gone((pid_t)atoi(line));
		if (how == 2) {
			struct pollfd p = { .fd = s->b.fd, .events = POLLRDHUP };

			assert_int_equal(kill(s->b.pid, SIGTERM), 0);
			assert_int_equal(poll(&p, 1, BENCH_DEADLINE_MS), 1);
		}
		assert_int_equal(bench_stop(&s->b), how == 2 ? SIGTERM : 0);
		wait_gone((pid_t)atoi(line));
		unlink(s->said);
	}
}

/* That it cannot be run says nothing of the server. */
static void cannot_be_run(void **state)
{
	struct scene *s = *state;
	struct probe_report r;

	s->b.probes[0].health = health_assumed(true, 1, 1);
	r = bench_once(&s->b);
	assert_int_equal(r.reason, REASON_LOCAL_OTHER);
	assert_int_equal(r.code, ENOENT);
	assert_int_equal(r.health, HEALTH_UP);
	script(s, "");
	assert_int_equal(chmod(s->script, 0644), 0);
	r = bench_once(&s->b);
	assert_int_equal(r.reason, REASON_LOCAL_PERMISSION);
	assert_int_equal(r.health, HEALTH_UP);
}

/* No more than EXTERNAL_MAX at a time; each gets its turn. */
static void bounded(void **state)
{
	static struct check_conf check;
	static struct probe probes[EXTERNAL_MAX + 8];
	struct scene *s = *state;
	size_t n = sizeof probes / sizeof *probes, reports = 0;
	unsigned most = 0;
	char line[8192];
	FILE *f;

	script(s, "echo start >>$said\nsleep 0.3\necho end >>$said");
	check = s->b.checks[0];
	check.fastinter_ms = check.downinter_ms = check.interval_ms;
	for (size_t i = 0; i < n; i++) {
		probes[i] = s->b.probes[0];
		probes[i].check = &check;
		probes[i].port = (uint16_t)(i + 1);
	}
	bench_start_probes(&s->b, probes, n);
	while (reports < n) {
		struct probe_report r;

		bench_readable(s->b.fd);
		if (recv(s->b.fd, &r, sizeof r, 0) != sizeof r)
			continue;
		assert_int_equal(r.reason, REASON_OK);
		reports++;
	}
	assert_int_equal(bench_stop(&s->b), 0);
	f = fopen(s->said, "r");
	assert_non_null(f);
	for (unsigned running = 0; fgets(line, sizeof line, f) != NULL;) {
		running += strcmp(line, "start\n") == 0 ? 1 : -1u;
		most = running > most ? running : most;
	}
	fclose(f);
	assert_in_range(most, 2, EXTERNAL_MAX);
}

/* ---- a system that is short of everything ---- */

/* Of the checker's process and this one. */
static struct {
	unsigned refuse; /* so often a process cannot be watched */
	pid_t refused;	 /* which one */
	bool hold;	 /* the kernel does not let that one go yet */
	unsigned asked;	 /* for it, so often */
} * shortage;

int pidfd_open(pid_t pid, unsigned flags)
{
	if (shortage == NULL || shortage->refuse == 0)
		return (int)syscall(SYS_pidfd_open, pid, flags);
	shortage->refuse--;
	shortage->refused = pid;
	errno = EMFILE;
	return -1;
}

int waitid(idtype_t type, id_t id, siginfo_t *info, int options)
{
	assert_true((options & WNOHANG) != 0);
	if (shortage != NULL && (pid_t)id == shortage->refused) {
		shortage->asked++;
		if (shortage->hold)
			return 0;
	}
	return (int)syscall(SYS_waitid, type, id, info, options, NULL);
}

/* Another program's check is made while the kernel holds one that cannot be watched; and
 * that leaves no zombie in the end. */
static void unwatched(void **state)
{
	uint64_t deadline_us = mono_us() + BENCH_DEADLINE_MS * 1000;
	struct scene *s = *state;
	struct probe_report r;

	shortage = mmap(NULL, sizeof *shortage, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(shortage != MAP_FAILED);
	shortage->refuse = 1;
	shortage->hold = true;
	script(s, "exit 0");
	bench_start(&s->b);
	r = bench_report(&s->b);
	assert_int_equal(r.reason, REASON_LOCAL_DESCRIPTORS);
	assert_int_equal(r.code, EMFILE);
	bench_order(&s->b, 0, PROBE_NOW);
	bench_wait(&s->b, 0, REASON_OK);
	while (__atomic_load_n(&shortage->asked, __ATOMIC_SEQ_CST) < 3) {
		assert_true(mono_us() < deadline_us);
		poll(NULL, 0, 5);
	}
	__atomic_store_n(&shortage->hold, false, __ATOMIC_SEQ_CST);
	while (kill(shortage->refused, 0) == 0) {
		assert_true(mono_us() < deadline_us);
		poll(NULL, 0, 5);
	}
	assert_int_equal(errno, ESRCH);
	assert_int_equal(bench_stop(&s->b), 0);
	munmap(shortage, sizeof *shortage);
	shortage = NULL;
}

/* The last line is told of a program that ends while BYTES of its words are unread, or
 * that waits until they are read: the checker is stopped meanwhile. */
static void says(struct scene *s, unsigned bytes)
{
	struct probe_report r;
	char text[512], said[64];
	pid_t pid;

	unlink(s->said);
	snprintf(text, sizeof text,
	    "echo $$ >$said\nwhile [ ! -s $said.go ]; do sleep 0.01; done\n"
	    "head -c %u /dev/zero | tr '\\0' x\necho\necho last words",
	    bytes - (unsigned)strlen("\nlast words\n"));
	script(s, text);
	bench_start(&s->b);
	wait_said(s, said, sizeof said);
	pid = (pid_t)strtol(said, NULL, 10);
	kill(s->b.pid, SIGSTOP);
	snprintf(text, sizeof text, "echo go >%s.go", s->said);
	assert_int_equal(system(text), 0);
	if (bytes <= 65536)
		wait_gone(pid);
	kill(s->b.pid, SIGCONT);
	r = bench_report(&s->b);
	assert_int_equal(r.reason, REASON_OK);
	assert_string_equal(r.text, "last words");
	assert_int_equal(bench_stop(&s->b), 0);
	snprintf(text, sizeof text, "%s.go", s->said);
	unlink(text);
}

static void much_to_say(void **state)
{
	says(*state, 4096);
	says(*state, 5000);
	says(*state, 65536); /* what a pipe holds */
	says(*state, 300000);
}

static void whom_to_trust(void **state)
{
	struct scene *s = *state;
	char why[300], link[64];

	/* /bin is a link in Debian, which is followed and looked at in full. */
	assert_true(external_trusted("/bin/sh -c x", why, sizeof why));
	assert_false(external_trusted("/bin/no-such-thing x", why, sizeof why));
	assert_non_null(strstr(why, "/bin/no-such-thing: No such file"));
	assert_false(external_trusted("/bin", why, sizeof why));
	assert_non_null(strstr(why, "not a program"));
	/* A directory that anybody may write to, and a link out of one. */
	script(s, "");
	assert_false(external_trusted(s->command, why, sizeof why));
	assert_non_null(strstr(why, "/tmp: writable by others"));
	snprintf(link, sizeof link, "%s/link", s->dir);
	assert_int_equal(symlink("/bin/sh", link), 0);
	assert_false(external_trusted(link, why, sizeof why));
	unlink(link);
}

int main(int argc, char **argv, char **envp)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(status_is_the_verdict, setup, teardown),
		cmocka_unit_test_setup_teardown(last_line, setup, teardown),
		cmocka_unit_test_setup_teardown(what_it_is_given, setup, teardown),
		cmocka_unit_test_setup_teardown(killed_at_the_deadline, setup, teardown),
		cmocka_unit_test_setup_teardown(leaves_nobody_behind, setup, teardown),
		cmocka_unit_test_setup_teardown(ends_with_the_checker, setup, teardown),
		cmocka_unit_test_setup_teardown(cannot_be_run, setup, teardown),
		cmocka_unit_test_setup_teardown(bounded, setup, teardown),
		cmocka_unit_test_setup_teardown(unwatched, setup, teardown),
		cmocka_unit_test_setup_teardown(much_to_say, setup, teardown),
		cmocka_unit_test_setup_teardown(whom_to_trust, setup, teardown),
	};

	setproctitle_init(argc, argv, envp);
	return cmocka_run_group_tests_name("checker_external", tests, NULL, NULL);
}
