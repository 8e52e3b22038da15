/*
 * Tables: sorted arrays of services and of their destinations.
 *
 * Sorted, so that two of them are compared in one pass and a service is found
 * by halving. Building one in order appends; a change in the middle moves
 * what is behind it, which is rare and cheap beside the kernel's own work.
 */
#include "ipvs/ipvs.h"

#include <errno.h>
#include <linux/ip_vs.h>
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"

#define STRAYS 64 /* destinations that a sort puts in their places one by one */

#define COMPARE(a, b)                              \
	do {                                       \
		if ((a) != (b))                    \
			return (a) < (b) ? -1 : 1; \
	} while (0)

int ipvs_svc_cmp(const struct ipvs_svc *a, const struct ipvs_svc *b)
{
	COMPARE(a->fwmark, b->fwmark);
	COMPARE(a->protocol, b->protocol);
	int c = addr_cmp(&a->addr, &b->addr);

	if (c != 0)
		return c;
	COMPARE(a->port, b->port);
	return 0;
}

unsigned ipvs_svc_bucket(const struct ipvs_svc *svc)
{
	const uint8_t *a = svc->addr.bytes; /* of IPv4 the first four */
	unsigned fold = svc->protocol ^ svc->port ^ svc->port >> 8;

	if (svc->fwmark != 0)
		return svc->fwmark % IPVS_BUCKETS;
	return (fold ^ a[3] ^ a[7] ^ a[11] ^ a[15]) % IPVS_BUCKETS;
}

bool ipvs_svc_same(const struct ipvs_svc *a, const struct ipvs_svc *b)
{
	return strcmp(a->sched, b->sched) == 0 && strcmp(a->pe, b->pe) == 0 &&
	       a->flags == b->flags && a->timeout_s == b->timeout_s &&
	       a->netmask == b->netmask;
}

bool ipvs_dest_same(const struct ipvs_dest *have, const struct ipvs_dest *want)
{
	return (have->fwd == want->fwd || have->fwd == IP_VS_CONN_F_LOCALNODE) &&
	       have->weight == want->weight && have->u_thresh == want->u_thresh &&
	       have->l_thresh == want->l_thresh && have->tun_type == want->tun_type &&
	       have->tun_port == want->tun_port && have->tun_flags == want->tun_flags;
}

void ipvs_svc_fini(struct ipvs_svc *svc)
{
	free(svc->dests);
	memset(svc, 0, sizeof *svc);
}

static int dest_cmp_void(const void *a, const void *b)
{
	return ipvs_dest_cmp(a, b);
}

static int svc_cmp_void(const void *a, const void *b)
{
	return ipvs_svc_cmp(a, b);
}

