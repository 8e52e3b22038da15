/*
 * grammar: which words make a statement.
 *
 * Builds nodes through build.h, judges nothing and frees nothing. One
 * statement is one line; a line that cannot be understood is reported, left
 * out, and the next one is read. A section lasts until the next line that
 * opens one. Lists are left-recursive: no file can deepen the stack.
 *
 * A value is always "want_x T_WORD": want_x is reduced before the scanner is
 * asked for the word, and tells it that no keyword is meant. The value of a
 * token is its word, which the source keeps until the line ends.
 *
 * A keyword stands here in its %token line, and nowhere else.
 */
%code requires {
#include "parser/parse.h"
}

%{
#include <stdlib.h>

#include "lib/xalloc.h"
#include "parser/build.h"
#include "parser/grammar.h"
#include "parser/validate.h"

#define YYMALLOC xmalloc
#define YYFREE free


static void yyerror(struct parse *p, const char *text);
%}

%code provides {
/* scanner.c */
int conf_yylex(union CONF_YYSTYPE *yylval, struct parse *p);
}

%define api.pure full
%define api.prefix {conf_yy}
%define api.token.prefix {T_}
%define parse.error custom
%define parse.lac full
%param { struct parse *p }
%expect 0

%union {
	const struct word *word;
	bool yes;
}

