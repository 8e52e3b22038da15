/*
 * ipvswait: tells when the kernel's IPVS table became what was waited for.
 *
 * Reads /proc/net/ip_vs of the caller's network namespace every millisecond
 * or so until all conditions hold at once, prints CLOCK_MONOTONIC of that
 * moment in seconds and exits 0. When the deadline comes first it prints the
 * table to standard error and exits 1.
 */
#include "lib/addr.h"
#include "lib/mono.h"

#include <err.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CONDITIONS_MAX = 32 };

enum what { SERVICES, DESTS, LIVE, SERVICE, DEST };

/* A line of the table: "proto addr:port", of either kind. */
struct end {
	char proto; /* 'T', 'U' or 'F' (then the port is the mark); 0 for a server */
	struct addr addr;
	uint32_t port;
};

struct condition {
	enum what what;
	struct end service, dest;
	bool present; /* SERVICE, DEST */
	long weight;  /* DEST: the weight it must have, -1: any */
	long count;   /* the others: how many */
	/* what this reading of the table holds */
	long found;
};

static struct condition conditions[CONDITIONS_MAX];
static size_t n_conditions;

static void usage(void)
{
	fprintf(stderr,
	    "usage: ipvswait [-t SECONDS] [-i MICROSECONDS] CONDITION...\n"
	    "  services=N            there are N services\n"
	    "  dests=N, live=N       servers in all, servers with a weight above 0\n"
	    "  SERVICE=present|absent\n"
	    "  SERVICE,SERVER=present|absent|WEIGHT\n"
	    "SERVICE is tcp:ADDRESS:PORT, udp:ADDRESS:PORT or fwm:MARK, SERVER\n"
	    "ADDRESS:PORT, an IPv6 address in brackets.\n");
	exit(2);
}

static bool same_end(const struct end *a, const struct end *b)
{
	return a->proto == b->proto && a->port == b->port &&
	       addr_cmp(&a->addr, &b->addr) == 0;
}

/* "10.0.0.1:80" or "[fd00::1]:80"; the port in BASE. */
static bool parse_addr_port(struct end *e, char *text, int base)
{
	char *colon = strrchr(text, ':'), *rest;

	if (colon == NULL)
		return false;
	*colon = '\0';
	e->port = (uint32_t)strtoul(colon + 1, &rest, base);
	if (*rest != '\0')
		return false;
	if (text[0] == '[' && colon[-1] == ']')
		return addr_parse(&e->addr, text + 1, strlen(text) - 2);
	return addr_parse(&e->addr, text, strlen(text));
}

/* The kernel writes an IPv4 address as eight hex digits, an IPv6 one whole. */
static bool parse_kernel_addr_port(struct end *e, char *text)
{
	unsigned a, b, c, d, port;

	if (sscanf(text, "%2x%2x%2x%2x:%x", &a, &b, &c, &d, &port) == 5 &&
	    text[0] != '[') {
		char dotted[16];

		snprintf(dotted, sizeof dotted, "%u.%u.%u.%u", a, b, c, d);
		e->port = port;
		return addr_parse(&e->addr, dotted, strlen(dotted));
	}
	return parse_addr_port(e, text, 16);
}

static void parse_service(struct end *e, char *text)
{
	if (strncmp(text, "tcp:", 4) == 0 && parse_addr_port(e, text + 4, 10))
		e->proto = 'T';
	else if (strncmp(text, "udp:", 4) == 0 && parse_addr_port(e, text + 4, 10))
		e->proto = 'U';
	else if (strncmp(text, "fwm:", 4) == 0) {
		e->proto = 'F';
		e->port = (uint32_t)strtoul(text + 4, NULL, 10);
	} else
		errx(2, "%s is not a service", text);
}

