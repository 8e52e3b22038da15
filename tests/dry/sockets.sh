# sockets.sh: who may ask what, and what clients that misbehave cost: nothing.
. "$SRCDIR/tests/dry/lib"

conf <<END
director web 10.9.9.1:80
 server a 127.0.0.1:$port
END
start
status=$dir/status.sock control=$dir/control.sock
# ask SOCKET TEXT: what comes back within 10 seconds
ask() { printf "$2" | timeout 10 socat -t 10 - "UNIX-CONNECT:$1" 2>&1; }

like "one line, one object" "$(ask "$status" 'show status\n')" '^\{"ok":true,.*"directors":\[.*\}$'
like "CRLF will do" "$(ask "$status" 'show status\r\n')" '^\{"ok":true'
like "an unknown request is answered" "$(ask "$status" 'shw\n')" '"ok":false,"error":"unknown request'
like "the status socket does not reload" "$(ask "$status" 'reload\n')" 'this socket only shows'
like "the control socket does" "$(ask "$control" 'reload\n')" '"ok":true,"operations":0'
is "a request of 5,000 bytes is cut off" "$(ask "$status" "$(printf 'x%.0s' $(seq 5000))")" ""
timeout 30 socat -u "UNIX-CONNECT:$status" - >"$dir/said" 2>&1
is "a client that says nothing is cut off after a while" $? 0

# Nine at once of one user: those before are served, the ninth is turned away.
descriptors() { ls /proc/$daemon/fd | wc -l; }
one_more() { [ "$(descriptors)" -gt "$before" ]; }
for i in 1 2 3 4 5 6 7 8; do
	mkfifo "$dir/go$i"
	before=$(descriptors)
	{ read -r word <"$dir/go$i"; echo "show $word"; } |
		timeout 30 socat -t 10 - "UNIX-CONNECT:$status" >"$dir/client$i" 2>&1 &
	clients="$clients $!"
	wait_for 10 one_more
done
is "the ninth client of a user is turned away" "$(ask "$status" 'show table\n' | grep -c '"ok"')" 0
for i in 1 2 3 4 5 6 7 8; do
	echo table >"$dir/go$i"
done
# shellcheck disable=SC2086 # a list
wait $clients
is "the eight before are served" "$(grep -l '"ok":true' "$dir"/client? | wc -l)" 8
check "and it still answers" ctl status
if [ "$(id -u)" = 0 ]; then
	chmod 666 "$control"
	is "the checker's user has no say" "$(setpriv --reuid=nobody --clear-groups \
		lvsctl -s "$control" reload >/dev/null 2>&1; echo $?)" 3
fi
stop
finish
