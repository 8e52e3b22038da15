/*
 * The checker's http and https from outside; the test is the web server.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/mono.h"
#include "tests/unit/checker_bench.h"

/* A bench with one http probe of 127.0.0.1 and one round; the listener is returned. */
static int http_bench(struct bench *b, enum check_method method)
{
	uint16_t port = 0;
	int l = bench_listener("127.0.0.1", &port);
	struct check_conf *check = bench_add(b, method, "127.0.0.1", port);

	check->interval_ms = 10000;
	return l;
}

/* Reads until the empty line that ends a request; into TEXT, NUL-ended. */
static void read_request(int fd, char *text, size_t size)
{
	size_t len = 0;

	do {
		ssize_t n;

		bench_readable(fd);
		n = recv(fd, text + len, size - 1 - len, 0);
		assert_true(n > 0);
		len += (size_t)n;
		text[len] = '\0';
	} while (strstr(text, "\r\n\r\n") == NULL);
}

/* One check answered with LEN bytes at ANSWER; what comes of it. The connection
 * stays open afterwards unless END, so only the bytes can decide. */
static struct probe_report answer(
    struct bench *b, int l, const char *bytes, size_t len, bool end)
{
	struct probe_report r;
	char request[1024];
	int fd;

	bench_start(b);
	fd = bench_accept(l);
	read_request(fd, request, sizeof request);
	for (size_t sent = 0; sent < len;) {
		/* The last bytes and the end in one packet: one event tells both. */
		ssize_t n = send(
		    fd, bytes + sent, len - sent, MSG_NOSIGNAL | (end ? MSG_MORE : 0));

		/* The checker may hang up before it has it all. */
		if (n <= 0)
			break;
		sent += (size_t)n;
	}
	if (end)
		shutdown(fd, SHUT_WR);
	r = bench_first(b, 0);
	assert_int_equal(bench_stop(b), 0);
	close(fd);
	close(l);
	return r;
}

static struct probe_report answer_text(const char *text, bool end)
{
	struct bench b = { 0 };
	int l = http_bench(&b, CHECK_HTTP);

	return answer(&b, l, text, strlen(text), end);
}

static void http_200(void **state)
{
	struct probe_report r = answer_text("HTTP/1.1 200 OK\r\n", false);

	(void)state;
	assert_int_equal(r.reason, REASON_OK);
	assert_int_equal(r.code, 200);
	assert_int_equal(r.health, HEALTH_UP);
	assert_string_equal(r.text, "HTTP/1.1 200 OK");
}

static void http_503(void **state)
{
	struct probe_report r = answer_text("HTTP/1.0 503 Not \x1b[2J now\r\n", false);

	(void)state;
	assert_int_equal(r.reason, REASON_MALFORMED); /* a control byte */
	r = answer_text("HTTP/1.0 503 Not \xe9 now\n", false);
	assert_int_equal(r.reason, REASON_BAD_STATUS);
	assert_int_equal(r.code, 503);
	assert_int_equal(r.health, HEALTH_DOWN);
	assert_string_equal(r.text, "HTTP/1.0 503 Not \\xe9 now");
}

static void http_interim_is_skipped(void **state)
{
	struct probe_report r = answer_text(
	    "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\n", false);

	(void)state;
	assert_int_equal(r.reason, REASON_OK);
	assert_string_equal(r.text, "HTTP/1.1 200 OK");
}

static void http_garbage(void **state)
{
	struct probe_report r = answer_text("SSH-2.0-OpenSSH_9.2\r\n", false);

	(void)state;
	assert_int_equal(r.reason, REASON_MALFORMED);
	assert_int_equal(r.code, 0);
	assert_string_equal(r.text, "SSH-2.0-OpenSSH_9.2");
	assert_int_equal(
	    answer_text("HTTP/2.0 200 OK\r\n", false).reason, REASON_MALFORMED);
}

