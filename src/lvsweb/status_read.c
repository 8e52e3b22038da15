/* What is not there, or not of its type, is read as nothing known: lvsd may be another
 * version. */
#include "lvsweb/status_read.h"

#include <string.h>

const char *status_text(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s != NULL ? s : "";
}

double status_number(const json_t *o, const char *key, double fallback)
{
	const json_t *v = json_object_get(o, key);

	return json_is_number(v) ? json_number_value(v) : fallback;
}

static const char *own_text(struct arena *a, const json_t *o, const char *key)
{
	const char *s = status_text(o, key);

	return arena_strndup(a, s, strlen(s));
}

static int64_t integer(const json_t *o, const char *key, int64_t fallback)
{
	const json_t *v = json_object_get(o, key);

	return json_is_integer(v) ? json_integer_value(v) : fallback;
}

static uint64_t counter(const json_t *o, const char *key)
{
	int64_t n = integer(o, key, 0);

	return n > 0 ? (uint64_t)n : 0;
}

/* ---- a server ---- */

static void read_check(struct arena *a, const json_t *o, struct web_check *c)
{
	if (!json_is_object(o))
		return;
	c->method = own_text(a, o, "method");
	c->reason = own_text(a, o, "reason");
	c->means = own_text(a, o, "means");
	c->code = integer(o, "code", 0);
	c->duration_us = integer(o, "duration_us", 0);
}

static void read_rates(const json_t *o, struct web_server *s)
{
	s->has_rates = json_is_object(o);
	s->rates = (struct web_rates){
		.conns = counter(o, "conns"),
		.in_bytes = counter(o, "in_bytes"),
		.out_bytes = counter(o, "out_bytes"),
		.conns_s = counter(o, "conns_s"),
		.in_bytes_s = counter(o, "in_bytes_s"),
		.out_bytes_s = counter(o, "out_bytes_s"),
	};
}

static bool either_says(const struct web_server *s, const char *word)
{
	return strcmp(s->operator_says, word) == 0 || strcmp(s->agent_admin, word) == 0;
}

/* The more restrictive of operator and agent goes before what the check found. */
static enum standing find_standing(const struct web_server *s, const char *health)
{
	if (either_says(s, "maint"))
		return STANDING_MAINT;
	if (either_says(s, "drain"))
		return s->in_table ? STANDING_DRAIN : STANDING_DRAINED;
	if (strcmp(s->agent_service, "down") == 0 || strcmp(health, "down") == 0)
		return STANDING_DOWN;
	if (strcmp(health, "up") == 0)
		return STANDING_UP;
	return strcmp(health, "unchecked") == 0 ? STANDING_UNCHECKED : STANDING_UNKNOWN;
}

static void read_server(
    struct arena *a, const json_t *o, uint64_t now_us, struct web_server *s)
{
	const json_t *agent = json_object_get(o, "agent");
	double since_us = status_number(o, "since_s", 0) * 1e6;

	s->name = own_text(a, o, "name");
	s->address = own_text(a, o, "address");
	s->operator_says = own_text(a, o, "operator");
	s->agent_admin = own_text(a, agent, "admin");
	s->agent_service = own_text(a, agent, "service");
	s->agent_percent = integer(agent, "percent", -1);
	s->sorry = json_is_true(json_object_get(o, "sorry"));
	s->in_table = json_is_integer(json_object_get(o, "table_weight"));
	s->weight = integer(o, "weight", 0);
	s->operator_weight = integer(o, "operator_weight", -1);
	s->table_weight = integer(o, "table_weight", 0);
	s->active = integer(o, "active", 0);
	s->inactive = integer(o, "inactive", 0);
	s->cut_in_s = status_number(o, "cut_in_s", -1);
	s->since_us = since_us < (double)now_us ? now_us - (uint64_t)since_us : 0;
	read_check(a, json_object_get(o, "check"), &s->check);
	read_check(a, agent, &s->agent);
	read_rates(json_object_get(o, "rate"), s);
	s->standing = find_standing(s, status_text(o, "health"));
}

void status_read_director(
    struct arena *a, const json_t *o, uint64_t now_us, struct web_director *d)
{
	const json_t *servers = json_object_get(o, "servers"), *server;
	size_t i;

	*d = (struct web_director){
		.name = own_text(a, o, "name"),
		.service = own_text(a, o, "service"),
		.balance = own_text(a, o, "balance"),
		.mode = own_text(a, o, "mode"),
		.state = own_text(a, o, "state"),
		.total = integer(o, "total", 0),
		.ready = integer(o, "ready", 0),
		.usable = integer(o, "usable", 0),
		.quorum = integer(o, "quorum", 1),
		.answers = !json_is_false(json_object_get(o, "answers")),
		.n_servers = json_array_size(servers),
	};
	if (json_is_string(json_object_get(o, "fault")))
		d->fault = own_text(a, o, "fault");
	d->servers = arena_alloc(a, d->n_servers * sizeof *d->servers);
	json_array_foreach (servers, i, server)
		read_server(a, server, now_us, &d->servers[i]);
}
