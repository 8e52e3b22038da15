/* A verdict is read in three places: who may serve, how it is, and with what weight. */
#include "lvsd/agents.h"

#include <string.h>

#include "lib/log.h"
#include "lib/mono.h"
#include "lvsd/children.h"
#include "lvsd/events.h"
#include "lvsd/reconcile.h"
#include "lvsd/statefile.h"

#define WEIGHT_MAX 65535
#define TEXT_MAX 24 /* of a verdict */

/* ---- what it means ---- */

struct probe_state *agents_probe(const struct server_state *s)
{
	const struct director_state *d = s->director;

	return d->agents != NULL ? d->agents[s - d->servers] : NULL;
}

bool agents_is_agent(const struct probe_state *p)
{
	return p->probe.check->method == CHECK_AGENT;
}

const struct agent_verdict *agents_verdict(const struct server_state *s)
{
	static const struct agent_verdict nothing;
	const struct probe_state *agent = agents_probe(s);

	return agent != NULL ? &agent->probe.agent : &nothing;
}

enum decision_word agents_word(const struct server_state *s)
{
	static const enum decision_word words[] = {
		[AGENT_ADMIN_UNSAID] = DECISION_READY,
		[AGENT_READY] = DECISION_READY,
		[AGENT_DRAIN] = DECISION_DRAIN,
		[AGENT_MAINT] = DECISION_MAINT,
	};
	enum decision_word operator= state_decision(s)->word;
	enum decision_word word = words[agents_verdict(s)->admin];

	return word > operator? word : operator;
}

static enum health_state health_with(
    const struct server_state *s, const struct agent_verdict *v)
{
	if (v->service == AGENT_DOWN)
		return HEALTH_DOWN;
	return s->probe == NO_PROBE ? HEALTH_UP : s->health.state;
}

enum health_state agents_health(const struct server_state *s)
{
	return health_with(s, agents_verdict(s));
}

uint32_t agents_weight(const struct server_state *s, uint32_t weight)
{
	const struct agent_verdict *v = agents_verdict(s);
	uint32_t share;

	if (!v->weighed || weight == 0 || v->percent == 0)
		return v->weighed && v->percent == 0 ? 0 : weight;
	share = weight * v->percent / 100;
	if (share > WEIGHT_MAX)
		return WEIGHT_MAX;
	return share > 0 ? share : 1;
}

struct standing agents_standing_said(const struct server_state *s)
{
	const struct decision *d = state_decision(s);

	return (struct standing){
		.word = agents_word(s),
		.health = agents_health(s),
		.weight = agents_weight(s, d->has_weight ? d->weight : s->conf->weight),
	};
}

/* ---- as words ---- */

static const char *const admins[] = { NULL, "ready", "drain", "maint" };
static const char *const services[] = { NULL, "up", "down" };

json_t *agents_json(const struct agent_verdict *v)
{
	json_t *o = json_object();

	if (v->admin != AGENT_ADMIN_UNSAID)
		json_object_set_new(o, "admin", json_string(admins[v->admin]));
	if (v->service != AGENT_SERVICE_UNSAID)
		json_object_set_new(o, "service", json_string(services[v->service]));
	if (v->weighed)
		json_object_set_new(o, "percent", json_integer(v->percent));
	return o;
}

/* The place of the string NAME of O in the N WORDS; 0: it is none of them. */
static uint8_t read_word(
    const json_t *o, const char *name, const char *const *words, uint8_t n)
{
	const char *word = json_string_value(json_object_get(o, name));

	for (uint8_t i = 1; word != NULL && i < n; i++)
		if (strcmp(word, words[i]) == 0)
			return i;
	return 0;
}

void agents_read(const json_t *o, struct agent_verdict *v)
{
	const json_t *percent = json_object_get(o, "percent");

	*v = (struct agent_verdict){
		.admin = read_word(o, "admin", admins, AGENT_MAINT + 1),
		.service = read_word(o, "service", services, AGENT_DOWN + 1),
	};
	if (json_is_integer(percent) && json_integer_value(percent) >= 0 &&
	    json_integer_value(percent) <= AGENT_PERCENT_MAX) {
		v->weighed = 1;
		v->percent = (uint16_t)json_integer_value(percent);
	}
}

/* "drain down 50%", or "nothing"; TEXT has TEXT_MAX bytes. */
static const char *text_of(const struct agent_verdict *v, char *text)
{
	char percent[8];
	const char *words[] = { admins[v->admin], services[v->service],
		v->weighed ? percent : NULL };

	snprintf(percent, sizeof percent, "%u%%", (unsigned)v->percent);
	text[0] = '\0';
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (words[i] == NULL)
			continue;
		if (text[0] != '\0')
			strlcat(text, " ", TEXT_MAX);
		strlcat(text, words[i], TEXT_MAX);
	}
	return text[0] != '\0' ? text : "nothing";
}

/* ---- a report ---- */

/* The agent of S, P, says another thing now than WAS. */
static void said(struct lvsd *l, struct server_state *s, const struct probe_state *p,
    const struct agent_verdict *was)
{
	const struct agent_verdict *now = &p->probe.agent;
	const char *director = s->director->conf->name;
	enum health_state health_was = health_with(s, was);
	char before[TEXT_MAX], after[TEXT_MAX];

	if (health_was != agents_health(s))
		state_turned(s, health_was, agents_health(s), mono_us());
	if (s->probe != NO_PROBE)
		checker_follow(l, s->probe);
	reconcile_mark(l, s->director);
	events_agent(l, s, text_of(was, before), text_of(now, after));
	log_info("server %s/%s agent %s -> %s director=%s server=%s duration_us=%u "
		 "text=\"%s\"",
	    director, s->conf->name, text_of(was, before), text_of(now, after), director,
	    s->conf->name, (unsigned)p->duration_us, p->text != NULL ? p->text : "");
}

/* Nobody is moved by that, so that it is told and no more. */
static void tell_silence(const struct server_state *s, const struct probe_state *p)
{
	const char *director = s->director->conf->name;

	log_warnx("server %s/%s: no word from its agent, what it said last stands: %s "
		  "director=%s server=%s reason=%s code=%d duration_us=%u text=\"%s\"",
	    director, s->conf->name, reason_text(p->reason), director, s->conf->name,
	    reason_name(p->reason), (int)p->code, (unsigned)p->duration_us,
	    p->text != NULL ? p->text : "");
}

static void tell_answer(const struct server_state *s)
{
	const char *director = s->director->conf->name;

	log_info("server %s/%s: its agent answers again director=%s server=%s", director,
	    s->conf->name, director, s->conf->name);
}

void agents_report(struct lvsd *l, const struct probe_report *r)
{
	struct probe_state *p = &l->state->probes[r->probe];
	struct agent_verdict was = p->probe.agent;
	enum health_state answered = p->probe.health.state, answers;
	bool news = memcmp(&was, &r->agent, sizeof was) != 0;

	state_take(p, r);
	p->probe.agent = r->agent;
	answers = p->probe.health.state;
	if (news)
		statefile_touch(l->statefile);
	for (size_t i = 0; i < p->n_servers; i++) {
		if (news)
			said(l, p->servers[i], p, &was);
		if (answers == HEALTH_DOWN && answered != answers)
			tell_silence(p->servers[i], p);
		else if (answers == HEALTH_UP && answered == HEALTH_DOWN)
			tell_answer(p->servers[i]);
	}
}
