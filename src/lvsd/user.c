/* Names of the file to ids of the system; asked at every load, never cached. */
#include "lvsd/user.h"

#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#define GROUPS_MAX 256

gid_t user_group(const char *name, gid_t fallback)
{
	const struct group *gr = name != NULL ? getgrnam(name) : NULL;

	return gr != NULL ? gr->gr_gid : fallback;
}

static bool holds_user(const char *group, const struct checker_user *u)
{
	gid_t gids[GROUPS_MAX], gid = user_group(group, (gid_t)-1);
	int n = GROUPS_MAX;

	if (gid == (gid_t)-1)
		return false;
	if (getgrouplist(u->name, u->gid, gids, &n) < 0)
		return true; /* in more groups than can be looked at */
	for (int i = 0; i < n; i++)
		if (gids[i] == gid)
			return true;
	return false;
}

static const struct passwd *default_user(void)
{
	const struct passwd *pw = getpwnam("lvsd");

	return pw != NULL ? pw : getpwnam("nobody");
}

bool user_resolve(
    const struct conf *conf, struct checker_user *u, char *error, size_t size)
{
	const struct passwd *pw =
	    conf->user != NULL ? getpwnam(conf->user) : default_user();
	const char *groups[] = { conf->group, conf->control.group, conf->status.group };

	if (pw == NULL) {
		snprintf(error, size,
		    "there is no user \"%s\" for the checker; create it or name "
		    "another in \"global user\"",
		    conf->user != NULL ? conf->user : "nobody");
		return false;
	}
	for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) {
		if (groups[i] == NULL || getgrnam(groups[i]) != NULL)
			continue;
		snprintf(error, size, "there is no group \"%s\"; create it", groups[i]);
		return false;
	}
	if (pw->pw_uid == 0) {
		snprintf(error, size,
		    "the checker cannot run as \"%s\", which is root; name another "
		    "user in \"global user\"",
		    pw->pw_name);
		return false;
	}
	snprintf(u->name, sizeof u->name, "%s", pw->pw_name);
	u->uid = pw->pw_uid;
	u->fallback = conf->user == NULL && strcmp(u->name, "nobody") == 0;
	u->gid = user_group(conf->group, pw->pw_gid);
	if (conf->control.group != NULL && holds_user(conf->control.group, u)) {
		snprintf(error, size,
		    "the control socket's group \"%s\" holds the checker's user "
		    "\"%s\", which must not control the daemon",
		    conf->control.group, u->name);
		return false;
	}
	return true;
}
