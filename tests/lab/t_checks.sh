# lab: -t 300
# t_checks.sh: every check method against real servers, over IPv4 and IPv6: up,
# down with its reason, and back; what the timing words mean; and what the
# process that runs them may do.
. "$(dirname "$0")/test.sh"

lab_up 3
start_backends
start_nginx rs1
start_backend rs3 -s 503 -p 8080
ns rs3 ip addr add 10.2.0.113/24 dev eth0
ns director ip addr add 10.2.0.3/24 dev eth0

# One director a method and family, with a healthy server each.
conf()
{
	cat <<-END
	global
	 user nobody
	director tcp $VIP:1001
	 check interval 1 timeout 1 fall 2
	 option tcpcheck
	 server a 10.2.0.12:80 check
	director tcp6 [$VIP6]:1001
	 check interval 1 timeout 1 fall 2
	 option tcpcheck
	 server a [fd02::12]:80 check
	director http $VIP:1002
	 check interval 1 timeout 1 fall 2
	 option httpcheck uri /index.html vhost lab.example
	 server a 10.2.0.11:8080 check
	director http6 [$VIP6]:1002
	 check interval 1 timeout 1 fall 2
	 option httpcheck
	 server a [fd02::11]:8080 check
	director https $VIP:1003
	 check interval 1 timeout 1 fall 2
	 option httpscheck vhost lab.example
	 server a 10.2.0.11:8443 check
	director verified $VIP:1004
	 check interval 1 timeout 1 fall 2
	 option httpscheck sni lab.example verify required cafile /run/lab/nginx/cert.pem
	 server a 10.2.0.11:8443 check
	director https6 [$VIP6]:1003
	 check interval 1 timeout 1 fall 2
	 option httpscheck
	 server a [fd02::11]:8443 check
	director icmp $VIP:1005
	 check interval 1 timeout 1 fall 2
	 server a 10.2.0.12:80 check
	director icmp6 [$VIP6]:1005
	 check interval 1 timeout 1 fall 2
	 server a [fd02::12]:80 check
	director arp $VIP:1006
	 check interval 1 timeout 1 fall 2
	 option arpcheck
	 server a 10.2.0.12:80 check
	director arpif $VIP:1007
	 option arpcheck interval 1s timeout 1s fall 2 iface eth0
	 server a 10.2.0.13:80 check
	director nd $VIP6:0
	 option persistence
	 check interval 1 timeout 1 fall 2
	 option arpcheck
	 server a fd02::12 check
	director port $VIP:1008
	 check interval 1 timeout 1 fall 2 port 80
	 option tcpcheck
	 server a 10.2.0.12:9999 check
	director own $VIP:1009
	 check interval 1 timeout 1 fall 2
	 option tcpcheck
	 server a 10.2.0.12:9999 check port 80
	director source $VIP:1010
	 check interval 1 timeout 1 fall 2 source 10.2.0.3
	 option tcpcheck
	 server a 10.2.0.12:80 check
	director down $VIP:1011
	 check interval 1 timeout 1 fall 2
	 option httpcheck
	 server badstatus 10.2.0.13:8080 check
	director expired $VIP:1012
	 check interval 1 timeout 1 fall 2
	 option httpscheck verify required
	 server selfsigned 10.2.0.11:8443 check
	director wrongname $VIP:1013
	 check interval 1 timeout 1 fall 2
	 option httpscheck sni other.example verify required cafile /run/lab/nginx/cert.pem
	 server a 10.2.0.11:8443 check
	director plain $VIP:1014
	 check interval 1 timeout 1 fall 2
	 option httpscheck
	 server a 10.2.0.11:8080 check
	director nosource $VIP:1015
	 check interval 1 timeout 1 fall 2 source 10.2.0.77
	 option tcpcheck
	 server a 10.2.0.12:80 check
	director noiface $VIP:1016
	 check interval 1 timeout 1 fall 2
	 option arpcheck iface nosuch0
	 server a 10.2.0.12:80 check
	END
}
conf >/run/conf
lvsd_start </run/conf
health()
{
	lvsctl --json status >/run/status.json
	jq -r --arg d "$1" '.directors[] | select(.name == $d) | .servers[0].health' /run/status.json
}
reason()
{
	lvsctl --json status >/run/status.json
	jq -r --arg d "$1" \
		'.directors[] | select(.name == $d) | .servers[0].check | .reason + " " + .text' \
		/run/status.json
}
# A check of a busy machine may see something else, and so may the first one of a
# server that is being stopped.
is_reason() { [ "$(reason "$1")" = "$2" ]; }
is_reason_like() { reason "$1" | grep -Eq "$2"; }
is_health() { [ "$(health "$1")" = "$2" ]; }

up='tcp tcp6 http http6 https verified https6 icmp icmp6 arp arpif nd port own source'
for d in $up; do
	check "$d: up" wait_for 30 is_health $d up
