/*
 * preview: what a reload of another configuration would do.
 *
 * The same functions as the reload's adopt, build, plan and compare, in a process
 * that ends before anything is sent (aside.h).
 */
#ifndef LVSD_PREVIEW_H
#define LVSD_PREVIEW_H

#include "lvsd/request.h"

/* "plan": a configuration without includes came as a sealed memfd with the request. */
void preview_plan(struct request *r, struct answer *a);

#endif
