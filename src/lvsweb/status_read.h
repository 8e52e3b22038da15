/*
 * status_read: a director of an answer, from JSON to the rows of the pages.
 */
#ifndef LVSD_LVSWEB_STATUS_READ_H
#define LVSD_LVSWEB_STATUS_READ_H

#include "lvsweb/status.h"

/* Fills D from O. Its texts and servers are A's; NOW_US is when O was true. */
void status_read_director(
    struct arena *a, const json_t *o, uint64_t now_us, struct web_director *d);

#endif
