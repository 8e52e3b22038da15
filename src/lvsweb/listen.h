/*
 * listen: where the web server can be reached.
 */
#ifndef LVSD_LVSWEB_LISTEN_H
#define LVSD_LVSWEB_LISTEN_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/addr.h"

/* Reads "address:port", "[address]:port"; false when TEXT is neither. */
bool listen_parse(const char *text, struct addr *a, uint16_t *port);
/* A socket that listens there; -1 with errno. */
int listen_open(const struct addr *a, uint16_t port);
bool listen_is_loopback(const struct addr *a);

#endif
