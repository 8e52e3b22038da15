/*
 * tls: contexts made before the drop of rights, and the way to OpenSSL.
 *
 * One context for each distinct setting, its certificates read while there are
 * rights; that is also when OpenSSL is loaded (tls_library.h). What it needs to know
 * of the configuration is worked out here.
 */
#include "tls.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check/reason.h"
#include "check/tls_library.h"
#include "config.h"
#include "lib/log.h"
#include "lib/xalloc.h"

#define HOST_MAX 256
#define MODULE "lvsd-tls.so"

struct tls_context {
	SLIST_ENTRY(tls_context) entry;
	bool verify;
	const char *cafile;	/* NULL: the system's store, or nothing to verify */
	struct ssl_ctx_st *ctx; /* NULL: could not be made */
	int error;		/* the errno why */
	const char *text;	/* likewise; static */
};

/* ---- the library ---- */

#pragma weak lvsd_tls

static const struct tls_library *library; /* NULL: not loaded */

/* The directory of the running program, as one that is not installed has the module
 * beside it. */
static bool own_directory(char dir[PATH_MAX])
{
	ssize_t n = readlink("/proc/self/exe", dir, PATH_MAX - 1);
	char *slash;

	if (n < 0)
		return false;
	dir[n] = '\0';
	slash = strrchr(dir, '/');
	if (slash != NULL)
		*slash = '\0';
	return slash != NULL;
}

static void *open_module(const char *dir)
{
	char *path = xasprintf("%s/%s", dir, MODULE);
	void *handle = access(path, F_OK) == 0 ? dlopen(path, RTLD_NOW) : NULL;

	free(path);
	return handle;
}

/* Loads the module, once; it stays. False: that was logged. */
static bool load_library(void)
{
	char dir[PATH_MAX];
	const char *why;
	void *handle;

	if (library == NULL)
		library = &lvsd_tls;
	if (library != NULL)
		return true;
	dlerror();
	handle = open_module(MODULEDIR);
	if (handle == NULL && own_directory(dir))
		handle = open_module(dir);
	if (handle != NULL)
		library = dlsym(handle, TLS_LIBRARY_SYMBOL);
	why = dlerror();
	if (library != NULL && strcmp(library->version, PACKAGE_VERSION) != 0) {
		library = NULL;
		why = "it is of another version; restart lvsd";
	}
	if (library != NULL)
		return true;
	log_err("cannot load %s/%s: %s; no check can use TLS", MODULEDIR, MODULE,
	    why != NULL ? why : "it is not there");
	return false;
}

/* ---- contexts ---- */

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

static void open_context(struct tls_context *t)
{
	if (!load_library()) {
		t->error = ENOENT;
		t->text = "the module for TLS could not be loaded";
		return;
	}
	t->ctx = library->context(t->verify, t->cafile, &t->error, &t->text);
	if (t->ctx != NULL)
		return;
	log_warnx("no certificates from %s: %s",
	    t->cafile != NULL ? t->cafile : "the system's store", t->text);
	t->text = "the CA certificates could not be read";
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

/* ---- one run ---- */

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

struct ssl_st *tls_new(const struct tls_contexts *all, const struct tls_setting *s,
    const struct probe *p, int fd, int *code, const char **text)
{
	const struct tls_context *t = find(all, s);
	char host[HOST_MAX];
	struct addr literal;
	const struct addr *addr = &p->addr;
	struct tls_peer peer = { .host = host };

	*code = t->error;
	*text = t->text;
	if (t->ctx == NULL)
		return NULL;
	host_of(s->name, host);
	/* An address is verified as one, and is no name to send (RFC 6066). */
	if (addr_parse(&literal, host, strlen(host)))
		addr = &literal;
	if (host[0] == '\0' || addr == &literal)
		peer = (struct tls_peer){
			.bytes = addr->bytes,
			.n_bytes = addr->family == AF_INET6 ? 16 : 4,
		};
	return library->begin(t->ctx, &peer, fd, code, text);
}

void tls_free(struct ssl_st *ssl)
{
	if (ssl != NULL)
		library->end(ssl);
}

static struct conn_result named(struct conn_result x)
{
	if (x.what == CONN_FAILED && x.reason == REASON_NONE)
		x.reason = reason_of_network(x.code);
	return x;
}

struct conn_result tls_handshake(struct ssl_st *ssl)
{
	return named(library->handshake(ssl));
}

struct conn_result tls_send(struct ssl_st *ssl, const void *data, size_t len)
{
	return named(library->send(ssl, data, len));
}

struct conn_result tls_recv(struct ssl_st *ssl, void *data, size_t size)
{
	return named(library->recv(ssl, data, size));
}
