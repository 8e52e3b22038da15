/*
 * reason: what an errno means, told apart by whose it is.
 *
 * Two tables: errors of our own calls are mostly local trouble; errors that the
 * network answered are mostly the server's failure.
 */
#include "reason.h"

#include <errno.h>

enum reason reason_of_call(int err)
{
	switch (err) {
	case ECONNREFUSED:
		return REASON_REFUSED;
	case ETIMEDOUT:
		return REASON_TIMEOUT;
	case ECONNRESET:
	case ECONNABORTED:
	case EPIPE:
		return REASON_RESET;
	case EHOSTUNREACH:
	case ENETUNREACH:
	case EHOSTDOWN:
	case ENONET:
	/* A dead interface takes its routes along: ENETUNREACH a moment later. */
	case ENETDOWN:
		return REASON_UNREACHABLE;
	case EMFILE:
	case ENFILE:
		return REASON_LOCAL_DESCRIPTORS;
	case EADDRNOTAVAIL:
	case EADDRINUSE:
	case EAGAIN:
		return REASON_LOCAL_PORTS;
	case ENOMEM:
	case ENOBUFS:
		return REASON_LOCAL_MEMORY;
	case EPERM:
	case EACCES:
		return REASON_LOCAL_PERMISSION;
	default:
		return REASON_LOCAL_OTHER;
	}
}

enum reason reason_of_network(int err)
{
	switch (err) {
	/* What the kernel makes of ICMP and ICMPv6 "prohibited", "policy",
	 * "protocol unreachable" and "source route failed". */
	case EACCES:
	case EPERM:
	case ENOPROTOOPT:
	case EOPNOTSUPP:
	case EPROTO:
		return REASON_UNREACHABLE;
	default:
		return reason_of_call(err);
	}
}