%token EOL
%token <word> WORD
%token <word> AGENTCHECK "agentcheck"
%token <word> ANNOUNCE "announce"
%token <word> ARPCHECK "arpcheck"
%token <word> BACKUP "backup"
%token <word> BALANCE "balance"
%token <word> BOTH "both"
%token <word> CAFILE "cafile"
%token <word> CHECK "check"
%token <word> CHECKS "checks"
%token <word> CHECKSUM "checksum"
%token <word> CLEAR "clear"
%token <word> CONNTRACK "conntrack"
%token <word> CONTROL "control"
%token <word> DEFAULTS "defaults"
%token <word> DEST "dest"
%token <word> DIRECTOR "director"
%token <word> DNSCHECK "dnscheck"
%token <word> DOWNINTER "downinter"
%token <word> DRAIN "drain"
%token <word> DST "dst"
%token <word> DSTPORT "dstport"
%token <word> EMPTY "empty"
%token <word> EXCLUSIVE "exclusive"
%token <word> EXPECT "expect"
%token <word> EXTERNALCHECK "externalcheck"
%token <word> FALL "fall"
%token <word> FASTINTER "fastinter"
%token <word> FLAG_1 "flag-1"
%token <word> FLAG_2 "flag-2"
%token <word> FLAG_3 "flag-3"
%token <word> FLOW "flow"
%token <word> FO "fo"
%token <word> FWMARK "fwmark"
%token <word> GATEWAY "gateway"
%token <word> GET "GET"
%token <word> GLOBAL "global"
%token <word> GRE "gre"
%token <word> GROUP "group"
%token <word> GUE "gue"
%token <word> HEAD "HEAD"
%token <word> HTTPCHECK "httpcheck"
%token <word> HTTPSCHECK "httpscheck"
%token <word> ICMP "icmp"
%token <word> ICMPCHECK "icmpcheck"
%token <word> ICMPTYPE "icmptype"
%token <word> IFACE "iface"
%token <word> IGNORE "ignore"
%token <word> INCLUDE "include"
%token <word> INHIBIT "inhibit"
%token <word> INTERFACE "interface"
%token <word> INTERVAL "interval"
%token <word> IPIP "ipip"
%token <word> KEEP "keep"
%token <word> KERNEL "kernel"
%token <word> LEASTCONN "leastconn"
%token <word> LOCALITYBASED "localitybased"
%token <word> MASQUERADE "masquerade"
%token <word> MASTER "master"
%token <word> MATCH "match"
%token <word> MAXCONN "maxconn"
%token <word> MAXLEN "maxlen"
%token <word> MAX_IN_FLIGHT "max-in-flight"
%token <word> METHOD "method"
%token <word> MH "mh"
%token <word> MINCONN "minconn"
%token <word> MODE "mode"
%token <word> NAME "name"
%token <word> NAT "nat"
%token <word> NETMASK "netmask"
%token <word> NEVERQUEUE "neverqueue"
%token <word> NONE "none"
%token <word> NOT "not"
%token <word> ONEPACKET "onepacket"
%token <word> OPTION "option"
%token <word> OPTIONS "OPTIONS"
%token <word> OUTFLOW "outflow"
%token <word> OVF "ovf"
%token <word> OVH "ovh"
%token <word> PANIC "panic"
%token <word> PERSISTENCE "persistence"
%token <word> PORT "port"
%token <word> PROTO "proto"
%token <word> QUORUM "quorum"
%token <word> RCODE "rcode"
%token <word> REMOTE "remote"
%token <word> REPLICATION "replication"
%token <word> REQUIRED "required"
%token <word> RISE "rise"
%token <word> ROUNDROBIN "roundrobin"
%token <word> SCTP "SCTP"
%token <word> SEND "send"
%token <word> SERVER "server"
%token <word> SHARED "shared"
%token <word> SHORTESTEXPECTED "shortestexpected"
%token <word> SHORTEXPDELAY "shortexpdelay"
%token <word> SIP "sip"
%token <word> SLOWSTART "slowstart"
%token <word> SNI "sni"
%token <word> SORRY "sorry"
%token <word> SOURCE "source"
%token <word> SRC "src"
%token <word> SRCDST "srcdst"
%token <word> SRCPORT "srcport"
%token <word> SSL "ssl"
%token <word> STATE "state"
%token <word> STATUS "status"
%token <word> STATUSCODE "statuscode"
%token <word> STOP "stop"
%token <word> SYNC "sync"
%token <word> SYNCID "syncid"
%token <word> SYSCTL "sysctl"
%token <word> TABLE "table"
%token <word> TCP "TCP"
%token <word> TCPCHECK "tcpcheck"
%token <word> TCPFIN "tcpfin"
%token <word> TIMEOUT "timeout"
%token <word> TIMEOUTS "timeouts"
%token <word> TTL "ttl"
%token <word> TUNNEL "tunnel"
%token <word> TWOS "twos"
%token <word> TYPE "type"
%token <word> UDP "UDP"
%token <word> UDPCHECK "udpcheck"
%token <word> URI "uri"
%token <word> USER "user"
%token <word> VERIFY "verify"
%token <word> VHOST "vhost"
%token <word> WEIGHT "weight"
%token <word> WEIGHTEDFAILOVER "weightedfailover"
%token <word> YES "yes"

%nterm <word> name address number time path path_word text octal iface
%nterm <yes> not

%%

file: preamble sections;
preamble: %empty | preamble EOL | preamble bad_line;
sections: %empty | sections section;
section:
	global_head global_lines
	| include empty_lines
	| defaults_head director_lines
	| director_head director_lines
	| flow_head flow_lines
	;
bad_line: error EOL { yyerrok; };
empty_lines: %empty | empty_lines EOL | empty_lines bad_line;

include:
	INCLUDE path_word EOL { include_read(p, $2); }
	| INCLUDE want_file bad_line
	| INCLUDE path_word bad_line
	;
path_word: want_file WORD { $$ = $2; };

/* Values */

want_name: %empty { parse_want(p, "a name"); };
want_address: %empty { parse_want(p, "an address"); };
want_number: %empty { parse_want(p, "a number"); };
want_time: %empty { parse_want(p, "a time, such as 10s or 500ms,"); };
want_path: %empty { parse_want(p, "a path"); };
want_file: %empty { validate_section(p); parse_want(p, "the path of a file, or a pattern,"); };
want_text: %empty { parse_want(p, "a value"); };
want_octal: %empty { parse_want(p, "an octal mode, such as 0660,"); };
want_iface: %empty { parse_want(p, "the name of an interface"); };

