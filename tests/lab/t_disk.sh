# lab: -t 450
# t_disk.sh: a disk that takes its time. A reload that waits for it leaves everything
# as it is, the table of strangers too; one that is overtaken is answered; and when
# the disk hangs for good reloads and decisions go on all the same, each of them. So they
# do when it is the process that writes.
. "$(dirname "$0")/test.sh"

lab_up 3
start_backends
table() { ns director ipvsadm -Sn | sort; }
web()
{
	cat <<-END
	director web $VIP:80
	 balance roundrobin
	 server rs1 10.2.0.11:80
	 server rs2 10.2.0.12:80
	END
}
# more PORT...: with directors that are new
more()
{
	web
	for port; do
		printf '%s\n' "director more$port $VIP:$port" " server rs3 10.2.0.13:80"
	done
}
# disk_hangs: every fsync takes longer than the test.
disk_hangs()
{
	strace -f -p "$lvsd_pid" -p "$(writer_pid)" -e trace=fsync -e inject=fsync:delay_enter=100s -o /run/trace 2>/run/strace.err &
	strace_pid=$!
	wait_for 30 eval '[ "$(grep -sc attached /run/strace.err)" = 2 ]'
}
disk_works()
{
	kill $strace_pid
	wait $strace_pid 2>/dev/null
}

web >/run/web
lvsd_start </run/web
ns director ipvsadm -A -t "$VIP:81" -s wrr
ns director ipvsadm -a -t "$VIP:81" -r 10.2.0.13:80 -m -w 5
stranger=$(table | grep ":81 ")

hammer_start kept -k -c 4 -r 100 "$VIP" 80
disk_hangs
more 81 | lvsd_conf
lvsctl reload >/run/waits 2>&1 &
waits=$!
check "a reload waits for the disk" wait_for 30 test -e /var/lib/lvsd/state.new
# A deadline that comes shows that the tick went over all that leaves.
lvsctl drain web/rs2 --deadline 1s >/run/drain 2>&1 &
check "meanwhile a server leaves" ns director ipvswait "tcp:$VIP:80,10.2.0.12:80=absent"
check "it waits" kill -0 $waits
is "what it will adopt is still the stranger's" "$(table | grep ":81 ")" "$stranger"
check "another file overtakes it" lvsd_reload </run/web
check "it is answered" wait $waits
is "the stranger's service stays as it is" "$(table | grep ":81 ")" "$stranger"
hammer_stop kept

more 82 | lvsd_reload >/run/out
is "a disk that hangs: a reload" "$? $(table | grep -c "^-A -t $VIP:82")" "0 1"
more 82 83 | lvsd_reload >/run/out
is "a disk that hangs: the next one" "$? $(table | grep -c "^-A -t $VIP:83")" "0 1"
like "a disk that hangs: a decision" "$(lvsctl ready web/rs2 2>&1)" "a restart will forget it"
is "it is told once" "$(logged 'state file is being written for')" 1
disk_works
check "it works again: all is written" wait_for 30 eval \
	'[ "$(jq -c "[.services[].port]|sort" /var/lib/lvsd/state)" = "[80,82,83]" ]'

# The process that writes hangs, for itself: it is replaced.
stuck='did nothing for 60 s; it is replaced'
writer=$(writer_pid) told=$(logged "$stuck")
kill -STOP "$writer"
like "a writer that hangs: a decision" "$(lvsctl weight web/rs2 3 2>&1)" "a restart will forget it"
check "another one writes it" wait_for 150 eval \
	'[ "$(jq .servers.web.rs2.weight /var/lib/lvsd/state)" = 3 ]'
is "it is told" "$(logged "$stuck")" $((told + 1))
fails "the one that hung is gone" 1 kill -0 "$writer"
check "the next is as good as any" lvsctl weight web/rs2 auto
is "nobody is told of a disk" "$(lvsctl status | grep -c 'STATE FILE')" 0
lvsd_stop
finish
