# lab: -t 300
# t_flow.sh: directors without an address. Who serves tells which director a packet
# went to: rs1 has "web", rs2 has "dns", rs3 has what has an address. The virtual
# addresses are on no interface of the director, but for those that a director has:
# 192.0.2.0/24 and fd92::/64 are routed to it.
. "$(dirname "$0")/test.sh"

lab_up 3
start_backends -p 80 -p 81 -p 8080 -u 53 -u 5353
ip -n router route add 192.0.2.0/24 via 10.2.0.2
ip -n router route add fd92::/64 via fd02::2
add_vip 192.0.2.5 fd92::5

# tcp ADDRESS PORT [HAMMER OPTIONS]: who answers one request, or nobody.
tcp()
{
	local address=$1 port=$2

	shift 2
	hammer_run one -c 1 -n 1 -t 4000 "$@" "$address" "$port"
	sed -n 's/^from_\(.*\)=1$/\1/p; s/^failed=1$/nobody/p' /run/hammer/one
}

udp()
{
	tcp "$@" -u
}

# The sets and rules of ours, with what is in them, one a line.
ours()
{
	ns director ipset save
	for i in iptables ip6tables; do
		for table in mangle nat filter; do
			ns director $i-legacy-save -t $table | grep LVSD-
		done
	done
	for i in -4 -6; do
		ns director ip $i rule | grep 'proto 76'
		ns director ip $i route show table 19542 2>/dev/null
	done
}

figure()
{
	lvsctl --json status | jq ".marking.$1"
}

conf()
{
	cat <<-END
		director web
		 balance roundrobin
		 server rs1 10.2.0.11
		 server rs1-6 fd02::11
		director dns
		 server rs2 10.2.0.12
		 server rs2-6 fd02::12
		director every 192.0.2.200 TCP
		 server rs2 10.2.0.12
		director own 192.0.2.5:80
		 server rs3 10.2.0.13
		director own6 [fd92::5]:80
		 server rs3 fd02::13
		flow w director web
		 ignore src 10.1.1.9
		 match proto tcp dst 192.0.2.0/28 dstport 80:81
		 match proto tcp dst fd92::/112 dstport 80
		 match proto udp not src 10.1.1.8 dst 192.0.2.0/28 dstport 5353
		flow d director dns
		 match proto udp dst 192.0.2.0/28 dstport 53
		 match proto udp dst fd92::/112 dstport 53
		 match proto tcp srcport 40000:40999 dst 192.0.2.16/28
		 match iface eth0 proto tcp dst 192.0.2.32/28 dstport 1:60000
		 match iface lo proto tcp dst 192.0.2.48/28
		flow more director web
		 match dst 192.0.2.64/28
	END
	printf '%s\n' "$@"
}
lvsd_start < <(conf)
is "nothing failed" "$(logged ' failed=0')" 1
is "a range of ports, one address of a range" "$(tcp 192.0.2.3 81)" rs1
is "a port beside it" "$(tcp 192.0.2.3 8080)" nobody
is "IPv6" "$(tcp fd92::7 80)" rs1
is "datagrams" "$(udp 192.0.2.4 53)" rs2
is "datagrams over IPv6" "$(udp fd92::4 53)" rs2
is "a director with address and port has its own" "$(tcp 192.0.2.5 80)" rs3
is "and the flow has the rest of that address" "$(tcp 192.0.2.5 81)" rs1
is "the same over IPv6" "$(tcp fd92::5 80)" rs3
is "every port of an address" "$(tcp 192.0.2.200 81) $(tcp 192.0.2.200 8080)" "rs2 rs2"
is "but of the other protocol none" "$(udp 192.0.2.200 53)" nobody
is "who is ignored" "$(tcp 192.0.2.3 80 -b 10.1.1.9/1)" nobody
is "not from this source" "$(udp 192.0.2.3 5353 -b 10.1.1.8/1)" nobody
is "but from others" "$(udp 192.0.2.3 5353 -b 10.1.1.7/1)" rs1
is "an interface and a long range" "$(tcp 192.0.2.33 8080)" rs2
is "another interface" "$(tcp 192.0.2.49 80)" nobody
is "a second flow to a director, any protocol" \
	"$(tcp 192.0.2.65 8080) $(udp 192.0.2.66 53)" "rs1 rs1"
