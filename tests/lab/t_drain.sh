# lab: -t 250
# t_drain.sh: lvsctl drain --wait, with connections that are kept.
. "$(dirname "$0")/test.sh"

lab_up 3
start_backends
lvsd_start <<END
director web $VIP:80
 balance roundrobin
 server rs1 10.2.0.11:80
 server rs2 10.2.0.12:80
 server rs3 10.2.0.13:80
director other $VIP:81
 server rs1 10.2.0.11:80
END
weight_is() { ns director ipvsadm -Sn | grep -q -- "-r $(rs_addr "$1"):80 -m -w $2\$"; }
ended() { ! kill -0 "$waiter" 2>/dev/null; }
# waits ARGUMENT...: lvsctl in the background, as a process of its own
waits()
{
	ip netns exec director "$BUILDDIR/lvsctl" "$@" >/run/said 2>&1 &
	waiter=$!
}
# ends TEXT STATUS
ends()
{
	wait "$waiter"
	is "$1" $? "$2"
}
# six: the connections of a hammer are all there, two a server
six() { [ "$(ns director ipvsadm -Ln | awk '/Masq/ { n += $5 } END { print n }')" = 6 ]; }
# said: what it wrote, without times
said() { sed -E 's/after [0-9]+(ms|s|m[0-9]+s)$/after T/' /run/said; }

# What the kernel's estimator has counted is shown, as ipvsadm has it.
hammer_run counted -n 30 -c 3 "$VIP" 80
stats() { ns director ipvsadm -Ln --stats --exact | awk '/-> 10/ { print $3, $6, $7 }'; }
rates() { socat - UNIX:/run/lvsd/status.sock <<<'show rates' |
	jq -r '.directors[].servers[].rate | "\(.conns) \(.in_bytes) \(.out_bytes)"'; }
counted() { [ "$(stats | awk '{ n += $1 } END { print n }')" = 30 ] && [ "$(rates)" = "$(stats)" ]; }
check "rates are those of the kernel" wait_for 30 counted
is "10 connections each" "$(rates | cut -d' ' -f1 | paste -sd' ')" "10 10 10 0"

fails "of none" 1 lvsctl drain web/rs9 --wait
check "without connections it returns at once" lvsctl drain web/rs3 --wait --deadline 100s
like "and says so" "$tap_said" '^web/rs3: no connection is left, after [0-9]+m?s$'
check "ready" lvsctl ready web/rs3

hammer_start kept -k -c 6 -r 100 "$VIP" 80
check "six connections" wait_for 30 six
waits drain web/rs1 --wait
check "weight 0" wait_for 30 weight_is rs1 0
like "status tells of its connections" "$(lvsctl status web/rs1)" \
	'rs1 .* drain .* 0 +2 +[0-9]+$'
fails "it waits" 1 ended
hammer_stop kept
ends "until the last connection ended: status" 0
is "says so" "$(said)" "web/rs1: no connection is left, after T"
is "no connection broke" "$(hammer_get kept failed)" 0
like "status: drained" "$(lvsctl status web/rs1)" 'rs1 .* drained .* - +- +-$'
check "ready again" lvsctl ready web/rs1

hammer_start cut -k -c 6 -r 100 "$VIP" 80
check "six connections again" wait_for 30 six
fails "the deadline comes first" 1 lvsctl drain web/rs2 --deadline 1s --wait
like "says what that cost" "$tap_said" \
	'^lvsctl: web/rs2: the deadline came with 2 active and [0-9]+ inactive connections$'
check "it is out of the table" test "$(ns director ipvsadm -Sn | grep -c 10.2.0.12)" = 0
waits drain '*/rs1' --wait
check "in every director" wait_for 30 weight_is rs1 0
check "one is made ready meanwhile" lvsctl ready web/rs1
ends "nobody waits on" 1
is "says why" "$(said)" "lvsctl: */rs1: someone made it ready meanwhile"
check "ready everywhere" lvsctl ready '*/rs1'

waits maint web/rs3 --wait
check "maint, too" wait_for 30 weight_is rs3 0
kill "$waiter"
ends "interrupted: status" 1
is "interrupted: says how to go on" "$(said)" \
	'lvsctl: not waited for; "lvsctl ready web/rs3" brings it back'
like "it stays in maintenance" "$(lvsctl status web/rs3)" 'rs3 .* maint .* 0 +2 +[0-9]+$'
ip netns exec director script -qfec "$BUILDDIR/lvsctl drain web/rs3 --wait" /run/typescript >/dev/null &
waiter=$!
shown() { [ -e /run/typescript ] && grep -q "$1" /run/typescript; }
check "a terminal shows a line that passes" wait_for 30 shown 'web/rs3: 2 active, [0-9]* inactive connections, for [0-9]*m*s'
waits drain web/rs3 --wait
check "lvsd ends" lvsd_stop
ends "nobody waits for one that is gone" 3
hammer_stop cut
finish
