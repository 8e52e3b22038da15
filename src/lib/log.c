/*
 * One line, one write(): lines of two processes never mix.
 *
 * The sink is process-wide, as standard error and syslog are; it is the one
 * global of this program.
 */
#include "log.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#define LINE_MAX_BYTES 1024

static struct {
	const char *ident;
	enum log_target target;
	bool debug, levels; /* levels: the journal reads "<N>" prefixes */
} sink = { .ident = "lvsd" };

void log_open(const char *ident, enum log_target target, bool debug)
{
	sink.ident = ident;
	sink.target = target;
	sink.debug = debug;
	sink.levels = getenv("JOURNAL_STREAM") != NULL;
	if (target == LOG_TO_SYSLOG || target == LOG_TO_BOTH)
		openlog(ident, LOG_PID | LOG_NDELAY, LOG_DAEMON);
}

void log_ident(const char *ident)
{
	log_open(ident, sink.target, sink.debug);
}

/* Copies FROM to TO with control bytes made visible; both NUL-ended. */
static void make_printable(char *to, size_t size, const char *from)
{
	size_t n = 0;

	for (; *from != '\0' && n + 5 < size; from++) {
		unsigned char c = (unsigned char)*from;

		if (c < 0x20 || c == 0x7f)
			n += (size_t)snprintf(to + n, size - n, "\\x%02x", c);
		else
			to[n++] = (char)c;
	}
	to[n] = '\0';
}

static void emit(int level, const char *fmt, va_list ap, const char *error)
{
	char raw[LINE_MAX_BYTES], text[LINE_MAX_BYTES + 64], line[LINE_MAX_BYTES + 160];
	struct pollfd p = { .fd = STDERR_FILENO, .events = POLLOUT };
	int len = vsnprintf(raw, sizeof raw, fmt, ap);

	if (error != NULL && len >= 0 && (size_t)len < sizeof raw)
		snprintf(raw + len, sizeof raw - (size_t)len, ": %s", error);
	make_printable(text, sizeof text, raw);
	if (sink.target == LOG_TO_NOBODY)
		return;
	if (sink.target != LOG_TO_STDERR)
		syslog(level, "%s", text);
	if (sink.target == LOG_TO_SYSLOG)
		return;
	if (sink.levels)
		len =
		    snprintf(line, sizeof line, "<%d>%s: %s\n", level, sink.ident, text);
	else
		len = snprintf(line, sizeof line, "%s: %s\n", sink.ident, text);
	/* One write, so that lines of two processes never mix. A lost line
	 * is better than a daemon that waits for its reader. */
	if (poll(&p, 1, 0) != 1 || !(p.revents & POLLOUT))
		return;
	if (write(STDERR_FILENO, line, (size_t)len) < 0)
		return;
}

#define EMIT(level, error)                       \
	do {                                     \
		int saved_errno = errno;         \
		va_list ap;                      \
		va_start(ap, fmt);               \
		emit((level), fmt, ap, (error)); \
		va_end(ap);                      \
		errno = saved_errno;             \
	} while (0)

void log_err(const char *fmt, ...)
{
	EMIT(LOG_ERR, NULL);
}

void log_warn(const char *fmt, ...)
{
	EMIT(LOG_WARNING, strerror(saved_errno));
}

void log_warnx(const char *fmt, ...)
{
	EMIT(LOG_WARNING, NULL);
}

void log_info(const char *fmt, ...)
{
	EMIT(LOG_INFO, NULL);
}

void log_debug(const char *fmt, ...)
{
	if (sink.debug)
		EMIT(LOG_DEBUG, NULL);
}
