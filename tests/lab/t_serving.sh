# lab: -t 450
# t_serving.sh: who serves, with requests: a quorum that is lost and comes back,
# panic, slow start, what operators decide, and every scheduler with a server at weight
# 0. What the servers answer and what their checks see are two ports, so a server that
# is down here still serves: no request may fail, no kept connection may break.
. "$(dirname "$0")/test.sh"

lab_up 5
start_backends
start_backends -p 88
ill()
{
	for rs; do
		ns "$rs" iptables-legacy -A INPUT -p tcp --dport 88 -j REJECT --reject-with tcp-reset
	done
}
well()
{
	for rs; do
		ns "$rs" iptables-legacy -F INPUT
	done
}
check=' check interval 500ms timeout 500ms fall 3 port 88 inhibit
 option tcpcheck'
# servers WEIGHT NAME...: their lines
servers()
{
	local weight=$1 rs

	shift
	for rs; do
		echo " server $rs $(rs_addr "$rs"):80 check weight $weight"
	done
}
rs() { echo "tcp:$VIP:${2:-80},$(rs_addr "$1"):80"; }
# table TEXT NAME=WEIGHT...: the servers of VIP:80 come to stand so, and no others are
# there.
table()
{
	local text=$1 all='' server

	shift
	for server; do
		all="$all $(rs "${server%=*}")=${server#*=}"
	done
	# shellcheck disable=SC2086 # words
	check "$text" ns director ipvswait "dests=$#" $all
}
# served TEXT NAME...: new requests are answered by all of these and nobody else.
served()
{
	local text=$1 all

	shift
	hammer_run x -n $((60 * $#)) -c 4 "$VIP" 80
	all=$(sed -n 's/^from_\(.*\)=.*/\1/p' /run/hammer/x | sort | xargs)
	is "$text" "$(hammer_get x failed) failed, from $all" "0 failed, from $*"
}
# Kept connections and new ones, which must not notice what comes. The kept ones are
# spread over all servers before there are others.
active() { ns director ipvsadm -Ln | awk '/Masq/ { n += $5 } END { print n + 0 }'; }
all_open() { [ "$(active)" -ge 8 ]; }
traffic()
{
	hammer_start kept -k -c 8 -r 200 "$VIP" 80
	wait_for 30 all_open
	hammer_start new -c 4 -r 200 "$VIP" 80
}
unharmed()
{
	hammer_stop new
	hammer_stop kept
	is "$1: no new request failed" "$(hammer_get new failed)" 0
	is "$1: no kept connection broke" "$(hammer_get kept failed) $(hammer_get kept connections)" "0 8"
	note "$1: $(hammer_get new ok) new requests, $(hammer_get kept ok) on kept connections"
}

# ---- quorum ----

lvsd_start <<END
director web $VIP:80
 balance roundrobin
 option quorum 2
$check
$(servers 1 rs1 rs2 rs3)
 server rs4 $(rs_addr rs4):80 sorry
END
table "quorum: at the start" rs1=1 rs2=1 rs3=1
traffic
ill rs1
table "quorum: two of three are enough" rs1=0 rs2=1 rs3=1
served "quorum: they serve" rs2 rs3
ill rs2
table "quorum: one is not, the sorry server serves" rs1=0 rs2=0 rs3=0 rs4=1
served "quorum: it alone" rs4
like "quorum: the log says so" "$(cat $LVSD_LOG)" 'director web: the sorry server serves .* usable=1'
well rs1
table "quorum: two again, and the sorry server has left" rs1=1 rs2=0 rs3=1
served "quorum: they serve again" rs1 rs3
well rs2
table "quorum: and all" rs1=1 rs2=1 rs3=1
unharmed "quorum"
like "quorum: the sorry server had requests" "$(hammer_get new from_rs4)" '^[1-9]'
is "quorum: but no kept connection" "$(hammer_get kept from_rs4)" 0
is "quorum: nobody asked netfilter to know of it" "$(ns director sysctl -n net.ipv4.vs.conntrack)" 0

# ---- panic ----

lvsd_reload >/run/said <<END
director web $VIP:80
 balance roundrobin
 option panic 50%
$check
$(servers 3 rs1 rs2 rs3 rs4)
 server rs5 $(rs_addr rs5):80 sorry
END
table "panic: at the start" rs1=3 rs2=3 rs3=3 rs4=3
traffic
ill rs1 rs2
table "panic: half of them are enough" rs1=0 rs2=0 rs3=3 rs4=3
served "panic: they serve" rs3 rs4
is "panic: not yet" "$(logged 'director web in panic')" 0
ill rs3
table "panic: less than half: all are in" rs1=3 rs2=3 rs3=3 rs4=3
served "panic: all of them serve" rs1 rs2 rs3 rs4
ill rs4
rs4_down() { [ "$(logged 'server web/rs4 up -> down')" -gt 0 ]; }
check "panic: the last one is down, too" wait_for 30 rs4_down
table "panic: no sorry server for that" rs1=3 rs2=3 rs3=3 rs4=3
check "panic: an operator takes one out" lvsctl drain web/rs2
served "panic: who stays out" rs1 rs3 rs4
lvsctl ready web/rs2
well rs1 rs3
table "panic: half of them are back" rs1=3 rs2=0 rs3=3 rs4=0
well rs2 rs4
table "panic: and all" rs1=3 rs2=3 rs3=3 rs4=3
unharmed "panic"
is "panic: told as an error once" "$(logged 'director web in panic')" 1

# ---- slow start ----

SLOW_S=10
slow()
{
	cat <<-END
	director web $VIP:80
	 balance roundrobin
	 option slowstart ${SLOW_S}s
	$check
	$(servers 20 rs1 rs2)
	$1
	END
}
lvsd_stop
slow "$(servers 20 rs3)" >/run/conf
lvsd_start </run/conf
table "slow start: a start is none" rs1=20 rs2=20 rs3=20
is "slow start: each has his weight in one step" "$(logged 'table changed')" 0
traffic
ill rs1
table "slow start: one is down" rs1=0 rs2=20 rs3=20

# Writes "CENTISECONDS-SINCE-BOOT WEIGHT" of rs1 again and again; the time is read last.
ip netns exec director bash -c 'while :; do
	weight=$(awk "/0A02000B:0050/ { print \$4 }" /proc/net/ip_vs)
	read -r up rest </proc/uptime
	echo "${up/./} ${weight:-absent}"
done' >/run/weights &
sampler=$!
uptime_cs
begun_cs=$up_cs
well rs1
half() { awk '$2 >= 8 { yes = 1 } END { exit !yes }' /run/weights; }
check "slow start: its weight grows" wait_for 60 half
slow "$(servers 30 rs3)" | lvsd_reload >/run/said
is "slow start: a reload changes what it says only" "$(grep -c -- "-r $(rs_addr rs3):80" /run/said)" 1
table "slow start: the weight is whole" rs1=20 rs2=20 rs3=30
kill $sampler
wait $sampler 2>/dev/null
awk '$2 > 0' /run/weights >/run/grown
is "slow start: never a step back" "$(sort -snc -k2,2 /run/grown 2>&1)" ""
check "slow start: several steps on the way" \
	test "$(cut -d' ' -f2 /run/grown | sort -u | wc -l)" -gt 3
is "slow start: never more than its time has come for" \
	"$(awk -v begun=$begun_cs -v slow=$((SLOW_S * 100)) '{
		due = 20 * ($1 - begun + 1) / slow
		if ($2 > 1 && $2 > due && $1 - begun < slow) print }' /run/grown | head -n 5)" ""
note "slow start: $(cut -d' ' -f2 /run/grown | uniq | xargs)"
unharmed "slow start"

# ---- what operators decide ----

lvsd_stop
ns director ipvsadm -C
: >$LVSD_LOG
lvsd_start <<END
director web $VIP:80
 balance roundrobin
$check
$(servers 1 rs1 rs2 rs3)
END
table "operators: at the start" rs1=1 rs2=1 rs3=1
traffic
check "weight 3" lvsctl weight web/rs1 3
table "weight 3: in the table" rs1=3 rs2=1 rs3=1
hammer_run x -n 500 -c 4 "$VIP" 80
unharmed "weight 3"
hammer_run x -n 500 -c 4 "$VIP" 80
is "weight 3: three of five requests" "$(hammer_get x from_rs1) $(hammer_get x from_rs2)" "300 100"
traffic
check "weight 0" lvsctl weight web/rs1 0
table "weight 0: in the table" rs1=0 rs2=1 rs3=1
served "weight 0: no new connection" rs2 rs3
check "weight auto" lvsctl weight web/rs1 auto
table "weight auto: the file's" rs1=1 rs2=1 rs3=1

check "drain" lvsctl drain web/rs1
table "drain: it stays with its connections" rs1=0 rs2=1 rs3=1
served "drain: no new connection" rs2 rs3
check "ready" lvsctl ready web/rs1
table "ready" rs1=1 rs2=1 rs3=1
check "maint with a deadline that is far" lvsctl maint web/rs1 --deadline 1h
table "maint: it stays with its connections" rs1=0 rs2=1 rs3=1
served "maint: no new connection" rs2 rs3
# A check would see it now, as those of rs2 see that it is down.
ill rs1 rs2
seen() { [ "$(logged 'server web/rs2 up -> down')" = 1 ]; }
check "maint: others are checked" wait_for 30 seen
is "maint: it is not" "$(logged 'server web/rs1 ')" 1
well rs1 rs2
table "maint: over" rs1=0 rs2=1 rs3=1
unharmed "operators"
like "operators: connections to the server that was taken out" "$(hammer_get kept from_rs1)" '^[1-9]'
table "maint: gone with the last connection" rs2=1 rs3=1
check "ready after maint" lvsctl ready web/rs1
table "ready after maint: when its check has spoken" rs1=1 rs2=1 rs3=1
is "which was unknown before" "$(logged 'server web/rs1 unknown -> up')" 2

hammer_start kept -k -c 6 -r 100 "$VIP" 80
since=$(now)
check "maint with a deadline" lvsctl maint web/rs1 --deadline 3s
at=$(ns director ipvswait "$(rs rs1)=absent")
check "maint: gone at the deadline and not before" test "$(ms_between "$since" "$at")" -ge 3000
hammer_stop kept
lvsctl ready web/rs1
table "it is back" rs1=1 rs2=1 rs3=1

# ---- connections that netfilter knows ----

conntrack() { ns director sysctl -n net.ipv4.vs.conntrack; }
cp $LVSD_CONF /run/plain
{ printf 'global\n conntrack\n'; cat /run/plain; } >/run/conntrack
traffic
lvsd_reload </run/conntrack >/run/said
is "conntrack: set by a reload" "$(conntrack)" 1
lvsd_reload </run/plain >/run/said
is "conntrack: put back by a reload" "$(conntrack)" 0
lvsd_reload </run/conntrack >/run/said
lvsd_stop KILL
lvsd_start </run/plain
is "conntrack: put back over kill -9" "$(conntrack)" 0
lvsd_stop
{ printf 'global\n conntrack\n sysctl keep\n'; cat /run/plain; } >/run/keep
lvsd_start </run/keep
is "conntrack: not with sysctl keep" "$(conntrack)" 0
unharmed "conntrack"
lvsd_stop
lvsd_start -x </run/conntrack
is "conntrack: set at a start" "$(conntrack)" 1
lvsd_stop
is "conntrack: put back at the end with -x" "$(conntrack)" 0

# ---- weight 0 and the schedulers ----

# A director each, at ports from 1001 on.
schedulers='roundrobin|leastconn|leastconn localitybased|leastconn localitybased replication
source|srcdst|dest|shortexpdelay|neverqueue|fo|ovf|mh|kernel dh'
schedulers=$(echo "$schedulers" | tr '|' '\n')
numbered() { echo "$schedulers" | nl -v 1001 -w 1 -s ' '; }
numbered | while read -r port balance; do
	printf '%s\n' "director d$port $VIP:$port" " balance $balance" "$check"
	servers 100 rs1 rs2 rs3
done >/run/conf
# weightless NAME WHAT: conditions that it stands so everywhere: at weight 0, and not
# where the kernel would refuse clients then.
weightless()
{
	numbered | while read -r port balance; do
		case $balance in
		dest | *dh) echo "$(rs "$1" "$port")=absent" ;;
		*) echo "$(rs "$1" "$port")=$2" ;;
		esac
	done
}
# all_serve TEXT NAME...: no request of a hundred clients fails, none comes to another.
all_serve()
{
	local text=$1 port balance got rs

	shift
	while read -r port balance; do
		hammer_run x -n 200 -c 4 "$VIP" "$port"
		got=$(hammer_get x ok)
		for rs; do
			got=$((got - $(hammer_get x "from_$rs")))
		done
		is "$balance: $text: failed, by others" "$(hammer_get x failed) $got" "0 0"
	done <<<"$(numbered)"
}
lvsd_start </run/conf
n=$(numbered | wc -l)
check "all schedulers" ns director ipvswait services=$n dests=$((3 * n)) live=$((3 * n))
all_serve "all up" rs1 rs2 rs3
ill rs2
# shellcheck disable=SC2046 # words
check "inhibit" ns director ipvswait $(weightless rs2 0)
all_serve "one inhibited" rs1 rs3
# Those without a connection are gone at weight 0, wherever they are drained.
check "drain" lvsctl drain '*/rs3'
# shellcheck disable=SC2046 # words
check "drained" ns director ipvswait $(weightless rs3 absent)
all_serve "one inhibited, one drained" rs1
well rs2
lvsctl ready '*/rs3'
check "all are back" ns director ipvswait services=$n dests=$((3 * n)) live=$((3 * n))
check "weight 0 by an operator" lvsctl weight '*/rs1' 0
# shellcheck disable=SC2046 # words
check "it is so" ns director ipvswait $(weightless rs1 0)
all_serve "one at weight 0 by an operator" rs2 rs3
lvsd_stop
finish
