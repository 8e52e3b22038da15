/*
 * grammar: which words make a statement.
 *
 * Builds nodes through build.h, judges nothing and frees nothing. One
 * statement is one line; a line that cannot be understood is reported, left
 * out, and the next one is read. A section lasts until the next line that
 * opens one. Lists are left-recursive: no file can deepen the stack.
 *
 * A value is always "want_x T_WORD": want_x is reduced before the scanner is
 * asked for the word, and tells it that no keyword is meant.
 */
%code requires {
#include "parser/parse.h"
}

%{
#include <stdlib.h>

#include "lib/xalloc.h"
#include "parser/build.h"
#include "parser/grammar.h"

#define YYMALLOC xmalloc
#define YYFREE free

/* The place of a group is that of its first word. */
#define YYLLOC_DEFAULT(current, rhs, n) ((current) = YYRHSLOC(rhs, (n) > 0))

static void yyerror(const struct loc *loc, struct parse *p, const char *text);
%}

%code provides {
/* scanner.l */
int conf_yylex(union CONF_YYSTYPE *yylval, struct loc *loc, struct parse *p);
}

%define api.pure full
%define api.prefix {conf_yy}
%define api.token.prefix {T_}
%define api.location.type {struct loc}
%define parse.error custom
%define parse.lac full
%locations
%param { struct parse *p }
%expect 0

%union {
	struct word word;
	bool yes;
}

%token EOL
%token <word> WORD
%token <word> ARPCHECK "arpcheck"
%token <word> BALANCE "balance"
%token <word> CAFILE "cafile"
%token <word> CHECK "check"
%token <word> CONTROL "control"
%token <word> DEFAULTS "defaults"
%token <word> DEST "dest"
%token <word> DIRECTOR "director"
%token <word> DST "dst"
%token <word> DSTPORT "dstport"
%token <word> FALL "fall"
%token <word> FLOW "flow"
%token <word> FO "fo"
%token <word> FWMARK "fwmark"
%token <word> GATEWAY "gateway"
%token <word> GLOBAL "global"
%token <word> GROUP "group"
%token <word> HTTPCHECK "httpcheck"
%token <word> HTTPSCHECK "httpscheck"
%token <word> ICMP "icmp"
%token <word> ICMPCHECK "icmpcheck"
%token <word> ICMPTYPE "icmptype"
%token <word> IFACE "iface"
%token <word> IGNORE "ignore"
%token <word> INHIBIT "inhibit"
%token <word> INTERVAL "interval"
%token <word> LEASTCONN "leastconn"
%token <word> LOCALITYBASED "localitybased"
%token <word> MATCH "match"
%token <word> MH "mh"
%token <word> MODE "mode"
%token <word> NAT "nat"
%token <word> NETMASK "netmask"
%token <word> NEVERQUEUE "neverqueue"
%token <word> NONE "none"
%token <word> NOT "not"
%token <word> ONEPACKET "onepacket"
%token <word> OPTION "option"
%token <word> OUTFLOW "outflow"
%token <word> OVF "ovf"
%token <word> OVH "ovh"
%token <word> PERSISTENCE "persistence"
%token <word> PORT "port"
%token <word> PROTO "proto"
%token <word> REPLICATION "replication"
%token <word> REQUIRED "required"
%token <word> RISE "rise"
%token <word> ROUNDROBIN "roundrobin"
%token <word> SCTP "SCTP"
%token <word> SERVER "server"
%token <word> SHORTESTEXPECTED "shortestexpected"
%token <word> SHORTEXPDELAY "shortexpdelay"
%token <word> SNI "sni"
%token <word> SORRY "sorry"
%token <word> SOURCE "source"
%token <word> SRC "src"
%token <word> SRCDST "srcdst"
%token <word> SRCPORT "srcport"
%token <word> STATE "state"
%token <word> STATUS "status"
%token <word> STATUSCODE "statuscode"
%token <word> TCP "TCP"
%token <word> TCPCHECK "tcpcheck"
%token <word> TIMEOUT "timeout"
%token <word> TUNNEL "tunnel"
%token <word> TWOS "twos"
%token <word> UDP "UDP"
%token <word> URI "uri"
%token <word> USER "user"
%token <word> VERIFY "verify"
%token <word> VHOST "vhost"
%token <word> WEIGHT "weight"
%token <word> WEIGHTEDFAILOVER "weightedfailover"

%nterm <word> name address number time path text octal iface
%nterm <yes> not

%%

file: preamble sections;
preamble: %empty | preamble EOL | preamble bad_line;
sections: %empty | sections section;
section:
	global_head global_lines
	| director_head director_lines
	| flow_head flow_lines
	;
bad_line: error EOL { yyerrok; };

/* Values */

