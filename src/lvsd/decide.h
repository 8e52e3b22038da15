/* decide: the requests by which an operator decides about servers. */
#ifndef LVSD_DECIDE_H
#define LVSD_DECIDE_H

#include "lvsd/request.h"

void decide_ready(struct request *r, struct answer *a);
void decide_drain(struct request *r, struct answer *a);
void decide_maint(struct request *r, struct answer *a);
void decide_weight(struct request *r, struct answer *a);

#endif
