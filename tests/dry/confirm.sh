# confirm.sh: a configuration on trial: confirmed, or taken back in time, over
# further reloads and restarts.
. "$SRCDIR/tests/dry/lib"

file()
{
	conf <<-END
	# $2
	director web 10.9.9.1:80
	 server a 127.0.0.1:$port weight $1
	director other 10.9.9.2:80
	 option httpcheck match "$(printf 'gr\374n')"
	 server down 127.0.0.1:$((port + 1)) check
	END
}
op() { lvsctl -s "$dir/control.sock" "$@"; }
# Of the first director; the other is not there before its check has spoken.
weight() { ctl table | sed -n "s/.*10.9.9.1:80 -r .* -w //p"; }
weight_is() { [ "$(weight)" = "$1" ]; }
trial() { ctl --json status | jq -c '.trial | if . then .taken_back else . end'; }
file 1
check "it starts" start
is "nothing is on trial" "$(trial)" null
fails "nothing to confirm" 1 op confirm

file 2
check "reload, to be confirmed" op reload --confirm 1h
like "it says so" "$tap_said" '^on trial for (1h00m|59m[0-9]+s): lvsctl confirm keeps it$'
is "the new one runs" "$(weight) $(trial)" "2 false"
like "status says so" "$(ctl status)" 'ON TRIAL for another'
check "confirm" op confirm
is "it is no longer on trial" "$(trial)" null
fails "a second time" 1 op confirm

file 3
check "reload, for a second" op reload --confirm 1s
check "the one before comes back" wait_for 30 weight_is 2
is "what runs is not what the file says" "$(trial)" true
like "status says so, too" "$(ctl status | tr '\n' ' ')" 'NOT CONFIRMED in time; what runs is'
is "the file was not touched" "$(grep -c 'weight 3' "$conf")" 1
is "it is in the log" "$(logged 'not confirmed in time')" 1
fails "too late" 1 op confirm

# A restart does not load what was not confirmed, a changed file or a reload does.
stop
check "start" start
is "still the one before" "$(weight) $(trial)" "2 true"
sed 's/weight 3/weight 2/' "$conf" >"$dir/before"
fails "to the byte" 0 op plan "$dir/before"
is "its checks, too" "$tap_said" ""
file 3 "another comment"
stop KILL
check "start, with another comment in the file" start
is "still the one before" "$(weight) $(trial)" "2 true"
stop
file 4
check "start, with another file" start
is "that counts" "$(weight) $(trial)" "4 null"
file 5
op reload --confirm 1s >/dev/null
check "taken back" wait_for 30 weight_is 4
check "reload" op reload
is "who reloads means it" "$(weight) $(trial)" "5 null"

# A trial goes on over reloads and restarts.
file 6
op reload --confirm 1h >/dev/null
file 7
check "a reload during a trial" op reload
is "is on trial, too" "$(weight) $(trial)" "7 false"
echo nonsense >>"$conf"
fails "a bad file during a trial" 1 op reload
file 7
stop KILL
check "kill -9, start" start
is "on trial, still" "$(weight) $(trial)" "7 false"
file 8
check "with a time of its own" op reload --confirm 1s
check "the way back is to before the trial" wait_for 30 weight_is 5
file 9
op reload --confirm 2s >/dev/null
stop KILL
sleep_until() { [ "$(date +%s%N)" -ge "$1" ]; }
wait_for 30 sleep_until $(($(date +%s%N) + 2100000000))
check "start, when the time is over" start
is "the one before" "$(weight) $(trial)" "5 true"
check "reload, and confirm" op reload --confirm 1h
check "confirm" op confirm
stop
check "start" start
is "it stays" "$(weight) $(trial)" "9 null"

for words in "reload --confirm soon" "reload --confirm 0.5s" "reload --confirm 99999h"; do
	# shellcheck disable=SC2086 # words
	fails "refused: $words" 1 op $words
done

# What comes back waits for the state file first, which then has the way back, too,
# though nothing is sent to the kernel and it is not written again for a while.
taken_back() { [ "$(trial)" = true ]; }
probes_are() { [ "$(json .checker.probes)" = "$1" ]; }
servers=$(backend -n a -p $port)
with()
{
	conf <<-END
	$1
	director web 10.9.9.1:80
	 check interval 100ms timeout 90ms
	 option tcpcheck
	 server a 127.0.0.1:$port $2
	END
}
with " timeouts tcp 1000" check
check "reload: a timeout of the kernel's, and a check" op reload
check "the server is up" wait_for 30 health_is a up
with "" ""
like "for a second: neither" "$(op reload --confirm 1s)" '^reloaded, 0 operations'
check "taken back" wait_for 30 probes_are 1
stop KILL
check "kill -9, start" start
is "the one before" "$(json .checker.probes) $(trial)" "1 true"
if [ "$(id -u)" = 0 ]; then
	check "reload" op reload
	sed -i 's/^ user nobody/ user daemon/' "$conf"
	op reload --confirm 1s >/dev/null
	check "taken back" wait_for 30 taken_back
	stop
	check "start" start
	is "as the user of before" "$(json .checker.user) $(trial)" "nobody true"
fi
stop
finish
