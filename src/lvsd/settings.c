/*
 * One table of settings; reading and writing one of them; and the three verbs.
 */
#include "lvsd/settings.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/log.h"

static const struct {
	const char *name;
	const char *path; /* NULL: over netlink */
} table[SETTINGS_MAX] = {
	[SETTING_EXPIRE_QUIESCENT] = { "net.ipv4.vs.expire_quiescent_template",
	    "/proc/sys/net/ipv4/vs/expire_quiescent_template" },
	[SETTING_CONNTRACK] = { "net.ipv4.vs.conntrack",
	    "/proc/sys/net/ipv4/vs/conntrack" },
	[SETTING_TCP] = { "timeout.tcp", NULL },
	[SETTING_TCPFIN] = { "timeout.tcpfin", NULL },
	[SETTING_UDP] = { "timeout.udp", NULL },
};

void settings_init(struct settings *s)
{
	for (int i = 0; i < SETTINGS_MAX; i++)
		s->original[i] = s->ours[i] = SETTING_UNTOUCHED;
}

const char *settings_name(enum setting i)
{
	return table[i].name;
}

static bool any_persistent(const struct conf *conf)
{
	const struct director_conf *d;

	STAILQ_FOREACH (d, &conf->directors, entry)
		if (d->persistent)
			return true;
	return false;
}

static bool any_masquerade(const struct conf *conf)
{
	const struct director_conf *d;

	STAILQ_FOREACH (d, &conf->directors, entry)
		if (d->masquerade)
			return true;
	return false;
}

static int64_t timeout(uint32_t s)
{
	return s != 0 ? (int64_t)s : SETTING_UNTOUCHED;
}

int64_t settings_wanted(const struct conf *conf, enum setting i)
{
	switch (i) {
	case SETTING_EXPIRE_QUIESCENT:
		return !conf->sysctl_keep && any_persistent(conf) ? 1 : SETTING_UNTOUCHED;
	case SETTING_CONNTRACK:
		return !conf->sysctl_keep && (conf->conntrack || any_masquerade(conf))
			   ? 1
			   : SETTING_UNTOUCHED;
	case SETTING_TCP:
		return timeout(conf->tcp_timeout_s);
	case SETTING_TCPFIN:
		return timeout(conf->tcpfin_timeout_s);
	case SETTING_UDP:
		return timeout(conf->udp_timeout_s);
	case SETTINGS_MAX:
		break;
	}
	return SETTING_UNTOUCHED;
}

/* ---- one setting ---- */

static uint32_t *timeout_field(struct ipvs_timeouts *t, enum setting i)
{
	return i == SETTING_TCP	     ? &t->tcp_s
	       : i == SETTING_TCPFIN ? &t->tcpfin_s
				     : &t->udp_s;
}

static bool read_sysctl(const char *path, int64_t *value)
{
	char text[32];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;
	int error = errno;

	if (fd >= 0)
		close(fd);
	errno = error;
	if (len < 0)
		return false;
	text[len] = '\0';
	*value = strtoll(text, NULL, 10);
	return true;
}

static bool write_sysctl(const char *path, int64_t value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), error;
	bool done = fd >= 0 && dprintf(fd, "%lld\n", (long long)value) > 0;

	error = errno;
	if (fd >= 0)
		close(fd);
	errno = error;
	return done;
}

static bool read_one(enum setting i, struct ipvs *h, int64_t *value)
{
	struct ipvs_timeouts t;

	if (table[i].path != NULL)
		return read_sysctl(table[i].path, value);
	if (!ipvs_read_timeouts(h, &t))
		return false;
	*value = *timeout_field(&t, i);
	return true;
}