static void parse_condition(struct condition *c, char *text)
{
	char *equals = strchr(text, '='), *value, *comma, *rest;

	if (equals == NULL)
		usage();
	*equals = '\0';
	value = equals + 1;
	c->weight = -1;
	c->present = strcmp(value, "absent") != 0;
	c->what = strcmp(text, "services") == 0 ? SERVICES
		  : strcmp(text, "dests") == 0	? DESTS
		  : strcmp(text, "live") == 0	? LIVE
						: SERVICE;
	if (c->what != SERVICE) {
		c->count = strtol(value, &rest, 10);
		if (*value == '\0' || *rest != '\0')
			usage();
		return;
	}
	comma = strchr(text, ',');
	if (comma != NULL) {
		*comma = '\0';
		c->what = DEST;
		if (!parse_addr_port(&c->dest, comma + 1, 10))
			errx(2, "%s is not a server", comma + 1);
	}
	parse_service(&c->service, text);
	if (strcmp(value, "present") == 0 || strcmp(value, "absent") == 0)
		return;
	c->weight = strtol(value, &rest, 10);
	if (c->what != DEST || *value == '\0' || *rest != '\0')
		usage();
}

static void count_service(const struct end *service)
{
	size_t i;

	for (i = 0; i < n_conditions; i++) {
		struct condition *c = &conditions[i];

		c->found += c->what == SERVICES ||
			    (c->what == SERVICE && same_end(&c->service, service));
	}
}

static void count_dest(const struct end *service, const struct end *dest, long weight)
{
	size_t i;

	for (i = 0; i < n_conditions; i++) {
		struct condition *c = &conditions[i];

		c->found += c->what == DESTS || (c->what == LIVE && weight > 0) ||
			    (c->what == DEST && same_end(&c->service, service) &&
				same_end(&c->dest, dest) &&
				(c->weight < 0 || c->weight == weight));
	}
}

/* Takes one line of the table; SERVICE is what the servers below it are of. */
static void read_line(char *line, struct end *service)
{
	struct end dest = { 0 };
	char end[64];
	unsigned mark;
	long weight;

	if (sscanf(line, "  -> %63s %*s %ld", end, &weight) == 2) {
		if (parse_kernel_addr_port(&dest, end))
			count_dest(service, &dest, weight);
		return;
	}
	memset(service, 0, sizeof *service);
	if (sscanf(line, "FWM %x", &mark) == 1)
		service->port = mark;
	else if (sscanf(line, "%*3[TCUDP] %63s", end) != 1 ||
		 !parse_kernel_addr_port(service, end))
		return;
	service->proto = line[0];
	count_service(service);
}

static bool holds(const struct condition *c)
{
	if (c->what == SERVICE || c->what == DEST)
		return (c->found != 0) == c->present;
	return c->found == c->count;
}

static bool table_fits(void)
{
	FILE *f = fopen("/proc/net/ip_vs", "re");
	struct end service = { 0 };
	char *line = NULL;
	size_t size = 0, i;

	for (i = 0; i < n_conditions; i++)
		conditions[i].found = 0;
	/* Without the file there is no IPVS yet, and the table is an empty one. */
	if (f != NULL) {
		while (getline(&line, &size, f) > 0)
			read_line(line, &service);
		free(line);
		fclose(f);
	} else if (errno != ENOENT)
		err(2, "/proc/net/ip_vs");
	for (i = 0; i < n_conditions; i++)
		if (!holds(&conditions[i]))
			return false;
	return true;
}

static void show_table(void)
{
	FILE *f = fopen("/proc/net/ip_vs", "re");
	int c;

	while (f != NULL && (c = getc(f)) != EOF)
		putc(c, stderr);
	if (f != NULL)
		fclose(f);
}

int main(int argc, char **argv)
{
	uint64_t until_us = mono_us(), now_us;
	useconds_t interval_us = 1000;
	double timeout_s = 30;
	int opt;

	while ((opt = getopt(argc, argv, "t:i:")) != -1) {
		if (opt == 't')
			timeout_s = atof(optarg);
		else if (opt == 'i')
			interval_us = (useconds_t)strtonum(optarg, 0, 1000000, NULL);
		else
			usage();
	}
	if (optind == argc || argc - optind > CONDITIONS_MAX)
		usage();
	for (; optind < argc; optind++)
		parse_condition(&conditions[n_conditions++], argv[optind]);
	until_us += (uint64_t)(timeout_s * 1e6);
	for (;;) {
		bool fits = table_fits();

		/* After the reading, so that a detection time is never too short. */
		now_us = mono_us();
		if (fits)
			break;
		if (now_us >= until_us) {
			fprintf(stderr, "ipvswait: not so after %.1f s:\n", timeout_s);
			show_table();
			return 1;
		}
		usleep(interval_us);
	}
	printf("%.6f\n", (double)now_us / 1e6);
	return 0;
}
