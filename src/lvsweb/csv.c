/*
 * csv: HAProxy's statistics, as far as they have a meaning here.
 *
 * A line a server and one, BACKEND, a director, in HAProxy's order of columns up to 2.6;
 * what is not known stays empty. The kernel's counters begin when a server is added to
 * its table. Servers that are sorry servers are its backups.
 */
#include <inttypes.h>
#include <string.h>

#include "lvsweb/source.h"

static const char columns[] =
    "# pxname,svname,qcur,qmax,scur,smax,slim,stot,bin,bout,dreq,dresp,ereq,econ,eresp,"
    "wretr,wredis,status,weight,act,bck,chkfail,chkdown,lastchg,downtime,qlimit,pid,iid,"
    "sid,throttle,lbtot,tracked,type,rate,rate_lim,rate_max,check_status,check_code,"
    "check_duration,hrsp_1xx,hrsp_2xx,hrsp_3xx,hrsp_4xx,hrsp_5xx,hrsp_other,hanafail,"
    "req_rate,req_rate_max,req_tot,cli_abrt,srv_abrt,comp_in,comp_out,comp_byp,comp_rsp,"
    "lastsess,last_chk,last_agt,qtime,ctime,rtime,ttime,agent_status,agent_code,"
    "agent_duration,check_desc,agent_desc,check_rise,check_fall,check_health,agent_rise,"
    "agent_fall,agent_health,addr,cookie,mode,algo,\n";

/* Places of the columns that are filled. */
enum column {
	PXNAME = 0,
	SVNAME = 1,
	SCUR = 4,
	STOT = 7,
	BIN = 8,
	BOUT = 9,
	STATUS = 17,
	WEIGHT = 18,
	ACT = 19,
	BCK = 20,
	LASTCHG = 23,
	PID = 26,
	IID = 27,
	SID = 28,
	LBTOT = 30,
	TYPE = 32,
	RATE = 33,
	CHECK_STATUS = 36,
	CHECK_CODE = 37,
	CHECK_DURATION = 38,
	LAST_CHK = 56,
	LAST_AGT = 57,
	ADDR = 73,
	MODE = 75,
	ALGO = 76,
	COLUMNS = 77
};

#define TYPE_BACKEND 1
#define TYPE_SERVER 2

/* A line that is written from left to right. */
struct line {
	struct buf *b;
	int at;
};

static void go_to(struct line *l, enum column column)
{
	for (; l->at < (int)column; l->at++)
		buf_str(l->b, ",");
}

/* Quoted if it has to be (RFC 4180). */
static void put_text(struct line *l, enum column column, const char *text)
{
	go_to(l, column);
	if (strpbrk(text, ",\"\r\n") == NULL) {
		buf_str(l->b, text);
		return;
	}
	buf_str(l->b, "\"");
	for (; *text != '\0'; text++)
		buf_printf(l->b, *text == '"' ? "%c\"" : "%c", *text);
	buf_str(l->b, "\"");
}

static void put_number(struct line *l, enum column column, uint64_t n)
{
	go_to(l, column);
	buf_printf(l->b, "%" PRIu64, n);
}

static void put_known(struct line *l, enum column column, bool known, uint64_t n)
{
	if (known)
		put_number(l, column, n);
}

static void put_counts(struct line *l, const struct web_rates *r, bool known)
{
	put_known(l, STOT, known, r->conns);
	put_known(l, BIN, known, r->in_bytes);
	put_known(l, BOUT, known, r->out_bytes);
}

/* ---- a server ---- */

static const char *server_status(const struct web_server *s)
{
	static const char *const words[STANDING_MAX] = {
		[STANDING_DOWN] = "DOWN",
		[STANDING_UNKNOWN] = "no check",
		[STANDING_MAINT] = "MAINT",
		[STANDING_DRAIN] = "DRAIN",
		[STANDING_DRAINED] = "DRAIN",
		[STANDING_UP] = "UP",
		[STANDING_UNCHECKED] = "no check",
	};

	return words[s->standing];
}

