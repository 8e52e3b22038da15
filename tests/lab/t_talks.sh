# lab: -t 350
# t_talks.sh: the checks that speak: tcp with words and TLS, a text in a page,
# datagrams, a real name server, programs, agents' neighbours; up, down with the
# reason, and back.
. "$(dirname "$0")/test.sh"

lab_up 3
start_nginx rs1
# A host tells another one only once a second that nobody is at a port, by default, so
# that of several checks most would hear nothing.
ns rs2 sysctl -qw net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0
for rs in rs2 rs3; do start_backend $rs -p 80 -u 5353; done

# A mail server in one line, and TLS of one version only.
ip netns exec rs2 socat TCP6-LISTEN:25,fork,reuseaddr \
	SYSTEM:'echo 220 mx; read word; echo 221 bye' >/run/mx.log 2>&1 &
for version in 1_2 1_3; do
	ip netns exec rs3 openssl s_server -accept "944${version#1_}" -tls$version -www \
		-cert /run/lab/nginx/cert.pem -key /run/lab/nginx/key.pem >/run/tls.log 2>&1 &
done
names()
{
	ip netns exec rs2 dnsmasq -k --no-resolv --no-hosts --conf-file=/dev/null \
		--pid-file= --address=/lab.example/10.2.0.12 >/run/dnsmasq.log 2>&1 &
	names_pid=$!
}
names

mkdir -p /run/checks
cat >/run/checks/look <<'END'
#!/bin/sh
[ "$LVSD_ADDRESS" = 10.2.0.12 ] && [ "$LVSD_PORT" = 80 ] && [ "$1" = quick ] || exit 9
[ "$(id -un)" = daemon ] || exit 8
[ ! -e /run/checks/down ] || { echo looking; echo "there is a \"down\"" >&2; exit 7; }
END
chmod 755 /run/checks /run/checks/look

lvsd_conf <<END
global
 user daemon
defaults
 check interval 500ms timeout 500ms
director mail $VIP:1001
 option tcpcheck send "QUIT\r\n" expect "221 bye"
 server a 10.2.0.12:25 check
director mail6 [$VIP6]:1001
 option tcpcheck send "QUIT\r\n" expect "221 bye"
 server a [fd02::12]:25 check
director wrong $VIP:1002
 option tcpcheck send "QUIT\r\n" expect "250"
 server a 10.2.0.12:25 check
director tls $VIP:1003
 option tcpcheck ssl sni lab.example verify required cafile /run/lab/nginx/cert.pem
 server a 10.2.0.11:8443 check
director page $VIP:1004
 option httpcheck match "rs1" statuscode 200-299
 server a 10.2.0.11:8080 check
director nopage $VIP:1005
 option httpcheck match "rs2"
 server a 10.2.0.11:8080 check
director head $VIP:1006
 option httpcheck method HEAD
 server a 10.2.0.11:8080 check
director tls12 $VIP:1007
 option httpscheck
 server a 10.2.0.13:9442 check
director tls13 $VIP:1008
 option httpscheck
 server a 10.2.0.13:9443 check
director udp $VIP:1009 UDP
 option udpcheck send "who" expect "rs2"
 server a 10.2.0.12:5353 check
director udp6 [$VIP6]:1009 UDP
 option udpcheck send "who" expect "rs2"
 server a [fd02::12]:5353 check
director udpno $VIP:1010 UDP
 option udpcheck send "who" expect "rs3"
 server a 10.2.0.12:5353 check
director quiet $VIP:1011 UDP
 option udpcheck
 server a 10.2.0.12:5353 check
director closed $VIP:1012 UDP
 option udpcheck
 server a 10.2.0.12:5354 check
director dns $VIP:53 UDP
 option dnscheck name lab.example type A
 server a 10.2.0.12:53 check
director dns6 [$VIP6]:53 UDP
 option dnscheck name lab.example type A
 server a [fd02::12]:53 check
