/*
 * floor: what the kernel's IPVS itself takes, with nothing around it.
 *
 *   floor fill DIRECTORS SERVERS SCHEDULER   the table of tests/bench/generate
 *   floor replace DIRECTORS SERVERS          other servers for all of them, additions first
 *   floor change SERVERS N                   N of a director's servers get another weight
 *   floor again DIRECTORS SERVERS            so many are deleted; a hundred come back
 *   floor fork KILOBYTES                     a process as large forks, and waits
 *   floor read                               the whole table
 *   floor clear                              an empty table, not measured
 *
 * Prints "operations=N us=N" or "services=N servers=N us=N", from the first byte sent
 * to the last answer. Messages are copies of one with two addresses changed, services
 * come chain by chain of the kernel's table, BATCH messages go out in one sendmsg (more
 * make it no faster), and only the last of all asks for an answer; refusals are
 * answered anyway, and make this fail. A dump of servers costs two system calls: the
 * request, and a recvmmsg for the data and the end.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <linux/ip_vs.h>
#include <netinet/in.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/mono.h"
#include "lib/xalloc.h"

#define BATCH 512
#define READ_SIZE 65536 /* never less than 32 KiB, by which the kernel sizes dumps */
#define DIRECTOR_NET 20u
#define SERVER_NET 10u
#define SERVER_PORT 8080
#define PAGE 4096
#define OTHER_PORT 8081 /* of the servers that "replace" brings */

/* A request that is sent again and again; where its addresses are. */
struct message {
	unsigned char bytes[320];
	uint32_t len;
	uint32_t vip, rip; /* offsets; 0: has none */
};

struct floor {
	struct nl_sock *sock;
	int fd, family;
	unsigned char *out;
	size_t len, pending;
	unsigned long sent;
	unsigned char *in[2];
};

/* ---- messages ---- */

static struct nlmsghdr *header(struct message *m)
{
	return (struct nlmsghdr *)(void *)m->bytes;
}

static void begin(struct message *m, const struct floor *f, uint8_t cmd)
{
	struct genlmsghdr genl = { .cmd = cmd, .version = IPVS_GENL_VERSION };

	memset(m, 0, sizeof *m);
	header(m)->nlmsg_type = (uint16_t)f->family;
	header(m)->nlmsg_flags = NLM_F_REQUEST;
	memcpy(m->bytes + NLMSG_HDRLEN, &genl, sizeof genl);
	m->len = NLMSG_HDRLEN + GENL_HDRLEN;
}

/* Returns where the value stands. */
static uint32_t put(struct message *m, int type, const void *value, size_t size)
{
	struct nlattr a = { .nla_type = (uint16_t)type,
		.nla_len = (uint16_t)(NLA_HDRLEN + size) };
	uint32_t at = m->len + NLA_HDRLEN;

	memcpy(m->bytes + m->len, &a, sizeof a);
	memcpy(m->bytes + at, value, size);
	m->len += NLA_ALIGN(a.nla_len);
	return at;
}

static void put_u16(struct message *m, int type, uint16_t value)
{
	put(m, type, &value, sizeof value);
}

static void put_u32(struct message *m, int type, uint32_t value)
{
	put(m, type, &value, sizeof value);
}

static uint32_t nest(struct message *m, int type)
{
	return put(m, type | NLA_F_NESTED, "", 0);
}

/* The nest whose content begins at START ends here. */
static void nest_end(struct message *m, uint32_t start)
{
	uint16_t len = (uint16_t)(m->len - start + NLA_HDRLEN);

	memcpy(m->bytes + start - NLA_HDRLEN, &len, sizeof len);
	header(m)->nlmsg_len = m->len;
}

static void service(struct message *m, const char *sched)
{
	uint32_t start = nest(m, IPVS_CMD_ATTR_SERVICE);
	struct ip_vs_flags flags = { 0, ~0u };
	unsigned char addr[16] = { 0 };

	put_u16(m, IPVS_SVC_ATTR_AF, AF_INET);
	put_u16(m, IPVS_SVC_ATTR_PROTOCOL, IPPROTO_TCP);
	m->vip = put(m, IPVS_SVC_ATTR_ADDR, addr, sizeof addr);
	put_u16(m, IPVS_SVC_ATTR_PORT, htons(80));
	if (sched != NULL) {
		if (strcmp(sched, "mh") == 0)
			flags.flags = IP_VS_SVC_F_SCHED1;
		put(m, IPVS_SVC_ATTR_SCHED_NAME, sched, strlen(sched) + 1);
		put(m, IPVS_SVC_ATTR_FLAGS, &flags, sizeof flags);
		put_u32(m, IPVS_SVC_ATTR_TIMEOUT, 0);
		put_u32(m, IPVS_SVC_ATTR_NETMASK, 0xffffffff);
	}
	nest_end(m, start);
}

