/* Asked back at the end: a drop that only seemed to work is worse than none. */
#include "lvsweb/rights.h"

#include <cap-ng.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "lib/log.h"

#define USER "lvsweb"
#define STATUS_GROUP "lvsd-status" /* who is in it may use the status socket */

static const struct passwd *find_user(void)
{
	const struct passwd *pw = getpwnam(USER);

	if (pw != NULL)
		return pw;
	log_warnx("there is no user \"" USER "\"; this runs as \"nobody\"");
	return getpwnam("nobody");
}

static bool change_user(void)
{
	const struct passwd *pw = find_user();
	const struct group *gr = getgrnam(STATUS_GROUP);

	if (pw == NULL || pw->pw_uid == 0) {
		log_err("there is no user without rights to run as; create \"" USER "\"");
		return false;
	}
	if (setgroups(gr != NULL, gr != NULL ? &gr->gr_gid : NULL) < 0 ||
	    setresgid(pw->pw_gid, pw->pw_gid, pw->pw_gid) < 0 ||
	    setresuid(pw->pw_uid, pw->pw_uid, pw->pw_uid) < 0) {
		log_warn("cannot become %s", pw->pw_name);
		return false;
	}
	return true;
}

/* The bounding set can only be emptied with CAP_SETPCAP, so before the user changes. */
static bool drop_bounding(void)
{
	capng_get_caps_process();
	if (capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP) == 0)
		return true;
	capng_clear(CAPNG_SELECT_BOUNDS);
	return capng_apply(CAPNG_SELECT_BOUNDS) == 0;
}

static bool is_dropped(void)
{
	return capng_get_caps_process() == 0 &&
	       capng_have_capabilities(CAPNG_SELECT_CAPS) == CAPNG_NONE &&
	       getuid() != 0 && geteuid() != 0 && setuid(0) != 0 &&
	       prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;
}

bool rights_drop(void)
{
	if (geteuid() == 0 && (!drop_bounding() || !change_user()))
		return false;
	capng_clear(CAPNG_SELECT_ALL);
	if (capng_apply(CAPNG_SELECT_CAPS | CAPNG_SELECT_AMBIENT) != 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) {
		log_warn("cannot give up rights");
		return false;
	}
	if (!is_dropped()) {
		log_err("this still has rights after it gave them up");
		return false;
	}
	return true;
}
