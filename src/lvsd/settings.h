/*
 * settings: what lvsd changes in the kernel beside the table.
 *
 * A few sysctls of our network namespace and the timeouts of connections. The
 * value that was there before is noted, and on disk, before the first change;
 * it is put back when the file no longer asks for another one, and when the
 * table is cleared (behaviour.md, Kernel settings).
 */
#ifndef LVSD_SETTINGS_H
#define LVSD_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "ipvs/ipvs.h"
#include "lib/buf.h"
#include "parser/conf.h"

enum setting {
	SETTING_EXPIRE_QUIESCENT, /* net.ipv4.vs.expire_quiescent_template */
	SETTING_CONNTRACK,	  /* net.ipv4.vs.conntrack */
	SETTING_TCP,		  /* timeouts, in seconds */
	SETTING_TCPFIN,
	SETTING_UDP,
	SETTINGS_MAX
};

#define SETTING_UNTOUCHED (-1)

/* What was there before the first change of ours, and what we made of it; or
 * SETTING_UNTOUCHED. */
struct settings {
	int64_t original[SETTINGS_MAX], ours[SETTINGS_MAX];
};

void settings_init(struct settings *s);
const char *settings_name(enum setting i); /* its sysctl, or "timeout.tcp" */

/* What CONF wants I to be, or SETTING_UNTOUCHED. Pure. */
int64_t settings_wanted(const struct conf *conf, enum setting i);

/*
 * Notes the values that CONF is going to change. True when there was one more to
 * note: S has to be on disk before settings_apply(). H: in dry runs only the
 * timeouts exist. What cannot be read is logged, and left alone.
 */
bool settings_note(
    struct settings *s, const struct conf *conf, struct ipvs *h, bool dry_run);
/* Appends what settings_apply() would do as commands, one a line: of sysctl(8) and
 * ipvsadm(8). */
void settings_plan(const struct settings *s, const struct conf *conf, struct ipvs *h,
    bool dry_run, struct buf *commands);
/* Makes the kernel have what CONF wants, and puts back what it no longer wants
 * to change. Only what was noted is touched. */
void settings_apply(
    struct settings *s, const struct conf *conf, struct ipvs *h, bool dry_run);
/* Puts everything back. */
void settings_restore(struct settings *s, struct ipvs *h, bool dry_run);

#endif
