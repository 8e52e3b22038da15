# lab: -t 400
# t_flow_refuse.sh: a director of a flow without usable servers refuses: connections and
# datagrams, IPv4 and IPv6, whether its address is on an interface or not; and nothing
# else is refused with it.
. "$(dirname "$0")/test.sh"

lab_up 3
start_backends -p 80 -u 53
ip -n router route add 192.0.2.0/24 via 10.2.0.2
ip -n router route add 198.51.100.0/24 via 10.2.0.2
ip -n router route add fd92::/64 via fd02::2
ip -n director route add 198.51.100.0/24 via 10.2.0.13 # not for this machine
ip -n rs3 addr add 198.51.100.1/32 dev lo
ip -n rs3 addr add 198.51.100.2/32 dev lo
add_vip 192.0.2.9 fd92::9

lvsd_start <<-END
	director dead
	 option tcpcheck
	 check interval 500ms
	 server rs1 10.2.0.11 check port 99
	 server rs1-6 fd02::11 check port 99
	director other
	 server rs2 10.2.0.12
	director leaving
	 option tcpcheck
	 check interval 500ms inhibit
	 server rs1 10.2.0.11 check port 98
	flow dead director dead
	 match dst 192.0.2.0/28
	 match proto udp dst 198.51.100.2 dstport 53
	 match dst fd92::/112
	flow other director other
	 match dst 192.0.2.16/28
	flow leaving director leaving
	 match dst 192.0.2.32/28
END

# how ADDRESS PORT [OPTIONS]: what one request comes to. Answers of the kernel have a
# limit of rate for each client, so every question is another one's.
echo 0 >/run/client
how()
{
	local from client

	client=$(($(</run/client) % 200 + 1))
	echo $client >/run/client # this may be a subshell
	from="10.1.1.$client/1"
	case $1 in
	*:*) from="fd01:1::$(printf %x $client)/1" ;;
	esac
	ns client hammer -c 1 -n 1 -t 3000 -b "$from" "${@:3}" "$1" "$2" >/run/how 2>&1
	sed -n 's/^from_\(.*\)=1$/\1/p; s/^failed_\(.*\)=1$/\1/p' /run/how
}
says() { [ "$(how "${@:2}")" = "$1" ]; }
marked() { lvsctl --json status | jq -r ".directors[] | select(.name == \"$1\").mark"; }
# all_four TEXT ANSWER
all_four()
{
	check "$1: tcp over IPv4" wait_for 30 says "$2" 192.0.2.3 80
	check "$1: udp over IPv4" wait_for 30 says "$2" 192.0.2.3 53 -u
	check "$1: tcp over IPv6" wait_for 30 says "$2" fd92::3 80
	check "$1: udp over IPv6" wait_for 30 says "$2" fd92::3 53 -u
	check "$1: tcp to an address of an interface" wait_for 30 says "$2" 192.0.2.9 80
	check "$1: udp to one" wait_for 30 says "$2" 192.0.2.9 53 -u
	check "$1: tcp to one of IPv6" wait_for 30 says "$2" fd92::9 80
	check "$1: udp to one of IPv6" wait_for 30 says "$2" fd92::9 53 -u
}

hammer_start tcp -b 10.1.1.201/50 -c 2 -r 100 192.0.2.17 80
hammer_start udp -b 10.1.1.201/50 -u -c 2 -r 100 192.0.2.17 53
hammer_start through -b 10.1.1.201/50 -u -c 2 -r 100 198.51.100.1 53
all_four "nobody serves" refused
is "one that would reach somebody else without the flow" "$(how 198.51.100.2 53 -u)" refused
is "whose other ports do" "$(how 198.51.100.2 80)" rs3
is "what the director itself asks is not refused" \
	"$(ns director hammer -c 1 -n 1 -t 3000 10.2.0.12 80 | grep -c '^failed=0')$(
		ns director hammer -u -c 1 -n 1 -t 3000 10.2.0.12 53 | grep -c '^failed=0')" 11
