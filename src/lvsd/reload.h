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

enum reload_outcome {
	RELOAD_REFUSED, /* nothing changed; the log and L->reload.error say why */
	RELOAD_DONE,	/* L->reload tells what was done */
	RELOAD_WAITS, /* the file is good; control_reloaded() is called when it is done */
};

/* Reads the file again; unless CONFIRM_MS is 0 it is on trial for so long (confirm.h).
 * It waits only for the state file, and not for long. */
enum reload_outcome reload(struct lvsd *l, uint64_t confirm_ms);
/* Puts CONF, which ran before and is taken over, back in place. NULL: what is there
 * stays, and what waits to be put in place never is. */
void reload_take_back(struct lvsd *l, struct conf *conf);
/* The state file was saved: a reload that waits for that goes on. */
void reload_saved(struct lvsd *l);
/* The rules of flows are as the running configuration asks, or failed (marking.h): a
 * reload that waits for that is done. */
void reload_rules_done(struct lvsd *l);
/* Frees what L keeps of reloads. */
void reload_fini(struct lvsd *l);

/*
 * Reads and parses the configuration file. On failure returns NULL; *STATUS
 * (may be NULL) is then EXIT_CONFIG or EXIT_UNREADABLE. D has the remarks.
 */
struct conf *load_conf(
    const char *path, enum read_purpose purpose, struct diags *d, int *status);

/* After BEFORE the same checker can go on with L->state, as USER. */
bool reload_keeps_checks(
    const struct lvsd *l, const struct state *before, const struct checker_user *user);

/* What D says, as one text: what `lvsd -c` would print. The caller owns it. */
char *reload_diags_text(const struct diags *d);

#endif
