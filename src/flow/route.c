/*
 * Rules are told from others by their protocol number, the route by its table. All
 * rules of the family are read, then what is missing is added, then what is too much
 * deleted: a rule that stays is not touched.
 */
#include "flow/route.h"

#include <linux/fib_rules.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/route/route.h>
#include <netlink/route/rule.h>
#include <netlink/socket.h>
#include <stdlib.h>
#include <string.h>

#include "flow/marks.h"
#include "lib/xalloc.h"

#define TIMEOUT_S 5

/* What a rule of ours is for, in the order of their preferences. */
enum purpose {
	SPARE, /* from the director itself: to the end */
	ASIDE, /* into the table of what is refused */
	LEAD,  /* into the table of local routes */
	END,   /* where SPARE goes on */
	ANY,   /* whoever made it in our name */
};

struct rule {
	enum purpose purpose;
	struct route_mark mark; /* mask 0: any */
	bool found;
};

struct rules {
	struct rule *list;
	size_t n;
};

static struct rules wanted_rules(uint8_t family, const struct route_mark *marks, size_t n)
{
	struct rules w = { .list = xcalloc(2 * n + 3, sizeof *w.list) };
	const struct route_mark aside = { MARKS_ASIDE, UINT32_MAX };

	if (n == 0)
		return w;
	w.list[w.n++] = (struct rule){ .purpose = END };
	if (family == AF_INET) {
		w.list[w.n++] = (struct rule){ SPARE, aside, false };
		w.list[w.n++] = (struct rule){ ASIDE, aside, false };
	}
	for (size_t i = 0; i < n; i++) {
		w.list[w.n++] = (struct rule){ SPARE, marks[i], false };
		w.list[w.n++] = (struct rule){ LEAD, marks[i], false };
	}
	return w;
}

static struct rtnl_rule *make_rule(uint8_t family, const struct rule *r)
{
	struct rtnl_rule *rule = rtnl_rule_alloc();

	if (rule == NULL)
		abort(); /* out of memory, as in xalloc */
	rtnl_rule_set_family(rule, family);
	rtnl_rule_set_prio(rule, ROUTE_PREFERENCE + r->purpose);
	rtnl_rule_set_protocol(rule, ROUTE_PROTOCOL);
	if (r->mark.mask != 0) {
		rtnl_rule_set_mark(rule, r->mark.mark);
		rtnl_rule_set_mask(rule, r->mark.mask);
	}
	switch (r->purpose) {
	case SPARE:
		rtnl_rule_set_iif(rule, "lo");
		rtnl_rule_set_action(rule, FR_ACT_GOTO);
		rtnl_rule_set_goto(rule, ROUTE_PREFERENCE + END);
		break;
	case ASIDE:
	case LEAD:
		rtnl_rule_set_action(rule, FR_ACT_TO_TBL);
		rtnl_rule_set_table(
		    rule, r->purpose == LEAD ? ROUTE_TABLE : ROUTE_TABLE_ASIDE);
		break;
	case END:
	case ANY:
		rtnl_rule_set_action(rule, FR_ACT_NOP);
		break;
	}
	return rule;
}

/* RULE, which the kernel has, is just as R says. */
static bool is_same(struct rtnl_rule *rule, const struct rule *r)
{
	const char *iif = rtnl_rule_get_iif(rule);
	bool spares = r->purpose == SPARE;
	uint32_t table = r->purpose == LEAD    ? ROUTE_TABLE
			 : r->purpose == ASIDE ? ROUTE_TABLE_ASIDE
					       : 0;

	return rtnl_rule_get_prio(rule) == (uint32_t)ROUTE_PREFERENCE + r->purpose &&
	       rtnl_rule_get_mark(rule) == r->mark.mark &&
	       rtnl_rule_get_mask(rule) == r->mark.mask &&
	       rtnl_rule_get_table(rule) == table && (iif != NULL) == spares &&
	       (!spares || strcmp(iif, "lo") == 0);
}

/* Notes which of the wanted rules RULE, which the kernel has, is. */
static bool is_wanted(struct rules *w, struct rtnl_rule *rule)
{
	for (size_t i = 0; i < w->n; i++) {
		struct rule *r = &w->list[i];

		if (r->found || !is_same(rule, r))
			continue;
		r->found = true;
		return true;
	}
	return false;
}

/* The kernel is asked for the rules of all families, whatever libnl is told. */
static bool is_ours(struct rtnl_rule *rule, uint8_t family)
{
	uint8_t protocol = 0;

	return rtnl_rule_get_family(rule) == family &&
	       rtnl_rule_get_protocol(rule, &protocol) == 0 && protocol == ROUTE_PROTOCOL;
}

