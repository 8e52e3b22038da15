# examples.sh: each file of examples/ is good, without a warning, and a daemon starts with
# it. What doc/migrating.md shows as the output of "lvsctl import" is that.
. "$SRCDIR/tests/dry/lib"

# good NAME: what is on standard input
good()
{
	cat >"$dir/example"
	check "$1: lvsd -c" lvsd -c -f "$dir/example"
	is "$1: without a warning" "$(lvsd -c -f "$dir/example" 2>&1 >"$dir/summary")" ""
	conf <"$dir/example"
	check "$1: starts" start
	is "$1: has no director that failed" "$(json '[.directors[] | select(.fault != null)] | length')" 0
	stop
}
for file in "$SRCDIR"/examples/*.conf; do
	good "${file##*/}" <"$file"
done

# Blocks of the document, one file each: what was there, and behind it what becomes of it.
awk -v dir="$dir" '
	/^```[a-z]/ { n++; file = dir "/block." n; print substr($0, 4) >(dir "/kind." n); next }
	/^```$/ { file = ""; next }
	file != "" { print >file }' "$SRCDIR/doc/migrating.md"
n=1
while [ -e "$dir/block.$n" ]; do
	kind=$(cat "$dir/kind.$n")
	# The first line names the file.
	lvsctl import "$dir/block.$n" 2>"$dir/said" | sed 1d >"$dir/imported"
	sed 1d "$dir/block.$((n + 1))" >"$dir/shown"
	check "migrating.md, $kind" diff "$dir/shown" "$dir/imported"
	good "migrating.md, of $kind" <"$dir/imported"
	n=$((n + 2))
done
is "migrating.md has three of them" "$n" 7
finish
