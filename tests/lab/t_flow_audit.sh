# lab: -t 400
# t_flow_audit.sh: someone edits what is ours, in every way: the audit finds it, says what
# it is in one line, and makes it what it was, while traffic goes on.
. "$(dirname "$0")/test.sh"

lab_up 2
start_backends
ip -n router route add 192.0.2.0/24 via 10.2.0.2
ip -n router route add fd92::/64 via fd02::2
lvsd_start <<-END
	director web
	 mode nat masquerade
	 server rs1 10.2.0.11
	 server rs1-6 fd02::11
	director steady $VIP:80
	 server rs2 10.2.0.12
	director nobody
	 server rs2 10.2.0.12 weight 0
	flow w director web
	 match proto tcp dst 192.0.2.0/28 dstport 80
	 match proto tcp dst 192.0.2.16/28 dstport 80
	 ignore dst 192.0.2.17
	 match proto udp srcport 7 dst 192.0.2.32/28
	 match proto tcp dst fd92::/112 dstport 80
	flow n director nobody
	 match dst 192.0.2.64/28
END

# Everything of ours in its order, with the members of a set for its name.
ours()
{
	local i table

	{
		ns director ipset save | sort
		for i in iptables ip6tables; do
			for table in mangle nat filter; do
				ns director $i-legacy-save -t $table | grep -- '-A .*LVSD-'
			done
		done
		for i in -4 -6; do
			ip -n director $i rule | grep 'proto 76'
			ip -n director $i route show table 19542 2>/dev/null
			ip -n director $i route show table 19543 2>/dev/null
		done
	} | awk '
		$1 == "create" { next }
		$1 == "add" { members[$2] = members[$2] " " $3; next }
		{
			for (i = 1; i < NF; i++)
				if ($i == "--match-set")
					$(i + 1) = "{" members[$(i + 1)] " }"
			print
		}'
}

sets() { ns director ipset list -n | wc -l; }

# set_like PATTERN: the set of the first rule of ours that is like it.
set_like()
{
	ns director iptables-legacy-save -t mangle | grep -- "$1" |
		sed -n 's/.*--match-set \([^ ]*\) .*/\1/p;T;q'
}

serves()
{
	ns client hammer -c 1 -n 1 -t 3000 -b 10.1.1.20/1 192.0.2.3 80 >/run/one 2>&1 &&
		ns client hammer -c 1 -n 1 -t 3000 -b fd01:1::20/1 fd92::3 80 >/run/one6 2>&1
}

told() { logged 'audit: someone else changed the rules of flows: '; }

# edit TEXT PATTERN COMMAND...: the audit says one line that is like PATTERN.
edit()
{
	local text=$1 pattern=$2 before

	shift 2
	before=$(told)
	check "$text" ns director "$@"
	check "$text: it is not as it was" [ "$(ours)" != "$want" ]
	lvsctl audit >/run/audit
	is "$text: one line" $(($(told) - before)) 1
	like "$text: that says it" "$(grep 'rules of flows: ' $LVSD_LOG | tail -n 1)" "$pattern"
	is "$text: all is as it was" "$(ours)" "$want"
	check "$text: it serves" serves
}

check "it serves" serves
lvsctl audit >/run/audit # it counts the connections of who takes no new ones
want=$(ours) n_sets=$(sets)
hammer_start steady -k -c 4 -r 100 $VIP 80 # kept: the guest has room for few connections
lvsctl audit >/run/audit
is "nothing is found where nobody was" "$(told)" 0
ipt=iptables-legacy ip6t=ip6tables-legacy
mark=$(printf %08x "$(lvsctl --json status | jq '.directors[] | select(.name == "web").mark')")
edit "a rule is deleted" 'rule gone: -A LVSD-FLOW -m set' $ipt -t mangle -D LVSD-FLOW 1
edit "a rule is added" 'rule added: -A LVSD-FLOW .*-j RETURN' \
	$ipt -t mangle -I LVSD-FLOW -s 10.1.1.20 -j RETURN
edit "the order of rules is changed" 'another order, or twice' sh -c "
	rule=\$($ipt -t mangle -S LVSD-FLOW 1)
	$ipt -t mangle -D LVSD-FLOW 1 && $ipt -t mangle \$rule"
