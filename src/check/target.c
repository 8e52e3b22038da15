/* Packing probes into targets, and back; and the texts of results. */
#include "target.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/run.h"
#include "lib/xalloc.h"

/* Most have the check of the one before. */
static uint32_t add_check(struct targets *all, const struct check_conf *check)
{
	if (all->n_checks == 0 || all->checks[all->n_checks - 1] != check) {
		all->checks = xgrow(
		    all->checks, all->n_checks, &all->cap_checks, sizeof *all->checks);
		all->checks[all->n_checks++] = check;
	}
	return (uint32_t)(all->n_checks - 1);
}

static uint32_t add_addr(struct targets *all, const struct addr *a)
{
	uint32_t ip4;

	if (a->family == AF_INET6) {
		all->ip6 = xgrow(all->ip6, all->n_ip6, &all->cap_ip6, sizeof *all->ip6);
		memcpy(all->ip6[all->n_ip6], a->bytes, sizeof *all->ip6);
		return (uint32_t)all->n_ip6++;
	}
	memcpy(&ip4, a->bytes, sizeof ip4);
	return ip4;
}

void targets_init(struct targets *all, const struct probe *probes, size_t n)
{
	*all = (struct targets){ .all = xcalloc(n, sizeof *all->all), .n = n };
	for (size_t i = 0; i < n; i++) {
		const struct probe *p = &probes[i];

		all->all[i] = (struct target){ .health = p->health,
			.check = add_check(all, p->check),
			.addr = add_addr(all, &p->addr),
			.is_ip6 = p->addr.family == AF_INET6,
			.port = p->port,
			.paused = p->paused,
			.agent = p->agent };
	}
}

void targets_fini(struct targets *all)
{
	for (size_t i = 0; i < all->n; i++)
		free(all->all[i].text);
	free(all->all);
	free(all->checks);
	free(all->ip6);
}

struct probe target_probe(const struct targets *all, const struct target *t)
{
	struct probe p = { .check = all->checks[t->check], .port = t->port };

	if (t->is_ip6) {
		p.addr.family = AF_INET6;
		memcpy(p.addr.bytes, all->ip6[t->addr], sizeof p.addr.bytes);
	} else {
		p.addr.family = AF_INET;
		memcpy(p.addr.bytes, &t->addr, sizeof t->addr);
	}
	return p;
}

const char *target_text(const struct target *t)
{
	return t->in_flight ? t->run->text : t->text;
}

static void escape(char *to, const char *from, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)from[i];
		bool plain = c >= 0x20 && c < 0x7f && c != '"' && c != '\\';

		if (n + (plain ? 1 : 4) >= PROBE_TEXT_MAX)
			break;
		if (plain)
			to[n++] = (char)c;
		else
			n += (size_t)sprintf(to + n, "\\x%02x", c);
	}
	to[n] = '\0';
}

/* Whether the escaped text needs no look at: it is what is there. */
static bool is_as_it_was(const char *text, const char *from, size_t len)
{
	return strlen(text) == len && memcmp(text, from, len) == 0 &&
	       memchr(from, '\\', len) == NULL;
}

void target_set_text(char **text, const char *from, size_t len)
{
	char escaped[PROBE_TEXT_MAX];

	if (*text == NULL ? len == 0 : is_as_it_was(*text, from, len))
		return;
	escape(escaped, from, len);
	if (*text != NULL && strcmp(escaped, *text) == 0)
		return;
	free(*text);
	*text = escaped[0] != '\0' ? xstrdup(escaped) : NULL;
}
