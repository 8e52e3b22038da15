# operator.sh: what an operator decides about servers, by lvsctl: drain, maint,
# ready, weight; what it does to table, checks and state, and what is refused.
. "$SRCDIR/tests/dry/lib"

a=$port b=$((port + 1))
servers="$(backend -n a -p $a) $(backend -n b -p $b)"
file()
{
	conf <<-END
	director web 10.9.9.1:80
	 check interval 500ms timeout 500ms fall 3
	 option httpcheck
	 server a 127.0.0.1:$a weight 3 check
	 server b 127.0.0.1:$b weight 4 check
	$*
	END
}
file
op() { lvsctl -s "$dir/control.sock" "$@"; }
weights() { ctl table | sed -n 's/.*127.0.0.1:\([0-9]*\) .*-w/\1/p' | sed "s/^$a/a/; s/^$b/b/" | xargs; }
weights_are() { [ "$(weights)" = "$1" ]; }
field() { json ".directors[0].servers[] | select(.name == \"$1\") | .$2"; }
check "it starts" start
check "both are up" wait_for 30 weights_are "a 3 b 4"

# page NAME: without what differs from run to run
page() { op status "$1" | sed "s/:$a/:A/; s/:$b/:B/; /127/s/up  *[0-9ms]*/up N/"; }
is "status of one director" "$(page web)" "web  TCP 10.9.9.1:80  leastconn  nat  up  2 of 2 servers usable
  SERVER ADDRESS         STATE      SINCE WEIGHT ACTIVE  INACT
  a      127.0.0.1:A up N      3      0      0
  b      127.0.0.1:B up N      4      0      0"
is "status of one server" "$(page web/b | tail -n +3)" "  b      127.0.0.1:B up N      4      0      0"
fails "status of none" 1 op status web/c
is "says so" "$tap_said" "lvsctl: refused: there is no such director or server"
fails "status of no director" 1 op status nobody
is "says so, too" "$tap_said" "lvsctl: refused: there is no such director or server"
fails "not two of them" 2 op status web web

check "weight" op weight web/a 9
is "it is in the table" "$(weights)" "a 9 b 4"
check "weight 0" op weight web/a 0
is "takes no new connections" "$(weights)" "a 0 b 4"
check "weight auto" op weight web/a auto
is "is the file's" "$(weights)" "a 3 b 4"

check "drain" op drain web/a
check "without connections it is gone" wait_for 30 weights_are "b 4"
is "status says who wanted that" "$(field a operator)" drain
like "as people see it" "$(ctl status)" ' a +127.0.0.1:[0-9]+ +drained '
is "its checks go on" "$(field a health)" up
check "ready" op ready web/a
is "and it is back" "$(weights)" "a 3 b 4"

check "maint --now" op maint web/a --now
is "is gone at once" "$(weights)" "b 4"
for server in $servers; do kill "$server" && break; done
refuses() { ! socat -u OPEN:/dev/null "TCP:127.0.0.1:$a" 2>/dev/null; }
check "its server dies" wait_for 30 refuses
older() { jq -en "$(field a check.age_s) > $1" >/dev/null; }
check "it is not checked" wait_for 30 older 3
is "that it died is not known" "$(logged 'server web/a up -> down')" 0
check "ready, but the server died meanwhile" op ready web/a
check "its first check says that it is down" wait_for 30 health_is a down
is "what was known of it before was void" "$(logged 'server web/a unknown -> down: connection refused')" 1
servers="$servers $(backend -n a -p $a)"
check "and up, when it is" wait_for 30 weights_are "a 3 b 4"

# Another director that needs the check.
check "maint" op maint web/a
file "director other 10.9.9.2:80
	 check interval 500ms timeout 500ms fall 3
	 option httpcheck
	 server x 127.0.0.1:$a check"
like "a reload keeps the checks" "$(ctl reload)" "checks go on"
check "a check with another server goes on" wait_for 30 health_is x up
check "ready for every director" op ready '*/x'
check "maint for both" op maint '*/x'
for words in "drain web/c" "drain c" "drain nobody/a" "weight web/a 65536" "weight -- web/a -1" \
	"weight web/a heavy" "drain web/a --deadline soon" "ready other/x/y"; do
	# shellcheck disable=SC2086 # words
	fails "refused: $words" 1 op $words
done
for words in "drain" "drain web/a web/b" "weight web/a" "drain web/a --now --deadline 5" \
	"ready web/a --now" "--json drain web/a --wait" "status --clear" "reload --deadline 1"; do
	# shellcheck disable=SC2086 # words
	fails "wrong usage: $words" 2 op $words
done
fails "the status socket decides nothing" 1 lvsctl -s "$dir/status.sock" drain web/a
stop

# kill -9: what was answered is known again.
check "it starts again" start
check "decide" op weight web/b 77
stop KILL
check "and again" start
is "decisions outlived that" "$(field a operator) $(field b operator_weight)" "maint 77"
check "up again" wait_for 30 weights_are "b 77"
is "lvsctl audit" "$(op audit)" "looked at 2 services, the kernel has what it should"
check "lvsctl stop" op stop
wait $daemon
is "ends it" $? 0
daemon=

# A server of which the kernel did not say anything has not left the table: here it says
# so at the third question after the drain.
cat >"$dir/fake" <<'END'
cd "$1" && read -r line
case $line in
drain*) echo drain >op; : >asked; echo '{"ok":true,"servers":1}' ;;
ready*) echo ready >op; echo '{"ok":true,"servers":1}' ;;
*brief)
	echo '{"ok":true,"kernel":{"answers":true},"directors":['
	echo '],"leaving":[],"table_read":false,"complete":true}'
	;;
*)
	echo "$line" >>asked
	read=true weight=1 op=$(cat op)
	[ "$op" = ready ] || weight=null
	[ "$op" = ready ] || [ "$(wc -l <asked)" -ge 3 ] || read=false
	echo '{"ok":true,"kernel":{"answers":true},"directors":[{"name":"web","usable":2,"quorum":1,"servers":[{
		"name":"a","address":"127.0.0.1:80","health":"unchecked","check":null,
		"operator":"'"$op"'","table_weight":'$weight'}]}],"table_read":'$read'}'
	;;
esac
END
echo ready >"$dir/op"
socat UNIX-LISTEN:"$dir/fake.sock",fork EXEC:"sh $dir/fake $dir" &
servers="$servers $!"
# Its file is there a moment before it listens.
fake_answers() { lvsctl -s "$dir/fake.sock" ready web/a >/dev/null 2>&1; }
wait_for 30 fake_answers
check "drain --wait, with a kernel that does not answer" lvsctl -s "$dir/fake.sock" drain web/a --wait
is "waits until it does" "$(grep -c status "$dir/asked")" 3
like "lvsctl status" "$(echo ready >"$dir/op"; lvsctl -s "$dir/fake.sock" drain web/a; lvsctl -s "$dir/fake.sock" status)" \
	'the KERNEL did not answer: what is said of its table is not all'
echo ready >"$dir/op"
check "rollout" lvsctl -s "$dir/fake.sock" rollout web --batch 1 --command "wc -l <$dir/asked >$dir/ran"
is "waits, too, before the command" "$(cat "$dir/ran")" 3
finish
