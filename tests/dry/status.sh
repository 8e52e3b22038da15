# status.sh: the status page, from answers that stand in tests/status: what it looks
# like, how wide it is, and what colour it has where.
. "$SRCDIR/tests/dry/lib"

# says FILE COMMAND...: COMMAND, with a daemon that answers FILE to whatever it is asked.
says()
{
	answer=$1
	shift
	socat "UNIX-LISTEN:$dir/told.sock" "SYSTEM:read -r line; cat $answer" &
	told=$!
	wait_for 30 listens "$dir/told.sock"
	"$@" -s "$dir/told.sock" status
	wait $told
}

for name in healthy mixed bad; do
	says "$SRCDIR/tests/status/$name.json" lvsctl >"$dir/page"
	check "$name: the page" diff -u "$SRCDIR/tests/status/$name.txt" "$dir/page"
	is "$name: no line is longer than 80 columns" "$(awk 'length > 80' "$dir/page")" ""
	is "$name: printable" "$(tr -d '\n -~' <"$dir/page")" ""
done
[ "$tap_failed" = 0 ] || exit

# An lvsd of before told of servers by rows; and what is no name must not end lvsctl.
head=$(sed -n 1p "$SRCDIR/tests/status/healthy.json") tail=$(sed -n '$p' "$SRCDIR/tests/status/healthy.json")
odd()
{
	printf '%s\n{"name":"web","servers":[%s]}\n%s\n' "$head" "$1" "$tail" >"$dir/odd.json"
	says "$dir/odd.json" lvsctl
}
like "servers by rows" "$(odd '["web1","10.2.0.11:80","up",18180,1,104,2310]')" \
	'its servers cannot be read: lvsd is of another version'
like "a name that is none" "$(odd '[[7],["10.2.0.11:80"],"up",1,1,1,1,null]')" ' 10.2.0.11:80 +up '

# on_terminal COMMAND...: what it writes to one, escape codes as \e.
on_terminal() { script -qec "$*" /dev/null </dev/null | tr -d '\r' | sed "s/$(printf '\033')/\\\\e/g"; }
page() { says "$SRCDIR/tests/status/mixed.json" on_terminal "$@"; }
page lvsctl >"$dir/colours"
like "a terminal has colour: who is down" "$(cat "$dir/colours")" '10.2.0.12:80 +\\e\[31mdown +\\e\[0m +3m12s'
like "who is up" "$(cat "$dir/colours")" '10.2.0.11:80 +\\e\[32mup +\\e\[0m'
like "who was taken out" "$(cat "$dir/colours")" '10.2.0.13:80 +\\e\[33mdrain +\\e\[0m'
is "and nothing else" "$(sed 's/\\e\[3[123]m\(up\|down\|drain\|drained\|maint\) *\\e\[0m//g' "$dir/colours" | grep -c '\\e')" 0
page env NO_COLOR=1 lvsctl >"$dir/plain"
check "NO_COLOR: none" diff -u "$SRCDIR/tests/status/mixed.txt" "$dir/plain"
finish
