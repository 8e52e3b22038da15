/*
 * raw: the raw sockets that all icmp and arp runs share.
 *
 * Opened before the drop of rights, each with a BPF filter that lets only
 * answers meant for us wake the process; written and read in batches, so that a
 * check costs a part of a system call.
 */
#include "raw.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check/arp.h"
#include "check/icmp.h"
#include "check/run.h"
#include "lib/log.h"
#include "lib/xalloc.h"

#define BATCH 64
#define RECEIVE_BUFFER (1 << 20)
#define CONTROL_MAX 128

static const struct {
	const char *name;
	int family, type, protocol;
	void (*input)(struct checker *c, const struct raw_packet *p);
} kinds[RAW_KINDS] = {
	[RAW_ICMP4] = { "ICMP", AF_INET, SOCK_RAW, IPPROTO_ICMP, icmp4_input },
	[RAW_ICMP6] = { "ICMPv6", AF_INET6, SOCK_RAW, IPPROTO_ICMPV6, icmp6_input },
	[RAW_ARP] = { "ARP", AF_PACKET, SOCK_DGRAM, ETH_P_ARP, arp_input },
};

static void open_one(struct raw *w, enum raw_kind kind)
{
	struct raw_socket *s = &w->sockets[kind];
	int family = kinds[kind].family, protocol = kinds[kind].protocol;
	int type = kinds[kind].type | SOCK_NONBLOCK | SOCK_CLOEXEC;
	int size = RECEIVE_BUFFER;

	/* A packet socket's protocol is a field of the frame. */
	s->fd = socket(
	    family, type, family == AF_PACKET ? htons((uint16_t)protocol) : protocol);
	if (s->fd >= 0 && raw_filter(kind, s->fd, w->echo_id)) {
		/* Best effort: the default holds the answers of some hundred probes. */
		if (setsockopt(s->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) < 0)
			setsockopt(s->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
		return;
	}
	s->error = errno;
	log_warn("cannot open a raw %s socket", kinds[kind].name);
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}

void raw_open(struct raw *w, const bool need[RAW_KINDS])
{
	*w = (struct raw){ .echo_id = (uint16_t)raw_cookie(w) };
	for (enum raw_kind k = 0; k < RAW_KINDS; k++) {
		w->sockets[k].fd = -1;
		if (need[k])
			open_one(w, k);
	}
}

/* What the kernel tells beside an ICMPv6 packet. */
static void read_control(struct raw_packet *p, struct msghdr *m)
{
	struct in6_pktinfo info;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c != NULL; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level != IPPROTO_IPV6)
			continue;
		if (c->cmsg_type == IPV6_HOPLIMIT)
			memcpy(&p->hop_limit, CMSG_DATA(c), sizeof p->hop_limit);
		if (c->cmsg_type == IPV6_PKTINFO) {
			memcpy(&info, CMSG_DATA(c), sizeof info);
			p->ifindex = (int)info.ipi6_ifindex;
			p->to.family = AF_INET6;
			memcpy(p->to.bytes, &info.ipi6_addr, 16);
		}
	}
}

static void on_readable(struct watch *w, uint32_t events)
{
	static _Alignas(struct cmsghdr) char control[BATCH][CONTROL_MAX];
	static uint8_t data[BATCH][RAW_PACKET_MAX];
	static struct sockaddr_storage from[BATCH];
	struct checker *c = w->owner;
	enum raw_kind kind = 0;
	struct mmsghdr msgs[BATCH];
	struct iovec iov[BATCH];
	int n;

	(void)events;
	while (&c->raw.sockets[kind].watch != w)
		kind++;
	for (int i = 0; i < BATCH; i++) {
		iov[i] = (struct iovec){ data[i], sizeof data[i] };
		msgs[i].msg_hdr = (struct msghdr){ .msg_iov = &iov[i],
			.msg_iovlen = 1,
			.msg_name = &from[i],
			.msg_namelen = sizeof from[i],
			.msg_control = control[i],
			.msg_controllen = sizeof control[i] };
	}
	/* An error here is about a packet sent before, and is nobody's answer. */
	n = recvmmsg(c->raw.sockets[kind].fd, msgs, BATCH, MSG_DONTWAIT, NULL);
	for (int i = 0; i < n; i++) {
		const struct sockaddr_ll *ll = (const struct sockaddr_ll *)&from[i];
		struct raw_packet p = { .data = data[i],
			.len = msgs[i].msg_len,
			.from = addr_of_sockaddr((struct sockaddr *)&from[i]),
			.ifindex = kind == RAW_ARP ? ll->sll_ifindex : 0,
			.hop_limit = -1 };

		read_control(&p, &msgs[i].msg_hdr);
		kinds[kind].input(c, &p);
	}
}

/* Appends one control message to M, whose buffer is large enough. */
static void add_control(
    struct msghdr *m, int level, int type, const void *data, size_t len)
{
	struct cmsghdr *c = (void *)((char *)m->msg_control + m->msg_controllen);

	c->cmsg_level = level;
	c->cmsg_type = type;
	c->cmsg_len = CMSG_LEN(len);
	memcpy(CMSG_DATA(c), data, len);
	m->msg_controllen += CMSG_SPACE(len);
}

