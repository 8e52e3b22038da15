# wait.sh: lvsctl drain --wait with a daemon whose kernel does not answer: that a
# server is not seen in the table is then no news. The rest of it is in t_drain.sh.
. "$SRCDIR/tests/dry/lib"

# A daemon that says three times that it does not know.
echo 0 >"$dir/asked"
cat >"$dir/daemon" <<'END'
read -r verb rest
case $verb in
show)
	n=$(($(cat asked) + 1))
	echo $n >asked
	[ $n -gt 3 ] && answers=true || answers=false
	echo '{"ok":true,"directors":[{"name":"web","answers":'$answers',"servers":[
		{"name":"a","operator":"drain","table_weight":null,"cut_in_s":null}]}]}'
	;;
*) echo '{"ok":true,"servers":1}' ;;
esac
END
(cd "$dir" && exec socat "UNIX-LISTEN:$dir/told.sock,fork" "SYSTEM:sh daemon") &
servers=$!
wait_for 30 listens "$dir/told.sock"
check "drain" lvsctl -s "$dir/told.sock" drain web/a
is "looks at nothing" "$(cat "$dir/asked")" 0
check "drain --wait" lvsctl -s "$dir/told.sock" drain web/a --wait
like "ends well" "$tap_said" '^web/a: no connection is left, after [0-9]+m?s$'
is "when the kernel says so" "$(cat "$dir/asked")" 4
finish
