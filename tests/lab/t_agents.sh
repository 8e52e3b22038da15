# lab: -t 250
# t_agents.sh: the kernel's weights follow what servers say of themselves, over IPv4
# and IPv6; drain keeps connections, down does not, and a silent agent changes nothing.
. "$(dirname "$0")/test.sh"

lab_up 2
start_backends
said=/run/said
say() { echo "$1" >$said.new && mv $said.new $said; }
say "100%"
agent() { scripted_pid=$(ns rs1 scripted 9999 "file $said"); }
agent
lvsd_start <<END
global
 user nobody
defaults
 check interval 500ms timeout 500ms fall 3
director web $VIP:80
 balance roundrobin
 option tcpcheck
 option agentcheck port 9999 interval 500ms
 server a 10.2.0.11:80 weight 20 check
 server b 10.2.0.12:80 weight 5 check
director six [$VIP6]:80
 option tcpcheck
 option agentcheck port 9999 interval 500ms
 server a [fd02::11]:80 weight 20 check
END
web=tcp:$VIP:80 six=tcp:[$VIP6]:80
# becomes TEXT WEIGHT: of the server with the agent, in both tables
becomes()
{
	ns director ipvswait -i 10000 "$web,10.2.0.11:80=$2" "$six,[fd02::11]:80=$2" \
		>/run/waited 2>&1
	is "$1" $? 0
}
logged_once() { [ "$(logged "$1")" -ge 1 ]; }
becomes "all of its weight" 20
say "25%"
becomes "a quarter" 5
check "a server without an agent keeps its own" \
	ns director ipvswait "$web,10.2.0.12:80=5"
check "which is told" wait_for 30 logged_once 'web/b: no word from its agent.*refused'
say "0%"
becomes "nothing" 0
say "1000%"
becomes "ten times as much" 200
say "100%"
becomes "all again" 20

# A connection that stands while the agent drains its server.
ns rs1 scripted 7000 'send hello; hold' >/run/pid
lvsd_reload <<END >/run/reloaded
$(cat "$LVSD_CONF")
director long $VIP:7000
 option tcpcheck
 option agentcheck port 9999 interval 500ms
 server a 10.2.0.11:7000 weight 20 check
END
check "another director with the same agent" \
	ns director ipvswait "tcp:$VIP:7000,10.2.0.11:7000=20"
ip netns exec client socat -u TCP:$VIP:7000 CREATE:/run/hello &
client=$!
check "a connection stands" wait_for 30 test -s /run/hello
say "drain"
becomes "drain: without connections it is gone" absent
check "with one it stays at weight 0" \
	ns director ipvswait "tcp:$VIP:7000,10.2.0.11:7000=0"
kill $client
check "until that ends" ns director ipvswait "tcp:$VIP:7000,10.2.0.11:7000=absent"
say "ready"
becomes "ready" 20
say "down"
becomes "down" absent
kill "$scripted_pid"
check "the agent dies" wait_for 30 logged_once 'web/a: no word from its agent.*refused'
lvsd_stop
lvsd_start
checked() { [ "$(lvsctl --json status | jq .checker.checks)" -ge 20 ]; }
check "another daemon makes its checks" wait_for 30 checked
is "what it said last stands" "$(ns director ipvsadm -Ln | grep -c '10.2.0.11:\|fd02::11')" 0
say "up"
agent
becomes "up, when it says so" 20
lvsd_stop
finish