static void server(struct message *m, uint16_t port, bool whole)
{
	uint32_t start = nest(m, IPVS_CMD_ATTR_DEST);
	unsigned char addr[16] = { 0 };

	m->rip = put(m, IPVS_DEST_ATTR_ADDR, addr, sizeof addr);
	put_u16(m, IPVS_DEST_ATTR_PORT, htons(port));
	put_u16(m, IPVS_DEST_ATTR_ADDR_FAMILY, AF_INET);
	if (whole) {
		put_u32(m, IPVS_DEST_ATTR_FWD_METHOD, IP_VS_CONN_F_MASQ);
		put_u32(m, IPVS_DEST_ATTR_WEIGHT, 10);
		put_u32(m, IPVS_DEST_ATTR_U_THRESH, 0);
		put_u32(m, IPVS_DEST_ATTR_L_THRESH, 0);
	}
	nest_end(m, start);
}

/* ---- sending ---- */

static void send_bytes(const struct floor *f, const void *bytes, size_t len)
{
	if (send(f->fd, bytes, len, 0) != (ssize_t)len)
		err(1, "send");
}

static void flush(struct floor *f)
{
	send_bytes(f, f->out, f->len);
	f->len = f->pending = 0;
}

static void copy(struct floor *f, const struct message *m, uint32_t vip, uint32_t rip)
{
	unsigned char *at = f->out + f->len;

	memcpy(at, m->bytes, m->len);
	memcpy(at + m->vip, &vip, sizeof vip);
	if (m->rip != 0)
		memcpy(at + m->rip, &rip, sizeof rip);
	f->len += m->len;
	f->sent++;
	if (++f->pending == BATCH)
		flush(f);
}

/* An empty request that changes nothing and asks for an answer: when that is
 * there, all before it was done. Answers to others are refusals. */
static void wait_for_all(struct floor *f)
{
	struct message last;
	const struct nlmsghdr *hdr = (const struct nlmsghdr *)(void *)f->in[0];
	const struct nlmsgerr *answer = nlmsg_data(hdr);

	if (f->len > 0)
		flush(f);
	begin(&last, f, IPVS_CMD_GET_INFO);
	header(&last)->nlmsg_len = last.len;
	header(&last)->nlmsg_flags |= NLM_F_ACK;
	send_bytes(f, last.bytes, last.len);
	do {
		if (recv(f->fd, f->in[0], READ_SIZE, 0) < 0)
			err(1, "recv");
		if (hdr->nlmsg_type == NLMSG_ERROR && answer->error != 0)
			errx(1, "refused: %s", strerror(-answer->error));
	} while (hdr->nlmsg_type != NLMSG_ERROR);
}

static uint32_t director_addr(uint32_t d)
{
	return htonl(DIRECTOR_NET << 24 | d);
}

static uint32_t server_addr(uint32_t n)
{
	return htonl(SERVER_NET << 24 | n);
}

/* The DIRECTORS in the order of the kernel's chains, which the last byte of the address
 * tells (ip_vs_ctl.c, ip_vs_svc_hashkey): any other one makes it wait for memory. */
static uint32_t *chains(uint32_t directors)
{
	uint32_t *order = xcalloc(directors, sizeof *order), n = 0;

	for (uint32_t chain = 0; chain < 256; chain++)
		for (uint32_t d = chain; d < directors; d += 256)
			order[n++] = d;
	return order;
}

/* SVC, unless it is NULL, and DEST for all that it has. */
static void for_all(struct floor *f, const struct message *svc,
    const struct message *dest, uint32_t directors, uint32_t servers)
{
	uint32_t *order = chains(directors);

	for (uint32_t i = 0; i < directors; i++) {
		uint32_t d = order[i];

		if (svc != NULL)
			copy(f, svc, director_addr(d), 0);
		for (uint32_t s = 0; s < servers; s++)
			copy(f, dest, director_addr(d), server_addr(d * servers + s));
	}
	free(order);
}

static void fill(struct floor *f, uint32_t directors, uint32_t servers, const char *sched)
{
	struct message svc, dest;

	begin(&svc, f, IPVS_CMD_NEW_SERVICE);
	service(&svc, sched);
	begin(&dest, f, IPVS_CMD_NEW_DEST);
	service(&dest, NULL);
	server(&dest, SERVER_PORT, true);
	for_all(f, &svc, &dest, directors, servers);
	wait_for_all(f);
}

