/*
 * A mark of which there is something to know is an entry: first it is to be read, then it
 * is read, then it is closed, or that failed. When its service changes the entry goes,
 * whatever comes of its reading; if its set may hold something, that goes first.
 *
 * The kernel's list can hide a connection that stays behind one that goes meanwhile
 * (ipvs/conn.c). As nobody new comes, it is read again until that finds nobody more.
 */
#include "lvsd/keeping.h"

#include <errno.h>
#include <linux/ip_vs.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "lib/mono.h"
#include "lib/xalloc.h"

#define CLIENTS_MAX_KEPT 65536
#define READ_US (10 * 1000000ull) /* for all times that the list is read */
#define LINES_A_TIME 20		  /* of the log */
#define READS_MIN 3		  /* the last of them finds nobody more */

enum keeping_state {
	KEEP_WANTED,
	KEEP_READING,
	KEEP_CLOSED,
	KEEP_FAILED, /* and is not tried again */
	KEEP_OVER,   /* the set has to be emptied */
	KEEP_GONE,   /* the entry goes */
};

struct keep {
	uint32_t mark;
	enum keeping_state state;
	bool filled; /* its set may hold something */
	/* Of the process that reads: */
	const struct ipvs_svc *svc;
	struct flow_line clients;
};

struct keeping {
	struct lvsd *l;
	struct flow *flow;
	struct keep *list; /* sorted by mark */
	size_t n, cap;
};

struct keeping *keeping_new(struct lvsd *l, struct flow *flow)
{
	struct keeping *k = xcalloc(1, sizeof *k);

	k->l = l;
	k->flow = flow;
	return k;
}

void keeping_free(struct keeping *k)
{
	if (k == NULL)
		return;
	free(k->list);
	free(k);
}

