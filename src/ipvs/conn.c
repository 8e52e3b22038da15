/*
 * The kernel's list of connections, which is text and nothing else: /proc/net/ip_vs_conn
 * (ip_vs_conn.c, ip_vs_conn_seq_show).
 *
 * It comes in pages, and between two of them connections come and go: the kernel counts
 * how many it gave, not which. So one that goes can hide another that stays.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <netinet/in.h>

#include "ipvs/ipvs.h"
#include "lib/mono.h"

#define CONNECTIONS "/proc/net/ip_vs_conn"
#define PAGE (64 * 1024) /* asked for; for each that it gives the kernel counts anew */
#define CLOCK_EACH 64	 /* lines, from one look at the clock to the next */

/* The number of DIGITS hexadecimal digits at *AT and the blank behind it. */
static bool read_hex(const char **at, int digits, uint32_t *n)
{
	*n = 0;
	for (int i = 0; i < digits; i++, ++*at) {
		static const char hex[] = "0123456789ABCDEF";
		const char *digit = **at != '\0' ? strchr(hex, **at) : NULL;

		if (digit == NULL)
			return false;
		*n = *n << 4 | (uint32_t)(digit - hex);
	}
	return *(*at)++ == ' ';
}

static bool read_end(const char **at, struct addr *addr, uint16_t *port)
{
	uint32_t ip, number;

	if (!read_hex(at, 8, &ip) || !read_hex(at, 4, &number))
		return false;
	ip = htonl(ip);
	*addr = (struct addr){ .family = AF_INET };
	memcpy(addr->bytes, &ip, sizeof ip);
	*port = (uint16_t)number;
	return true;
}

bool ipvs_conn_parse(struct ipvs_conn *c, const char *line)
{
	const char *at;

	if (strncmp(line, "UDP ", 4) == 0)
		c->protocol = IPPROTO_UDP;
	else if (strncmp(line, "TCP ", 4) == 0)
		c->protocol = IPPROTO_TCP;
	else
		return false;
	at = line + 4;
	return read_end(&at, &c->client, &c->client_port) &&
	       read_end(&at, &c->vip, &c->vip_port) &&
	       read_end(&at, &c->server, &c->server_port);
}

bool ipvs_conns_read(ipvs_conn_fn *each, void *arg, uint64_t until_us)
{
	FILE *f = fopen(CONNECTIONS, "re");
	struct ipvs_conn c;
	char line[256];
	bool done = f != NULL;
	size_t n = 0;
	int error;

	if (done)
		setvbuf(f, NULL, _IOFBF, PAGE);
	while (done && fgets(line, sizeof line, f) != NULL) {
		if (ipvs_conn_parse(&c, line))
			done = each(&c, arg);
		if (done && ++n % CLOCK_EACH == 0 && mono_us() > until_us) {
			errno = ETIME;
			done = false;
		}
	}
	error = errno;
	if (f != NULL)
		fclose(f);
	errno = error;
	return done;
}
