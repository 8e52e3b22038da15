# lab: -t 200
# t_plan.sh: the commands of lvsctl plan, given to a shell on a copy of the table,
# make of it what the reload makes of the table.
. "$(dirname "$0")/test.sh"

lab_up 3
start_backends
ip netns add copy
ip -n copy link set lo up
ip link add eth0 netns copy type veth peer name other netns copy
ip -n copy address add 10.4.0.1/24 dev eth0
ip -n copy link set eth0 up

before()
{
	cat <<-END
	defaults
	 balance roundrobin
	director held $VIP:80
	 server rs1 10.2.0.11:80 weight 2
	 server rs2 10.2.0.12:80 weight 3
	 server rs3 10.2.0.13:80
	director leaves $VIP:81
	 server rs1 10.2.0.11:80
	director same $VIP:82
	 option persistence timeout 5m netmask 24
	 server rs1 10.2.0.11:80
	director mark fwmark 9
	 mode gateway
	 server rs1 10.2.0.11
	 server six fd02::12
	END
}
after()
{
	cat <<-END
	global
	 conntrack
	 timeouts tcp 16m udp 33
	 sync both interface eth0 syncid 9
	defaults
	 balance leastconn
	director held $VIP:80
	 server rs1 10.2.0.11:80 weight 9
	director same $VIP:82
	 option persistence timeout 5m netmask 24
	 balance roundrobin
	 server rs1 10.2.0.11:80
	 server rs2 10.2.0.12:80 maxconn 100
	director mark fwmark 9
	 mode gateway
	 server rs1 10.2.0.11 weight 4
	director six [$VIP6]:80
	 balance mh
	 mode tunnel
	 server six [fd02::12]:80
	director many $VIP:53 udp
	 balance source port
	$(for i in $(seq 40); do echo " server s$i 10.3.0.$i:53 weight $i"; done)
	END
}
lvsd_start < <(before)

# A connection that stays, to each server of the first director.
hold() { ip netns exec client socat -u TCP:$VIP:80 - >/run/held 2>&1 & }
hold; hold; hold; hold; hold; hold
active()
{
	lvsctl --json status held | jq '[.directors[0].servers[] | .active // 0] | add'
}
all_held() { [ "$(active)" = 6 ]; }
check "six connections are held" wait_for 30 all_held

table() { ns "$1" ipvsadm -Sn | sort; }
vs=net.ipv4.vs
settings()
{
	ns "$1" sysctl $vs.conntrack $vs.expire_quiescent_template
	ns "$1" ipvsadm -L --timeout
	ns "$1" ipvsadm -L --daemon
}
ns director ipvsadm -Sn | ns copy ipvsadm -R
ns copy sysctl -q -w $vs.expire_quiescent_template=1
settings director >/run/settings
is "the copy has the same settings" "$(settings copy)" "$(cat /run/settings)"
is "the copy is one" "$(table copy)" "$(table director)"
after >/run/after.conf
lvsctl plan /run/after.conf >/run/plan
is "plan: there are changes" $? 2
is "the table is as it was" "$(table copy)" "$(table director)"
like "the server with connections is not deleted" "$(cat /run/plan)" \
	'^ipvsadm -e -t 10.9.9.1:80 -r 10.2.0.12:80 -m -w 0 +# [1-9][0-9]* active, 0 inactive$'
is "nothing else is said of it" "$(grep -c '10.9.9.1:80 -r 10.2.0.12:80' /run/plan)" 1
like "another scheduler is warned of" "$(cat /run/plan)" \
	'^ipvsadm -E -t 10.9.9.1:80 -s wlc +# [0-9]+ active, [0-9]+ inactive; .*no scheduler'
like "kernel settings come first" "$(sed -n 1,2p /run/plan | paste -sd';')" \
	"^sysctl -w $vs.conntrack=1;ipvsadm --set 960 0 33$"
check "a shell carries it out" ns copy sh -e /run/plan
said=$(lvsd_reload </run/after.conf)
is "the reload is taken" $? 0
same() { [ "$(table director)" = "$(table copy)" ]; }
check "table and copy become the same" wait_for 30 same || diff <(table copy) <(table director)
is "and their settings" "$(settings copy)" "$(settings director)"
like "those of the file" "$(settings copy)" "$vs.conntrack = 1"
like "and its daemons" "$(settings copy)" 'backup sync daemon \(mcast=eth0, syncid=9'
lvsctl plan >/run/plan
is "then there is nothing to do" "$? $(cat /run/plan)" "0 "
# And back: what was changed in the kernel is what it was before.
before >/run/before.conf
lvsctl plan /run/before.conf >/run/plan
check "the way back: a shell carries it out" ns copy sh -e /run/plan
lvsd_reload </run/before.conf >/run/said
check "table and copy become the same" wait_for 30 same || diff <(table copy) <(table director)
is "so do the settings" "$(settings copy)" "$(settings director)"
is "they are as before" "$(settings copy)" "$(cat /run/settings)"
is "the connections live" "$(ns director ipvsadm -Lnc | grep -c ESTABLISHED)" 6
finish