want_name: %empty { parse_want(p, "a name"); };
want_address: %empty { parse_want(p, "an address"); };
want_number: %empty { parse_want(p, "a number"); };
want_time: %empty { parse_want(p, "a time, such as 10s or 500ms,"); };
want_path: %empty { parse_want(p, "a path"); };
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
global_name: GLOBAL { build_global_open(p, &$1); };
global_lines:
	%empty
	| global_lines EOL
	| global_lines global_statement EOL
	| global_lines bad_line
	;
global_statement:
	USER name { build_global_user(p, &$1, &$2); } user_args
	| CONTROL path { build_global_control(p, &$1, &$2); } socket_args
	| STATUS path { build_global_status(p, &$1, &$2); } socket_args
	| STATE path { build_global_state(p, &$1, &$2); }
	;
user_args: %empty | user_args GROUP name { build_global_user_group(p, &$2, &$3); };
socket_args: %empty | socket_args socket_arg;
socket_arg:
	GROUP name { build_socket_group(p, &$1, &$2); }
	| MODE octal { build_socket_mode(p, &$1, &$2); }
	;

/* director */

director_head:
	director_name director_args EOL
	| director_name director_args bad_line { p->director->bad = true; }
	| DIRECTOR want_name bad_line { build_director_scratch(p, &$1); }
	| DEFAULTS bad_line { build_director_scratch(p, &$1); }
	;
director_name: DIRECTOR want_name WORD { build_director_open(p, &$1, &$3); };
director_args: %empty | director_args director_arg;
director_arg:
	WORD { build_director_address(p, &$1); }
	| TCP { build_director_protocol(p, &$1, IPPROTO_TCP); }
	| UDP { build_director_protocol(p, &$1, IPPROTO_UDP); }
	| SCTP { build_director_protocol(p, &$1, IPPROTO_SCTP); }
	| FWMARK number { build_director_fwmark(p, &$1, &$2); }
	;
director_lines:
	%empty
	| director_lines EOL
	| director_lines director_statement EOL
	| director_lines server EOL { build_server_close(p); }
	| director_lines bad_line
	;
director_statement:
	BALANCE { build_statement(p, &$1); } balance
	| MODE { build_statement(p, &$1); } mode
	| CHECK { build_check_open(p, &$1); } check_args
	| OPTION option
	;

balance:
	LEASTCONN { build_balance(p, &$1, BALANCE_LEASTCONN); } locality
	| ROUNDROBIN { build_balance(p, &$1, BALANCE_ROUNDROBIN); }
	| SOURCE { build_balance(p, &$1, BALANCE_SOURCE); }
	| SRCDST { build_balance(p, &$1, BALANCE_SRCDST); }
	| DEST { build_balance(p, &$1, BALANCE_DEST); }
	| SHORTEXPDELAY { build_balance(p, &$1, BALANCE_SHORTEXPDELAY); }
	| SHORTESTEXPECTED { build_balance(p, &$1, BALANCE_SHORTEXPDELAY); }
	| NEVERQUEUE { build_balance(p, &$1, BALANCE_NEVERQUEUE); }
	| FO { build_balance(p, &$1, BALANCE_FO); }
	| WEIGHTEDFAILOVER { build_balance(p, &$1, BALANCE_FO); }
	| OVF { build_balance(p, &$1, BALANCE_OVF); }
	| OVH { build_balance(p, &$1, BALANCE_OVF); }
	| MH { build_balance(p, &$1, BALANCE_MH); }
	| TWOS { build_balance(p, &$1, BALANCE_TWOS); }
	;
locality:
	%empty
	| LOCALITYBASED { build_balance(p, &$1, BALANCE_LOCALITY); }
	| LOCALITYBASED REPLICATION { build_balance(p, &$1, BALANCE_LOCALITY_REPLICATION); }
	;

mode:
	NAT { build_mode(p, &$1, MODE_NAT); }
	| GATEWAY { build_mode(p, &$1, MODE_GATEWAY); }
	| TUNNEL { build_mode(p, &$1, MODE_TUNNEL); }
	;

check_args: %empty | check_args check_arg;
check_arg:
	INTERVAL time { build_check_interval(p, &$1, &$2); }
	| TIMEOUT time { build_check_timeout(p, &$1, &$2); }
	| SOURCE address { build_check_source(p, &$1, &$2); }
	| PORT number { build_check_port(p, &$1, &$2); }
	| RISE number { build_check_rise(p, &$1, &$2); }
	| FALL number { build_check_fall(p, &$1, &$2); }
	| INHIBIT { build_check_inhibit(p, &$1); }
	;

