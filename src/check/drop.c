/*
 * drop: from the daemon's child to a process that may do nothing.
 *
 * What is kept is moved together and everything behind it closed; user, groups
 * and capabilities go; then all of it is asked back, because a drop that only
 * seemed to work is worse than none.
 */
#include "drop.h"

#include <assert.h>
#include <cap-ng.h>
#include <fcntl.h>
#include <grp.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "lib/log.h"

#define KEEP_MAX 16

static int by_number(const void *a, const void *b)
{
	int x = **(int *const *)a, y = **(int *const *)b;

	return (x > y) - (x < y);
}

static bool null_stdio(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return false;
	if (dup2(fd, STDIN_FILENO) < 0 || dup2(fd, STDOUT_FILENO) < 0)
		return false;
	/* Else the log would go to whatever is opened as number 2. */
	if (fcntl(STDERR_FILENO, F_GETFD) < 0 && dup2(fd, STDERR_FILENO) < 0)
		return false;
	return true;
}

bool drop_descriptors(int **keep, size_t n)
{
	int *sorted[KEEP_MAX], next = STDERR_FILENO + 1;

	assert(n <= KEEP_MAX);
	for (size_t i = 0; i < n; i++)
		sorted[i] = keep[i];
	qsort(sorted, n, sizeof *sorted, by_number);
	if (!null_stdio())
		return false;
	/* In rising order no move overwrites one that is still to come. */
	for (size_t i = 0; i < n; i++) {
		if (*sorted[i] < 0)
			continue;
		assert(*sorted[i] >= next);
		if (*sorted[i] != next && dup3(*sorted[i], next, O_CLOEXEC) < 0)
			return false;
		*sorted[i] = next++;
	}
	closefrom(next);
	return true;
}

/*
 * The bounding set can only be cleared with CAP_SETPCAP, which a confined
 * daemon may not have; without a capability, without set-uid programs and
 * with no_new_privs it grants nothing.
 */
static bool drop_caps(uid_t uid, gid_t gid, bool root)
{
	bool bounding;

	capng_get_caps_process();
	bounding = capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP) != 0;
	capng_clear(CAPNG_SELECT_ALL);
	if (root)
		return capng_change_id((int)uid, (int)gid,
			   CAPNG_DROP_SUPP_GRP | CAPNG_CLEAR_AMBIENT |
			       (bounding ? CAPNG_CLEAR_BOUNDING : 0)) == 0;
	return capng_apply(CAPNG_SELECT_CAPS | CAPNG_SELECT_AMBIENT |
			   (bounding ? CAPNG_SELECT_BOUNDS : 0)) == 0;
}

/* Believes nothing that was done above. */
static bool is_dropped(uid_t uid, gid_t gid, bool root)
{
	uid_t ru, eu, su;
	gid_t rg, eg, sg;

	if (root) {
		if (getresuid(&ru, &eu, &su) < 0 || getresgid(&rg, &eg, &sg) < 0)
			return false;
		if (ru != uid || eu != uid || su != uid)
			return false;
		if (rg != gid || eg != gid || sg != gid || getgroups(0, NULL) != 0)
			return false;
		if (setuid(0) == 0 || seteuid(0) == 0)
			return false;
	}
	if (capng_get_caps_process() < 0 ||
	    capng_have_capabilities(CAPNG_SELECT_CAPS) != CAPNG_NONE)
		return false;
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 &&
	       prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0;
}

bool drop_rights(uid_t uid, gid_t gid, const char *user)
{
	bool root = geteuid() == 0;

	if (root && uid == 0) {
		log_err("the checker must not run as %s: name another user", user);
		return false;
	}
	if (!drop_caps(uid, gid, root) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0) {
		log_warn("cannot become %s without rights", user);
		return false;
	}
	if (!is_dropped(uid, gid, root)) {
		log_err("still has rights after it became %s", user);
		return false;
	}
	return true;
}
