# lab: -t 210
# t_local.sh: trouble of this machine is not a failure of the server, which keeps its
# state and its weight; an unreachable network is one.
. "$(dirname "$0")/test.sh"

lab_up 2
start_backends
ip -n rs1 addr add 10.7.0.1/32 dev lo
ip -n router route add 10.7.0.0/24 via 10.2.0.11
lvsd_start <<END
global
 user nobody
defaults
 check interval 500ms timeout 500ms fall 3
director tcp $VIP:1001
 option tcpcheck
 server a 10.2.0.12:80 check
director http $VIP:1002
 option httpcheck
 server a 10.2.0.12:80 check
director icmp $VIP:1003
 server a 10.2.0.12:80 check
director udp $VIP:1004 UDP
 option udpcheck send x expect rs2
 server a 10.2.0.12:53 check
director tcp6 [$VIP6]:1001
 option tcpcheck
 server a [fd02::12]:80 check
director icmp6 [$VIP6]:1003
 server a [fd02::12]:80 check
director far $VIP:1005
 option tcpcheck
 server a 10.7.0.1:80 check
END
all='tcp http icmp udp tcp6 icmp6 far'
one()
{
	lvsctl --json status >/run/status.json
	jq -r --arg d "$1" ".directors[] | select(.name == \$d) | .servers[0] | $2" /run/status.json
}
is_health() { [ "$(one "$1" .health)" = "$2" ]; }
is_why() { [ "$(one "$1" .check.reason)" = "$2" ]; }
local_count() { lvsctl --json status | jq .checker.local; }

for d in $all; do
	check "$d: up" wait_for 30 is_health $d up
done
is "no local trouble so far" "$(local_count)" 0

# forbidden WHAT: each of the five has local trouble and stays up with its weight.
stays_up()
{
	for d in tcp http icmp udp tcp6 icmp6; do
		check "$1: $d: told as \"$2\"" wait_for 30 is_why $d "$2"
		is "$1: $d: stays up" "$(one $d .health)" up
		is "$1: $d: keeps its weight" "$(one $d .table_weight)" 1
	done
}
heals()
{
	for d in tcp http icmp udp tcp6 icmp6; do
		check "$1: over: $d" wait_for 30 is_why $d ok
	done
}
ip -n director route add prohibit 10.2.0.12/32
ip -n director route add prohibit fd02::12/128
stays_up "a prohibited route" local-permission
is "one alarm for all of them" "$(logged 'a check could not be made.* reason=local-permission')" 1
counted() { [ "$(local_count)" -ge 6 ]; }
check "they are counted" wait_for 30 counted
ip -n director route del prohibit 10.2.0.12/32
ip -n director route del prohibit fd02::12/128
heals "a prohibited route"

# Two connections take the only two ports that there are towards that server, as soon
# as no check has them.
ns director sysctl -qw net.ipv4.ip_local_port_range='50000 50001'
for i in 1 2; do
	ip netns exec director socat -u TCP:10.2.0.12:80,forever,interval=0.05 - >/dev/null 2>&1 &
done
check "no port left: tcp" wait_for 30 is_why tcp local-ports
is "no port left: tcp stays up" "$(one tcp .health)" up
check "no port left: http" wait_for 30 is_why http local-ports
is "no port left: http stays up" "$(one http .health)" up
is "an alarm of its own" "$(logged 'a check could not be made.* reason=local-ports')" 1
ns director sysctl -qw net.ipv4.ip_local_port_range='32768 60999'
check "ports again" wait_for 30 is_why tcp ok

# What is no trouble of ours: no way to the server.
ip -n director route add unreachable 10.2.0.12/32
for d in tcp http icmp udp; do
	check "an unreachable host: $d is down" wait_for 30 is_health $d down
	check "an unreachable host: $d: why" wait_for 30 is_why $d unreachable
done
ip -n director route del unreachable 10.2.0.12/32
ip -n director route del default via 10.2.0.1
check "an unreachable network: down" wait_for 30 is_health far down
check "an unreachable network: why" wait_for 30 is_why far unreachable
ip -n director route add default via 10.2.0.1
for d in tcp far; do
	check "a way again: $d is up" wait_for 30 is_health $d up
done
lvsd_stop
finish