like "and what they are made of" "$(lvsctl status)" '^flows  rules [1-9][0-9]*  sets [1-9][0-9]*  members [1-9]'
like "status has the marks" "$(lvsctl status)" '^web +FWM 12807045[0-9][0-9] '
like "a warning for what the flow does not get" "$(lvsd_run -c 2>&1)" \
	'warning: .*director "own"'

# A packet that comes in pieces: only the first of them has the ports.
is "fragments" "$(ns client sh -c \
	'head -c 3000 /dev/zero | socat -t 5 - UDP4:192.0.2.4:53' | tr -d '\n')" rs2

# A reload changes what changed.
sets=$(figure set_operations) rules=$(figure rule_writes)
hammer_start steady -b 10.1.1.20/50 -c 4 -r 500 192.0.2.3 80
hammer_start datagrams -b 10.1.1.20/50 -u -c 2 -r 200 192.0.2.4 53
lvsd_reload </dev/null >/run/reload
is "an unchanged file: no operation" \
	"$(($(figure set_operations) - sets)) $(($(figure rule_writes) - rules))" "0 0"
set=$(ns director iptables-legacy-save -t mangle |
	sed -n 's/^-A LVSD-FLOW -m set --match-set \(.*\) dst -g .*/\1/p' | tail -n 1)
is "plan tells of one more address" \
	"$(lvsctl plan <(conf ' match dst 192.0.2.80'))" "ipset add $set 192.0.2.80
# flows: 1 members of sets added, 0 removed, the rules stay"
lvsd_reload < <(conf ' match dst 192.0.2.80') >/run/reload
is "one more address is one operation on a set" \
	"$(($(figure set_operations) - sets)) $(($(figure rule_writes) - rules))" "1 0"
is "and it is served" "$(tcp 192.0.2.80 80)" rs1
lvsd_reload < <(conf ' match dst 192.0.2.81') >/run/reload
is "another in its place: two" "$(($(figure set_operations) - sets))" 3
is "the new one is served, the old one is not" \
	"$(tcp 192.0.2.81 80) $(tcp 192.0.2.80 80)" "rs1 nobody"
lvsd_reload < <(conf 'flow last director dns' ' ignore src 10.1.1.6' \
	' match dst 192.0.2.96/28') >/run/reload
is "a flow behind the others: its sets, the others' stay" \
	"$(($(figure set_operations) - sets)) $(($(figure rule_writes) - rules))" "8 1"
lvsd_reload < <(conf 'director late' ' option drain 0' ' server rs3 10.2.0.13' \
	'flow late director late' ' match dst 192.0.2.112/28') >/run/reload
is "a director and its flow" "$(tcp 192.0.2.113 80) $(tcp 192.0.2.97 80)" "rs3 nobody"
mark=$(lvsctl --json status | jq '.directors[] | select(.name == "late").mark')
lvsd_reload < <(conf 'director later' ' server rs3 10.2.0.13' \
	'flow late director later' ' match dst 192.0.2.112/28') >/run/reload
is "under another name" "$(tcp 192.0.2.113 80)" rs3
gone() { ! ns director ipvsadm -Ln | grep -q "FWM *$mark "; }
check "the service of the old name goes last" wait_for 30 gone
hammer_stop steady
is "not one packet of another flow was without its mark" "$(hammer_get steady failed)" 0
hammer_stop datagrams
is "nor of datagrams" "$(hammer_get datagrams failed)" 0

