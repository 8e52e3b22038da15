# lab: -t 60
# t_flow_fail.sh: what flows need is missing, or someone takes it away: one clear line,
# those directors alone, and it is mended.
. "$(dirname "$0")/test.sh"

lab_up 2
start_backends
ip -n router route add 192.0.2.0/24 via 10.2.0.2
conf()
{
	cat <<-END
		director web $VIP:80
		 server rs1 10.2.0.11
		director pool
		 server rs2 10.2.0.12
		director sticky 192.0.2.9 TCP
		 option persistence
		 server rs2 10.2.0.12
		flow pool director pool
		 match proto tcp dst 192.0.2.0/29 dstport 80
	END
}

# without MODULE: the kernel does not find it.
modules=/run/lib/modules/$(uname -r)
ls -d $modules /proc/sys/kernel/modprobe >&2; cat /proc/sys/kernel/modprobe >&2
finish