name: want_name WORD { $$ = $2; };
address: want_address WORD { $$ = $2; };
number: want_number WORD { $$ = $2; };
time: want_time WORD { $$ = $2; };
path: want_path WORD { $$ = $2; };
text: want_text WORD { $$ = $2; };
octal: want_octal WORD { $$ = $2; };
iface: want_iface WORD { $$ = $2; };

/* global */

global_head: global_name EOL | global_name bad_line;
global_name: GLOBAL { build_global_open(p, $1); };
global_lines:
	%empty
	| global_lines EOL
	| global_lines global_statement EOL
	| global_lines bad_line
	;
global_statement:
	USER name { build_global_user(p, $1, $2); } user_args
	| CONTROL path { build_global_control(p, $1, $2); } socket_args
	| STATUS path { build_global_status(p, $1, $2); } socket_args
	| STATE path { build_global_state(p, $1, $2); }
	| STOP KEEP { build_global_stop(p, $1, false); }
	| STOP CLEAR { build_global_stop(p, $1, true); }
	| TABLE SHARED { build_global_table(p, $1, false); }
	| TABLE EXCLUSIVE { build_global_table(p, $1, true); }
	| TIMEOUTS { build_statement(p, $1); } timeouts
	| EMPTY YES { build_global_empty(p, $1); }
	| SYNC sync_role sync_args { build_sync_close(p, $1); }
	| CONNTRACK { build_global_conntrack(p, $1); }
	| SYSCTL KEEP { build_global_sysctl(p, $1); }
	| CHECKS { build_statement(p, $1); } MAX_IN_FLIGHT number
		{ build_global_checks(p, $4); }
	;
timeouts: timeout | timeouts timeout;
timeout:
	TCP time { build_global_timeout(p, $1, $2, &p->conf->tcp_timeout_s); }
	| TCPFIN time { build_global_timeout(p, $1, $2, &p->conf->tcpfin_timeout_s); }
	| UDP time { build_global_timeout(p, $1, $2, &p->conf->udp_timeout_s); }
	;
sync_role:
	MASTER { build_sync_open(p, $1, true, false); }
	| BACKUP { build_sync_open(p, $1, false, true); }
	| BOTH { build_sync_open(p, $1, true, true); }
	;
sync_args: %empty | sync_args sync_arg;
sync_arg:
	INTERFACE iface { build_sync_interface(p, $1, $2); }
	| SYNCID number { build_sync_syncid(p, $1, $2); }
	| MAXLEN number { build_sync_maxlen(p, $1, $2); }
	| GROUP address { build_sync_group(p, $1, $2); }
	| PORT number { build_sync_port(p, $1, $2); }
	| TTL number { build_sync_ttl(p, $1, $2); }
	;
user_args: %empty | user_args GROUP name { build_global_user_group(p, $2, $3); };
socket_args: %empty | socket_args socket_arg;
socket_arg:
	GROUP name { build_socket_group(p, $1, $2); }
	| MODE octal { build_socket_mode(p, $1, $2); }
	;

/* director */

director_head:
	director_name director_args EOL
	| director_name director_args bad_line { p->director->bad = true; }
	| DIRECTOR want_name bad_line { build_director_scratch(p, $1); }
	;
defaults_head: defaults_name EOL | defaults_name bad_line;
defaults_name: DEFAULTS { build_defaults_open(p, $1); };
director_name: DIRECTOR want_name WORD { build_director_open(p, $1, $3); };
director_args: %empty | director_args director_arg;
director_arg:
	WORD { build_director_address(p, $1); }
	| TCP { build_director_protocol(p, $1, IPPROTO_TCP); }
	| UDP { build_director_protocol(p, $1, IPPROTO_UDP); }
	| SCTP { build_director_protocol(p, $1, IPPROTO_SCTP); }
	| FWMARK number { build_director_fwmark(p, $1, $2); }
	;
