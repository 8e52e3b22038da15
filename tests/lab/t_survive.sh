# lab: -t 590
# t_survive.sh: nothing that is done to the daemon costs a healthy server's
# client anything, in any mode: reloads, kill -9 of the checker, kill -9 of the
# daemon and a new start, a stop and a start, each while requests run, on new
# connections and on kept ones.
. "$(dirname "$0")/test.sh"

lab_up 4
start_backends
modprobe ip_vs_wrr
# Closed connections that the kernel saw only half of are gone after a second.
ns director ipvsadm --set 0 1 0

# conf MODE VIP [LINE...]: rs1 to rs3, and what else is to be in it.
conf()
{
	local mode=$1 vip=$2 rs

	shift 2
	printf '%s\n' "director web-$mode $vip:80" " balance roundrobin" " mode $mode" \
		" check interval 1 timeout 1 fall 3" " option tcpcheck" \
		" server rs1 10.2.0.11:80 check" " server rs2 10.2.0.12:80 check" "$@"
}

# two_thousand TEXT COMMAND...: runs COMMAND in the middle of 2,000 requests,
# half of it over kept connections; none may fail.
two_thousand()
{
	local text=$1 n

	shift
	hammer_start kept -k -c 4 -r 500 "$vip" 80
	hammer_start new -c 4 -r 2000 -n 2000 "$vip" 80
	check "$mode: $text" "$@"
	wait "${hammer_pid[new]}"
	hammer_stop kept
	is "$mode: $text: 2000 requests, none failed" \
		"$(hammer_get new ok) $(hammer_get new failed)" "2000 0"
	is "$mode: $text: no kept connection broke" \
		"$(hammer_get kept failed) $(hammer_get kept connections)" "0 4"
	note "$mode: $text: longest gap $(hammer_get new longest_gap) s," \
		"$(hammer_get kept ok) requests on kept connections"
}

reload_same() { lvsd_hup </run/conf; }
reload_more() { conf "$mode" "$vip" " server rs3 10.2.0.13:80 weight 2 check" | lvsd_reload; }
reload_weight() { conf "$mode" "$vip" " server rs3 10.2.0.13:80 weight 7 check" | lvsd_reload; }
reload_less() { lvsd_reload </run/conf; }
reload_renamed() { sed "s/web-/shop-/; s/server rs/server node/" /run/conf | lvsd_reload; }

checker_pid()
{
	lvsctl --json status | jq .checker.pid
}
other_checker() { [ "$(checker_pid)" != "$1" ] && [ "$(checker_pid)" != 0 ]; }

kill_checker()
{
	local was

	was=$(checker_pid)
	kill -9 "$was" && wait_for 30 other_checker "$was"
}

restart()
{
	lvsd_stop "$1"
	lvsd_start </run/conf
}

survive()
{
	mode=$1 vip=$2
	add_vip "$vip"
	"use_$mode" "$vip"
	conf "$mode" "$vip" >/run/conf
	lvsd_start </run/conf
	ns director ipvswait live=2 services=1 >/run/ready || not_ok "$mode: ready"
	two_thousand "reload of the same file" reload_same
	two_thousand "reload with one server more" reload_more
	two_thousand "reload with another weight" reload_weight
	is "$mode: the new weight" "$(ns director ipvsadm -Sn | grep -c -- '10.2.0.13:80 .* -w 7')" 1
	# the kept connections of the last run are gone, so the server can go
	two_thousand "reload with one server less" reload_less
	ns director ipvswait "tcp:$vip:80,10.2.0.13:80=absent" >/run/gone
	is "$mode: it is gone with its last connection" $? 0
	two_thousand "reload with other names" reload_renamed
	two_thousand "kill -9 of the checker" kill_checker
	two_thousand "kill -9 of lvsd and a new start" restart KILL
	two_thousand "stop and start" restart TERM
	lvsd_stop
	ns director ipvsadm -C
}

survive nat 10.9.1.1
survive gateway 10.9.2.1
survive tunnel 10.9.3.1

# A server that leaves keeps the connections it has, and gets no new ones.
mode=nat vip=10.9.4.1
add_vip $vip
use_nat
conf nat $vip " server rs3 10.2.0.13:80" >/run/conf3
conf nat $vip >/run/conf
lvsd_start </run/conf3
ns director ipvswait live=3 >/run/ready
hammer_start kept -k -c 6 -r 200 $vip 80
lvsd_reload </run/conf >/run/changes
is "a server that leaves stays at weight 0" \
	"$(ns director ipvsadm -Sn | grep -c -- '10.2.0.13:80 -m -w 0')" 1
hammer_run new -n 600 -c 4 $vip 80
is "it gets no new connection" "$(hammer_get new from_rs3) $(hammer_get new failed)" "0 0"
like "lvsctl says so" "$(lvsctl status)" 'leaving .*10.9.4.1:80 .*1 server'
hammer_stop kept
is "its connections go on" "$(hammer_get kept failed) $(hammer_get kept connections)" "0 6"
ns director ipvswait "tcp:$vip:80,10.2.0.13:80=absent" >/run/gone
is "it is gone after the last one" $? 0
lvsd_stop
finish