/* Asks for what is missing and takes away what is too much. */
static int apply_rules(struct nl_sock *nl, uint8_t family, struct rules *w)
{
	/* What leads into the table goes before what spares from it. */
	static const int order[] = { LEAD, ASIDE, SPARE, END, ANY };
	struct nl_cache *cache;
	struct nl_object *o, *next;
	int error = rtnl_rule_alloc_cache(nl, family, &cache);

	if (error < 0)
		return error;
	for (o = nl_cache_get_first(cache); o != NULL; o = next) {
		next = nl_cache_get_next(o);
		if (!is_ours((struct rtnl_rule *)o, family) ||
		    is_wanted(w, (struct rtnl_rule *)o))
			nl_cache_remove(o);
	}
	for (size_t i = 0; error >= 0 && i < w->n; i++) {
		struct rtnl_rule *rule = make_rule(family, &w->list[i]);

		if (!w->list[i].found)
			error = rtnl_rule_add(nl, rule, 0);
		rtnl_rule_put(rule);
	}
	for (size_t i = 0; i < sizeof order / sizeof order[0]; i++)
		for (o = nl_cache_get_first(cache); o != NULL && error >= 0; o = next) {
			next = nl_cache_get_next(o);
			if (order[i] != ANY &&
			    rtnl_rule_get_prio((struct rtnl_rule *)o) !=
				(uint32_t)(ROUTE_PREFERENCE + order[i]))
				continue;
			error = rtnl_rule_delete(nl, (struct rtnl_rule *)o, 0);
			nl_cache_remove(o);
		}
	nl_cache_free(cache);
	return error;
}

/* The route of TABLE: every address is local, or goes through. */
static int apply_route(struct nl_sock *nl, uint8_t family, uint32_t table, bool wanted)
{
	bool local = table == ROUTE_TABLE;
	struct rtnl_route *route = rtnl_route_alloc();
	struct rtnl_nexthop *hop = rtnl_route_nh_alloc();
	struct nl_addr *any = NULL;
	int error = nl_addr_parse("default", family, &any);

	if (route == NULL || hop == NULL || error < 0)
		abort();
	rtnl_route_set_family(route, family);
	rtnl_route_set_table(route, table);
	rtnl_route_set_protocol(route, ROUTE_PROTOCOL);
	rtnl_route_set_type(route, local ? RTN_LOCAL : RTN_UNICAST);
	rtnl_route_set_scope(route, local ? RT_SCOPE_HOST : RT_SCOPE_LINK);
	rtnl_route_set_dst(route, any);
	rtnl_route_nh_set_ifindex(hop, (int)if_nametoindex("lo"));
	rtnl_route_add_nexthop(route, hop);
	error = wanted ? rtnl_route_add(nl, route, NLM_F_REPLACE)
		       : rtnl_route_delete(nl, route, 0);
	if (!wanted && (error == -NLE_OBJ_NOTFOUND || error == -NLE_FAILURE))
		error = 0;
	nl_addr_put(any);
	rtnl_route_put(route);
	return error;
}

static int apply_routes(struct nl_sock *nl, uint8_t family, bool wanted)
{
	int error = apply_route(nl, family, ROUTE_TABLE, wanted);

	if (error >= 0 && family == AF_INET)
		error = apply_route(nl, family, ROUTE_TABLE_ASIDE, wanted);
	return error;
}

/* A socket with a deadline, or NULL with what went wrong. */
static struct nl_sock *open_socket(struct buf *error)
{
	struct timeval limit = { .tv_sec = TIMEOUT_S };
	struct nl_sock *nl = nl_socket_alloc();
	int status = nl != NULL ? nl_connect(nl, NETLINK_ROUTE) : -NLE_NOMEM;

	if (status >= 0) {
		setsockopt(
		    nl_socket_get_fd(nl), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
		return nl;
	}
	buf_printf(error, "cannot open a netlink socket: %s", nl_geterror(status));
	nl_socket_free(nl);
	return NULL;
}

bool route_apply(
    uint8_t family, const struct route_mark *marks, size_t n, struct buf *error)
{
	struct nl_sock *nl = open_socket(error);
	struct rules wanted;
	int status = 0;

	if (nl == NULL)
		return false;
	wanted = wanted_rules(family, marks, n);
	if (n > 0)
		status = apply_routes(nl, family, true);
	if (status >= 0)
		status = apply_rules(nl, family, &wanted);
	if (status >= 0 && n == 0)
		status = apply_routes(nl, family, false);
	if (status < 0)
		buf_printf(error, "cannot set policy rules and local routes: %s",
		    nl_geterror(status));
	nl_socket_free(nl);
	free(wanted.list);
	return status >= 0;
}

/* ---- looking ---- */

static int check_rules(
    struct nl_sock *nl, uint8_t family, struct rules *w, struct buf *out)
{
	struct nl_cache *cache;
	struct nl_object *o;
	size_t more = 0;
	int error = rtnl_rule_alloc_cache(nl, family, &cache);

