# lab: -t 200
# t_flow_late.sh: flows that come with a reload, whose rules another process than the
# daemon makes: the daemon follows them all the same, and clears what a broken one left.
. "$(dirname "$0")/test.sh"

lab_up 2
start_backends
ip -n router route add 192.0.2.0/24 via 10.2.0.2
conf()
{
	printf '%s\n' "director web $VIP:80" " server rs1 10.2.0.11" "$@"
}
flow=("director pool" " option tcpcheck" " check interval 200ms fall 1 rise 1"
	" server rs2 10.2.0.12 check port 80" "flow pool director pool"
	" match proto tcp dst 192.0.2.0/29 dstport 80")
who()
{
	hammer_run one -c 1 -n 1 -t 4000 "$1" 80
	sed -n 's/^from_\(.*\)=1$/\1/p; s/^failed=1$/nobody/p' /run/hammer/one
}
state_is() { lvsctl status | grep -q "^pool .* $1"; }
sets() { ns director ipset list -n | grep -c '^LVSD-'; }
has_sets() { [ "$(sets)" -gt 0 ]; }

lvsd_start < <(conf)
check "a reload adds a flow" lvsd_reload < <(conf "${flow[@]}")
check "whose server is up then" wait_for 60 state_is up
is "and serves" "$(who 192.0.2.3)" rs2
ns rs2 iptables-legacy -I INPUT -p tcp --dport 80 -j REJECT --reject-with tcp-reset
check "it is down" wait_for 60 state_is down
is "and nobody serves" "$(who 192.0.2.3)" nobody
ns rs2 iptables-legacy -D INPUT 1
check "it is up again" wait_for 60 state_is up
is "and serves again" "$(who 192.0.2.3)" rs2
is "it was the same daemon all the time" "$(logged 'started version')" 1
check "a reload without it" lvsd_reload < <(conf)
is "leaves no set" "$(sets)" 0

# The end comes while the rules are made: the lock is another's.
: >/run/xtables.lock
flock /run/xtables.lock sh -c 'echo held; exec sleep 10000' >/run/held &
holder=$!
wait_for 30 grep -q held /run/held
conf "${flow[@]}" >"$LVSD_CONF"
ns director lvsctl reload >/run/reload 2>&1 &
reload=$!
check "the sets are made, the rules wait for the lock" wait_for 30 has_sets
check "stop --clear" ns director lvsctl stop --clear
wait $reload
gone() { ! kill -0 "$lvsd_pid" 2>/dev/null; }
check "it ends" wait_for 60 gone
is "no set is left" "$(sets)" 0
is "nor a rule" "$(ns director iptables-legacy-save | grep -c LVSD)" 0
is "nor a policy rule" "$(ns director ip rule | grep -c '0x4c56')" 0
kill $(ps -o pid= --ppid "$holder")
wait "$holder" 2>/dev/null
finish
