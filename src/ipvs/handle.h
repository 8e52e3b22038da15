/* handle: what the kernel's and the memory's struct ipvs have in common. */
#ifndef LVSD_IPVS_HANDLE_H
#define LVSD_IPVS_HANDLE_H

#include "ipvs/ipvs.h"

struct ipvs_backend {
	bool (*read_services)(struct ipvs *h, struct ipvs_table *t);
	bool (*read_service)(struct ipvs *h, struct ipvs_svc *svc, bool *there);
	enum ipvs_more (*read_more)(struct ipvs *h, struct ipvs_table *t, size_t *at);
	/* Rates may be NULL. */
	enum ipvs_more (*read_dests_more)(
	    struct ipvs *h, struct ipvs_svc *svc, struct ipvs_rates *r, size_t *at);
	bool (*read_dests)(struct ipvs *h, struct ipvs_svc *svc, struct ipvs_rates *r);
	bool (*apply)(struct ipvs *h, struct ipvs_ops *ops);
	bool (*read_timeouts)(struct ipvs *h, struct ipvs_timeouts *t);
	bool (*set_timeouts)(struct ipvs *h, const struct ipvs_timeouts *t);
	bool (*read_sync)(struct ipvs *h, struct ipvs_sync both[2]);
	bool (*set_sync)(struct ipvs *h, const struct ipvs_sync *s);
	void (*close)(struct ipvs *h);
};

struct ipvs {
	const struct ipvs_backend *backend;
	struct ipvs_stats stats;
};

#endif
