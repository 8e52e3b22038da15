/*
 * Whom an external check may run: a program of root's that nobody else can change,
 * by its path as it is written and as it is behind all links.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "check/external.h"

static bool is_safe(const char *path, bool directory, char *error, size_t size)
{
	struct stat st;
	const char *why = NULL;

	if (stat(path, &st) < 0)
		why = strerror(errno);
	else if (st.st_uid != 0)
		why = "not owned by root";
	else if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		why = "writable by others than root";
	else if (!directory && (!S_ISREG(st.st_mode) || (st.st_mode & 0111) == 0))
		why = "not a program";
	if (why != NULL)
		snprintf(error, size, "%s: %s", path, why);
	return why == NULL;
}

/* PATH and every directory on the way. */
static bool way_is_safe(const char *path, char *error, size_t size)
{
	char part[PATH_MAX];

	for (const char *slash = path; slash != NULL; slash = strchr(slash + 1, '/')) {
		size_t len = slash == path ? 1 : (size_t)(slash - path);

		memcpy(part, path, len);
		part[len] = '\0';
		if (!is_safe(part, true, error, size))
			return false;
	}
	return is_safe(path, false, error, size);
}

bool external_trusted(const char *command, char *error, size_t size)
{
	char path[PATH_MAX], real[PATH_MAX];
	size_t len = strcspn(command, " \t");

	if (len >= sizeof path) {
		snprintf(error, size, "the path of a command is too long");
		return false;
	}
	memcpy(path, command, len);
	path[len] = '\0';
	if (realpath(path, real) == NULL) {
		snprintf(error, size, "%s: %s", path, strerror(errno));
		return false;
	}
	return way_is_safe(path, error, size) && way_is_safe(real, error, size);
}
