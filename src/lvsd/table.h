/* table: what the kernel holds, in the words of `ipvsadm -Sn`. */
#ifndef LVSD_TABLE_H
#define LVSD_TABLE_H

#include "lvsd/request.h"

/* "show table": the services that are ours, as the kernel has them; "show table
 * foreign": the others. */
void table_request(struct request *r, struct answer *a);

#endif
