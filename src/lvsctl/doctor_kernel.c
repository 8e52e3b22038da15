/*
 * Modules and settings: what the kernel must have for what a director is configured to
 * be. Where the daemon sets one itself, only "sysctl keep" or somebody else's hand
 * lead to a finding.
 */
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "lvsctl/doctor.h"
#include "lvsctl/words.h"

#define MH_INDEX_DEFAULT 12 /* Kconfig: IP_VS_MH_TAB_INDEX, 8 to 17 */
#define MH_INDEX_FIRST 8
#define MH_INDEX_LAST 17
#define MH_PLACES_A_SERVER 100 /* shares within one percent (ip_vs_mh.c, Maglev) */

void doctor_ipvs(struct doctor *d)
{
	if (access("/proc/net/ip_vs", F_OK) == 0)
		return;
	doctor_find(d, NULL, "modprobe ip_vs",
	    "IPVS is not in this kernel, or its module is not loaded; without it nothing "
	    "is balanced");
}

/* ---- schedulers ---- */

static bool has_scheduler(const char *name)
{
	char path[64];

	snprintf(path, sizeof path, "/sys/module/ip_vs_%s", name);
	return access(path, F_OK) == 0;
}

static void look_at_fault(struct doctor *d, const json_t *director)
{
	const char *scheduler = words_of(director, "scheduler");
	const char *fault = words_of(director, "fault");
	const char *name = words_of(director, "name");
	char type[80];

	if (*fault == '\0')
		return;
	if (strstr(fault, "scheduler") == NULL || has_scheduler(scheduler)) {
		snprintf(type, sizeof type, "lvsctl status %s", name);
		doctor_find(
		    d, name, type, "it is not in the kernel as it should: %s", fault);
		return;
	}
	snprintf(type, sizeof type, "modprobe ip_vs_%s", scheduler);
	doctor_find(d, name, type,
	    "the scheduler \"%s\" is not in this kernel, or its module is not loaded",
	    scheduler);
}

/* How many places the kernel's mh table has: a prime just below 2^index
 * (ip_vs_mh.c, primes). */
static long mh_places(int index)
{
	static const long primes[] = { 251, 509, 1021, 2039, 4093, 8191, 16381, 32749,
		65521, 131071 };

	return primes[index - MH_INDEX_FIRST];
}

static int mh_index(void)
{
	char path[160], line[256];
	struct utsname kernel;
	int index = MH_INDEX_DEFAULT;
	FILE *f;

	if (uname(&kernel) < 0)
		return index;
	snprintf(path, sizeof path, "/boot/config-%s", kernel.release);
	f = fopen(path, "re");
	if (f == NULL)
		return index;
	while (fgets(line, sizeof line, f) != NULL)
		if (sscanf(line, "CONFIG_IP_VS_MH_TAB_INDEX=%d", &index) == 1)
			break;
	fclose(f);
	return index >= MH_INDEX_FIRST && index <= MH_INDEX_LAST ? index
								 : MH_INDEX_DEFAULT;
}

static void look_at_mh(struct doctor *d, const json_t *director)
{
	long long servers = words_number(director, "total");
	int index, enough = MH_INDEX_FIRST;
	char type[160];

	if (!words_are(director, "scheduler", "mh"))
		return;
	index = mh_index();
	if (servers * MH_PLACES_A_SERVER <= mh_places(index))
		return;
	while (enough < MH_INDEX_LAST && mh_places(enough) < servers * MH_PLACES_A_SERVER)
		enough++;
	snprintf(type, sizeof type,
	    "balance leastconn   # or a kernel with CONFIG_IP_VS_MH_TAB_INDEX=%d",
	    enough);
	doctor_find(d, words_of(director, "name"), type,
	    "mh has a table of %ld places for %lld servers; with fewer than %d for each, "
	    "shares are uneven, and more clients than need to move when one goes",
	    mh_places(index), servers, MH_PLACES_A_SERVER);
}

/* ---- settings ---- */

static bool has_family(const json_t *director, bool is_v6)
{
	const json_t *server;
	size_t i;

	json_array_foreach (json_object_get(director, "servers"), i, server)
		if ((words_of(server, "address")[0] == '[') == is_v6)
			return true;
	return false;
}

static void look_at_forwarding(struct doctor *d, const json_t *director)
{
	const char *name = words_of(director, "name");

	if (!words_are(director, "mode", "nat"))
		return;
	if (has_family(director, false) &&
	    doctor_number("/proc/sys/net/ipv4/ip_forward") == 0)
		doctor_find(d, name, "sysctl -w net.ipv4.ip_forward=1",
		    "net.ipv4.ip_forward is off, so that what servers answer in mode nat is "
		    "dropped here");
	if (has_family(director, true) &&
	    doctor_number("/proc/sys/net/ipv6/conf/all/forwarding") == 0)
		doctor_find(d, name, "sysctl -w net.ipv6.conf.all.forwarding=1",
		    "net.ipv6.conf.all.forwarding is off, so that what servers answer in "
		    "mode nat is dropped here");
}

static bool inhibits(const json_t *director)
{
	const json_t *server;
	size_t i;

	json_array_foreach (json_object_get(director, "servers"), i, server)
		if (json_is_true(
			json_object_get(json_object_get(server, "check"), "inhibit")))
			return true;
	return false;
}

static void look_at_settings(struct doctor *d, const json_t *director)
{
	const char *name = words_of(director, "name");

	if (json_is_true(json_object_get(director, "masquerade")) &&
	    doctor_number("/proc/sys/net/ipv4/vs/conntrack") == 0)
		doctor_find(d, name, "sysctl -w net.ipv4.vs.conntrack=1",
		    "net.ipv4.vs.conntrack is off, so that option masquerade changes no "
		    "address; without \"sysctl keep\" lvsd sets it");
	if (json_is_true(json_object_get(director, "persistent")) && inhibits(director) &&
	    doctor_number("/proc/sys/net/ipv4/vs/expire_quiescent_template") == 0)
		doctor_find(d, name, "sysctl -w net.ipv4.vs.expire_quiescent_template=1",
		    "net.ipv4.vs.expire_quiescent_template is off: with inhibit and "
		    "persistence, clients stay at a server that is down; without \"sysctl "
		    "keep\" lvsd sets it");
}

void doctor_kernel(struct doctor *d, const json_t *director)
{
	look_at_fault(d, director);
	look_at_mh(d, director);
	look_at_forwarding(d, director);
	look_at_settings(d, director);
}
