# lab: -t 200
# t_flow_ways.sh: the ways of packets beside flows: marks of others stay on what no flow
# covers, the director's own packets go where they went, pieces arrive over IPv6, too,
# a router's word about a packet that is too large reaches the server, one pool serves
# hundreds of addresses, and no program called ipset is run.
. "$(dirname "$0")/test.sh"

lab_up 3
start_backends -p 80 -u 53
ip -n router route add 192.0.2.0/24 via 10.2.0.2
ip -n router route add 198.51.0.0/16 via 10.2.0.2
ip -n router route add fd92::/64 via fd02::2
add_vip 192.0.2.201
mount -t tmpfs none /usr/local/sbin # programs there come first
printf '#!/bin/sh\necho "$*" >>/run/ipset.was.run\nexit 1\n' >/usr/local/sbin/ipset
chmod +x /usr/local/sbin/ipset
ipt() { ns director iptables-legacy -t mangle "$@"; }

# addresses: 300 of them.
addresses()
{
	awk 'BEGIN { for (i = 0; i < 300; i++) print "198.51." int(i / 100) * 7 "." i % 100 * 2 + 1 }'
}
lvsd_start < <(
	cat <<-END
		director pool
		 server rs1 10.2.0.11
		 server rs1-6 fd02::11
		director given fwmark 7
		 server rs2 10.2.0.12
		flow pool director pool
		 match proto udp dst 192.0.2.0/28 dstport 53
		 match proto udp dst fd92::/112 dstport 53
		 match proto tcp dst 192.0.2.0/28 dstport 80
		 ignore dst 192.0.2.200/31
	END
	addresses | sed 's/.*/ match proto tcp dst & dstport 80/'
)
# who ADDRESS: who answers one request.
who()
{
	hammer_run one -c 1 -n 1 -t 4000 -b 10.1.1.20/1 "$1" 80
	sed -n 's/^from_\(.*\)=1$/\1/p; s/^failed=1$/nobody/p' /run/hammer/one
}
mark=$(printf 0x%x "$(lvsctl --json status | jq '.directors[] | select(.name == "pool").mark')")

# seen MARK: packets that came to this machine for us with just this mark.
count() { ipt -A INPUT -p tcp --dport 80 -m mark --mark "$1"; }
seen() { ipt -nvxL INPUT | awk -v mark="$1\$" '$0 ~ "mark match " mark { print ($1 > 0) }'; }

# An administrator marks everything, before us; what is not ours keeps that.
ipt -I PREROUTING -p tcp --dport 80 -j MARK --set-mark 7
count 0x7
count "$mark"
is "with another's mark: a director of that mark" "$(who 192.0.2.201)" rs2
is "its packets still have it" "$(seen 0x7) $(seen "$mark")" "1 0"
is "with another's mark: a flow" "$(who 192.0.2.3)" rs1
is "its packets have ours and no other" "$(seen 0x7) $(seen "$mark")" "1 1"
ipt -D PREROUTING -p tcp --dport 80 -j MARK --set-mark 7

# What the director itself sends goes its way, even with a mark that is led to IPVS when it
# comes from elsewhere, but that no service has.
ipt -A OUTPUT -p tcp --dport 80 -j MARK --set-mark 0x4c56fff0
is "what the director asks goes to who is asked" \
	"$(ns director hammer -c 1 -n 1 -t 4000 10.2.0.13 80 | grep -c '^from_rs3=1')" 1
is "and a flow is served meanwhile" "$(who 192.0.2.3)" rs1
ipt -D OUTPUT -p tcp --dport 80 -j MARK --set-mark 0x4c56fff0

# A datagram that comes in pieces: only the first of them has the ports.
pieces() { ns client sh -c "head -c 3000 /dev/zero | socat -t 5 - $1" | tr -d '\n'; }
is "pieces over IPv4" "$(pieces UDP4:192.0.2.4:53)" rs1
is "pieces over IPv6" "$(pieces 'UDP6:[fd92::4]:53')" rs1

# One pool, 300 addresses.
for i in $(addresses); do
	who "$i"
done | sort | uniq -c | sed 's/^ *//' >/run/who
is "each of 300 addresses is served" "$(cat /run/who)" "300 rs1"
is "by one rule, and one for those before what is ignored" \
	"$(ipt -S LVSD-FLOW | grep -c -- '-A .* dst,dst -g')" 2
lvsd_reload < <(
	cat <<-END
		director pool
		 server rs1 10.2.0.11
		flow pool director pool
		 match proto udp dst 192.0.2.0/28 dstport 53
	END
) >/run/reload
is "a reload without them" "$(who "$(addresses | tail -n 1)")" nobody

