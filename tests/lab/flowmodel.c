/*
 * flowmodel: random flows, and what they mean, twice.
 *
 *	flowmodel SEED ROUND conf	prints an lvs.conf
 *	flowmodel SEED ROUND ask N	sends N packets and compares who answers
 *
 * Both make the same rules of the same numbers. The second goes through them for each
 * packet from the top, as the language says it: that is the model. Nothing of lvsd's
 * own is in here but the reading of addresses. Every packet of a round has a source
 * port that no other round uses: the kernel knows a connection before any rule.
 */
#include "lib/addr.h"

#include <err.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum {
	RULES_MAX = 24,
	FLOWS_MAX = 5,
	POOLS = 2,	 /* pool0 and pool1, served by rs1 and rs2 */
	HOSTS = 16,	 /* of either side, from 1 */
	PORTS = 8,	 /* of either side */
	DST_PORT = 5000, /* the first of them */
	SRC_PORT = 20000,
	OWNED_MAX = 3,
	TIMEOUT_MS = 5000,
};

/* A network of hosts FIRST to FIRST + SIZE - 1, of a size that is a power of two. */
struct part {
	bool given, negated;
	int first, size;
};

struct rule {
	int flow; /* the number of its flow */
	bool ignore;
	int family; /* of its addresses: 4, 6, or 0 */
	struct part src, dst, srcport, dstport;
	struct part proto; /* first is IPPROTO_TCP or IPPROTO_UDP */
	struct part iface; /* first is 0 (eth0, where all comes in) or 1 */
};

/* A director with an address: rs3 serves it, with every port rs4. */
struct owned {
	int family, host, port, protocol; /* port PORTS: every one */
};

struct packet {
	int family, protocol, src, dst, srcport, dstport;
};

static struct {
	unsigned seed, round;
	uint64_t random;
	struct rule rules[RULES_MAX];
	int n_rules, n_flows, pool[FLOWS_MAX];
	struct owned owned[OWNED_MAX];
	int n_owned;
} m;

/* A number from 0 to N - 1. */
static int pick(int n)
{
	m.random ^= m.random << 13; /* xorshift64 */
	m.random ^= m.random >> 7;
	m.random ^= m.random << 17;
	return (int)((m.random >> 20) % (uint64_t)n);
}

static struct part pick_part(int of, int one_in)
{
	struct part p = { .given = pick(one_in) == 0, .negated = pick(4) == 0 };

	p.size = 1 << pick(4);
	p.first = pick(of) / p.size * p.size;
	return p;
}

static bool is_meant(const struct part *p)
{
	return p->given && !p->negated;
}

static void make_rule(struct rule *r, int flow)
{
	*r = (struct rule){ .flow = flow, .ignore = pick(3) == 0 };
	r->src = pick_part(HOSTS, 3);
	r->dst = pick_part(HOSTS, 2);
	if (r->src.given || r->dst.given)
		r->family = pick(2) == 0 ? 4 : 6;
	r->proto = (struct part){ .given = pick(2) == 0, .negated = pick(5) == 0 };
	r->proto.first = pick(2) == 0 ? IPPROTO_TCP : IPPROTO_UDP;
	if (r->proto.given && !r->proto.negated) {
		r->srcport = pick_part(PORTS, 4);
		r->dstport = pick_part(PORTS, 2);
	}
	r->iface = (struct part){ .given = pick(6) == 0, .negated = pick(2) == 0 };
	r->iface.first = pick(2);
	/* A match that says neither from whom nor to what would take the answers of
	 * the servers, too. */
	if (r->ignore || is_meant(&r->src) || is_meant(&r->dst) || is_meant(&r->dstport))
		return;
	r->dst.given = true;
	r->dst.negated = false;
	r->family = r->family == 0 ? 4 + 2 * pick(2) : r->family;
}

static void make_owned(struct owned *o)
{
	o->family = pick(2) == 0 ? 4 : 6;
	o->host = pick(HOSTS);
	o->port = pick(3) == 0 ? PORTS : pick(PORTS);
	o->protocol = pick(2) == 0 ? IPPROTO_TCP : IPPROTO_UDP;
}

static bool same_owned(const struct owned *a, const struct owned *b)
{
	return a->family == b->family && a->host == b->host && a->port == b->port &&
	       a->protocol == b->protocol;
}

