# lab: -t 190
# t_reload.sh: a reload sends the differences and nothing else, and a file that
# is broken in any way changes nothing and is answered with the reason.
. "$(dirname "$0")/test.sh"

lab_up 3
start_backends
for d in 1 2 3 4 5; do
	printf 'director d%s 10.9.9.1:80%s\n balance roundrobin\n check interval 1 fall 3\n' $d $d
	printf ' option tcpcheck\n'
	for i in 1 2 3; do
		printf ' server rs%s 10.2.0.1%s:80 weight 1 check\n' $i $i
	done
done >/run/good
lvsd_start </run/good
ns director ipvswait live=15 >/run/ready
is "five directors with three servers" $? 0
probes()
{
	lvsctl --json status | jq .checker.probes
}
is "that is three checks, shared by five directors" "$(probes)" 3

# Everything the daemon says to the kernel is a sendto or sendmsg on its one
# netlink socket; strace counts them, not the daemon.
netlink_sends()
{
	grep -c 'AF_NETLINK' /run/strace
}
trace()
{
	: >/run/strace
	strace -qq -e trace=sendto,sendmsg,sendmmsg -p $lvsd_pid -o /run/strace 2>/run/strace.err &
	strace_pid=$!
	wait_for 30 traced || not_ok "strace is attached" "$(cat /run/strace.err)"
}
traced() { grep -q 'TracerPid:[[:space:]][1-9]' /proc/$lvsd_pid/status; }
untrace()
{
	kill $strace_pid
	wait $strace_pid 2>/dev/null
}

starts=$(lvsctl --json status | jq .checker.starts)
trace
lvsd_hup </run/good
untrace
is "an unchanged file: 0 netlink messages" "$(netlink_sends)" 0
is "and the checks go on" \
	"$(lvsctl --json status | jq .checker.starts)" "$starts"

trace
said=$(sed '0,/weight 1/s//weight 5/' /run/good | lvsd_reload)
untrace
is "one weight: one message" "$(netlink_sends)" 1
is "lvsctl says which" "$said" \
	"ipvsadm -e -t 10.9.9.1:801 -r 10.2.0.11:80 -m -w 5
reloaded, 1 operation, checks go on"
lvsd_reload </run/good >/run/said

# ---- what is broken ----

before=$(ns director ipvsadm -Sn | sort)
# refused NAME PATTERN: what is in /run/broken is refused with PATTERN
refused()
{
	local said status

	said=$(lvsd_reload </run/broken 2>&1)
	status=$?
	is "$1: lvsctl reload exits with 1" $status 1
	like "$1: lvsctl says why" "$said" "$2"
	like "$1: so does the log" "$(tail -n 5 $LVSD_LOG)" "$3"
	like "$1: and lvsctl status" "$(lvsctl status)" 'REFUSED'
	is "$1: the table is as it was" "$(ns director ipvsadm -Sn | sort)" "$before"
}
sed '2s/balance roundrobin/balance roundrobbin/' /run/good >/run/broken
refused "a typo" '^/run/lvs.conf:2:10: error: .*roundrobbin.*roundrobin' \
	'lvs.conf:2:10: .*roundrobbin'
{ head -n 5 /run/good; printf ' server rs2 10.2.0.'; } >/run/broken
refused "cut inside a line" 'error: ' 'lvs.conf:6:'
{ head -n 5 /run/good; printf ' server rs2 10.2.0.1'; } >/run/broken
refused "cut inside an address that is still one" 'newline|end of line' 'newline|end of line'
printf '%s' "$(cat /run/good)" >/run/broken
refused "no last newline" 'newline|end of line' 'newline|end of line'
: >/run/broken
refused "an empty file" 'director' 'director'
printf '\n# nothing\n' >/run/broken
refused "a file of comments" 'director' 'director'
cp /run/good /run/broken
mkfifo /run/fifo
rm -f /run/lvs.conf
mkfifo /run/lvs.conf
said=$(lvsctl reload 2>&1)
like "a fifo is no configuration, and nobody waits for it" "$said" 'regular file'
rm -f /run/lvs.conf
like "no file at all" "$(lvsctl reload 2>&1)" 'No such file'
lvsd_conf </run/good
chmod 666 /run/lvs.conf
like "a file that anyone may write" "$(lvsctl reload 2>&1)" 'writ'
chmod 644 /run/lvs.conf
is "the table is as it was" "$(ns director ipvsadm -Sn | sort)" "$before"

# Written to while it is read: the read is held up by strace until the file has grown.
grown()
{
	strace -qq -e trace=read -P /run/lvs.conf -e inject=read:delay_enter=100s:when=1 \
		-p $lvsd_pid -o /run/strace 2>/run/strace.err &
	strace_pid=$!
	wait_for 30 traced || not_ok "strace is attached" "$(cat /run/strace.err)"
	ns director lvsctl reload >/run/said 2>&1 &
	caller=$!
	wait_for 30 held
	printf '# more\n' >>/run/lvs.conf
	untrace
	wait $caller
	echo $? >/run/status
}
held() { ls -l /proc/$lvsd_pid/fd | grep -q /run/lvs.conf; }
grown
is "written to while it is read: refused" "$(cat /run/status)" 1
like "with the reason" "$(cat /run/said)" 'changed'
is "and the table is as it was" "$(ns director ipvsadm -Sn | sort)" "$before"
lvsd_reload </run/good >/run/said
is "the good file is taken again" $? 0
like "status has nothing to complain of" "$(lvsctl status | grep -c REFUSED)" '^0$'
lvsd_stop
finish