director_lines:
	%empty
	| director_lines EOL
	| director_lines director_statement EOL
	| director_lines server EOL { build_server_close(p); }
	| director_lines bad_line
	;
director_statement:
	BALANCE { build_statement(p, $1); } balance
	| MODE { build_statement(p, $1); } mode
	| CHECK { build_check_open(p, $1); } check_args
	| OPTION option
	;

balance:
	LEASTCONN { build_balance(p, $1, BALANCE_LEASTCONN); } locality
	| ROUNDROBIN { build_balance(p, $1, BALANCE_ROUNDROBIN); }
	| SOURCE { build_balance(p, $1, BALANCE_SOURCE); } hash_port
	| SRCDST { build_balance(p, $1, BALANCE_SRCDST); }
	| DEST { build_balance(p, $1, BALANCE_DEST); }
	| SHORTEXPDELAY { build_balance(p, $1, BALANCE_SHORTEXPDELAY); }
	| SHORTESTEXPECTED { build_balance(p, $1, BALANCE_SHORTEXPDELAY); }
	| NEVERQUEUE { build_balance(p, $1, BALANCE_NEVERQUEUE); }
	| FO { build_balance(p, $1, BALANCE_FO); }
	| WEIGHTEDFAILOVER { build_balance(p, $1, BALANCE_FO); }
	| OVF { build_balance(p, $1, BALANCE_OVF); }
	| OVH { build_balance(p, $1, BALANCE_OVF); }
	| MH { build_balance(p, $1, BALANCE_MH); } hash_port
	| TWOS { build_balance(p, $1, BALANCE_TWOS); }
	| KERNEL { build_balance(p, $1, BALANCE_KERNEL); } name
		{ build_balance_kernel(p, $3); } kernel_flags
	;
hash_port: %empty | PORT { p->into->hash_port = true; };
kernel_flags: %empty | kernel_flags kernel_flag;
kernel_flag:
	FLAG_1 { build_balance_flag(p, $1, 0); }
	| FLAG_2 { build_balance_flag(p, $1, 1); }
	| FLAG_3 { build_balance_flag(p, $1, 2); }
	;
locality:
	%empty
	| LOCALITYBASED { build_balance(p, $1, BALANCE_LOCALITY); }
	| LOCALITYBASED REPLICATION { build_balance(p, $1, BALANCE_LOCALITY_REPLICATION); }
	;

mode:
	NAT { build_mode(p, $1, MODE_NAT); } masquerade
	| GATEWAY { build_mode(p, $1, MODE_GATEWAY); }
	| TUNNEL { build_mode(p, $1, MODE_TUNNEL); } tunnel_args
	;
masquerade: %empty | MASQUERADE { build_mode_masquerade(p, $1); };
tunnel_args: %empty | tunnel_args tunnel_arg;
tunnel_arg:
	IPIP { build_tunnel_type(p, $1, TUNNEL_IPIP); }
	| GRE { build_tunnel_type(p, $1, TUNNEL_GRE); }
	| GUE { build_tunnel_type(p, $1, TUNNEL_GUE); }
	| PORT number { build_tunnel_port(p, $1, $2); }
	| CHECKSUM NONE { build_tunnel_checksum(p, $1, CHECKSUM_NONE); }
	| CHECKSUM YES { build_tunnel_checksum(p, $1, CHECKSUM_YES); }
	| CHECKSUM REMOTE { build_tunnel_checksum(p, $1, CHECKSUM_REMOTE); }
	;

check_args: %empty | check_args check_arg;
check_arg:
	INTERVAL time { build_check_interval(p, $1, $2); }
	| TIMEOUT time { build_check_timeout(p, $1, $2); }
	| SOURCE address { build_check_source(p, $1, $2); }
	| PORT number { build_check_port(p, $1, $2); }
	| RISE number { build_check_rise(p, $1, $2); }
	| FALL number { build_check_fall(p, $1, $2); }
	| INHIBIT { build_check_inhibit(p, $1); }
	| FASTINTER time { build_check_fastinter(p, $1, $2); }
	| DOWNINTER time { build_check_downinter(p, $1, $2); }
	;

