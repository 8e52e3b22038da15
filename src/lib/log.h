/*
 * log: one line an event.
 *
 * Lines go to standard error (with a "<N>" level in front under systemd) or
 * to syslog. Each is text for people with "key=value" at its end for
 * machines. Levels: err = act, warn = look, info = state changed, debug.
 * Control bytes in what is printed come out as \xHH, so a hostile server
 * cannot forge a line.
 */
#ifndef LVSD_LIB_LOG_H
#define LVSD_LIB_LOG_H

#include <stdbool.h>

enum log_target { LOG_TO_STDERR, LOG_TO_SYSLOG, LOG_TO_BOTH, LOG_TO_NOBODY };

/* IDENT is kept, not copied: the name of the process in every line. */
void log_open(const char *ident, enum log_target target, bool debug);
/* Changes the name only; for a forked child. */
void log_ident(const char *ident);

void log_err(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* log_warn adds ": " and the text of errno, log_warnx does not. */
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warnx(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
