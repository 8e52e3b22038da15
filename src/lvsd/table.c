/*
 * All of it is read, which is too long for the loop: a child does it. Sets of flows go
 * out while they are read.
 */
#include "lvsd/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lvsd/aside.h"
#include "lvsd/marking.h"
#include "lvsd/show.h"

static void print_table(struct lvsd *l, bool ours, FILE *out)
{
	struct ipvs_table listed = { 0 };
	struct buf text = { 0 };
	json_t *o;

	buf_str(&text, "");
	if (l->ipvs != NULL && ipvs_read_services(l->ipvs, &listed)) {
		for (size_t i = 0; i < listed.n; i++)
			if ((ipvs_table_find(&l->have, &listed.svcs[i]) != NULL) ==
				ours &&
			    ipvs_read_dests(l->ipvs, &listed.svcs[i]))
				ipvs_svc_text(&listed.svcs[i], &text);
		o = json_pack("{s:b, s:s}", "ok", 1, "table", text.data);
	} else {
		o = json_pack("{s:b, s:s+}", "ok", 0, "error",
		    "cannot read the kernel's table: ", strerror(errno));
	}
	json_dumpf(o, out, JSON_COMPACT);
	fputc('\n', out);
	json_decref(o);
	buf_fini(&text);
	ipvs_table_fini(&listed);
}

static void print_ours(struct lvsd *l, int fd, FILE *out)
{
	(void)fd;
	print_table(l, true, out);
}

static void print_foreign(struct lvsd *l, int fd, FILE *out)
{
	(void)fd;
	print_table(l, false, out);
}

/* ---- flows ---- */

#define HEAD "{\"ok\":true,\"table\":\""

struct listing {
	FILE *out;
	bool begun;
};

/* TEXT as it stands in a string of JSON. */
static void print_text(const char *text, void *arg)
{
	struct listing *l = arg;
	json_t *string = show_text(text);
	char *quoted = json_dumps(string, JSON_ENCODE_ANY);

	if (!l->begun)
		fputs(HEAD, l->out);
	l->begun = true;
	if (quoted != NULL)
		fwrite(quoted + 1, 1, strlen(quoted) - 2, l->out);
	free(quoted);
	json_decref(string);
}

static void print_flows(struct lvsd *l, int fd, FILE *out)
{
	struct listing listing = { .out = out };
	struct buf error = { 0 };
	json_t *o;

	(void)fd;
	if (marking_list(l->marking, print_text, &listing, &error)) {
		fputs("\"}\n", out);
	} else {
		o = request_refusal(error.data);
		json_dumpf(o, out, JSON_COMPACT);
		fputc('\n', out);
		json_decref(o);
	}
	buf_fini(&error);
}

void table_request(struct request *r, struct answer *a)
{
	static const struct {
		const char *word;
		aside_fn *print;
	} kinds[] = {
		{ "foreign", print_foreign },
		{ "flows", print_flows },
	};
	aside_fn *print = r->n == 2 ? print_ours : NULL;

	for (size_t i = 0; r->n == 3 && i < sizeof kinds / sizeof kinds[0]; i++)
		if (strcmp(r->words[2], kinds[i].word) == 0)
			print = kinds[i].print;
	if (print == NULL)
		a->json = request_refusal("only \"foreign\" or \"flows\" may stand after "
					  "\"show table\"");
	else
		a->reply = aside_reply(r->l, print, -1, r->may_change);
}
