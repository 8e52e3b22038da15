/* Asked at every load, as the user is: what was safe then may have changed. */
#include "lvsd/programs.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "check/external.h"

#define WHY_MAX 200

static bool is_allowed(const struct conf *conf, const struct check_conf *check,
    const struct checker_user *u, char *error, size_t size)
{
	char why[WHY_MAX];

	if (geteuid() == 0 && strcmp(u->name, "nobody") == 0)
		snprintf(why, sizeof why,
		    "externalcheck needs a user of its own for the checker, and that is "
		    "\"nobody\": create a user \"lvsd\", or name one in \"global user\"");
	else if (external_trusted(check->command, why, sizeof why))
		return true;
	snprintf(error, size, "%s:%u:%u: %s", conf->files[check->loc.file],
	    (unsigned)check->loc.line, (unsigned)check->loc.col, why);
	return false;
}

/* Servers with a check of their own have the director's command. */
bool programs_allowed(
    const struct conf *conf, const struct checker_user *u, char *error, size_t size)
{
	const struct director_conf *d;

	STAILQ_FOREACH (d, &conf->directors, entry)
		if (d->check->method == CHECK_EXTERNAL &&
		    !is_allowed(conf, d->check, u, error, size))
			return false;
	return true;
}