static void http_ends_early(void **state)
{
	(void)state;
	assert_int_equal(answer_text("", true).reason, REASON_CLOSED);
	assert_int_equal(answer_text("HTTP/1.1 200 O", true).reason, REASON_CLOSED);
}

/* A megabyte of interim headers costs 16 KiB. */
static void http_endless_headers(void **state)
{
	struct bench b = { 0 };
	int l = http_bench(&b, CHECK_HTTP);
	size_t size = 1 << 20;
	char *flood = malloc(size);

	(void)state;
	memset(flood, 'a', size);
	memcpy(flood, "HTTP/1.1 100 Continue\r\n", 23);
	assert_int_equal(answer(&b, l, flood, size, false).reason, REASON_MALFORMED);
	free(flood);
}

/* Each costs less than its deadline, which is 5 s, and is told for what it is. */
static void http_hostile(void **state)
{
	enum { BIG = 1 << 20 };
	static const struct {
		const char *begin, *again; /* again and again, up to BIG bytes */
		const char *match;
		enum reason reason;
	} rows[] = {
		/* clang-format off */
		{ "HTTP/1.1 200 ", "O", NULL, REASON_MALFORMED }, /* a status line of 1 MiB */
		{ "HTTP/1.1 100 C\r\n", "A: b\r\n", NULL, REASON_MALFORMED },
		{ "HTTP/1.1 200 OK\r\n", "A: b\r\n", "x", REASON_MALFORMED },
		{ "HTTP/1.1 200 OK\r\nA: ", "b", "x", REASON_MALFORMED },
		{ "", "HTTP/1.1 100 C\r\n\r\n", NULL, REASON_MALFORMED },
		{ "", "\r\n", NULL, REASON_MALFORMED },
		{ "HTTP/2.0 200 OK\r\n", "", NULL, REASON_MALFORMED },
		{ "HTTP/11.1 200 OK\r\n", "", NULL, REASON_MALFORMED },
		{ "HTTP/1.1 2000 OK\r\n", "", NULL, REASON_MALFORMED },
		{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "f", "x",
		  REASON_MALFORMED },
		{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\na\r\n",
		  "x", REASON_NO_MATCH },
		/* clang-format on */
	};
	char *bytes = malloc(BIG + 100);

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		size_t len = strlen(rows[i].begin), n = strlen(rows[i].again);
		struct bench b = { 0 };
		int l = http_bench(&b, CHECK_HTTP);
		struct probe_report r;

		bench_http(&b)->match = rows[i].match;
		memcpy(bytes, rows[i].begin, len);
		for (; n > 0 && len < BIG; len += n)
			memcpy(bytes + len, rows[i].again, n);
		r = answer(&b, l, bytes, len, false);
		if (r.reason != rows[i].reason)
			fail_msg("row %zu: %s", i, reason_name(r.reason));
		assert_in_range(r.duration_us, 1, 5000000);
	}
	free(bytes);
}

static void http_nul(void **state)
{
	static const char status[] = "HTTP/1.1 200 O\0K\r\n";
	static const char header[] = "HTTP/1.1 200 OK\r\nA: \0\r\n\r\nfine";
	static const char body[] = "HTTP/1.1 200 OK\r\n\r\n\0fine";
	struct bench b = { 0 };
	int l = http_bench(&b, CHECK_HTTP);

	(void)state;
	assert_int_equal(
	    answer(&b, l, status, sizeof status - 1, false).reason, REASON_MALFORMED);
	b = (struct bench){ 0 };
	l = http_bench(&b, CHECK_HTTP);
	bench_http(&b)->match = "fine";
	assert_int_equal(
	    answer(&b, l, header, sizeof header - 1, false).reason, REASON_MALFORMED);
	b = (struct bench){ 0 };
	l = http_bench(&b, CHECK_HTTP);
	bench_http(&b)->match = "fine";
	assert_int_equal(answer(&b, l, body, sizeof body - 1, false).reason, REASON_OK);
}

