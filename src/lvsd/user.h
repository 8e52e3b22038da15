/* user: whom the checker runs as, and which groups the sockets belong to. */
#ifndef LVSD_USER_H
#define LVSD_USER_H

#include "lvsd/lvsd.h"

/*
 * Resolves `global user` of CONF, or its default (lvsd, else nobody), into U. A
 * name given in the file must exist, and may not be root; a group of the control
 * socket may not hold the user. On failure returns false with one line in ERROR.
 */
bool user_resolve(
    const struct conf *conf, struct checker_user *u, char *error, size_t size);

/* The gid of the group NAME; FALLBACK when NAME is NULL or does not exist. */
gid_t user_group(const char *name, gid_t fallback);

#endif
