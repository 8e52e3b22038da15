# lab: -t 320 -m 256M
# t_calls.sh: how many system calls a check costs, how many sockets it leaves
# behind. Counts only; times are for tests/bench. Reading the clock is a system call
# in the guest, which has no vDSO, and on no other machine: it is not counted.
. "$(dirname "$0")/test.sh"

N=1000 SECONDS_A_METHOD=8
lab_up 1
start_backend rs1 -p 80
ip -n rs1 route add local 10.3.0.0/16 dev lo
ip -n director route add 10.3.0.0/16 via 10.2.0.11

# conf METHOD [INTERVAL]: N servers, every 2 s.
conf()
{
	local i

	echo "global"
	echo " user nobody"
	echo "director all $VIP:80"
	echo " check interval ${2:-2} timeout ${2:-2}"
	echo " option $1"
	for ((i = 0; i < N; i++)); do
		echo " server s$i 10.3.$((i / 250)).$((i % 250 + 1)):80 check"
	done
}

all_up() { [ "$(lvsctl --json status | jq '[.directors[].servers[] | select(.health == "up")] | length')" = "$N" ]; }
checker_get() { lvsctl --json status | jq ".checker.$1"; }
sockstat() { ns director sed -n "s/^TCP:.* $1 \([0-9]*\).*/\1/p" /proc/net/sockstat; }
descriptors() { ls "/proc/$checker/fd" | wc -l; }

# count METHOD [INTERVAL]: sets calls, checks and hundredths of a call each check.
count()
{
	local before

	conf "$@" | lvsd_conf
	if [ -z "$lvsd_pid" ]; then lvsd_start; else lvsd_reload >/dev/null; fi
	check "$1: $N servers are up" wait_for 30 all_up
	checker=$(checker_get pid)
	pause 1.5
	before=$(checker_get checks)
	timeout -s INT $SECONDS_A_METHOD strace -c -e trace='!clock_gettime' -p "$checker" -o /run/calls 2>/run/strace.err
	checks=$(($(checker_get checks) - before))
	calls=$(awk '$NF == "total" { print $4 }' /run/calls)
	hundredths=$((checks > 0 ? calls * 100 / checks : 99999))
	note "$1: $calls calls, $checks checks, $hundredths/100 each"
	at_most "$1: the calls were counted" $((checks / 50)) "$calls"
}

count tcpcheck
check "tcp: enough checks to speak of" test "$checks" -ge $N
at_most "tcp: calls a check" $hundredths 500
at_most "tcp: sockets that wait for their end" "$(sockstat tw)" 50
# All that come due while a busy machine does something else need one at once.
at_most "tcp: few sockets serve all" "$(descriptors)" $((N * 2 / 3))
count httpcheck
at_most "http: calls a check" $hundredths 800
at_most "http: sockets that wait for their end" "$(sockstat tw)" 50
count icmpcheck 1
at_most "icmp: calls a check" $hundredths 150
lvsd_stop
finish
