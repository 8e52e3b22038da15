# lab: -t 500
# t_valgrind.sh: the daemon and its checkers under valgrind, through all that
# they do in a life: every check method, servers that die and come back, the
# sorry page, reloads of all kinds, a checker that ends, a scheduler that the
# kernel does not have, and those who ask. No error and no lost memory in any
# process. (The sanitizers do not run on this kernel.)
. "$(dirname "$0")/test.sh"

lab_up 3
start_backends
start_nginx rs1
ns rs3 scripted 25 'send 220 mx\r\n; read QUIT; send 221 bye\r\n; hold' \
	9999 'file /run/said' >/run/pids
echo "up 50%" >/run/said
ip netns exec rs2 dnsmasq -k --port=54 --no-resolv --no-hosts --conf-file=/dev/null \
	--pid-file= --address=/lab.example/10.2.0.12 >/run/dnsmasq.log 2>&1 &
mkdir -p -m 755 /run/checks
printf '#!/bin/sh\necho seen\n' >/run/checks/look
chmod 755 /run/checks/look
# What valgrind calls possibly lost is not counted: the event loop and the lists
# point into the middle of what they hold, and a checker has its parent's memory
# from before the fork, which it neither needs nor frees. %p is the process, so
# each checker has a report of its own.
LVSD_UNDER="valgrind --error-exitcode=99 --log-file=/run/valgrind.%p --leak-check=full --num-callers=40
	--show-leak-kinds=definite,indirect --errors-for-leak-kinds=definite,indirect"

# conf INTERVAL: what is checked in all ways
conf()
{
	local check=" check interval $1 timeout $1 fall 2 rise 1"

	cat <<-END
		global
		 user daemon
		director tcp $VIP:81
		 balance roundrobin
		$check
		 option tcpcheck
		 server rs2 10.2.0.12:80 check
		 server rs3 10.2.0.13:80 weight ${weight:-1} check inhibit
		director http $VIP:82
		$check
		 option httpcheck uri /index.html vhost lab.example
		 server rs1 10.2.0.11:8080 check
		 server page 10.2.0.13:80 sorry
		director https $VIP:83
		$check
		 option httpscheck vhost lab.example
		 server rs1 10.2.0.11:8443 check
		director verified $VIP:84
		$check
		 option httpscheck sni lab.example verify required cafile /run/lab/nginx/cert.pem
		 server rs1 10.2.0.11:8443 check
		director icmp $VIP:85
		$check
		 server rs2 10.2.0.12:80 check
		director icmp6 [$VIP6]:85
		$check
		 server rs2 [fd02::12]:80 check
		director arp $VIP:86
		$check
		 option arpcheck
		 server rs2 10.2.0.12:80 check
		director nd [$VIP6]:86
		$check
		 option arpcheck
		 server rs2 [fd02::12]:80 check
		director mark fwmark 5
		$check
		 option tcpcheck
		 server rs2 10.2.0.12:80 check
		 server rs3 [fd02::13]:80 check
		director mistrusted $VIP:87
		$check
		 option httpscheck verify required
		 server rs1 10.2.0.11:8443 check
		director mail $VIP:89
		$check
		 option tcpcheck send "QUIT\r\n" expect "221 bye"
		 server rs3 10.2.0.13:25 check
		director ssl $VIP:90
		$check
		 option tcpcheck send "GET / HTTP/1.0\r\n\r\n" expect "200 OK" ssl sni lab.example
		 server rs1 10.2.0.11:8443 check
		director match $VIP:91
		$check
		 option httpcheck match "rs1" statuscode 200-299
		 server rs1 10.2.0.11:8080 check
		director udp $VIP:92 UDP
		$check
		 option udpcheck send "who" expect "rs2"
		 server rs2 10.2.0.12:53 check
		director dns $VIP:93 UDP
		$check
		 option dnscheck name lab.example type A
		 server rs2 10.2.0.12:54 check
		director agent $VIP:94
		$check
		 option tcpcheck
		 option agentcheck port 9999
		 server rs3 10.2.0.13:80 weight 20 check
		director program $VIP:95
		$check
		 option externalcheck "/run/checks/look"
		 server rs3 10.2.0.13:80 weight 0 check
		director nosuch $VIP:88
		 balance twos
		 server rs1 10.2.0.11:80
	END
}
# becomes TEXT CONDITION...: the table is soon so
becomes()
{
	local text=$1

	shift
	ns director ipvswait -i 20000 "$@" >/run/waited 2>&1
	is "$text" $? 0
}
checker_pid() { lvsctl --json status | jq .checker.pid; }
other_checker() { [ "$(checker_pid)" != "$1" ] && [ "$(checker_pid)" != 0 ]; }
is_logged() { [ "$(logged "$1")" -gt 0 ]; }

conf 1s >/run/first
lvsd_start </run/first
becomes "all that can be up is up" live=17
check "the one whose issuer is unknown is down" wait_for 30 is_logged 'mistrusted/rs1 .* -> down'

