/*
 * Flows: rules of iptables that lead packets astray, ours that are gone and others' that
 * are in the way.
 *
 * What iptables-save prints, of both flavours, is asked for once, and only by root, whom
 * the kernel tells. Marks of our own range (lvsd(8)) are nobody else's.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/command.h"
#include "lib/forwards.h"
#include "lvsctl/doctor.h"
#include "lvsctl/words.h"

#define DEADLINE_MS 5000
#define MARKS_FIRST 0x4c560000u
#define MARKS_LAST 0x4c56ffffu
#define PREFIX "LVSD-"

static bool is_ours(long long mark)
{
	return mark >= MARKS_FIRST && mark <= MARKS_LAST;
}

/* Rules lead packets to DIRECTOR, or should. */
static bool is_marked(const json_t *director)
{
	return is_ours(words_number(director, "mark"));
}

/* ---- settings and modules ---- */

static void look_at_modules(struct doctor *d, const json_t *director)
{
	const char *fault = words_of(director, "fault");
	const char *name = words_of(director, "name");

	if (strstr(fault, "ip_set") != NULL && access("/sys/module/ip_set", F_OK) != 0)
		doctor_find(d, name, "modprobe ip_set",
		    "the module ip_set is not loaded, so its addresses cannot be kept");
	else if (strstr(fault, "set") != NULL && access("/sys/module/xt_set", F_OK) != 0)
		doctor_find(d, name, "modprobe xt_set",
		    "the module xt_set is not loaded, so its packets cannot be marked");
}

/* Packets that are routed here need not come in where this machine would send to their
 * source. */
static void look_at_rp_filter(struct doctor *d, const json_t *director)
{
	if (is_marked(director))
		doctor_strict(d, director,
		    "packets of clients whom this machine answers by another interface "
		    "are dropped before they are marked");
}

void doctor_flow(struct doctor *d, const json_t *director)
{
	look_at_modules(d, director);
	look_at_rp_filter(d, director);
}

/* ---- datagrams that are refused ---- */

/* Some address of the network TEXT is none of this machine, as far as its first tells. */
static bool is_elsewhere(struct doctor *d, const char *text)
{
	struct route route;
	struct addr addr;

	if (!addr_parse(&addr, text, strcspn(text, "/")))
		return false;
	if (addr.family == AF_INET && strstr(text, "/32") == NULL)
		addr.bytes[3] |= 1; /* that of the network itself is no host's */
	return !routes_get(d->routes, &addr, &route) || !route.is_local;
}

/* STATUS may be of one director alone. */
static bool is_shown(const json_t *status, const char *name)
{
	const json_t *director;
	size_t i;

	json_array_foreach (json_object_get(status, "directors"), i, director)
		if (words_are(director, "name", name))
			return true;
	return false;
}

/* Copies of them towards the address TO could be made here. */
static bool has_way(struct doctor *d, const char *to)
{
	struct route route;
	struct addr addr;

	return addr_parse(&addr, to, strlen(to)) &&
	       routes_get(d->routes, &addr, &route) && route.found && !route.is_local;
}

/* What has to be typed so that datagrams to addresses of others are refused, and WHY they
 * are not; NULL: they are. */
static const char *look_at_copies(
    struct doctor *d, const json_t *marking, const char **why)
{
	const char *to = words_of(marking, "copies");

	if (doctor_number("/proc/sys/net/ipv4/ip_forward") != 0)
		return NULL;
	*why = "only some interfaces forward";
	if (!forwards_nothing(AF_INET))
		return "sysctl -w net.ipv4.ip_forward=1";
	*why = "the modules xt_TEE and xt_HL are not to be had";
	if (*to == '\0')
		return "modprobe -a xt_TEE xt_HL   # and restart lvsd";
	*why = "there is no default route";
	return has_way(d, to) ? NULL : "sysctl -w net.ipv4.ip_forward=1";
}

void doctor_datagrams(struct doctor *d, const json_t *status)
{
	const json_t *marking = json_object_get(status, "marking");
	const json_t *list = json_object_get(marking, "datagrams");
	const char *why, *type = look_at_copies(d, marking, &why);
	const char *last = "";
	const json_t *o;
	size_t i;

	if (type == NULL)
		return;
	json_array_foreach (list, i, o) {
		const char *name = words_of(o, "director");

		if (strcmp(name, last) == 0 || !is_shown(status, name) ||
		    !is_elsewhere(d, words_of(o, "to")))
			continue;
		last = name;
		doctor_find(d, name, type,
		    "net.ipv4.ip_forward is off and %s, so that while it has no usable "
		    "server datagrams to its IPv4 addresses that are none of this machine "
		    "are dropped, not refused",
		    why);
	}
}

/* ---- rules ---- */

/* What one iptables-save printed. */
struct saved {
	const char *program; /* "iptables-legacy", what to type */
	struct buf text;
	size_t rules; /* of others and of ours */
	bool has_ours;
};