/* Where ID stands in the sorted ARRAY of N elements of SIZE, or would stand. */
static size_t place(const void *array, size_t n, size_t size, const void *id,
    int (*cmp)(const void *, const void *), bool *found)
{
	const char *base = array;
	size_t low = 0, high = n;

	*found = false;
	/* Appending in order is the common case. */
	if (n > 0 && cmp(base + (n - 1) * size, id) < 0)
		return n;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int c = cmp(base + mid * size, id);

		if (c == 0) {
			*found = true;
			return mid;
		}
		if (c < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static size_t dest_place(
    const struct ipvs_svc *svc, const struct ipvs_dest *id, bool *found)
{
	return place(svc->dests, svc->n_dests, sizeof *id, id, dest_cmp_void, found);
}

static size_t svc_place(
    const struct ipvs_table *t, const struct ipvs_svc *id, bool *found)
{
	return place(t->svcs, t->n, sizeof *id, id, svc_cmp_void, found);
}

struct ipvs_dest *ipvs_svc_find(const struct ipvs_svc *svc, const struct ipvs_dest *id)
{
	bool found;
	size_t i = dest_place(svc, id, &found);

	return found ? &svc->dests[i] : NULL;
}

struct ipvs_dest *ipvs_svc_find_next(
    const struct ipvs_svc *svc, const struct ipvs_dest *id, size_t *from)
{
	for (int c; *from < svc->n_dests; ++*from) {
		c = ipvs_dest_cmp(&svc->dests[*from], id);
		if (c >= 0)
			return c == 0 ? &svc->dests[(*from)++] : NULL;
	}
	return NULL;
}

struct ipvs_dest *ipvs_svc_add(struct ipvs_svc *svc, const struct ipvs_dest *dest)
{
	bool found;
	size_t i = dest_place(svc, dest, &found);

	if (!found) {
		svc->dests =
		    xgrow(svc->dests, svc->n_dests, &svc->cap_dests, sizeof *svc->dests);
		memmove(svc->dests + i + 1, svc->dests + i,
		    (svc->n_dests - i) * sizeof *svc->dests);
		svc->n_dests++;
	}
	svc->dests[i] = *dest;
	return &svc->dests[i];
}

void ipvs_svc_reserve(struct ipvs_svc *svc, size_t n)
{
	if (n <= svc->cap_dests)
		return;
	svc->dests = xreallocarray(svc->dests, n, sizeof *svc->dests);
	svc->cap_dests = n;
}

void ipvs_svc_fit(struct ipvs_svc *svc)
{
	if (svc->n_dests > svc->cap_dests / 2)
		return;
	svc->cap_dests = svc->n_dests;
	if (svc->n_dests > 0) {
		svc->dests = xreallocarray(svc->dests, svc->n_dests, sizeof *svc->dests);
		return;
	}
	free(svc->dests);
	svc->dests = NULL;
}

struct ipvs_dest *ipvs_svc_append_new(struct ipvs_svc *svc)
{
	if (svc->n_dests == svc->cap_dests)
		svc->dests =
		    xgrow(svc->dests, svc->n_dests, &svc->cap_dests, sizeof *svc->dests);
	return &svc->dests[svc->n_dests++];
}

void ipvs_svc_append(struct ipvs_svc *svc, const struct ipvs_dest *dest)
{
	*ipvs_svc_append_new(svc) = *dest;
}

/* Of what stands there twice one stays. */
static void drop_twins(struct ipvs_svc *svc)
{
	size_t kept = svc->n_dests > 0;

	for (size_t i = 1; i < svc->n_dests; i++)
		if (ipvs_dest_cmp(&svc->dests[kept - 1], &svc->dests[i]) != 0)
			svc->dests[kept++] = svc->dests[i];
	svc->n_dests = kept;
}

static bool is_sorted(const struct ipvs_svc *svc)
{
	for (size_t i = 1; i < svc->n_dests; i++)
		if (ipvs_dest_cmp(&svc->dests[i - 1], &svc->dests[i]) >= 0)
			return false;
	return true;
}

static void reverse(struct ipvs_svc *svc)
{
	struct ipvs_dest *low = svc->dests, *high = low + svc->n_dests - 1;

	for (; low < high; low++, high--) {
		struct ipvs_dest d = *low;

		*low = *high;
		*high = d;
	}
}

/* Takes those out that are behind a greater one, as far as there are STRAYS of them; how
 * many that were. What stays is sorted. */
static size_t take_strays(struct ipvs_svc *svc, struct ipvs_dest stray[STRAYS])
{
	size_t n = 0, kept = 0;

	for (size_t i = 0; i < svc->n_dests; i++) {
		struct ipvs_dest *d = &svc->dests[i];

		if (kept == 0 || ipvs_dest_cmp(&svc->dests[kept - 1], d) <= 0)
			svc->dests[kept++] = *d;
		else
			stray[n++] = *d;
	}
	svc->n_dests = kept;
	return n;
}

static size_t count_strays(const struct ipvs_svc *svc)
{
	const struct ipvs_dest *last = svc->dests;
	size_t n = 0;

	for (size_t i = 1; i < svc->n_dests && n <= STRAYS; i++)
		if (ipvs_dest_cmp(last, &svc->dests[i]) <= 0)
			last = &svc->dests[i];
		else
			n++;
	return n;
}

/* Puts the sorted STRAY back among the others, from behind. */
static void merge(struct ipvs_svc *svc, const struct ipvs_dest *stray, size_t n)
{
	size_t from = svc->n_dests, to = from + n;

	svc->n_dests = to;
	while (n > 0)
		if (from > 0 && ipvs_dest_cmp(&svc->dests[from - 1], &stray[n - 1]) > 0)
			svc->dests[--to] = svc->dests[--from];
		else
			svc->dests[--to] = stray[--n];
}

/* The kernel tells of the newest first: what came in order is the other way round, and
 * what came back later stands in front. */
void ipvs_svc_sort(struct ipvs_svc *svc)
{
	struct ipvs_dest stray[STRAYS];
	size_t n;

	if (is_sorted(svc))
		return;
	if (ipvs_dest_cmp(&svc->dests[svc->n_dests / 2], &svc->dests[svc->n_dests - 1]) >
	    0)
		reverse(svc);
	if (count_strays(svc) > STRAYS) {
		qsort(svc->dests, svc->n_dests, sizeof *svc->dests, dest_cmp_void);
	} else {
		n = take_strays(svc, stray);
		qsort(stray, n, sizeof *stray, dest_cmp_void);
		merge(svc, stray, n);
	}
	drop_twins(svc);
}

void ipvs_svc_remove(struct ipvs_svc *svc, struct ipvs_dest *dest)
{
	size_t i = (size_t)(dest - svc->dests);

	svc->n_dests--;
	memmove(dest, dest + 1, (svc->n_dests - i) * sizeof *dest);
}

void ipvs_svc_take(struct ipvs_svc *to, struct ipvs_svc *from)
{
	free(to->dests);
	to->dests = from->dests;
	to->n_dests = from->n_dests;
	to->cap_dests = from->cap_dests;
	from->dests = NULL;
	from->n_dests = from->cap_dests = 0;
}

void ipvs_svc_note(struct ipvs_svc *to, const struct ipvs_svc *from)
{
	size_t i = 0;

	to->until_us = from->until_us;
	to->lingering = from->lingering;
	to->held = from->held;
	to->tag = from->tag;
	for (size_t j = 0; j < to->n_dests; j++) {
		while (i < from->n_dests &&
		       ipvs_dest_cmp(&from->dests[i], &to->dests[j]) < 0)
			i++;
		if (i < from->n_dests &&
		    ipvs_dest_cmp(&from->dests[i], &to->dests[j]) == 0)
			to->dests[j].until_us = from->dests[i].until_us;
	}
}

void ipvs_table_fini(struct ipvs_table *t)
{
	for (size_t i = 0; i < t->n; i++)
		ipvs_svc_fini(&t->svcs[i]);
	free(t->svcs);
	memset(t, 0, sizeof *t);
}

struct ipvs_svc *ipvs_table_find(const struct ipvs_table *t, const struct ipvs_svc *id)
{
	bool found;
	size_t i = svc_place(t, id, &found);

	return found ? &t->svcs[i] : NULL;
}

struct ipvs_svc *ipvs_table_add(struct ipvs_table *t, struct ipvs_svc *svc)
{
	bool found;
	size_t i = svc_place(t, svc, &found);

	if (found) {
		ipvs_svc_fini(&t->svcs[i]);
	} else {
		t->svcs = xgrow(t->svcs, t->n, &t->cap, sizeof *t->svcs);
		memmove(t->svcs + i + 1, t->svcs + i, (t->n - i) * sizeof *t->svcs);
		t->n++;
	}
	t->svcs[i] = *svc;
	memset(svc, 0, sizeof *svc);
	return &t->svcs[i];
}

void ipvs_table_subtract(struct ipvs_table *t, const struct ipvs_table *ids)
{
	size_t kept = 0, j = 0;

	for (size_t i = 0; i < t->n; i++) {
		while (j < ids->n && ipvs_svc_cmp(&ids->svcs[j], &t->svcs[i]) < 0)
			j++;
		if (j < ids->n && ipvs_svc_cmp(&ids->svcs[j], &t->svcs[i]) == 0)
			ipvs_svc_fini(&t->svcs[i]);
		else
			t->svcs[kept++] = t->svcs[i];
	}
	t->n = kept;
}

struct ipvs_svc *ipvs_table_append(struct ipvs_table *t, struct ipvs_svc *svc)
{
	t->svcs = xgrow(t->svcs, t->n, &t->cap, sizeof *t->svcs);
	t->svcs[t->n] = *svc;
	memset(svc, 0, sizeof *svc);
	return &t->svcs[t->n++];
}

void ipvs_table_remove(struct ipvs_table *t, struct ipvs_svc *svc)
{
	size_t i = (size_t)(svc - t->svcs);

	ipvs_svc_fini(svc);
	t->n--;
	memmove(svc, svc + 1, (t->n - i) * sizeof *svc);
}

void ipvs_table_sort(struct ipvs_table *t)
{
	for (size_t i = 1; i < t->n; i++) {
		if (ipvs_svc_cmp(&t->svcs[i - 1], &t->svcs[i]) < 0)
			continue;
		qsort(t->svcs, t->n, sizeof *t->svcs, svc_cmp_void);
		return;
	}
}

uint32_t *ipvs_table_by_chain(const struct ipvs_table *t)
{
	uint32_t *turns = xcalloc(t->n, sizeof *turns);
	uint32_t place[IPVS_BUCKETS + 1] = { 0 };

	for (size_t i = 0; i < t->n; i++)
		place[ipvs_svc_bucket(&t->svcs[i]) + 1]++;
	for (size_t c = 0; c < IPVS_BUCKETS; c++)
		place[c + 1] += place[c];
	for (size_t i = 0; i < t->n; i++)
		turns[place[ipvs_svc_bucket(&t->svcs[i])]++] = (uint32_t)i;
	return turns;
}

/* The attributes of FROM for the service TO, which keeps its destinations. */
static void svc_set(struct ipvs_svc *to, const struct ipvs_svc *from)
{
	memcpy(to->sched, from->sched, sizeof to->sched);
	memcpy(to->pe, from->pe, sizeof to->pe);
	to->flags = from->flags;
	to->timeout_s = from->timeout_s;
	to->netmask = from->netmask;
}

static int apply_dest(struct ipvs_svc *svc, const struct ipvs_op *op)
{
	struct ipvs_dest *dest = ipvs_svc_find(svc, op->dest);

	if (op->cmd == IPVS_ADD_DEST) {
		if (dest != NULL)
			return EEXIST;
		dest = ipvs_svc_add(svc, op->dest);
		dest->active = dest->inactive = 0;
		return 0;
	}
	if (dest == NULL)
		return ENOENT;
	if (op->cmd == IPVS_DEL_DEST) {
		ipvs_svc_remove(svc, dest);
		return 0;
	}
	*dest = *op->dest;
	dest->active = dest->inactive = IPVS_CONNS_UNKNOWN;
	return 0;
}

int ipvs_table_apply(struct ipvs_table *t, const struct ipvs_op *op)
{
	struct ipvs_svc *svc = ipvs_table_find(t, op->svc);

	if (op->cmd == IPVS_ADD_SVC) {
		struct ipvs_svc fresh = *op->svc;

		if (svc != NULL)
			return EEXIST;
		fresh.dests = NULL;
		fresh.n_dests = fresh.cap_dests = fresh.lingering = 0;
		ipvs_table_add(t, &fresh);
		return 0;
	}
	if (svc == NULL)
		return ESRCH;
	switch (op->cmd) {
	case IPVS_SET_SVC:
		svc_set(svc, op->svc);
		return 0;
	case IPVS_DEL_SVC:
		ipvs_table_remove(t, svc);
		return 0;
	default:
		return apply_dest(svc, op);
	}
}