static void add_source(struct msghdr *m, const struct raw_send *s)
{
	struct in6_pktinfo info6 = { .ipi6_ifindex = (unsigned)s->ifindex };
	struct in_pktinfo info4 = { 0 };

	if (s->to->family == AF_INET) {
		memcpy(&info4.ipi_spec_dst, s->source->bytes, 4);
		add_control(m, IPPROTO_IP, IP_PKTINFO, &info4, sizeof info4);
	} else {
		memcpy(&info6.ipi6_addr, s->source->bytes, 16);
		add_control(m, IPPROTO_IPV6, IPV6_PKTINFO, &info6, sizeof info6);
	}
}

/* A missing source makes sendmsg() fail as a missing route does; bind() tells. */
static bool is_missing(const struct addr *source)
{
	int fd = socket(source->family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct sockaddr_storage ss;
	socklen_t len = addr_sockaddr(source, 0, &ss);
	bool missing;

	if (fd < 0)
		return false;
	missing = bind(fd, (struct sockaddr *)&ss, len) < 0 && errno == EADDRNOTAVAIL;
	close(fd);
	return missing;
}

/* A packet with everything that msghdr points to. */
struct packet {
	struct msghdr m;
	struct sockaddr_storage to;
	struct iovec iov;
	_Alignas(struct cmsghdr) char control[CONTROL_MAX];
};

static void prepare(struct packet *p, const struct raw_send *s)
{
	p->iov = (struct iovec){ (void *)(uintptr_t)s->data, s->len };
	p->m = (struct msghdr){ .msg_iov = &p->iov,
		.msg_iovlen = 1,
		.msg_name = &p->to,
		.msg_namelen = addr_sockaddr(s->to, 0, &p->to),
		.msg_control = p->control };
	memset(p->control, 0, sizeof p->control);
	if (addr_is_set(s->source))
		add_source(&p->m, s);
	if (s->hop_limit != 0)
		add_control(
		    &p->m, IPPROTO_IPV6, IPV6_HOPLIMIT, &s->hop_limit, sizeof(int));
	if (s->ifindex != 0)
		((struct sockaddr_in6 *)&p->to)->sin6_scope_id = (uint32_t)s->ifindex;
}

/* What ERR of a send from SOURCE means. */
static int send_error(int err, const struct addr *source)
{
	if (addr_is_set(source) && is_missing(source))
		return EADDRNOTAVAIL;
	/* The socket's buffer is full: memory, not ports. */
	return err == EAGAIN ? ENOBUFS : err;
}

int raw_send(struct raw *w, enum raw_kind kind, const struct raw_send *s)
{
	struct packet p;

	if (w->sockets[kind].fd < 0)
		return w->sockets[kind].error;
	prepare(&p, s);
	if (sendmsg(w->sockets[kind].fd, &p.m, MSG_DONTWAIT) >= 0)
		return 0;
	return send_error(errno, s->source);
}

/* ---- many at once ---- */

struct queued {
	struct packet packet;
	uint8_t data[RAW_ECHO_MAX];
	struct addr source;
	uint32_t run;
	uint64_t cookie;
};

struct raw_batch {
	struct queued queue[BATCH];
	unsigned n;
};

/* One that cannot be sent stops the call, and is the first of the next. */
static void send_batch(struct raw *w, enum raw_kind kind)
{
	struct raw_batch *b = w->batches[kind];
	struct mmsghdr msgs[BATCH];
	unsigned n = b->n, done = 0;
	int sent, err;

	for (unsigned i = 0; i < n; i++)
		msgs[i].msg_hdr = b->queue[i].packet.m;
	b->n = 0;
	while (done < n) {
		const struct queued *q = &b->queue[done];

		sent = sendmmsg(w->sockets[kind].fd, msgs + done, n - done, MSG_DONTWAIT);
		if (sent > 0) {
			done += (unsigned)sent;
			continue;
		}
		err = send_error(errno, &q->source);
		icmp_unsent(w->checker, q->run, q->cookie, err);
		done++;
	}
}

int raw_queue(struct raw *w, enum raw_kind kind, const struct raw_send *s, uint32_t run,
    uint64_t cookie)
{
	struct raw_batch *b = w->batches[kind];
	struct raw_send copy = *s;
	struct queued *q;

	if (w->sockets[kind].fd < 0)
		return w->sockets[kind].error;
	if (b == NULL)
		b = w->batches[kind] = xcalloc(1, sizeof *b);
	if (b->n == BATCH)
		send_batch(w, kind);
	assert(s->len <= sizeof q->data);
	q = &b->queue[b->n++];
	memcpy(q->data, s->data, s->len);
	copy.data = q->data;
	q->source = *s->source;
	q->run = run;
	q->cookie = cookie;
	prepare(&q->packet, &copy);
	return 0;
}

void raw_flush(struct raw *w)
{
	for (enum raw_kind k = 0; k < RAW_KINDS; k++)
		if (w->batches[k] != NULL && w->batches[k]->n > 0)
			send_batch(w, k);
}

void raw_start(struct raw *w, struct checker *c)
{
	w->checker = c;
	for (enum raw_kind k = 0; k < RAW_KINDS; k++) {
		struct raw_socket *s = &w->sockets[k];

		if (s->fd < 0)
			continue;
		s->watch = (struct watch){ on_readable, c };
		loop_add(&c->loop, s->fd, EPOLLIN, &s->watch);
	}
}

uint64_t raw_cookie(struct raw *w)
{
	if (w->n_cookies == 0) {
		/* Up to 256 bytes come whole and without a signal's EINTR. */
		if (getrandom(w->cookies, sizeof w->cookies, 0) != sizeof w->cookies)
			abort();
		w->n_cookies = sizeof w->cookies / sizeof *w->cookies;
	}
	return w->cookies[--w->n_cookies];
}
