# lab: -t 400
# t_quickstart.sh: examples/quickstart --host, where the host is this guest: it is root's, and
# its kernel has IPVS. The story is told to its end; whoever ends it before, and however,
# nothing of it is left in the guest.
. "$(dirname "$0")/test.sh"
cd "$(dirname "$0")/../.." || exit

nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }
fails "an ordinary user is refused" 5 nobody sh examples/quickstart --host
like "and told why" "$tap_said" 'as root only'
fails "as who may not make namespaces" 5 setpriv --bounding-set -sys_admin sh examples/quickstart --host
like "and told that" "$tap_said" 'may not make namespaces, even as root'
fails "a word that it does not know" 2 sh examples/quickstart --hots

# What there is of a machine that could change. Modules that are loaded bring settings with
# them, so at first all are.
look()
{
	ps -eo args | grep -E 'lvsd|backend|hammer|ipvswait|story|unshare|on-host' | grep -v 'grep\|t_quickstart\|test.sh'
	findmnt -rno TARGET,SOURCE
	ls /dev/shm /run/netns /run/lvsd /var/lib
	find /run -path /run/lab -prune -o -path /run/before -prune -o ! -path '/run/look.*' ! -path "$said*" -print | sort
	ip -br link | cut -d' ' -f1
	ip route
	ipvsadm -Sn
	iptables-legacy-save | grep -v '^#'
	sysctl -a 2>/run/look.err | grep -v '\.random\.\|^fs\.\|_count = \|^net.*stable_secret\|^kernel\.\(ns_last\|pty\)'
}
said=/run/said
started() { grep -q "^client# hammer" $said; }
gone() { look >/run/look.now; cmp -s /run/before /run/look.now; }
is_gone()
{
	wait_for 60 gone
	is "$1: nothing is left" "$(diff /run/before /run/look.now)" ""
}
sh examples/quickstart --host >$said 2>&1
is "the story comes to its end" $? 0
look >/run/before
is "and has no line in colour" "$(grep -c "$(printf '\033')" $said)" 0
is "all of it was told" "$(grep -c '^== ' $said)" 10
is "the sorry page served" "$(grep -c 'page: 100$' $said)" 1
is "and no lvsd is left" "$(pgrep -x lvsd; ls -A /run/netns /run/lvsd /var/lib/lvsd | grep -v ':$')" ""
is "no directory, either" "$(ls /dev/shm)" ""
is "nothing is in the table" "$(ipvsadm -Sn)" ""
is "no setting is changed" "$(cat /proc/sys/net/core/devconf_inherit_init_net \
	/proc/sys/net/ipv4/conf/all/arp_ignore /proc/sys/net/ipv4/ip_forward | xargs)" "0 0 0"

for how in INT:130 TERM:143 HUP:129 KILL:137; do
	: >$said
	setsid env --default-signal sh examples/quickstart --host >$said 2>&1 </dev/null &
	pid=$!
	check "another one runs" wait_for 120 started
	# As a terminal does it, to all of them; the others only to the first.
	if [ ${how%:*} = INT ]; then kill -INT -$pid; else kill -${how%:*} $pid; fi
	wait $pid
	is "${how%:*} ends it" $? ${how#*:}
	# Only its empty directory, when nobody is left to remove it.
	[ ${how%:*} != KILL ] || { wait_for 60 rmdir /dev/shm/lvsd-quickstart.* 2>/dev/null; }
	is_gone "${how%:*}"
done

# With --shell it has the terminal, and ends with the shell.
check "a shell on the director" script -qec \
	'sh examples/quickstart --host --shell' /dev/null <<<"ipvsadm -Ln; exit"
like "where lvsd runs" "$tap_said" '-> 10.2.0.13:80 +Masq +1 ' 
is_gone "the shell"
finish