/* A reset in the middle of the answer, in the status line or in the body. */
static void http_reset_in_the_middle(void **state)
{
	static const char *const halves[] = { "HTTP/1.1 20",
		"HTTP/1.1 200 OK\r\n\r\nhalf" };
	struct linger rst = { .l_onoff = 1 };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct bench b = { 0 };
		char request[1024];
		int l = http_bench(&b, CHECK_HTTP), fd;

		bench_http(&b)->match = "whole";
		bench_start(&b);
		fd = bench_accept(l);
		read_request(fd, request, sizeof request);
		assert_true(send(fd, halves[i], strlen(halves[i]), MSG_NOSIGNAL) > 0);
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &rst, sizeof rst);
		close(fd);
		assert_int_equal(bench_first(&b, 0).reason, REASON_RESET);
		assert_int_equal(bench_stop(&b), 0);
		close(l);
	}
}

static void http_reset(void **state)
{
	struct bench b = { 0 };
	struct linger rst = { .l_onoff = 1 };
	char request[1024];
	int l = http_bench(&b, CHECK_HTTP), fd;

	(void)state;
	bench_start(&b);
	fd = bench_accept(l);
	read_request(fd, request, sizeof request);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &rst, sizeof rst), 0);
	close(fd);
	assert_int_equal(bench_first(&b, 0).reason, REASON_RESET);
	assert_int_equal(bench_stop(&b), 0);
	close(l);
}

/* A server that accepts and says nothing, and one that drips: one deadline. */
static void http_drips(void **state)
{
	static const char line[] = "HTTP/1.1 200 OK and so on and so on and so on\r\n";
	struct bench b = { 0 };
	struct pollfd p;
	struct probe_report r;
	int l = http_bench(&b, CHECK_HTTP), fd;

	(void)state;
	b.checks[0].timeout_ms = 300;
	bench_start(&b);
	fd = bench_accept(l);
	for (size_t i = 0; i < sizeof line - 1; i++) {
		/* It hangs up before it reports. */
		if (send(fd, line + i, 1, MSG_NOSIGNAL) != 1)
			break;
		p = (struct pollfd){ .fd = b.fd, .events = POLLIN };
		if (poll(&p, 1, 20) == 1)
			break;
	}
	r = bench_first(&b, 0);
	assert_int_equal(r.reason, REASON_TIMEOUT);
	assert_true(r.duration_us >= 300000);
	assert_int_equal(bench_stop(&b), 0);
	close(fd);
	close(l);
}

static void http_request(void **state)
{
	struct bench b = { 0 };
	char request[1024], want[256];
	int l = http_bench(&b, CHECK_HTTP), fd;

	(void)state;
	bench_http(&b)->uri = "/health?a=b";
	bench_start(&b);
	fd = bench_accept(l);
	read_request(fd, request, sizeof request);
	snprintf(want, sizeof want,
	    "GET /health?a=b HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n"
	    "User-Agent: lvsd-check\r\nConnection: close\r\n\r\n",
	    b.probes[0].port);
	assert_string_equal(request, want);
	assert_int_equal(bench_stop(&b), 0);
	close(fd);
	close(l);
}

static void http_status_list(void **state)
{
	static const struct status_range list[] = { { 200, 204 }, { 301, 301 } };
	static const struct {
		const char *answer;
		enum reason reason;
	} rows[] = { { "HTTP/1.1 200 OK\r\n", REASON_OK },
		{ "HTTP/1.1 204 No Content\r\n", REASON_OK },
		{ "HTTP/1.1 301 Moved\r\n", REASON_OK },
		{ "HTTP/1.1 205 x\r\n", REASON_BAD_STATUS },
		{ "HTTP/1.1 302 x\r\n", REASON_BAD_STATUS } };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct bench b = { 0 };
		int l = http_bench(&b, CHECK_HTTP);

		bench_http(&b)->statuscode = 0;
		bench_http(&b)->statuses = list;
		bench_http(&b)->n_statuses = 2;
		assert_int_equal(
		    answer(&b, l, rows[i].answer, strlen(rows[i].answer), false).reason,
		    rows[i].reason);
	}
}

