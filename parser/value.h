/*
 * value: what a word means as a number, a time, an address, a name.
 *
 * Each reads the word W into *OUT, or reports what is wrong with it and what
 * may stand there, leaves *OUT alone and returns false.
 */
#ifndef LVSD_PARSER_VALUE_H
#define LVSD_PARSER_VALUE_H

#include "parser/parse.h"

/* A decimal number from MIN to MAX; WHAT is "a weight", "a port". */
bool value_number(struct parse *p, const struct word *w, const char *what, uint32_t min,
    uint32_t max, uint32_t *out);
/* The number of an ICMP type. */
bool value_icmptype(struct parse *p, const struct word *w, uint8_t *out);
/* A duration in ms: "10", "0.5", "500ms", "2m"; from 1 ms to 31 days. */
bool value_time(struct parse *p, const struct word *w, uint32_t *out);
/* As value_time(), and 0. */
bool value_time_or_zero(struct parse *p, const struct word *w, uint32_t *out);
/* A duration in whole seconds. */
bool value_seconds(struct parse *p, const struct word *w, uint32_t *out);
/* A file mode, octal, at most 0777. */
bool value_octal(struct parse *p, const struct word *w, uint16_t *out);

/* A literal address without a port. */
bool value_address(struct parse *p, const struct word *w, struct addr *out);
/* A literal address, with or without a port; *PORT is 0 without. A port 0 is
 * allowed where ZERO says so. */
bool value_endpoint(
    struct parse *p, const struct word *w, bool zero, struct addr *out, uint16_t *port);
/* Does W look like an address, with or without a port? */
bool value_is_address(const struct word *w);
/* "10.0.0.0/8", "10.0.0.0/255.0.0.0", "2001:db8::/32", or one address. The bits
 * outside the mask are cleared, with a warning. */
bool value_network(
    struct parse *p, const struct word *w, struct addr *out, uint8_t *prefix);
/* "80" or "80:89", first and last. */
bool value_ports(struct parse *p, const struct word *w, uint16_t out[2]);

/* A prefix length from 1 to 128 or a mask such as 255.255.255.0; 0: neither. */
uint8_t value_prefix(const char *text, size_t len, bool *dotted);

/* A name of at most MAX letters, digits, "-", "_" and, with DOT, "."; a copy. */
bool value_name(
    struct parse *p, const struct word *w, size_t max, bool dot, const char **out);
/* An absolute path of at most MAX bytes; a copy. */
bool value_path(struct parse *p, const struct word *w, size_t max, const char **out);
/* 1 to MAX printable bytes without a blank; a copy. */
bool value_text(struct parse *p, const struct word *w, const char *what, size_t max,
    const char **out);
/* A domain name: ".", or labels of 1 to 63 bytes, at most 253 together; a copy. */
bool value_dns_name(struct parse *p, const struct word *w, const char **out);
/* 1 to MAX bytes, blanks among them; a copy. */
bool value_string(struct parse *p, const struct word *w, const char *what, size_t max,
    const char **out);
/* 1 to MAX bytes with the escapes \r \n \t \xHH and \\; a copy. */
bool value_payload(
    struct parse *p, const struct word *w, size_t max, struct payload *out);

/* value_dns.c: a record type and a response code, by name or number. */
bool value_dns_type(struct parse *p, const struct word *w, uint16_t *out);
bool value_dns_rcode(struct parse *p, const struct word *w, uint8_t *out);
/* Their names; NULL when they have none. */
const char *value_dns_type_name(uint16_t type);
const char *value_dns_rcode_name(uint8_t rcode);

#endif
