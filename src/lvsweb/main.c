/*
 * lvsweb(8): options, the start in its order, and the end.
 *
 * Three threads: this one waits for signals and ends connections that take too long, the
 * watch asks lvsd, the web serves. They share what the watch knows, and nothing else.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "lib/log.h"
#include "lvsweb/assets.h"
#include "lvsweb/listen.h"
#include "lvsweb/rights.h"
#include "lvsweb/web.h"

#define FEEDS_MAX 128 /* more than one address may have connections */

enum exit_status { EXIT_DONE = 0, EXIT_SYSTEM = 1, EXIT_USAGE = 2 };

static const char usage_text[] =
    "usage: lvsweb [-hV] [-l address:port] [-s socket]\n"
    "  -l ADDRESS:PORT  where browsers come (127.0.0.1:8404)\n"
    "  -s SOCKET        lvsd's status socket (" RUNDIR "/status.sock)\n"
    "  -V, --version    print the version and exit\n"
    "  -h, --help       print this and exit\n";

struct options {
	const char *listen, *socket;
};

static void parse_options(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ 0 },
	};
	int letter;

	while ((letter = getopt_long(argc, argv, "hl:s:V", longs, NULL)) != -1) {
		switch (letter) {
		case 'l':
			o->listen = optarg;
			break;
		case 's':
			o->socket = optarg;
			break;
		case 'V':
			puts("lvsweb " PACKAGE_VERSION);
			exit(EXIT_DONE);
		case 'h':
			fputs(usage_text, stdout);
			exit(EXIT_DONE);
		default:
			fputs(usage_text, stderr);
			exit(EXIT_USAGE);
		}
	}
	if (optind == argc)
		return;
	fprintf(
	    stderr, "lvsweb: unexpected argument \"%s\"\n%s", argv[optind], usage_text);
	exit(EXIT_USAGE);
}

/* The socket that browsers come to; ends the program when there is none. */
static int open_listener(const struct options *o, bool *is_loopback)
{
	struct addr address;
	uint16_t port;
	int fd;

	if (!listen_parse(o->listen, &address, &port)) {
		fprintf(stderr,
		    "lvsweb: \"%s\" is no address and port, as 127.0.0.1:8404 or "
		    "[::1]:8404\n",
		    o->listen);
		exit(EXIT_USAGE);
	}
	*is_loopback = listen_is_loopback(&address);
	fd = listen_open(&address, port);
	if (fd >= 0)
		return fd;
	log_warn("cannot listen at %s", o->listen);
	exit(EXIT_SYSTEM);
}

/* Signals come to this thread only, and only where it waits for them. */
static sigset_t take_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	return set;
}

static void run(const sigset_t *ends, struct peers *peers)
{
	const struct timespec second = { .tv_sec = 1 };
	int got;

	do {
		peers_sweep(peers);
		got = sigtimedwait(ends, NULL, &second);
	} while (got < 0);
	log_info("stopping signal=%d", got);
}

int main(int argc, char **argv)
{
	struct options o = { "127.0.0.1:8404", RUNDIR "/status.sock" };
	struct web_needs needs = { 0 };
	struct web *web = NULL;
	char host[65] = "";
	sigset_t ends;

	parse_options(argc, argv, &o);
	log_open("lvsweb", LOG_TO_STDERR, false);
	ends = take_signals();
	needs.listener = open_listener(&o, &needs.is_loopback);
	if (!rights_drop())
		return EXIT_SYSTEM;
	gethostname(host, sizeof host - 1);
	assets_init();
	needs.host = host;
	needs.peers = peers_new();
	needs.feeds = feeds_new(host, FEEDS_MAX);
	needs.watch = watch_new(o.socket, feeds_wake, needs.feeds);
	if (needs.watch != NULL)
		web = web_new(&needs);
	if (web != NULL) {
		log_info("started version=%s listen=%s socket=%s", PACKAGE_VERSION,
		    o.listen, o.socket);
		run(&ends, needs.peers);
	} else {
		log_err("cannot start the web server");
	}
	watch_free(needs.watch);
	feeds_end(needs.feeds);
	web_free(web);
	feeds_free(needs.feeds);
	peers_free(needs.peers);
	return web != NULL ? EXIT_DONE : EXIT_SYSTEM;
}