/* Whether I is VALUE now; what is so already is not written. */
static bool set_one(enum setting i, struct ipvs *h, int64_t value)
{
	struct ipvs_timeouts t = { 0 };
	int64_t now;
	bool done;

	if (read_one(i, h, &now) && now == value)
		return true;
	*timeout_field(&t, i) = (uint32_t)value;
	done = table[i].path != NULL ? write_sysctl(table[i].path, value)
				     : ipvs_set_timeouts(h, &t);
	if (done)
		log_info(
		    "kernel setting %s is %lld now", table[i].name, (long long)value);
	else
		log_warn("cannot set %s to %lld", table[i].name, (long long)value);
	return done;
}

/* Puts I back, unless somebody else has changed it since: then it is his. */
static void put_back(struct settings *s, enum setting i, struct ipvs *h)
{
	int64_t now;

	if (read_one(i, h, &now) && now != s->ours[i] && now != s->original[i])
		log_info("kernel setting %s is left at %lld: someone else changed it",
		    table[i].name, (long long)now);
	else if (!set_one(i, h, s->original[i]))
		return;
	s->original[i] = s->ours[i] = SETTING_UNTOUCHED;
}

/* ---- all of them ---- */

static bool exists(enum setting i, bool dry_run)
{
	return !dry_run || table[i].path == NULL;
}

/* What I, which is NOW, becomes with CONF. */
static int64_t value_after(
    const struct settings *s, const struct conf *conf, enum setting i, int64_t now)
{
	int64_t wanted = settings_wanted(conf, i);

	if (wanted != SETTING_UNTOUCHED)
		return wanted;
	/* What somebody else has changed since is his. */
	return s->original[i] != SETTING_UNTOUCHED && now == s->ours[i] ? s->original[i]
									: now;
}

void settings_plan(const struct settings *s, const struct conf *conf, struct ipvs *h,
    bool dry_run, struct buf *commands)
{
	struct ipvs_timeouts t = { 0 };

	for (int i = 0; i < SETTINGS_MAX; i++) {
		int64_t now, after;

		if (!exists(i, dry_run) || !read_one(i, h, &now))
			continue;
		after = value_after(s, conf, i, now);
		if (after == now)
			continue;
		if (table[i].path != NULL)
			buf_printf(commands, "sysctl -w %s=%lld\n", table[i].name,
			    (long long)after);
		else
			*timeout_field(&t, i) = (uint32_t)after;
	}
	if (t.tcp_s != 0 || t.tcpfin_s != 0 || t.udp_s != 0)
		buf_printf(commands, "ipvsadm --set %u %u %u\n", (unsigned)t.tcp_s,
		    (unsigned)t.tcpfin_s, (unsigned)t.udp_s);
}

bool settings_note(
    struct settings *s, const struct conf *conf, struct ipvs *h, bool dry_run)
{
	bool noted = false;

	for (int i = 0; i < SETTINGS_MAX; i++) {
		int64_t value;

		if (!exists(i, dry_run) || s->original[i] != SETTING_UNTOUCHED ||
		    settings_wanted(conf, i) == SETTING_UNTOUCHED)
			continue;
		if (!read_one(i, h, &value)) {
			log_warn("cannot read %s, which stays as it is", table[i].name);
			continue;
		}
		s->original[i] = value;
		s->ours[i] = settings_wanted(conf, i);
		noted = true;
	}
	return noted;
}

void settings_apply(
    struct settings *s, const struct conf *conf, struct ipvs *h, bool dry_run)
{
	for (int i = 0; i < SETTINGS_MAX; i++) {
		int64_t wanted = settings_wanted(conf, i);

		if (!exists(i, dry_run) || s->original[i] == SETTING_UNTOUCHED)
			continue;
		if (wanted == SETTING_UNTOUCHED)
			put_back(s, i, h);
		else if (set_one(i, h, wanted))
			s->ours[i] = wanted;
	}
}

void settings_restore(struct settings *s, struct ipvs *h, bool dry_run)
{
	for (int i = 0; i < SETTINGS_MAX; i++)
		if (exists(i, dry_run) && s->original[i] != SETTING_UNTOUCHED)
			put_back(s, i, h);
}
