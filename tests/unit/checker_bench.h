/*
 * checker_bench: a real checker process at the other end of a socketpair.
 *
 * The test plays the daemon: it gives probes, forks checker_run() and reads the
 * reports, and it plays the servers on loopback. Every wait is a poll() with a
 * deadline; a wait that fails ends the test.
 */
#ifndef LVSD_TESTS_CHECKER_BENCH_H
#define LVSD_TESTS_CHECKER_BENCH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "check/checker.h"

#define BENCH_PROBES 16
#define BENCH_DEADLINE_MS 30000 /* of what comes at once on an idle machine */

struct bench {
	struct check_conf checks[BENCH_PROBES];
	struct http_conf https[BENCH_PROBES];
	struct talk_conf talks[BENCH_PROBES];
	struct probe probes[BENCH_PROBES];
	size_t n;
	struct checker_figures figures; /* the last that came */
	unsigned max_in_flight;
	unsigned nofile; /* limit of descriptors of the checker; 0: as the test's */
	int fd;		 /* the daemon's end; -1: closed */
	pid_t pid;
};

/* Adds a probe of ADDRESS with interval 200 ms (fast and down, too, unless they are
 * set), rise and fall 1, http: uri "/" and status 200. Its timeout of 5 s is longer than
 * any file can say, so that a busy machine does not miss it; who waits for it sets a
 * shorter one. Returns its check for changes. */
struct check_conf *bench_add(
    struct bench *b, enum check_method method, const char *address, uint16_t port);
/* The http part of the probe added last. */
struct http_conf *bench_http(struct bench *b);
/* Gives the probe added last words to send and to expect, none yet. */
struct talk_conf *bench_talk(struct bench *b);

void bench_start(struct bench *b);
/* The same with N probes of the caller's, complete. */
void bench_start_probes(struct bench *b, const struct probe *probes, size_t n);
/* Closes the report socket and waits for the checker; its wait status. */
int bench_stop(struct bench *b);

/* Asks it for something. */
void bench_order(struct bench *b, uint32_t probe, enum probe_what what);
/* The next figures that have in_flight 0 and at least CHECKS. */
struct checker_figures bench_figures(struct bench *b, uint64_t checks);

/* The next report, of whatever probe. */
struct probe_report bench_report(struct bench *b);
/* Reads on until PROBE reports REASON. */
struct probe_report bench_wait(struct bench *b, uint32_t probe, enum reason reason);
/* The first report of PROBE. */
struct probe_report bench_first(struct bench *b, uint32_t probe);
/* Starts, takes the first report of the only probe, stops. */
struct probe_report bench_once(struct bench *b);

/* A TCP socket on loopback: bound to *PORT (0: any, written back). */
int bench_bound(const char *address, uint16_t *port);
int bench_listener(const char *address, uint16_t *port);
/* Accepts one connection within the deadline. */
int bench_accept(int listener);
/* Waits until FD is readable. */
void bench_readable(int fd);

#endif
