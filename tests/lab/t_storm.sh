# lab: -t 310
# t_storm.sh: reloads come faster than they can be done, by lvsctl from many sides
# and by SIGHUP, each with a service that is new and one that goes, while half of
# the servers change their state all the time. The newest file wins, every caller
# is answered, and the clients of healthy servers notice nothing.
. "$(dirname "$0")/test.sh"

lab_up 4
start_backends
# conf N: the director that has traffic, and one that only this file has
conf()
{
	cat <<-END
	director web $VIP:80
	 balance roundrobin
	 check interval 200ms timeout 200ms
	 option tcpcheck
	 server rs1 10.2.0.11:80 check fall 5 weight $((1 + $1 % 3))
	 server rs2 10.2.0.12:80 check fall 5
	 server flap1 10.2.0.13:88 weight 0 check
	 server flap2 10.2.0.14:88 weight 0 check
	director extra$1 $VIP:$((8000 + $1))
	 option drain 0
	 server rs1 10.2.0.11:80
	END
}
for rs in rs3 rs4; do
	start_backend $rs -p 88
done
conf 0 >/run/conf
lvsd_start </run/conf
hammer_start new -c 4 -r 400 "$VIP" 80
hammer_start kept -k -c 4 -r 200 "$VIP" 80

# Half of the servers refuse and answer in turns.
flap()
{
	while :; do
		for action in -A -D; do
			for rs in rs3 rs4; do
				ip netns exec $rs iptables-legacy $action INPUT -p tcp --dport 88 -j REJECT --reject-with tcp-reset
			done
			pause 0.4
		done
	done
}
flap &
flapper=$!
storm=0 answered=0
rounds=40
# A file that was replaced while it was read is refused, and its caller is told.
count_answers()
{
	local caller

	for caller in ${!callers[*]}; do
		wait "$caller" && answered=$((answered + 1)) && continue
		grep -q 'while it was read' "/run/said.${callers[$caller]}" &&
			answered=$((answered + 1)) && continue
		note "caller ${callers[$caller]}: $(cat "/run/said.${callers[$caller]}")"
	done
	callers=()
}
declare -A callers=()
for n in $(seq $rounds); do
	conf "$n" | lvsd_conf
	lvsctl reload >"/run/said.$n" 2>&1 &
	callers[$!]=$n
	# A user has at most eight connections at a time.
	[ $((n % 6)) != 0 ] || count_answers
	[ $((n % 3)) != 0 ] || kill -HUP "$lvsd_pid"
	[ $((n % 4)) != 0 ] || { lvsctl reload >/run/said 2>&1 || storm=1; }
done
count_answers
is "each of $rounds callers is answered" $answered $rounds
is "and who waits in between" $storm 0
flapped() { [ "$(logged 'server web/flap. ')" -ge 8 ]; }
check "servers changed their state all the time" wait_for 30 flapped
kill $flapper
wait $flapper 2>/dev/null
lvsctl reload >/run/said
like "the newest file is what runs" "$(lvsctl --json status | jq -c '[.directors[].name]')" \
	"\[\"web\",\"extra$rounds\"\]"
check "nothing else is left" wait_for 30 eval \
	'[ "$(ns director ipvsadm -Sn | grep -c -- "^-A")" = 2 ]'
is "nothing was refused" "$(lvsctl --json status | jq .kernel.refused)" 0
is "nothing was found changed by others" "$(logged 'by someone else')" 0
check "the state file has it" wait_for 30 eval \
	'[ "$(jq -c "[.services[].port]|sort" /var/lib/lvsd/state)" = "[80,$((8000 + rounds))]" ]'
like "the log tells of the reloads" "$(logged ' reloaded directors=2')" '^[1-9][0-9]+$'
note "$(logged ' reloaded directors=2') reloads done, $(logged 'server web/flap. ') changes of state"
hammer_stop new
hammer_stop kept
is "$(hammer_get new ok) requests, none failed" "$(hammer_get new failed)" 0
is "no kept connection broke" "$(hammer_get kept failed) $(hammer_get kept connections)" "0 4"
lvsd_stop
finish
