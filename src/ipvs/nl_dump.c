/*
 * What the kernel lists, message by message.
 *
 * An interrupted dump, one into which a change of the table came, is read to its end and
 * then again, as the kernel refuses another dump on the same socket until then.
 */
#include <errno.h>
#include <netlink/msg.h>
#include <stdlib.h>
#include <string.h>

#include "ipvs/msg.h"
#include "ipvs/nl.h"
#include "lib/xalloc.h"

#define DUMP_TRIES 5 /* an interrupted dump is read again */

/* What one message of a dump is taken for. INTO is a table or a service. */
typedef bool take_fn(const struct nlmsghdr *hdr, void *into);

static bool take_svc(const struct nlmsghdr *hdr, void *into)
{
	struct ipvs_svc found;

	if (!msg_read_svc(hdr, &found))
		return false;
	ipvs_table_append(into, &found);
	return true;
}

/* A service whose dump is read, with what went through its destinations (may be NULL). */
struct dests_dump {
	struct ipvs_svc *svc;
	struct ipvs_rates *rates;
};

static bool take_dest(const struct nlmsghdr *hdr, void *into)
{
	const struct dests_dump *dump = into;
	uint8_t family = dump->svc->addr.family;
	struct ipvs_rates *r = dump->rates;
	struct ipvs_dest dest;

	if (!msg_read_dest(hdr, family, &dest))
		return false;
	ipvs_svc_append(dump->svc, &dest);
	if (r == NULL)
		return true;
	r->list = xgrow(r->list, r->n, &r->cap, sizeof *r->list);
	return msg_read_rate(hdr, family, &r->list[r->n++]);
}

enum dump_end { DUMP_MORE, DUMP_DONE, DUMP_INTERRUPTED, DUMP_FAILED };

/* The end of a dump; what it carries is an error of the kernel, or nothing. */
static enum dump_end dump_done(struct nlmsghdr *hdr, bool interrupted)
{
	int error = 0;

	if (nlmsg_datalen(hdr) >= (int)sizeof error)
		memcpy(&error, nlmsg_data(hdr), sizeof error);
	if (error < 0) {
		errno = -error;
		return DUMP_FAILED;
	}
	return interrupted ? DUMP_INTERRUPTED : DUMP_DONE;
}

/* An interrupted dump is read to its end, or the next one would be refused. */
static enum dump_end take_dump(const struct mmsghdr *read, uint32_t seq, take_fn *take,
    void *into, bool *interrupted)
{
	struct nlmsghdr *hdr = read->msg_hdr.msg_iov->iov_base;
	int rest = (int)read->msg_len;

	for (; nlmsg_ok(hdr, rest); hdr = nlmsg_next(hdr, &rest)) {
		const struct nlmsgerr *answer = nlmsg_data(hdr);

		if (hdr->nlmsg_seq != seq)
			continue;
		*interrupted = *interrupted || (hdr->nlmsg_flags & NLM_F_DUMP_INTR);
		if (hdr->nlmsg_type == NLMSG_DONE)
			return dump_done(hdr, *interrupted);
		if (hdr->nlmsg_type == NLMSG_ERROR) {
			errno = -answer->error;
			return DUMP_FAILED;
		}
		if (!take(hdr, into)) {
			errno = EPROTO;
			return DUMP_FAILED;
		}
	}
	return DUMP_MORE;
}

/* What is there of the dump with the number SEQ. */
static enum dump_end dump_more(struct kernel *k, uint32_t seq, take_fn *take, void *into,
    bool *interrupted, uint64_t *deadline_us)
{
	enum dump_end end = DUMP_MORE;
	int n = kernel_receive(k, deadline_us);

	if (n < 0)
		return DUMP_FAILED;
	for (int i = 0; i < n && end == DUMP_MORE; i++)
		end = take_dump(&k->read[i], seq, take, into, interrupted);
	return end;
}

