/* A line that passes, lines that stay, and naps. */
#include "lvsctl/progress.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "lib/mono.h"
#include "lvsctl/words.h"

/* The signals that a nap ends with: SIGCHLD, and those that the caller does not have
 * ignored, as nohup(1) does. They are blocked, so there is no handler, and no request
 * is interrupted in its middle. */
static void nap_signals(sigset_t *set)
{
	static const int ends[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action;

	sigemptyset(set);
	sigaddset(set, SIGCHLD);
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
		if (sigaction(ends[i], NULL, &action) == 0 &&
		    action.sa_handler != SIG_IGN)
			sigaddset(set, ends[i]);
}

void progress_start(struct progress *p)
{
	sigset_t set;

	p->terminal = isatty(STDOUT_FILENO);
	p->shown = p->interrupted = false;
	p->started_us = mono_us();
	nap_signals(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

void progress_clear(struct progress *p)
{
	if (p->shown)
		fputs("\r\033[K", stdout);
	fflush(stdout);
	p->shown = false;
}

void progress_show(struct progress *p, const char *fmt, ...)
{
	struct buf line = { 0 };
	char text[256];
	va_list ap;

	if (!p->terminal)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	words_put(&line, text, WORDS_COLUMNS - 1);
	printf("\r%s\033[K", line.data);
	fflush(stdout);
	buf_fini(&line);
	p->shown = true;
}

void progress_say(struct progress *p, const char *fmt, ...)
{
	va_list ap;

	progress_clear(p);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
}

const char *progress_age(const struct progress *p, char *buf)
{
	return words_time((double)(mono_us() - p->started_us) / 1e6, buf);
}

bool progress_nap(struct progress *p, double seconds)
{
	struct timespec ts = { .tv_sec = (time_t)seconds,
		.tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9) };
	sigset_t set;
	int got;

	nap_signals(&set);
	got = sigtimedwait(&set, NULL, &ts);
	p->interrupted = p->interrupted || (got > 0 && got != SIGCHLD);
	return p->interrupted;
}

void progress_restore_signals(void)
{
	sigset_t set;

	nap_signals(&set);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}