/* Where the entry of MARK is, or has to be. */
static size_t place_of(const struct keeping *k, uint32_t mark)
{
	size_t low = 0, high = k->n;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (k->list[middle].mark < mark)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct keep *find(const struct keeping *k, uint32_t mark)
{
	size_t i = place_of(k, mark);

	return i < k->n && k->list[i].mark == mark ? &k->list[i] : NULL;
}

static void sweep(struct keeping *k)
{
	size_t n = 0;

	for (size_t i = 0; i < k->n; i++)
		if (k->list[i].state != KEEP_GONE)
			k->list[n++] = k->list[i];
	k->n = n;
}

/* ---- what is known ---- */

/*
 * Clients of MARK can be known: a template of persistence lets clients begin whose server
 * takes no new ones, and so does another director that sends its connections here.
 */
static bool can_close(const struct keeping *k, uint32_t mark)
{
	struct ipvs_svc id = { .fwmark = mark, .addr.family = AF_INET };
	const struct ipvs_svc *svc = ipvs_table_find(&k->l->have, &id);
	const struct conf *conf = k->l->state->conf;

	return svc != NULL && (svc->flags & IP_VS_SVC_F_PERSISTENT) == 0 &&
	       !conf->sync_master.on && !conf->sync_backup.on &&
	       flow_can_keep(k->flow, mark);
}

static void note(struct keeping *k, uint32_t mark, enum flow_service service)
{
	size_t i = place_of(k, mark);
	struct keep *e = i < k->n && k->list[i].mark == mark ? &k->list[i] : NULL;
	bool leaves = service == FLOW_LEAVES && can_close(k, mark);

	if (e == NULL && leaves) {
		k->list = xgrow(k->list, k->n, &k->cap, sizeof *k->list);
		memmove(&k->list[i + 1], &k->list[i], (k->n - i) * sizeof *k->list);
		k->list[i] = (struct keep){ .mark = mark };
		k->n++;
	} else if (e != NULL && !leaves) {
		e->state = e->filled ? KEEP_OVER : KEEP_GONE;
	}
}

/* With its mark a set is gone, too. Both are sorted. */
static void forget_gone(struct keeping *k, const uint32_t *marks, size_t n_marks)
{
	for (size_t i = 0, j = 0; i < k->n; i++) {
		while (j < n_marks && marks[j] < k->list[i].mark)
			j++;
		if (j == n_marks || marks[j] != k->list[i].mark)
			k->list[i].state = KEEP_GONE;
	}
	sweep(k);
}

void keeping_follow(struct keeping *k, flow_served_fn *service, void *arg)
{
	struct flow_table *have[2];

	flow_have(k->flow, have);
	for (size_t i = 0; i < have[0]->n_marks; i++)
		note(k, have[0]->marks[i], service(have[0]->marks[i], arg));
	forget_gone(k, have[0]->marks, have[0]->n_marks);
}

bool keeping_is_over(const struct keeping *k)
{
	for (size_t i = 0; i < k->n; i++)
		if (k->list[i].state == KEEP_OVER)
			return true;
	return false;
}

bool keeping_is_closed(const struct keeping *k, uint32_t mark)
{
	const struct keep *e = find(k, mark);

	return e != NULL && e->state == KEEP_CLOSED;
}

bool keeping_drop(struct keeping *k)
{
	bool done = true;

	for (size_t i = 0; i < k->n; i++) {
		struct keep *e = &k->list[i];

		if (e->filled && (e->state == KEEP_OVER || e->state == KEEP_FAILED)) {
			done = flow_keep_nobody(k->flow, e->mark) && done;
			e->filled = false;
		}
		if (e->state == KEEP_OVER)
			e->state = KEEP_GONE;
	}
	sweep(k);
	return done;
}

void keeping_forget(struct keeping *k)
{
	k->n = 0;
}

/* ---- in the process that reads ---- */

static struct flow_net one(const struct addr *a)
{
	return (struct flow_net){ *a, 32 };
}

static bool is_of(const struct ipvs_svc *svc, const struct ipvs_conn *c)
{
	struct ipvs_dest id = { .addr = c->server };

	if (ipvs_svc_find(svc, &id) != NULL)
		return true;
	id.port = c->server_port;
	return ipvs_svc_find(svc, &id) != NULL;
}

static bool take_conn(const struct ipvs_conn *c, void *arg)
{
	struct keeping *k = arg;
	struct flow_member m = { .protocol = IPPROTO_UDP, .port = c->client_port };

	if (c->protocol != IPPROTO_UDP)
		return true;
	m.net[0] = one(&c->client);
	m.net[1] = one(&c->vip);
	for (size_t i = 0; i < k->n; i++) {
		struct keep *e = &k->list[i];

		if (e->svc == NULL || !is_of(e->svc, c))
			continue;
		if (e->clients.n > 2 * CLIENTS_MAX_KEPT)
			continue;
		flow_line_add(&e->clients, &m);
	}
	return true;
}

/* *MORE becomes true when that found somebody more. */
static bool read_again(struct keeping *k, uint64_t until_us, bool *more)
{
	bool done;
	size_t before = 0, after = 0;

	for (size_t i = 0; i < k->n; i++)
		before += k->list[i].clients.n;
	done = ipvs_conns_read(take_conn, k, until_us);
	for (size_t i = 0; i < k->n; i++) {
		flow_line_sort(&k->list[i].clients);
		after += k->list[i].clients.n;
	}
	*more = after > before;
	return done;
}

/* What is told is a line each: "MARK NUMBER", or "MARK ! WHY". It is read no more. */
static void give_up(struct keep *e, const char *why, struct buf *told)
{
	buf_printf(told, "%x ! %s\n", (unsigned)e->mark, why);
	e->svc = NULL;
	free(e->clients.members);
	e->clients = (struct flow_line){ 0 };
}

/* True when some are left that are not too many. */
static bool give_up_many(struct keeping *k, struct buf *told)
{
	bool any = false;
	char why[64];

	snprintf(why, sizeof why, "there are more than %d", CLIENTS_MAX_KEPT);
	for (size_t i = 0; i < k->n; i++) {
		struct keep *e = &k->list[i];

		if (e->svc != NULL && e->clients.n > CLIENTS_MAX_KEPT)
			give_up(e, why, told);
		any = any || e->svc != NULL;
	}
	return any;
}

static void keep(struct keeping *k, struct keep *e, struct buf *told)
{
	struct buf error = { 0 };

	if (flow_keep(k->flow, e->mark, &e->clients, &error))
		buf_printf(told, "%x %zu\n", (unsigned)e->mark, e->clients.n);
	else
		give_up(e, error.data != NULL ? error.data : "its set is gone", told);
	buf_fini(&error);
}

void keeping_read(struct keeping *k, struct buf *told)
{
	uint64_t until_us = mono_us() + READ_US;
	bool more = true, done = true;
	char why[128] = "";

	for (size_t i = 0; i < k->n; i++) {
		struct keep *e = &k->list[i];
		struct ipvs_svc id = { .fwmark = e->mark, .addr.family = AF_INET };

		e->clients = (struct flow_line){ .type = FLOW_NET_PORT_NET };
		e->svc =
		    e->state == KEEP_READING ? ipvs_table_find(&k->l->have, &id) : NULL;
	}
	for (int i = 0; done && (more || i < READS_MIN); i++) {
		done = read_again(k, until_us, &more);
		if (!done)
			snprintf(why, sizeof why,
			    "the kernel's connections cannot be read: %s",
			    strerror(errno));
		if (!give_up_many(k, told))
			break;
	}
	for (size_t i = 0; i < k->n; i++)
		if (k->list[i].svc != NULL && done)
			keep(k, &k->list[i], told);
		else if (k->list[i].svc != NULL)
			give_up(&k->list[i], why, told);
}

/* ---- in the daemon ---- */

bool keeping_begin(struct keeping *k)
{
	bool any = false;

	for (size_t i = 0; i < k->n; i++) {
		if (k->list[i].state != KEEP_WANTED)
			continue;
		k->list[i].state = KEEP_READING;
		k->list[i].filled = true;
		flow_kept(k->flow, k->list[i].mark, FLOW_KEPT_UNKNOWN);
		any = true;
	}
	return any;
}

static const char *name_of(const struct keeping *k, uint32_t mark)
{
	const struct director_conf *d;

	STAILQ_FOREACH (d, &k->l->state->conf->directors, entry)
		if (d->mark == mark)
			return d->name;
	return "?";
}

static void fail(struct keeping *k, struct keep *e, const char *why, size_t *failed)
{
	const char *name;

	e->state = KEEP_FAILED;
	if (++*failed > LINES_A_TIME)
		return;
	name = name_of(k, e->mark);
	log_warnx("director %s: while its servers take no new clients, these cannot be "
		  "told from those that are served: %s; over UDP they get no answer "
		  "director=%s",
	    name, why, name);
}

static void take_line(struct keeping *k, char *line, size_t *failed)
{
	char *end;
	struct keep *e = find(k, (uint32_t)strtoul(line, &end, 16));

	/* A server may have come meanwhile. */
	if (e == NULL || e->state != KEEP_READING || *end != ' ')
		return;
	if (strncmp(end, " ! ", 3) == 0) {
		fail(k, e, end + 3, failed);
		return;
	}
	e->state = KEEP_CLOSED;
	flow_kept(k->flow, e->mark, strtoul(end, NULL, 10));
}

void keeping_done(struct keeping *k, const struct buf *told, const char *why)
{
	char *rest = told != NULL ? told->data : NULL, *line;
	size_t failed = 0;

	while (why == NULL && (line = strsep(&rest, "\n")) != NULL)
		take_line(k, line, &failed);
	for (size_t i = 0; i < k->n; i++) {
		if (k->list[i].state != KEEP_READING)
			continue;
		if (told == NULL)
			k->list[i].state = KEEP_WANTED;
		else
			fail(k, &k->list[i], why != NULL ? why : "nothing was told",
			    &failed);
	}
	if (failed > LINES_A_TIME)
		log_warnx("the same for %zu more directors", failed - LINES_A_TIME);
}
