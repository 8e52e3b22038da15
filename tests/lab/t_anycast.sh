# lab: -t 200
# t_anycast.sh: examples/anycast*, as they are but for their networks, with a router that
# speaks BGP and another site: clients are at this one while it has a server that is up and
# an lvsd that nobody stopped, and at the other one else.
. "$(dirname "$0")/test.sh"
examples=$(dirname "$0")/../../examples

lab_up 3
vip=10.8.8.8
use_gateway $vip
ip -n director address add $vip/32 dev lo
for rs in rs1 rs2; do
	start_backend $rs
done
# The other site is farther away.
ns rs3 backend -n elsewhere -p 80 >/run/elsewhere
ip -n router route add $vip via 10.2.0.13 metric 1000
in_lab() { sed 's/192\.0\.2\.10/'$vip'/g; s/192\.0\.2\.0/10.8.8.0/; s/10\.0\.0\./10.2.0./g' "$examples/$1"; }

in_lab anycast.bird | sed 's/^log .*/log stderr all;/' >/run/director.bird
cat >/run/router.bird <<END
log stderr all;
router id 10.2.0.1;
protocol device {
}
protocol kernel {
	ipv4 { export all; };
}
protocol bgp director {
	local 10.2.0.1 as 65000;
	neighbor 10.2.0.2 as 65001;
	ipv4 { import all; export none; };
}
END
for i in router director; do
	ip netns exec $i bird -f -c /run/$i.bird -s /run/$i.birdc -P /run/$i.pid >/run/$i.log 2>&1 &
done
spoken() { birdc -s /run/director.birdc show protocols uplink 2>/dev/null | grep -q Established; }
check "the router is a neighbour" wait_for 120 spoken
announce()
{
	ip netns exec director bash "$examples/anycast-announce" web $vip >>/run/announce.log 2>&1 &
	announce_pid=$!
}
routed() { ip -n router route show $vip | grep -q "via 10.2.0.2 .*proto bird"; }
not_routed() { ! routed; }
# served TEXT NAME...: who answers 40 requests, none of which fails
served()
{
	local text=$1

	shift
	hammer_run x -n 40 -c 4 $vip 80
	is "$text: who serves" "$(hammer_get x ok) of $(sed -n 's/^from_\(.*\)=.*/\1/p' /run/hammer/x | sort | paste -sd' ')" \
		"40 of $*"
}

announce
served "before lvsd runs" elsewhere
lvsd_start < <(in_lab anycast.conf)
both() { ns director ipvswait -t 60 "tcp:$vip:80,10.2.0.11:80=1" "tcp:$vip:80,10.2.0.12:80=1" >/run/wait; }
check "servers are up: announced" wait_for 60 routed
both
served "announced" rs1 rs2
refuse rs1
ns director ipvswait -t 60 "tcp:$vip:80,10.2.0.11:80=absent" >/run/wait
served "one of two is down" rs2
is "it is announced on" "$(routed && echo yes)" yes
refuse rs2
check "all are down: withdrawn" wait_for 60 not_routed
served "withdrawn" elsewhere
heal rs1
heal rs2
check "they are back: announced" wait_for 60 routed
both
served "announced again" rs1 rs2

lvsd_stop KILL
served "lvsd was killed" rs1 rs2
is "it is announced on" "$(routed && echo yes)" yes
lvsd_start
refuse rs1
refuse rs2
check "another one is heard: withdrawn" wait_for 60 not_routed
heal rs1
heal rs2
check "and announced" wait_for 60 routed
kill $announce_pid
wait $announce_pid
is "it ends when it is told" $? 0
check "stopped: withdrawn" wait_for 60 not_routed
served "stopped" elsewhere
is "with all servers up" "$(lvsctl --json status web | jq -r '.directors[0].state')" up
lvsd_stop
kill $(cat /run/router.pid /run/director.pid)
finish
