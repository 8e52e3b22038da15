/*
 * alarm: what an operator must know of the checker's own troubles.
 *
 * Local trouble comes with every check, so each kind is told once a minute, with
 * one of the targets as an example; how often it happened is in the figures.
 */
#ifndef LVSD_CHECK_ALARM_H
#define LVSD_CHECK_ALARM_H

#include <stdint.h>

#include "check/probe.h"

struct alarms {
	uint64_t told_us[REASON_MAX]; /* mono; 0: never */
	uint64_t told_late_us;
};

/* A check of P could not be made, for REASON, which is local, with errno CODE. */
void alarm_local(struct alarms *a, const struct probe *p, enum reason reason, int code);
/* A check had to wait until another one is over. */
void alarm_late(struct alarms *a, const struct checker_figures *f);

#endif
