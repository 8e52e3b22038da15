/* Names only: nothing is opened here. */
#include "lvsd/path.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/xalloc.h"

void path_make_parent(const char *path)
{
	char *dir = xstrdup(path), *slash = strrchr(dir, '/');

	if (slash != NULL && slash != dir) {
		*slash = '\0';
		mkdir(dir, 0755);
	}
	free(dir);
}

char *path_absolute(const char *path)
{
	char *cwd = path[0] != '/' ? getcwd(NULL, 0) : NULL;
	char *whole = cwd != NULL ? xasprintf("%s/%s", cwd, path) : xstrdup(path);

	free(cwd);
	return whole;
}
