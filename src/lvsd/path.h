/* path: small things about file names. */
#ifndef LVSD_PATH_H
#define LVSD_PATH_H

/* Makes the directory that PATH is in, when it is missing (mode 0755). That it
 * could not shows when PATH is used. */
void path_make_parent(const char *path);

/* PATH itself, or behind the working directory when it is relative. The caller
 * owns the result. */
char *path_absolute(const char *path);

#endif
