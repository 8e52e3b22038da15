# sockets.sh: who may ask what, and what clients that misbehave cost: nothing.
. "$SRCDIR/tests/dry/lib"

conf <<END
director web 10.9.9.1:80
 server a 127.0.0.1:$port
END
start
status=$dir/status.sock control=$dir/control.sock
# ask SOCKET TEXT: what comes back
ask() { printf "$2" | timeout 60 socat -t 30 - "UNIX-CONNECT:$1" 2>&1; }

like "one line, one object" "$(ask "$status" 'show status\n')" '^\{"ok":true,.*"directors":\[.*\}$'
like "CRLF will do" "$(ask "$status" 'show status\r\n')" '^\{"ok":true'
like "brief: the first line" "$(ask "$status" 'show brief\n' | sed -n 1p)" \
	'^\{"ok":true,.*"totals":\{"directors":\{"up":1\},"servers":\{"unchecked":1\}\},"directors":\[$'
like "then a line a director" "$(ask "$status" 'show brief\n' | sed -n 2p)" \
	"^\\{\"name\":\"web\",.*\"total\":1,\"usable\":1,\"servers\":\[\[\[\"a\"\],\[\"127.0.0.1:$port\"\],\"unchecked\",[0-9.]+,1,0,0,null\]\]\}\$"
is "and the last" "$(ask "$status" 'show brief\n' | sed 1,2d)" '],"leaving":[],"table_read":true,"complete":true}'
is "it is one object" "$(ask "$status" 'show brief web/a\n' | jq -c '.directors[0].servers[0][0][0], .totals')" '"a"
null'
like "an unknown request is answered" "$(ask "$status" 'shw\n')" '"ok":false,"error":"unknown request'
verbs=$(ask "$status" 'shw\n' | jq -r .error | sed 's/.*there are: //; s/, /\n/g')
is "each request is written down" "$(echo "$verbs" | while read -r verb; do
	grep "^## " "$SRCDIR/doc/control.md" | grep -q "\`$verb\`" || echo "$verb"
done)" ""
like "there are some" "$verbs" '^show daemon$'
like "the status socket does not reload" "$(ask "$status" 'reload\n')" 'this socket only shows'
like "the control socket does" "$(ask "$control" 'reload\n')" '"ok":true,"operations":0'
is "a request of 5,000 bytes is cut off" "$(ask "$status" "$(printf 'x%.0s' $(seq 5000))")" ""
timeout 60 socat -u "UNIX-CONNECT:$status" - >"$dir/said" 2>&1
is "a client that says nothing is cut off after a while" $? 0

# Nine at once of one user: those before are served, the ninth is turned away. Who
# says nothing for five seconds is cut off, so a busy machine may need another try.
connected() { grep -q 'successfully connected' "$dir/connect$i"; }
nine()
{
	clients=''
	for i in 1 2 3 4 5 6 7 8; do
		: >"$dir/connect$i"
		{ read -r word <"$dir/go$i"; echo "show $word"; } | timeout 60 socat -d -d -t 30 - \
			"UNIX-CONNECT:$status" >"$dir/client$i" 2>"$dir/connect$i" &
		clients="$clients $!"
		wait_for 30 connected
	done
	ninth=$(ask "$status" 'show daemon\n')
	for i in 1 2 3 4 5 6 7 8; do
		echo daemon >"$dir/go$i"
	done
	# shellcheck disable=SC2086 # a list
	wait $clients
	served=$(grep -l '"ok":true' "$dir"/client? | wc -l)
	[ "$served" = 8 ]
}
for i in 1 2 3 4 5 6 7 8; do mkfifo "$dir/go$i"; done
nine || nine || nine || nine || nine
is "the eight before are served" "$served" 8
is "the ninth client of a user is turned away" "$(echo "$ninth" | grep -c '"ok"')" 0
check "and it still answers" ctl status

# Readers who do not read have all the places that there are for them; operators have
# one of their own. They are cut off after ten seconds, so that a busy machine may need
# another try.
conf <<END
director web 10.9.9.1:80
$(seq 0 19999 | awk '{ printf " server s%d 10.%d.%d.1:80\n", $1, $1 / 200, $1 % 200 }')
END
ask "$control" 'reload\n' >/dev/null
three_held() { [ "$(find "$dir" -name 'held*' | wc -l)" -ge 3 ]; }
planned_while_held()
{
	clients=''
	rm -f "$dir"/held* "$dir"/ended*
	for i in 1 2 3 4 5 6 7 8; do
		{ ask "$status" 'show table\n'; : >"$dir/ended$i"; } | {
			[ -z "$(head -c 1)" ] || : >"$dir/held$i"
			cat "$dir/go$i" - >/dev/null
		} &
		clients="$clients $!"
	done
	wait_for 30 three_held
	lvsctl -s "$control" plan "$conf" >/dev/null
	planned=$?
	ended=$(find "$dir" -name 'ended*' | wc -l)
	for i in 1 2 3 4 5 6 7 8; do
		echo >"$dir/go$i"
	done
	# shellcheck disable=SC2086 # a list
	wait $clients
	served=$(find "$dir" -name 'held*' | wc -l)
	[ "$planned $ended" = "0 0" ]
}
check "readers who do not read do not stop an operator" eval \
	'planned_while_held || planned_while_held || planned_while_held'
is "and all of them have their turn" "$served" 8
if [ "$(id -u)" = 0 ]; then
	chmod 666 "$control"
	is "the checker's user has no say" "$(setpriv --reuid=nobody --clear-groups \
		lvsctl -s "$control" reload >/dev/null 2>&1; echo $?)" 3
fi
stop
finish