static void http_methods(void **state)
{
	static const char *const words[] = { "GET ", "HEAD ", "OPTIONS " };

	(void)state;
	for (enum http_method m = HTTP_GET; m <= HTTP_OPTIONS; m++) {
		struct bench b = { 0 };
		char request[1024];
		int l = http_bench(&b, CHECK_HTTP), fd;

		bench_http(&b)->method = m;
		bench_start(&b);
		fd = bench_accept(l);
		read_request(fd, request, sizeof request);
		assert_memory_equal(request, words[m], strlen(words[m]));
		assert_int_equal(bench_stop(&b), 0);
		close(fd);
		close(l);
	}
}

static struct probe_report match(const char *text, const char *bytes, bool end)
{
	struct bench b = { 0 };
	int l = http_bench(&b, CHECK_HTTP);

	bench_http(&b)->match = text;
	return answer(&b, l, bytes, strlen(bytes), end);
}

static void http_match(void **state)
{
	struct probe_report r;

	(void)state;
	r = match("fine", "HTTP/1.1 200 OK\r\n\r\nall is fine", false);
	assert_int_equal(r.reason, REASON_OK);
	assert_string_equal(r.text, "HTTP/1.1 200 OK");
	r = match("fine",
	    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nfi\r\n2\r\nne\r\n",
	    false);
	assert_int_equal(r.reason, REASON_OK);
	/* Headers are no body, and the status counts first. */
	r = match("fine", "HTTP/1.1 200 fine\r\nA: fine\r\n\r\nbad", true);
	assert_int_equal(r.reason, REASON_NO_MATCH);
	assert_int_equal(r.health, HEALTH_DOWN);
	r = match("fine", "HTTP/1.1 503 No\r\n\r\nfine", false);
	assert_int_equal(r.reason, REASON_BAD_STATUS);
	/* The end of the body is known: nothing to wait for. */
	r = match("fine", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad", false);
	assert_int_equal(r.reason, REASON_NO_MATCH);
	r = match("fine", "HTTP/1.1 200 OK\r\nContent-Length: no\r\n\r\nbad", false);
	assert_int_equal(r.reason, REASON_MALFORMED);
}

/* A body without end costs 64 KiB, and what comes behind them is not seen. */
static void http_match_in_an_endless_body(void **state)
{
	struct bench b = { 0 };
	int l = http_bench(&b, CHECK_HTTP);
	size_t size = 1 << 20;
	char *flood = malloc(size);

	(void)state;
	bench_http(&b)->match = "fine";
	memset(flood, 'a', size);
	memcpy(flood, "HTTP/1.1 200 OK\r\n\r\n", 19);
	memcpy(flood + (64 << 10) + 4096, "fine", 4);
	assert_int_equal(answer(&b, l, flood, size, false).reason, REASON_NO_MATCH);
	free(flood);
}

static void http_request_v6_and_vhost(void **state)
{
	struct bench b = { 0 };
	char request[1024], want[64];
	uint16_t port = 0;
	int l = bench_listener("::1", &port), fd;

	(void)state;
	bench_add(&b, CHECK_HTTP, "::1", port);
	bench_start(&b);
	fd = bench_accept(l);
	read_request(fd, request, sizeof request);
	snprintf(want, sizeof want, "\r\nHost: [::1]:%u\r\n", port);
	assert_non_null(strstr(request, want));
	assert_int_equal(bench_stop(&b), 0);
	close(fd);
	bench_http(&b)->vhost = "www.example.net";
	bench_start(&b);
	fd = bench_accept(l);
	read_request(fd, request, sizeof request);
	assert_non_null(strstr(request, "\r\nHost: www.example.net\r\n"));
	assert_int_equal(bench_stop(&b), 0);
	close(fd);
	close(l);
}

/* A certificate with its key, and the file that trusts it. */
struct identity {
	EVP_PKEY *key;
	X509 *cert;
	char path[32];
};

/* Writes the certificate as it is now to the file. */
static void identity_trust(const struct identity *id)
{
	FILE *f = fopen(id->path, "w");

	assert_non_null(f);
	assert_int_equal(PEM_write_X509(f, id->cert), 1);
	assert_int_equal(fclose(f), 0);
}

static void identity_init(struct identity *id, const char *names)
{
	X509V3_CTX v3;
	X509_EXTENSION *ext;
	int fd;

	id->key = EVP_EC_gen("P-256");
	id->cert = X509_new();
	assert_non_null(id->key);
	assert_non_null(id->cert);
	X509_set_version(id->cert, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(id->cert), 1);
	X509_gmtime_adj(X509_getm_notBefore(id->cert), -3600);
	X509_gmtime_adj(X509_getm_notAfter(id->cert), 3600);
	X509_set_pubkey(id->cert, id->key);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(id->cert), "CN", MBSTRING_ASC,
	    (const unsigned char *)"lvsd test", -1, -1, 0);
	X509_set_issuer_name(id->cert, X509_get_subject_name(id->cert));
	X509V3_set_ctx_nodb(&v3);
	X509V3_set_ctx(&v3, id->cert, id->cert, NULL, NULL, 0);
	ext = X509V3_EXT_conf_nid(NULL, &v3, NID_subject_alt_name, names);
	assert_non_null(ext);
	assert_int_equal(X509_add_ext(id->cert, ext, -1), 1);
	X509_EXTENSION_free(ext);
	assert_true(X509_sign(id->cert, id->key, EVP_sha256()) > 0);
	strcpy(id->path, "/tmp/lvsd-test-ca.XXXXXX");
	fd = mkstemp(id->path);
	assert_true(fd >= 0);
	close(fd);
	identity_trust(id);
}

