/*
 * rights: from whoever starts it to a process that may only read a status.
 */
#ifndef LVSD_LVSWEB_RIGHTS_H
#define LVSD_LVSWEB_RIGHTS_H

#include <stdbool.h>

/* Becomes, when started as root, the user "lvsweb", or "nobody" when there is none, with
 * no group beside its own but "lvsd-status"; then gives up every capability, and all ways
 * to get one. False after it has said what is wrong: go no further then. */
bool rights_drop(void);

#endif
