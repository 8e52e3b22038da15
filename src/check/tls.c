/*
 * tls: one handshake of a run, over contexts made before the drop of rights.
 *
 * One SSL_CTX for each distinct setting, its certificates read while there are
 * rights. Sessions are never resumed: a resumed handshake would hide an expired
 * certificate. OpenSSL's error queue is emptied whenever it was used.
 */
#include "tls.h"

#include <errno.h>
#include <glob.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/reason.h"
#include "lib/log.h"
#include "lib/xalloc.h"

#define HOST_MAX 256

struct tls_context {
	SLIST_ENTRY(tls_context) entry;
	bool verify;
	const char *cafile; /* NULL: the system's store, or nothing to verify */
	SSL_CTX *ctx;	    /* NULL: could not be made */
	int error;	    /* the errno why */
};

struct tls_setting tls_setting(const struct check_conf *check)
{
	const struct http_conf *h = check->http;
	const struct talk_conf *t = check->talk;

	if (check->method == CHECK_HTTPS)
		return (struct tls_setting){ .used = true,
			.verify = h->verify,
			.cafile = h->cafile,
			.name = h->sni != NULL ? h->sni : h->vhost };
	if (check->method == CHECK_TCP && t != NULL && t->ssl)
		return (struct tls_setting){ .used = true,
			.verify = t->verify,
			.cafile = t->cafile,
			.name = t->sni };
	return (struct tls_setting){ .used = false };
}

/* Without verification the file is not read. */
static const char *cafile_of(const struct tls_setting *s)
{
	return s->verify ? s->cafile : NULL;
}

static struct tls_context *find(
    const struct tls_contexts *all, const struct tls_setting *s)
{
	const char *cafile = cafile_of(s);
	struct tls_context *t;

	SLIST_FOREACH (t, all, entry) {
		if (t->verify != s->verify || (t->cafile == NULL) != (cafile == NULL))
			continue;
		if (cafile == NULL || strcmp(t->cafile, cafile) == 0)
			return t;
	}
	return NULL;
}

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
	char *pattern = xasprintf("%s/????????.[0-9]*", dir);
	bool any = SSL_CTX_load_verify_file(ctx, file) == 1;
	glob_t hashed = { 0 };

	if (glob(pattern, 0, NULL, &hashed) == 0)
		for (size_t i = 0; i < hashed.gl_pathc; i++)
			any |= SSL_CTX_load_verify_file(ctx, hashed.gl_pathv[i]) == 1;
	globfree(&hashed);
	free(pattern);
	return any;
}

/* The oldest error of the queue as an errno; EINVAL when it is none. */
static int queue_errno(void)
{
	unsigned long e = ERR_peek_error();

	return ERR_SYSTEM_ERROR(e) ? ERR_GET_REASON(e) : EINVAL;
}

static void open_context(struct tls_context *t)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	ERR_clear_error();
	if (ctx == NULL) {
		t->error = ENOMEM;
		log_warnx("cannot make a TLS context");
		return;
	}
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE);
	SSL_CTX_set_verify(ctx, t->verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, NULL);
	if (t->verify &&
	    (t->cafile != NULL ? SSL_CTX_load_verify_file(ctx, t->cafile) != 1
			       : !load_system_store(ctx))) {
		const char *why = ERR_reason_error_string(ERR_peek_error());

		t->error = queue_errno();
		log_warnx("no certificates from %s: %s",
		    t->cafile != NULL ? t->cafile : "the system's store",
		    why != NULL ? why : strerror(t->error));
		SSL_CTX_free(ctx);
		ctx = NULL;
	}
	ERR_clear_error();
	t->ctx = ctx;
}

void tls_prepare(struct tls_contexts *all, const struct tls_setting *s)
{
	struct tls_context *t;

	if (!s->used || find(all, s) != NULL)
		return;
	t = xcalloc(1, sizeof *t);
	t->verify = s->verify;
	t->cafile = cafile_of(s);
	open_context(t);
	SLIST_INSERT_HEAD(all, t, entry);
}

/*
 * The host that a name or a Host header means, without port and brackets, as
 * text in HOST; empty when there is none (or no host can be that long).
 */
static void host_of(const char *name, char host[HOST_MAX])
{
	const char *end;
	size_t len;

	host[0] = '\0';
	if (name == NULL)
		return;
	if (name[0] == '[' && (end = strchr(name, ']')) != NULL)
		len = (size_t)(end - ++name);
	else if ((end = strchr(name, ':')) != NULL && strchr(end + 1, ':') == NULL)
		len = (size_t)(end - name);
	else
		len = strlen(name);
	if (len < HOST_MAX) {
		memcpy(host, name, len);
		host[len] = '\0';
	}
}

static bool set_address(SSL *ssl, const struct addr *a)
{
	return X509_VERIFY_PARAM_set1_ip(
		   SSL_get0_param(ssl), a->bytes, a->family == AF_INET6 ? 16 : 4) == 1;
}

/* An address is verified as one, and is no name to send (RFC 6066). */
static bool set_peer(SSL *ssl, const char *name, const struct addr *server)
{
	char host[HOST_MAX];
	struct addr literal;

	host_of(name, host);
	if (host[0] == '\0')
		return set_address(ssl, server);
	if (addr_parse(&literal, host, strlen(host)))
		return set_address(ssl, &literal);
	SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	return SSL_set_tlsext_host_name(ssl, host) == 1 && SSL_set1_host(ssl, host) == 1;
}

SSL *tls_new(const struct tls_contexts *all, const struct tls_setting *s,
    const struct probe *p, int fd, int *code, const char **text)
{
	const struct tls_context *t = find(all, s);
	SSL *ssl;

	*code = t->error;
	*text = "the CA certificates could not be read";
	if (t->ctx == NULL)
		return NULL;
	ERR_clear_error();
	ssl = SSL_new(t->ctx);
	if (ssl != NULL && set_peer(ssl, s->name, &p->addr) && SSL_set_fd(ssl, fd) == 1) {
		SSL_set_connect_state(ssl);
		return ssl;
	}
	*code = queue_errno();
	*text = ERR_reason_error_string(ERR_peek_error());
	SSL_free(ssl);
	ERR_clear_error();
	return NULL;
}

void tls_free(SSL *ssl)
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
		x.reason = reason_of_network(err);
		x.code = err;
		break;
	default:
		x = protocol_error(ssl);
	}
	ERR_clear_error();
	return x;
}

struct conn_result tls_handshake(SSL *ssl)
{
	int ret;

	errno = 0;
	ret = SSL_do_handshake(ssl);
	return result(ssl, ret, errno);
}

struct conn_result tls_send(SSL *ssl, const void *data, size_t len)
{
	int ret;

	errno = 0;
	ret = SSL_write(ssl, data, (int)len);
	return result(ssl, ret, errno);
}

struct conn_result tls_recv(SSL *ssl, void *data, size_t size)
{
	int ret;

	errno = 0;
	ret = SSL_read(ssl, data, (int)size);
	return result(ssl, ret, errno);
}