static void put_check(struct line *l, const struct web_check *c)
{
	if (c->method == NULL)
		return;
	put_text(l, CHECK_STATUS, c->reason);
	put_number(l, CHECK_CODE, c->code > 0 ? (uint64_t)c->code : 0);
	put_number(
	    l, CHECK_DURATION, c->duration_us > 0 ? (uint64_t)c->duration_us / 1000 : 0);
}

static void put_server(struct buf *b, const struct source *src,
    const struct web_director *d, const struct web_server *s)
{
	const struct status *status = src->known.status;
	struct line l = { .b = b };

	put_text(&l, PXNAME, d->name);
	put_text(&l, SVNAME, s->name);
	put_known(&l, SCUR, s->in_table, (uint64_t)s->active);
	put_counts(&l, &s->rates, s->has_rates);
	put_text(&l, STATUS, server_status(s));
	put_number(&l, WEIGHT, s->in_table ? (uint64_t)s->table_weight : 0);
	put_number(&l, ACT, !s->sorry);
	put_number(&l, BCK, s->sorry);
	put_number(&l, LASTCHG, (status->taken_us - s->since_us) / 1000000);
	put_number(&l, PID, 1);
	put_number(&l, IID, (uint64_t)(d - status->directors) + 1);
	put_number(&l, SID, (uint64_t)(s - d->servers) + 1);
	put_known(&l, LBTOT, s->has_rates, s->rates.conns);
	put_number(&l, TYPE, TYPE_SERVER);
	put_known(&l, RATE, s->has_rates, s->rates.conns_s);
	put_check(&l, &s->check);
	put_text(&l, LAST_CHK, s->check.method != NULL ? s->check.means : "");
	put_text(&l, LAST_AGT, s->agent.method != NULL ? s->agent.means : "");
	put_text(&l, ADDR, s->address);
	go_to(&l, COLUMNS);
	buf_str(b, "\n");
}

/* ---- a director ---- */

/* HAProxy's word for its protocol. */
static const char *director_mode(const struct web_director *d)
{
	return strncmp(d->service, "UDP", 3) == 0 ? "udp" : "tcp";
}

static bool serves(const struct web_director *d)
{
	return strcmp(d->state, "down") != 0 && strcmp(d->state, "failed") != 0;
}

static void put_backend(
    struct buf *b, const struct source *src, const struct web_director *d)
{
	uint64_t weight = 0, sorry = 0;
	struct line l = { .b = b };

	for (size_t i = 0; i < d->n_servers; i++) {
		weight +=
		    d->servers[i].in_table ? (uint64_t)d->servers[i].table_weight : 0;
		sorry += d->servers[i].sorry;
	}
	put_text(&l, PXNAME, d->name);
	put_text(&l, SVNAME, "BACKEND");
	put_number(&l, SCUR, (uint64_t)d->active);
	put_counts(&l, &d->rates, d->has_rates);
	put_text(&l, STATUS, serves(d) ? "UP" : "DOWN");
	put_number(&l, WEIGHT, weight);
	put_number(&l, ACT, d->usable > 0 ? (uint64_t)d->usable : 0);
	put_number(&l, BCK, sorry);
	put_number(&l, PID, 1);
	put_number(&l, IID, (uint64_t)(d - src->known.status->directors) + 1);
	put_number(&l, SID, 0);
	put_known(&l, LBTOT, d->has_rates, d->rates.conns);
	put_number(&l, TYPE, TYPE_BACKEND);
	put_known(&l, RATE, d->has_rates, d->rates.conns_s);
	put_text(&l, MODE, director_mode(d));
	put_text(&l, ALGO, d->balance);
	go_to(&l, COLUMNS);
	buf_str(b, "\n");
}

bool csv_more(struct source *s, struct buf *piece)
{
	const struct web_director *d;

	if (s->director == 0 && s->done++ == 0) {
		buf_str(piece, columns);
		return true;
	}
	if (s->director == s->known.status->n_directors)
		return false;
	d = &s->known.status->directors[s->director++];
	for (size_t i = 0; i < d->n_servers; i++)
		put_server(piece, s, d, &d->servers[i]);
	put_backend(piece, s, d);
	return true;
}