static void replace(struct floor *f, uint32_t directors, uint32_t servers)
{
	struct message add, gone;

	begin(&add, f, IPVS_CMD_NEW_DEST);
	service(&add, NULL);
	server(&add, OTHER_PORT, true);
	begin(&gone, f, IPVS_CMD_DEL_DEST);
	service(&gone, NULL);
	server(&gone, SERVER_PORT, false);
	for_all(f, NULL, &add, directors, servers);
	for_all(f, NULL, &gone, directors, servers);
	wait_for_all(f);
}

static void clear(struct floor *f)
{
	struct message m;

	begin(&m, f, IPVS_CMD_FLUSH);
	header(&m)->nlmsg_len = m.len;
	send_bytes(f, m.bytes, m.len);
	wait_for_all(f);
}

/* ---- reading ---- */

typedef void seen_fn(struct floor *f, const struct nlmsghdr *hdr, void *arg);

/* Sends M, a dump request, and shows every answer to SEEN. */
static void dump(struct floor *f, struct message *m, seen_fn *seen, void *arg)
{
	struct iovec iov[2] = { { f->in[0], READ_SIZE }, { f->in[1], READ_SIZE } };
	struct mmsghdr parts[2] = {
		{ .msg_hdr = { .msg_iov = &iov[0], .msg_iovlen = 1 } },
		{ .msg_hdr = { .msg_iov = &iov[1], .msg_iovlen = 1 } },
	};

	header(m)->nlmsg_flags |= NLM_F_DUMP;
	header(m)->nlmsg_len = m->len;
	send_bytes(f, m->bytes, m->len);
	for (;;) {
		int n = recvmmsg(f->fd, parts, 2, MSG_WAITFORONE, NULL);

		if (n < 0)
			err(1, "recvmmsg");
		for (int i = 0; i < n; i++) {
			struct nlmsghdr *hdr = (struct nlmsghdr *)(void *)f->in[i];
			int rest = (int)parts[i].msg_len;

			for (; nlmsg_ok(hdr, rest); hdr = nlmsg_next(hdr, &rest)) {
				if (hdr->nlmsg_type == NLMSG_DONE)
					return;
				if (hdr->nlmsg_type == NLMSG_ERROR)
					errx(1, "the dump was refused");
				seen(f, hdr, arg);
			}
		}
	}
}

struct list {
	unsigned char (*services)[16]; /* their addresses */
	size_t n, cap;
	unsigned long servers;
};

static void seen_service(struct floor *f, const struct nlmsghdr *hdr, void *arg)
{
	struct list *l = arg;
	struct nlattr *outer[IPVS_CMD_ATTR_MAX + 1], *tb[IPVS_SVC_ATTR_MAX + 1];

	(void)f;
	if (nlmsg_parse((struct nlmsghdr *)hdr, GENL_HDRLEN, outer, IPVS_CMD_ATTR_MAX,
		NULL) < 0 ||
	    nla_parse_nested(tb, IPVS_SVC_ATTR_MAX, outer[IPVS_CMD_ATTR_SERVICE], NULL) <
		0 ||
	    tb[IPVS_SVC_ATTR_ADDR] == NULL)
		errx(1, "not a service of ours");
	l->services = xgrow(l->services, l->n, &l->cap, sizeof *l->services);
	memcpy(l->services[l->n++], nla_data(tb[IPVS_SVC_ATTR_ADDR]), 16);
}

static void seen_server(struct floor *f, const struct nlmsghdr *hdr, void *arg)
{
	struct list *l = arg;

	(void)f;
	(void)hdr;
	l->servers++;
}

static void read_table(struct floor *f, struct list *l)
{
	struct message m;

	begin(&m, f, IPVS_CMD_GET_SERVICE);
	dump(f, &m, seen_service, l);
	begin(&m, f, IPVS_CMD_GET_DEST);
	service(&m, NULL);
	for (size_t i = 0; i < l->n; i++) {
		memcpy(m.bytes + m.vip, l->services[i], 16);
		dump(f, &m, seen_server, l);
	}
}

static void change(struct floor *f, uint32_t servers, uint32_t n)
{
	struct message m;

	begin(&m, f, IPVS_CMD_SET_DEST);
	service(&m, NULL);
	server(&m, SERVER_PORT, true);
	for (uint32_t i = 0; i < n; i++)
		copy(f, &m, director_addr(0),
		    server_addr((uint32_t)((uint64_t)i * servers / n)));
	wait_for_all(f);
}