static void identity_fini(struct identity *id)
{
	unlink(id->path);
	X509_free(id->cert);
	EVP_PKEY_free(id->key);
}

/* What one handshake with the checker brought. */
struct handshake {
	const char *answer; /* NULL: a plain 200 */
	bool done;
	char sni[64];
	char request[1024];
};

/* Serves one check over TLS as ID, with one record when asked. */
static struct probe_report serve_tls(
    struct bench *b, int l, const struct identity *id, struct handshake *h)
{
	static const char ok[] = "HTTP/1.1 200 OK\r\n\r\n";
	const char *bytes = h->answer != NULL ? h->answer : ok;
	struct timeval patience = { .tv_sec = BENCH_DEADLINE_MS / 1000 };
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	struct probe_report r;
	const char *sni;
	SSL *ssl;
	int fd, n;

	h->sni[0] = h->request[0] = '\0';
	assert_int_equal(SSL_CTX_use_certificate(ctx, id->cert), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(ctx, id->key), 1);
	bench_start(b);
	fd = bench_accept(l);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	ssl = SSL_new(ctx);
	SSL_set_fd(ssl, fd);
	h->done = SSL_accept(ssl) == 1;
	if ((sni = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name)) != NULL)
		snprintf(h->sni, sizeof h->sni, "%s", sni);
	if (h->done && (n = SSL_read(ssl, h->request, sizeof h->request - 1)) > 0) {
		h->request[n] = '\0';
		SSL_write(ssl, bytes, (int)strlen(bytes));
	}
	r = bench_first(b, 0);
	assert_int_equal(bench_stop(b), 0);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	ERR_clear_error();
	close(fd);
	close(l);
	return r;
}

