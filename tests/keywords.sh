#!/bin/sh
# Every keyword of the grammar stands in lvs.conf(5), and every word that the
# page shows as a keyword is one of the grammar's, or one of the few below.
cd "$(dirname "$0")/.." || exit 1
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
passed=0 failed=0

# Values that are no keywords, and words the page names as refused.
others='icmp tcp udp permit deny skip never echo-request ms s m h'

sed -n 's/^%token <word> [A-Z0-9_]* "\(.*\)"$/\1/p' parser/grammar.y | tr A-Z a-z | sort -u >"$tmp/grammar"
# The words behind .Ic and .Cm, also inside .It, .Op and the like.
awk '/^\./ {
	shown = 0
	for (i = 1; i <= NF; i++) {
		if ($i == ".Ic" || $i == ".Cm" || $i == "Ic" || $i == "Cm") {
			shown = 1
			continue
		}
		if ($i ~ /^\.?[A-Z][a-z]$/) {
			shown = 0
			continue
		}
		if (shown && $i ~ /^[A-Za-z][A-Za-z0-9-]*$/)
			print tolower($i)
	}
}' man/lvs.conf.5 | sort -u >"$tmp/page"
echo "$others" | tr ' ' '\n' | sort >"$tmp/others"

# same TEXT FILE: FILE must be empty
same()
{
	if [ -s "$2" ]; then
		echo "not ok - $1"
		sed 's/^/# /' "$2"
		failed=$((failed + 1))
	else
		echo "ok - $1"
		passed=$((passed + 1))
	fi
}
comm -23 "$tmp/grammar" "$tmp/page" >"$tmp/missing"
same "every keyword is in lvs.conf(5)" "$tmp/missing"
sort -u "$tmp/grammar" "$tmp/others" | comm -13 - "$tmp/page" >"$tmp/unknown"
same "every keyword of lvs.conf(5) is the grammar's" "$tmp/unknown"
: >"$tmp/none"
[ "$(wc -l <"$tmp/grammar")" -ge 100 ] || echo "fewer than 100" >"$tmp/none"
same "the keywords were found" "$tmp/none"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