director refused $VIP:54 UDP
 option dnscheck rcode REFUSED
 server a 10.2.0.12:53 check
director soa $VIP:55 UDP
 option dnscheck
 server a 10.2.0.12:53 check
director program $VIP:1013
 option externalcheck "/run/checks/look quick"
 server a 10.2.0.12:80 check
director nosource $VIP:1014
 check source 10.2.0.77
 server a 10.2.0.12:80 check
END
lvsd_start
one()
{
	lvsctl --json status >/run/status.json
	jq -r --arg d "$1" ".directors[] | select(.name == \$d) | .servers[0] | $2" /run/status.json
}
is_health() { [ "$(one "$1" .health)" = "$2" ]; }
why() { one "$1" '.check | "\(.reason) \(.code) \(.text)"'; }
is_why() { [ "$(why "$1")" = "$2" ]; }
up='mail mail6 tls page head tls12 tls13 udp udp6 quiet dns dns6 refused program'
for d in $up; do
	check "$d: up" wait_for 30 is_health $d up
done
for d in wrong nopage udpno closed soa; do
	check "$d: down" wait_for 30 is_health $d down
done
check "what the server said last" wait_for 30 is_why wrong "no-match 0 221 bye"
check "the page without the text, by its status line" \
	wait_for 30 is_why nopage "no-match 200 HTTP/1.1 200 OK"
check "another datagram than expected" wait_for 30 is_why udpno "no-match 0 rs2\\x0a"
check "nobody at the port" wait_for 30 is_why closed "refused 111 null"
check "another response code" wait_for 30 is_why soa "bad-status 5 REFUSED"
check "an icmp check from an address that is not here" \
	wait_for 30 is_why nosource "local-source 99 null"
is "which says nothing of the server" "$(one nosource .health)" unknown
is "an alarm of that, once a minute" "$(logged 'a check could not be made.* reason=local-source')" 1

# ---- down, and back ----

touch /run/checks/down
check "the program fails: down" wait_for 30 is_health program down
check "by its status, with what it said last" wait_for 30 is_why program 'exit 7 there is a \x22down\x22'
is "and so says the log" "$(grep -c 'program/a up -> down: the command failed .* reason=exit code=7 duration_us=[0-9]* text="there is a \\x22down\\x22"' "$LVSD_LOG")" 1
rm /run/checks/down
check "and up again" wait_for 30 is_health program up
kill $names_pid
check "no name server: down" wait_for 30 is_health dns down
check "the same over IPv6" wait_for 30 is_health dns6 down
# The query that it took with it has no answer at all.
check "nobody at its port" wait_for 30 is_why dns "refused 111 null"
names
check "name server: up" wait_for 30 is_health dns up
silence rs2
for d in mail udp dns; do
	check "$d: silent: down" wait_for 30 is_health $d down
	check "$d: by the deadline" wait_for 30 is_why $d "timeout 0 null"
done
is "silence is good where nothing is expected" "$(one quiet .health)" up
heal rs2
for d in mail udp dns; do
	check "$d: back" wait_for 30 is_health $d up
done

# ---- programs that must not be run ----

refused()
{
	fails "$1" 1 lvsd_reload
	like "$1: the reason" "$tap_said" "$2"
}
chmod 777 /run/checks
refused "a directory that others may write to" '/run/checks: writable by others'
chmod 755 /run/checks
chmod 775 /run/checks/look
refused "a program that its group may write to" '/run/checks/look: writable by others'
chown daemon /run/checks/look
chmod 755 /run/checks/look
refused "a program of somebody else's" '/run/checks/look: not owned by root'
chown root /run/checks/look
sed 's/user daemon/user nobody/' "$LVSD_CONF" | lvsd_conf
refused "nobody may run none" 'needs a user of its own'
sed 's/user nobody/user daemon/' "$LVSD_CONF" | lvsd_conf
check "as it was" lvsd_reload
lvsd_stop
kill $(jobs -p) 2>/dev/null
finish
