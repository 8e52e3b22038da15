#!/bin/sh
# Who may include what (doc/design.md, Rooms), held against the code.
cd "$(dirname "$0")/.." || exit 1
passed=0 failed=0

# rule TEXT PATTERN PATH...: no line in PATH may match PATTERN
rule()
{
	text=$1 pattern=$2
	shift 2
	if found=$(grep -nE "$pattern" "$@" /dev/null); then
		echo "not ok - $text"
		echo "$found" | sed 's/^/# /'
		failed=$((failed + 1))
	else
		echo "ok - $text"
		passed=$((passed + 1))
	fi
}
rooms='"(ipvs|check|flow|lvsd|lvsctl|lvsweb|parser)/'
rule 'lib knows nothing of us' "#include $rooms" src/lib/*.[ch]
rule 'ipvs knows lib only' '#include "(check|flow|lvsd|lvsctl|lvsweb|parser)/' src/ipvs/*.[ch]
rule 'parser knows lib only' '#include "(ipvs|check|flow|lvsd|lvsctl|lvsweb)/' parser/*.[chly]
rule 'check knows lib and the tree' '#include "(ipvs|flow|lvsd|lvsctl|lvsweb|parser/(parser|grammar))' src/check/*.[ch]
rule 'flow knows lib and the tree' '#include "(ipvs|check|lvsd|lvsctl|lvsweb|parser/(parser|grammar))' src/flow/*.[ch]
rule 'libipset in one file only' '#include <libipset' \
	$(ls src/flow/*.[ch] | grep -v /set.c) src/lib/*.[ch] src/ipvs/*.[ch] src/check/*.[ch] \
	src/lvsd/*.[ch] src/lvsctl/*.[ch] parser/*.[chly]
rule 'lvsctl knows lib and the parser' '#include "(ipvs|check|flow|lvsd|lvsweb)/' src/lvsctl/*.[ch]
rule 'lvsd knows no client' '#include "(lvsctl|lvsweb)/' src/lvsd/*.[ch]
rule 'lvsweb knows lib only' '#include "(ipvs|check|flow|lvsd|lvsctl|parser)/' src/lvsweb/*.[ch]
rule 'the web library in lvsweb only' '#include <microhttpd' src/lib/*.[ch] src/ipvs/*.[ch] \
	src/check/*.[ch] src/flow/*.[ch] src/lvsd/*.[ch] src/lvsctl/*.[ch] parser/*.[chly]
rule 'only ask.c speaks to lvsd' 'AF_UNIX' $(ls src/lvsweb/*.c | grep -v /ask.c)
rule 'netlink in ipvs, and for routes, only' '#include <(netlink|libnl|linux/netlink)' \
	src/lib/*.[ch] src/check/*.[ch] src/lvsd/*.[ch] parser/*.[chly] \
	$(ls src/lvsctl/*.[ch] | grep -v doctor_route.c)
rule 'OpenSSL in its module only' '#include <openssl' \
	src/lib/*.[ch] src/ipvs/*.[ch] src/lvsd/*.[ch] src/lvsctl/*.[ch] parser/*.[chly] \
	$(ls src/check/*.[ch] | grep -v /tls_openssl.c)
rule 'the module calls nobody' '#include "(lib|parser)/' src/check/tls_openssl.c
rule 'only run.c and pace.c send operations' 'ipvs_apply\(' \
	$(ls src/lvsd/*.c | grep -v -e /run.c -e /pace.c) src/lvsctl/*.c src/check/*.c
rule 'who forks' '\bfork\(\)' \
	$(ls src/lvsd/*.c | grep -vE '/(daemon|children|writer|aside|job).c') src/ipvs/*.c src/lib/*.c
rule 'no free() in the grammar' '\bfree\(' parser/grammar.y
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
