/*
 * tls_openssl: the module with OpenSSL in it.
 *
 * Sessions are never resumed: a resumed handshake would hide an expired
 * certificate. OpenSSL's error queue is emptied whenever it was used. Nothing here
 * calls the program that loads it (tls_library.h).
 */
#include "check/tls_library.h"

#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"

/* What the environment says, as OpenSSL itself would look. */
static const char *path_or(const char *variable, const char *fallback)
{
	const char *path = secure_getenv(variable);

	return path != NULL ? path : fallback;
}

/*
 * The system's store, read now: OpenSSL's own way would open the files of the
 * directory at the first verification, in the loop and without the rights.
 */
static bool load_system_store(SSL_CTX *ctx)
{
	const char *file =
	    path_or(X509_get_default_cert_file_env(), X509_get_default_cert_file());
	const char *dir =
	    path_or(X509_get_default_cert_dir_env(), X509_get_default_cert_dir());
	char pattern[PATH_MAX];
	bool any = SSL_CTX_load_verify_file(ctx, file) == 1;
	glob_t hashed = { 0 };

	snprintf(pattern, sizeof pattern, "%s/????????.[0-9]*", dir);
	if (glob(pattern, 0, NULL, &hashed) == 0)
		for (size_t i = 0; i < hashed.gl_pathc; i++)
			any |= SSL_CTX_load_verify_file(ctx, hashed.gl_pathv[i]) == 1;
	globfree(&hashed);
	return any;
}

/* The oldest error of the queue as an errno; EINVAL when it is none. */
static int queue_errno(void)
{
	unsigned long e = ERR_peek_error();

	return ERR_SYSTEM_ERROR(e) ? ERR_GET_REASON(e) : EINVAL;
}

static SSL_CTX *refuse_context(SSL_CTX *ctx, int *code, const char **text)
{
	const char *why = ERR_reason_error_string(ERR_peek_error());

	*code = queue_errno();
	*text = why != NULL ? why : strerror(*code);
	SSL_CTX_free(ctx);
	ERR_clear_error();
	return NULL;
}

/* In place of building a chain that nobody asks for. */
static int accept_any(X509_STORE_CTX *x, void *arg)
{
	(void)x, (void)arg;
	return 1;
}

static SSL_CTX *make_context(
    bool verify, const char *cafile, int *code, const char **text)
{
	SSL_CTX *ctx;

	ERR_clear_error();
	ctx = SSL_CTX_new(TLS_client_method());
	if (ctx == NULL)
		return refuse_context(NULL, code, text);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE);
	/* One read for all records that are there, not two for each. */
	SSL_CTX_set_read_ahead(ctx, 1);
	SSL_CTX_set_verify(ctx, verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, NULL);
	if (!verify)
		SSL_CTX_set_cert_verify_callback(ctx, accept_any, NULL);
	if (verify && (cafile != NULL ? SSL_CTX_load_verify_file(ctx, cafile) != 1
				      : !load_system_store(ctx)))
		return refuse_context(ctx, code, text);
	ERR_clear_error();
	return ctx;
}

static bool set_peer(SSL *ssl, const struct tls_peer *peer)
{
	if (peer->host == NULL)
		return X509_VERIFY_PARAM_set1_ip(
			   SSL_get0_param(ssl), peer->bytes, peer->n_bytes) == 1;
	SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	return SSL_set_tlsext_host_name(ssl, peer->host) == 1 &&
	       SSL_set1_host(ssl, peer->host) == 1;
}

static SSL *begin(
    SSL_CTX *ctx, const struct tls_peer *peer, int fd, int *code, const char **text)
{
	SSL *ssl;

	ERR_clear_error();
	ssl = SSL_new(ctx);
	if (ssl != NULL && set_peer(ssl, peer) && SSL_set_fd(ssl, fd) == 1) {
		SSL_set_connect_state(ssl);
		return ssl;
	}
	*code = queue_errno();
	*text = ERR_reason_error_string(ERR_peek_error());
	SSL_free(ssl);
	ERR_clear_error();
	return NULL;
}

static void end(SSL *ssl)
{
	SSL_free(ssl);
}

static struct conn_result protocol_error(SSL *ssl)
{
	struct conn_result x = { .what = CONN_FAILED, .reason = REASON_TLS };
	unsigned long e = ERR_peek_error();
	long verdict = SSL_get_verify_result(ssl);

	if (ERR_GET_LIB(e) == ERR_LIB_SSL &&
	    ERR_GET_REASON(e) == SSL_R_UNEXPECTED_EOF_WHILE_READING)
		return (struct conn_result){ .what = CONN_ENDED };
	if (ERR_GET_LIB(e) == ERR_LIB_SSL &&
	    ERR_GET_REASON(e) == SSL_R_CERTIFICATE_VERIFY_FAILED && verdict != X509_V_OK)
		x.text = X509_verify_cert_error_string(verdict);
	else
		x.text = ERR_reason_error_string(e);
	return x;
}

/* What RET of an SSL call, made with an empty error queue, means. */
static struct conn_result result(SSL *ssl, int ret, int err)
{
	struct conn_result x = { .what = CONN_FAILED, .reason = REASON_TLS };

	switch (SSL_get_error(ssl, ret)) {
	case SSL_ERROR_NONE:
		x = (struct conn_result){ .what = CONN_MOVED, .n = (size_t)ret };
		break;
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		x = (struct conn_result){ .what = CONN_AGAIN };
		break;
	case SSL_ERROR_ZERO_RETURN:
		x.what = CONN_ENDED;
		break;
	case SSL_ERROR_SYSCALL:
		if (err == 0)
			x.what = CONN_ENDED;
		x.reason = REASON_NONE;
		x.code = err;
		break;
	default:
		x = protocol_error(ssl);
	}
	ERR_clear_error();
	return x;
}

static struct conn_result handshake(SSL *ssl)
{
	int ret;

	errno = 0;
	ret = SSL_do_handshake(ssl);
	return result(ssl, ret, errno);
}

static struct conn_result send_some(SSL *ssl, const void *data, size_t len)
{
	int ret;

	errno = 0;
	ret = SSL_write(ssl, data, (int)len);
	return result(ssl, ret, errno);
}

static struct conn_result recv_some(SSL *ssl, void *data, size_t size)
{
	int ret;

	errno = 0;
	ret = SSL_read(ssl, data, (int)size);
	return result(ssl, ret, errno);
}

const struct tls_library lvsd_tls = {
	.version = PACKAGE_VERSION,
	.context = make_context,
	.begin = begin,
	.end = end,
	.handshake = handshake,
	.send = send_some,
	.recv = recv_some,
};
