/*
 * tls: what checks need of OpenSSL.
 *
 * Everything that reads a file happens in tls_prepare(), before the rights go:
 * one SSL_CTX for each distinct pair of verify and cafile, with its whole
 * certificate store in memory. Sessions are never resumed, for a resumed
 * handshake shows no certificate. Errors carry OpenSSL's own words.
 */
#ifndef LVSD_CHECK_TLS_H
#define LVSD_CHECK_TLS_H

#include <sys/queue.h>

#include "check/conn.h"

struct probe;
struct ssl_st;
struct tls_context;
SLIST_HEAD(tls_contexts, tls_context);

/* How a probe uses TLS; what it points to is the configuration's. */
struct tls_setting {
	bool used;
	bool verify;
	const char *cafile; /* NULL: the system's store */
	const char *name;   /* NULL: none is sent, and the address is verified */
};
struct tls_setting tls_setting(const struct check_conf *check);

/* Makes the context for T, unless there is one. When its certificates cannot be
 * read, that is logged and the probes that need it have local trouble. */
void tls_prepare(struct tls_contexts *all, const struct tls_setting *t);

/*
 * A TLS client for probe P over the connected FD, with SNI, and the name or
 * address to verify. Free with tls_free(). NULL: *CODE is the errno and *TEXT
 * tells what is wrong here.
 */
struct ssl_st *tls_new(const struct tls_contexts *all, const struct tls_setting *t,
    const struct probe *p, int fd, int *code, const char **text);
void tls_free(struct ssl_st *ssl);

/* As conn_send() and conn_recv(). */
struct conn_result tls_handshake(struct ssl_st *ssl);
struct conn_result tls_send(struct ssl_st *ssl, const void *data, size_t len);
struct conn_result tls_recv(struct ssl_st *ssl, void *data, size_t size);

#endif