/* One dump: its request, with the number SEQ, is the LEN bytes in k->out. */
static enum dump_end dump_once(
    struct kernel *k, uint32_t seq, size_t len, take_fn *take, void *into)
{
	uint64_t deadline_us = 0;
	enum dump_end end = DUMP_MORE;
	bool interrupted = false;

	if (!kernel_send(k, k->out, len))
		return DUMP_FAILED;
	while (end == DUMP_MORE)
		end = dump_more(k, seq, take, into, &interrupted, &deadline_us);
	return end;
}

bool kernel_read_services(struct ipvs *h, struct ipvs_table *t)
{
	struct kernel *k = (struct kernel *)h;

	for (int i = 0; i < DUMP_TRIES; i++) {
		uint32_t seq = k->seq++;
		enum dump_end end = dump_once(
		    k, seq, msg_dump(k->out, k->family, seq, NULL), take_svc, t);

		if (end == DUMP_DONE) {
			ipvs_table_sort(t);
			return true;
		}
		ipvs_table_fini(t);
		if (end == DUMP_FAILED)
			return false;
	}
	errno = EAGAIN;
	return false;
}

/* A dump of SVC, or of all services, in pieces. *AT is its number. */
static enum ipvs_more read_more(
    struct kernel *k, const struct ipvs_svc *svc, take_fn *take, void *into, size_t *at)
{
	uint64_t deadline_us = 0;
	bool interrupted = false;

	if (*at == 0) {
		*at = k->seq++;
		if (!kernel_send(
			k, k->out, msg_dump(k->out, k->family, (uint32_t)*at, svc)))
			return IPVS_FAILED;
	}
	switch (dump_more(k, (uint32_t)*at, take, into, &interrupted, &deadline_us)) {
	case DUMP_MORE:
		return IPVS_MORE;
	case DUMP_DONE:
	case DUMP_INTERRUPTED:
		return IPVS_ALL;
	case DUMP_FAILED:
		break;
	}
	return IPVS_FAILED;
}

enum ipvs_more kernel_read_more(struct ipvs *h, struct ipvs_table *t, size_t *at)
{
	return read_more((struct kernel *)h, NULL, take_svc, t, at);
}

enum ipvs_more kernel_read_dests_more(
    struct ipvs *h, struct ipvs_svc *svc, struct ipvs_rates *r, size_t *at)
{
	struct dests_dump dump = { svc, r };

	return read_more((struct kernel *)h, svc, take_dest, &dump, at);
}

bool kernel_read_dests(struct ipvs *h, struct ipvs_svc *svc, struct ipvs_rates *r)
{
	struct kernel *k = (struct kernel *)h;
	size_t n_before = r != NULL ? r->n : 0;
	int error = EAGAIN;

	for (int i = 0; i < DUMP_TRIES; i++) {
		struct ipvs_svc fresh = *svc;
		struct dests_dump dump = { &fresh, r };
		uint32_t seq = k->seq++;
		enum dump_end end;

		fresh.dests = NULL;
		fresh.n_dests = fresh.cap_dests = 0;
		if (r != NULL)
			r->n = n_before;
		end = dump_once(
		    k, seq, msg_dump(k->out, k->family, seq, svc), take_dest, &dump);
		if (end == DUMP_DONE) {
			ipvs_svc_sort(&fresh);
			free(svc->dests);
			*svc = fresh;
			return true;
		}
		error = end == DUMP_FAILED ? errno : EAGAIN;
		free(fresh.dests);
		if (end == DUMP_FAILED)
			break;
	}
	errno = error;
	return false;
}

static bool take_sync(const struct nlmsghdr *hdr, void *into)
{
	struct ipvs_sync found, *both = into;

	if (!msg_read_sync(hdr, &found))
		return false;
	both[found.master ? 0 : 1] = found;
	return true;
}

bool kernel_read_sync(struct ipvs *h, struct ipvs_sync both[2])
{
	struct kernel *k = (struct kernel *)h;
	uint32_t seq = k->seq++;

	memset(both, 0, 2 * sizeof *both);
	return dump_once(k, seq, msg_dump_sync(k->out, k->family, seq), take_sync,
		   both) == DUMP_DONE;
}