static void make_model(void)
{
	m.random = (m.seed + 1) * 0x9e3779b97f4a7c15u + m.round * 0xbf58476d1ce4e5b9u;
	for (int i = 0; i < 10; i++)
		pick(2);
	m.n_flows = 1 + pick(FLOWS_MAX);
	for (int i = 0; i < m.n_flows; i++) {
		m.pool[i] = pick(POOLS);
		for (int j = 1 + pick(4); j > 0; j--)
			make_rule(&m.rules[m.n_rules++], i);
	}
	for (int i = pick(OWNED_MAX + 1); i > 0; i--) {
		bool twice = false;

		make_owned(&m.owned[m.n_owned]);
		for (int j = 0; j < m.n_owned; j++)
			twice = twice || same_owned(&m.owned[j], &m.owned[m.n_owned]);
		m.n_owned += !twice;
	}
}

/* ---- as a file ---- */

static int first_port(void)
{
	return SRC_PORT + (int)m.round * PORTS;
}

static void print_net(const char *word, const struct part *p, int family, bool is_src)
{
	int bits = 0;

	if (!p->given)
		return;
	while (1 << bits < p->size)
		bits++;
	printf(" %s%s ", p->negated ? "not " : "", word);
	if (family == 4)
		printf("%s%d/%d", is_src ? "10.1.1." : "192.0.2.",
		    (is_src ? HOSTS : 0) + p->first, 32 - bits);
	else
		printf("%s%x/%d",
		    is_src ? "fd01:1::" : "fd92::", (is_src ? HOSTS : 0) + p->first,
		    128 - bits);
}

static void print_ports(const char *word, const struct part *p, int first)
{
	if (p->given)
		printf(" %s%s %d:%d", p->negated ? "not " : "", word, first + p->first,
		    first + p->first + p->size - 1);
}

static void print_rule(const struct rule *r)
{
	printf(r->ignore ? " ignore" : " match");
	if (r->iface.given)
		printf(" %siface eth%d", r->iface.negated ? "not " : "", r->iface.first);
	if (r->proto.given)
		printf(" %sproto %s", r->proto.negated ? "not " : "",
		    r->proto.first == IPPROTO_TCP ? "tcp" : "udp");
	print_net("src", &r->src, r->family, true);
	print_net("dst", &r->dst, r->family, false);
	print_ports("srcport", &r->srcport, first_port());
	print_ports("dstport", &r->dstport, DST_PORT);
	printf("\n");
}

static void print_owned(const struct owned *o, int number)
{
	const char *protocol = o->protocol == IPPROTO_TCP ? "TCP" : "UDP";
	bool every = o->port == PORTS;
	char port[16] = "";

	if (!every)
		snprintf(port, sizeof port, ":%d", DST_PORT + o->port);
	if (o->family == 4)
		printf("director own%d 192.0.2.%d%s %s\n server a 10.2.0.%d\n", number,
		    o->host, port, protocol, every ? 14 : 13);
	else
		printf("director own%d %sfd92::%x%s%s %s\n server a fd02::%d\n", number,
		    every ? "" : "[", (unsigned)o->host, every ? "" : "]", port, protocol,
		    every ? 14 : 13);
	printf(" option drain 0\n"); /* one that leaves refuses, and the next has none */
}

static void print_conf(void)
{
	for (int i = 0; i < POOLS; i++)
		printf("director pool%d\n server a 10.2.0.%d\n server b fd02::%d\n", i,
		    11 + i, 11 + i);
	for (int i = 0; i < m.n_owned; i++)
		print_owned(&m.owned[i], i);
	for (int i = 0; i < m.n_rules; i++) {
		const struct rule *r = &m.rules[i];

		if (i == 0 || r->flow != r[-1].flow)
			printf("flow f%d director pool%d\n", r->flow, m.pool[r->flow]);
		print_rule(r);
	}
}

/* ---- as a model ---- */

static bool fits(const struct part *p, bool inside)
{
	return !p->given || inside != p->negated;
}

static bool in(const struct part *p, int value)
{
	return value >= p->first && value < p->first + p->size;
}

static bool rule_fits(const struct rule *r, const struct packet *k)
{
	bool of_family = r->family == k->family;

	return fits(&r->src, of_family && in(&r->src, k->src)) &&
	       fits(&r->dst, of_family && in(&r->dst, k->dst)) &&
	       fits(&r->proto, r->proto.first == k->protocol) &&
	       fits(&r->iface, r->iface.first == 0) &&
	       fits(&r->srcport, in(&r->srcport, k->srcport)) &&
	       fits(&r->dstport, in(&r->dstport, k->dstport));
}

/* Who has to answer K. */
static const char *model(const struct packet *k)
{
	static const char *const servers[] = { "rs1", "rs2" };

	for (int every = 0; every < 2; every++)
		for (int i = 0; i < m.n_owned; i++) {
			const struct owned *o = &m.owned[i];

			if (o->family == k->family && o->host == k->dst &&
			    o->protocol == k->protocol &&
			    (every ? o->port == PORTS : o->port == k->dstport))
				return every ? "rs4" : "rs3";
		}
	for (int i = 0; i < m.n_rules; i++)
		if (rule_fits(&m.rules[i], k))
			return m.rules[i].ignore ? "none"
						 : servers[m.pool[m.rules[i].flow]];
	return "none";
}