/* tcpcheck with ssl: the same handshake, other words. */
static void tcp_ssl(void **state)
{
	static const char hello[] = "HELO\r\n";
	struct talk_conf *t;
	struct bench b = { 0 };
	struct identity id;
	struct handshake h = { .answer = "250 hello\r\n" };
	struct probe_report r;
	int l = http_bench(&b, CHECK_TCP);

	(void)state;
	identity_init(&id, "DNS:a.example");
	t = bench_talk(&b);
	*t = (struct talk_conf){ .ssl = true,
		.verify = true,
		.sni = "a.example",
		.cafile = id.path,
		.send = { hello, sizeof hello - 1 },
		.expect = { "250", 3 } };
	r = serve_tls(&b, l, &id, &h);
	assert_int_equal(r.reason, REASON_OK);
	assert_string_equal(r.text, "250 hello");
	assert_string_equal(h.sni, "a.example");
	assert_string_equal(h.request, hello);
	/* nothing to say: the handshake is all */
	l = http_bench(&b, CHECK_TCP);
	b.n = 1;
	b.probes[0] = b.probes[1];
	b.checks[0].talk = t;
	b.probes[0].check = &b.checks[0];
	t->send.len = t->expect.len = 0;
	assert_int_equal(serve_tls(&b, l, &id, &h).reason, REASON_OK);
	/* and a wrong name fails */
	l = http_bench(&b, CHECK_TCP);
	b.n = 1;
	b.probes[0] = b.probes[1];
	b.probes[0].check = &b.checks[0];
	t->sni = "b.example";
	r = serve_tls(&b, l, &id, &h);
	assert_int_equal(r.reason, REASON_TLS);
	assert_string_equal(r.text, "hostname mismatch");
	identity_fini(&id);
}

static void https_unverified(void **state)
{
	struct bench b = { 0 };
	struct identity id;
	struct handshake h = { 0 };
	struct probe_report r;
	int l = http_bench(&b, CHECK_HTTPS);

	(void)state;
	identity_init(&id, "DNS:other.example");
	bench_http(&b)->vhost = "www.example.net:8443";
	r = serve_tls(&b, l, &id, &h);
	assert_int_equal(r.reason, REASON_OK);
	assert_int_equal(r.code, 200);
	assert_string_equal(h.sni, "www.example.net");
	assert_non_null(strstr(h.request, "Host: www.example.net:8443\r\n"));
	identity_fini(&id);
}

/* What fits one TLS record but not one read: the socket shows nothing of the
 * rest. */
static void https_long_record(void **state)
{
	struct bench b = { 0 };
	struct identity id;
	struct handshake h = { 0 };
	char answer[8192];
	int l = http_bench(&b, CHECK_HTTPS);

	(void)state;
	identity_init(&id, "DNS:other.example");
	snprintf(answer, sizeof answer, "HTTP/1.1 103 Early\r\nLink: %06000d\r\n\r\n%s",
	    0, "HTTP/1.1 200 OK\r\n");
	h.answer = answer;
	assert_int_equal(serve_tls(&b, l, &id, &h).reason, REASON_OK);
	identity_fini(&id);
}

/* Neither vhost nor sni: none is sent, and none of an address. */
static void https_no_sni(void **state)
{
	struct bench b = { 0 };
	struct identity id;
	struct handshake h = { 0 };
	int l = http_bench(&b, CHECK_HTTPS);

	(void)state;
	identity_init(&id, "DNS:other.example");
	assert_int_equal(serve_tls(&b, l, &id, &h).reason, REASON_OK);
	assert_string_equal(h.sni, "");
	identity_fini(&id);
}

static struct probe_report verified(
    const char *names, const char *sni, const char *vhost, bool trust)
{
	struct bench b = { 0 };
	struct identity id;
	struct handshake h = { 0 };
	struct probe_report r;
	int l = http_bench(&b, CHECK_HTTPS);

	identity_init(&id, names);
	bench_http(&b)->verify = true;
	bench_http(&b)->sni = sni;
	bench_http(&b)->vhost = vhost;
	if (trust)
		bench_http(&b)->cafile = id.path;
	r = serve_tls(&b, l, &id, &h);
	if (sni != NULL)
		assert_string_equal(h.sni, sni);
	identity_fini(&id);
	return r;
}

