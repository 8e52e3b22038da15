/* The whole table is read, which is too long for the loop: a child does it. */
#include "lvsd/table.h"

#include <errno.h>
#include <string.h>

#include "lvsd/aside.h"

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

void table_request(struct request *r, struct answer *a)
{
	bool foreign = r->n == 3 && strcmp(r->words[2], "foreign") == 0;

	if (r->n > 2 && !foreign)
		a->json =
		    request_refusal("only \"foreign\" may stand after \"show table\"");
	else
		a->reply = aside_reply(
		    r->l, foreign ? print_foreign : print_ours, -1, r->may_change);
}
