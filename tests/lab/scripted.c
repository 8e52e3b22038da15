/*
 * scripted: a server that does what a script says, well or badly.
 *
 *   scripted [-c CERTIFICATE -k KEY] [-l LOG] [PORT SCRIPT]...
 *
 * Every connection to PORT is a process of its own that goes through SCRIPT, steps
 * with ";" between them and blanks around:
 *
 *   tls            the server's side of a handshake; all else is within it then
 *   read TEXT      until TEXT has come
 *   send TEXT      TEXT with \r \n \0 \\ and \xHH, and \; for the character
 *   times N TEXT   the same N times
 *   drip MS TEXT   one byte each MS milliseconds
 *   file PATH      what the file holds now
 *   wait MS        at most: the client's end of the connection ends it
 *   hold           until the client ends the connection
 *   reset          ends it by RST
 *
 * Behind the last step the connection is closed in order. LOG gets a line for each
 * connection: "PORT sent=N acked=N end=WHY", where acked are the bytes that the client's
 * kernel took (tcp(7), TCP_INFO), and WHY is what ended it: the script or the client.
 * Goes to the background as soon as its ports are open and prints its process, which
 * takes the connections with it when it ends.
 */
#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PORTS_MAX = 64, TEXT_MAX = 65536, CHUNK = 65536 };

struct port {
	int fd;
	const char *name, *script;
};

struct talk {
	int fd;
	SSL *ssl; /* NULL: in the clear */
	size_t sent;
	bool gone; /* the client */
};

static SSL_CTX *tls;
static int log_fd = -1;

/* ---- one connection ---- */

/* False: the client is gone. */
static bool put(struct talk *t, const char *data, size_t len)
{
	while (len > 0 && !t->gone) {
		ssize_t n = t->ssl != NULL ? SSL_write(t->ssl, data, (int)len)
					   : send(t->fd, data, len, MSG_NOSIGNAL);

		if (n <= 0) {
			t->gone = true;
			break;
		}
		t->sent += (size_t)n;
		data += n;
		len -= (size_t)n;
	}
	return !t->gone;
}

/* Waits for MS milliseconds (-1: for ever), or until the client is gone. */
static void pause_ms(struct talk *t, int ms)
{
	struct pollfd p = { .fd = t->fd, .events = POLLRDHUP };

	if (poll(&p, 1, ms) > 0)
		t->gone = true;
}

static void read_until(struct talk *t, const char *text, size_t len)
{
	static char seen[TEXT_MAX];
	size_t have = 0;

	while (have < sizeof seen && memmem(seen, have, text, len) == NULL) {
		ssize_t n = t->ssl != NULL
				? SSL_read(t->ssl, seen + have, (int)(sizeof seen - have))
				: recv(t->fd, seen + have, sizeof seen - have, 0);

		if (n <= 0) {
			t->gone = true;
			return;
		}
		have += (size_t)n;
	}
}

static void put_times(struct talk *t, long n, const char *text, size_t len)
{
	static char chunk[CHUNK];
	size_t in_chunk = sizeof chunk / len, all = (size_t)n, some;

	for (size_t i = 0; i < in_chunk; i++)
		memcpy(chunk + i * len, text, len);
	for (; all > 0 && !t->gone; all -= some) {
		some = all < in_chunk ? all : in_chunk;
		put(t, chunk, some * len);
	}
}

static void put_slowly(struct talk *t, int ms, const char *text, size_t len)
{
	for (size_t i = 0; i < len && put(t, text + i, 1); i++)
		pause_ms(t, ms);
}

static void put_file(struct talk *t, const char *path)
{
	static char data[CHUNK];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		err(1, "%s", path);
	while ((n = read(fd, data, sizeof data)) > 0 && put(t, data, (size_t)n))
		continue;
	close(fd);
}

static void start_tls(struct talk *t)
{
	if (tls == NULL)
		errx(1, "tls without -c and -k");
	t->ssl = SSL_new(tls);
	SSL_set_fd(t->ssl, t->fd);
	if (SSL_accept(t->ssl) != 1)
		t->gone = true;
}

static void note_end(const struct talk *t, const char *port)
{
	struct tcp_info info = { 0 };
	socklen_t len = sizeof info;
	char line[128];
	int n;

	if (log_fd < 0)
		return;
	getsockopt(t->fd, IPPROTO_TCP, TCP_INFO, &info, &len);
	n = snprintf(line, sizeof line, "%s sent=%zu acked=%llu end=%s\n", port, t->sent,
	    (unsigned long long)info.tcpi_bytes_acked, t->gone ? "client" : "script");
	if (write(log_fd, line, (size_t)n) != n)
		err(1, "log");
}

/* ---- the script ---- */

static int hex(char c)
{
	const char *digits = "0123456789abcdef", *at = strchr(digits, c);

	return c != '\0' && at != NULL ? (int)(at - digits) : -1;
}

/* Decodes TEXT where it stands; its new length. */
static size_t decode(char *text)
{
	static const char names[] = "rn0", values[] = "\r\n\0";
	size_t n = 0;

	for (const char *p = text; *p != '\0'; p++) {
		const char *name;

		if (*p != '\\' || p[1] == '\0') {
			text[n++] = *p;
			continue;
		}
		p++;
		name = strchr(names, *p);
		if (*p == 'x' && hex(p[1]) >= 0 && hex(p[2]) >= 0) {
			text[n++] = (char)(hex(p[1]) * 16 + hex(p[2]));
			p += 2;
		} else {
			text[n++] = name != NULL ? values[name - names] : *p;
		}
	}
	return n;
}

