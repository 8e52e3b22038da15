# lab: -t 400
# t_flow_valgrind.sh: the daemon's flows under valgrind: made, changed, failing, taken away
# by others, mended, taken over, removed. No error and no lost memory.
. "$(dirname "$0")/test.sh"

lab_up 2
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
finish
