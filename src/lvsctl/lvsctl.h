/*
 * lvsctl: asks the daemon over its sockets and shows what it says.
 */
#ifndef LVSD_LVSCTL_H
#define LVSD_LVSCTL_H

#include <jansson.h>
#include <stdbool.h>

/* Exit statuses; lvsctl(8) documents them. */
enum {
	CTL_DONE = 0,
	CTL_REFUSED = 1, /* with the reason on standard error */
	CTL_USAGE = 2,
	CTL_NO_DAEMON = 3,
	CTL_IMPORTED_PARTLY = 3, /* of import, which needs none */
};

/*
 * Sends the line REQUEST to the socket PATH and returns the parsed answer, owned
 * by the caller. NULL after one line on standard error: no daemon answers there.
 */
json_t *ask(const char *path, const char *request);

/* Writes STATUS, the answer to "show status", for people, 80 columns wide. */
void render_status(const json_t *status, bool colour);

/*
 * import: prints the file of the one word in WORDS ("-": standard input), the
 * configuration of another balancer, as an lvs.conf. Returns the exit status;
 * CTL_USAGE without a word said.
 */
int import_main(int n, char **words);

#endif
