/*
 * top: asks, draws, and waits for a key or for the next two seconds.
 *
 * The terminal is put back as it was, whatever ends it: keys come as bytes, so ^C is
 * one of them, and signals through a descriptor.
 */
#include "lvsctl/top.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "lib/mono.h"
#include "lvsctl/lvsctl.h"
#include "lvsctl/words.h"

#define REFRESH_US 2000000 /* as often as the kernel computes rates (ip_vs_est.c) */

struct screen {
	struct termios before;
	int signals; /* signalfd */
};

/* Another screen than that of the shell, without a cursor; and back. */
#define ENTER "\033[?1049h\033[?25l\033[2J"
#define LEAVE "\033[?25h\033[?1049l"

static bool screen_enter(struct screen *s)
{
	struct termios raw;
	sigset_t set;

	if (tcgetattr(STDIN_FILENO, &s->before) < 0)
		return false;
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGWINCH);
	sigprocmask(SIG_BLOCK, &set, NULL);
	s->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (s->signals < 0)
		return false;
	raw = s->before;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG);
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw);
	fputs(ENTER, stdout);
	fflush(stdout);
	return true;
}

static void screen_leave(const struct screen *s)
{
	fputs(LEAVE, stdout);
	fflush(stdout);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &s->before);
	close(s->signals);
}

static void read_size(struct top_view *v)
{
	struct winsize size;

	v->columns = WORDS_COLUMNS;
	v->lines = 24;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0) {
		v->columns = size.ws_col;
		v->lines = size.ws_row;
	}
}

static void draw(const json_t *answer, struct top_view *v)
{
	struct buf page = { 0 };

	read_size(v);
	top_page(answer, v, &page);
	fwrite(page.data, 1, page.len, stdout);
	fflush(stdout);
	buf_fini(&page);
}

enum next { NEXT_END, NEXT_DRAW, NEXT_ASK };

static enum next take_key(struct top_view *v, char key)
{
	size_t page = top_rows(v) > 0 ? top_rows(v) : 1;

	if (key == 'q' || key == 3 || key == 4) /* ^C, ^D */
		return NEXT_END;
	if (key == ' ')
		return NEXT_ASK;
	if (top_sorts(key))
		v->sort = key;
	else if (key == 'j')
		v->first += page;
	else if (key == 'k')
		v->first -= v->first < page ? v->first : page;
	return NEXT_DRAW;
}

/* Cursor and page keys come as a few bytes that begin with ESC. */
static enum next take_keys(struct top_view *v)
{
	char keys[16];
	ssize_t n = read(STDIN_FILENO, keys, sizeof keys);

	if (n <= 0)
		return n < 0 && errno == EINTR ? NEXT_DRAW : NEXT_END;
	if (n >= 3 && keys[0] == '\033')
		return take_key(v, keys[2] == 'B' || keys[2] == '6'   ? 'j'
				   : keys[2] == 'A' || keys[2] == '5' ? 'k'
								      : '\0');
	return take_key(v, keys[0]);
}

static enum next take_signal(const struct screen *s)
{
	struct signalfd_siginfo info;

	if (read(s->signals, &info, sizeof info) != (ssize_t)sizeof info)
		return NEXT_DRAW;
	return info.ssi_signo == SIGWINCH ? NEXT_DRAW : NEXT_END;
}

/* Until UNTIL_US, mono, or before. */
static enum next wait_for(const struct screen *s, struct top_view *v, uint64_t until_us)
{
	struct pollfd fds[] = { { .fd = STDIN_FILENO, .events = POLLIN },
		{ .fd = s->signals, .events = POLLIN } };
	uint64_t now_us = mono_us();
	int ms = until_us > now_us ? (int)((until_us - now_us) / 1000) + 1 : 0;

	if (poll(fds, 2, ms) <= 0)
		return NEXT_ASK;
	return fds[1].revents != 0 ? take_signal(s) : take_keys(v);
}

static int show_all(const struct call *c, const struct screen *s)
{
	struct top_view v = { .colour = words_colour(), .sort = 'c' };
	enum next next = NEXT_ASK;
	int status = CTL_DONE;

	while (next == NEXT_ASK) {
		json_t *answer = call_ask(c, c->command->request, &status);
		uint64_t until_us = mono_us() + REFRESH_US;

		if (answer == NULL)
			return status;
		do {
			draw(answer, &v);
			next = wait_for(s, &v, until_us);
		} while (next == NEXT_DRAW);
		json_decref(answer);
	}
	return CTL_DONE;
}

int top_main(const struct call *c)
{
	struct screen screen;
	int status;

	if (c->json)
		return CTL_WRONG;
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) || !screen_enter(&screen)) {
		fputs(
		    "lvsctl: top needs a terminal; elsewhere there is \"lvsctl status\"\n",
		    stderr);
		return CTL_REFUSED;
	}
	status = show_all(c, &screen);
	screen_leave(&screen);
	/* Why it ended was said on the screen that is gone. */
	if (status != CTL_DONE)
		json_decref(call_ask(c, c->command->request, &status));
	return status;
}
