/*
 * tls: what httpscheck needs of OpenSSL.
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

struct http_conf;
struct probe;
struct ssl_st;
struct tls_context;
SLIST_HEAD(tls_contexts, tls_context);

/* Makes the context for H, unless there is one. When its certificates cannot be
 * read, that is logged and the probes that need it have local trouble. */
void tls_prepare(struct tls_contexts *all, const struct http_conf *h);

/*
 * A TLS client for probe P over the connection of C, with SNI, and the name or
 * address to verify. Free with tls_free(). NULL: *CODE is the errno and *TEXT
 * tells what is wrong here.
 */
struct ssl_st *tls_new(const struct tls_contexts *all, const struct probe *p,
    const struct conn *c, int *code, const char **text);
void tls_free(struct ssl_st *ssl);

struct conn_result tls_handshake(struct ssl_st *ssl);
struct conn_result tls_send(struct ssl_st *ssl, const void *data, size_t len);
struct conn_result tls_recv(struct ssl_st *ssl, void *data, size_t size);

#endif
