# lab: -t 200
# t_start.sh: a start that cannot be says so in one line, with its own exit
# status, and leaves nothing behind; -D reports it to the shell.
. "$(dirname "$0")/test.sh"

lab_up 1
lvsd_conf <<END
director web $VIP:80
 server rs1 10.2.0.11:80
END
# refused STATUS TEXT PATTERN COMMAND...
refused()
{
	local status=$1 text=$2 pattern=$3 said got

	shift 3
	"$@" >/run/said 2>&1
	got=$?
	said=$(grep -v 'no user "lvsd"' /run/said)
	is "$text: exit status" $got "$status"
	like "$text: says what to do" "$said" "$pattern"
	is "$text: in one line" "$(echo "$said" | grep -c .)" 1
	is "$text: nothing is in the kernel" "$(ns director ipvsadm -Sn)" ""
}
with()
{
	{ printf '%s\n' "$@"; cat $LVSD_CONF; } >/run/other.conf
	ns director lvsd -f /run/other.conf
}
refused 7 "unknown user" 'no user "nemo"' with global ' user nemo'
refused 7 "unknown group" 'no group "nemo"' with global ' user nobody group nemo'
refused 7 "root as the checker's user" 'root' with global ' user root'
refused 6 "socket path not writable" 'cannot make the socket /proc/x/status' \
	with global ' user nobody' ' status /proc/x/status'
refused 6 "state path not writable" 'cannot open /proc/x/state' \
	with global ' user nobody' ' state /proc/x/state'
refused 6 "pid file not writable" 'cannot make the pid file' \
	ns director lvsd -f $LVSD_CONF -p /proc/x/pid
refused 2 "no such file" 'No such file' ns director lvsd -f /run/none.conf
refused 5 "no permission" 'start lvsd as root' \
	ns director setpriv --reuid=nobody --regid=nogroup --clear-groups lvsd -f $LVSD_CONF
refused 5 "root without CAP_NET_ADMIN" 'CAP_NET_ADMIN' \
	ns director setpriv --bounding-set=-net_admin --inh-caps=-net_admin lvsd -f $LVSD_CONF

lvsd_start
{ printf 'global\n state /run/other.state\n control /run/c2\n status /run/s2\n'
	cat $LVSD_CONF; } >/run/other.conf
said=$(ns director lvsd -f /run/other.conf 2>&1)
is "another lvsd in this network namespace: exit status" $? 4
like "it says so" "$said" 'another lvsd is running in this network namespace'
is "the first one goes on" "$(lvsctl status >/run/said; echo $?)" 0
said=$(ns rs1 lvsd -f $LVSD_CONF 2>&1)
is "in another namespace with the same state file: exit status" $? 4
lvsd_stop
is "stopped: the sockets are gone" "$(ls /run/lvsd/*.sock 2>/dev/null)" ""
fails "no daemon: lvsctl exits with 3" 3 lvsctl status

# ---- in the background ----

ns director ipvsadm -C
# What syslog gets, in the place of its daemon.
socat -u UNIX-RECV:/dev/log OPEN:/run/syslog,creat,append &
syslog=$!
check "somebody takes the log" wait_for 10 test -S /dev/log
ns director lvsd -D -f $LVSD_CONF -p /run/lvsd.pid 2>/run/said
is "-D: the command ends with 0" $? 0
is "when it ends the table is there" "$(ns director ipvsadm -Sn | grep -c 10.2.0.11)" 1
check "and lvsd answers" lvsctl status
check "standard error has how the start went" grep -q '^lvsd: started ' /run/said
check "and syslog" wait_for 10 grep -q 'lvsd\[[0-9]*\]: started ' /run/syslog
is "its pid file is right" "$(tr '\0' ' ' </proc/$(cat /run/lvsd.pid)/cmdline | grep -c lvsd)" 1
said=$(ns director lvsd -D -f $LVSD_CONF -p /run/lvsd.pid 2>&1)
is "-D, a second time: exit status" $? 4
kill "$(cat /run/lvsd.pid)"
wait_for 30 test ! -e /run/lvsd.pid
is "SIGTERM: the pid file goes" $? 0
check "syslog has the end" wait_for 10 grep -q ': stopped, the table stays' /run/syslog
is "and standard error does not" "$(grep -c stopped /run/said)" 0
kill $syslog
ns director ipvsadm -C
sed -i 's/director/directer/' $LVSD_CONF
said=$(ns director lvsd -D -f $LVSD_CONF 2>&1)
is "-D with a broken file: exit status" $? 1
like "and the reason" "$said" 'directer.*director'
finish