static int compare(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* What one addition takes while the kernel keeps all that was deleted. */
static void add_again(struct floor *f, uint32_t directors, uint32_t servers)
{
	enum { TIMES = 100 };
	struct message gone, add;
	uint64_t us[TIMES];

	begin(&gone, f, IPVS_CMD_DEL_DEST);
	service(&gone, NULL);
	server(&gone, SERVER_PORT, false);
	for_all(f, NULL, &gone, directors, servers);
	wait_for_all(f);
	begin(&add, f, IPVS_CMD_NEW_DEST);
	service(&add, NULL);
	server(&add, SERVER_PORT, true);
	for (uint32_t i = 0; i < TIMES; i++) {
		uint32_t d = (uint32_t)((uint64_t)i * directors / TIMES);
		uint64_t begun = mono_us();

		copy(f, &add, director_addr(d), server_addr(d * servers));
		wait_for_all(f);
		us[i] = mono_us() - begun;
	}
	qsort(us, TIMES, sizeof *us, compare);
	printf("deleted=%u one_again_us=%llu worst_us=%llu\n",
	    (unsigned)(directors * servers), (unsigned long long)us[TIMES / 2],
	    (unsigned long long)us[TIMES - 1]);
}

/* ---- forking ---- */

/* A byte in each of N pages; in an order that leaves them anywhere in the machine's
 * memory, as those of a process that has worked for a while. */
static void touch(char *memory, size_t n)
{
	for (size_t i = 0; i < n; i++)
		memory[i * 7919 % n * PAGE]++;
}

/* How long fork() takes until it returns to who called it, and then a MiB that is written
 * again, of which the child has a copy. */
static void fork_and_write(size_t kilobytes)
{
	size_t n = kilobytes * 1024 / PAGE | 1;
	char *memory = xcalloc(n, PAGE);
	uint64_t begun, forked;
	pid_t pid;

	touch(memory, n);
	begun = mono_us();
	pid = fork();
	if (pid == 0)
		pause();
	if (pid < 0)
		err(1, "fork");
	forked = mono_us();
	for (size_t i = 0; i < 256 && i < n; i++)
		memory[i * PAGE]++;
	printf("us=%llu again_us=%llu\n", (unsigned long long)(forked - begun),
	    (unsigned long long)(mono_us() - forked));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	free(memory);
}

/* ---- */

static void open_floor(struct floor *f)
{
	int size = 8 * 1024 * 1024;

	memset(f, 0, sizeof *f);
	f->out = xmalloc(BATCH * sizeof(struct message));
	f->in[0] = xmalloc(READ_SIZE);
	f->in[1] = xmalloc(READ_SIZE);
	f->sock = nl_socket_alloc();
	if (f->sock == NULL || genl_connect(f->sock) < 0)
		errx(1, "no generic netlink");
	f->fd = nl_socket_get_fd(f->sock);
	f->family = genl_ctrl_resolve(f->sock, IPVS_GENL_NAME);
	if (f->family < 0)
		errx(1, "no IPVS");
	setsockopt(f->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
	setsockopt(f->fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size);
}

static void usage(void)
{
	fprintf(stderr, "usage: floor fill DIRECTORS SERVERS SCHEDULER\n"
			"       floor replace DIRECTORS SERVERS\n"
			"       floor change SERVERS N\n"
			"       floor again DIRECTORS SERVERS\n"
			"       floor fork KILOBYTES\n"
			"       floor read|clear\n");
	exit(2);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	uint32_t directors = argc > 3 ? (uint32_t)atol(argv[2]) : 0;
	uint32_t servers = argc > 3 ? (uint32_t)atol(argv[3]) : 0;
	struct list l = { 0 };
	struct floor f;
	uint64_t begun;

	if (strcmp(what, "fork") == 0 && argc == 3) {
		fork_and_write(strtoull(argv[2], NULL, 10));
		return 0;
	}
	open_floor(&f);
	if (strcmp(what, "again") == 0 && argc == 4) {
		add_again(&f, directors, servers);
		return 0;
	}
	begun = mono_us();
	if (strcmp(what, "fill") == 0 && argc == 5)
		fill(&f, directors, servers, argv[4]);
	else if (strcmp(what, "replace") == 0 && argc == 4)
		replace(&f, directors, servers);
	else if (strcmp(what, "change") == 0 && argc == 4)
		change(&f, directors, servers);
	else if (strcmp(what, "read") == 0)
		read_table(&f, &l);
	else if (strcmp(what, "clear") == 0)
		clear(&f);
	else
		usage();
	if (strcmp(what, "read") == 0)
		printf("services=%zu servers=%lu", l.n, l.servers);
	else
		printf("operations=%lu", f.sent);
	printf(" us=%llu\n", (unsigned long long)(mono_us() - begun));
	return 0;
}