/* The number that REST begins with; behind it in REST. */
static int number(char **rest)
{
	const char *word = strsep(rest, " "), *wrong = "missing";
	long long n = word != NULL ? strtonum(word, 0, 1 << 30, &wrong) : 0;

	if (wrong != NULL)
		errx(2, "a number, not \"%s\"", word != NULL ? word : "");
	return (int)n;
}

static void step(struct talk *t, char *text)
{
	static const struct linger rst = { .l_onoff = 1 };
	char *rest = text;
	const char *verb = strsep(&rest, " ");
	bool counts = strcmp(verb, "times") == 0, drips = strcmp(verb, "drip") == 0;
	int n = counts || drips || strcmp(verb, "wait") == 0 ? number(&rest) : -1;
	size_t len = rest != NULL ? decode(rest) : 0;

	if (strcmp(verb, "wait") == 0 || strcmp(verb, "hold") == 0)
		pause_ms(t, n);
	else if (strcmp(verb, "reset") == 0)
		setsockopt(t->fd, SOL_SOCKET, SO_LINGER, &rst, sizeof rst);
	else if (strcmp(verb, "tls") == 0)
		start_tls(t);
	else if (len == 0)
		errx(2, "no step: \"%s\"", verb);
	else if (counts)
		put_times(t, n, rest, len);
	else if (drips)
		put_slowly(t, n, rest, len);
	else if (strcmp(verb, "send") == 0)
		put(t, rest, len);
	else if (strcmp(verb, "read") == 0)
		read_until(t, rest, len);
	else if (strcmp(verb, "file") == 0)
		put_file(t, rest);
	else
		errx(2, "no step: \"%s\"", verb);
}

/* Cuts the first step off *SCRIPT, at a ";" that no "\" stands before. */
static char *next_step(char **script)
{
	char *begin = *script, *end;

	if (begin == NULL)
		return NULL;
	while (isspace((unsigned char)*begin))
		begin++;
	for (end = begin; *end != '\0' && *end != ';'; end++)
		if (*end == '\\' && end[1] != '\0')
			end++;
	*script = *end == ';' ? end + 1 : NULL;
	while (end > begin && isspace((unsigned char)end[-1]))
		end--;
	*end = '\0';
	return begin;
}

static void __attribute__((noreturn)) serve(int fd, const struct port *port)
{
	struct talk t = { .fd = fd };
	char *script = strdup(port->script), *text;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (!t.gone && (text = next_step(&script)) != NULL)
		if (*text != '\0')
			step(&t, text);
	note_end(&t, port->name);
	close(fd);
	_exit(0);
}

/* ---- the ports ---- */

static void open_port(struct port *p, const char *name, const char *script)
{
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6 };
	int on = 1, off = 0;
	const char *wrong;

	p->name = name;
	p->script = script;
	sin6.sin6_port = htons((uint16_t)strtonum(name, 1, 65535, &wrong));
	if (wrong != NULL)
		errx(2, "port %s: %s", name, wrong);
	p->fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (p->fd < 0 ||
	    setsockopt(p->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
	    setsockopt(p->fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) != 0 ||
	    bind(p->fd, (struct sockaddr *)&sin6, sizeof sin6) != 0 ||
	    listen(p->fd, 128) != 0)
		err(1, "port %s", name);
}

static void on_port(const struct port *p)
{
	int fd = accept4(p->fd, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		return;
	switch (fork()) {
	case 0:
		serve(fd, p);
	case -1:
		err(1, "fork");
	}
	close(fd);
}

static void to_background(void)
{
	pid_t pid = fork();
	int null;

	if (pid < 0)
		err(1, "fork");
	if (pid > 0) {
		printf("%d\n", (int)pid);
		fflush(stdout);
		_exit(0);
	}
	setsid();
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0)
		err(1, "/dev/null");
}

static void take_certificate(const char *cert, const char *key)
{
	tls = SSL_CTX_new(TLS_server_method());
	if (tls == NULL || SSL_CTX_use_certificate_chain_file(tls, cert) != 1 ||
	    SSL_CTX_use_PrivateKey_file(tls, key, SSL_FILETYPE_PEM) != 1)
		errx(1, "cannot use %s with %s", cert, key);
}

static void usage(void)
{
	fprintf(stderr, "usage: scripted [-c CERTIFICATE -k KEY] [-l LOG] "
			"[PORT SCRIPT]...\n");
	exit(2);
}

int main(int argc, char **argv)
{
	static struct port ports[PORTS_MAX];
	struct pollfd wait[PORTS_MAX];
	const char *cert = NULL, *key = NULL;
	nfds_t n = 0;
	int opt;

	while ((opt = getopt(argc, argv, "c:k:l:")) != -1) {
		if (opt == 'c')
			cert = optarg;
		else if (opt == 'k')
			key = optarg;
		else if (opt != 'l')
			usage();
		else if ((log_fd = open(optarg, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC,
			      0644)) < 0)
			err(1, "%s", optarg);
	}
	if (cert != NULL && key != NULL)
		take_certificate(cert, key);
	for (; optind + 1 < argc && n < PORTS_MAX; optind += 2, n++) {
		open_port(&ports[n], argv[optind], argv[optind + 1]);
		wait[n] = (struct pollfd){ .fd = ports[n].fd, .events = POLLIN };
	}
	if (optind != argc || n == 0)
		usage();
	signal(SIGCHLD, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	to_background();
	for (;;) {
		if (poll(wait, n, -1) < 0)
			err(1, "poll");
		for (nfds_t i = 0; i < n; i++)
			if (wait[i].revents != 0)
				on_port(&ports[i]);
	}
}
