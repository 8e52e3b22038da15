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
bool build_argument(struct parse *p, const struct word *key);
bool build_statement(struct parse *p, const struct word *key);

/* build.c */
void build_global_open(struct parse *p, const struct word *key);
void build_global_user(struct parse *p, const struct word *key, const struct word *value);
void build_global_user_group(
    struct parse *p, const struct word *key, const struct word *value);
void build_global_control(
    struct parse *p, const struct word *key, const struct word *value);
void build_global_status(
    struct parse *p, const struct word *key, const struct word *value);
void build_global_state(
    struct parse *p, const struct word *key, const struct word *value);
void build_socket_group(
    struct parse *p, const struct word *key, const struct word *value);
void build_socket_mode(struct parse *p, const struct word *key, const struct word *value);

/* build_director.c */
void build_director_open(
    struct parse *p, const struct word *key, const struct word *name);
/* A director that takes lines but is not in the tree: its head is broken. */
void build_director_scratch(struct parse *p, const struct word *key);
void build_director_address(struct parse *p, const struct word *value);
void build_director_protocol(struct parse *p, const struct word *key, uint8_t protocol);
void build_director_fwmark(
    struct parse *p, const struct word *key, const struct word *value);
void build_balance(struct parse *p, const struct word *key, enum balance b);
void build_mode(struct parse *p, const struct word *key, enum mode m);
void build_server_open(
    struct parse *p, const struct word *name, const struct word *address);
void build_server_weight(
    struct parse *p, const struct word *key, const struct word *value);
void build_server_check(struct parse *p, const struct word *key);
void build_server_sorry(struct parse *p, const struct word *key);
/* The statement is complete: only now is the server in the tree. */
void build_server_close(struct parse *p);

/* build_check.c */
void build_check_open(struct parse *p, const struct word *key);
void build_check_interval(
    struct parse *p, const struct word *key, const struct word *value);
void build_check_timeout(
    struct parse *p, const struct word *key, const struct word *value);
void build_check_source(
    struct parse *p, const struct word *key, const struct word *value);
void build_check_port(struct parse *p, const struct word *key, const struct word *value);
void build_check_rise(struct parse *p, const struct word *key, const struct word *value);
void build_check_fall(struct parse *p, const struct word *key, const struct word *value);
void build_check_inhibit(struct parse *p, const struct word *key);
void build_option_persistence(struct parse *p, const struct word *key);
void build_persistence_timeout(
    struct parse *p, const struct word *key, const struct word *value);
void build_persistence_netmask(
    struct parse *p, const struct word *key, const struct word *value);
void build_option_onepacket(struct parse *p, const struct word *key);
void build_option_method(
    struct parse *p, const struct word *key, enum check_method method);
void build_arp_iface(struct parse *p, const struct word *key, const struct word *value);
void build_http_uri(struct parse *p, const struct word *key, const struct word *value);
void build_http_statuscode(
    struct parse *p, const struct word *key, const struct word *value);
void build_http_vhost(struct parse *p, const struct word *key, const struct word *value);
void build_https_sni(struct parse *p, const struct word *key, const struct word *value);
void build_https_verify(struct parse *p, const struct word *key, bool required);
void build_https_cafile(
    struct parse *p, const struct word *key, const struct word *value);

/* build_flow.c; NOT says that "not" stands before the condition */
void build_flow_open(struct parse *p, const struct word *key, const struct word *name);
/* A flow that takes lines but is not in the tree: its head is broken. */
void build_flow_scratch(struct parse *p, const struct word *key);
void build_flow_director(struct parse *p, const struct word *name);
void build_rule_open(struct parse *p, const struct word *key, bool ignore);
void build_rule_iface(
    struct parse *p, const struct word *key, const struct word *value, bool not );
void build_rule_proto(
    struct parse *p, const struct word *key, const struct word *value, bool not );
void build_rule_src(
    struct parse *p, const struct word *key, const struct word *value, bool not );
void build_rule_dst(
    struct parse *p, const struct word *key, const struct word *value, bool not );
void build_rule_srcport(
    struct parse *p, const struct word *key, const struct word *value, bool not );
void build_rule_dstport(
    struct parse *p, const struct word *key, const struct word *value, bool not );
void build_rule_icmptype(
    struct parse *p, const struct word *key, const struct word *value, bool not );
/* The statement is complete: only now is the rule in its flow. */
void build_rule_close(struct parse *p);

#endif
