# lab: -t 300
# t_examples.sh: the files of examples/ as they are, but for their networks: with the
# settings that their comments ask for, and traffic.
. "$(dirname "$0")/test.sh"

lab_up 3
mkdir -p /run/lab/nginx
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=www.example.com \
	-addext subjectAltName=DNS:www.example.com -keyout /run/lab/nginx/key.pem \
	-out /run/lab/nginx/cert.pem 2>/run/openssl.log
for rs in rs1 rs2 rs3; do
	start_backend $rs -p 80 -p 81 -p 50000
	start_nginx $rs
	cp /run/lab/nginx/$rs/html/index.html /run/lab/nginx/$rs/html/health
	ns $rs scripted 21 'send 220 ready\r\n; hold' >/run/$rs.scripted
	ip netns exec $rs dnsmasq -k --no-resolv --no-hosts --conf-file=/dev/null --pid-file= \
		--address=/www.example.com/192.0.2.10 >/run/$rs.dnsmasq 2>&1 &
done

# typed WHO NAME: what the comment of that file says that WHO, "server" or "director", types,
# as it stands there but for the network.
typed()
{
	sed -n "s/^# *$1# *\(.*[^\\]\)\$/\1/p" "$(dirname "$0")/../../examples/$2.conf" |
		in_lab | sed 's/   *or on .*//'
}
in_lab()
{
	sed "s/192\.0\.2\.10/$vip/g; s/10\.0\.0\./10.2.0./g; s/2001:db8:1::10/$vip6/g; s/2001:db8:2::/fd02::/g"
}

# type_all WHO NAMESPACE NAME...: which does it there.
type_all()
{
	local who=$1 at=$2 name line

	shift 2
	for name; do
		typed "$who" "$name"
	done >/run/typed
	while read -r line; do
		ns "$at" $line || not_ok "$name: $at types: $line"
	done <"/run/typed" >/run/typed.out
}

# Machines on which nobody has set anything, but that servers have a router.
as_installed()
{
	local rs i

	no_server_vips 10.2.0.1 fd02::1
	for rs in $SERVERS director; do
		for i in all eth0; do
			ns "$rs" sysctl -qw net.ipv4.conf.$i.arp_ignore=0 net.ipv4.conf.$i.arp_announce=0 \
				net.ipv4.conf.$i.rp_filter=1
		done
	done
	ns director sysctl -qw net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0
	ns director iptables-legacy -t mangle -F
	ip -n director address flush dev lo scope global
}

# load NAME "SETTINGS..." CONDITION...: that file in place of the one before, in the lab's
# networks, on machines that are set as the comments of the files SETTINGS say. Each has an
# address of its own, since a client's port may wait at a server for the end of its connection
# of before.
last=20
load()
{
	local name=$1 settings=$2 rs

	shift 2
	last=$((last + 1))
	vip=10.9.9.$last vip6=fd09::$last
	as_installed
	for rs in $SERVERS; do
		type_all server "$rs" $settings
	done
	type_all director director $settings
	[ -z "$lvsd_pid" ] || lvsd_stop
	lvsd_pid=
	ns director ipvsadm -C
	in_lab <"$(dirname "$0")/../../examples/$name.conf" |
		sed 's/\(10\.2\.0\.1[0-9]\):443/\1:8443/; s,verify required,& cafile /run/lab/nginx/cert.pem,' >/run/conf
	lvsd_start </run/conf
	ns director ipvswait -t 60 "$@" >/run/ready
	is "$name: its servers are up" $? 0
}
# served NAME SERVERS HAMMER-ARGUMENTS...: 120 requests, by so many servers
served()
{
	local text=$1 servers=$2

	shift 2
	hammer_run x -n 120 -c 4 "$@"
	is "$text: 120 requests, none failed" "$(hammer_get x ok) $(hammer_get x failed)" "120 0"
	is "$text: by $servers" "$(names)" "$servers"
}
names() { sed -n 's/^from_\(.*\)=.*/\1/p' /run/hammer/x | sort | paste -sd' '; }

load web web live=3
served web "rs1 rs2 rs3" $vip 80

load ipv6 "web ipv6" live=4
served "ipv6, IPv6" "rs1 rs2" $vip6 80
served "ipv6, IPv4" "rs1 rs2" $vip 80

