/*
 * reason: from an errno to whose fault it is.
 *
 * The same number means different things by where it comes from: EACCES from
 * connect() is a firewall rule of ours, EACCES found in SO_ERROR is a router's
 * "administratively prohibited". So there are two tables. Pure.
 */
#ifndef LVSD_CHECK_REASON_H
#define LVSD_CHECK_REASON_H

#include "check/probe.h"

/* A system call that asked the kernel for something failed with ERR. */
enum reason reason_of_call(int err);
/* A connection attempt or an established connection ended with ERR. */
enum reason reason_of_network(int err);

#endif
