/*
 * Whether this machine forwards, or datagrams that are refused have to be copied
 * (refuse.c), and whether they can: that the kernel cannot is no fault of the directors, whose servers can be reached.
 */
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "flow/family.h"
#include "flow/marks.h"
#include "flow/plan.h"
#include "lib/log.h"
#include "lib/xalloc.h"

#define PROBE FLOW_PREFIX "PROBE"

bool family_is_still(uint8_t number)
{
	const char *setting = number == AF_INET
				  ? "/proc/sys/net/ipv4/ip_forward"
				  : "/proc/sys/net/ipv6/conf/all/forwarding";
	int fd = open(setting, O_RDONLY | O_CLOEXEC);
	char c = '1';
	/* Where that cannot be read nothing is made that is in a router's way. */
	bool is_off = fd >= 0 && read(fd, &c, 1) == 1 && c == '0';

	if (fd >= 0)
		close(fd);
	return is_off;
}

void copies_tell(const struct family *fa)
{
	log_warnx("this kernel cannot copy packets (module xt_TEE), so while "
		  "net.ipv4.ip_forward is off datagrams to addresses that are none of "
		  "this machine are dropped, not refused: %s",
	    fa->no_copies);
}

/* A chain with the rule is made and deleted in one commit. */
void copies_try(struct family *fa, struct flow_table *want)
{
	struct buf out = { 0 }, error = { 0 };
	char *text;

	if (!flow_copies(want) || flow_copies(&fa->have) || fa->no_copies != NULL ||
	    !family_choose(fa, &error)) {
		buf_fini(&error);
		return;
	}
	text = xasprintf("*mangle\n:" PROBE " - [0:0]\n-A " PROBE " " FLOW_COPY_RULE
			 "\n-F " PROBE "\n-X " PROBE "\nCOMMIT\n",
	    MARKS_ASIDE);
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
