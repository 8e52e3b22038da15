# lab: -t 400
# t_flow_lock.sh: somebody holds the lock of iptables, or iptables hangs: the daemon goes on
# with everything else, says so once, and makes the rules when it can.
. "$(dirname "$0")/test.sh"

lab_up 2
start_backends
ip -n router route add 192.0.2.0/24 via 10.2.0.2
conf()
{
	cat <<-END
		director web $VIP:80
		 option tcpcheck
		 check interval 500ms
		 server rs1 10.2.0.11 check
		 server rs2 10.2.0.12 check port 99
		director pool
		 server rs2 10.2.0.12
		flow pool director pool
		 match proto tcp dst 192.0.2.0/29 dstport 80
	END
	printf '%s\n' "$@"
}
who()
{
	hammer_run one -c 1 -n 1 -t 4000 "$1" 80
	sed -n 's/^from_\(.*\)=1$/\1/p; s/^failed=1$/nobody/p' /run/hammer/one
}
# hold: somebody has the lock until release.
hold()
{
	flock /run/xtables.lock sh -c 'echo held; exec sleep 10000' >/run/held &
	holder=$!
	wait_for 30 grep -q held /run/held
}
release()
{
	kill $(ps -o pid= --ppid "$holder")
	wait "$holder" 2>/dev/null
}
failed() { logged 'director pool failed'; }
has_failed() { [ "$(failed)" -ge "$1" ]; }
works() { lvsctl status | grep -q '^pool .* up'; }
weight_of_rs2() { ns director ipvsadm -Ln -t "$VIP:80" | awk '/10.2.0.12:80/ { print $4 }'; }
rs2_is() { [ "$(weight_of_rs2)" = "$1" ]; }

mount -t tmpfs none /usr/local/sbin # programs there come first
: >/run/xtables.lock
hold
lvsd_start < <(conf)
is "a start while somebody has the lock: one line" "$(failed)" 1
like "that says who stands in the way" "$(grep 'pool failed' $LVSD_LOG)" 'holds the lock of ip'
is "the others serve" "$(who $VIP)" rs1
release
check "the rules come" wait_for 60 works
is "and it serves" "$(who 192.0.2.3)" rs2

# While a reload waits for the lock, everything else goes on.
: >$LVSD_LOG
hold
lvsd_reload < <(conf 'flow more director pool' ' match iface eth0 dst 192.0.2.16/29') >/run/reload &
reload=$!
answers_at_work() { [ "$(lvsctl --json status | jq .marking.at_work)" = true ]; }
check "the daemon answers while iptables waits" wait_for 60 answers_at_work
start_backend rs2 -p 99
check "a server comes meanwhile" wait_for 30 rs2_is 1
check "the status answers" eval 'lvsctl status >/run/status'
wait $reload
is "the reload is answered" $? 0
is "it could not be done: one line" "$(failed)" 1
like "the status says so" "$(lvsctl status)" '^pool .* failed'
is "what was there still serves" "$(who 192.0.2.3)" rs2
release
check "the rules come when they can" wait_for 60 works
is "the new ones, too" "$(who 192.0.2.17)" rs2
is "that is told" "$(logged 'rules of flows are in the kernel now')" 1

# What a reload takes away serves as long as its rules are there, and goes after them.
marks() { ns director ipvsadm -Sn | grep -c -- '^-a -f .* -w 1'; }
leaves() { [ "$(marks)" = 0 ]; }
hold
lvsd_reload < <(conf | sed '/^director pool/,$d') >/run/reload &
reload=$!
check "a reload waits to take it away" wait_for 60 answers_at_work
is "it serves meanwhile" "$(who 192.0.2.3) $(marks)" "rs2 1"
wait $reload
is "it could not be taken away" "$(who 192.0.2.3) $(marks)" "rs2 1"
release
check "it leaves in the end" wait_for 60 leaves
is "after all its rules and sets" "$(ns director iptables-legacy-save | grep LVSD; ns director ipset list -n)" ""
lvsd_reload < <(conf) >/run/reload
is "it is back" "$(who 192.0.2.3)" rs2

# Iptables that never ends is ended.
for i in iptables ip6tables; do
	for flavour in '' -legacy -nft; do
		printf '#!/bin/sh\nexec sleep 10000\n' >/usr/local/sbin/$i$flavour-restore
	done
done
chmod +x /usr/local/sbin/*
: >$LVSD_LOG
lvsd_reload < <(conf 'flow more director pool' ' match not iface lo dst 192.0.2.32/29') >/run/reload
is "a reload with iptables that hangs is answered" $? 0
like "and told" "$(grep 'pool failed' $LVSD_LOG)" 'restore took more than'
is "nothing of it is left" "$(pgrep -c -f 'sleep 10000')" 0
rm /usr/local/sbin/*
check "later the rules come" wait_for 60 works
is "and serve" "$(who 192.0.2.33) $(who 192.0.2.17)" "rs2 nobody"

# The end does not wait for it, either.
hold
lvsd_reload < <(conf) >/run/reload &
reload=$!
at_work() { pgrep -f 'tables.*-restore' >/run/pgrep; }
check "iptables waits for the lock" wait_for 30 at_work
lvsd_stop
is "the daemon ends" $? 0
is "and iptables with it" "$(at_work && cat /run/pgrep)" ""
wait $reload
release
lvsd_start -x </dev/null
lvsd_stop
is "nothing is left" "$(ns director iptables-legacy-save | grep LVSD; ns director ipset list -n)" ""
finish
