# events.sh: what changed, as a line each: asked for, and followed.
. "$SRCDIR/tests/dry/lib"

a=$port
servers=$(backend -n a -p $a)
conf <<END
director web 10.9.9.1:80
 check interval 2s timeout 2s
 option httpcheck
 server a 127.0.0.1:$a check
END
check "it starts" start
check "its server is up" wait_for 30 health_is a up
op() { lvsctl -s "$dir/control.sock" "$@"; }
said='.directors[0].servers[0].check.text'
is "operators are told what a server said" "$(op --json status | jq -r "$said")" "HTTP/1.1 200 OK"
is "readers are not" "$(json "$said")" null
is "nor by explain" "$(ctl --json explain web/a | jq .check.text)" null
op events --follow >"$dir/followed" 2>"$dir/error" &
follower=$!
line() { jq -c 'del(.number, .time, .code, .duration_us)' "$dir/followed" 2>/dev/null; }
has() { line | grep -qxF "$1"; }
check "who follows is told what was" wait_for 30 has \
	'{"event":"server","director":"web","server":"a","was":"unknown","is":"up","reason":"ok","means":"ok"}'
# shellcheck disable=SC2086 # a list
kill $servers
servers=
check "a server goes down" wait_for 30 has \
	'{"event":"server","director":"web","server":"a","was":"up","is":"down","reason":"refused","means":"connection refused"}'
check "nobody serves" wait_for 30 has '{"event":"director","director":"web","was":"servers","is":"nobody"}'
op weight web/a 9
check "an operator decides" wait_for 30 has \
	'{"event":"operator","director":"web","server":"a","says":"weight 9","servers":1}'
echo nonsense >>"$conf"
fails "a reload that is refused" 1 op reload
refused() { jq -e 'select(.event == "reload" and .done == false) | .error | test("nonsense")' "$dir/followed" >/dev/null; }
check "is one, too" wait_for 30 refused
is "numbers follow each other" "$(jq -s '[.[].number] == [range(1; length + 1)]' "$dir/followed")" true
is "without following: all of it" "$(op events)" "$(cat "$dir/followed")"
is "readers are told the same" "$(ctl events)" "$(op events)"
stop
wait $follower
is "who follows is told of the end" "$? $(cat "$dir/error")" "3 lvsctl: lvsd ended"
finish
