# lab: -t 90 --own-kernel
# t_flow_nft.sh: flows on a kernel with nftables, where the iptables of that name is
# Debian's newer flavour: it is the one that is used.
. "$(dirname "$0")/test.sh"

lab_up 2
start_backends
ip -n router route add 192.0.2.0/24 via 10.2.0.2
ip -n router route add fd92::/64 via fd02::2
conf()
{
	cat <<-END
		director web
		 mode nat masquerade
		 server rs1 10.2.0.11
		 server rs1-6 fd02::11
		flow w director web
		 ignore src 10.1.1.9
		 match proto tcp dst 192.0.2.0/28 dstport 80
		 match proto tcp dst fd92::/112 dstport 80
	END
	printf '%s\n' "$@"
}
# answers TEXT ADDRESS
answers()
{
	hammer_run one -b 10.1.1.20/50 -c 2 -n 20 $2
	is "$1" "$(hammer_get one failed)" 0
}
figures() { lvsctl --json status | jq -c '[.marking.set_operations, .marking.rule_writes]'; }

like "iptables is that of nftables" "$(iptables --version)" nf_tables
lvsd_start < <(conf)
answers "IPv4" "192.0.2.3 80"
hammer_run one -c 2 -n 20 fd92::3 80
is "IPv6" "$(hammer_get one failed)" 0
hammer_run one -b 10.1.1.9/1 -c 1 -n 1 -t 2000 192.0.2.3 80
is "who is ignored" "$(hammer_get one failed)" 1
is "the older flavour has nothing" \
	"$(ns director iptables-legacy-save 2>/dev/null | grep LVSD)" ""
is "lvsctl table shows those rules" "$(ns director lvsctl table --flows | grep -e '^[:-].*LVSD-')" \
	"$(for i in iptables ip6tables; do ns director $i-save | grep LVSD-; done)"
before=$(figures)
hammer_start steady -b 10.1.1.20/50 -c 4 -r 300 192.0.2.3 80
lvsd_reload </dev/null >/run/reload
is "an unchanged file: no operation" "$(figures)" "$before"
lvsd_reload < <(conf 'director other' ' server rs2 10.2.0.12' 'flow o director other' \
	' match dst 192.0.2.16/28') >/run/reload
answers "one more flow" "192.0.2.17 80"
lvsd_stop
lvsd_start </dev/null
is "a restart changes no set" "$(lvsctl --json status | jq .marking.set_operations)" 0
hammer_stop steady
is "no request failed meanwhile" "$(hammer_get steady failed)" 0
at_most "what this kernel cannot is told once a start" "$(logged 'cannot put fragments')" 2

# Where the kernel does not forward, datagrams that are refused are copied, here, too.
lvsd_reload < <(conf 'director nobody' ' mode gateway' ' server rs2 10.2.0.12' \
	'flow n director nobody' ' match proto udp dst 192.0.2.32/28 dstport 53') >/run/reload
lvsctl maint nobody/rs2
echo 20 >/run/client
is_refused()
{
	local client

	client=$(($(</run/client) + 1))
	echo $client >/run/client # the errors of the kernel have a limit of rate for each
	ns client hammer -u -c 1 -n 1 -t 3000 -b "10.1.1.$client/1" 192.0.2.33 53 >/run/udp
	grep -q '^failed_refused=1' /run/udp
}
check "a datagram is refused" wait_for 30 is_refused
ns director sysctl -qw net.ipv4.ip_forward=0
lvsctl audit >/run/audit
check "without forwarding, too" wait_for 30 is_refused
like "by a copy" "$(ns director iptables-save)" '-j TEE --gateway 192.0.0.8'
lvsctl audit >/run/audit
is "the audit is content with that" "$(logged 'rules of flows:')" 0
lvsd_stop
lvsd_start </dev/null
check "after a restart" wait_for 30 is_refused

# The doctor tells who uses the other flavour, too.
flavours() { ns director lvsctl doctor | tr '\n' ' ' | tr -s ' ' | grep -c 'both flavours of iptables'; }
is "the doctor is content" "$(flavours)" 0
ns director iptables-legacy -A INPUT -s 10.9.0.9 -j DROP
is "rules of both flavours are a finding" "$(flavours)" 1
like "that says which is ours" "$(ns director lvsctl doctor | tr '\n' ' ' | tr -s ' ')" \
	'those of lvsd are in iptables-nft'
ns director iptables-legacy -F INPUT
lvsd_stop KILL
lvsd_start -x </dev/null
lvsd_stop
is "-x leaves nothing" "$(ns director iptables-save | grep LVSD
	ns director ip6tables-save | grep LVSD; ns director ipset save)" ""
finish
