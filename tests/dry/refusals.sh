# refusals.sh: each refusal, as the socket has it and as lvsctl shows it, to the letter.
. "$SRCDIR/tests/dry/lib"
me=$SRCDIR/tests/dry/refusals.sh

web()
{
	conf <<-END
	director web 10.9.9.1:80
	 server a 127.0.0.1:$port
	 server b 127.0.0.2:$port
	$1
	END
}
web
check "it starts" start
control=$dir/control.sock status=$dir/status.sock
ask() { echo "$2" | timeout 60 socat -t 30 - "UNIX-CONNECT:$1"; }
refusal() { jq -cn --arg text "$1" '{ok: false, error: $text}'; }

# refused TEXT REQUEST...: what each of the requests is told over the operators' socket.
refused()
{
	text=$1
	shift
	for request in "$@"; do
		is "\"$request\"" "$(ask "$control" "$request")" "$(refusal "$text")"
	done
}
words='show status, show rates, show brief, show daemon, show table, explain, events, plan, reload, confirm, audit, stop, sync, ready, drain, maint, weight'
refused "unknown request; there are: $words" nonsense '' show 'show nothing' Stop
refused "too many words" "show status 1 2 3 4 5 6 7"
refused "there is no such director or server" "show status none" "show status web/none" \
	"show rates none" "show brief none" "show brief web/none" "show status web/" "show status /a"
refused "only \"foreign\" or \"flows\" may stand after \"show table\"" "show table ours" \
	"show table foreign web" "show table flows foreign"
refused "this is a dry run: no kernel has anything of it" "show table flows"
refused "write: explain director/server" explain "explain web/a web/b"
refused "there is no such server; name it as director/server, as \"show status\" does" \
	"explain web" "explain web/none" "explain */a" "ready web/none" "drain none/a" "maint */none" "weight web/none 1"
refused "only \"follow\" may stand after \"events\"" "events all" "events follow now"
refused "no configuration came with it: use lvsctl plan" plan "plan $conf"
refused "after \"reload\" may stand \"confirm\" and a time of at least 1s" "reload now" \
	"reload confirm" "reload confirm 0" "reload confirm 999ms" "reload confirm x" "reload confirm 1m now"
refused "no configuration is on trial" confirm
refused "only \"clear\" may stand after \"stop\"" "stop now" "stop clear now"
refused "write: sync master, backup, both or off" sync "sync on" "sync master backup"
refused "the file does not say how: it has no \"sync\" under \"global\"" \
	"sync master" "sync backup" "sync both"
refused "name a server as director/server" ready "ready web" "drain web" "maint web" "weight web 1"
refused "nothing may stand after the server" "ready web/a now" "ready web/a web/b"
refused "after the server may stand \"now\", or \"deadline\" and a time such as 30s" \
	"drain web/a soon" "drain web/a deadline" "drain web/a deadline x" "maint web/a now now"
refused "write: weight director/server, and a number or \"auto\"" "weight web/a" "weight web/a 1 2"
refused "a weight is a number from 0 to 65535, or \"auto\"" "weight web/a x" "weight web/a -1" \
	"weight web/a 65536" "weight web/a 1.5"
for request in reload confirm audit stop "sync off" "ready web/a" "drain web/a" "maint web/a" "weight web/a 1" plan; do
	is "\"$request\", to readers" "$(ask "$status" "$request")" \
		"$(refusal "this socket only shows; use the control socket")"
done
is "nothing was changed by all that" "$(ask "$status" 'show status' |
	jq -c '.directors[].servers[] | [.operator, .operator_weight]' | sort -u)" '["ready",null]'

