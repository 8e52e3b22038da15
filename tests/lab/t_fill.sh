# lab: -t 150
# t_fill.sh: a new director with balance mh and 1,000 servers is filled under rr
# and switched, which the kernel takes a fraction of the time for; a live one is
# not switched. How long the kernel took is told, not tested. And a stop while a crowd of
# changes is on its way leaves a table that is whole.
. "$(dirname "$0")/test.sh"

lab_up 1

# conf BALANCE SERVERS; want SCHEDULER SERVERS
conf()
{
	echo "director web $VIP:80"
	echo " balance $1"
	seq "$2" | awk '{ printf " server s%d 10.3.%d.%d:80\n", $1, $1 / 250, $1 % 250 + 1 }'
}
want()
{
	{
		echo "-A -t $VIP:80 -s $1"
		seq "$2" | awk -v vip="$VIP" '{
			printf "-a -t %s:80 -r 10.3.%d.%d:80 -m -w 1\n", vip, $1 / 250, $1 % 250 + 1 }'
	} | sort
}
# same_table SCHEDULER SERVERS: a thousand lines are shown only where they differ.
same_table()
{
	diff <(want "$@") <(ns director ipvsadm -Sn | sed 's/ *$//' | sort)
}
took_ms()
{
	sed -n "s/.*kernel answered operations=$1 took_us=\([0-9]*\)/\1/p" $LVSD_LOG |
		tail -n 1 | awk '{ printf "%.1f", $1 / 1000 }'
}

modprobe -a ip_vs_mh ip_vs_rr # that takes longer than what is told here
lvsd_start -v <<<''
conf mh 1000 | lvsd_reload >/run/said
check "the table is that of the file" same_table 'mh -b mh-fallback' 1000
is "it is told how it came to that" "$(head -n 3 /run/said)" \
	"ipvsadm -A -t $VIP:80 -s mh -b mh-fallback
ipvsadm -E -t $VIP:80 -s rr
ipvsadm -a -t $VIP:80 -r 10.3.0.2:80 -m -w 1"
like "one operation a server, the service, and two switches" "$(cat /run/said)" \
	'reloaded, 1003 operations'
fast=$(took_ms 1003)

conf mh 1001 | lvsd_reload >/run/said
is "one server more: no switch" "$(cat /run/said)" \
	"ipvsadm -a -t $VIP:80 -r 10.3.4.2:80 -m -w 1
reloaded, 1 operation, checks go on"
check "one server more: the table" same_table 'mh -b mh-fallback' 1001

# The same table by additions to a live service, for the figure.
conf mh 1 | sed 's/10.9.9.1:80/10.9.9.2:80/' | lvsd_reload >/run/said
conf mh 1000 | sed 's/10.9.9.1:80/10.9.9.2:80/' | lvsd_reload >/run/said
like "many servers more: no switch" "$(cat /run/said)" 'reloaded, 999 operations'
slow=$(took_ms 999)
note "1,000 servers of a new mh director ms=$fast, added to a live one ms=$slow"
lvsd_stop
is "lvsd ends well" $? 0

# With one server less the quorum is lost, and a thousand change their weights. Each time
# the daemon speaks to the kernel takes so long that a turn has time for a few of them.
serving() { ns director ipvsadm -Sn | sed -n 's/^-a .* -r \(.*\):.* -w 1 *$/\1/p'; }
traced() { grep -q "TracerPid:.$strace_pid$" "/proc/$lvsd_pid/status"; }
sorry_serves() { [ "$(logged 'director web: the sorry server serves')" = 1 ]; }
lvsd_start < <(conf roundrobin 1000
	printf ' %s\n' 'option quorum 1000' 'server page 10.4.0.1:80 sorry')
is "all serve" "$(serving | wc -l)" 1000
strace -qq -o /run/strace -e trace=sendto -e inject=sendto:delay_enter=50000 -p "$lvsd_pid" &
strace_pid=$!
check "the daemon is held up" wait_for 30 traced
lvsctl drain web/s1 >/run/drained 2>&1 &
drain_pid=$!
check "one less: the quorum is lost" wait_for 30 sorry_serves
check "the others are not out at once" [ "$(serving | wc -l)" -gt 1 ]
lvsctl stop >/run/said
wait "$lvsd_pid"
is "a stop meanwhile ends well" $? 0
is "and only when all are out" "$(serving | head -n 2)" 10.4.0.1
wait "$strace_pid" "$drain_pid"
finish
