/*
 * ldirectord.cf as its lines: what the reader of the file and that of a virtual
 * service share.
 */
#ifndef LVSD_IMPORT_LDIRECTORD_H
#define LVSD_IMPORT_LDIRECTORD_H

#include "lvsctl/import.h"

enum ldirectord_key {
	K_VIRTUAL,
	K_VIRTUAL6,
	K_REAL,
	K_REAL6,
	K_FALLBACK,
	K_FALLBACK6,
	K_CHECKTYPE,
	K_SERVICE,
	K_CHECKPORT,
	K_REQUEST,
	K_RECEIVE,
	K_VIRTUALHOST,
	K_HTTPMETHOD,
	K_CHECKCOMMAND,
	K_LOGIN,
	K_CHECKTIMEOUT,
	K_NEGOTIATETIMEOUT,
	K_CHECKINTERVAL,
	K_CHECKCOUNT,
	K_FAILURECOUNT,
	K_SCHEDULER,
	K_PERSISTENT,
	K_NETMASK,
	K_PROTOCOL,
	K_QUIESCENT,
	K_CLEANSTOP,
	K_OPS,
	N_KEYS /* and those that are only told of */
};

/* The name of each key. */
extern const char *const ldirectord_keys[N_KEYS];

/* One line. */
struct ldirectord_entry {
	unsigned line;
	enum ldirectord_key key;
	const char *name, *value; /* of N_KEYS the name, of all the text behind "=" */
	bool indented;
};

struct ldirectord {
	struct import *im;
	struct ldirectord_entry *list;
	size_t n, cap;
	const struct ldirectord_entry *global[N_KEYS + 1]; /* the last of each */
	size_t servers;
};

/* Adds the director of the virtual service that HEAD begins, with its lines up to END. False:
 * refused, with a message. */
bool ldirectord_virtual(struct ldirectord *l, const struct ldirectord_entry *head,
    const struct ldirectord_entry *end);
/* Notes what a line of no key of those says. */
void ldirectord_other(
    struct import *im, struct import_notes *notes, const struct ldirectord_entry *e);

#endif