# Each of them that the daemon's sources have stands above; but for the one that takes a
# kernel which no longer answers.
cat "$SRCDIR"/src/lvsd/*.c | awk '
{ all = all $0 "\n" }
END {
	while (match(all, /request_refusal\(/)) {
		all = substr(all, RSTART + RLENGTH)
		call = substr(all, 1, index(all, ";"))
		text = ""
		while (match(call, /"([^"\\]|\\.)*"/)) {
			text = text substr(call, RSTART + 1, RLENGTH - 2)
			call = substr(call, RSTART + RLENGTH)
		}
		if (text != "" && text !~ /^\{s:/)
			print text
	}
}' >"$dir/sources"
grep -vxF "the kernel does not answer" "$dir/sources" | while read -r text; do
	grep -qF -- "$text" "$me" || echo "$text"
done >"$dir/missing"
is "each refusal of the sources is here" "$(cat "$dir/missing")" ""
check "there are some" [ "$(wc -l <"$dir/sources")" -ge 15 ]

# ---- what lvsctl makes of them ----
op() { lvsctl -s "$control" "$@"; }
# told STATUS TEXT ARGUMENT...
told()
{
	want=$1 text=$2
	shift 2
	fails "lvsctl $*" "$want" op "$@"
	is "lvsctl $*: it says" "$tap_said" "$text"
}
told 1 'lvsctl: refused: there is no such director or server' status none
told 1 'lvsctl: refused: there is no such director or server' status web/none
told 1 'lvsctl: refused: there is no such director or server' doctor none
told 1 '{"ok":false,"error":"there is no such director or server"}' --json status none
none='lvsctl: refused: there is no such server; name it as director/server, as "show status" does'
for verb in explain ready drain maint; do
	told 1 "$none" $verb web/none
done
told 1 "$none" drain web/none --wait
told 1 "$none" weight web/none 3
told 1 'lvsctl: refused: name a server as director/server' drain web
told 1 'lvsctl: refused: a weight is a number from 0 to 65535, or "auto"' weight web/a much
told 1 'lvsctl: refused: after the server may stand "now", or "deadline" and a time such as 30s' \
	drain web/a --deadline soon
told 1 'lvsctl: refused: after "reload" may stand "confirm" and a time of at least 1s' reload --confirm 0
told 1 'lvsctl: refused: no configuration is on trial' confirm
told 1 'lvsctl: refused: this is a dry run: no kernel has anything of it' table --flows
told 1 'lvsctl: refused: only "foreign" or "flows" may stand after "show table"' table --flows --foreign
told 1 'lvsctl: refused: write: sync master, backup, both or off' sync on
told 1 'lvsctl: refused: the file does not say how: it has no "sync" under "global"' sync both
told 1 "lvsctl: top needs a terminal; elsewhere there is \"lvsctl status\"" top

# A file with an error.
cp "$conf" "$dir/good"
web " server c 127.0.0.3:$port weight x"
told 1 "$conf:9:$((29 + ${#port})): error: \"x\" is not a weight: a number from 0 to 65535
 server c 127.0.0.3:$port weight x
$(printf "%$((28 + ${#port}))s" '')^
lvsctl: refused, nothing was changed" reload
cp "$dir/good" "$conf"

# Nobody is there, or nobody who says something.
none=$dir/none.sock
for words in status "status web" table "explain web/a" events "reload" audit "drain web/a" "plan $conf" doctor \
	"--json status" "rollout web --batch 1 --command true"; do
	# shellcheck disable=SC2086 # words
	fails "no daemon: $words" 3 lvsctl -s "$none" $words
	# What the doctor finds beside that is of this machine.
	is "no daemon: $words: it says" "$(echo "$tap_said" | head -n 1)" \
		"lvsctl: no lvsd answers at $none: No such file or directory"
done
(cd "$dir" && exec socat UNIX-LISTEN:mute.sock,fork "SYSTEM:read -r line") &
servers=$!
wait_for 30 listens "$dir/mute.sock"
for words in status table reload "--json status" "--json table"; do
	# shellcheck disable=SC2086 # words
	fails "no answer: $words" 3 lvsctl -s "$dir/mute.sock" $words
	is "no answer: $words: it says" "$tap_said" \
		"lvsctl: lvsd at $dir/mute.sock closed the connection without an answer"
done
long=$dir/$(printf 'x%.0s' $(seq 120))
fails "a path that is too long for a socket" 3 lvsctl -s "$long" status
is "it says so" "$tap_said" "lvsctl: no lvsd answers at $long: File name too long"
if [ "$(id -u)" = 0 ]; then
	fails "another user at the operators' socket" 3 setpriv --reuid=65533 --regid=65533 --clear-groups \
		"$(command -v lvsctl)" -s "$control" status
	is "it says so" "$tap_said" "lvsctl: you may not use $control"
else
	skip "another user at the operators' socket" "needs root"
fi
fails "a file that cannot be read" 1 op plan "$dir/none"
is "it says so" "$tap_said" "$dir/none: error: cannot open: No such file or directory"
fails "what is to be imported is not there" 1 lvsctl import "$dir/none"
is "it says so" "$tap_said" "$dir/none: error: cannot open: No such file or directory"
fails "two requests in one" 2 op status "web
stop"
check "it still runs" ctl status
finish
