# lab: -t 250
# t_import.sh: a table of the kernel, imported and loaded, is that table again:
# random services with one forwarding method each, of both families, all protocols,
# marks, schedulers and their flags, persistence, tunnels. LVSD_SEED chooses others.
. "$(dirname "$0")/test.sh"

TABLES=12 SERVICES=40
lab_up 1
RANDOM=${LVSD_SEED:-$((RANDOM))}
SEED=$RANDOM
RANDOM=$SEED
note "LVSD_SEED=$SEED"

# one WORD...: one of them, in $one
one()
{
	local i=$((RANDOM % $# + 1))

	one=${!i}
}

# A service of family $1 with number $2, in $service; and $weights, those that its
# servers can have.
random_service()
{
	local sched flags='' rest=''

	one rr wrr lc wlc lblc lblcr dh sh mh sed nq fo ovf
	sched=$one weights="0 1 2 100 65535"
	case $sched in
	sh | mh) one '' "$sched-fallback" "$sched-port" "$sched-fallback,$sched-port"; flags=$one ;;
	dh) weights="1 7" ;; # who has none is not in the table
	*) one '' '' '' flag-1 flag-2,flag-3; flags=$one ;;
	esac
	one no no yes
	if [ "$one" = yes ]; then
		one 1 60 300 360 86400
		rest=" -p $one"
		if [ "$1" = 4 ]; then
			one '' ' -M 255.255.255.0' ' -M 255.255.128.0'
		else
			one '' ' -M 64' ' -M 127' ' -M 48'
		fi
		rest=$rest$one
	fi
	one -t -t -u --sctp-service -f
	case $one in
	-f)
		service="-f $2"
		[ "$1" = 4 ] || service="$service -6"
		one '' ' -o'
		rest=$rest$one
		;;
	-u)
		service="-u $(random_address "$1" "$2")"
		one '' ' -o'
		rest=$rest$one
		;;
	*) service="$one $(random_address "$1" "$2")" ;;
	esac
	# All ports of an address need persistence.
	one no no yes
	case $one$service$rest in
	yes-f*) ;;
	yes*-p*) service=${service%:*}:0 ;;
	esac
	echo "-A $service -s $sched$rest${flags:+ -b $flags}"
}

random_address()
{
	if [ "$1" = 4 ]; then
		echo "10.9.$((RANDOM % 4)).$2:$((RANDOM % 60000 + 1))"
	else
		echo "[fd09::$2]:$((RANDOM % 60000 + 1))"
	fi
}

# The servers of $service, of family $1, up to 6 of them, at least $2.
random_servers()
{
	local n=$((RANDOM % (7 - $2) + $2)) i fwd port family=$1 address

	one -m -m -g \
		"-i --tun-type ipip" "-i --tun-type gue --tun-port 6080 --tun-nocsum" \
		"-i --tun-type gue --tun-port 6081 --tun-csum" \
		"-i --tun-type gue --tun-port 6082 --tun-remcsum" \
		"-i --tun-type gre --tun-nocsum" "-i --tun-type gre --tun-csum"
	fwd=$one
	for ((i = 1; i <= n; i++)); do
		# shellcheck disable=SC2086 # words
		one $weights
		port=0
		[ "$fwd" != -m ] || port=$((RANDOM % 60000 + i))
		if [ "$family" = 4 ]; then
			address=10.3.0.$i:$port
		else
			address="[fd03::$i]:$port"
		fi
		echo "-a $service -r $address ${fwd%% *} -w $one${fwd#-?}"
	done
}

random_table()
{
	local i family

	for ((i = 1; i <= SERVICES; i++)); do
		one 4 4 6
		family=$one
		random_service "$family" $i
		case $service in
		-f*) random_servers "$family" 1 ;; # a mark without one is no service
		*) random_servers "$family" 0 ;;
		esac
	done
}

table()
{
	ns director ipvsadm -Sn | sort
}

# The daemon starts on an empty table of its own, with nothing from before.
round_trip()
{
	local status

	table >/run/before
	ns director ipvsadm -Sn >/run/saved
	lvsctl import /run/saved >/run/imported 2>/run/err
	status=$?
	[ $status = 0 ] || cat /run/err
	grep -m 5 'not imported' /run/imported
	ns director ipvsadm -C
	rm -f /var/lib/lvsd/state
	lvsd_start </run/imported || return
	table >/run/after
	lvsd_stop
	ns director ipvsadm -C
	diff -u /run/before /run/after && [ $status = 0 ]
}

for ((t = 1; t <= TABLES; t++)); do
	random_table >/run/random
	check "table $t: ipvsadm takes it" ns director ipvsadm -R </run/random
	is "table $t: it has all services" "$(table | grep -c ^-A)" $SERVICES
	check "table $t: imported and loaded it is the same" round_trip
done

# Both families of a mark, and a table of many servers.
{
	echo "-A -f 7 -s wrr -p 60
-a -f 7 -r 10.3.0.1:0 -m -w 3
-A -f 7 -6 -s wrr -p 60
-a -f 7 -6 -r [fd03::1]:80 -m -w 5
-A -t $VIP:80 -s wlc"
	for ((i = 0; i < 1000; i++)); do
		echo "-a -t $VIP:80 -r 10.3.$((i / 250)).$((i % 250 + 1)):80 -m -w $((i + 1))"
	done
} | ns director ipvsadm -R
is "a thousand servers and a mark of two families" "$(table | wc -l)" 1005
check "imported and loaded they are the same" round_trip

# Mixed methods cannot be one director.
ns director ipvsadm -R <<END
-A -t $VIP:80 -s rr
-a -t $VIP:80 -r 10.3.0.1:80 -m -w 1
-a -t $VIP:80 -r 10.3.0.2:80 -g -w 1
-a -t $VIP:80 -r 10.3.0.3:80 -m -w 1
END
ns director ipvsadm -Sn >/run/saved
lvsctl import - </run/saved >/run/imported
is "mixed methods: status" $? 3
like "mixed methods: told" "$(cat /run/imported)" \
	'not imported: 10.3.0.2:80 gateway: a director has one mode, and most of its servers have nat'
ns director ipvsadm -C
rm -f /var/lib/lvsd/state
lvsd_start </run/imported
is "the others are the same" "$(table)" "-A -t $VIP:80 -s rr
-a -t $VIP:80 -r 10.3.0.1:80 -m -w 1
-a -t $VIP:80 -r 10.3.0.3:80 -m -w 1"
lvsd_stop
finish
