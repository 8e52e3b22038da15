# lab: -t 400 --virtual-time
# t_time_deadlines.sh: a check is over at its timeout, to the millisecond, by
# every method, however far it came and however its bytes drip; and the next one
# begins when it is due. In virtual time.
. "$(dirname "$0")/test.sh"
. "$(dirname "$0")/time.sh"

lab_up 3
silence rs2
unplug rs3
# One that answers just in time and one that does not; one that only listens.
start_backend rs1 -p 8001 -d 1490
start_backend rs1 -p 8002 -d 1510
start_backend rs1 -p 8003 -d 100000 -l $ARRIVALS
ip netns exec rs1 socat UDP-LISTEN:8004,fork,reuseaddr 'SYSTEM:sleep 100' >/run/socat 2>&1 &

# Those that send a byte every tenth of a second, with nothing wrong so far.
cat >/run/drip <<-'END'
	printf "$1"
	while printf x; do
		sleep 0.1
	done
END
drip()
{
	ip netns exec rs1 socat "TCP-LISTEN:$1,fork,reuseaddr" "SYSTEM:sh /run/drip $2" \
		>/run/socat 2>&1 &
}
drip 8011
drip 8012 '\"HTTP/1.1 100 Continue\\r\\nX\"'
drip 8014 '\"HTTP/1.1 200 OK\\r\\n\\r\\n\"'
drip 8013 '\"\\026\\003\\003\\100\\000\\002\\000\\077\\374\"'
listening()
{
	[ "$(ns rs1 ss -Hltun 'sport >= 8004' | wc -l)" = 5 ]
}
check "servers that are slow" wait_for 30 listening

n=0
# director NAME OPTION SERVER: with a timeout of 1.5 s
director()
{
	n=$((n + 1))
	cat <<-END
	director $1 $VIP:$n
	 option $2 interval 4s timeout 1500ms
	 server a $3 check
	END
}
{
	echo "global"
	echo " user daemon"
	director in-time httpcheck 10.2.0.11:8001
	director late httpcheck 10.2.0.11:8002
	director silent-tcp tcpcheck 10.2.0.12:80
	director silent-http httpcheck 10.2.0.12:80
	director silent-https httpscheck 10.2.0.12:80
	director silent-icmp icmpcheck 10.2.0.12:80
	director silent-udp 'udpcheck send "x" expect "y"' 10.2.0.12:53
	director silent-dns dnscheck 10.2.0.12:53
	director silent-arp arpcheck 10.2.0.13:80
	director mute-tcp 'tcpcheck expect "hello"' 10.2.0.11:8003
	director mute-ssl 'tcpcheck ssl' 10.2.0.11:8003
	director mute-http httpcheck 10.2.0.11:8003
	director mute-https httpscheck 10.2.0.11:8003
	director mute-udp 'udpcheck send "x" expect "y"' 10.2.0.11:8004
	director drips-tcp 'tcpcheck expect "hello"' 10.2.0.11:8011
	director drips-http httpcheck 10.2.0.11:8012
	director drips-body 'httpcheck match hello' 10.2.0.11:8014
	director drips-https httpscheck 10.2.0.11:8013
	director program 'externalcheck "/bin/sleep 100"' 10.2.0.11:80
} >/run/conf
lvsd_start </run/conf
pause 4
for d in $(sed -n 's/^director \([^ ]*\).*/\1/p' /run/conf); do
	line=$(grep "server $d/a " $LVSD_LOG)
	case $d in
	in-time) want='up: ok .*duration_us=149[0-9]{4} ' ;;
	silent-arp) want='down: no ARP answer .*duration_us=150[01][0-9]{3}$' ;;
	*) want='down: timeout .*duration_us=150[01][0-9]{3}$' ;;
	esac
	like "$d: after the timeout, not before, not later" "$line" "unknown -> $want"
done
programs()
{
	pgrep -fc '^/bin/sleep 100$'
}

no_programs()
{
	[ "$(programs)" = 0 ]
}

pause 40
at_most "programs that had their time are gone" "$(programs)" 1
lvsd_stop
check "none is left" wait_for 5 no_programs

# A timeout as long as the interval costs a dead server no round.
rm -f $ARRIVALS
server_is rs1 -p 8021 -p 8022 -d 100000
lvsd_start <<END
director half $VIP:1
 option httpcheck interval 2s timeout 1s
 server a 10.2.0.11:8021 check
director whole $VIP:2
 option httpcheck interval 2s timeout 2s
 server a 10.2.0.11:8022 check
END
skipped()
{
	lvsctl --json status | jq .checker.skipped
}

# The first check begins at once, and may end behind the first round.
pause 5
before=$(skipped)
from=$(settle)
to=$(later "$from" 3600)
until_moment "$to"
is "timeout of half the interval: 1800 checks in an hour" "$(counts "$from" "$to" 8021 8021)" 1800
is "timeout of an interval: as many" "$(counts "$from" "$to" 8022 8022)" 1800
is "all are 2 s apart" "$(uneven "$from" "$to" 8021 8022 2000)" 0
is "none was skipped" $(($(skipped) - before)) 0
lvsd_stop
finish
