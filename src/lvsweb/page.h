/*
 * page: the status page, whole, for a browser that asks for it.
 *
 * It says everything without a script; with one it keeps itself up to date (feed.h).
 */
#ifndef LVSD_LVSWEB_PAGE_H
#define LVSD_LVSWEB_PAGE_H

#include "lvsweb/parts.h"

void page_put(struct buf *b, const struct scene *s);

#endif