option:
	PERSISTENCE { build_option_persistence(p, &$1); } persistence_args
	| ONEPACKET { build_option_onepacket(p, &$1); }
	| ICMPCHECK { build_option_method(p, &$1, CHECK_ICMP); } check_args
	| ICMP CHECK { build_option_method(p, &$1, CHECK_ICMP); } check_args
	| TCPCHECK { build_option_method(p, &$1, CHECK_TCP); } check_args
	| ARPCHECK { build_option_method(p, &$1, CHECK_ARP); } arp_args
	| HTTPCHECK { build_option_method(p, &$1, CHECK_HTTP); } http_args
	| HTTPSCHECK { build_option_method(p, &$1, CHECK_HTTPS); } https_args
	;
persistence_args: %empty | persistence_args persistence_arg;
persistence_arg:
	TIMEOUT time { build_persistence_timeout(p, &$1, &$2); }
	| NETMASK text { build_persistence_netmask(p, &$1, &$2); }
	;
arp_args: %empty | arp_args check_arg | arp_args arp_arg;
arp_arg: IFACE iface { build_arp_iface(p, &$1, &$2); };
http_args: %empty | http_args check_arg | http_args http_arg;
http_arg:
	URI text { build_http_uri(p, &$1, &$2); }
	| STATUSCODE number { build_http_statuscode(p, &$1, &$2); }
	| VHOST text { build_http_vhost(p, &$1, &$2); }
	;
https_args:
	%empty
	| https_args check_arg
	| https_args http_arg
	| https_args https_arg
	;
https_arg:
	SNI text { build_https_sni(p, &$1, &$2); }
	| VERIFY NONE { build_https_verify(p, &$1, false); }
	| VERIFY REQUIRED { build_https_verify(p, &$1, true); }
	| CAFILE path { build_https_cafile(p, &$1, &$2); }
	;

server: SERVER name address { build_server_open(p, &$2, &$3); } server_args;
server_args: %empty | server_args server_arg | server_args check_arg;
server_arg:
	WEIGHT number { build_server_weight(p, &$1, &$2); }
	| CHECK { build_server_check(p, &$1); }
	| SORRY { build_server_sorry(p, &$1); }
	;

/* flow */

flow_head:
	FLOW name { build_flow_open(p, &$1, &$2); } flow_policy
	| FLOW want_name bad_line { build_flow_scratch(p, &$1); }
	| OUTFLOW bad_line { build_flow_scratch(p, &$1); }
	;
flow_policy:
	DIRECTOR name EOL { build_flow_director(p, &$2); }
	| bad_line
	;
flow_lines:
	%empty
	| flow_lines EOL
	| flow_lines flow_rule EOL { build_rule_close(p); }
	| flow_lines bad_line
	;
flow_rule:
	MATCH { build_rule_open(p, &$1, false); } conditions
	| IGNORE { build_rule_open(p, &$1, true); } conditions
	;
conditions: %empty | conditions condition;
condition:
	not IFACE iface { build_rule_iface(p, &$2, &$3, $1); }
	| not PROTO text { build_rule_proto(p, &$2, &$3, $1); }
	| not SRC address { build_rule_src(p, &$2, &$3, $1); }
	| not DST address { build_rule_dst(p, &$2, &$3, $1); }
	| not SRCPORT number { build_rule_srcport(p, &$2, &$3, $1); }
	| not DSTPORT number { build_rule_dstport(p, &$2, &$3, $1); }
	| not ICMPTYPE text { build_rule_icmptype(p, &$2, &$3, $1); }
	;
not: %empty { $$ = false; } | NOT { $$ = true; };

%%

_Static_assert(YYNTOKENS + 258 <= TOKENS_MAX, "no room for every token");

/* Never called: syntax errors come to yyreport_syntax_error(), and the stack
 * cannot run out of memory (YYMALLOC). */
static void yyerror(const struct loc *loc, struct parse *p, const char *text)
{
	parse_error(p, *loc, "%s", text);
}

/* Is KIND a word that a message should offer? */
static bool is_offered(yysymbol_kind_t kind)
{
	return kind != YYSYMBOL_EOL && kind != YYSYMBOL_YYEOF &&
	       kind != YYSYMBOL_DEFAULTS && kind != YYSYMBOL_OUTFLOW;
}

static int yyreport_syntax_error(const yypcontext_t *context, struct parse *p)
{
	yysymbol_kind_t kinds[YYNTOKENS];
	const char *names[YYNTOKENS];
	const yysymbol_kind_t found = yypcontext_token(context);
	const struct loc *loc = yypcontext_location(context);
	const bool at_end = found == YYSYMBOL_EOL || found == YYSYMBOL_YYEOF;
	int n = yypcontext_expected_tokens(context, kinds, YYNTOKENS);
	size_t n_names = 0;

	for (int i = 0; i < n; i++)
		if (is_offered(kinds[i]))
			names[n_names++] =
			    kinds[i] == YYSYMBOL_WORD ? NULL : yysymbol_name(kinds[i]);
	syntax_error(p, at_end ? NULL : &p->last, *loc, names, n_names);
	return 0;
}
