/* table: what the kernel holds, in the words of `ipvsadm -Sn` and, of flows, of the tools
 * that show sets, rules and routes. */
#ifndef LVSD_TABLE_H
#define LVSD_TABLE_H

#include "lvsd/request.h"

/* "show table": the services that are ours, as the kernel has them; "show table
 * foreign": the others; "show table flows": sets, rules and routes. */
void table_request(struct request *r, struct answer *a);

#endif
