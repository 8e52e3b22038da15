/*
 * reload: another configuration in place of the running one.
 *
 * Everything is read, parsed, validated and built aside; only then is it put
 * in place, in one go. Whatever is wrong with the file, the running state
 * stays untouched.
 */
#ifndef LVSD_RELOAD_H
#define LVSD_RELOAD_H

#include "lvsd/lvsd.h"
#include "lvsd/reconcile.h"
#include "parser/parser.h"

/*
 * Reads the file again. False: it was refused and nothing changed; the log and
 * L->reload.error say why. COUNTS tells what was sent to the kernel, to be
 * freed by buf_fini(&counts->text); *CHECKS_KEPT whether the checker stayed.
 */
bool reload(struct lvsd *l, struct reconcile_counts *counts, bool *checks_kept);

/*
 * Reads and parses the configuration file. On failure returns NULL; *STATUS
 * (may be NULL) is then EXIT_CONFIG or EXIT_UNREADABLE. D has the remarks.
 */
struct conf *load_conf(
    const char *path, enum read_purpose purpose, struct diags *d, int *status);

#endif
