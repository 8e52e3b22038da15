# lab: -t 400
# t_flow_doctor.sh: what lvsctl doctor knows of flows, each thing made wrong and found; and
# with nothing wrong it is silent.
. "$(dirname "$0")/test.sh"

lab_up 2
start_backends
doctor() { ns director lvsctl doctor "$@"; }

healthy()
{
	fails "$1: silent and 0" 0 doctor
	is "$1: nothing is found" "$tap_said" ""
}

# finds TEXT WHAT TYPE: something like this, and what to type is just that.
finds()
{
	fails "$1: something is found" 1 doctor
	like "$1" "$(echo "$tap_said" | tr '\n' ' ' | tr -s ' ')" "$2"
	like "$1: what to type" "$tap_said" "^    $3\$"
}

conf()
{
	cat <<-END
		director web $VIP:80
		 server rs1 10.2.0.11
		director pool
		 mode nat masquerade
		 server rs2 10.2.0.12
		flow pool director pool
		 match proto tcp dst 192.0.2.0/29 dstport 80
	END
}
works() { lvsctl status | grep -q '^pool .* up'; }

lvsd_start < <(conf)
healthy "nothing is wrong"
ipt=iptables-legacy
ns director $ipt -t mangle -D PREROUTING -j LVSD-FLOW
finds "the hook is gone" 'iptables-legacy: "-A PREROUTING -j LVSD-FLOW" is gone' 'lvsctl audit'
lvsctl audit >/run/audit
# That somebody edits is itself a finding, for a day.
like "mended" "$(doctor)" 'somebody else changed'
lvsd_stop
lvsd_start </dev/null
healthy "and mended"
ns director $ipt -t mangle -A PREROUTING -s 10.9.0.9/32 -j MARK --set-mark 0x4c560001
finds "our mark in another's rule" \
	"a rule that is not lvsd's uses mark 0x4c560001, which lvsd gives to directors" \
	'iptables-legacy -t mangle -D PREROUTING -s 10.9.0.9/32 -j MARK --set-xmark 0x4c560001/0xffffffff'
ns director $ipt -t mangle -D PREROUTING -s 10.9.0.9 -j MARK --set-mark 0x4c560001
ns director $ipt -t mangle -A PREROUTING -s 10.9.0.9/32 -j MARK --set-mark 7
healthy "another's mark in another's rule"
ns director sysctl -qw net.ipv4.conf.eth0.rp_filter=1
finds "strict rp_filter" 'pool: rp_filter is strict on eth0' 'sysctl -w net.ipv4.conf.eth0.rp_filter=2'
ns director sysctl -qw net.ipv4.conf.eth0.rp_filter=0
healthy "and not strict"
ns director sysctl -qw net.ipv4.vs.conntrack=0
finds "conntrack off with masquerade" 'pool: net.ipv4.vs.conntrack is off' \
	'sysctl -w net.ipv4.vs.conntrack=1'
ns director sysctl -qw net.ipv4.vs.conntrack=1
healthy "and on"
lvsd_stop
lvsd_start -x </dev/null
lvsd_stop

if [ -e /proc/sys/kernel/modprobe ]; then
	for module in xt_set ip_set; do
		ns director ipset destroy
		modprobe -r xt_set ip_set_hash_netportnet ip_set_hash_netport ip_set_hash_net ip_set 2>/dev/null
		echo "install $module /bin/false" >>/run/lab/modprobe.conf
		lvsd_start < <(conf)
		finds "$module cannot be loaded" "pool: the module $module is not loaded" \
			"modprobe $module"
		sed -i "/install $module /d" /run/lab/modprobe.conf
		check "$module can: it works" wait_for 60 works
		lvsd_stop
		lvsd_start -x </dev/null
		lvsd_stop
	done
else
	skip "missing modules" "this kernel has them built in"
fi
# Datagrams to addresses of others can be refused only where the kernel forwards, or can
# copy them, which needs a route.
udp_conf()
{
	cat <<-END
		director pool
		 mode gateway
		 server rs2 10.2.0.12
		 server rs2-6 fd02::12
		director dns
		 mode gateway
		 server rs2 10.2.0.12
		flow pool director pool
	END
	printf ' %s\n' "$@"
}
forward() { ns director sysctl -qw "net.ipv4.ip_forward=$1"; }
forward 0
lvsd_start < <(udp_conf "match proto tcp dst 192.0.2.0/29" "match proto udp dst $VIP" \
	"match proto udp dst fd92::/112" "match not proto udp dst 192.0.2.8/29" \
	"ignore proto udp dst 192.0.2.9")
healthy "no forwarding, and no datagrams to others"
lvsd_reload < <(udp_conf "match proto udp dst 192.0.2.0/29 dstport 53") >/run/reload
healthy "no forwarding, but a default route"
ip -n director route del default
# wrong DIRECTORS RULE...: a reload to these, and the finding is there.
wrong()
{
	local who=$1

	shift
	lvsd_reload < <(udp_conf "$@") >/run/reload
	finds "no forwarding: $*" "^$who: net.ipv4.ip_forward is off and there is no default route, .* dropped, not refused" \
		'sysctl -w net.ipv4.ip_forward=1'
	is "no forwarding: $*: one finding" "$(echo "$tap_said" | grep -c '^    ')" 1
}
wrong pool "match proto udp dst 192.0.2.0/29 dstport 53"
wrong pool "match dst $VIP" "match dst 192.0.2.1"
wrong pool "match proto udp dstport 53"
wrong pool "match not proto tcp dst 192.0.2.0/29"
wrong "pool, dns" "match dst 192.0.2.0/29" "match dst 192.0.2.8/29" "flow dns director dns" \
	" match proto udp dst 192.0.2.16/29"
fails "one director is asked for: something is found" 1 doctor dns
like "that one alone" "$tap_said" '^dns: '
lvsd_reload < <(
	cat <<-END
		director every 192.0.2.1 UDP
		 mode gateway
		 server rs2 10.2.0.12
	END
) >/run/reload
# Its address is a finding of its own only where no rule leads there.
finds "no forwarding: every port" '^every: net.ipv4.ip_forward is off' 'sysctl -w net.ipv4.ip_forward=1'
forward 1
healthy "the kernel forwards"
forward 0
ip -n director route add default via 10.2.0.1
healthy "the route is back"
ns director sysctl -qw net.ipv4.conf.eth0.forwarding=1
finds "one interface forwards" '^every: net.ipv4.ip_forward is off and only some interfaces ' \
	'sysctl -w net.ipv4.ip_forward=1'
ns director sysctl -qw net.ipv4.conf.eth0.forwarding=0
healthy "none does"
lvsd_stop
lvsd_start -x </dev/null
lvsd_stop
if [ -e /proc/sys/kernel/modprobe ]; then
	modprobe -r xt_TEE
	echo "install xt_TEE /bin/false" >>/run/lab/modprobe.conf
	lvsd_start < <(udp_conf "match proto udp dst 192.0.2.0/29")
	finds "xt_TEE cannot be loaded" '^pool: net.ipv4.ip_forward is off and the modules xt_TEE and xt_HL ' \
		'modprobe -a xt_TEE xt_HL   # and restart lvsd'
	sed -i "/install xt_TEE /d" /run/lab/modprobe.conf
	lvsd_stop
	lvsd_start </dev/null
	healthy "it can: after a restart"
	lvsd_stop
	lvsd_start -x </dev/null
	lvsd_stop
else
	skip "a missing xt_TEE" "this kernel has it built in"
fi
finish
