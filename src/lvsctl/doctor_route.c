/*
 * What the kernel would do with a packet: rtnetlink's RTM_GETROUTE (rtnetlink(7)), which
 * follows rules and tables as the packet would.
 */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "lib/xalloc.h"
#include "lvsctl/doctor.h"

#define ANSWER_S 5

struct routes {
	struct nl_sock *sock;
	struct route *answer; /* of the question that is asked */
};

static int take_route(struct nl_msg *msg, void *arg)
{
	struct routes *r = arg;
	struct nlmsghdr *hdr = nlmsg_hdr(msg);
	const struct rtmsg *rt = nlmsg_data(hdr);
	struct nlattr *tb[RTA_MAX + 1];

	if (hdr->nlmsg_type != RTM_NEWROUTE ||
	    nlmsg_parse(hdr, sizeof *rt, tb, RTA_MAX, NULL) < 0)
		return NL_SKIP;
	r->answer->is_local = rt->rtm_type == RTN_LOCAL;
	r->answer->found = rt->rtm_type == RTN_LOCAL || rt->rtm_type == RTN_UNICAST;
	r->answer->by_router = tb[RTA_GATEWAY] != NULL || tb[RTA_VIA] != NULL;
	if (tb[RTA_OIF] != NULL &&
	    if_indextoname(nla_get_u32(tb[RTA_OIF]), r->answer->device) == NULL)
		r->answer->device[0] = '\0';
	return NL_OK;
}

struct routes *routes_open(void)
{
	struct timeval deadline = { .tv_sec = ANSWER_S };
	struct routes *r = xcalloc(1, sizeof *r);

	r->sock = nl_socket_alloc();
	if (r->sock == NULL || nl_connect(r->sock, NETLINK_ROUTE) < 0 ||
	    setsockopt(nl_socket_get_fd(r->sock), SOL_SOCKET, SO_RCVTIMEO, &deadline,
		sizeof deadline) < 0) {
		int error = errno;

		routes_close(r);
		errno = error;
		return NULL;
	}
	nl_socket_disable_auto_ack(r->sock);
	nl_socket_modify_cb(r->sock, NL_CB_VALID, NL_CB_CUSTOM, take_route, r);
	return r;
}

void routes_close(struct routes *r)
{
	if (r == NULL)
		return;
	nl_socket_free(r->sock);
	free(r);
}

static bool ask_for(struct routes *r, const struct addr *to)
{
	int len = to->family == AF_INET6 ? 16 : 4;
	struct rtmsg rt = { .rtm_family = to->family,
		.rtm_dst_len = (unsigned char)(len * 8) };
	struct nl_msg *msg = nlmsg_alloc_simple(RTM_GETROUTE, 0);
	bool sent =
	    msg != NULL && nlmsg_append(msg, &rt, sizeof rt, NLMSG_ALIGNTO) == 0 &&
	    nla_put(msg, RTA_DST, len, to->bytes) == 0 && nl_send_auto(r->sock, msg) >= 0;

	nlmsg_free(msg);
	return sent;
}

bool routes_get(struct routes *r, const struct addr *to, struct route *route)
{
	*route = (struct route){ 0 };
	r->answer = route;
	/* But for the deadline, an error is the kernel's answer: it has no route. */
	return ask_for(r, to) && nl_recvmsgs_default(r->sock) != -NLE_AGAIN;
}