load sorry web live=2
served sorry "rs1 rs2" $vip 80
refuse rs1
refuse rs2
ns director ipvswait -t 60 "tcp:$vip:80,10.2.0.13:80=1" >/run/page
served "sorry, both down" rs3 $vip 80
heal rs1
heal rs2

load https web live=2
for i in 1 2 3 4; do
	ns client curl -s -m 20 --cacert /run/lab/nginx/cert.pem --interface 10.1.1.$i \
		--resolve "www.example.com:443:$vip" https://www.example.com/health
done >/run/https
is "https: clients get their page" "$(grep -c '^rs[12]$' /run/https)" 4

load all-ports web live=2
served "all-ports, port 80, one client" "$(hammer_run x -n 1 -b 10.1.1.9/1 $vip 80; names)" -b 10.1.1.9/1 $vip 80
served "all-ports, port 81, the same" "$(names)" -b 10.1.1.9/1 $vip 81

load dsr dsr live=3
# The router asks who has the address, while the director does not say it: no server may.
ip -n router route add $vip dev br0
ns director sysctl -qw net.ipv4.conf.eth0.arp_ignore=1
asked() { ns router bash -c "echo >/dev/udp/$vip/9"; }
known() { ip -n router neigh show $vip | grep -Eo 'FAILED|REACHABLE'; }
asked
wait_for 60 known >/run/known
is "dsr: no server says that it has the address" "$(cat /run/known)" FAILED
ns director sysctl -qw net.ipv4.conf.eth0.arp_ignore=0
answered() { asked 2>/dev/null; [ "$(known)" = REACHABLE ]; }
check "dsr: the director says it" wait_for 60 answered
is "dsr: it is the director" "$(ip -n router neigh show $vip | sed 's/.*lladdr \([^ ]*\) .*/\1/')" \
	"$(ns director cat /sys/class/net/eth0/address)"
served dsr "rs1 rs2 rs3" $vip 80

load dns dsr live=4
query='\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03www\x07example\x03com\x00\x00\x01\x00\x01'
# The answer is the query's header and question, and a record with the address.
for i in 1 2 3 4; do
	ns client bash -c "exec 3<>/dev/udp/$vip/53 && printf '$query' >&3 &&
		timeout 30 dd bs=512 count=1 <&3 2>/dev/null" | od -An -v -tx1 | tr -d ' \n'
	echo
done >/run/answers
is "dns: each query is answered" "$(grep -c '^1234.*c000020a$' /run/answers)" 4
# The kernel adds up its counters every two seconds.
counted() { ns director ipvsadm -Ln --stats -u $vip:53 | awk '/->.*10.2/ { print $3 }' | paste -sd' '; }
is_counted() { [ "$(counted)" = "$1" ]; }
check "dns: each by itself, in turn" wait_for 30 is_counted "2 2"

load ftp dsr live=2
iptables="iptables-legacy$(sed -n 's/^#.*iptables\( -t mangle.*\)\\$/\1/p' "$(dirname "$0")/../../examples/ftp.conf")
$(sed -n 's/^# *\(-m multiport.*\)/\1/p' "$(dirname "$0")/../../examples/ftp.conf")"
ns director ${iptables//192.0.2.10/$vip}
is "ftp: the rule of its comment is there" "$(ns director iptables-legacy -t mangle -S PREROUTING | grep -c 'set-xmark 0x15')" 1
greeting=$(ns client bash -c "exec 3<>/dev/tcp/$vip/21 && read -rt 30 -u 3 line && echo \$line" | tr -d '\r')
is "ftp: the greeting" "$greeting" "220 ready"
served "ftp: transfers of a client" "$(hammer_run x -n 1 -b 10.1.1.9/1 $vip 50000; names)" -b 10.1.1.9/1 $vip 50000
served "ftp: those of many" "rs1 rs2" $vip 50000

load tunnel tunnel live=3
served tunnel "rs1 rs2 rs3" $vip 80
is "tunnel: in packets of IP" "$(ns rs1 ip -s link show dev tunl0 | awk '/RX:/ { getline; print ($2 > 0) }')" 1
lvsd_stop
finish
