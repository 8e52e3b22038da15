# net.sh: the network of the lab, sourced by bash in the guest.
#
#   client ------ router ===== director      === is a bridge of the router with
#                        ===== rs1 .. rsN        the director and the servers
#
#   client    10.1.0.2 fd01::2    router  10.1.0.1 10.2.0.1, fd01::1 fd02::1
#   director  10.2.0.2 fd02::2    rsI     10.2.0.(10+I) fd02::(10+I)
#   virtual addresses: 10.9.0.0/16 and fd09::/64, which the router sends to the
#   director; VIP and VIP6 are there from the start
#
# Each is a network namespace of that name with an eth0. Nothing here takes a
# nap: what takes time is asked for until it is so.

VIP=10.9.9.1 VIP6=fd09::1
LAB=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
BUILDDIR=${BUILDDIR:-$LAB/../../build/gcc}
TOOLS=$BUILDDIR/tests/lab
for i in backend hammer ipvswait monotime; do
	[ -x "$TOOLS/$i" ] && continue
	echo "$TOOLS/$i is missing; is BUILDDIR right?" >&2
	exit 1
done

# ns NAME COMMAND...: in the namespace. In the background use "ip netns exec",
# which becomes the command, so that $! is that.
ns()
{
	local name=$1

	shift
	ip netns exec "$name" "$@"
}

# A pause without starting a program: reading a pipe nobody writes to.
exec {pause_fd}<> <(:)
pause()
{
	read -rt "$1" -u "$pause_fd" || true
}

# Seconds since boot, the clock of hammer and ipvswait.
now()
{
	"$TOOLS/monotime"
}

