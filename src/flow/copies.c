/*
 * Whether datagrams that are refused (refuse.c) can be copied: that the kernel cannot is
 * no fault of the directors, whose servers can be reached.
 */
#include <stdlib.h>
#include <string.h>

#include "flow/family.h"
#include "flow/marks.h"
#include "flow/plan.h"
#include "lib/log.h"
#include "lib/xalloc.h"

#define PROBE FLOW_PREFIX "PROBE"

void copies_tell(const struct family *fa)
{
	log_warnx("this kernel cannot copy packets (modules xt_TEE, xt_HL), so while "
		  "net.ipv4.ip_forward is off datagrams to addresses that are none of "
		  "this machine are dropped, not refused: %s",
	    fa->no_copies);
}

/* A chain with the rules is made and deleted in one commit. */
void copies_try(struct family *fa, struct flow_table *want)
{
	struct buf out = { 0 }, error = { 0 };
	char *text;

	if (!flow_copies(want) || flow_copies(&fa->have) || fa->no_copies != NULL ||
	    !family_choose(fa, &error)) {
		buf_fini(&error);
		return;
	}
	text = xasprintf("*mangle\n:" PROBE " - [0:0]\n-A " PROBE " " FLOW_LAST_RULE
			 "\n-A " PROBE " " FLOW_COPY_RULE "\n-F " PROBE "\n-X " PROBE
			 "\nCOMMIT\n",
	    MARKS_ASIDE, MARKS_ASIDE);
	/* Who has the lock does not tell what the kernel can. */
	if (!family_iptables(fa, fa->flavour, "restore", NULL, text, &out, &error) &&
	    strstr(error.data, FAMILY_LOCKED) == NULL) {
		fa->no_copies = xstrdup(error.data);
		copies_tell(fa);
		flow_without_copies(want);
	}
	free(text);
	buf_fini(&out);
	buf_fini(&error);
}
