/* A tag is a hash of the bytes, so that it changes with them and with nothing else. */
#include "lvsweb/assets.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

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
		uint64_t hash = 0xcbf29ce484222325; /* FNV-1a */

		for (size_t j = 0; j < assets[i].len; j++)
			hash = (hash ^ assets[i].bytes[j]) * 0x100000001b3;
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
