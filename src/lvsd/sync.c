/*
 * Wanted against what runs, for two daemons: start, stop, or both when the settings
 * differ.
 */
#include "lvsd/sync.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/log.h"
#include "lvsd/events.h"
#include "lvsd/statefile.h"

enum role { MASTER, BACKUP, N_ROLES };

/* How a daemon comes to what is wanted: stopped, started, both, or left alone. */
struct step {
	bool stop, start;
	struct ipvs_sync off, want;
};

static const char *const names[N_ROLES] = { "master", "backup" };

/* The settings of ROLE: its own of the file, else those of the other one. NULL: the file
 * has none. */
static const struct sync_conf *settings_of(const struct conf *conf, enum role role)
{
	const struct sync_conf *both[N_ROLES] = { &conf->sync_master,
		&conf->sync_backup };

	if (both[role]->on)
		return both[role];
	return both[1 - role]->on ? both[1 - role] : NULL;
}

static bool is_wanted(const struct lvsd *l, enum role role)
{
	const struct conf *conf = l->state->conf;

	if (settings_of(conf, role) == NULL)
		return false;
	if (l->sync->said)
		return l->sync->wants[role];
	return role == MASTER ? conf->sync_master.on : conf->sync_backup.on;
}

static void wanted(const struct sync_conf *conf, enum role role, struct ipvs_sync *s)
{
	*s = (struct ipvs_sync){
		.on = true,
		.master = role == MASTER,
		.syncid = conf->syncid,
		.ttl = conf->ttl,
		.port = conf->port,
		.maxlen = conf->maxlen,
		.group = conf->group,
	};
	strlcpy(s->iface, conf->iface, sizeof s->iface);
}

/* HAVE is what WANT asks for; what that leaves to the kernel may be anything. */
static bool is_same(const struct ipvs_sync *have, const struct ipvs_sync *want)
{
	return strcmp(have->iface, want->iface) == 0 && have->syncid == want->syncid &&
	       (want->ttl == 0 || have->ttl == want->ttl) &&
	       (want->port == 0 || have->port == want->port) &&
	       (want->maxlen == 0 || have->maxlen == want->maxlen) &&
	       (!addr_is_set(&want->group) || addr_cmp(&have->group, &want->group) == 0);
}

/* Starts or stops S. An error is told once. */
static bool set(struct lvsd *l, enum role role, const struct ipvs_sync *s)
{
	const char *before = l->sync->error[role];
	char text[64];

	if (ipvs_set_sync(l->ipvs, s)) {
		l->sync->error[role] = NULL;
		snprintf(text, sizeof text, "the %s %s", names[role],
		    s->on ? "runs" : "is stopped");
		log_info("sync: %s", text);
		events_note(l, "sync", text);
		return true;
	}
	l->sync->error[role] = strerror(errno);
	if (before != l->sync->error[role])
		log_warn("sync: cannot %s the %s%s%s", s->on ? "start" : "stop",
		    names[role], s->on ? " on interface " : "", s->iface);
	return false;
}

/* What is to be done about the daemon of ROLE, which is as HAVE shows. */
static struct step step_of(
    const struct lvsd *l, enum role role, const struct ipvs_sync *have)
{
	struct step s = { .off = { .master = role == MASTER } };

	if (!is_wanted(l, role)) {
		s.stop = have->on && (l->sync->ours[role] || l->sync->said);
		return s;
	}
	wanted(settings_of(l->state->conf, role), role, &s.want);
	s.stop = have->on && !is_same(have, &s.want);
	s.start = !have->on || s.stop;
	return s;
}

static void apply_role(struct lvsd *l, enum role role, const struct ipvs_sync *have)
{
	struct step step = step_of(l, role, have);
	struct sync_state *s = l->sync;
	bool runs = have->on;

	if (step.stop)
		runs = !set(l, role, &step.off);
	if (is_wanted(l, role))
		s->ours[role] = runs || set(l, role, &step.want);
	else if (step.stop && !runs)
		s->ours[role] = false;
	if (is_wanted(l, role) && runs)
		s->error[role] = NULL;
}

/* Something is wanted, or was. */
static bool is_concerned(const struct lvsd *l)
{
	return is_wanted(l, MASTER) || is_wanted(l, BACKUP) || l->sync->said ||
	       l->sync->ours[MASTER] || l->sync->ours[BACKUP];
}

void sync_apply(struct lvsd *l)
{
	struct ipvs_sync have[N_ROLES];

	if (!is_concerned(l))
		return;
	if (!ipvs_read_sync(l->ipvs, have)) {
		log_warn("sync: cannot see what runs");
		return;
	}
	/* The one that is to go first: a change of the role is never both. */
	for (int i = 0; i < N_ROLES; i++)
		if (!is_wanted(l, (enum role)i))
			apply_role(l, (enum role)i, &have[i]);
	for (int i = 0; i < N_ROLES; i++)
		if (is_wanted(l, (enum role)i))
			apply_role(l, (enum role)i, &have[i]);
}