# Someone empties the tables, or a set.
lvsctl audit >/run/audit
is "the audit finds nothing" "$(logged 'rules of flows:')" 0
ns director iptables-legacy -t mangle -F
# For so short a time that the audit of the minute does not come between.
is "without rules nobody is served" "$(tcp 192.0.2.3 80 -t 500)" nobody
lvsctl audit >/run/audit
is "an audit mends it" "$(tcp 192.0.2.3 80)" rs1
check "and tells of it" [ "$(logged 'rules of flows:')" -gt 0 ]
told=$(logged 'rules of flows:')
ns director ipset flush "$(ns director iptables-legacy-save -t mangle |
	sed -n 's/^-A LVSD-FLOW -m set --match-set \(.*\) dst,dst -g .*/\1/p' | head -n 1)"
is "with a set that is empty" "$(tcp 192.0.2.3 80 -t 500)" nobody
lvsctl audit >/run/audit
is "it is mended, too, in one line" \
	"$(($(logged 'rules of flows:') - told)) $(tcp 192.0.2.3 80)" "1 rs1"
lvsctl audit >/run/audit
is "and all is well" "$(($(logged 'rules of flows:') - told))" 1

# Where nobody serves a connection is refused, though the address is not local.
refused()
{
	tcp "$1" 80 >/run/who
	[ "$(hammer_get one failed_refused)" = 1 ]
}
served()
{
	[ "$(tcp "$1" 80)" = rs3 ]
}
lvsd_reload < <(conf 'director dead' ' option tcpcheck' ' check interval 500ms' \
	' server rs3 10.2.0.13 check port 99' ' server rs3-6 fd02::13 check port 99' \
	'flow dead director dead' ' match dst 192.0.2.112/28' ' match dst fd92::2:0/112') \
	>/run/reload
check "nobody serves: refused" wait_for 30 refused 192.0.2.113
check "over IPv6, too" wait_for 30 refused fd92::2:1
start_backend rs3 -p 99
check "somebody does: served" wait_for 30 served 192.0.2.113
check "over IPv6, too" wait_for 30 served fd92::2:1
set -- ${backend_pid[rs3]}
kill $2
check "nobody again: refused" wait_for 30 refused 192.0.2.113
check "over IPv6, too" wait_for 30 refused fd92::2:1
lvsd_reload < <(conf 'director later' ' server rs3 10.2.0.13' \
	'flow late director later' ' match dst 192.0.2.112/28') >/run/reload

# Over a restart and a death everything is taken over as it is.
ours >/run/before
marks=$(lvsctl --json status | jq -c '[.directors[].mark]')
hammer_start steady -b 10.1.1.20/50 -c 4 -r 500 192.0.2.3 80
lvsd_stop
lvsd_start </dev/null
is "a restart keeps the marks" "$(lvsctl --json status | jq -c '[.directors[].mark]')" "$marks"
is "and changes nothing" "$(figure set_operations) $(figure rule_writes)" "0 0"
lvsd_stop KILL
lvsd_start < <(conf)
hammer_stop steady
is "no request failed on the way" "$(hammer_get steady failed)" 0
is "what the file lost while nobody was there is gone" "$(tcp 192.0.2.113 80)" nobody
is "and the rest serves" "$(tcp 192.0.2.3 80) $(udp 192.0.2.4 53)" "rs1 rs2"

# Rules of an administrator stay; ours go with the table.
ns director iptables-legacy -t mangle -A PREROUTING -s 10.9.0.9 -j ACCEPT
ns director ipset create mine hash:ip
lvsd_stop KILL
lvsd_start -x </dev/null
lvsd_stop
like "-x leaves nothing of ours" "$(ours)" '^create mine '
is "not a line more" "$(ours | wc -l)" 1
is "and nothing of others is touched" \
	"$(ns director iptables-legacy -t mangle -S PREROUTING | tail -n 1)" \
	"-A PREROUTING -s 10.9.0.9/32 -j ACCEPT"
is "no service is left" "$(ns director ipvsadm -Sn)" ""
finish