static bool save(struct saved *s, const char *program)
{
	char name[64];
	const char *const argv[] = { name, NULL };
	struct buf error = { 0 };
	bool done;

	*s = (struct saved){ .program = program };
	snprintf(name, sizeof name, "%s-save", program);
	buf_str(&s->text, "");
	done = command_run(argv, NULL, DEADLINE_MS, &s->text, &error);
	buf_fini(&error);
	for (const char *at = s->text.data; (at = strstr(at, "\n-A ")) != NULL; at++)
		s->rules++;
	s->has_ours = strstr(s->text.data, "\n:" PREFIX) != NULL;
	return done;
}

/* The mark that RULE looks for or sets, or 0. */
static long long mark_of(const char *rule)
{
	static const char *const options[] = { "--set-xmark ", "--set-mark ", "--mark ",
		"--or-mark ", "--and-mark " };

	for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
		const char *at = strstr(rule, options[i]);

		if (at != NULL)
			return strtoll(at + strlen(options[i]), NULL, 0);
	}
	return 0;
}

static void look_at_rule(
    struct doctor *d, const struct saved *s, const char *table, const char *rule)
{
	long long mark = mark_of(rule);
	char type[300];

	if (!is_ours(mark) || strncmp(rule, PREFIX, strlen(PREFIX)) == 0)
		return;
	snprintf(type, sizeof type, "%s -t %s -D %.200s", s->program, table, rule);
	doctor_find(d, NULL, type,
	    "a rule that is not lvsd's uses mark 0x%llx, which lvsd gives to directors",
	    mark);
}

/* Chains of ours that are there, but that nobody calls any more. */
static void look_at_hooks(struct doctor *d, const struct saved *s)
{
	static const struct {
		const char *chain, *hook;
	} hooks[] = {
		{ "\n:LVSD-FLOW ", "\n-A PREROUTING -j LVSD-FLOW\n" },
		{ "\n:LVSD-MASQ ", "\n-A POSTROUTING -j LVSD-MASQ\n" },
		{ "\n:LVSD-REFUSE ", "\n-A INPUT -j LVSD-REFUSE\n" },
		{ "\n:LVSD-REFUSE ", "\n-A FORWARD -j LVSD-REFUSE\n" },
		{ "\n:LVSD-COPY ", "\n-A OUTPUT -j LVSD-COPY\n" },
	};

	for (size_t i = 0; i < sizeof hooks / sizeof hooks[0]; i++)
		if (strstr(s->text.data, hooks[i].chain) != NULL &&
		    strstr(s->text.data, hooks[i].hook) == NULL)
			doctor_find(d, NULL, "lvsctl audit",
			    "%s: \"%.*s\" is gone, so that packets of flows go their own "
			    "way; lvsd mends it within a minute",
			    s->program, (int)strlen(hooks[i].hook) - 2,
			    hooks[i].hook + 1);
}

static void look_at_saved(struct doctor *d, const struct saved *s)
{
	char *copy = strdup(s->text.data), *rest = copy, *line, table[32] = "";

	while (copy != NULL && (line = strsep(&rest, "\n")) != NULL)
		if (line[0] == '*')
			snprintf(table, sizeof table, "%s", line + 1);
		else if (strncmp(line, "-A ", 3) == 0)
			look_at_rule(d, s, table, line + 3);
	free(copy);
	look_at_hooks(d, s);
}

/* Packets go through the rules of both, and each shows its own only. */
static void look_at_flavours(
    struct doctor *d, const struct saved *nft, const struct saved *legacy)
{
	char type[80];

	if (nft->rules == 0 || legacy->rules == 0 ||
	    (!nft->has_ours && !legacy->has_ours))
		return;
	snprintf(
	    type, sizeof type, "%s-save   # and %s-save", nft->program, legacy->program);
	doctor_find(d, NULL, type,
	    "both flavours of iptables have rules, and neither shows the other's; those of "
	    "lvsd are in %s",
	    legacy->has_ours ? legacy->program : nft->program);
}

void doctor_rules(struct doctor *d, const json_t *status)
{
	static const char *const programs[2][2] = {
		{ "iptables-nft", "iptables-legacy" },
		{ "ip6tables-nft", "ip6tables-legacy" },
	};
	const json_t *director;
	bool needed = false;
	size_t i;

	json_array_foreach (json_object_get(status, "directors"), i, director)
		needed = needed || is_marked(director) ||
			 json_is_true(json_object_get(director, "masquerade"));
	if (!needed || geteuid() != 0)
		return;
	for (int family = 0; family < 2; family++) {
		struct saved saved[2];

		for (int flavour = 0; flavour < 2; flavour++)
			if (save(&saved[flavour], programs[family][flavour]))
				look_at_saved(d, &saved[flavour]);
		look_at_flavours(d, &saved[0], &saved[1]);
		buf_fini(&saved[0].text);
		buf_fini(&saved[1].text);
	}
}
