# init.sh: the init script, with a daemon that touches no kernel.
. "$SRCDIR/tests/dry/lib"

cat >"$dir/defaults" <<END
DAEMON=$(command -v lvsd)
CTL=$(command -v lvsctl)
CONFIG=$conf
CONTROL=$dir/control.sock
PIDFILE=$dir/run/lvsd.pid
OPTIONS=--dry-run
END
LVSD_DEFAULTS=$dir/defaults
export LVSD_DEFAULTS
init() { sh "$SRCDIR/dist/init.d/lvsd.in" "$@" 2>&1; }
file()
{
	conf <<-END
	director web 10.9.9.1:80
	 server a 127.0.0.1:80 $1
	END
}
pid() { cat "$dir/run/lvsd.pid"; }
# Whatever happens, at_exit ends it.
now_runs() { daemon=$(pid); }
weight() { json '.directors[0].servers[0].weight'; }

is "the LSB header has what a boot asks for" \
	"$(sed -n '/^### BEGIN INIT INFO$/,/^### END INIT INFO$/p' "$SRCDIR/dist/init.d/lvsd.in" |
		grep -Ec '^# (Provides|Required-Start|Required-Stop|Default-Start|Default-Stop|Short-Description):')" 6
fails "an action that does not exist" 2 init dance
fails "status, before" 3 init status
fails "reload, before" 7 init reload
check "stop, before" init stop
file 'weight 1'
check "configtest of a good file" init configtest
check "start" init start
now_runs
first=$daemon
check "status" init status
like "tells the process" "$tap_said" "pid $first"
check "start, again" init start
is "is the same daemon" "$(pid)" "$first"
file 'weight 2'
check "reload" init reload
like "says what it did" "$tap_said" 'reloaded, 1 operation'
file 'weight 3'
check "force-reload" init force-reload
is "has the new file" "$(weight) $(pid)" "3 $first"

file 'wieght 4'
fails "configtest of a broken file" 1 init configtest
like "shows what is wrong" "$tap_said" 'did you mean "weight"'
fails "restart with a broken file" 1 init restart
like "says that the old one goes on, and why" "$tap_said" 'did you mean "weight"'
like "in a word" "$tap_said" '^not restarted'
is "the old one goes on" "$(pid) $(weight)" "$first 3"
fails "reload of a broken file" 1 init reload
is "the old one goes on, still" "$(pid) $(weight)" "$first 3"

file 'weight 4'
check "restart" init restart
now_runs
is "is another daemon, with the new file" "$([ "$daemon" != "$first" ] && weight)" 4
check "the old one has ended" ended "$first"
kill -9 "$daemon"
wait_for 30 ended "$daemon"
fails "status, when it was killed" 1 init status
check "start, when it was killed" init start
now_runs
check "stop" init stop
check "it has ended when stop returns" ended "$daemon"
fails "status, after" 3 init status
# Another program may have the number meanwhile.
echo $$ >"$dir/run/lvsd.pid"
fails "a number that is another program's" 1 init status
rm "$dir/run/lvsd.pid"
# A start that fails has the daemon's status, and says why.
file 'wieght 5'
fails "start with a broken file" 1 init start
daemon=
finish
