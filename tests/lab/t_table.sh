# lab: -t 200
# t_table.sh: the file becomes the kernel's table: every scheduler word, the
# three modes, both families, persistence, one-packet, marks. ipvsadm is the
# judge, and `lvsctl table` says the same as it.
. "$(dirname "$0")/test.sh"

lab_up 2

# The words, and what ipvsadm calls them. twos is not in this kernel.
words='roundrobin|wrr
leastconn|wlc
leastconn localitybased|lblc
leastconn localitybased replication|lblcr
source|sh -b sh-fallback
srcdst|sh -b sh-fallback
dest|dh
shortexpdelay|sed
shortestexpected|sed
neverqueue|nq
fo|fo
weightedfailover|fo
ovf|ovf
ovh|ovf
mh|mh -b mh-fallback'
port=1000
while IFS='|' read -r word sched; do
	port=$((port + 1))
	printf 'director d%s 10.9.9.1:%s\n balance %s\n server a 10.2.0.11:80\n' \
		$port $port "$word"
	printf -- '-A -t 10.9.9.1:%s -s %s\n-a -t 10.9.9.1:%s -r 10.2.0.11:80 -m -w 1\n' \
		$port "$sched" $port >>/run/want
done <<<"$words" >/run/conf

cat >>/run/conf <<END
director two 10.9.9.1:2000
 balance twos
 server a 10.2.0.11:80
director gw 10.9.9.1:2001
 mode gateway
 server a 10.2.0.11:2001 weight 0
 server b 10.2.0.12 weight 65535
director tun 10.9.9.1:2002
 mode tunnel
 server a 10.2.0.11
director six [fd09::1]:80
 balance roundrobin
 server a [fd02::11]:8080 weight 3
director sixgw [fd09::1]:81
 mode gateway
 server a fd02::11
director sixtun [fd09::1]:82
 mode tunnel
 server a fd02::11
director keep 10.9.9.1:2003
 option persistence timeout 1m netmask 255.255.0.0
 server a 10.2.0.11:80
director keep6 [fd09::1]:83
 option persistence netmask 64
 server a [fd02::11]:80
director all 10.9.9.2 UDP
 option persistence
 server a 10.2.0.11
director dns 10.9.9.1:53 UDP
 mode gateway
 option onepacket
 server a 10.2.0.11:53
director sctp 10.9.9.1:2004 SCTP
 server a 10.2.0.11:80
director mark fwmark 77
 server a 10.2.0.11:80
 server b [fd02::11]:80
director gue $VIP:3001
 mode tunnel gue port 5555
 server a 10.2.0.11
director guecsum $VIP:3002
 mode tunnel gue port 5556 checksum yes
 server a 10.2.0.11 maxconn 10 minconn 5
director guerem $VIP:3003
 mode tunnel gue port 5557 checksum remote
 server a 10.2.0.11
director gre $VIP:3004
 mode tunnel gre
 server a 10.2.0.11
director grecsum $VIP:3005
 mode tunnel gre checksum yes
 server a 10.2.0.11
director byname $VIP:3006
 balance kernel rr flag-1
 server a 10.2.0.11:80
director unfed
 server a 10.2.0.11:80
director allports 10.9.9.3
 server a 10.2.0.11