# Centiseconds since boot, without starting a program.
uptime_cs()
{
	local up rest

	read -r up rest </proc/uptime
	up_cs=$((10#${up/./}))
}

# wait_for SECONDS COMMAND...: until COMMAND succeeds; 1 when it never does.
wait_for()
{
	local up_cs until_cs seconds=$1

	shift
	uptime_cs
	until_cs=$((up_cs + seconds * 100))
	until "$@"; do
		uptime_cs
		[ "$up_cs" -lt "$until_cs" ] || return 1
		pause 0.01
	done
}

# join NAME HOST: puts namespace NAME at the router's bridge as host HOST.
join()
{
	ip link add eth0 netns "$1" type veth peer name "$1" netns router
	ip -n router link set "$1" master br0 up
	ip -n "$1" -batch - <<-END
		link set lo up
		addr add 10.2.0.$2/24 dev eth0
		addr add fd02::$2/64 dev eth0 nodad
		link set eth0 up
		route add default via 10.2.0.1
		route add default via fd02::1
	END
}

# What every namespace starts with. There are no duplicate addresses to look for, answers
# take another way than questions in gateway mode, and no server may claim a virtual
# address that it has on lo.
lab_settings()
{
	local i

	for i in all default; do
		echo 0 >/proc/sys/net/ipv4/conf/$i/rp_filter
		echo 0 >/proc/sys/net/ipv4/conf/$i/send_redirects
		echo 1 >/proc/sys/net/ipv4/conf/$i/arp_ignore
		echo 2 >/proc/sys/net/ipv4/conf/$i/arp_announce
		echo 0 >/proc/sys/net/ipv6/conf/$i/accept_dad
		echo 0 >/proc/sys/net/ipv6/conf/$i/accept_ra
	done
}

# lab_up [N]: the whole network, with N servers (3) in nat mode.
lab_up()
{
	local i

	SERVERS=
	for ((i = 1; i <= ${1:-3}; i++)); do
		SERVERS="$SERVERS${SERVERS:+ }rs$i"
	done
	# The modules of faults and tunnels too: loading one takes longer than
	# the times that are measured.
	modprobe -a ip_vs veth bridge dummy ipip ip6_tunnel \
		iptable_filter ip6table_filter ipt_REJECT ip6t_REJECT
	# A namespace begins with what the first one has: the guest's, which may be set. On the
	# kernel of a host (examples/on-host) each has to be set by itself.
	if [ -e /proc/sys/net/core/devconf_inherit_init_net ]; then
		echo 1 >/proc/sys/net/core/devconf_inherit_init_net
		lab_settings
	fi
	printf 'netns add %s\n' client router director $SERVERS | ip -batch -
	if [ ! -e /proc/sys/net/core/devconf_inherit_init_net ]; then
		for i in client router director $SERVERS; do
			ns "$i" bash -c "$(declare -f lab_settings); lab_settings"
		done
	fi
	ns router sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	ns director sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	ip link add eth0 netns client type veth peer name client netns router
	ip -n client -batch - <<-END
		link set lo up
		addr add 10.1.0.2/24 dev eth0
		addr add fd01::2/64 dev eth0 nodad
		link set eth0 up
		route add local 10.1.1.0/24 dev lo
		route add local fd01:1::/64 dev lo
		route add default via 10.1.0.1
		route add default via fd01::1
	END
	ip -n router -batch - <<-END
		link set lo up
		addr add 10.1.0.1/24 dev client
		addr add fd01::1/64 dev client nodad
		link set client up
		link add br0 type bridge mcast_snooping 0
		addr add 10.2.0.1/24 dev br0
		addr add fd02::1/64 dev br0 nodad
		link set br0 up
		route add 10.1.1.0/24 via 10.1.0.2
		route add fd01:1::/64 via fd01::2
		route add 10.9.0.0/16 via 10.2.0.2
		route add fd09::/64 via fd02::2
	END
	join director 2
	for i in $SERVERS; do
		join "$i" $((10 + ${i#rs}))
	done
	ip -n director link add vip type dummy
	ip -n director link set vip up
	add_vip "$VIP" "$VIP6"
	use_nat
	PATH=$TOOLS:$PATH
}

# add_vip ADDRESS...: more virtual addresses of the director.
add_vip()
{
	printf 'addr add %s dev vip\n' "$@" | ip -n director -batch -
}

# The address of a server: rs_addr rs2, rs_addr rs2 6
rs_addr()
{
	if [ "$2" = 6 ]; then
		echo "fd02::$((10 + ${1#rs}))"
	else
		echo "10.2.0.$((10 + ${1#rs}))"
	fi
}

# Takes the virtual addresses from the servers and sends their answers by
# $1 and $2.
no_server_vips()
{
	local rs dev

	for rs in $SERVERS; do
		for dev in lo tunl0 ip6tnl0; do
			echo "addr flush dev $dev to 10.9.0.0/16"
			echo "addr flush dev $dev to fd09::/64"
		done | ip -n "$rs" -batch -
		ip -n "$rs" -batch - <<-END
			route replace default via $1
			route replace default via $2
		END
	done
}

# server_vips IPV4_DEVICE IPV6_DEVICE VIP...
server_vips()
{
	local rs vip dev4=$1 dev6=$2

	shift 2
	for rs in $SERVERS; do
		{
			printf 'link set %s up\n' "$dev4" "$dev6"
			for vip in "$@"; do
				case $vip in
				*:*) echo "addr add $vip/128 dev $dev6 nodad" ;;
				*) echo "addr add $vip/32 dev $dev4" ;;
				esac
			done
		} | ip -n "$rs" -batch -
	done
}

# What the servers must be set to in each of the three modes. In gateway and
# tunnel mode they answer the client directly, as the virtual address: those
# given, or VIP and VIP6.
use_nat()
{
	no_server_vips 10.2.0.2 fd02::2
}

use_gateway()
{
	no_server_vips 10.2.0.1 fd02::1
	[ $# -gt 0 ] || set -- "$VIP" "$VIP6"
	server_vips lo lo "$@"
}

use_tunnel()
{
	no_server_vips 10.2.0.1 fd02::1
	[ $# -gt 0 ] || set -- "$VIP" "$VIP6"
	server_vips tunl0 ip6tnl0 "$@"
}

# What can be wrong with a server, each until heal. refuse: every connection is
# answered by a reset. silence: no packet arrives, though its address is still
# answered for (ARP, neighbour discovery). unplug: its cable is out.
refuse()
{
	ns "$1" iptables-legacy -A INPUT -p tcp -j REJECT --reject-with tcp-reset
	ns "$1" ip6tables-legacy -A INPUT -p tcp -j REJECT --reject-with tcp-reset
}

silence()
{
	ns "$1" iptables-legacy -A INPUT -j DROP
	ns "$1" ip6tables-legacy -A INPUT ! -p ipv6-icmp -j DROP
	ns "$1" ip6tables-legacy -A INPUT -p ipv6-icmp --icmpv6-type echo-request -j DROP
}

unplug()
{
	ip -n router link set "$1" down
}

heal()
{
	ns "$1" iptables-legacy -F INPUT
	ns "$1" ip6tables-legacy -F INPUT
	ip -n router link set "$1" up
}

# start_backend SERVER [ARGUMENT...]: HTTP on port 80 and UDP on port 53 unless
# ports are given; it answers when this returns.
declare -A backend_pid
start_backend()
{
	local rs=$1

	shift
	case " $*" in
	*\ -[pu]*) ;;
	*) set -- "$@" -p 80 -u 53 ;;
	esac
	backend_pid[$rs]="${backend_pid[$rs]} $(ns "$rs" backend -n "$rs" "$@")"
}

start_backends()
{
	local rs

	for rs in $SERVERS; do
		start_backend "$rs" "$@"
	done
}

stop_backend()
{
	kill ${backend_pid[$1]}
	backend_pid[$1]=
}

# start_nginx SERVER: a real one, on ports 8080 (HTTP) and 8443 (HTTPS).
start_nginx()
{
	local dir=/run/lab/nginx/$1

	mkdir -p "$dir/html" "$dir/tmp"
	echo "$1" >"$dir/html/index.html"
	[ -s /run/lab/nginx/cert.pem ] ||
		openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 \
			-subj /CN=lab.example -keyout /run/lab/nginx/key.pem \
			-out /run/lab/nginx/cert.pem 2>/run/lab/nginx/openssl.log ||
		cat /run/lab/nginx/openssl.log >&2
	ns "$1" nginx -p "$dir" -e error.log -c "$LAB/nginx.conf"
}

stop_nginx()
{
	ns "$1" nginx -p "/run/lab/nginx/$1" -e error.log -c "$LAB/nginx.conf" -s stop
}
