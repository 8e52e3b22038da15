# lab: -t 250
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

who()
{
	hammer_run one -c 1 -n 1 -t 4000 "$1" 80
	sed -n 's/^from_\(.*\)=1$/\1/p; s/^failed=1$/nobody/p' /run/hammer/one
}

works()
{
	lvsctl status | grep -q '^pool .* up'
}

lines()
{
	logged 'director pool failed'
}

# A module that is not loaded yet, and cannot be.
missing()
{
	echo "install $1 /bin/false" >>/run/lab/modprobe.conf
}

found()
{
	sed -i "/install $1 /d" /run/lab/modprobe.conf
}

if [ -e /proc/sys/kernel/modprobe ]; then
	missing xt_set
	lvsd_start < <(conf)
	is "without xt_set: one line" "$(lines)" 1
	like "that names it" "$(grep 'pool failed' $LVSD_LOG)" 'set'
	like "status shows it" "$(lvsctl status)" '^pool .* failed'
	like "explain does, too" "$(lvsctl explain pool/rs2)" '^fault .*set'
	is "the others serve" "$(who $VIP)" rs1
	found xt_set
	check "it is tried again" wait_for 30 works
	is "and serves" "$(who 192.0.2.3)" rs2
	is "still one line" "$(lines)" 1
	lvsd_stop KILL
	lvsd_start -x </dev/null
	lvsd_stop
	ns director ipset destroy
	modprobe -r xt_set ip_set_hash_netportnet ip_set_hash_netport ip_set_hash_net ip_set
	note "$(grep "pool failed" $LVSD_LOG)"
	: >$LVSD_LOG
	missing ip_set
	lvsd_start < <(conf)
	is "without ip_set: one line" "$(lines)" 1
	like "that names it" "$(grep 'pool failed' $LVSD_LOG)" 'ip_set'
	is "the others serve" "$(who $VIP)" rs1
	found ip_set
	check "it is tried again" wait_for 30 works
	is "and serves" "$(who 192.0.2.3)" rs2
	lvsd_stop
else
	skip "missing modules" "this kernel has them built in"
fi
note "$(grep "pool failed" $LVSD_LOG)"
finish
