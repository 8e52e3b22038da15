/*
 * assets: the files that a page needs, compiled in.
 */
#ifndef LVSD_LVSWEB_ASSETS_H
#define LVSD_LVSWEB_ASSETS_H

#include <stddef.h>

struct asset {
	const char *path, *type;
	const unsigned char *bytes;
	size_t len;
	char etag[20]; /* with its quotes */
};

/* The one at PATH of a URL, NULL when there is none. */
const struct asset *asset_find(const char *path);
/* Once, before the first asset_find(). */
void assets_init(void);

#endif