# The way to the client takes less than what servers send. The router there says so to the
# address that the answer came from, which no rule leads to the server: IPVS does.
ip -n router link set client mtu 1280
for rs in rs1 rs3; do
	ip netns exec $rs socat TCP6-LISTEN:81,fork,ipv6only=0 EXEC:'head -c 100000 /dev/zero' &
done
ip -n rs3 -batch - <<-END
	link set tunl0 up
	link set ip6tnl0 up
	addr add 192.0.2.19/32 dev tunl0
	addr add fd92::1:3/128 dev ip6tnl0 nodad
	route replace default via 10.2.0.1
	route replace default via fd02::1
END
lvsd_reload >/run/reload <<-END
	director nat
	 server rs1 10.2.0.11
	 server rs1-6 fd02::11
	director tunnel
	 mode tunnel
	 server rs3 10.2.0.13
	 server rs3-6 fd02::13
	flow nat director nat
	 match proto tcp dst 192.0.2.0/28 dstport 81
	 match proto tcp dst fd92::/112 dstport 81
	flow tunnel director tunnel
	 match proto tcp dst 192.0.2.16/28 dstport 81
	 match proto tcp dst fd92::1:0/112 dstport 81
END
listens() { ns "$1" ss -Hltn 'sport = 81' | grep -q .; }
check "servers of much" eval 'wait_for 30 listens rs1 && wait_for 30 listens rs3'
comes() { ns client timeout 30 socat -u "TCP$1:81" - | wc -c; }
# mtu_of SERVER CLIENT: what the server knows of the way.
mtu_of() { ip -n "$1" route get "$2" | sed -n 's/.* mtu \([0-9]*\).*/\1/p'; }
is "nat: all of an answer comes over IPv4" "$(comes 4:192.0.2.3)" 100000
is "the server was told how large packets may be" "$(mtu_of rs1 10.1.0.2)" 1280
is "nat: over IPv6" "$(comes '6:[fd92::3]')" 100000
is "it was told" "$(mtu_of rs1 fd01::2)" 1280
is "tunnel: over IPv4" "$(comes 4:192.0.2.19)" 100000
is "it was told" "$(mtu_of rs3 10.1.0.2)" 1280
is "tunnel: over IPv6" "$(comes '6:[fd92::1:3]')" 100000
is "it was told" "$(mtu_of rs3 fd01::2)" 1280

# A director that forwards nothing would not let it through: it is led to IPVS, too.
ns director sysctl -qw net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0
ip -n rs3 route flush cache
ip -n rs3 -6 route flush cache
is "the server has forgotten it" "$(mtu_of rs3 10.1.0.2)$(mtu_of rs3 fd01::2)" ""
lvsctl audit >/run/audit
led() { ns director iptables-legacy-save -t mangle | grep -q "icmp-type 3/4"; }
check "lvsd follows" wait_for 10 led
is "without forwarding: over IPv4" "$(comes 4:192.0.2.19)" 100000
is "it was told" "$(mtu_of rs3 10.1.0.2)" 1280
check "for IPv6, too" wait_for 10 eval 'ns director ip6tables-legacy-save -t mangle | grep -q "icmpv6-type 2"'
is "without forwarding: over IPv6" "$(comes '6:[fd92::1:3]')" 100000
is "it was told" "$(mtu_of rs3 fd01::2)" 1280

# An interface has a setting of its own, which decides: it may be a router's.
gone() { ! led; }
ns director sysctl -qw net.ipv4.conf.eth0.forwarding=1
is "one interface forwards, all do not" "$(ns director sysctl -n net.ipv4.ip_forward)" 0
ip -n rs3 route flush cache
is "the server has forgotten it again" "$(mtu_of rs3 10.1.0.2)" ""
lvsctl audit >/run/audit
check "it is let through" wait_for 10 gone
is "one interface forwards: over IPv4" "$(comes 4:192.0.2.19)" 100000
is "it was told" "$(mtu_of rs3 10.1.0.2)" 1280
ns director sysctl -qw net.ipv4.conf.eth0.forwarding=0
lvsctl audit >/run/audit
check "none does: it is led to IPVS again" wait_for 10 led
ns director sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
lvsctl audit >/run/audit
check "with forwarding it is a router's again" wait_for 10 gone

lvsd_stop
lvsd_start -x </dev/null
lvsd_stop
is "no program called ipset was run" "$(cat /run/ipset.was.run 2>/dev/null)" ""
finish
