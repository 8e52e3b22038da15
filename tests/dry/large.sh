# large.sh: answers that are shown while they come: by whom they may be read slowly, and
# what is said when they end before they are whole.
. "$SRCDIR/tests/dry/lib"

# ---- a page that nobody reads ----
{
	awk 'BEGIN { for (d = 0; d < 2000; d++) {
		printf "director d%d 10.%d.%d.1:80\n", d, 8 + d / 250, d % 250
		for (s = 0; s < 10; s++)
			printf " server s%d 127.0.0.1:%d\n", s, 1000 + s
	} }'
	echo 'director last 10.7.0.1:80'
	echo ' server with-a-longer-name 127.0.0.1:80'
} | conf
check "it starts" start

# Nothing takes the page, so the daemon would cut a client off that waited for that.
mkfifo "$dir/page.fifo"
sockets_of() { find "/proc/$1/fd" -lname 'socket:*' 2>/dev/null | wc -l; }
written_by() { awk '/^wchar/ { print $2 }' "/proc/$1/io"; }
# It has filled the pipe, and has no connection any more.
has_the_answer() { [ "$(written_by $reader)" -ge 61440 ] && [ "$(sockets_of $reader)" = 0 ]; }
unread() # COMMAND...: its output after it had its answer and nobody read any of it
{
	"$@" >"$dir/page.fifo" &
	reader=$!
	exec 4<"$dir/page.fifo"
	check "it has the answer while nobody reads" wait_for 60 has_the_answer
	cat <&4 >"$dir/page"
	exec 4<&-
	wait $reader
}
unread lvsctl -s "$dir/status.sock" status
is "a page that is read late: exit status" $? 0
is "nothing of it is missing" "$(grep -c '^  s[0-9] ' "$dir/page") $(grep -c '^d[0-9]' "$dir/page")" "20000 2000"
is "it begins with how many there are" "$(sed -n 3,4p "$dir/page")" "2001 directors: 2001 up
20001 servers: 20001 unchecked"
is "columns grow when they have to" "$(tail -n 4 "$dir/page" | sed 's/unchecked .* 1 /unchecked 0s 1 /')" "
last  TCP 10.7.0.1:80  leastconn  nat  up  1 of 1 server usable
  SERVER             ADDRESS        STATE      SINCE WEIGHT ACTIVE  INACT
  with-a-longer-name 127.0.0.1:80   unchecked 0s 1      0      0"
is "not before" "$(sed -n 7p "$dir/page")" \
	"  SERVER ADDRESS        STATE      SINCE WEIGHT ACTIVE  INACT"
unread lvsctl -s "$dir/status.sock" --json status
is "the same as JSON: exit status" $? 0
is "nothing of that either" "$(jq '.complete, ([.directors[].servers | length] | add)' "$dir/page" | paste -sd' ')" \
	"true 20001"
is "it is as it came" "$(wc -l <"$dir/page")" 1

# ---- a director of so many servers that the kernel is asked for them in pieces ----
{
	echo 'director small 10.7.0.2:80'
	echo ' server a 127.0.0.1:80'
	echo 'director huge 10.7.0.1:80'
	seq 3000 | awk '{ printf " server s%d 10.8.%d.%d:80\n", $1, $1 / 250, $1 % 250 + 1 }'
	echo 'director other 10.7.0.3:80'
	echo ' server a 127.0.0.1:80'
} | conf
check "a reload" lvsctl -s "$dir/control.sock" reload
others_left() { [ "$(ctl table | grep -c '^-A')" = 3 ]; }
check "the others leave" wait_for 60 others_left
ctl status >"$dir/page"
is "its servers, and what they have in the table" \
	"$(grep -Ec '^  s[0-9]+ +10.8.[0-9.]+:80 +unchecked +[0-9]+m?s +1 +0 +0$' "$dir/page")" 3000
is "all three directors" "$(grep -c '^[a-z]*  TCP' "$dir/page")" 3
for what in status rates; do
	is "show $what" "$(echo "show $what" | socat -t 60 - "UNIX:$dir/status.sock" | jq -c \
		'[.complete, .table_read, ([.directors[].servers[] | select(.table_weight == 1)] | length)]')" \
		"[true,true,3002]"
done
is "one of it" "$(ctl status huge/s2999 | sed -n 3p | sed 's/unchecked.*//')" "  s2999  10.8.11.250:80 "
is "an audit" "$(lvsctl -s "$dir/control.sock" audit)" "looked at 3 services, the kernel has what it should"

# ---- a page that cannot be written ----
full() { lvsctl -s "$dir/status.sock" "$@" >/dev/full; }
for command in status "--json status" "status huge/s1" "explain huge/s1" table --help; do
	# shellcheck disable=SC2086 # words
	fails "$command, and no room for it" 1 full $command
	is "$command: so it says" "$tap_said" "lvsctl: cannot write: No space left on device"
done

# ---- a reload in between ----
# The first answers, as many as "cut" says, end with a reload. Before them there are as
# many directors as "size" says.
cat >"$dir/daemon" <<'END'
read -r line
brief=
case $line in *brief*) brief='\n' ;; esac
printf '{"ok":true,"kernel":{"answers":true},"totals":{"directors":{},"servers":{}},"directors":['
awk -v n="$(cat size)" -v brief="$brief" 'BEGIN {
	for (i = 0; i < n; i++)
		printf("%s%s{\"name\":\"d%d\",\"servers\":[]}", i > 0 ? "," : "", brief, i)
	printf("%s", brief)
}'
[ ! -e broken ] || exit 0
cut=$(cat cut)
if [ "$cut" -gt 0 ]; then
	echo $((cut - 1)) >cut
	echo '],"complete":false}'
else
	echo '],"leaving":[],"table_read":true,"complete":true}'
fi
END
(cd "$dir" && exec socat UNIX-LISTEN:told.sock,fork "SYSTEM:sh daemon") &
servers=$!
wait_for 30 listens "$dir/told.sock"
told() # CUT SIZE COMMAND...
{
	echo "$1" >"$dir/cut"
	echo "$2" >"$dir/size"
	shift 2
	lvsctl -s "$dir/told.sock" "$@"
}
cut='lvsctl: a reload came in between: this is not all; ask again'
for as in '' '--json '; do
	# shellcheck disable=SC2086 # a word, or none
	check "${as}status: a reload in between" told 2 1 ${as}status
	is "${as}status: it is asked for again" "$(cat "$dir/cut")" 0
	fails "${as}status: reload after reload" 1 told 9 1 ${as}status
	like "${as}status: it gives up" "$tap_said" "$cut"
	fails "${as}status: when some of it was shown" 1 told 1 9000 ${as}status
	like "${as}status: it says so" "$tap_said" "$cut"
	: >"$dir/broken"
	fails "${as}status: the daemon dies on the way" 3 told 0 9000 ${as}status
	like "${as}status: it says that" "$tap_said" \
		"lvsctl: lvsd at $dir/told.sock closed the connection in the middle of its answer"
	rm "$dir/broken"
done
finish
