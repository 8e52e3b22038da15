# hostile.sh: whatever a client does costs the daemon at most that client.
. "$SRCDIR/tests/dry/lib"

{
	for d in $(seq 40); do
		echo "director d$d 10.9.0.$d:80"
		for s in $(seq 100); do
			echo " server s$s 10.1.$d.$s:80"
		done
	done
} | conf
check "it starts" start
status=$dir/status.sock control=$dir/control.sock
descriptors() { ls /proc/$daemon/fd | wc -l; }
no_more() { [ "$(descriptors)" -le "$before" ]; }
before=$(descriptors)
bad() { timeout 60 hostile "$control" "$1"; }

# Those that have to be waited for, side by side.
hostile "$status" deaf >"$dir/deaf" &
deaf=$!
hostile "$status" half >"$dir/half" &
half=$!
for i in 1 2 3; do
	hostile "$control" deaf >"$dir/deaf$i" &
	deafs="$deafs $!"
done

is "1 MiB without an end is cut" "$(bad long)" ""
at_most "of 1,000 at once 8 are served" "$(timeout 60 hostile "$status" crowd)" 8
check "the daemon answers meanwhile" wait_for 30 ctl status d1/s1

while read -r what why; do
	is "a configuration by $what" "$(bad "$what")" "{\"ok\":false,\"error\":\"$why\"}"
done <<END
unsealed what came with it is not a sealed memfd
half-sealed what came with it is not a sealed memfd
pipe what came with it is not a sealed memfd
file what came with it is not a sealed memfd
huge the configuration is larger than 64 MiB
END
like "32 MiB of nothing" "$(bad zeros)" '^{"ok":false,"error":"plan:1:1: error:'
like "100 descriptors: the first counts" "$(bad hundred)" '^{"ok":true,"operations":4'
like "two after each other: the last counts" "$(bad twice)" '^{"ok":true,"operations":4'
bad early
memfds() { ls -l /proc/$daemon/fd | grep -c memfd; }
no_memfd() { [ "$(memfds)" = 0 ]; }
check "none of these descriptors stays" wait_for 30 no_memfd
is "a descriptor for readers is not taken" "$(timeout 60 hostile "$status" hundred)" \
	'{"ok":false,"error":"this socket only shows; use the control socket"}'

wait $half
is "half a request is cut" "$? $(cat "$dir/half")" "0 "
wait $deaf
is "who reads nothing is cut" $? 0
whole=$(echo "show status" | socat -t 20 - "UNIX:$status" | wc -c)
check "before he was sent everything" [ "$(cat "$dir/deaf")" -lt "$whole" ]
# shellcheck disable=SC2086 # a list
wait $deafs
check "nothing is left of all of them" wait_for 30 no_more
check "and it still answers" wait_for 30 ctl status d40/s100
is "no process that answered had to be killed" "$(logged 'killed by signal')" 0
stop
is "it ended well" $? 0
finish
