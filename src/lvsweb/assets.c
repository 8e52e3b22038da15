/* A tag is a hash of the bytes, so that it changes with them and with nothing else. */
#include "lvsweb/assets.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "lvsweb/hash.h"
#include "src/lvsweb/assets_bytes.h"

static struct asset assets[] = {
	{ "/style.css", "text/css; charset=utf-8", style_css, sizeof style_css, "" },
	{ "/script.js", "text/javascript; charset=utf-8", script_js, sizeof script_js,
	    "" },
	{ "/icon.svg", "image/svg+xml", icon_svg, sizeof icon_svg, "" },
};

#define N_ASSETS (sizeof assets / sizeof *assets)

void assets_init(void)
{
	for (size_t i = 0; i < N_ASSETS; i++) {
		uint64_t hash = hash_bytes(HASH_START, assets[i].bytes, assets[i].len);

		snprintf(
		    assets[i].etag, sizeof assets[i].etag, "\"%016" PRIx64 "\"", hash);
	}
}

const struct asset *asset_find(const char *path)
{
	for (size_t i = 0; i < N_ASSETS; i++)
		if (strcmp(assets[i].path, path) == 0)
			return &assets[i];
	return NULL;
}
