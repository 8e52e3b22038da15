# lab: -t 600
# t_state.sh: what outlives the daemon, and what it leaves behind. Ownership is on
# disk before the first operation; what the file lost while no lvsd ran leaves with
# its last connection; decisions and deadlines go on after kill -9; kernel settings
# are put back; a state file that cannot be used costs nothing else.
. "$(dirname "$0")/test.sh"

lab_up 3
start_backends
state=/var/lib/lvsd/state
table() { ns director ipvsadm -Sn | sort; }
sysctl_is() { ns director sysctl -n "net.ipv4.vs.$1"; }
timeouts() { ns director ipvsadm -l --timeout | sed 's/.*: //'; }
web()
{
	cat <<-END
	director web $VIP:80
	 balance roundrobin
	 server rs1 10.2.0.11:80
	 server rs2 10.2.0.12:80
	END
	[ $# = 0 ] || printf '%s\n' "$@"
}
more() { web "director more $VIP:81" " option drain $1" " server rs3 10.2.0.13:80"; }
owned() { jq -c '[.services[] | .port] | sort' $state; }

# ---- ownership, before the first operation ----

ns director ipvsadm -A -t 192.0.2.1:1 -s wrr
web >/run/web
LVSD_UNDER="strace -f -s 8 -e trace=rename,sendto,clone,clone3,fork,vfork -o /run/trace"
lvsd_start </run/web
LVSD_UNDER=
# first PATTERN: the line of the trace that has it first
first() { grep -nE -m 1 "$1" "$2" | cut -d : -f 1; }
request='NETLINK|nlmsg_len'
first_op() { grep -E "sendto.*($request)" "$1" | grep -vE 'nlctrl|NLM_F_DUMP|flags=NLM_F_REQUEST\|0x300|NLM_F_ROOT' | head -n 1; }
renamed=$(first 'rename\("/var/lib/lvsd/state.new", "/var/lib/lvsd/state"\) = 0' /run/trace)
op=$(grep -nF -m 1 "$(first_op /run/trace)" /run/trace | cut -d : -f 1)
check "the state file is there before the first operation (lines $renamed, $op)" \
	test "$renamed" -lt "$op"
is "it says what is ours" "$(owned)" "[80]"
is "nobody else reads it" "$(stat -c %a $state)" 600
like "the other service is foreign" "$(cat "$LVSD_LOG")" 'started .* foreign=1'
lines=$(wc -l </run/trace)
more never | lvsd_reload >/run/out
tail -n +$((lines + 1)) /run/trace >/run/trace2
renamed=$(first 'rename\("/var/lib/lvsd/state.new"' /run/trace2)
op=$(grep -nF -m 1 "$(first_op /run/trace2)" /run/trace2 | cut -d : -f 1)
check "a reload that adds a service waits for it, too (lines $renamed, $op)" \
	test "$renamed" -lt "$op"
like "and its answer tells what was done" "$(cat /run/out)" "ipvsadm -A -t $VIP:81 -s wlc"
is "it says what is ours now" "$(owned)" "[80,81]"
lines=$(wc -l </run/trace)
more never | lvsd_reload >/run/out
is "an unchanged file writes and sends nothing" "$(tail -n +$((lines + 1)) /run/trace | grep -cE 'rename|sendto.*NLM_F')" 0
lines=$(wc -l </run/trace)
lvsctl weight web/rs1 5
lvsctl weight web/rs1 auto
tail -n +$((lines + 1)) /run/trace >/run/trace2
check "two decisions are two files" test "$(grep -c 'rename("/var/lib/lvsd/state.new"' /run/trace2)" -ge 2
is "and no fork" "$(grep -cE ' (clone|clone3|fork|vfork)\(' /run/trace2)" 0
lvsctl stop
wait "$lvsd_pid"

# ---- the file loses a director while no lvsd runs ----

lvsd_start
hammer_start web -c 4 -r 200 "$VIP" 80
hammer_start kept -k -c 2 -r 100 "$VIP" 81
lvsd_stop KILL
lvsd_start </run/web
is "its server is at weight 0, the connection lives" "$(table | grep :81 | xargs)" \
	"-A -t $VIP:81 -s wlc -a -t $VIP:81 -r 10.2.0.13:80 -m -w 0"
is "what was never ours stays" "$(table | grep -c 192.0.2.1:1)" 1
hammer_stop kept
is "no kept connection broke" "$(hammer_get kept failed)" 0
check "it goes with the last connection" ns director ipvswait "tcp:$VIP:81=absent"
hammer_stop web
is "nobody on the other director noticed" "$(hammer_get web failed)" 0

# ---- decisions and deadlines outlive kill -9 ----

lvsctl drain web/rs1
lvsctl weight '*/rs2' 7
check "drained, and gone" ns director ipvswait "tcp:$VIP:80,10.2.0.11:80=absent"
is "weight" "$(table | grep -- "-a -t $VIP:80" | xargs)" "-a -t $VIP:80 -r 10.2.0.12:80 -m -w 7"
lvsd_stop KILL
lvsd_start
is "they outlive kill -9" "$(table | grep -- "-a -t $VIP:80" | xargs)" "-a -t $VIP:80 -r 10.2.0.12:80 -m -w 7"
sed 's/server rs2.*/server rs2 10.2.0.12:80 weight 2/; s/roundrobin/leastconn/' /run/web | lvsd_reload >/run/out
is "and a changed file" "$(table | grep -- "-a -t $VIP:80" | xargs)" "-a -t $VIP:80 -r 10.2.0.12:80 -m -w 7"
lvsctl ready web/rs1
lvsctl weight web/rs2 auto
is "ready and auto end them" "$(table | grep -- "-a -t $VIP:80" | xargs)" \
	"-a -t $VIP:80 -r 10.2.0.11:80 -m -w 1 -a -t $VIP:80 -r 10.2.0.12:80 -m -w 2"
fails "no such server" 1 lvsctl drain web/rs9

hammer_start kept -k -c 4 -r 100 "$VIP" 80
since=$(now)
lvsctl drain web/rs1 --deadline 10s
lvsd_stop KILL
lvsd_start
is "a drained server keeps its connections" "$(table | grep -c -- '10.2.0.11:80 -m -w 0')" 1
at=$(ns director ipvswait "tcp:$VIP:80,10.2.0.11:80=absent")
check "until the deadline" test "$(ms_between "$since" "$at")" -ge 10000
note "after $(ms_between "$since" "$at") ms"
hammer_stop kept
lvsctl ready web/rs1

more 3 | lvsd_reload >/run/out
hammer_start kept -k -c 2 -r 100 "$VIP" 81
since=$(now)
lvsd_reload </run/web >/run/out
check "the deadline is on disk" wait_for 30 grep -q until_us $state
lvsd_stop KILL
lvsd_start
at=$(ns director ipvswait "tcp:$VIP:81=absent")
check "option drain of a removed director, over kill -9" test "$(ms_between "$since" "$at")" -ge 3000
note "after $(ms_between "$since" "$at") ms"
hammer_stop kept
# A server of a director that stays: the clock is not wound up by looking at it.
sed 's/^ balance.*/&\n option drain 3/' /run/web | lvsd_reload >/run/out
hammer_start kept -k -c 4 -r 100 "$VIP" 80
since=$(now)
sed 's/^ balance.*/&\n option drain 3/; /rs2/d' /run/web | lvsd_reload >/run/out
at=$(ns director ipvswait "tcp:$VIP:80,10.2.0.12:80=absent")
check "option drain of a removed server" test "$(ms_between "$since" "$at")" -ge 3000
note "after $(ms_between "$since" "$at") ms"
hammer_stop kept
more 0 | lvsd_reload >/run/out
hammer_start kept -k -c 2 -r 100 "$VIP" 81
lvsd_reload </run/web >/run/out
is "drain 0 cuts" "$(table | grep -c ":81")" 0
hammer_stop kept

# A server that the kernel refuses has the director tried again and again.
refused() { web " option drain 3" " server bad 255.255.255.255:80" "$@"; }
refused " server rs3 10.2.0.13:80" | lvsd_reload >/run/out
hammer_start kept -k -c 6 -r 100 "$VIP" 80
refused | lvsd_reload >/run/out
like "a director with a refusal" "$(cat /run/out)" "1 director failed"
check "what it lost has its time and no more" \
	ns director ipvswait "tcp:$VIP:80,10.2.0.13:80=absent"
hammer_stop kept

# What has left is not ours any more, and may be anybody's.
more never | sed "s/$VIP:81/$VIP:82/" | lvsd_reload >/run/out
is "a service comes" "$(owned)" "[80,82]"
lvsd_reload </run/web >/run/out
check "a service leaves" ns director ipvswait "tcp:$VIP:82=absent"
check "the state file forgets it" wait_for 90 eval '[ "$(owned)" = "[80]" ]'
lvsd_stop

# ---- kernel settings ----

is "before: expire_quiescent_template" "$(sysctl_is expire_quiescent_template)" 0
was=$(timeouts)
settings() { web " option persistence timeout 60" "global" " timeouts tcp 100 udp 30"; }
settings >/run/settings
lvsd_start -x </run/settings
is "1 with a persistent director" "$(sysctl_is expire_quiescent_template)" 1
is "timeouts" "$(timeouts)" "100 120 30"
lvsd_reload </run/web >/run/out
is "0 again without one" "$(sysctl_is expire_quiescent_template)" 0
is "timeouts are put back" "$(timeouts)" "$was"
lvsd_reload </run/settings >/run/out
lvsd_stop KILL
lvsd_start -x
lvsd_stop
is "-x puts it back, over kill -9" "$(sysctl_is expire_quiescent_template) $(timeouts)" "0 $was"
is "-x clears the table but for the stranger's" "$(table)" "-A -t 192.0.2.1:1 -s wrr"
lvsd_start -x </run/settings
ns director ipvsadm --set 77 0 0
lvsd_stop
is "what someone else changed meanwhile is his" "$(timeouts)" "77 ${was#* }"
ns director ipvsadm --set ${was}
web " option persistence" "global" " sysctl keep" " stop clear" >/run/keep
lvsd_start </run/keep
is "sysctl keep" "$(sysctl_is expire_quiescent_template)" 0
lvsd_stop
is "stop clear" "$(table)" "-A -t 192.0.2.1:1 -s wrr"
lvsd_start </run/web
check "lvsctl stop --clear" lvsctl stop --clear
wait "$lvsd_pid"
is "lvsctl stop --clear clears" "$(table)" "-A -t 192.0.2.1:1 -s wrr"

# ---- an exclusive table ----

web "global" " table exclusive" >/run/exclusive
lvsd_start </run/exclusive
is "exclusive: what is not in the file goes" "$(table | grep -c 192.0.2.1:1)" 0
ns director ipvsadm -A -t 192.0.2.1:2 -s wrr
lvsctl audit >/run/out
check "exclusive: and what comes later" ns director ipvswait "tcp:192.0.2.1:2=absent"
lvsd_stop

# ---- files that cannot be used ----

# unusable TEXT PATTERN: what is in the state file is reported and kept aside
unusable()
{
	cp $state /run/unusable
	: >"$LVSD_LOG"
	lvsd_start </run/web
	like "$1: it is told" "$(cat "$LVSD_LOG")" "cannot use the state file: .*$2"
	check "$1: it is kept" cmp -s /run/unusable $state.damaged
	is "$1: the table is there" "$(table | grep -c "$VIP:80")" 3
	lvsd_stop
	is "$1: there is a good one again" "$(owned)" "[80]"
}
cp $state /run/good
head -c 100 /run/good >$state
unusable "truncated" "line "
: >$state
unusable "empty" "line "
jq '.lvsd_state = 2' /run/good >$state
unusable "newer" "newer lvsd"
echo '{"a": 1}' >$state
unusable "foreign" "no state of lvsd"
jq '.services[0].port = 123456' /run/good >$state
unusable "wrong" "damaged"
jq '.services[0].address = "10.0.0.300"' /run/good >$state
unusable "wrong address" "damaged"
cp /run/good $state
chmod 666 $state
unusable "writable" "others may write"

# What another namespace owned is not ours, though its inode may be the same.
more never >/run/more
# stopped: as lvsd_stop, of one that is in the background
stopped() { ! readlink "/proc/$(cat /run/other.pid)/exe"; }
ip netns add other
ip netns exec other ip link set lo up
ip netns exec other "$BUILDDIR/lvsd" -D -f /run/more 2>/run/err
lvsctl --json status | jq .pid >/run/other.pid
lvsctl stop
wait_for 30 stopped
ip netns del other
ip netns add other
ip netns exec other ip link set lo up
ip netns exec other ipvsadm -A -t "$VIP:81" -s wlc
ip netns exec other ipvsadm -a -t "$VIP:81" -r 10.2.0.13:80 -m
ip netns exec other "$BUILDDIR/lvsd" -D -f /run/web 2>/run/err
is "another namespace: what it owned is foreign" \
	"$(ip netns exec other ipvsadm -Sn | grep ":81" | sort | xargs)" \
	"-A -t $VIP:81 -s wlc -a -t $VIP:81 -r 10.2.0.13:80 -m -w 1"
lvsctl --json status | jq .pid >/run/other.pid
lvsctl stop --clear
wait_for 30 stopped
ip netns del other

# What another boot owned is not ours now.
more never >/run/more
lvsd_start </run/more
lvsd_stop
jq '.boot = "another"' $state >/run/other && cp /run/other $state
lvsd_start </run/web
is "another boot: what it owned is foreign" "$(table | grep ":81" | xargs)" \
	"-A -t $VIP:81 -s wlc -a -t $VIP:81 -r 10.2.0.13:80 -m -w 1"
lvsd_stop
ns director ipvsadm -C

# No room on the disk.
mkdir -p /run/full
mount -t tmpfs -o size=4k full /run/full
head -c 4096 /dev/zero >/run/full/fill
: >"$LVSD_LOG"
web "global" " state /run/full/state" >/run/full.conf
lvsd_start </run/full.conf
is "a full disk: told once" "$(logged 'cannot write the state file: No space left')" 1
is "a full disk: the table is there" "$(table | grep -c "$VIP:80")" 3
like "a full disk: lvsctl says it, too" "$(lvsctl drain web/rs1 2>&1)" "a restart will forget it.*No space"
like "a full disk: status shows it" "$(lvsctl status)" "STATE FILE cannot be written"
rm /run/full/fill
lvsctl ready web/rs1
is "room again: told" "$(logged 'can be written again')" 1
lvsd_stop
finish