	if (error < 0)
		return error;
	for (o = nl_cache_get_first(cache); o != NULL; o = nl_cache_get_next(o))
		more += is_ours((struct rtnl_rule *)o, family) &&
			!is_wanted(w, (struct rtnl_rule *)o);
	nl_cache_free(cache);
	for (size_t i = 0; i < w->n; i++)
		if (!w->list[i].found)
			buf_printf(out,
			    "policy rule gone: preference %u mark 0x%x of IPv%c\n",
			    (unsigned)ROUTE_PREFERENCE + w->list[i].purpose,
			    (unsigned)w->list[i].mark.mark,
			    family == AF_INET6 ? '6' : '4');
	if (more > 0)
		buf_printf(out, "%zu policy rules too many of protocol %d\n", more,
		    ROUTE_PROTOCOL);
	return 0;
}

/* The table that is looked for, and whether its route came. */
struct look {
	uint32_t table;
	bool found;
};

static int look_at_route(struct nl_msg *msg, void *arg)
{
	struct nlmsghdr *h = nlmsg_hdr(msg);
	struct look *look = arg;
	struct nlattr *attrs[RTA_MAX + 1];
	const struct rtmsg *route = nlmsg_data(h);

	if (h->nlmsg_type != RTM_NEWROUTE ||
	    nlmsg_parse(h, sizeof *route, attrs, RTA_MAX, NULL) < 0 ||
	    attrs[RTA_TABLE] == NULL || nla_get_u32(attrs[RTA_TABLE]) != look->table)
		return NL_OK;
	look->found = look->found ||
		      (route->rtm_protocol == ROUTE_PROTOCOL && route->rtm_dst_len == 0 &&
			  route->rtm_type ==
			      (look->table == ROUTE_TABLE ? RTN_LOCAL : RTN_UNICAST));
	return NL_OK;
}

/* The kernel is asked for one table, however many routes there are in others. */
static int check_route(
    struct nl_sock *nl, uint8_t family, uint32_t table, struct buf *out)
{
	struct nl_msg *msg = nlmsg_alloc_simple(RTM_GETROUTE, NLM_F_DUMP);
	struct rtmsg ask = { .rtm_family = family };
	struct look look = { .table = table };
	const int strict = 1;
	int error;

	if (msg == NULL || nlmsg_append(msg, &ask, sizeof ask, NLMSG_ALIGNTO) < 0 ||
	    nla_put_u32(msg, RTA_TABLE, table) < 0)
		abort(); /* out of memory, as in xalloc */
	setsockopt(nl_socket_get_fd(nl), SOL_NETLINK, NETLINK_GET_STRICT_CHK, &strict,
	    sizeof strict);
	nl_socket_modify_cb(nl, NL_CB_VALID, NL_CB_CUSTOM, look_at_route, &look);
	error = nl_send_auto(nl, msg);
	nlmsg_free(msg);
	if (error >= 0)
		error = nl_recvmsgs_default(nl);
	/* A table without a route does not exist. */
	if (error == -NLE_OBJ_NOTFOUND)
		error = 0;
	if (error >= 0 && !look.found)
		buf_printf(out, "route gone: default of table %u of IPv%c\n",
		    (unsigned)table, family == AF_INET6 ? '6' : '4');
	return error;
}

bool route_check(uint8_t family, const struct route_mark *marks, size_t n,
    struct buf *out, struct buf *error)
{
	struct nl_sock *nl = open_socket(error);
	struct rules wanted;
	int status;

	if (nl == NULL)
		return false;
	wanted = wanted_rules(family, marks, n);
	status = check_rules(nl, family, &wanted, out);
	if (status >= 0)
		status = check_route(nl, family, ROUTE_TABLE, out);
	if (status >= 0 && family == AF_INET)
		status = check_route(nl, family, ROUTE_TABLE_ASIDE, out);
	if (status < 0)
		buf_printf(error, "cannot read policy rules and routes: %s",
		    nl_geterror(status));
	nl_socket_free(nl);
	free(wanted.list);
	return status >= 0;
}
