# lab: -t 400
# t_flow_valgrind.sh: the daemon's flows under valgrind: made, changed, failing, taken away
# by others, mended, taken over, removed; and the clients of servers that take no new ones,
# kept, given up and forgotten. No error and no lost memory.
. "$(dirname "$0")/test.sh"

lab_up 2
ip -n router route add 192.0.2.0/24 via 10.2.0.2
LVSD_UNDER="valgrind --error-exitcode=99 --log-file=/run/valgrind.%p --leak-check=full
	--show-leak-kinds=definite,indirect --errors-for-leak-kinds=definite,indirect"
conf()
{
	cat <<-END
		director pool
		 mode nat masquerade
		 option tcpcheck
		 server rs1 10.2.0.11 check port 80
		 server rs2 fd02::12
		director every 192.0.2.9 TCP
		 server rs2 10.2.0.12
		director own 192.0.2.8:80
		 server rs2 10.2.0.12
		flow a director pool
		 ignore src 10.1.1.1
		 match proto tcp not srcport 7 dst 192.0.2.0/28 dstport 80:90
		 match proto tcp dst fd92::/112 dstport 80
	END
	printf '%s\n' "$@"
}
serves_again() { [ "$(logged 'rules of flows are in the kernel')" = 1 ]; }
serves() { lvsctl status | grep -q '^pool .* up'; }
lvsd_start < <(conf)
pids=$lvsd_pid
last=$(ns director ipset list -n | sed -n 's/^LVSD-4-//p' | sort -n | tail -n 1)
ns director ipset create "LVSD-4-$((last + 1))" hash:ip
lvsd_reload < <(conf ' match dst 192.0.2.16/28' ' ignore src 10.1.1.2' ' match dst 10.9.9.9') >/run/reload
check "a set that someone made" wait_for 30 serves_again
lvsd_reload < <(conf ' match dst 192.0.2.16/28') >/run/reload
start_backends
check "a server comes" wait_for 30 serves
ns director iptables-legacy -t mangle -F
lvsctl audit >/run/audit
check "someone empties the table" [ "$(logged 'rules of flows:')" -gt 0 ]

# The last server of datagrams is drained while a client has it, twice: once it comes back,
# and once all of it is taken away.
start_backend rs2 -u 53
mkfifo /run/talk.in /run/talk.out
exec {talk_in}<>/run/talk.in {talk_out}<>/run/talk.out # to both ends
ip netns exec client socat -t 200 - UDP4:192.0.2.67:53,bind=10.1.1.251 </run/talk.in >/run/talk.out &
talk()
{
	local answer

	echo x >&"$talk_in" && read -r -t 10 answer <&"$talk_out"
	echo "$answer"
}
kept() { ns director ipset save | grep -c '^add LVSD-4-KEPT-[0-9]* 10.1.1.251,'; }
kept_is() { [ "$(kept)" = "$1" ]; }
lvsd_reload < <(conf 'director dns' ' server rs2 10.2.0.12' 'flow dns director dns' \
	' match proto udp dst 192.0.2.64/28 dstport 53') >/run/reload
is "a client talks to a server" "$(talk)" rs2
check "which takes no new clients" lvsctl drain dns/rs2
check "he is kept" wait_for 60 kept_is 1
is "and goes on" "$(talk)" rs2
check "the server is back" lvsctl ready dns/rs2
check "nobody is kept any more" wait_for 60 kept_is 0
check "out again" lvsctl drain dns/rs2
check "he is kept again" wait_for 60 kept_is 1
lvsctl audit >/run/audit

lvsctl plan <(conf) >/run/plan
lvsd_reload < <(conf 'director own2 192.0.2.7:80' ' server rs2 10.2.0.12') >/run/reload
lvsd_stop
lvsd_start -x </dev/null
pids="$pids $lvsd_pid"
lvsd_stop
is "nothing is left" "$(ns director ipset save; ns director iptables-legacy-save | grep LVSD)" ""
# Of the daemons alone: a child that answers, or becomes iptables, frees nothing.
bad=$(for pid in $pids; do
	grep -L 'ERROR SUMMARY: 0 errors from 0 contexts' /run/valgrind.$pid
done)
is "valgrind finds nothing" "${bad:+$(cat $bad | head -n 90)}" ""
is "nor any misuse of memory in what they start" \
	"$(grep -hE -A 9 'Invalid|Mismatched|uninitialised' /run/valgrind.* | head -n 40)" ""
finish
