/*
 * Making configurations: as text, as a user would write them, so that every
 * one goes the whole way through parser, validation and state.
 */
#include "random.h"

#include <stdlib.h>

#include "call.h"

#define DIRECTORS 9
#define SERVERS 8 /* at most, in a director */

unsigned pick(unsigned n)
{
	return (unsigned)random() % n;
}

#define ONE_OF(list) ((list)[pick(sizeof(list) / sizeof *(list))])

static const struct identity {
	const char *words;
	bool udp, v4, v6; /* the families its servers may have outside of tunnel mode */
	bool needs_persistence; /* all ports */
} identities[DIRECTORS] = {
	{ "10.9.9.1:80 TCP", false, true, false, false },
	{ "10.9.9.1:81 TCP", false, true, false, false },
	{ "10.9.9.1:80 UDP", true, true, false, false },
	{ "10.9.9.1:80 SCTP", false, true, false, false },
	{ "10.9.9.2 TCP", false, true, false, true },
	{ "[fd09::1]:80 TCP", false, false, true, false },
	{ "[fd09::1]:80 UDP", true, false, true, false },
	{ "fwmark 5", false, true, true, false },
	{ "fwmark 6", false, true, true, false },
};

static const char *const balances[] = {
	"roundrobin",
	"leastconn",
	"leastconn localitybased",
	"leastconn localitybased replication",
	"source",
	"source port",
	"dest",
	"shortexpdelay",
	"neverqueue",
	"fo",
	"ovf",
	"mh",
	"mh port",
	"kernel rr",
	"kernel wrr flag-1",
	"kernel mh flag-2",
	"kernel lc flag-1 flag-2 flag-3",
};

static const char *const tunnels[] = {
	"",
	" gue port 5555",
	" gue port 5556 checksum yes",
	" gue port 5556 checksum remote",
	" gre",
	" gre checksum yes",
};

static void random_director_options(const struct identity *id, bool tunnel, struct buf *b)
{
	static const char *const masks4[] = { "", " netmask 255.255.255.0",
		" netmask 8" };
	static const char *const masks6[] = { "", " netmask 64", " netmask 128" };

	buf_printf(b, " balance %s\n", ONE_OF(balances));
	if (tunnel)
		buf_printf(b, " mode tunnel%s\n", ONE_OF(tunnels));
	else
		buf_printf(b, " mode %s\n", pick(2) ? "nat" : "gateway");
	if (id->udp && pick(4) == 0)
		buf_str(b, " option onepacket\n");
	if (id->needs_persistence || pick(4) == 0)
		buf_printf(b, " option persistence timeout %u%s\n", 60 + pick(2) * 60,
		    id->v4 == id->v6 ? ""
		    : id->v6	     ? ONE_OF(masks6)
				     : ONE_OF(masks4));
	if (pick(4) == 0)
		buf_printf(b, " option quorum %s\n", pick(2) ? "2" : "50%");
	else if (pick(4) == 0)
		buf_printf(b, " option panic %u%%\n", 1 + pick(100));
	if (pick(4) == 0)
		buf_str(b, " option slowstart 10\n");
	if (pick(4) == 0)
		buf_printf(b, " option drain %u\n", pick(2));
	buf_printf(b, " check interval %u%s\n", 1 + pick(2), pick(3) ? "" : " inhibit");
}

static void random_server(bool v6, unsigned number, bool sorry, struct buf *b)
{
	/* Another port at the same place is another server. */
	unsigned port = pick(4) ? 80 : 8080;

	if (v6)
		buf_printf(b, " server %s%u [fd02::%u]:%u", sorry ? "sorry" : "s", number,
		    number, port);
	else
		buf_printf(b, " server %s%u 10.2.0.%u:%u", sorry ? "sorry" : "s", number,
		    number, port);
	if (sorry)
		buf_str(b, " sorry");
	if (pick(3))
		buf_printf(b, " weight %u", pick(5) ? pick(4) : 65535);
	if (pick(5) == 0)
		buf_str(b, " maxconn 100");
	else if (pick(5) == 0)
		buf_str(b, " maxconn 100 minconn 50");
	if (pick(3))
		buf_str(b, " check");
	buf_str(b, "\n");
}

static void random_director(size_t i, struct buf *b)
{
	const struct identity *id = &identities[i];
	bool tunnel = pick(4) == 0;
	unsigned n = pick(SERVERS + 1);

	/* Now and then under another name. */
	buf_printf(b, "director d%zu%s %s\n", i, pick(5) ? "" : "x", id->words);
	random_director_options(id, tunnel, b);
	for (unsigned s = 1; s <= n; s++) {
		/* A tunnel may lead out of the director's family. */
		bool v6 = tunnel || id->v4 == id->v6 ? pick(4) == 0 : id->v6;

		if (tunnel && id->v6)
			v6 = pick(4) != 0;
		if (pick(3))
			random_server(v6, s, pick(5) == 0, b);
	}
}

void random_conf(struct buf *b)
{
	/* Now and then an empty one: everything leaves. */
	bool none = pick(20) == 0;

	buf_str(b, "");
	for (size_t i = 0; i < DIRECTORS && !none; i++)
		if (pick(3))
			random_director(i, b);
}

void random_health(struct state *s)
{
	/* How many are up, out of 4: in some worlds nobody is. */
	unsigned up = pick(5);

	for (uint32_t i = 0; i < s->n_probes; i++) {
		bool is_up = pick(4) < up;

		if (pick(6))
			call_report(s, i, is_up);
	}
}

void random_decisions(struct state *s, uint64_t now_us)
{
	static const enum decision_word words[] = { DECISION_READY, DECISION_DRAIN,
		DECISION_MAINT };

	for (size_t i = 0; i < s->n_servers; i++) {
		struct decision d;

		if (pick(8) != 0)
			continue;
		d.word = ONE_OF(words);
		d.until_us = pick(2) ? 0 : now_us - 1 + pick(3);
		d.has_weight = pick(2);
		d.weight = (uint16_t)pick(4);
		state_decide(&s->servers[i], &d);
	}
}
