/*
 * parser: text to struct conf, and what was wrong with it.
 *
 * Pure and re-entrant: no globals, no clock, no log; two parses can run in one
 * process. The file is read first and whole (reader.c); parsing works on that
 * copy, so a file that changes meanwhile cannot be half believed.
 */
#ifndef LVSD_PARSER_H
#define LVSD_PARSER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

#include "conf.h"

struct buf;

/* One remark about the text. */
struct diag {
	enum diag_level { DIAG_ERROR, DIAG_WARNING } level;
	struct loc loc;	  /* line 0: about the file as a whole */
	const char *file; /* name as given */
	const char *text; /* what is wrong, and what may stand there */
	const char *line; /* the source line, without its end; NULL for none */
};

/* The remarks of one load, in the order of the file. At most 50 errors. */
struct diags {
	struct diag *list;
	size_t n, cap;
	size_t n_errors, n_warnings; /* n_errors counts those not kept, too */
	struct arena *arena;	     /* of the texts */
};

void diags_init(struct diags *d);
void diags_fini(struct diags *d);

/* Adds an error about FILE, a string that lives as long as D, as a whole. */
void diags_refuse(struct diags *d, const char *file, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * Writes one remark as
 *     lvs.conf:3:11: error: unknown balance "roundrobn"; did you mean "roundrobin"?
 *         balance roundrobn
 *                 ^~~~~~~~~
 * to OUT (tabs of the source line are kept, so that the caret stands right).
 */
void diag_print(FILE *out, const struct diag *d);
void diags_print(FILE *out, const struct diags *d);

/* A file's bytes as they were at one moment. */
struct conf_text {
	char *name; /* for messages */
	char *data;
	size_t len;
};

/* Who asks for the file, and so how much it must be trusted. */
enum read_purpose {
	READ_CHECK,  /* lvsd -c: any readable file; a missing last newline warns */
	READ_START,  /* the daemon at start: owned by root or us, not writable by
	             * group or others; a missing last newline warns */
	READ_RELOAD, /* as READ_START; a missing last newline, or a size, mtime
	              * or inode that changed while it was read, is an error */
	READ_TEXT,   /* of conf_parse() only: a text without a file behind it, as
		      * READ_CHECK; it cannot include any */
	READ_SENT,   /* the same, judged as READ_RELOAD */
};

/*
 * Reads the file PATH into T (free with conf_text_fini()). Files over 256 MiB,
 * directories and devices are refused. On failure adds one error to D and
 * returns false; the text of a refused file is never shown. *UNREADABLE (may
 * be NULL) tells "cannot read" (exit status 2) from "must not be used" (1).
 */
bool conf_read(struct conf_text *t, const char *path, enum read_purpose purpose,
    struct diags *d, bool *unreadable);
void conf_text_fini(struct conf_text *t);

/*
 * Parses and validates T. Returns the tree (free with conf_free()), or NULL
 * when D has at least one error. Warnings alone do not stop a load. PURPOSE
 * READ_RELOAD and READ_SENT make a file without any director an error, the others a warning.
 */
struct conf *conf_parse(
    const struct conf_text *t, enum read_purpose purpose, struct diags *d);

/*
 * Adds the canonical text of C to B: every default that has a word spelled
 * out, includes and defaults dissolved. It parses to the same tree, and its
 * own canonical text is itself.
 */
void conf_print(const struct conf *c, struct buf *b);

/* Adds " KEY VALUE" to B, in quotes where the value needs them; nothing when VALUE is
 * NULL. It must not hold control bytes. */
void conf_print_text(struct buf *b, const char *key, const char *value);

#endif
