/*
 * raw: the sockets that only root can open.
 *
 * One for ICMP, one for ICMPv6 (echo and neighbour discovery), one for ARP on
 * every interface. They are opened before the rights go, shared by all probes,
 * and read in batches. A BPF filter on each lets only answers to us wake the
 * process; what arrives is still checked in full, since the filter cannot know
 * the probe. A socket that cannot be opened is local trouble of its probes.
 */
#ifndef LVSD_CHECK_RAW_H
#define LVSD_CHECK_RAW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "check/loop.h"
#include "lib/addr.h"

struct checker;

enum raw_kind { RAW_ICMP4, RAW_ICMP6, RAW_ARP, RAW_KINDS };

struct raw_socket {
	int fd;	   /* -1: not open */
	int error; /* the errno when it could not be opened */
	struct watch watch;
};

struct raw_batch;

struct raw {
	struct raw_socket sockets[RAW_KINDS];
	struct raw_batch *batches[RAW_KINDS]; /* what is queued; NULL: nothing ever */
	struct checker *checker;
	uint16_t echo_id;     /* of every echo request of this process */
	uint64_t cookies[32]; /* random; the first n_cookies are unused yet */
	size_t n_cookies;
};

struct raw_packet {
	const uint8_t *data; /* from the IP header (RAW_ICMP4), else behind it */
	size_t len;	     /* at most RAW_PACKET_MAX; the rest was cut off */
	struct addr from;    /* unset for RAW_ARP */
	struct addr to;	     /* RAW_ICMP6, else unset */
	int ifindex;	     /* where it came in; RAW_ICMP4: 0 */
	int hop_limit;	     /* RAW_ICMP6, else -1 */
};

#define RAW_PACKET_MAX 256 /* bytes that are kept of one */

/* Attaches the filter of KIND to FD: answers to echo requests with ID, or to nobody
 * in particular. False, with errno. */
bool raw_filter(enum raw_kind kind, int fd, uint16_t id);

/* Opens those that NEED[] names. What fails is noted and logged. */
void raw_open(struct raw *w, const bool need[RAW_KINDS]);
/* Begins to read what is open, in C's loop, for C's runs. */
void raw_start(struct raw *w, struct checker *c);

/* Sends LEN bytes to TO, from SOURCE unless unset; 0 or an errno. IFINDEX and
 * HOP_LIMIT: 0 leaves them to the kernel, IPv6 only. */
struct raw_send {
	const struct addr *to, *source;
	int ifindex, hop_limit;
	const void *data;
	size_t len;
};
int raw_send(struct raw *w, enum raw_kind kind, const struct raw_send *s);

/*
 * The same for a run's echo request of at most RAW_ECHO_MAX bytes, but together with
 * others in one system call, in raw_flush(). 0, or the errno of
 * a socket that is not open; what goes wrong later is told to icmp_unsent().
 */
#define RAW_ECHO_MAX 32
int raw_queue(struct raw *w, enum raw_kind kind, const struct raw_send *s, uint32_t run,
    uint64_t cookie);

/* Sends what is queued: to be called at the end of each turn of the loop. */
void raw_flush(struct raw *w);

/* 64 bits that nobody can guess. */
uint64_t raw_cookie(struct raw *w);

#endif
