/*
 * checker: the process that speaks with the servers.
 *
 * Forked, not exec'd, by the daemon: it inherits the configuration and the
 * health of every probe, gives up every privilege, and runs until its end of
 * the report socket closes. It never touches IPVS, the configuration file or a
 * control socket; of the machine it reads the addresses of the interfaces, for
 * arp checks that name none.
 */
#ifndef LVSD_CHECK_CHECKER_H
#define LVSD_CHECK_CHECKER_H

#include <stddef.h>
#include <sys/types.h>

#include "check/probe.h"

struct checker_start {
	/* By malloc(), the checker's from now on; the index is a probe's number. What
	 * they point to must stay. */
	struct probe *probes;
	size_t n_probes;
	uint32_t generation;
	uint32_t
	    max_in_flight; /* checks at a time; 0: as many as there are descriptors */
	int report_fd; /* SOCK_SEQPACKET, non-blocking; EOF or EPIPE ends the checker */
	uid_t uid;     /* whom to become; when not started as root both are ignored */
	gid_t gid;
	const char *user; /* its name, for the log */
};

/*
 * Runs in the forked child and never returns: opens its raw sockets, closes
 * every descriptor but standard error, the log and the report socket, drops
 * to UID and GID without any capability and with no_new_privs, then checks.
 * Exit status 0: the daemon is gone or wants another checker. 1: could not drop
 * its rights or start; one line in the log says why.
 */
void checker_run(const struct checker_start *start) __attribute__((noreturn));

#endif
