# top.sh: lvsctl top on a terminal of 80x24, from answers that stand in tests/status: what
# it shows, in which order, which keys it takes, and how it leaves the terminal.
. "$SRCDIR/tests/dry/lib"

# Rates of its own for each server: 1, 10, 100, ... and backwards.
jq '[.directors[].servers[]] as $all | .directors[].servers[] |=
	(. as $s | ($all | map(.name) | index($s.name)) as $i |
	.rate = {conns_s: pow(7; $i) | floor, in_bytes_s: (pow(10; $i) | floor),
		out_bytes_s: (pow(10; 9 - $i) | floor)})' "$SRCDIR/tests/status/top.json" >"$dir/answer"
socat "UNIX-LISTEN:$dir/told.sock,fork" "SYSTEM:read -r line; cat $dir/answer" &
servers=$!
wait_for 30 listens "$dir/told.sock"
unset NO_COLOR
terminal() { tmux -S "$dir/tmux" -f /dev/null "$@"; }
screen() { terminal capture-pane -p | sed 's/ *$//'; }
shows() { screen | grep -Eq -- "$1"; }

cat >"$dir/session" <<END
echo before
stty -a >$dir/stty
lvsctl -s $dir/told.sock top
echo ended with \$?
stty -a | diff - $dir/stty && echo the terminal is as before
read -r next
clear
lvsctl -s $dir/told.sock top
echo ended with \$?
read -r next
lvsctl -s $dir/told.sock top
END
terminal new-session -d -x 80 -y 24 sh "$dir/session"
check "it draws" wait_for 30 shows 'q: quit$'
cat >"$dir/want" <<'END'
lvsd 0.1.0  up 12d04h  47.1M conn/s  1.11G bytes/s in  1.11G out
2 directors: 2 up
10 servers: 5 up, 1 down, 1 drain, 1 maint, 1 drained, 1 unchecked

SERVER                       STATE     WEIGHT ACTIVE  INACT CONN/S   IN/S  OUT/S
a-director-whose-na.../short up             1   100M      0  40.4M  1.00G      1
a-directo.../a-server-who... up             1 999999  1.00M  5.76M   100M     10
a-directo.../backend-with... up         65535  1.23G  4.29G 823543  10.0M    100
web/page                     unchecked
web/web6                     up             9      1      2  16807 100000  10000
web/web5                     drained
web/web4                     maint
web/web3                     drain          0      3     17     49    100  10.0M
web/web2                     down
web/web1                     up             1    151   2310      1      1  1.00G








1-10 of 10 by connections a second   c a i o n f: order  j k: page  q: quit
END
screen >"$dir/shown"
check "the screen" diff -u "$dir/want" "$dir/shown"
like "who is down is red" "$(terminal capture-pane -pe)" "$(printf 'web2 .*\033\[31mdown')"

# order KEY NAME FIRST LAST: servers on top and at the bottom
order()
{
	terminal send-keys "$1"
	check "$1: by $2" wait_for 30 shows "by $2 "
	is "$1: the first" "$(screen | sed -n '6s/ .*//p')" "$3"
	is "$1: the last" "$(screen | sed -n '15s/ .*//p')" "$4"
}
order o "bytes out" web/web1 a-director-whose-na.../short
order a "active connections" a-directo.../backend-with... web/page
order n name a-directo.../a-server-who... web/web6
order i "bytes in" a-director-whose-na.../short web/web1
order f file web/web1 a-director-whose-na.../short

terminal send-keys q
check "q: it ends" wait_for 30 shows '^the terminal is'
is "what was there before is there again" "$(screen | grep .)" "before
ended with 0
the terminal is as before"

cp "$dir/answer" "$dir/good"
echo '{"ok":false,"error":"gone"}' >"$dir/bad"
mv "$dir/bad" "$dir/answer"
terminal send-keys Enter
check "a refusal ends it" wait_for 30 shows '^ended with 1'
is "and is told" "$(screen | grep .)" "lvsctl: refused: gone
ended with 1"

mv "$dir/good" "$dir/answer"
terminal resize-window -x 100 -y 11
terminal send-keys Enter
check "another size" wait_for 30 shows '^1-4 of 10 by connections'
terminal send-keys f
check "in the order of the file" wait_for 30 shows '^1-4 of 10 by file'
is "lines are as wide" "$(screen | sed -n 5p | wc -c)" 101
terminal send-keys j
check "j: the next page" wait_for 30 shows '^5-8 of 10 by file'
is "it begins with the fifth" "$(screen | sed -n '6s/ .*//p')" "web/web5"
terminal send-keys NPage
check "page down: the last ones" wait_for 30 shows '^7-10 of 10 by file'
terminal send-keys Up
check "up: back" wait_for 30 shows '^3-6 of 10 by file'
terminal resize-window -x 80 -y 12
check "it draws at once in a new size" wait_for 30 shows '^3-7 of 10 by file'
terminal send-keys q
terminal kill-server 2>/dev/null
fails "without a terminal" 1 lvsctl top
is "says so" "$tap_said" 'lvsctl: top needs a terminal; elsewhere there is "lvsctl status"'
finish
