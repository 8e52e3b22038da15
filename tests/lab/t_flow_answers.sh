# lab: -t 200
# t_flow_answers.sh: reloads that overlap, because somebody holds the lock of iptables:
# each is answered with what it did itself, whatever came after it.
. "$(dirname "$0")/test.sh"

lab_up 2
start_backends
ip -n router route add 192.0.2.0/24 via 10.2.0.2
# conf NUMBER SERVERS: a rule like no other, so many servers of another director.
conf()
{
	cat <<-END
		director pool
		 server rs2 10.2.0.12
		flow pool director pool
		 match proto tcp dst 192.0.2.1 dstport 80
		 match iface eth$1 proto tcp dst 192.0.2.2 dstport 80
		director web $VIP:80
		 server rs1 10.2.0.11
	END
	for i in $(seq 2 "$2"); do
		echo " server s$i 10.2.0.1$i"
	done
}
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
count() { lvsctl --json status | jq .reload.count; }
count_is() { [ "$(count)" = "$1" ]; }
at_work() { [ "$(lvsctl --json status | jq .marking.at_work)" = true ]; }
works() { lvsctl status | grep -q '^pool .* up'; }
# answer NAME: what that reload said, but for whether the rules could be made in time.
answer() { sed 's/, [0-9]* directors* failed: see lvsctl status//' "/run/answer.$1"; }
# reload NAME COUNT NUMBER SERVERS: begun, and taken, but not answered.
reload()
{
	conf "$3" "$4" >"$LVSD_CONF"
	lvsctl reload >"/run/answer.$1" 2>&1 &
	eval "reload_$1=$!"
	check "the reload $1 is taken" wait_for 30 count_is "$2"
}
added() { echo "ipvsadm -a -t $VIP:80 -r 10.2.0.1$1:80 -m -w 1"; }

: >/run/xtables.lock
lvsd_start < <(conf 0 1)
check "it serves" wait_for 30 works
hold
reload first 1 1 2
check "the first makes its rules" wait_for 30 at_work
reload second 2 2 4
reload third 3 3 4
conf 3 4 | sed 's/^director web/directer web/' >"$LVSD_CONF"
fails "a broken file is refused at once" 1 lvsctl reload
like "and that is said" "$tap_said" 'unknown statement "directer"'
release
for i in first second third; do
	pid=reload_$i
	wait "${!pid}"
	is "the $i is answered" $? 0
done
is "the first with what it did" "$(answer first)" "$(added 2)
reloaded, 1 operation, checks go on"
is "the second with what it did" "$(answer second)" "$(added 3)
$(added 4)
reloaded, 2 operations, checks go on"
is "the third did nothing" "$(answer third)" "reloaded, 0 operations, checks go on"
check "the rules are there in the end" wait_for 30 works
is "the log has each of those that were done" "$(logged ' reloaded ')" 3
is "and the one that was not" "$(logged 'reload refused')" 1
lvsd_stop
lvsd_start -x < <(conf 3 4)
lvsd_stop
finish
