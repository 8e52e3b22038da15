/*
 * tls_library: what is asked of OpenSSL.
 *
 * OpenSSL is in a module of its own, for it is large and most lvsd never need it:
 * the daemon, which has rights, does not map it at all, and a checker does when the
 * first check wants TLS. The module needs nothing of the program that loads it.
 */
#ifndef LVSD_CHECK_TLS_LIBRARY_H
#define LVSD_CHECK_TLS_LIBRARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "check/conn.h"

struct ssl_st;
struct ssl_ctx_st;

/* Who is expected at the other end. */
struct tls_peer {
	const char *host;     /* to send and to verify; NULL: ... */
	const uint8_t *bytes; /* ... the address to verify, 4 or 16 bytes */
	size_t n_bytes;
};

/* An error's text is static. */
struct tls_library {
	/* That of lvsd which the module was built for; an upgrade may put another one in
	 * its place under a running daemon. First, where any version finds it. */
	const char *version;
	/* A context for clients; CAFILE NULL: the system's store; only read when VERIFY.
	 * NULL with *CODE, an errno value, and *TEXT when that cannot be had. It is
	 * never freed: it lives as long as the checker. */
	struct ssl_ctx_st *(*context)(
	    bool verify, const char *cafile, int *code, const char **text);
	/* A client over the connected FD; to be freed by end(). NULL with *CODE and
	 * *TEXT. */
	struct ssl_st *(*begin)(struct ssl_ctx_st *ctx, const struct tls_peer *peer,
	    int fd, int *code, const char **text);
	void (*end)(struct ssl_st *ssl); /* NULL is allowed */
	/* As conn_send() and conn_recv(), but for the reason of what the network said:
	 * that is REASON_NONE, with the errno value as its code. */
	struct conn_result (*handshake)(struct ssl_st *ssl);
	struct conn_result (*send)(struct ssl_st *ssl, const void *data, size_t len);
	struct conn_result (*recv)(struct ssl_st *ssl, void *data, size_t size);
};

/* The one symbol of the module. Programs that hold it themselves (tests) load none. */
extern const struct tls_library lvsd_tls;
#define TLS_LIBRARY_SYMBOL "lvsd_tls"

#endif
