# lab: -t 200
# t_flow_table.sh: lvsctl table --flows shows what the kernel has of flows, as the tools
# that show such things have it, of ours only; and reading changes nothing.
. "$(dirname "$0")/test.sh"

lab_up 2
start_backends
ip -n router route add 192.0.2.0/24 via 10.2.0.2
mount -t tmpfs none /usr/local/sbin # programs there come first
table() { ns director lvsctl table --flows; }

conf()
{
	cat <<-END
		director web
		 server rs1 10.2.0.11
		 server rs1-6 fd02::11
		director own $VIP:80
		 server rs2 10.2.0.12
		flow w director web
		 match proto tcp dst 192.0.2.0/28 dstport 80
		 ignore src 10.1.1.9
		 match proto udp srcport 7 dst 192.0.2.32/28
		 match proto tcp dst fd92::/112 dstport 80
	END
	printf '%s\n' "$@"
}

# ---- what the tools say ----
sets() { ns director ipset save | grep LVSD-; }
rules() { ns director "$1-legacy-save" | grep LVSD-; }
policy() { ip -N -n director "$1" rule | grep 'proto 76'; }
routes() { ip -n director "$1" route show table all proto 76; }

# part TITLE: what stands behind the line "# TITLE" in /run/table, to the next.
part() { awk -v title="# $1" '/^#/ { on = $0 == title; next } on' /run/table; }

compare()
{
	check "$1: the table is shown" eval 'table >/run/table'
	is "$1: sets, as ipset save has them" "$(part 'ipset save')" "$(sets)"
	for i in iptables ip6tables; do
		is "$1: $i, as $i-legacy-save has it" \
			"$(part $i-legacy-save | grep LVSD-)" "$(rules $i)"
	done
	for i in -4 -6; do
		is "$1: policy rules, as ip $i rule has them" \
			"$(part "ip -N $i rule | grep 'proto 76'")" "$(policy $i)"
		is "$1: routes, as ip $i route has them" \
			"$(part "ip $i route show table all proto 76")" "$(routes $i)"
	done
}

lvsd_start <<-END
	director own $VIP:80
	 server rs2 10.2.0.12
END
is "without flows there is nothing, and that is no error" "$(table 2>&1) $?" " 0"
lvsd_reload < <(conf) >/run/reload
# Of somebody else, and neither shown nor touched.
ns director ipset create mine hash:ip
ns director iptables-legacy -t mangle -A PREROUTING -s 10.9.0.9 -j ACCEPT
ns director ip rule add pref 95 fwmark 7 lookup main
in_use() { ns director cat "/proc/net/$1_tables_names"; }
before="$(in_use ip) $(in_use ip6)"
compare "a flow"
check "there are members" grep -q '^add LVSD-4-[0-9]* 192.0.2.0/28,tcp:80$' /run/table
is "the parts, in their order" "$(grep '^[#*]' /run/table)" "# ipset save
# iptables-legacy-save
*filter
*mangle
# ip -N -4 rule | grep 'proto 76'
# ip -4 route show table all proto 76
# ip6tables-legacy-save
*mangle
# ip -N -6 rule | grep 'proto 76'
# ip -6 route show table all proto 76"
is "each table of rules has an end" "$(grep -c '^COMMIT$' /run/table)" 3
is "reading takes no table of iptables into use" "$(in_use ip) $(in_use ip6)" "$before"
is "readers see it, too" "$(ns director lvsctl -s /run/lvsd/status.sock table --flows)" "$(cat /run/table)"
is "ipset takes back what is shown" "$(part 'ipset save' | ns client ipset restore && ns client ipset save)" \
	"$(part 'ipset save')"
is "the plain table goes into ipvsadm as before" \
	"$(ns director lvsctl table | ns client ipvsadm -R && ns client ipvsadm -Sn)" \
	"$(ns director ipvsadm -Sn)"

# It is the kernel that is read: what somebody did to it is shown as it is.
set=$(sed -n 's/^add \(LVSD-4-[0-9]*\) 192.0.2.0.28,tcp:80$/\1/p' /run/table)
ns director ipset add "$set" 203.0.113.9,tcp:99
ns director iptables-legacy -t nat -A POSTROUTING -m set --match-set "$set" dst,dst -j ACCEPT
ns director ip rule add pref 94 fwmark 8 lookup main protocol 76
compare "changed by somebody"
check "a member of somebody's" grep -qF "add $set 203.0.113.9,tcp:99" /run/table
check "a rule of somebody's with a set of ours" grep -q -- "-A POSTROUTING .*$set" /run/table
check "a policy rule in our name" grep -q '^94:' /run/table
ns director iptables-legacy -t nat -F POSTROUTING
lvsctl audit >/run/audit

# Many: they go out while they come.
awk 'BEGIN {
	for (i = 0; i < 20000; i++)
		print " match proto tcp dst 203.0." int(i / 250) "." i % 250 " dstport 443"
}' >/run/many
lvsd_reload < <(conf "$(cat /run/many)") >/run/reload
compare "20,000 addresses"
is "they are all there" "$(grep -c '^add .*,tcp:443$' /run/table)" 20000

# What cannot be read is an error, not an empty table.
printf '#!/bin/sh\necho I am broken >&2\nexit 1\n' >/usr/local/sbin/iptables-legacy-save
chmod +x /usr/local/sbin/iptables-legacy-save
fails "iptables-save that fails" 1 table
is "it says so" "$tap_said" "lvsctl: refused: I am broken"
rm /usr/local/sbin/iptables-legacy-save
lvsd_stop
lvsd_start -x </dev/null
lvsd_stop
finish
