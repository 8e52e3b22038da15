/*
 * build: what the grammar's actions do.
 *
 * One function for each argument and statement: KEY is the keyword as it
 * stands in the file, VALUE the word behind it. They note repetitions (an
 * argument twice in a statement, a statement twice in a section), read values
 * and fill the nodes. Nothing else is judged here: see validate.c.
 */
#ifndef LVSD_PARSER_BUILD_H
#define LVSD_PARSER_BUILD_H

#include <netinet/in.h>

#include "parser/parse.h"

/* False, and an error that names the first place, when it stands here again. */
bool argument(struct parse *p, const struct word *key);
bool statement(struct parse *p, const struct word *key);

/* build.c */
void global_open(struct parse *p, const struct word *key);
void global_user(struct parse *p, const struct word *key, const struct word *value);
void global_user_group(struct parse *p, const struct word *key, const struct word *value);
void global_control(struct parse *p, const struct word *key, const struct word *value);
void global_status(struct parse *p, const struct word *key, const struct word *value);
void global_state(struct parse *p, const struct word *key, const struct word *value);
void socket_group(struct parse *p, const struct word *key, const struct word *value);
void socket_mode(struct parse *p, const struct word *key, const struct word *value);

/* build_director.c */
void director_open(struct parse *p, const struct word *key, const struct word *name);
/* A director that takes lines but is not in the tree: its head is broken. */
void director_scratch(struct parse *p, const struct word *key);
void director_address(struct parse *p, const struct word *value);
void director_protocol(struct parse *p, const struct word *key, uint8_t protocol);
void director_fwmark(struct parse *p, const struct word *key, const struct word *value);
void balance(struct parse *p, const struct word *key, enum balance b);
void mode(struct parse *p, const struct word *key, enum mode m);
void server_open(struct parse *p, const struct word *name, const struct word *address);
void server_weight(struct parse *p, const struct word *key, const struct word *value);
void server_check(struct parse *p, const struct word *key);
void server_sorry(struct parse *p, const struct word *key);
/* The statement is complete: only now is the server in the tree. */
void server_close(struct parse *p);

/* build_check.c */
void check_open(struct parse *p, const struct word *key);
void check_interval(struct parse *p, const struct word *key, const struct word *value);
void check_timeout(struct parse *p, const struct word *key, const struct word *value);
void check_source(struct parse *p, const struct word *key, const struct word *value);
void check_port(struct parse *p, const struct word *key, const struct word *value);
void check_rise(struct parse *p, const struct word *key, const struct word *value);
void check_fall(struct parse *p, const struct word *key, const struct word *value);
void check_inhibit(struct parse *p, const struct word *key);
void option_persistence(struct parse *p, const struct word *key);
void persistence_timeout(
    struct parse *p, const struct word *key, const struct word *value);
void persistence_netmask(
    struct parse *p, const struct word *key, const struct word *value);
void option_onepacket(struct parse *p, const struct word *key);
void option_method(struct parse *p, const struct word *key, enum check_method method);
void arp_iface(struct parse *p, const struct word *key, const struct word *value);
void http_uri(struct parse *p, const struct word *key, const struct word *value);
void http_statuscode(struct parse *p, const struct word *key, const struct word *value);
void http_vhost(struct parse *p, const struct word *key, const struct word *value);
void https_sni(struct parse *p, const struct word *key, const struct word *value);
void https_verify(struct parse *p, const struct word *key, bool required);
void https_cafile(struct parse *p, const struct word *key, const struct word *value);

/* build_flow.c; NOT says that "not" stands before the condition */
void flow_open(struct parse *p, const struct word *key, const struct word *name);
/* A flow that takes lines but is not in the tree: its head is broken. */
void flow_scratch(struct parse *p, const struct word *key);
void flow_director(struct parse *p, const struct word *name);
void rule_open(struct parse *p, const struct word *key, bool ignore);
void rule_iface(
    struct parse *p, const struct word *key, const struct word *value, bool not );
void rule_proto(
    struct parse *p, const struct word *key, const struct word *value, bool not );
void rule_src(
    struct parse *p, const struct word *key, const struct word *value, bool not );
void rule_dst(
    struct parse *p, const struct word *key, const struct word *value, bool not );
void rule_srcport(
    struct parse *p, const struct word *key, const struct word *value, bool not );
void rule_dstport(
    struct parse *p, const struct word *key, const struct word *value, bool not );
void rule_icmptype(
    struct parse *p, const struct word *key, const struct word *value, bool not );
/* The statement is complete: only now is the rule in its flow. */
void rule_close(struct parse *p);

#endif
