# examples.sh: each file of examples/ is good, without a warning, and a daemon starts with
# it. Those of the documents are: an lvs.conf is a block that begins with "director",
# "global" or "defaults".
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
finish