static void https_verified(void **state)
{
	struct probe_report r;

	(void)state;
	r = verified("DNS:a.example", "a.example", "b.example", true);
	assert_int_equal(r.reason, REASON_OK);
	r = verified("DNS:b.example", NULL, "b.example", true);
	assert_int_equal(r.reason, REASON_OK);
	r = verified("IP:127.0.0.1", NULL, NULL, true);
	assert_int_equal(r.reason, REASON_OK);
}

static void https_wrong_name(void **state)
{
	struct probe_report r;

	(void)state;
	r = verified("DNS:b.example", "a.example", "b.example", true);
	assert_int_equal(r.reason, REASON_TLS);
	assert_int_equal(r.health, HEALTH_DOWN);
	assert_string_equal(r.text, "hostname mismatch");
	r = verified("IP:127.0.0.2", NULL, NULL, true);
	assert_int_equal(r.reason, REASON_TLS);
	assert_string_equal(r.text, "IP address mismatch");
}

static void https_untrusted(void **state)
{
	struct probe_report r;
	struct identity other;

	(void)state;
	/* A store of this test's own: the system may have none. */
	identity_init(&other, "DNS:other.example");
	setenv("SSL_CERT_FILE", other.path, 1);
	r = verified("DNS:a.example", "a.example", NULL, false);
	unsetenv("SSL_CERT_FILE");
	identity_fini(&other);
	assert_int_equal(r.reason, REASON_TLS);
	assert_string_equal(r.text, "self-signed certificate");
}

/* The file is read before the rights go, and never again. */
static void https_cafile_of_root(void **state)
{
	struct bench b = { 0 };
	struct identity id;
	struct handshake h = { 0 };
	int l = http_bench(&b, CHECK_HTTPS);

	(void)state;
	identity_init(&id, "IP:127.0.0.1");
	assert_int_equal(chmod(id.path, 0600), 0);
	bench_http(&b)->verify = true;
	bench_http(&b)->cafile = id.path;
	assert_int_equal(serve_tls(&b, l, &id, &h).reason, REASON_OK);
	identity_fini(&id);
}

static void https_no_cafile(void **state)
{
	struct bench b = { 0 };
	struct probe_report r;
	int l = http_bench(&b, CHECK_HTTPS);

	(void)state;
	bench_http(&b)->verify = true;
	bench_http(&b)->cafile = "/nonexistent/ca.pem";
	b.probes[0].health = health_assumed(true, 1, 1);
	r = bench_once(&b);
	assert_int_equal(r.reason, REASON_LOCAL_OTHER);
	assert_int_equal(r.code, ENOENT);
	assert_int_equal(r.health, HEALTH_UP);
	close(l);
}

/* A server that speaks no TLS, and one that hangs up in the handshake. */
static void https_no_tls(void **state)
{
	static const char plain[] = "HTTP/1.1 400 Bad Request\r\n\r\n";
	struct bench b = { 0 };
	struct probe_report r;
	int l = http_bench(&b, CHECK_HTTPS), fd;

	(void)state;
	bench_start(&b);
	fd = bench_accept(l);
	assert_int_equal(
	    send(fd, plain, sizeof plain - 1, MSG_NOSIGNAL), sizeof plain - 1);
	r = bench_first(&b, 0);
	assert_int_equal(r.reason, REASON_TLS);
	assert_string_equal(r.text, "wrong version number");
	assert_int_equal(bench_stop(&b), 0);
	close(fd);
	bench_start(&b);
	fd = bench_accept(l);
	bench_readable(fd);
	shutdown(fd, SHUT_WR);
	r = bench_first(&b, 0);
	assert_int_equal(r.reason, REASON_CLOSED);
	assert_int_equal(bench_stop(&b), 0);
	close(fd);
	close(l);
}

