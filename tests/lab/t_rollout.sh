# lab: -t 400
# t_rollout.sh: every server is restarted by lvsctl rollout while requests run: none
# fails, in nat and in gateway mode, one at a time and two at a time. The servers take a
# tenth of a second for an answer, and are not there at once when their command is done:
# a rollout that does not wait for the last connection, or for a new check, breaks some.
. "$(dirname "$0")/test.sh"

lab_up 4
start_backends -d 100 -p 80
modprobe ip_vs_wrr
# Closed connections that the kernel saw only half of are gone after a second.
ns director ipvsadm --set 0 1 0
for rs in $SERVERS; do
	echo ${backend_pid[$rs]} >"/run/$rs.pid"
done
# What an operator's command does: the server is gone, and another one comes.
cat >/run/restart <<END
#!/bin/sh
echo "\$LVSD_DIRECTOR \$LVSD_SERVER \$LVSD_ADDRESS \$LVSD_PORT" >>/run/restarted
kill "\$(cat "/run/\$LVSD_SERVER.pid")"
while kill -0 "\$(cat "/run/\$LVSD_SERVER.pid")" 2>/dev/null; do sleep 0.01; done
{
	sleep 0.5
	ip netns exec "\$LVSD_SERVER" $TOOLS/backend -n "\$LVSD_SERVER" -d 100 -p 80 >"/run/\$LVSD_SERVER.pid"
} </dev/null >/dev/null 2>&1 &
END
chmod 755 /run/restart

# rolls MODE VIP BATCH
rolls()
{
	local mode=$1 vip=$2 batch=$3

	add_vip "$vip"
	"use_$mode" "$vip"
	lvsd_start <<-END
	director web $vip:80
	 balance roundrobin
	 mode $mode
	 check interval 2 timeout 2
	 option httpcheck
	 server rs1 10.2.0.11:80 check
	 server rs2 10.2.0.12:80 check
	 server rs3 10.2.0.13:80 check
	 server rs4 10.2.0.14:80 check
	END
	check "$mode: all are up" ns director ipvswait live=4
	: >/run/restarted
	hammer_start new -c 4 -r 200 "$vip" 80
	check "$mode, $batch: rollout" lvsctl rollout web --batch "$batch" --command /run/restart
	echo "$tap_said" >/run/said
	hammer_stop new
	is "$mode, $batch: each was restarted once" "$(sort /run/restarted | paste -sd,)" \
		"web rs1 10.2.0.11 80,web rs2 10.2.0.12 80,web rs3 10.2.0.13 80,web rs4 10.2.0.14 80"
	is "$mode, $batch: no request failed" "$(hammer_get new failed)" 0
	check "$mode, $batch: there were some" test "$(hammer_get new ok)" -gt 10
	is "$mode, $batch: all serve again" "$(ns director ipvsadm -Sn | grep -c -- '-w 1$')" 4
	note "$mode, $batch: $(hammer_get new ok) requests, $(tail -n 1 /run/said)"
	lvsd_stop
	ns director ipvsadm -C
}

rolls nat 10.9.1.1 1
rolls nat 10.9.1.2 50%
rolls gateway 10.9.2.1 1
finish
