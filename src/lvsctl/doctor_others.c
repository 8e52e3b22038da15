/*
 * Who else is at work here: programs that are known to edit the kernel's table, changes
 * that the audit met, and what is wrong with the daemon itself.
 *
 * A keepalived that only does VRRP is a good companion; one that balances, too, holds
 * a generic netlink socket. /proc/net/netlink lists those of this network namespace
 * with the process that each was bound by, in the lower 22 bits (libnl, nl_socket).
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lvsctl/doctor.h"
#include "lvsctl/words.h"

#define GENERIC 16 /* NETLINK_GENERIC */
#define PORT_PID 0x3fffffu
#define RECENT_S (24. * 60 * 60)

static bool name_of(unsigned pid, char name[32])
{
	char path[64];
	FILE *f;

	snprintf(path, sizeof path, "/proc/%u/comm", pid);
	f = fopen(path, "re");
	if (f == NULL)
		return false;
	if (fgets(name, 32, f) == NULL)
		name[0] = '\0';
	name[strcspn(name, "\n")] = '\0';
	fclose(f);
	return name[0] != '\0';
}

static void find_editor(struct doctor *d, const char *name, unsigned pid)
{
	char type[96];

	snprintf(type, sizeof type, "systemctl stop %s   # process %u", name, pid);
	doctor_find(d, NULL, type,
	    "%s is running and edits the kernel's table, too; what it changes of ours is "
	    "changed back, once a minute",
	    name);
}

static void look_at_sockets(struct doctor *d)
{
	FILE *f = fopen("/proc/net/netlink", "re");
	char line[256], name[32];
	unsigned port;
	int protocol;

	if (f == NULL)
		return;
	while (fgets(line, sizeof line, f) != NULL)
		if (sscanf(line, "%*s %d %u", &protocol, &port) == 2 &&
		    protocol == GENERIC && name_of(port & PORT_PID, name) &&
		    (strcmp(name, "keepalived") == 0 || strcmp(name, "kube-proxy") == 0))
			find_editor(d, name, port & PORT_PID);
	fclose(f);
}

/* It is a script that runs ipvsadm(8), so it has no socket; one of another network
 * namespace, or that we may not ask, is no business of ours. */
static void look_at_process(struct doctor *d, unsigned pid)
{
	char path[64], here[64] = "", there[64] = "", name[32];

	if (!name_of(pid, name) || strcmp(name, "ldirectord") != 0)
		return;
	snprintf(path, sizeof path, "/proc/%u/ns/net", pid);
	if (readlink("/proc/self/ns/net", here, sizeof here - 1) > 0 &&
	    readlink(path, there, sizeof there - 1) > 0 && strcmp(here, there) == 0)
		find_editor(d, name, pid);
}

static void look_at_processes(struct doctor *d)
{
	DIR *proc = opendir("/proc");
	const struct dirent *entry;

	if (proc == NULL)
		return;
	while ((entry = readdir(proc)) != NULL)
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
			look_at_process(d, (unsigned)strtoul(entry->d_name, NULL, 10));
	closedir(proc);
}

void doctor_others(struct doctor *d, const json_t *status)
{
	const json_t *audit = json_object_get(status, "audit");
	const json_t *age = json_object_get(audit, "found_age_s");
	char text[WORDS_MAX];

	look_at_sockets(d);
	look_at_processes(d);
	if (json_is_number(age) && json_number_value(age) < RECENT_S)
		doctor_find(d, NULL, "ps -e | grep -E 'ipvsadm|keepalived|ldirectord'",
		    "somebody else changed services of ours in the kernel, last %s ago; the "
		    "log of lvsd says which",
		    words_time(json_number_value(age), text));
}

void doctor_daemon(struct doctor *d, const json_t *status)
{
	char type[512];

	if (json_is_string(json_object_get(json_object_get(status, "reload"), "error"))) {
		snprintf(type, sizeof type, "lvsd -c -f %s", words_of(status, "config"));
		doctor_find(d, NULL, type,
		    "the last reload was refused; a start with this file would fail");
	}
	if (json_is_string(json_object_get(status, "state_file_error")))
		doctor_find(d, NULL, "df /var/lib/lvsd",
		    "the state file cannot be written, so that a restart forgets what "
		    "operators decided: %s",
		    words_of(status, "state_file_error"));
	if (json_is_false(json_object_get(json_object_get(status, "kernel"), "answers")))
		doctor_find(d, NULL, "dmesg | tail",
		    "the kernel does not answer to lvsd's requests");
}