/* ---- as packets ---- */

static void address(struct addr *a, const struct packet *k, bool is_src)
{
	char text[64];

	if (k->family == 4)
		snprintf(text, sizeof text, "%s%d", is_src ? "10.1.1." : "192.0.2.",
		    is_src ? HOSTS + k->src : k->dst);
	else
		snprintf(text, sizeof text, "%s%x", is_src ? "fd01:1::" : "fd92::",
		    (unsigned)(is_src ? HOSTS + k->src : k->dst));
	if (!addr_parse(a, text, strlen(text)))
		errx(2, "%s is no address", text);
}

/* Who answers K, the last word of what it says, in ANSWER. */
static void ask(const struct packet *k, char *answer, size_t size)
{
	static const char request[] = "GET / HTTP/1.0\r\n\r\n";
	const struct linger reset = { .l_onoff = 1 };
	const struct timeval limit = { .tv_sec = TIMEOUT_MS / 1000 };
	bool tcp = k->protocol == IPPROTO_TCP;
	struct sockaddr_storage from, to;
	struct addr src, dst;
	socklen_t len;
	int fd, one = 1;
	ssize_t n;
	char *word;

	address(&src, k, true);
	address(&dst, k, false);
	len = addr_sockaddr(&src, (uint16_t)(first_port() + k->srcport), &from);
	addr_sockaddr(&dst, (uint16_t)(DST_PORT + k->dstport), &to);
	fd = socket(from.ss_family, tcp ? SOCK_STREAM : SOCK_DGRAM, 0);
	if (fd < 0)
		err(2, "socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
	setsockopt(fd, IPPROTO_IPV6, IPV6_FREEBIND, &one, sizeof one);
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
	if (bind(fd, (struct sockaddr *)&from, len) < 0)
		err(2, "bind");
	n = 0;
	if (connect(fd, (struct sockaddr *)&to, len) == 0 &&
	    send(fd, request, sizeof request - 1, MSG_NOSIGNAL) > 0) {
		size_t have = 0;

		while (have < size - 1 &&
		       (n = recv(fd, answer + have, size - 1 - have, 0)) > 0) {
			have += (size_t)n;
			if (!tcp)
				break;
		}
		answer[have] = '\0';
		n = (ssize_t)have;
	}
	if (n <= 0)
		snprintf(answer, size, "%s", strerror(errno));
	close(fd);
	answer[strcspn(answer, "\n")] = tcp && n > 0 ? '\n' : '\0';
	while (n > 0 && (word = strrchr(answer, '\n')) != NULL) {
		if (word[1] != '\0') {
			memmove(answer, word + 1, strlen(word));
			break;
		}
		*word = '\0';
	}
}

static void pick_packet(struct packet *k)
{
	k->family = pick(2) == 0 ? 4 : 6;
	k->protocol = pick(2) == 0 ? IPPROTO_TCP : IPPROTO_UDP;
	k->src = pick(HOSTS);
	k->dst = pick(HOSTS);
	if (m.n_owned > 0 && pick(8) == 0)
		k->dst = m.owned[pick(m.n_owned)].host;
	k->srcport = pick(PORTS);
	k->dstport = pick(PORTS);
}

/* How many of N packets went astray; what became of them is told. */
static int ask_all(int n)
{
	char answer[1024];
	struct packet k;
	int wrong = 0, marked = 0;

	for (int i = 0; i < n; i++) {
		const char *want;

		pick_packet(&k);
		want = model(&k);
		ask(&k, answer, sizeof answer);
		marked += strcmp(want, "none") != 0;
		if (strcmp(answer, want) == 0)
			continue;
		wrong++;
		printf("wrong: IPv%d %s from %d port %d to %d port %d: %s, not %s\n",
		    k.family, k.protocol == IPPROTO_TCP ? "tcp" : "udp", HOSTS + k.src,
		    first_port() + k.srcport, k.dst, DST_PORT + k.dstport, answer, want);
	}
	printf("asked=%d marked=%d wrong=%d\n", n, marked, wrong);
	return wrong;
}

int main(int argc, char **argv)
{
	if (argc < 4)
		errx(2, "usage: flowmodel SEED ROUND conf | ask N");
	m.seed = (unsigned)strtoul(argv[1], NULL, 10);
	m.round = (unsigned)strtoul(argv[2], NULL, 10);
	make_model();
	if (strcmp(argv[3], "conf") == 0) {
		print_conf();
		return 0;
	}
	return ask_all(argc > 4 ? atoi(argv[4]) : 100) > 0;
}
