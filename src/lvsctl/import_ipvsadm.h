/*
 * A command line of ipvsadm(8) that adds a service or a server.
 */
#ifndef LVSD_IMPORT_IPVSADM_H
#define LVSD_IMPORT_IPVSADM_H

#include "lvsctl/import.h"
#include "parser/conf.h"

/* One line, of a service or of a server. */
struct ipvsadm_command {
	bool add_service, add_server, v6;
	const char *service; /* as it is given, for the origin */
	const char *endpoint, *mark, *server;
	uint8_t protocol;
	const char *sched, *timeout, *netmask, *flags, *weight, *maxconn, *minconn;
	enum mode mode;
	const char *tun_type, *tun_port, *checksum;
	bool persistent, onepacket, sip;
};

/* Reads the N words behind the program's name; false: they add nothing. */
bool ipvsadm_command(struct ipvsadm_command *c, const char **words, size_t n);

#endif
