# lab: -t 300
# t_flow_copies.sh: a director that does not forward refuses datagrams to addresses that are
# none of its own, by copies of them that never leave; those that a server keeps are served
# meanwhile; and it follows when forwarding is turned on or off.
. "$(dirname "$0")/test.sh"

lab_up 2
start_backends
ip -n router route add 192.0.2.0/24 via 10.2.0.2
add_vip 192.0.2.9
use_gateway 192.0.2.3 192.0.2.4 192.0.2.9
ipt=iptables-legacy
forward() { ns director sysctl -qw "net.ipv4.ip_forward=$1"; }
conf()
{
	cat <<-END
		director dns
		 mode gateway
		 server rs1 10.2.0.11
		flow dns director dns
		 match proto udp dst 192.0.2.0/28 dstport 53
		 match proto tcp dst 192.0.2.0/28 dstport 80
	END
}

# how ADDRESS PORT [OPTIONS]: what one request comes to. Answers of the kernel have a
# limit of rate for each client, so every question is another one's.
echo 0 >/run/client
how()
{
	local client

	client=$(($(</run/client) % 200 + 1))
	echo $client >/run/client # this may be a subshell
	ns client hammer -c 1 -n 1 -t 3000 -b "10.1.1.$client/1" "${@:3}" "$1" "$2" >/run/how 2>&1
	sed -n 's/^from_\(.*\)=1$/\1/p; s/^failed_\(.*\)=1$/\1/p' /run/how
}
says() { [ "$(how "${@:2}")" = "$1" ]; }
errors()
{
	ns director cat /proc/net/snmp | awk '/^Icmp:/ {
		for (i = 1; i <= NF; i++)
			if (name[i] == "OutDestUnreachs")
				n = $i
			else
				name[i] = $i
	} END { print n }'
}
# one_error ADDRESS: one datagram is answered, by one error.
one_error()
{
	local before

	before=$(errors)
	is "a datagram to $1 is refused" "$(how "$1" 53 -u)" refused
	is "by one error" $(($(errors) - before)) 1
}
refuses()
{
	check "$1: a datagram is refused" wait_for 30 says refused 192.0.2.3 53 -u
	one_error 192.0.2.3
	one_error 192.0.2.9
	check "$1: a connection, too" wait_for 30 says refused 192.0.2.3 80
}
copies() { ns director $ipt-save | grep -c -- "-j TEE\|LVSD-COPY"; }
talk()
{
	local answer

	echo x >&"$in" && read -r -t 10 answer <&"$out"
	echo "$answer"
}
writes() { lvsctl --json status | jq -c '[.marking.set_operations, .marking.rule_writes]'; }
log_lines() { logged 'this kernel cannot copy packets'; }

# What of the datagrams comes back from the director, through it or as a copy.
ns router $ipt -t mangle -A PREROUTING -i br0 -p udp -d 192.0.2.0/24
gone() { ns router $ipt -t mangle -vxnL PREROUTING | awk '/192.0.2.0/ { print $1 }'; }

forward 0
lvsd_start < <(conf)
is "a server serves datagrams" "$(how 192.0.2.3 53 -u)" rs1
is "and connections" "$(how 192.0.2.3 80)" rs1
mkfifo /run/in /run/out
exec {in}<>/run/in {out}<>/run/out
ip netns exec client socat -t 200 - UDP4:192.0.2.4:53,bind=10.1.1.251 </run/in >/run/out 2>/run/talk &
is "a client talks to it" "$(talk)" rs1
lvsctl drain dns/rs1
refuses "it takes no new clients"
is "the talk goes on" "$(talk)$(talk)" rs1rs1
is "other datagrams to the address of the talk are refused" "$(how 192.0.2.4 53 -u)" refused
lvsctl ready dns/rs1
check "it takes new ones: they are served" wait_for 30 says rs1 192.0.2.3 53 -u
is "the talk goes on" "$(talk)" rs1
lvsctl maint dns/rs1
refuses "it is out"
is "the audit is content" "$(lvsctl audit >/run/audit; logged 'rules of flows:')" 0
is "there are no findings" "$(ns director lvsctl doctor)" ""
like "lvsctl table shows it" "$(ns director lvsctl table --flows)" '-A LVSD-COPY '
before=$(writes)
lvsd_reload </dev/null >/run/reload
is "a reload changes nothing" "$(writes)" "$before"
lvsd_stop KILL
is "without a daemon it refuses" "$(how 192.0.2.3 53 -u)" refused
lvsd_start </dev/null
is "the next takes it over" "$(lvsctl --json status | jq .marking.rule_writes)" 0
refuses "the next daemon"

