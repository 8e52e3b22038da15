# lab: -t 250
# t_lab.sh: the lab is worth what it shows: the three modes carry traffic to all
# servers over both protocols, and faults do what their names say.
. "$(dirname "$0")/test.sh"

lab_up
start_backends

# service_add ipvsadm's forwarding flag, -t or -u, VIP, port
service_add()
{
	local rs family=4 vip=$3

	case $vip in *:*) family=6 vip=[$3] ;; esac
	ns director ipvsadm -A "$2" "$vip:$4" -s rr
	for rs in $SERVERS; do
		vip_rs=$(rs_addr "$rs" $family)
		[ $family = 4 ] || vip_rs=[$vip_rs]
		ns director ipvsadm -a "$2" "$vip:$4" -r "$vip_rs:$4" "$1"
	done
}

# Every mode has virtual addresses of its own: flows of datagrams that the
# kernel knows go on in the mode in which they began.
mode()
{
	local name=$1 flag=$2 number=$3 vip rs

	for vip in 10.9.$number.1 fd09::$number:1; do
		add_vip "$vip"
		service_add "$flag" -t "$vip" 80
		service_add "$flag" -u "$vip" 53
	done
	"use_$name" "10.9.$number.1" "fd09::$number:1"
	for vip in 10.9.$number.1 fd09::$number:1; do
		check "$name, $vip: 600 requests on new connections" \
			hammer_run new -n 600 -c 4 "$vip" 80
		for rs in $SERVERS; do
			is "$name, $vip: a third of them at $rs" "$(hammer_get new "from_$rs")" 200
		done
		check "$name, $vip: 600 requests on kept connections" \
			hammer_run kept -k -n 600 -c 6 "$vip" 80
		is "$name, $vip: they were 6" "$(hammer_get kept connections)" 6
		check "$name, $vip: 300 datagrams" hammer_run udp -u -n 300 "$vip" 53
	done
}

mode nat -m 1
mode gateway -g 2
mode tunnel -i 3

# seen ADDRESS [OPTION...]: what the director sees of it: ok, or the reason.
seen()
{
	local address=$1

	shift
	ns director hammer -n 1 "$@" "$address" 80 >/run/seen
	sed -n 's/^failed_\(.*\)=1$/\1/p; s/^ok=1$/ok/p' /run/seen
}

for fault in refuse:refused silence:timeout unplug:timeout; do
	"${fault%:*}" rs2
	for a in "$(rs_addr rs2)" "$(rs_addr rs2 6)"; do
		# In less than the three seconds after which ARP gives up.
		is "${fault%:*} rs2: $a" "$(seen "$a" -t 1000)" "${fault#*:}"
	done
	is "${fault%:*} rs2: rs1 is as it was" "$(seen "$(rs_addr rs1)")" ok
	heal rs2
	for a in "$(rs_addr rs2)" "$(rs_addr rs2 6)"; do
		is "heal rs2: $a" "$(seen "$a")" ok
	done
done

unplug rs2
cable_is() { [ "$(ip -n rs2 -br link show eth0 | awk '{ print $2 }')" = "$1" ]; }
check "an unplugged server's cable is out" wait_for 30 cable_is LOWERLAYERDOWN
heal rs2

stop_backend rs2
is "without its backend a server refuses" "$(seen "$(rs_addr rs2)")" refused
start_backend rs2 -s 503
is "a backend can answer with an error" "$(seen "$(rs_addr rs2)")" status
stop_backend rs2
start_backend rs2 -d 200
is "a backend can be slow" "$(seen "$(rs_addr rs2)")" ok
at_most "and is as slow as it was told" 200 \
	"$(ms_between 0.000000 "$(sed -n 's/^slowest=//p' /run/seen)")"
stop_backend rs2
start_backend rs2

# A client must notice what fails, and when.
rejecting()
{
	ns rs2 iptables-legacy -nvxL INPUT | awk '/REJECT/ && $1 > 4 { yes = 1 } END { exit !yes }'
}

hammer_start broken -k -c 6 -r 200 10.9.3.1 80
before=$(now)
refuse rs2
wait_for 30 rejecting
heal rs2
fails "kept connections that break are failed requests" 1 hammer_stop broken
is "two of six were with rs2" "$(hammer_get broken failed_reset)" 2
at_most "none of them before the fault" 0 \
	"$(ms_between "$before" "$(hammer_get broken first_failed)")"
at_most "the summary is complete" "$(hammer_get broken requests)" \
	$(($(hammer_get broken ok) + $(hammer_get broken failed)))

for rs in $SERVERS; do
	start_nginx "$rs"
done
for a in 10.2.0.12 '[fd02::12]'; do
	is "nginx answers at $a" "$(ns director curl -s "http://$a:8080/")" rs2
	is "nginx answers with TLS at $a" "$(ns director curl -sk "https://$a:8443/")" rs2
done

# The watcher of the table.
ns director ipvsadm -C
ns director ipvsadm -A -t 10.9.9.1:80 -s wlc
ns director ipvsadm -A -f 17 -s wlc
ns director ipvsadm -A -u '[fd09::1]:53' -s wlc
ns director ipvsadm -a -t 10.9.9.1:80 -r 10.2.0.11:80 -m -w 3
ns director ipvsadm -a -u '[fd09::1]:53' -r '[fd02::12]:53' -m -w 0
check "ipvswait sees what is there" ns director ipvswait -t 0 services=3 dests=2 live=1 \
	tcp:10.9.9.1:80=present fwm:17=present 'udp:[fd09::1]:53=present' tcp:10.9.9.2:80=absent \
	tcp:10.9.9.1:80,10.2.0.11:80=3 tcp:10.9.9.1:80,10.2.0.12:80=absent \
	'udp:[fd09::1]:53,[fd02::12]:53=0' 'udp:[fd09::1]:53,[fd02::12]:53=present'
for wrong in services=2 dests=3 live=2 tcp:10.9.9.2:80=present fwm:17=absent fwm:18=present \
	tcp:10.9.9.1:80,10.2.0.11:80=2 tcp:10.9.9.1:80,10.2.0.11:80=absent \
	udp:10.9.9.1:80,10.2.0.11:80=3 tcp:10.9.9.1:80,10.2.0.11:81=present; do
	fails "ipvswait does not see $wrong" 1 ns director ipvswait -t 0.01 $wrong
done
ip netns exec director ipvswait tcp:10.9.9.1:80,10.2.0.11:80=0 >/run/when &
before=$(now)
ns director ipvsadm -e -t 10.9.9.1:80 -r 10.2.0.11:80 -m -w 0
wait $!
when=$(cat /run/when)
at_most "ipvswait's time is not before the change" 0 "$(ms_between "$before" "$when")"
finish