static void put_start(struct buf *b, enum role role, const struct ipvs_sync *s)
{
	char group[ADDR_TEXT_MAX];

	buf_printf(b, "ipvsadm --start-daemon %s --mcast-interface %s --syncid %u",
	    names[role], s->iface, (unsigned)s->syncid);
	if (s->maxlen != 0)
		buf_printf(b, " --sync-maxlen %u", (unsigned)s->maxlen);
	if (addr_is_set(&s->group))
		buf_printf(b, " --mcast-group %s", addr_text(&s->group, group));
	if (s->port != 0)
		buf_printf(b, " --mcast-port %u", (unsigned)s->port);
	if (s->ttl != 0)
		buf_printf(b, " --mcast-ttl %u", (unsigned)s->ttl);
	buf_str(b, "\n");
}

void sync_plan(struct lvsd *l, struct buf *commands)
{
	struct ipvs_sync have[N_ROLES];

	if (!is_concerned(l) || !ipvs_read_sync(l->ipvs, have))
		return;
	for (int wanted = 0; wanted < 2; wanted++) {
		for (int i = 0; i < N_ROLES; i++) {
			struct step s = step_of(l, (enum role)i, &have[i]);

			if (is_wanted(l, (enum role)i) != wanted)
				continue;
			if (s.stop)
				buf_printf(
				    commands, "ipvsadm --stop-daemon %s\n", names[i]);
			if (s.start)
				put_start(commands, (enum role)i, &s.want);
		}
	}
}

void sync_clear(struct lvsd *l)
{
	for (int i = 0; i < N_ROLES; i++)
		if (l->sync->ours[i])
			l->sync->ours[i] = !set(l, (enum role)i,
			    &(struct ipvs_sync){ .master = i == MASTER });
}

/* ---- an operator ---- */

static bool read_word(const char *word, bool wants[N_ROLES])
{
	bool both = strcmp(word, "both") == 0;

	wants[MASTER] = both || strcmp(word, "master") == 0;
	wants[BACKUP] = both || strcmp(word, "backup") == 0;
	return wants[MASTER] || wants[BACKUP] || strcmp(word, "off") == 0;
}

static json_t *take_word(struct request *r)
{
	struct lvsd *l = r->l;
	bool wants[N_ROLES];

	if (r->n != 2 || !read_word(r->words[1], wants))
		return request_refusal("write: sync master, backup, both or off");
	if ((wants[MASTER] || wants[BACKUP]) &&
	    settings_of(l->state->conf, MASTER) == NULL)
		return request_refusal(
		    "the file does not say how: it has no \"sync\" under \"global\"");
	l->sync->said = true;
	memcpy(l->sync->wants, wants, sizeof wants);
	log_info("sync: an operator says %s", r->words[1]);
	sync_apply(l);
	for (int i = 0; i < N_ROLES; i++)
		if (l->sync->error[i] != NULL)
			return json_pack("{s:b, s:s++}", "ok", 0, "error", names[i], ": ",
			    l->sync->error[i]);
	return NULL;
}

void sync_request(struct request *r, struct answer *a)
{
	a->json = take_word(r);
	a->wait.number = statefile_save(r->l->statefile);
	if (a->json == NULL)
		a->wait.what = WAIT_SAVED;
}

/* ---- over a restart ---- */

static json_t *flags_json(const bool flags[N_ROLES])
{
	return json_pack("{s:b, s:b}", names[MASTER], (int)flags[MASTER], names[BACKUP],
	    (int)flags[BACKUP]);
}

static void flags_of(const json_t *o, bool flags[N_ROLES])
{
	for (int i = 0; i < N_ROLES; i++)
		flags[i] = json_is_true(json_object_get(o, names[i]));
}

void sync_record(const struct sync_state *s, json_t *root)
{
	json_t *o;

	if (!s->said && !s->ours[MASTER] && !s->ours[BACKUP])
		return;
	o = json_pack("{s:o}", "ours", flags_json(s->ours));
	if (s->said)
		json_object_set_new(o, "wants", flags_json(s->wants));
	json_object_set_new(root, "sync", o);
}

void sync_restore(struct sync_state *s, const json_t *root)
{
	const json_t *o = json_object_get(root, "sync");
	const json_t *wants = json_object_get(o, "wants");

	flags_of(json_object_get(o, "ours"), s->ours);
	s->said = json_is_object(wants);
	flags_of(wants, s->wants);
}

/* ---- status ---- */

static json_t *show_role(const struct ipvs_sync *have, bool ours, const char *error)
{
	json_t *o;

	if (!have->on && error == NULL)
		return json_null();
	o = json_pack("{s:b, s:s, s:i, s:b}", "runs", (int)have->on, "interface",
	    have->iface, "syncid", (int)have->syncid, "ours", (int)ours);
	json_object_set_new(o, "error", error != NULL ? json_string(error) : json_null());
	return o;
}

json_t *sync_show(struct lvsd *l)
{
	const struct sync_state *s = l->sync;
	struct ipvs_sync have[N_ROLES];
	json_t *o = json_object();

	if (l->resync || !ipvs_read_sync(l->ipvs, have))
		memset(have, 0, sizeof have);
	for (int i = 0; i < N_ROLES; i++)
		json_object_set_new(
		    o, names[i], show_role(&have[i], s->ours[i], s->error[i]));
	return o;
}
