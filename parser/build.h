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

#define IFACE_MAX 15 /* IFNAMSIZ, without the NUL */

/* False, and an error that names the first place, when it stands here again. */
bool build_argument(struct parse *p, const struct word *key);
bool build_statement(struct parse *p, const struct word *key);

/* Says that no part of the daemon does what KEY says yet: an error when it is to
 * be loaded, a warning in a check run. */
void build_pending(struct parse *p, const struct word *key);

/* build_global.c */
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
void build_global_stop(struct parse *p, const struct word *key, bool clear);
void build_global_table(struct parse *p, const struct word *key, bool exclusive);
void build_global_timeout(
    struct parse *p, const struct word *key, const struct word *value, uint32_t *out);
void build_global_empty(struct parse *p, const struct word *key);
void build_global_conntrack(struct parse *p, const struct word *key);
void build_global_sysctl(struct parse *p, const struct word *key);
void build_global_checks(struct parse *p, const struct word *value);
/* The arguments go to the master, the backup, or both. */
void build_sync_open(struct parse *p, const struct word *key, bool master, bool backup);
void build_sync_interface(
    struct parse *p, const struct word *key, const struct word *value);
void build_sync_syncid(struct parse *p, const struct word *key, const struct word *value);
void build_sync_maxlen(struct parse *p, const struct word *key, const struct word *value);
void build_sync_group(struct parse *p, const struct word *key, const struct word *value);
void build_sync_port(struct parse *p, const struct word *key, const struct word *value);
void build_sync_ttl(struct parse *p, const struct word *key, const struct word *value);
void build_sync_close(struct parse *p, const struct word *key);

/* build_director.c */
void build_director_open(
    struct parse *p, const struct word *key, const struct word *name);
/* A director that takes lines but is not in the tree: its head is broken. */
void build_director_scratch(struct parse *p, const struct word *key);
/* What a director is before any line. */
void build_defaults_init(struct director_conf *c);
/* Lines that stand in front of those of each director to come. */
void build_defaults_open(struct parse *p, const struct word *key);
void build_director_address(struct parse *p, const struct word *value);
void build_director_protocol(struct parse *p, const struct word *key, uint8_t protocol);
void build_director_fwmark(
    struct parse *p, const struct word *key, const struct word *value);

/* build_server.c */
void build_server_open(
    struct parse *p, const struct word *name, const struct word *address);
void build_server_weight(
    struct parse *p, const struct word *key, const struct word *value);
void build_server_maxconn(
    struct parse *p, const struct word *key, const struct word *value);
void build_server_minconn(
    struct parse *p, const struct word *key, const struct word *value);
void build_server_check(struct parse *p, const struct word *key);
void build_server_sorry(struct parse *p, const struct word *key);
/* The statement is complete: only now is the server in the tree. */
void build_server_close(struct parse *p);

/* build_lines.c */
void build_balance(struct parse *p, const struct word *key, enum balance b);
void build_balance_kernel(struct parse *p, const struct word *name);
void build_balance_flag(struct parse *p, const struct word *key, unsigned flag);
void build_mode(struct parse *p, const struct word *key, enum mode m);
void build_mode_masquerade(struct parse *p, const struct word *key);
void build_tunnel_type(struct parse *p, const struct word *key, enum tunnel_type type);
void build_tunnel_port(struct parse *p, const struct word *key, const struct word *value);
void build_tunnel_checksum(
    struct parse *p, const struct word *key, enum tunnel_checksum checksum);
void build_option_persistence(struct parse *p, const struct word *key);
void build_option_onepacket(struct parse *p, const struct word *key);
void build_option_announce(struct parse *p, const struct word *key);
void build_option_sip(struct parse *p, const struct word *key);
void build_option_agent(struct parse *p, const struct word *key);
void build_option_slowstart(
    struct parse *p, const struct word *key, const struct word *value);
void build_option_quorum(
    struct parse *p, const struct word *key, const struct word *value);
void build_option_panic(
    struct parse *p, const struct word *key, const struct word *value);
void build_option_drain(
    struct parse *p, const struct word *key, const struct word *value);
void build_persistence_timeout(
    struct parse *p, const struct word *key, const struct word *value);
void build_persistence_netmask(
    struct parse *p, const struct word *key, const struct word *value);
void build_announce_interface(
    struct parse *p, const struct word *key, const struct word *value);
void build_agent_port(struct parse *p, const struct word *key, const struct word *value);
void build_agent_interval(
    struct parse *p, const struct word *key, const struct word *value);
/* The port must have been given. */
void build_agent_close(struct parse *p, const struct word *key);

/* build_check.c */
/* The check arguments of one statement, none given yet: in SLOT, if it may be. */
struct check_words *build_check_words(struct parse *p, struct check_words *slot);
void build_check_open(struct parse *p, const struct word *key);
void build_check_interval(
    struct parse *p, const struct word *key, const struct word *value);
void build_check_timeout(
    struct parse *p, const struct word *key, const struct word *value);
void build_check_fastinter(
    struct parse *p, const struct word *key, const struct word *value);
void build_check_downinter(
    struct parse *p, const struct word *key, const struct word *value);
void build_check_source(
    struct parse *p, const struct word *key, const struct word *value);
void build_check_port(struct parse *p, const struct word *key, const struct word *value);
void build_check_rise(struct parse *p, const struct word *key, const struct word *value);
void build_check_fall(struct parse *p, const struct word *key, const struct word *value);
void build_check_inhibit(struct parse *p, const struct word *key);

/* build_method.c */
void build_option_method(
    struct parse *p, const struct word *key, enum check_method method);
void build_arp_iface(struct parse *p, const struct word *key, const struct word *value);
void build_http_uri(struct parse *p, const struct word *key, const struct word *value);
void build_http_statuscode(
    struct parse *p, const struct word *key, const struct word *value);
void build_http_vhost(struct parse *p, const struct word *key, const struct word *value);
void build_http_match(struct parse *p, const struct word *key, const struct word *value);
void build_talk_send(struct parse *p, const struct word *key, const struct word *value);
void build_talk_expect(struct parse *p, const struct word *key, const struct word *value);
void build_dns_name(struct parse *p, const struct word *key, const struct word *value);
void build_dns_type(struct parse *p, const struct word *key, const struct word *value);
void build_dns_rcode(struct parse *p, const struct word *key, const struct word *value);
void build_tls_sni(struct parse *p, const struct word *key, const struct word *value);
void build_tls_cafile(struct parse *p, const struct word *key, const struct word *value);
void build_http_method(struct parse *p, const struct word *key, enum http_method method);
void build_talk_ssl(struct parse *p, const struct word *key);
void build_tls_verify(struct parse *p, const struct word *key, bool required);
void build_external_command(struct parse *p, const struct word *value);

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