/* An alert in place of a handshake, and a megabyte of what is no record. */
static void https_hostile(void **state)
{
	static const char alert[] = { 21, 3, 3, 0, 2, 2, 40 };
	struct bench b = { 0 };
	struct probe_report r;
	int l = http_bench(&b, CHECK_HTTPS), fd;
	char *flood = calloc(1, 1 << 20);

	(void)state;
	bench_start(&b);
	fd = bench_accept(l);
	assert_int_equal(send(fd, alert, sizeof alert, MSG_NOSIGNAL), sizeof alert);
	r = bench_first(&b, 0);
	assert_int_equal(r.reason, REASON_TLS);
	assert_string_equal(r.text, "sslv3 alert handshake failure");
	assert_int_equal(bench_stop(&b), 0);
	close(fd);
	bench_start(&b);
	fd = bench_accept(l);
	send(fd, flood, 1 << 20, MSG_NOSIGNAL);
	r = bench_first(&b, 0);
	assert_int_equal(r.reason, REASON_TLS);
	assert_int_equal(bench_stop(&b), 0);
	close(fd);
	close(l);
	free(flood);
}

/* The certificate counts whenever it is verified, whatever was shown before. */
static void https_expired(void **state)
{
	struct bench b = { 0 };
	struct identity id;
	struct handshake h = { 0 };
	struct probe_report r;
	int l = http_bench(&b, CHECK_HTTPS);

	(void)state;
	identity_init(&id, "IP:127.0.0.1");
	X509_gmtime_adj(X509_getm_notAfter(id.cert), -60);
	assert_true(X509_sign(id.cert, id.key, EVP_sha256()) > 0);
	identity_trust(&id);
	bench_http(&b)->verify = true;
	bench_http(&b)->cafile = id.path;
	r = serve_tls(&b, l, &id, &h);
	assert_int_equal(r.reason, REASON_TLS);
	assert_string_equal(r.text, "certificate has expired");
	identity_fini(&id);
}

/* A handshake that never goes on ends at the deadline of the whole check. */
static void https_silent(void **state)
{
	struct bench b = { 0 };
	struct probe_report r;
	int l = http_bench(&b, CHECK_HTTPS);

	(void)state;
	b.checks[0].timeout_ms = 200;
	r = bench_once(&b);
	assert_int_equal(r.reason, REASON_TIMEOUT);
	assert_true(r.duration_us >= 200000);
	close(l);
}

int main(int argc, char **argv, char **envp)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(http_200),
		cmocka_unit_test(http_503),
		cmocka_unit_test(http_interim_is_skipped),
		cmocka_unit_test(http_garbage),
		cmocka_unit_test(http_ends_early),
		cmocka_unit_test(http_endless_headers),
		cmocka_unit_test(http_hostile),
		cmocka_unit_test(http_nul),
		cmocka_unit_test(http_reset_in_the_middle),
		cmocka_unit_test(http_reset),
		cmocka_unit_test(http_drips),
		cmocka_unit_test(http_request),
		cmocka_unit_test(http_status_list),
		cmocka_unit_test(http_methods),
		cmocka_unit_test(http_match),
		cmocka_unit_test(http_match_in_an_endless_body),
		cmocka_unit_test(http_request_v6_and_vhost),
		cmocka_unit_test(tcp_ssl),
		cmocka_unit_test(https_unverified),
		cmocka_unit_test(https_long_record),
		cmocka_unit_test(https_no_sni),
		cmocka_unit_test(https_verified),
		cmocka_unit_test(https_wrong_name),
		cmocka_unit_test(https_untrusted),
		cmocka_unit_test(https_cafile_of_root),
		cmocka_unit_test(https_no_cafile),
		cmocka_unit_test(https_no_tls),
		cmocka_unit_test(https_hostile),
		cmocka_unit_test(https_expired),
		cmocka_unit_test(https_silent),
	};

	signal(SIGPIPE, SIG_IGN);
	setproctitle_init(argc, argv, envp);
	return cmocka_run_group_tests_name("checker_http", tests, NULL, NULL);
}
