#!/bin/sh
# docs.sh: what README and the documents name is there: files, the jobs of tests/run, commands
# of lvsctl and their options, options of lvsd. Each lvs.conf in them is good. BUILDDIR is a
# build.
cd "$(dirname "$0")/.." || exit 1
. tests/lab/tap.sh
BUILDDIR=${BUILDDIR:-$PWD/build/gcc}
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 143' TERM INT HUP

# missing TEXT COUNT: what is not there should be nothing, of COUNT at least that were looked
# at, or the pattern finds no more what it did.
missing()
{
	is "$1" "$(head -n 20 "$tmp/missing")" ""
	is "and that is $2 or more" "$([ "$(wc -l <"$tmp/seen")" -ge "$2" ] || cat "$tmp/seen")" ""
	: >"$tmp/seen"
}

set -- README.md doc/*.md
for file; do
	grep -o '](\(\.\./\)\?[A-Za-z][^):]*)' "$file" | sed 's/](//; s/)$//; s/#.*//' | while read -r link; do
		echo "$link" >>"$tmp/seen"
		[ -e "$(dirname "$file")/$link" ] || echo "$file: $link"
	done
done >"$tmp/missing"
missing "what they link to" 20

for file; do
	grep -Eo '(^|[ (`])(tests|examples|doc|dist|src|parser|man)/[A-Za-z0-9_./*-]+' "$file" | sed 's/^[^a-z]*//; s/\.$//' |
	while read -r path; do
		echo "$path" >>"$tmp/seen"
		ls -d $path >/dev/null 2>&1 || echo "$file: $path"
	done
done >"$tmp/missing"
missing "paths" 30

grep -Eo '`[a-z_]+\.[chy]`' doc/design.md doc/testing.md | tr -d '`' | while IFS=: read -r file name; do
	echo "$name" >>"$tmp/seen"
	[ -n "$(find src parser tests -name "$name" -print -quit)" ] || echo "$file: $name"
done >"$tmp/missing"
missing "files of the source" 20

# ---- what is typed ----

sh tests/run -l >"$tmp/jobs"
{
	grep -o 'sh tests/run [a-z][a-z_/]*' "$@" | sed 's/:sh tests.run /: /'
	sed -n 's/^| .* | .* | \(.*\) |$/\1/p' doc/reliability.md | grep -v 'seen in' | tr ', ' '\n\n' | sed '/^$/d; s/^/doc\/reliability.md: /'
} | while read -r file job; do
	echo "$job" >>"$tmp/seen"
	grep -q -- "$job" "$tmp/jobs" || echo "$file $job"
done >"$tmp/missing"
missing "jobs of tests/run" 30

grep -ho 'lvsctl \(--json \)\?[a-z]\+[^`#|]*' "$@" | sed 's/^lvsctl //; s/^--json //' | while read -r verb words; do
	"$BUILDDIR/lvsctl" --help | grep -q "^  $verb\( \|$\)" || continue # a sentence
	echo "$verb" >>"$tmp/seen"
	for option in $(echo " $words" | sed 's/ --command .*/ --command/; s/[;&(].*//' | grep -o ' --[a-z]\+'); do
		"$BUILDDIR/lvsctl" --help | grep "^  $verb\( \|$\)" | grep -q -- "$option" || echo "lvsctl $verb $option"
	done
done >"$tmp/missing"
missing "options of lvsctl's commands" 30
sed 's/journalctl[^`]*//g' "$@" | grep -Eo '\b(lvsd|lvsweb)( -[-A-Za-z]+( [^- `|]+)?)+' | while read -r program words; do
	for option in $(echo " $words" | grep -Eo ' --?[a-zA-Z-]+'); do
		echo "$program $option" >>"$tmp/seen"
		"$BUILDDIR/$program" -h | grep -Eq -- "^  (-[A-Za-z], )?$option\b" || echo "$program $option"
	done
done >"$tmp/missing"
missing "options of lvsd and lvsweb" 10

# ---- README's lvs.conf, and what it shows of errors ----

section() { sed -n "/^## $1/,/^## /s/^    //p" README.md; }
is "README's lvs.conf is that of the quickstart" "$(section 'Ten lines' | sed '/^lvs.conf:2:/,$d')" "$(cat examples/lvs.conf)"
check "which is good" "$BUILDDIR/lvsd" -c -f examples/lvs.conf
section 'Ten lines' | sed -n '/^lvs.conf:2:/,$p' >"$tmp/errors"
cat >"$tmp/lvs.conf" <<END
director web 10.9.9.1:80
    balance roundrobbin
    server rs1 10.2.0.11:80 wieght 10
    server rs2 www.example.com:80
    server rs3 10.2.0.13:80
    server rs3 10.2.0.14:80
END
is "README's errors are what is said" "$(cd "$tmp" && "$BUILDDIR/lvsd" -c -f lvs.conf 2>&1)" "$(cat "$tmp/errors")"
finish