END
cat >>/run/want <<'END'
-A -t 10.9.9.1:2001 -s wlc
-a -t 10.9.9.1:2001 -r 10.2.0.11:2001 -g -w 0
-a -t 10.9.9.1:2001 -r 10.2.0.12:2001 -g -w 65535
-A -t 10.9.9.1:2002 -s wlc
-a -t 10.9.9.1:2002 -r 10.2.0.11:2002 -i -w 1 --tun-type ipip
-A -t [fd09::1]:80 -s wrr
-a -t [fd09::1]:80 -r [fd02::11]:8080 -m -w 3
-A -t [fd09::1]:81 -s wlc
-a -t [fd09::1]:81 -r [fd02::11]:81 -g -w 1
-A -t [fd09::1]:82 -s wlc
-a -t [fd09::1]:82 -r [fd02::11]:82 -i -w 1 --tun-type ipip
-A -t 10.9.9.1:2003 -s wlc -p 60 -M 255.255.0.0
-a -t 10.9.9.1:2003 -r 10.2.0.11:80 -m -w 1
-A -t [fd09::1]:83 -s wlc -p 360 -M 64
-a -t [fd09::1]:83 -r [fd02::11]:80 -m -w 1
-A -u 10.9.9.2:0 -s wlc -p 360
-a -u 10.9.9.2:0 -r 10.2.0.11:0 -m -w 1
-A -u 10.9.9.1:53 -s wlc -o
-a -u 10.9.9.1:53 -r 10.2.0.11:53 -g -w 1
-A --sctp-service 10.9.9.1:2004 -s wlc
-a --sctp-service 10.9.9.1:2004 -r 10.2.0.11:80 -m -w 1
-A -t 10.9.9.1:3001 -s wlc
-a -t 10.9.9.1:3001 -r 10.2.0.11:3001 -i -w 1 --tun-type gue --tun-port 5555 --tun-nocsum
-A -t 10.9.9.1:3002 -s wlc
-a -t 10.9.9.1:3002 -r 10.2.0.11:3002 -i -w 1 --tun-type gue --tun-port 5556 --tun-csum
-A -t 10.9.9.1:3003 -s wlc
-a -t 10.9.9.1:3003 -r 10.2.0.11:3003 -i -w 1 --tun-type gue --tun-port 5557 --tun-remcsum
-A -t 10.9.9.1:3004 -s wlc
-a -t 10.9.9.1:3004 -r 10.2.0.11:3004 -i -w 1 --tun-type gre --tun-nocsum
-A -t 10.9.9.1:3005 -s wlc
-a -t 10.9.9.1:3005 -r 10.2.0.11:3005 -i -w 1 --tun-type gre --tun-csum
-A -t 10.9.9.1:3006 -s rr -b flag-1
-a -t 10.9.9.1:3006 -r 10.2.0.11:80 -m -w 1
-A -f 77 -s wlc
-a -f 77 -r 10.2.0.11:80 -m -w 1
-A -f 77 -6 -s wlc
-a -f 77 -6 -r [fd02::11]:80 -m -w 1
-A -f 1280704513 -s wlc
-a -f 1280704513 -r 10.2.0.11:80 -m -w 1
-A -f 1280704514 -s wlc
-a -f 1280704514 -r 10.2.0.11:0 -m -w 1
END
sort -o /run/want /run/want

table()
{
	ns director ipvsadm -Sn | sort
}

lvsd_start </run/conf
is "ipvsadm -Sn shows what the file says" "$(table)" "$(cat /run/want)"
is "lvsctl table says the same as ipvsadm -Sn" "$(lvsctl table | sort)" "$(table)"
like "the thresholds are in the kernel" \
	"$(ns director ipvsadm -Ln --thresholds | grep -A1 "$VIP:3002" | tr -s ' ')" '10.2.0.11:3002 10 5'
is "twos: one line" "$(logged 'director two failed: this kernel has no scheduler "twos"')" 1
is "no other refusal" "$(logged 'the kernel refused')" 0
like "twos is shown as failed" "$(lvsctl status)" '^two .*failed'
like "lvsctl explain says why" "$(lvsctl explain two/a | tr -s ' \n' ' ')" \
	'its director is not in the kernel .* fault this kernel has no scheduler "twos"'
for d in gw unfed allports; do
	like "$d is up" "$(lvsctl status)" "^$d .*up"
done

# What was refused waits for its time, over a reload, too.
# Its time may have come just now, and has not then when this is asked again.
nothing_tried()
{
	[ "$(lvsd_reload </run/conf)" = \
		"reloaded, 0 operations, 1 director failed: see lvsctl status, checks go on" ]
}
check "an unchanged file: what failed is not tried at once again" wait_for 30 nothing_tried
is "nor told again" "$(logged 'director two failed')" 1
sed 's/balance twos/balance roundrobin/' /run/conf | lvsd_reload >/run/said
is "with a scheduler that is there it is programmed at once" \
	"$(ns director ipvsadm -Sn | grep -c -- "$VIP:2000 -s wrr")" 1
lvsd_reload </run/conf >/run/said
ns director ipvsadm -D -t $VIP:2000

# A stop leaves the table, and the next start finds nothing to do but to try
# what was refused.
lvsd_stop
is "SIGTERM ends it with 0" $? 0
is "the table stays after SIGTERM" "$(table)" "$(cat /run/want)"
ns director ipvsadm -A -t 10.9.9.99:80 -s rr
lvsd_start </run/conf
like "all of it is adopted" "$(cat $LVSD_LOG)" 'adopted from the kernel services=35'
like "nothing is sent but what is refused" "$(grep ' started ' $LVSD_LOG | tail -n 1)" \
	'operations=2 failed=1'
is "a service of another stays, and is not shown" \
	"$(lvsctl table | grep -c 10.9.9.99) $(table | grep -c 10.9.9.99)" "0 1"
lvsd_stop
finish
