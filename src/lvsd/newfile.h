/*
 * newfile: a file that takes the place of another when it is whole.
 *
 * Written beside it as PATH.new, synced, renamed, and the directory synced: whatever
 * ends the process or the machine, PATH is the old one or the new one.
 */
#ifndef LVSD_NEWFILE_H
#define LVSD_NEWFILE_H

#include <stddef.h>

/* A zeroed struct is none. */
struct newfile {
	char *path, *fresh; /* NULL: none was begun */
	int fd;
	int error; /* errno value of what failed first; then nothing more is written */
};

/* PATH is copied. One that was begun before and not ended is forgotten. */
void newfile_begin(struct newfile *f, const char *path);
void newfile_add(struct newfile *f, const void *bytes, size_t len);
/* Puts it in place. 0, or an errno value; then the old one stays. */
int newfile_end(struct newfile *f);

#endif