option:
	PERSISTENCE { build_option_persistence(p, $1); } persistence_args
	| ONEPACKET { build_option_onepacket(p, $1); }
	| ICMPCHECK { build_option_method(p, $1, CHECK_ICMP); } check_args
	| ICMP CHECK { build_option_method(p, $1, CHECK_ICMP); } check_args
	| TCPCHECK { build_option_method(p, $1, CHECK_TCP); } tcp_args
	| ARPCHECK { build_option_method(p, $1, CHECK_ARP); } arp_args
	| HTTPCHECK { build_option_method(p, $1, CHECK_HTTP); } http_args
	| HTTPSCHECK { build_option_method(p, $1, CHECK_HTTPS); } https_args
	| UDPCHECK { build_option_method(p, $1, CHECK_UDP); } udp_args
	| DNSCHECK { build_option_method(p, $1, CHECK_DNS); } dns_args
	| EXTERNALCHECK { build_option_method(p, $1, CHECK_EXTERNAL); } text
		{ build_external_command(p, $3); } check_args
	| AGENTCHECK { build_option_agent(p, $1); } agent_args { build_agent_close(p, $1); }
	| SLOWSTART time { build_option_slowstart(p, $1, $2); }
	| QUORUM number { build_option_quorum(p, $1, $2); }
	| PANIC number { build_option_panic(p, $1, $2); }
	| ANNOUNCE { build_option_announce(p, $1); } announce_args
	| DRAIN time { build_option_drain(p, $1, $2); }
	| SIP { build_option_sip(p, $1); }
	;
agent_args: %empty | agent_args agent_arg;
agent_arg:
	PORT number { build_agent_port(p, $1, $2); }
	| INTERVAL time { build_agent_interval(p, $1, $2); }
	;
announce_args: %empty | announce_args announce_arg;
announce_arg: INTERFACE iface { build_announce_interface(p, $1, $2); };
tcp_args: %empty | tcp_args check_arg | tcp_args talk_arg | tcp_args ssl_arg;
udp_args: %empty | udp_args check_arg | udp_args talk_arg;
talk_arg:
	SEND text { build_talk_send(p, $1, $2); }
	| EXPECT text { build_talk_expect(p, $1, $2); }
	;
ssl_arg: SSL { build_talk_ssl(p, $1); } | tls_arg;
dns_args: %empty | dns_args check_arg | dns_args dns_arg;
dns_arg:
	NAME text { build_dns_name(p, $1, $2); }
	| TYPE text { build_dns_type(p, $1, $2); }
	| RCODE text { build_dns_rcode(p, $1, $2); }
	;
persistence_args: %empty | persistence_args persistence_arg;
persistence_arg:
	TIMEOUT time { build_persistence_timeout(p, $1, $2); }
	| NETMASK text { build_persistence_netmask(p, $1, $2); }
	;
arp_args: %empty | arp_args check_arg | arp_args arp_arg;
arp_arg: IFACE iface { build_arp_iface(p, $1, $2); };
http_args: %empty | http_args check_arg | http_args http_arg;
http_arg:
	URI text { build_http_uri(p, $1, $2); }
	| STATUSCODE number { build_http_statuscode(p, $1, $2); }
	| VHOST text { build_http_vhost(p, $1, $2); }
	| METHOD GET { build_http_method(p, $1, HTTP_GET); }
	| METHOD HEAD { build_http_method(p, $1, HTTP_HEAD); }
	| METHOD OPTIONS { build_http_method(p, $1, HTTP_OPTIONS); }
	| MATCH text { build_http_match(p, $1, $2); }
	;
https_args:
	%empty
	| https_args check_arg
	| https_args http_arg
	| https_args tls_arg
	;
