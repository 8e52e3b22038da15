#!/bin/sh
# The pages: mandoc has nothing to say, and each has what a reader looks for.
cd "$(dirname "$0")/.." || exit 1
. tests/lab/tap.sh

# What this machine has of other pages is no matter of ours.
lint() { mandoc -T lint -W style "$1" 2>&1 | grep -v 'referenced manual not found\|outdated mandoc\.db'; }
for page in man/*.[1-9]; do
	is "$page: mandoc has nothing to say" "$(lint "$page")" ""
	is "$page: its sections" "$(grep -Eo '^\.Sh (FILES|EXIT STATUS|EXAMPLES|DIAGNOSTICS|SEE ALSO)' "$page" | paste -sd' ')" \
		".Sh FILES .Sh EXIT STATUS .Sh EXAMPLES .Sh DIAGNOSTICS .Sh SEE ALSO"
	is "$page: leads to ipvsadm(8)" "$(sed -n '/^\.Sh SEE ALSO/,$p' "$page" | grep -c '^\.Xr ipvsadm 8')" 1
done
finish
