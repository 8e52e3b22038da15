/*
 * drop: giving up everything the daemon could do.
 *
 * The checker reads bytes that strangers send. When it does so it has no
 * descriptor of the daemon, no right of root and no way to get one back.
 */
#ifndef LVSD_CHECK_DROP_H
#define LVSD_CHECK_DROP_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * Closes every descriptor but standard error and the N that KEEP points to
 * (none of them below 3); those move down to 3, 4, ... and *KEEP[i] follows.
 * An entry of -1 stays -1. Standard input and output become /dev/null.
 * N is at most 16. False, with errno: /dev/null or a dup failed.
 */
bool drop_descriptors(int **keep, size_t n);

/*
 * Becomes UID and GID without supplementary groups, when root; in any case
 * leaves no capability, sets no_new_privs, is not dumpable, and then looks
 * whether all of this is so. False, after a line in the log: it is not, and
 * the process must end. USER is for that line.
 */
bool drop_rights(uid_t uid, gid_t gid, const char *user);

#endif