# Somebody takes something away.
ns director $ipt -D OUTPUT -j LVSD-COPY
lvsctl audit >/run/audit
is "the hook is gone: the audit finds it" \
	"$(logged 'rules of flows: LVSD-COPY is called 0 times from OUTPUT')" 1
refuses "it is back"
like "an administrator's rules come behind it" \
	"$(ns director $ipt -A OUTPUT -j ACCEPT; ns director $ipt -S OUTPUT | sed -n 2p)" LVSD-COPY

# Forwarding comes and goes.
is "the talk goes on all the time" "$(talk)" rs1
lvsctl maint dns/rs1 --now
refuses "the server is gone"
forward 1
lvsctl audit >/run/audit
is "forwarding is turned on: no copies" "$(copies)" 0
refuses "the kernel forwards"
echo x >&$in
check "who talked to the server that is gone is refused" wait_for 30 grep -q refused /run/talk
before=$(logged 'rules of flows:')
lvsd_stop
forward 0
lvsd_start </dev/null
refuses "off, at a start that finds those rules"
forward 1
lvsctl audit >/run/audit
forward 0
lvsctl audit >/run/audit
refuses "off again"
is "nobody is blamed for it" "$(logged 'rules of flows:')" "$before"
is "not one datagram came back to the network" "$(gone)" 0

# Somebody empties OUTPUT: what leaves then must not go round.
ns director $ipt -F OUTPUT
ns router $ipt -t mangle -Z PREROUTING
is "nobody answers without the rule in OUTPUT" "$(how 192.0.2.3 53 -u)" timeout
is "the copy leaves once" "$(gone)" 1
lvsctl audit >/run/audit
check "the audit mends it" wait_for 10 eval 'ns director $ipt-save | grep -q -- "-A OUTPUT -j LVSD-COPY"'
refuses "it is mended"
lvsctl ready dns/rs1
lvsd_stop
lvsd_start -x </dev/null
lvsd_stop
is "-x leaves nothing" "$(ns director $ipt-save | grep LVSD)" ""

if [ -e /proc/sys/kernel/modprobe ]; then
	modprobe -r xt_TEE
	echo "install xt_TEE /bin/false" >>/run/lab/modprobe.conf
	lvsd_start < <(conf)
	is "packets cannot be copied: one line" "$(log_lines)" 1
	is "servers serve" "$(how 192.0.2.3 53 -u)$(how 192.0.2.3 80)" rs1rs1
	lvsctl maint dns/rs1
	check "connections are refused" wait_for 30 says refused 192.0.2.3 80
	check "datagrams to an address of an interface" wait_for 30 says refused 192.0.2.9 53 -u
	is "others are dropped" "$(how 192.0.2.3 53 -u)" timeout
	before=$(writes)
	lvsd_reload </dev/null >/run/reload
	is "a reload changes nothing" "$(writes)" "$before"
	forward 1
	lvsctl audit >/run/audit
	check "but for a kernel that forwards" wait_for 30 says refused 192.0.2.3 53 -u
	lvsd_reload < <(conf; echo) >/run/reload
	is "in all one line" "$(log_lines)" 1
	lvsd_stop
	lvsd_start -x </dev/null
	lvsd_stop
	is "-x leaves nothing" "$(ns director $ipt-save | grep LVSD)" ""
else
	skip "a missing module" "this kernel has it built in"
fi
finish
