# plan.sh: lvsctl plan: what a reload would do, to the letter, and that it does
# nothing; what it refuses.
. "$SRCDIR/tests/dry/lib"

base()
{
	conf <<-END
	director web 10.9.9.1:80
	 server a 127.0.0.1:$port weight 3
	 server b 127.0.0.2:$port
	END
}
op() { lvsctl -s "$dir/control.sock" "$@"; }
base
check "it starts" start
fails "the file that runs: nothing to do" 0 op plan "$conf"
is "nothing is said" "$tap_said" ""
fails "the daemon's own file, without a name" 0 op plan

other=$dir/other
{
	sed 's/weight 3/weight 7/; /server b/d' "$conf"
	cat <<-END
	director new 10.9.9.2:53 udp
	 balance mh
	 server x 10.0.0.1:53
	director mark fwmark 7
	 balance kernel rr
	 server y 10.0.0.2 maxconn 9
	END
} >"$other"
table=$(ctl table)
fails "another file: exit status 2" 2 op plan "$other"
want="ipvsadm -A -u 10.9.9.2:53 -s mh -b mh-fallback
ipvsadm -a -u 10.9.9.2:53 -r 10.0.0.1:53 -m -w 1
ipvsadm -e -t 10.9.9.1:80 -r 127.0.0.1:$port -m -w 7
ipvsadm -A -f 7 -s rr
ipvsadm -a -f 7 -r 10.0.0.2:0 -m -w 1 -x 9
ipvsadm -e -t 10.9.9.1:80 -r 127.0.0.2:$port -m -w 0
ipvsadm -d -t 10.9.9.1:80 -r 127.0.0.2:$port"
is "the commands, in the order of the reload" \
	"$(echo "$tap_said" | sed 's/ *#.*//' | sort)" "$(echo "$want" | sort)"
like "how many connections each touches" "$tap_said" \
	"-r 127.0.0.1:$port -m -w 7 +# 0 active, 0 inactive"
first=$(echo "$tap_said" | grep -n -- '-w 7' | cut -d: -f1)
last=$(echo "$tap_said" | grep -n 'ipvsadm -d' | cut -d: -f1)
check "what brings weight comes before what takes it" [ "$first" -lt "$last" ]
is "the table is as it was" "$(ctl table)" "$table"
is "JSON says the same" "$(op --json plan "$other" | jq -r '.commands[].command' | sort)" \
	"$(echo "$want" | sort)"
fails "the running file, once more: nothing changed" 0 op plan "$conf"

# Kernel settings, and the daemons that copy connections.
{
	sed 's/^ state .*/&\n timeouts tcp 10m tcpfin 90s\n sync both interface lo syncid 7/' "$conf"
} >"$dir/settings"
fails "settings" 2 op plan "$dir/settings"
is "as commands" "$tap_said" "ipvsadm --set 600 90 0
ipvsadm --start-daemon master --mcast-interface lo --syncid 7
ipvsadm --start-daemon backup --mcast-interface lo --syncid 7"
cp "$conf" "$dir/before"
cp "$dir/settings" "$conf"
check "a reload of them" ctl reload
fails "then there is nothing to do" 0 op plan
sed -i 's/ tcpfin 90s//; s/sync both/sync master/; s/syncid 7/& ttl 3/' "$dir/settings"
fails "other settings" 2 op plan "$dir/settings"
is "one timeout is put back, one daemon stopped, the other started anew" "$tap_said" \
	"ipvsadm --set 0 120 0
ipvsadm --stop-daemon backup
ipvsadm --stop-daemon master
ipvsadm --start-daemon master --mcast-interface lo --syncid 7 --mcast-ttl 3"
cp "$dir/before" "$conf"
fails "without any" 2 op plan "$conf"
is "all are put back" "$tap_said" "ipvsadm --set 900 120 0
ipvsadm --stop-daemon master
ipvsadm --stop-daemon backup"
check "a reload of that" ctl reload

# An included file is read by lvsctl, not by the daemon.
grep -v '^ ' "$other" | head -1 >"$dir/includes"
echo "include $other" >"$dir/includes"
fails "a file that includes" 2 op plan "$dir/includes"

sed 's/weight 3/weight x/' "$conf" >"$dir/bad"
fails "a file with an error" 1 op plan "$dir/bad"
like "as the parser has it" "$tap_said" 'bad:[0-9]+:[0-9]+: error: "x" is not a weight'
echo global >"$dir/empty"
fails "a file without a director" 1 op plan "$dir/empty"
like "a reload would refuse it" "$tap_said" 'no director is given: a reload would'
fails "no such file" 1 op plan "$dir/none"
echo "director web 10.9.9.1:80" >"$dir/alien"
echo " option sip" >>"$dir/alien"
fails "what is not supported yet" 1 op plan "$dir/alien"
fails "the status socket plans nothing" 1 lvsctl -s "$dir/status.sock" plan "$conf"
is "a bare line is told how" "$(echo plan | socat -t 30 - "UNIX:$dir/control.sock")" \
	'{"ok":false,"error":"no configuration came with it: use lvsctl plan"}'

# The reload sends what was planned.
cp "$other" "$conf"
check "the reload" ctl reload
gone() { ! ctl table | grep -q 127.0.0.2; }
check "the server that left is gone" wait_for 30 gone
fails "now there is nothing to do" 0 op plan
is "no process was left" "$(logged 'was killed')" 0
stop
finish