start_backend rs1 -p 99
pid99=${backend_pid[rs1]##* }
all_four "somebody serves" rs1
kill "$pid99"
all_four "nobody again" refused
for i in tcp udp through; do
	hammer_stop $i
	is "not one of the others was refused ($i)" "$(hammer_get $i failed)" 0
done

# A server that is kept while it is down (inhibit) goes on with those that it has.
start_backend rs1 -p 98
pid98=${backend_pid[rs1]##* }
check "a server comes" wait_for 30 says rs1 192.0.2.33 53 -u
# client NAME CLIENT ADDRESS: one that sends datagrams from one port of its own.
client()
{
	mkfifo "/run/$1.in" "/run/$1.out"
	# Both ends are ours, too, so that neither waits to be opened, or ends.
	eval "exec {$1_in}<>/run/$1.in {$1_out}<>/run/$1.out"
	ip netns exec client socat -t 100 - "UDP4:$3:53,bind=$2" <"/run/$1.in" >"/run/$1.out" &
}
# talk NAME: what is answered to its next datagram.
talk()
{
	local in=$1_in out=$1_out answer

	echo x >&"${!in}" && read -r -t 10 answer <&"${!out}"
	echo "$answer"
}
client held 10.1.1.251 192.0.2.34
stopped() { ns director ipvsadm -Ln -f "$(marked leaving)" | grep -q ' Masq *0 '; }
is "a client talks to it" "$(talk held)" rs1
kill "$pid98"
check "it is down and stays" wait_for 30 stopped
check "a new connection is refused" wait_for 30 says refused 192.0.2.33 80
check "new datagrams are refused, too" wait_for 30 says refused 192.0.2.33 53 -u
is "the talk goes on" "$(talk held)$(talk held)" rs1rs1
check "new ones to the address of the talk are refused" wait_for 30 says refused 192.0.2.34 53 -u
lvsctl audit >/run/audit
is "the audit is content with that" "$(logged 'rules of flows:')" 0
set=$(ns director ipset save | sed -n 's/^add \(LVSD-4-KEPT-[0-9]*\) 10.1.1.251,udp:[0-9]*,192.0.2.34$/\1/p')
kept() { ns director ipset save "$set" | grep -c '^add'; }
is_filled() { [ "$(kept)" -ge 1 ]; }
is_empty() { [ "$(kept)" = 0 ]; }
check "a set has who talks" [ "$(kept)" -ge 1 ]
before=$(lvsctl --json status | jq -c '[.marking.set_operations, .marking.rule_writes]')
lvsd_reload </dev/null >/run/reload
is "a reload changes nothing" \
	"$(lvsctl --json status | jq -c '[.marking.set_operations, .marking.rule_writes]')" "$before"
is "the talk goes on" "$(talk held)$(talk held)" rs1rs1

# Somebody empties the set; another process takes it over; a server comes and goes.
ns director ipset flush "$set"
lvsctl audit >/run/audit
like "somebody empties the set: the audit tells" "$(grep 'rules of flows:' $LVSD_LOG)" \
	"members of set $set: 0 in place of"
check "it is filled again" wait_for 30 is_filled
check "new datagrams are refused" wait_for 30 says refused 192.0.2.33 53 -u
is "the talk goes on" "$(talk held)$(talk held)" rs1rs1
lvsd_stop KILL
is "the talk goes on without a daemon" "$(talk held)$(talk held)" rs1rs1
lvsd_start </dev/null
check "after that new datagrams are refused" wait_for 30 says refused 192.0.2.33 53 -u
is "and the talk goes on" "$(talk held)$(talk held)" rs1rs1
start_backend rs1 -p 98
pid98=${backend_pid[rs1]##* }
check "the server is back: new datagrams are served" wait_for 30 says rs1 192.0.2.33 53 -u
is "and the talk goes on" "$(talk held)$(talk held)" rs1rs1
check "the set is empty" wait_for 30 is_empty
client late 10.1.1.252 192.0.2.35
is "another client talks" "$(talk late)" rs1
kill "$pid98"
check "it is down again: new datagrams are refused" wait_for 30 says refused 192.0.2.33 53 -u
is "both talks go on" "$(talk held)$(talk late)$(talk held)$(talk late)" rs1rs1rs1rs1

# Without an administrator's permission, too: the rules come before.
ns director iptables-legacy -I INPUT -p tcp --dport 80 -j ACCEPT
ip netns exec director ip monitor rule >/run/monitor 2>&1 &
monitor=$!
# saw PREFERENCE: the watcher is there, and has come to this rule of somebody else.
saw()
{
	ns director ip rule add pref "$1" nop
	grep -q "^$1:" /run/monitor || ! ns director ip rule del pref "$1"
}
check "rules are watched" wait_for 30 saw 501
lvsd_stop
lvsd_start </dev/null
check "to the end" wait_for 30 saw 502
kill $monitor
is "a restart touches no policy rule" "$(grep 'proto 76' /run/monitor)" ""
is "a restart writes no rule" "$(lvsctl --json status | jq .marking.rule_writes)" 0
check "udp is refused still" wait_for 30 says refused 192.0.2.3 53 -u
lvsd_stop
lvsd_start -x </dev/null
lvsd_stop
is "no rule and no route is left" "$(ns director iptables-legacy-save | grep LVSD
	ns director ip rule | grep 'proto 76'; ns director ip route show table 19543)" ""
finish
