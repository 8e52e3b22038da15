# lab: -t 400 --no-module ip_vs_twos
# t_doctor.sh: each thing that lvsctl doctor knows of, made wrong and found; and with
# nothing wrong it is silent.
. "$(dirname "$0")/test.sh"

lab_up 3
start_backends
modprobe ip_vs_mh
doctor() { ns director lvsctl doctor "$@"; }

# healthy TEXT [DIRECTOR]
healthy()
{
	fails "$1: silent and 0" 0 doctor $2
	is "$1: nothing is found" "$tap_said" ""
}

# finds TEXT WHAT TYPE [DIRECTOR]: this one finding and no other.
finds()
{
	fails "$1: something is found" 1 doctor $4
	is "$1" "$(echo "$tap_said" | sed 's/^  *\(.*\)/    \1/' | awk '
		/^    / { print (text != "" ? text "\n" : "") $0; text = ""; next }
		{ text = text (text != "" ? " " : "") $0 }')" "$2
    $3"
}

fails "no daemon" 3 doctor
is "says so" "$tap_said" "lvsctl: no lvsd answers at /run/lvsd/status.sock: No such file or directory"

lvsd_start <<END
global
 sysctl keep
director web $VIP:80
 mode nat
 server rs1 10.2.0.11:80
 server rs2 10.2.0.12:80
director web6 [$VIP6]:80
 mode nat
 server rs1 [fd02::11]:80
director gw $VIP:81
 mode gateway
 server rs1 10.2.0.11
director tun $VIP:82
 mode tunnel
 server rs1 10.2.0.11
director snat $VIP:83
 mode nat
 server rs1 10.2.0.11:80
director sticky $VIP:84
 option persistence timeout 60
 option tcpcheck
 server rs1 10.2.0.11:80
END
healthy "nothing is wrong"

ns director sysctl -qw net.ipv4.ip_forward=0
finds "ip_forward is off" "web, snat, sticky: net.ipv4.ip_forward is off, so that what servers answer in mode nat is dropped here" \
	"sysctl -w net.ipv4.ip_forward=1"
finds "of one director" "web: net.ipv4.ip_forward is off, so that what servers answer in mode nat is dropped here" \
	"sysctl -w net.ipv4.ip_forward=1" web
healthy "one that needs it not" gw
is "as JSON" "$(doctor --json web | jq -c .)" \
	'[{"what":"net.ipv4.ip_forward is off, so that what servers answer in mode nat is dropped here","type":"sysctl -w net.ipv4.ip_forward=1","directors":["web"]}]'
ns director sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=0
finds "forwarding of IPv6 is off" "web6: net.ipv6.conf.all.forwarding is off, so that what servers answer in mode nat is dropped here" \
	"sysctl -w net.ipv6.conf.all.forwarding=1"
ns director sysctl -qw net.ipv6.conf.all.forwarding=1

ip -n director addr del $VIP6 dev vip
finds "the VIP is not local" "web6: $VIP6 is no address of this machine, so packets to it are not balanced" \
	"ip addr add $VIP6/128 dev lo"
ns director ip addr add $VIP6/128 dev lo nodad
healthy "what it says helps"

ns director sysctl -qw net.ipv4.conf.all.rp_filter=1
for device in eth0 vip; do
	ns director sysctl -qw net.ipv4.conf.$device.rp_filter=2
done
ns director sysctl -qw net.ipv4.conf.eth0.rp_filter=0
finds "rp_filter is strict with tunnels" "tun: rp_filter is strict on eth0; in mode tunnel packets come in where their source is not expected, and are dropped. The servers' tunnel devices need the same" \
	"sysctl -w net.ipv4.conf.eth0.rp_filter=2"
ns director sysctl -qw net.ipv4.conf.eth0.rp_filter=2
healthy "loose is fine"
ip -n director link add eth0.7 up type dummy
finds "on a device with a dot in its name" "tun: rp_filter is strict on eth0.7; in mode tunnel packets come in where their source is not expected, and are dropped. The servers' tunnel devices need the same" \
	"sysctl -w net.ipv4.conf.eth0/7.rp_filter=2"
ns director sysctl -qw net.ipv4.conf.eth0/7.rp_filter=2
healthy "what it says helps"
ip -n director link del eth0.7
ns director sysctl -qw net.ipv4.conf.all.rp_filter=0

ip -n director route del default
ip -n director route add unreachable 10.2.0.12
finds "no route to a server" "web: there is no route to server rs2, 10.2.0.12" \
	"ip route add 10.2.0.12/32 dev INTERFACE"
ip -n director route del unreachable 10.2.0.12
ip -n director route add 10.2.0.11 via 10.2.0.1
finds "a server in gateway mode behind a router" "gw: server rs1, 10.2.0.11, is behind a router; in mode gateway packets go to the servers by their MAC address, so they must be on a connected network" \
	"mode tunnel   # or an address of this machine in the network of 10.2.0.11"
ip -n director route del 10.2.0.11
ip -n director route add default via 10.2.0.1
healthy "routes are as they were"

# ---- what the daemon would set, but for sysctl keep ----

ns director sysctl -qw net.ipv4.vs.conntrack=0 net.ipv4.vs.expire_quiescent_template=0
healthy "nobody needs conntrack or templates that expire"
sed -i 's/tcpcheck/tcpcheck\n check inhibit/; /director sticky/,$s/rs1 10.2.0.11:80/rs1 10.2.0.11:80 check/' "$LVSD_CONF"
check "the file needs templates that expire" lvsd_reload
finds "persistence and inhibit" "sticky: net.ipv4.vs.expire_quiescent_template is off: with inhibit and persistence, clients stay at a server that is down; without \"sysctl keep\" lvsd sets it" \
	"sysctl -w net.ipv4.vs.expire_quiescent_template=1"
