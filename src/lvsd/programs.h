/*
 * programs: whether the commands of a configuration may be run.
 */
#ifndef LVSD_PROGRAMS_H
#define LVSD_PROGRAMS_H

#include <stdbool.h>
#include <stddef.h>

#include "lvsd/lvsd.h"

/* False, with the place and the reason in ERROR (SIZE bytes): a command of CONF must
 * not be run (external.h), or not by U, who is "nobody" and shares that with others. */
bool programs_allowed(
    const struct conf *conf, const struct checker_user *u, char *error, size_t size);

#endif
