# start.sh: starts that must fail, and starts in the background.
. "$SRCDIR/tests/dry/lib"

one='director web 10.9.9.1:80
 server a 127.0.0.1:80'
echo "$one" | conf
# refused STATUS TEXT PATTERN [LVSD ARGUMENT...]
refused()
{
	want=$1 text=$2 pattern=$3
	shift 3
	timeout 60 lvsd --dry-run "$@" >"$dir/said" 2>&1
	is "$text: exit status" $? "$want"
	like "$text: says why" "$(cat "$dir/said")" "$pattern"
	is "$text: one line" "$(grep -c . "$dir/said")" 1
	is "$text: no socket is left" "$(ls "$dir"/*.sock 2>/dev/null)" ""
}
other() { sed "$1" "$conf" >"$dir/other"; }

refused 2 "no file" 'No such file' -f "$dir/none"
refused 2 "a directory" 'this is a directory' -f "$dir"
chmod 666 "$conf"
refused 1 "a file that anyone may write" 'writ' -f "$conf"
chmod 644 "$conf"
timeout 60 lvsd -Z >"$dir/said" 2>&1
is "an unknown option: exit status" $? 64
other 's/^global/global\n user nemo-xyz/; /^ user nobody/d'
refused 7 "unknown user" 'no user "nemo-xyz"' -f "$dir/other"
other "s,^ status.*, status /proc/x/status,; s/^global/&\n user nobody/; 0,/user nobody/!{/user nobody/d}"
refused 6 "socket path" 'cannot make the socket /proc/x/status: .*global' -f "$dir/other"
other "s,^ state.*, state /proc/x/state,; s/^global/&\n user nobody/; 0,/user nobody/!{/user nobody/d}"
refused 6 "state path" 'cannot open /proc/x/state' -f "$dir/other"

echo precious >"$dir/file"
other "s,^ status.*, status $dir/file,"
refused 6 "a file at the socket's path" 'cannot make the socket .*File exists' -f "$dir/other"
is "it is still there" "$(cat "$dir/file")" precious

start
other "s,^ state.*, state $dir/state2,"
refused_taken() { lvsd --dry-run -f "$dir/other" >"$dir/said" 2>&1; }
fails "another on the same sockets" 6 refused_taken
check "the first one is still there" ctl status
is "another with the same state file: exit status" \
	"$(lvsd --dry-run -f "$conf" >"$dir/said" 2>&1; echo $?)" 4
like "and it says which" "$(cat "$dir/said")" 'another lvsd is running with this state file'
check "the first one goes on" ctl status
stop

# In $( ) it ends only when nobody holds its standard error any more, the
# checker included; and the names are relative to where it was started.
cd "$dir" || exit 1
said=$(timeout 60 lvsd --dry-run -D -f lvs.conf -p pid 2>&1)
is "-D ends with 0 and lets go of the terminal" $? 0
daemon=$(cat "$dir/pid")
check "relative names: it reloads" ctl reload
cd "$SRCDIR" || exit 1
check "when it is ready" ctl status
is "-D again: exit status" \
	"$(lvsd --dry-run -D -f "$conf" -p "$dir/pid" >"$dir/said" 2>&1; echo $?)" 4
kill "$daemon"
check "SIGTERM ends it" wait_for 30 ended "$daemon"
is "the pid file goes with it" "$(ls "$dir/pid" 2>/dev/null)" ""
daemon=
sed -i 's/director/directer/' "$conf"
lvsd --dry-run -D -f "$conf" >"$dir/said" 2>&1
is "-D with a broken file: exit status" $? 1
like "and the reason on the terminal" "$(cat "$dir/said")" 'did you mean "director"'
finish