becomes "an agent has its server at half its weight" "tcp:$VIP:94,10.2.0.13:80=10"
echo "drain" >/run/said
becomes "and takes it out" "tcp:$VIP:94,10.2.0.13:80=absent"
echo "ready" >/run/said
becomes "and in again" "tcp:$VIP:94,10.2.0.13:80=10"
# Valgrind 3.19 knows no pidfd_open(2), without which no program is run.
is_seen()
{
	lvsctl --json status | jq -e '.directors[].servers[].check |
		select(.text == "seen" or (.method == "external" and .reason == "local-other"))'
}
check "a program is run, or is local trouble" wait_for 30 is_seen
check "lvsctl status" lvsctl status
check "lvsctl table" lvsctl table
printf 'nonsense\n' | socat -t 30 - UNIX:/run/lvsd/status.sock >/run/said
like "nonsense is answered" "$(cat /run/said)" 'unknown request'
(printf 'no end of line' | socat -t 0.1 - UNIX:/run/lvsd/control.sock) >/run/said 2>&1

check "a reload of the same file" lvsd_reload </run/first
weight=4 conf 1s | lvsd_reload >/run/said
like "a reload that changes a weight" "$(cat /run/said)" '10.2.0.13:80 -m -w 4$'
like "and no check" "$(cat /run/said)" 'checks go on'
conf 2s | lvsd_reload >/run/said
like "a reload that changes the checks" "$(cat /run/said)" 'checks restarted'
sed '/^director tcp/a\ balance nonsense' /run/first | lvsd_reload >/run/said 2>&1
is "a file with an error is refused" $? 1
sed '/^director http /,/ sorry/d' /run/first | lvsd_reload >/run/said
becomes "a reload without a director" "tcp:$VIP:82=absent"
check "and with it again" lvsd_reload </run/first
becomes "it is back" "tcp:$VIP:82,10.2.0.11:8080=1"

stop_nginx rs1
becomes "the page steps in" "tcp:$VIP:82,10.2.0.13:80=1" "tcp:$VIP:83,10.2.0.11:8443=absent"
start_nginx rs1
becomes "and out" "tcp:$VIP:82,10.2.0.11:8080=1" "tcp:$VIP:82,10.2.0.13:80=absent" \
	"tcp:$VIP:84,10.2.0.11:8443=1"
refuse rs3
becomes "a server refuses" "tcp:$VIP:81,10.2.0.13:80=0" "tcp:$VIP:89,10.2.0.13:25=absent"
silence rs2
becomes "a server is silent" "tcp:$VIP:81,10.2.0.12:80=absent" "tcp:$VIP:85,10.2.0.12:80=absent" \
	"udp:$VIP:92,10.2.0.12:53=absent" "udp:$VIP:93,10.2.0.12:54=absent"
heal rs3
heal rs2
becomes "both are back" live=17

checker=$(checker_pid)
kill "$checker"
check "another checker takes over" wait_for 30 other_checker "$checker"
ns director ipvsadm -D -t $VIP:81
weight=4 conf 1s | lvsd_reload >/run/said
becomes "what a stranger deleted is there again" "tcp:$VIP:81,10.2.0.13:80=4"
lvsd_hup </run/first
is "a reload by signal" $? 0
starts=$(lvsctl --json status | jq .checker.starts)
lvsd_stop
is "the daemon's exit status" $? 0

# Its children are gone, too, and have said what there was to say.
all_ended() { ! ps -eo args | grep -q '[v]algrind.*lvsd'; }
check "the checkers end with it" wait_for 30 all_ended
# Those who write the state file have reports, too.
at_least() { [ "$1" -ge "$2" ]; }
check "there is a report of the daemon and of each of its checkers" \
	at_least "$(ls /run/valgrind.* | wc -l)" $((1 + starts))
like "which were several" "$starts" '^[4-9]$'
bad=
# own_losses REPORT: what a checker lost of its own. Of what it has from before the fork
# the last pointer may have been in a register, and gone since.
own_losses()
{
	sed 's/^==[0-9]*== *//' "$1" | awk -v RS= '/are (definitely|indirectly) lost/ && /checker_run/'
}
for report in $(grep -L 'ERROR SUMMARY: 0 errors from 0 contexts' /run/valgrind.*); do
	# What a checker held when it was let go in the middle of a call is no leak; who
	# writes the state file is killed with the daemon, without a last word.
	if grep -q "Parent PID: $lvsd_pid\$" "$report" &&
		! grep -Eq 'Invalid |uninitialised|Mismatched|overlap' "$report" &&
		{ grep -q 'default action of signal 15' "$report" || [ -z "$(own_losses "$report")" ]; }; then
		continue
	fi
	bad="$bad $report"
done
is "valgrind finds nothing in any of them" "${bad:+$(cat $bad | head -n 90)}" ""
finish