edit "a hook is deleted" 'LVSD-FLOW is called 0 times from PREROUTING' \
	$ipt -t mangle -D PREROUTING -j LVSD-FLOW
edit "a hook is there twice" 'LVSD-FLOW is called 2 times' \
	$ipt -t mangle -A PREROUTING -j LVSD-FLOW
edit "the same for IPv6" 'LVSD-FLOW is called 0 times' $ip6t -t mangle -D PREROUTING -j LVSD-FLOW
edit "a hook of what refuses" 'LVSD-REFUSE is called 0 times from FORWARD' \
	$ipt -D FORWARD -j LVSD-REFUSE
edit "the masquerade's" 'LVSD-MASQ is called 0 times from POSTROUTING' \
	$ipt -t nat -D POSTROUTING -j LVSD-MASQ
edit "the chain of a mark is emptied" 'a chain of table mangle|rule gone: -A LVSD-M' \
	$ipt -t mangle -D "LVSD-M-$mark" -j MARK --set-xmark "0x$mark"
edit "the chain of a mark marks otherwise" 'a chain of table mangle has other rules' \
	$ipt -t mangle -R "LVSD-M-$mark" 1 -j MARK --set-xmark 7
edit "fragments are no more put together" 'a chain of table mangle has other rules' \
	$ipt -t mangle -F LVSD-DEFRAG
edit "a whole chain goes" 'chain LVSD-REFUSE of table filter is gone' sh -c "
	$ipt -D FORWARD -j LVSD-REFUSE && $ipt -D INPUT -j LVSD-REFUSE &&
	$ipt -F LVSD-REFUSE && $ipt -X LVSD-REFUSE"
set=$(set_like "dst,dst -g LVSD-M-$mark")
edit "a member is deleted" "members of set $set: 1 gone .192.0.2.0/28,tcp:80." \
	ipset del "$set" 192.0.2.0/28,tcp:80
edit "another is in its place" \
	"members of set $set: 1 gone .192.0.2.0/28,tcp:80. 1 added .192.0.2.8,tcp:80." sh -c "
	ipset del $set 192.0.2.0/28,tcp:80 && ipset add $set 192.0.2.8,tcp:80"
edit "a set is emptied" "members of set $set: 2 gone" ipset flush "$set"
edit "a policy rule is deleted" 'policy rule gone: preference 98' ip rule del pref 98
edit "that of IPv6" 'policy rule gone: preference 98 .*IPv6' ip -6 rule del pref 98
edit "one is added in our name" '1 policy rules too many' \
	ip rule add pref 95 fwmark 7 lookup main protocol 76
edit "a local route is deleted" 'route gone: default of table 19542 of IPv4' \
	ip route flush table 19542
edit "it is another" 'route gone: default of table 19542 of IPv4' \
	ip route replace unreachable default table 19542
edit "that of IPv6 is deleted" 'route gone: default of table 19542 of IPv6' \
	ip -6 route flush table 19542
edit "the route of what is refused" 'route gone: default of table 19543' \
	ip route flush table 19543

edit "a set gets the members of another" "members of set $set: 2 gone .*1 added .203.0.113.1,tcp:1." sh -c "
	ipset create other hash:net,port maxelem 16777216 && ipset add other 203.0.113.1,tcp:1 &&
	ipset swap $set other && ipset destroy other"

# Several at once: a line each.
before=$(told)
ns director $ipt -t mangle -D PREROUTING -j LVSD-FLOW
ns director ip rule del pref 98
ns director ipset flush "$set"
lvsctl audit >/run/audit
is "three things: three lines" $(($(told) - before)) 3
like "and the audit counts them" "$(cat /run/audit)" '3 '
is "all is as it was" "$(ours)" "$want"
is "no set is left over" "$(sets)" "$n_sets"
before=$(told)
lvsctl audit >/run/audit
is "in the end nothing is found any more" "$(told)" "$before"
hammer_stop steady
is "no request to another director failed" "$(hammer_get steady failed)" 0

# What is somebody else's stays theirs.
ns director $ipt -t mangle -I PREROUTING -s 10.9.0.9 -j ACCEPT
ns director ip rule add pref 95 fwmark 7 lookup main
ns director ipset create mine hash:ip
lvsctl audit >/run/audit
is "nobody minds others' rules" "$(told)" "$before"
lvsd_stop
finish
