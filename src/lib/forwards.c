/*
 * Settings are read once more each time: whoever changes them tells nobody.
 */
#include "lib/forwards.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* What SETTING of INTERFACE in DIR is, a digit; 0: there is none. */
static char digit(int dir, const char *interface, const char *setting)
{
	char path[NAME_MAX + 32], c = 0;
	int fd;

	snprintf(path, sizeof path, "%s/%s", interface, setting);
	fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	if (read(fd, &c, 1) != 1)
		c = 0;
	close(fd);
	return c;
}

/* "lo" is nobody's way, and the others are no interfaces. */
static bool is_interface(const char *name)
{
	static const char *const others[] = { ".", "..", "all", "default", "lo" };

	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		if (strcmp(name, others[i]) == 0)
			return false;
	return true;
}

bool forwards_nothing(uint8_t family)
{
	bool is_ipv4 = family == AF_INET;
	DIR *dir =
	    opendir(is_ipv4 ? "/proc/sys/net/ipv4/conf" : "/proc/sys/net/ipv6/conf");
	const char *own = is_ipv4 ? "forwarding" : "force_forwarding";
	const struct dirent *e;
	bool nothing;

	if (dir == NULL)
		return false;
	nothing = digit(dirfd(dir), "all", "forwarding") == '0';
	while (nothing && (e = readdir(dir)) != NULL)
		nothing =
		    !is_interface(e->d_name) || digit(dirfd(dir), e->d_name, own) != '1';
	closedir(dir);
	return nothing;
}
