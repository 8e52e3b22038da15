# lab: -t 400 --virtual-time
# t_time_rounds.sh: when servers are checked. In virtual time an hour has exactly
# as many checks as it has intervals, and nothing that happens to the daemon
# moves them.
. "$(dirname "$0")/test.sh"
. "$(dirname "$0")/time.sh"

lab_up 1
start_backend rs1 -l $ARRIVALS $(seq -f '-p %g' 8001 8110)
start_backend rs1 -l $ARRIVALS -g "up 75%" -p 9001

# director NAME INTERVAL FIRST_PORT LAST_PORT
director()
{
	local port

	echo "director $1 $VIP:$3"
	echo " option tcpcheck interval $2"
	for ((port = $3; port <= $4; port++)); do
		echo " server p$port 10.2.0.11:$port check"
	done
}

first_arrivals()
{
	awk '!seen[$2]++ { print $1 }' $ARRIVALS
}

# ---- an hour ----

lvsd_conf <<END
$(director half 500ms 8001 8004)
$(director two 2s 8011 8020)
$(director eight 8s 8021 8025)
$(director ten 10s 8031 8035)
director agent $VIP:9001
 option agentcheck port 9001 interval 3s
 server a 10.2.0.11:80 weight 20
END
started=$(now)
lvsd_start
from=$(settle)
at_most "every first check is within a second of the start" \
	"$(ms_between "$started" "$(first_arrivals | tail -n 1)")" 1000
is "each server and agent had one" "$(first_arrivals | wc -l)" 25
to=$(later "$from" 3600)
until_moment "$to"
is "interval 500ms: 7200 checks an hour" "$(counts "$from" "$to" 8001 8004)" 7200
is "each 500 ms after the one before" "$(uneven "$from" "$to" 8001 8004 500)" 0
is "interval 2s: 1800 checks an hour" "$(counts "$from" "$to" 8011 8020)" 1800
is "each 2 s after the one before" "$(uneven "$from" "$to" 8011 8020 2000)" 0
is "interval 8s: 450 checks an hour" "$(counts "$from" "$to" 8021 8025)" 450
is "each 8 s after the one before" "$(uneven "$from" "$to" 8021 8025 8000)" 0
is "interval 10s: 360 checks an hour" "$(counts "$from" "$to" 8031 8035)" 360
is "each 10 s after the one before" "$(uneven "$from" "$to" 8031 8035 10000)" 0
is "an agent every 3s: 1200 checks an hour" "$(counts "$from" "$to" 9001 9001)" 1200
is "each 3 s after the one before" "$(uneven "$from" "$to" 9001 9001 3000)" 0
is "its word counts" "$(ns director ipvsadm -Sn | grep -c '10.2.0.11:80.*-w 15$')" 1
is "none was late, none skipped" "$(lvsctl --json status |
	jq -c '.checker | [.late, .skipped]')" "[0,0]"

# ---- phases ----

lvsd_conf <<END
$(director two 2s 8011 8105)
END
check "a reload that brings other servers" lvsd_reload
from=$(settle)
to=$(later "$from" 20)
until_moment "$to"
phases "$from" "$to" 2000 >/run/phases
is "each server is always checked in the same phase" "$(wc -l </run/phases)" 95
spread=$(awk '{ print int($2 / 20) }' /run/phases | sort | uniq -c |
	awk '{ print $1 }' | sort -n | xargs)
note "servers in each tenth of the interval: $spread"
is "the phases are spread over the interval" "$(echo "$spread" | wc -w)" 10
at_most "each tenth has a part of them" 3 "${spread%% *}"
at_most "none has much more than its part" "${spread##* }" 20

# ---- what happens to the daemon ----

# during COMMAND...: a minute from $from to $to, in which COMMAND runs at $at.
during()
{
	from=$(settle)
	at=$(later "$from" 20)
	to=$(later "$from" 60)
	until_moment "$at"
	"$@" >/run/said 2>&1
	until_moment "$to"
}

# How many checks since $1 came out of phase.
out_of_phase()
{
	phases "$1" "$to" 2000 | awk '$1 <= 8105' | comm -23 - /run/phases | wc -l
}

# Servers with a check more than their 30 that were not checked in the second
# before $at. What happened in that second may not be known to the next checker.
unjustly_again()
{
	awk -v from="$from" -v at="$at" -v to="$to" '
		$1 < from || $1 >= to || $2 > 8105 { next }
		{ n[$2]++ }
		$1 < at && $1 >= at - 1.01 { just[$2] }
		END {
			for (port in n)
				if (n[port] > 30 && !(port in just))
					print port, n[port]
		}' $ARRIVALS
}

# after NAME: nobody missed a check, and few had one more.
after()
{
	like "$1: no check is missing" "$(counts "$from" "$to" 8011 8105)" '^30( 31)?$'
	is "$1: only those of the last second are repeated" "$(unjustly_again)" ""
	is "$1: all that follow are in phase" "$(out_of_phase "$(later "$at" 2)")" 0
	is "$1: and as far apart as before" \
		"$(uneven "$(later "$at" 2)" "$to" 8011 8105 2000)" 0
}

more_servers()
{
	lvsd_reload <<-END
	$(director two 2s 8011 8110)
	END
}

other_weight()
{
	sed -i '/8015/s/$/ weight 5/' $LVSD_CONF
	lvsctl reload
}

checker_pid()
{
	lvsctl --json status | jq .checker.pid
}

kill_checker()
{
	kill -9 "$(checker_pid)"
}

during other_weight
like "the same checks go on" "$(cat /run/said)" 'checks go on'
is "no check is missing, none is more" "$(counts "$from" "$to" 8011 8105)" 30
is "all are as far apart as before" "$(uneven "$from" "$to" 8011 8105 2000)" 0
during more_servers
like "another checker begins" "$(cat /run/said)" 'checks restarted'
after "a reload with more servers"
is "the new ones had their first and one a round" \
	"$(counts "$(later "$at" 2)" "$(later "$at" 40)" 8106 8110)" 19
during kill_checker
after "a dead checker"

# Another daemon checks all at once, and then goes on in the old phases.
kill_lvsd()
{
	lvsd_stop KILL
	lvsd_start
}

restart_lvsd()
{
	lvsd_stop
	lvsd_start
}

for how in kill_lvsd restart_lvsd; do
	during $how
	is "$how: each is checked within a second" \
		"$(counts "$at" "$(later "$at" 1)" 8011 8105 | cut -c 1)" 1
	is "$how: all that follow are in phase" "$(out_of_phase "$(later "$at" 2)")" 0
	is "$how: none is missing" "$(counts "$(later "$at" 2)" "$to" 8011 8105)" 19
done

# Rounds that passed while the checker could not run are one check, not many.
stop_checker()
{
	local pid

	pid=$(checker_pid)
	kill -STOP "$pid"
	until_moment "$(later "$at" 20)"
	kill -CONT "$pid"
}

skipped()
{
	lvsctl --json status | jq .checker.skipped
}

before=$(skipped)
during stop_checker
is "ten rounds that could not be held are made up for by one check" \
	"$(counts "$from" "$to" 8011 8110)" 21
is "the others are counted" $(($(skipped) - before)) 900
is "all that follow are in phase" "$(out_of_phase "$(later "$at" 22)")" 0
lvsd_stop
finish