done
for d in down expired wrongname plain; do
	check "$d: down" wait_for 30 is_health $d down
done
check "a wrong status, with the status line" wait_for 30 is_reason down \
	"bad-status HTTP/1.1 503 Error"
check "an unknown issuer, in OpenSSL's words" wait_for 30 is_reason_like expired '^tls .*self-signed'
check "a wrong name, in OpenSSL's words" wait_for 30 is_reason_like wrongname '^tls .*hostname mismatch'
check "no TLS at all" wait_for 30 is_reason_like plain '^tls .*wrong version number'
check "a source address that is not here is told" wait_for 30 is_reason_like nosource '^local-source'
is "and says nothing of the server" "$(health nosource)" unknown
check "so is an interface that is not here" wait_for 30 is_reason_like noiface '^local-interface'
is "which says nothing, too" "$(health noiface)" unknown

# ---- the process ----

checker=$(lvsctl --json status | jq .checker.pid)
status_of() { sed -n "s/^$1:[[:space:]]*//p" /proc/$checker/status; }
is "the checker's user" "$(status_of Uid | tr '\t' ' ')" "65534 65534 65534 65534"
is "and group" "$(status_of Gid | tr '\t' ' ')" "65534 65534 65534 65534"
is "no other group" "$(status_of Groups | tr -d ' ')" ""
for set in Inh Prm Eff Bnd Amb; do
	is "no capability: Cap$set" "$(status_of Cap$set)" 0000000000000000
done
is "no new privileges" "$(status_of NoNewPrivs)" 1
is "the checks of arp and icmp still work without any" "$(health arp) $(health icmp)" "up up"
like "its descriptors: report socket, raw sockets, the loop's, checks under way" \
	"$(ls -l /proc/$checker/fd | grep -Ev 'socket:|anon_inode:|/dev/null|total|pipe:|lvsd.log')" '^$'
is "none of them is netlink" \
	"$(for i in $(ls -l /proc/$checker/fd | sed -n 's/.*socket:\[\(.*\)\]/\1/p'); do
		grep -w "$i" /proc/$checker/net/netlink; done)" ""
is "the daemon keeps what it needs only" \
	"$(sed -n 's/^CapBnd:\t//p' /proc/$lvsd_pid/status)" \
	"$(printf '%016x' $((1 << 0 | 1 << 5 | 1 << 6 | 1 << 7 | 1 << 8 | 1 << 12 | 1 << 13)))"

# ---- down by every method, and back ----

silence rs2
for d in tcp tcp6 icmp icmp6 port own source; do
	check "$d: silent: down" wait_for 30 is_health $d down
	check "$d: with the reason" wait_for 30 is_reason $d "timeout "
done
is "arp: the address is still answered for" "$(health arp) $(health nd)" "up up"
heal rs2
for d in tcp tcp6 icmp icmp6 port own source; do
	check "$d: back" wait_for 30 is_health $d up
done
unplug rs2
for d in arp nd tcp icmp6; do
	check "$d: cable out: down" wait_for 30 is_health $d down
done
check "arp: with the reason" wait_for 30 is_reason arp "no-arp-answer "
check "nd: with the reason" wait_for 30 is_reason nd "no-arp-answer "
heal rs2
for d in arp nd tcp icmp6; do
	check "$d: cable in: back" wait_for 30 is_health $d up
done
stop_nginx rs1
for d in http http6 https verified https6; do
	check "$d: stopped: down" wait_for 30 is_health $d down
	check "$d: with the reason" wait_for 30 is_reason $d "refused "
done
start_nginx rs1
for d in http http6 https verified https6; do
	check "$d: started: back" wait_for 30 is_health $d up
done

# ---- rise and fall ----

lvsd_reload <<END >/run/said
global
 user nobody
director rf $VIP:1001
 check interval 500ms timeout 500ms rise 3 fall 4
 option tcpcheck
 server a 10.2.0.12:80 check
END
check "rise 3, fall 4: up, as it was" wait_for 30 is_health rf up
# counted: how many checks have begun since this was asked the last time.
ns rs2 iptables-legacy -t mangle -A INPUT -p tcp --dport 80 --syn
counted() { ns rs2 iptables-legacy -t mangle -L INPUT -nvxZ | awk '/dpt:80/ { print $1 }'; }
counted >/run/said
refuse rs2
ns director ipvswait "tcp:$VIP:1001,10.2.0.12:80=absent" >/run/out
at_most "fall 4: not before the fourth failure" 4 "$(counted)"
heal rs2
ns director ipvswait "tcp:$VIP:1001,10.2.0.12:80=1" >/run/in
at_most "rise 3: not before the third success" 3 "$(counted)"
lvsd_stop
wait_for 30 test ! -e /proc/$checker
is "the checker ends with the daemon" $? 0
finish
