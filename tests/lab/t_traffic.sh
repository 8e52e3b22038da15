# lab: -t 360
# t_traffic.sh: what directors promise, with requests: IPv6 in the three modes,
# datagrams, one-packet, persistence, source hashing with a server inhibited,
# destination hashing with one down, all ports of an address, and marks.
. "$(dirname "$0")/test.sh"

lab_up 3
start_backends
start_backends -p 81
servers() { printf ' server rs%s %s check\n' 1 "$1" 2 "$2" 3 "$3"; }
v4=$(servers 10.2.0.11:80 10.2.0.12:80 10.2.0.13:80)
v6=$(servers '[fd02::11]:80' '[fd02::12]:80' '[fd02::13]:80')
fast=' check interval 500ms timeout 500ms fall 3
 option tcpcheck'

# load [CONDITION...]: the configuration on stdin replaces all that was there.
load()
{
	[ -z "$lvsd_pid" ] || lvsd_stop
	lvsd_pid=
	ns director ipvsadm -C
	cat >/run/conf
	lvsd_start </run/conf
	ns director ipvswait "$@" >/run/ready || not_ok "the table is ready"
}
# served TEXT N HAMMER-ARGUMENTS...: N requests, none fails
served()
{
	local text=$1 n=$2

	shift 2
	hammer_run x -n "$n" "$@"
	is "$text: $n requests, none failed" "$(hammer_get x ok) $(hammer_get x failed)" "$n 0"
}
names() { sed -n 's/^from_\(.*\)=.*/\1/p' /run/hammer/x | wc -l; }

# ---- IPv6, three modes ----

for mode in nat gateway tunnel; do
	case $mode in nat) n=1 ;; gateway) n=2 ;; tunnel) n=3 ;; esac
	add_vip fd09::$n:1
	use_$mode fd09::$n:1
	load live=3 <<-END
	director six [fd09::$n:1]:80
	 balance roundrobin
	 mode $mode
	$fast
	$v6
	END
	served "IPv6, $mode" 600 -c 4 fd09::$n:1 80
	is "IPv6, $mode: a third at each server" \
		"$(hammer_get x from_rs1) $(hammer_get x from_rs2) $(hammer_get x from_rs3)" \
		"200 200 200"
	hammer_start bg -t 1000 -c 2 -r 200 fd09::$n:1 80
	silence rs2
	ns director ipvswait live=2 >/run/out
	hammer_stop bg
	served "IPv6, $mode, rs2 silent and out" 300 -c 4 fd09::$n:1 80
	heal rs2
	ns director ipvswait live=3 >/run/back
	is "IPv6, $mode: rs2 is back" $? 0
done

# ---- datagrams ----

use_nat
load live=3 <<END
director dns $VIP:53 UDP
 balance roundrobin
 server rs1 10.2.0.11:53
 server rs2 10.2.0.12:53
 server rs3 10.2.0.13:53
END
served "datagrams, nat" 300 -u "$VIP" 53
add_vip 10.9.5.1
use_gateway 10.9.5.1
load live=3 <<END
director dns 10.9.5.1:53 UDP
 balance roundrobin
 mode gateway
 option onepacket
 server rs1 10.2.0.11:53
 server rs2 10.2.0.12:53
 server rs3 10.2.0.13:53
END
# One socket, so without one-packet all of them would go to one server.
served "one-packet" 300 -b 10.1.0.2/1 -c 1 -u 10.9.5.1 53
is "one-packet: every datagram is scheduled by itself" \
	"$(hammer_get x from_rs1) $(hammer_get x from_rs2) $(hammer_get x from_rs3)" "100 100 100"

# ---- persistence and hashing ----

use_nat
load live=6 <<END
director web $VIP:80
 balance roundrobin
 option persistence timeout 60
$fast
$v4
director net $VIP:81
 balance roundrobin
 option persistence timeout 60 netmask 255.255.255.0
 server rs1 10.2.0.11:81
 server rs2 10.2.0.12:81
 server rs3 10.2.0.13:81
END
served "persistence, one client" 60 -b 10.1.0.2/1 -c 4 "$VIP" 80
is "it stays at one server" "$(names)" 1
served "persistence, a hundred clients" 300 -c 4 "$VIP" 80
is "they are at all servers" "$(names)" 3
served "netmask: a hundred clients of one network" 300 -c 4 "$VIP" 81
is "they stay at one server" "$(names)" 1

# A client of its own each: an entry that is left of an earlier one on the same port
# would lead to the server of before.
one=10.1.1.10
for balance in source mh srcdst; do
	one=10.1.1.$((${one##*.} + 1))
	load live=3 <<-END
	director web $VIP:80
	 balance $balance
	 check interval 500ms timeout 500ms fall 3 inhibit
	 option tcpcheck
	$v4
	END
	served "$balance, one client" 60 -b $one/1 -c 4 "$VIP" 80
	is "$balance: it stays at one server" "$(names)" 1
	refuse rs2
	ns director ipvswait "tcp:$VIP:80,10.2.0.12:80=0" >/run/out
	served "$balance, rs2 inhibited: a hundred clients" 600 -c 4 "$VIP" 80
	heal rs2
done
load dests=3 <<END
director web $VIP:80
 balance dest
 check interval 500ms timeout 500ms fall 3 inhibit
 option tcpcheck
$v4
END
for rs in rs1 rs2 rs3; do
	refuse $rs
	ns director ipvswait "tcp:$VIP:80,$(rs_addr $rs):80=absent" >/run/out
	is "dest, inhibit: $rs is deleted" $? 0
	served "dest, $rs down" 100 -c 4 "$VIP" 80
	heal $rs
	ns director ipvswait dests=3 >/run/back
done

# ---- all ports, marks ----

load services=3 dests=7 <<END
director all $VIP TCP
 option persistence timeout 60
 server rs1 10.2.0.11
 server rs2 10.2.0.12
 server rs3 10.2.0.13
director mark fwmark 7
 server rs1 10.2.0.11
 server rs2 10.2.0.12
 server six1 [fd02::11]:80
 server six2 [fd02::12]:80
END
served "all ports: port 80" 60 -c 4 "$VIP" 80
served "all ports: port 81" 60 -c 4 "$VIP" 81
add_vip 10.9.6.1 fd09::6:1
ns director iptables-legacy -t mangle -A PREROUTING -d 10.9.6.1 -p tcp -j MARK --set-mark 7
ns director ip6tables-legacy -t mangle -A PREROUTING -d fd09::6:1 -p tcp -j MARK --set-mark 7
served "a mark, port 80" 60 -c 4 10.9.6.1 80
served "a mark, port 81" 60 -c 4 10.9.6.1 81
served "a mark, IPv6" 60 -c 4 fd09::6:1 80
lvsd_stop
finish