tls_arg:
	SNI text { build_tls_sni(p, $1, $2); }
	| VERIFY NONE { build_tls_verify(p, $1, false); }
	| VERIFY REQUIRED { build_tls_verify(p, $1, true); }
	| CAFILE path { build_tls_cafile(p, $1, $2); }
	;

server: SERVER name address { build_server_open(p, $2, $3); } server_args;
server_args: %empty | server_args server_arg | server_args check_arg;
server_arg:
	WEIGHT number { build_server_weight(p, $1, $2); }
	| CHECK { build_server_check(p, $1); }
	| SORRY { build_server_sorry(p, $1); }
	| MAXCONN number { build_server_maxconn(p, $1, $2); }
	| MINCONN number { build_server_minconn(p, $1, $2); }
	;

/* flow */

flow_head:
	FLOW name { build_flow_open(p, $1, $2); } flow_policy
	| FLOW want_name bad_line { build_flow_scratch(p, $1); }
	| OUTFLOW bad_line { build_flow_scratch(p, $1); }
	;
flow_policy:
	DIRECTOR name EOL { build_flow_director(p, $2); }
	| bad_line
	;
flow_lines:
	%empty
	| flow_lines EOL
	| flow_lines flow_rule EOL { build_rule_close(p); }
	| flow_lines bad_line
	;
flow_rule:
	MATCH { build_rule_open(p, $1, false); } conditions
	| IGNORE { build_rule_open(p, $1, true); } conditions
	;
conditions: %empty | conditions condition;
condition:
	not IFACE iface { build_rule_iface(p, $2, $3, $1); }
	| not PROTO text { build_rule_proto(p, $2, $3, $1); }
	| not SRC address { build_rule_src(p, $2, $3, $1); }
	| not DST address { build_rule_dst(p, $2, $3, $1); }
	| not SRCPORT number { build_rule_srcport(p, $2, $3, $1); }
	| not DSTPORT number { build_rule_dstport(p, $2, $3, $1); }
	| not ICMPTYPE text { build_rule_icmptype(p, $2, $3, $1); }
	;
not: %empty { $$ = false; } | NOT { $$ = true; };

%%

_Static_assert(YYNTOKENS + 258 <= TOKENS_MAX, "no room for every token");

/* Never called: syntax errors come to yyreport_syntax_error(), and the stack
 * cannot run out of memory (YYMALLOC). */
static void yyerror(struct parse *p, const char *text)
{
	parse_error(p, p->in->last->loc, "%s", text);
}

/* Is KIND a word that a message should offer? */
static bool is_offered(yysymbol_kind_t kind)
{
	return kind != YYSYMBOL_EOL && kind != YYSYMBOL_YYEOF &&
	       kind != YYSYMBOL_OUTFLOW;
}

const char *grammar_keyword(int token)
{
	const yysymbol_kind_t kind = YYTRANSLATE(token);

	if (token <= T_WORD || kind == YYSYMBOL_YYUNDEF)
		return NULL;
	return yysymbol_name(kind);
}

static int yyreport_syntax_error(const yypcontext_t *context, struct parse *p)
{
	yysymbol_kind_t kinds[YYNTOKENS];
	const char *names[YYNTOKENS];
	const yysymbol_kind_t found = yypcontext_token(context);
	const bool at_end = found == YYSYMBOL_EOL || found == YYSYMBOL_YYEOF;
	int n = yypcontext_expected_tokens(context, kinds, YYNTOKENS);
	size_t n_names = 0;

	for (int i = 0; i < n; i++)
		if (is_offered(kinds[i]))
			names[n_names++] =
			    kinds[i] == YYSYMBOL_WORD ? NULL : yysymbol_name(kinds[i]);
	syntax_error(p, at_end ? NULL : p->in->last,
	    at_end ? p->in->eol : p->in->last->loc, names, n_names);
	return 0;
}
