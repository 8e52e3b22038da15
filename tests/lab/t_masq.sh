# lab: -t 90
# t_masq.sh: mode nat masquerade. The servers have their way back past the director, or
# are on one network with the client: without it no answer would find back.
. "$(dirname "$0")/test.sh"

lab_up 3
use_gateway 10.9.9.99 fd09::99 # their default route is not the director's
start_backends
ip -n router route add 192.0.2.0/24 via 10.2.0.2
lvsd_start <<END
director web $VIP:80
 mode nat masquerade
 server rs1 10.2.0.11
 server rs2 10.2.0.12
director web6 [$VIP6]:80
 mode nat masquerade
 server rs1 fd02::11
director dns $VIP:53 UDP
 mode nat masquerade
 server rs1 10.2.0.11
director pool
 mode nat masquerade
 server rs2 10.2.0.12
director plain $VIP:81
 server rs3 10.2.0.13:80
director shared 192.0.2.9 TCP
 mode nat masquerade
 server rs3 10.2.0.13
director shared2 $VIP:82
 mode nat masquerade
 server rs3 10.2.0.13:80
director shared6 [$VIP6]:82
 mode nat masquerade
 server rs3 [fd02::13]:80
director plain6 [$VIP6]:81
 server rs3 [fd02::13]:80
flow pool director pool
 match dst 192.0.2.0/29
END
# answers TEXT SERVER ARGUMENT...: a crowd is served.
answers()
{
	local text=$1 server=$2

	shift 2
	hammer_run one -c 2 -n 20 "$@"
	is "$text" "$(hammer_get one failed) $(($(hammer_get one "from_$server") > 0))" "0 1"
}
answers "tcp" rs2 $VIP 80
answers "tcp over IPv6" rs1 $VIP6 80
answers "udp" rs1 $VIP 53 -u
answers "a flow, tcp" rs2 192.0.2.3 80
answers "a flow, udp" rs2 192.0.2.3 53 -u
answers "a server that another director has without" rs3 192.0.2.9 80
hammer_run one -c 1 -n 2 -t 500 $VIP 81
is "which is not masqueraded for that" "$(hammer_get one ok)" 0
answers "the same by its address and port" rs3 $VIP 82
answers "the same over IPv6" rs3 $VIP6 82
lvsctl audit >/run/audit
is "an audit finds it all as it was made" "$(grep 'rules of flows' $LVSD_LOG)" ""
# One of the servers asks, on the network of the others.
ip -n rs3 route replace 10.9.0.0/16 via 10.2.0.2
ns rs3 hammer -c 2 -n 20 $VIP 80 >/run/hammer/one 2>&1
is "a client on the network of the servers" "$(hammer_get one failed)" 0
like "the audit takes every rule for ours" "$(lvsctl audit)" 'the kernel has what it should'
is "one set for all servers with a port" \
	"$(ns director iptables-legacy-save -t nat | grep -c 'LVSD-MASQ.*match-set')" 2
lvsd_stop
lvsd_start </dev/null
is "a restart writes no rule" "$(lvsctl --json status | jq .marking.rule_writes)" 0
# Ten thousand servers are one rule; one of them answers.
{
	printf 'director many %s:80\n mode nat masquerade\n server rs1 10.2.0.11\n' "$VIP"
	for ((i = 0; i < 9999; i++)); do
		printf ' server s%d 10.3.%d.%d weight 0\n' $i $((i / 250)) $((i % 250 + 1))
	done
} | lvsd_reload >/run/reload
masq_rules() { ns director iptables-legacy-save -t nat | grep -c 'LVSD-MASQ.*MASQUERADE'; }
is "ten thousand servers: rules" "$(masq_rules)" 1
is "and members" "$(ns director ipset save | grep -c '^add ')" 10000
answers "one of them, masqueraded" rs1 $VIP 80
lvsd_reload <<END >/run/reload
director plain $VIP:80
 server rs1 10.2.0.11
END
is "without masquerade no rule is left" \
	"$(ns director iptables-legacy-save -t nat | grep -c LVSD) $(ns director ipset save)" "0 "
lvsd_stop
finish
