# time.sh: when things happened, for tests in virtual time; sourced by bash in
# the guest. Backends that are started with "-l $ARRIVALS" tell of each check.
#
# In virtual time only what waits takes time, so that a test may ask for exact
# counts. What is asked for to the millisecond is the timers' own precision:
# the loop of the daemon waits for whole milliseconds, and the kernel lets a wait
# take a thousandth more of its length. Where that matters something else keeps
# the daemon busy. Moments are seconds
# since boot. A moment of the test's own stands between two milliseconds and
# off the grid of 5 or 10 ms that checks begin on: no check is at its edge.

ARRIVALS=/run/arrivals

# settle: waits for the next such moment, a second away at most, and prints it.
settle()
{
	local at

	at=$(awk '{ print int($1) + 1 ".0035" }' /proc/uptime)
	until_moment "$at"
	echo "$at"
}

# until_moment SECONDS: sleeps until then, and not a tenth of a second longer,
# which a long sleep may take in select(2).
until_moment()
{
	pause "$(now | awk -v at="$1" '{ printf "%.6f", at - $1 - 0.2 }')"
	pause "$(now | awk -v at="$1" '{ printf "%.6f", at - $1 }')"
}

# later MOMENT SECONDS
later()
{
	awk -v at="$1" -v s="$2" 'BEGIN { printf "%.4f\n", at + s }'
}

# arrivals FROM TO [PORT]: the moments of the checks that came then.
arrivals()
{
	awk -v from="$1" -v to="$2" -v port="$3" \
		'$1 >= from && $1 < to && (port == "" || $2 == port) { print $1 }' "$ARRIVALS"
}

# arrived FROM N: waits until N checks came after FROM; within a quarter of a second.
arrived()
{
	until [ "$(arrivals "$1" 1000000 | wc -l)" -ge "$2" ]; do
		pause 0.25
	done
}

# counts FROM TO FIRST_PORT LAST_PORT: how many checks each of these ports had
# then: one number when all had as many.
counts()
{
	awk -v from="$1" -v to="$2" -v first="$3" -v last="$4" '
		$1 >= from && $1 < to { n[$2]++ }
		END {
			for (port = first; port <= last; port++)
				print n[port] + 0
		}' "$ARRIVALS" | sort -nu | xargs
}

# uneven FROM TO FIRST_PORT LAST_PORT INTERVAL_MS: how many checks then were not
# that long after the one before, to a millisecond.
uneven()
{
	awk -v from="$1" -v to="$2" -v first="$3" -v last="$4" -v interval="$5" '
		$1 < from || $1 >= to || $2 < first || $2 > last { next }
		$2 in at {
			off = ($1 - at[$2]) * 1000 - interval
			n += off < -1.1 || off > 1.1
		}
		{ at[$2] = $1 }
		END { print n + 0 }' "$ARRIVALS"
}

# phases FROM TO INTERVAL_MS: "PORT PHASE", in steps of 10 ms, of what came then,
# each once. All that comes with one line per port came in its phase.
phases()
{
	awk -v from="$1" -v to="$2" -v interval="$3" '
		$1 >= from && $1 < to { print $2, int($1 * 100) % (interval / 10) }' \
		"$ARRIVALS" | sort -u
}

# gaps FROM TO [PORT]: the distances of the checks that came then, in ms, to the
# nearest 10.
gaps()
{
	arrivals "$@" | awk '
		NR > 1 { printf "%.0f0\n", ($1 - last) * 100 }
		{ last = $1 }' | xargs
}

# server_is SERVER ARGUMENT...: its backend is another one from now on.
server_is()
{
	local server=$1 pid=${backend_pid[$1]}

	shift
	if [ -n "$pid" ]; then
		stop_backend "$server"
		wait_for 5 test ! -e /proc/${pid// /}
	fi
	start_backend "$server" -l $ARRIVALS "$@"
}