ns director sysctl -qw net.ipv4.vs.expire_quiescent_template=1
sed -i '/director snat/,/mode nat/s/mode nat/mode nat masquerade/' "$LVSD_CONF"
check "the file needs conntrack" lvsd_reload
finds "masquerade without conntrack" "snat: net.ipv4.vs.conntrack is off, so that option masquerade changes no address; without \"sysctl keep\" lvsd sets it" \
	"sysctl -w net.ipv4.vs.conntrack=1"
ns director sysctl -qw net.ipv4.vs.expire_quiescent_template=0
sed -i '/sysctl keep/d' "$LVSD_CONF"
check "without sysctl keep" lvsd_reload
healthy "lvsd sets both"

# ---- schedulers ----

{
	echo "director many $VIP:90"
	echo " balance mh"
	for i in $(seq 40); do
		echo " server s$i 10.2.0.$((i + 100)):80"
	done
} >>"$LVSD_CONF"
check "mh with 40 servers" lvsd_reload
healthy "mh with 40 servers"
echo " server s41 10.2.0.200:80" >>"$LVSD_CONF"
check "one more" lvsd_reload
finds "mh with more servers than its table serves well" "many: mh has a table of 4093 places for 41 servers; with fewer than 100 for each, shares are uneven, and more clients than need to move when one goes" \
	"balance leastconn   # or a kernel with CONFIG_IP_VS_MH_TAB_INDEX=13"
sed -i '/^director many/,$d' "$LVSD_CONF"
printf '%s\n' "director two $VIP:91" " balance twos" " server rs1 10.2.0.11:80" >>"$LVSD_CONF"
like "a scheduler that is not there" "$(lvsd_reload)" 'failed'
finds "the scheduler's module is missing" "two: the scheduler \"twos\" is not in this kernel, or its module is not loaded" \
	"modprobe ip_vs_twos"
sed -i '/^director two/,$d' "$LVSD_CONF"
check "without it" lvsd_reload
healthy "without it"

# ---- others ----

printf '%s\n' "! comment" "vrrp_instance v {" " interface eth0" " virtual_router_id 7" \
	" priority 9" " virtual_ipaddress {" "  10.9.8.8" " }" "}" >/run/vrrp.conf
printf '%s\n' "virtual_server 10.9.8.7 80 {" " lb_algo rr" " lb_kind NAT" " protocol TCP" \
	" real_server 10.2.0.11 80 {" "  weight 1" " }" "}" >/run/balance.conf
# companion FILE: keepalived in the director's namespace
companion()
{
	ip netns exec director keepalived -n -l -f "$1" -p /run/ka.pid -c /run/kac.pid -r /run/kav.pid >/run/ka.log 2>&1 &
	companion_pid=$!
}
socket_of_keepalived() { ns director grep -q " 16 .*$(cat /run/kac.pid 2>/dev/null || echo none) " /proc/net/netlink; }
companion /run/vrrp.conf
vrrp_runs() { [ -s /run/kav.pid ]; }
check "keepalived for VRRP" wait_for 30 vrrp_runs
healthy "a keepalived that does VRRP"
kill $companion_pid
wait $companion_pid
companion /run/balance.conf
balances() { ns director ipvsadm -Sn | grep -q 10.9.8.7:80; }
check "keepalived that balances" wait_for 30 balances
fails "another that edits the table" 1 doctor
like "it is named" "$(echo "$tap_said" | paste -sd' ')" '^keepalived is running and edits .* systemctl stop keepalived   # process [0-9]+$'
kill $companion_pid
wait $companion_pid
healthy "it is gone"

# A script by that name that stays.
printf '%s\n' '#!/bin/sh' 'read -r word' >/run/ldirectord
chmod 755 /run/ldirectord
mkfifo /run/never
exec {never}<>/run/never
ip netns exec router /run/ldirectord <&$never &
elsewhere=$!
named() { [ "$(cat "/proc/$1/comm" 2>/dev/null)" = ldirectord ]; }
check "ldirectord in another namespace" wait_for 30 named $elsewhere
healthy "is no business of ours"
ip netns exec director /run/ldirectord <&$never &
here=$!
check "ldirectord here" wait_for 30 named $here
finds "ldirectord" "ldirectord is running and edits the kernel's table, too; what it changes of ours is changed back, once a minute" \
	"systemctl stop ldirectord   # process $here"
kill $here $elsewhere
wait $here $elsewhere
healthy "it is gone, too"

check "a stranger edits a service of ours" ns director ipvsadm -e -t "$VIP:80" -r 10.2.0.11:80 -m -w 9
like "the audit mends it" "$(lvsctl audit)" '1 changed by someone else'
fails "strangers" 1 doctor
like "are told of" "$(echo "$tap_said" | paste -sd' ')" '^somebody else changed services of ours in the kernel, last [0-9]+m?s ago; the log of lvsd says which +ps -e'

# ---- the daemon itself ----

lvsd_stop
check "started again, the audit knows of nobody" lvsd_start
healthy "started again"
echo "nonsense" >>"$LVSD_CONF"
fails "a file with an error" 1 lvsd_reload
finds "it is told" "the last reload was refused; a start with this file would fail" \
	"lvsd -c -f $LVSD_CONF"
finish
