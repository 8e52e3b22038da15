/*
 * dns_message: one question, and the head of its answer.
 *
 * Only what a check needs of RFC 1035: a query for one name and type, and
 * whether a datagram is the answer to it. Pure.
 */
#ifndef LVSD_CHECK_DNS_MESSAGE_H
#define LVSD_CHECK_DNS_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Header, a name of at most 255 bytes, type and class. */
#define DNS_QUERY_MAX (12 + 255 + 4)

struct dns_query {
	size_t len;
	uint8_t bytes[DNS_QUERY_MAX];
};

/* The query ID for NAME ("." or labels, with a last dot or without) and TYPE, class
 * IN, recursion desired. False: NAME is no domain name. */
bool dns_query_make(struct dns_query *q, uint16_t id, const char *name, uint16_t type);

/* Whether the LEN bytes at DATA answer Q: a response with its id and its question
 * and no other; letters of the name may differ in case (RFC 1035, 2.3.3). Then
 * *RCODE is its code. */
bool dns_answers(
    const struct dns_query *q, const uint8_t *data, size_t len, uint8_t *rcode);

/* "NOERROR", "NXDOMAIN", ...; "RCODE" for one without a name. */
const char *dns_rcode_name(uint8_t rcode);

#endif
