# statefile.sh: the process that writes the state file: what it has, that it dies in the
# middle of a record, that a reload or a decision comes in there, and the daemon's kill -9
# at any moment. The record is larger than what its socket holds, so that a writer that is
# stopped has a part of it.
. "$SRCDIR/tests/dry/lib"

directors=8000
file()
{
	awk -v n="${1:-$directors}" -v first="${2:-0}" 'BEGIN {
		for (i = first; i < n; i++)
			printf "director d%d 10.%d.%d.1:80\n server a 127.0.0.1:80\n server b 127.0.0.1:81\n",
				i, 1 + i / 200, i % 200
	}' | conf
}
state=$dir/state.dry-run
op() { lvsctl -s "$dir/control.sock" "$@"; }
writer() { pgrep -P $daemon -f '^lvsd: writer'; }
# weights SERVER: those that operators gave to all of this name, as they are on disk
weights() { jq -c "[.servers[].$1.weight] | unique" "$state"; }
said_of() { grep -c "server \*/$1: an operator says weight $2" "$log"; }
decided() { [ "$(said_of "$@")" = 1 ]; }
pause_ms() { sleep "0.0$(($1 / 10))$(($1 % 10))"; }
# later NUMBER WORD...: lvsctl in the background; $later_pid; what it says is in $dir/NUMBER
later()
{
	later_file=$dir/$1
	shift
	op "$@" >"$later_file" 2>&1 &
	later_pid=$!
}

file
check "it starts" start
pid=$(writer)
check "there is a process that writes" test -n "$pid"
is "of the daemon's files it has one socket" \
	"$(find "/proc/$pid/fd" -lname 'socket:*' | wc -l) $(find "/proc/$pid/fd" -lname '/*' -lname "*$dir*" ! -lname "$log" | wc -l)" "1 0"
is "no capability" "$(sed -n 's/^Cap\(Prm\|Eff\|Inh\|Amb\):[[:blank:]]*//p' "/proc/$pid/status" | sort -u)" 0000000000000000
is "and can get none" "$(sed -n 's/^NoNewPrivs:[[:blank:]]*//p' "/proc/$pid/status")" 1
check "a decision" op weight '*/a' 1
is "is on disk when it is answered" "$(weights a)" "[1]"
is "all of them are" "$(jq '.servers | length' "$state") $(jq '.services | length' "$state")" "$directors $directors"
is "the same process wrote it" "$(writer)" "$pid"

# ---- in the middle of a record ----

kill -STOP "$pid"
later 1 weight '*/a' 2
first=$later_pid
check "one is decided while the writer hangs" wait_for 60 decided a 2
later 2 weight '*/b' 3
check "and another" wait_for 60 decided b 3
is "on disk is the one before" "$(weights a)" "[1]"
check "the first is not answered" kill -0 $first
check "nor is the second" kill -0 $later_pid
kill -CONT "$pid"
check "the first is answered" wait $first
check "the second is" wait $later_pid
is "both are on disk" "$(weights a) $(weights b)" "[2] [3]"

kill -STOP "$pid"
later 1 weight '*/a' 4
check "a decision, and the writer hangs" wait_for 60 decided a 4
kill -KILL "$pid"
check "it is killed: the decision is answered all the same" wait $later_pid
is "without a warning" "$(cat "$dir/1")" ""
is "and is on disk" "$(weights a) $(weights b)" "[4] [3]"
is "it is told" "$(logged 'writes the state file was killed by signal 9')" 1
check "by another process" test "$(writer)" != "$pid"
pid=$(writer)
check "killed while it has nothing to do" kill -KILL "$pid"
check "it is waited for" wait_for 30 ended "$pid"
check "the next decision" op weight '*/a' 5
is "is on disk" "$(weights a)" "[5]"

pid=$(writer)
kill -STOP "$pid"
later 1 weight '*/a' 6
check "a decision, and the writer hangs" wait_for 60 decided a 6
check "the daemon goes on, as far as the writer's socket goes" eval 'answers && answers'
kill -STOP $daemon
kill -CONT "$pid"
check "the writer has begun with the file" wait_for 60 test -e "$state.new"
is "which is not the one that counts" "$(weights a)" "[5]"
kill -KILL "$pid"
kill -CONT $daemon
check "killed there: the decision is answered" wait $later_pid
is "it is whole, and on disk" "$(weights a)" "[6]"

pid=$(writer)
kill -STOP "$pid"
later 1 weight '*/a' 7
check "a decision, and the writer hangs" wait_for 60 decided a 7
file $((directors - 1000)) 2000
check "a reload comes in the middle" op reload
kill -CONT "$pid"
check "the decision is answered" wait $later_pid
is "it is on disk, of the new configuration" \
	"$(weights a) $(jq '.servers | length' "$state")" "[7] $((directors - 3000))"
is "the writer is the same" "$(writer)" "$pid"
file 300
check "another reload" op reload
check "and a decision" op weight '*/a' 8
pid=$(writer)
check "stop" stop
check "the writer is gone with it" ended "$pid"
is "the file is the newest" "$(weights a) $(jq '.servers | length' "$state")" "[8] 300"

# ---- kill -9 of the daemon ----

# What was answered is on disk, and so is perhaps what was asked last: nothing in between.
file 3000
bad='' last=8 round=0
while [ $round -lt 24 ]; do
	round=$((round + 1))
	start || { bad="$bad start:$round"; break; }
	pid=$(writer)
	op weight '*/a' $((last + 1)) >"$dir/said" 2>&1 || bad="$bad answer:$round"
	answered=$((last + 1)) last=$((last + 2))
	later 1 weight '*/a' $last
	case $((round % 4)) in
	0) ;;
	1) wait_for 60 decided a $last ;;
	2) looks=0; until [ -e "$state.new" ] || [ $((looks += 1)) = 3000 ]; do :; done ;;
	3) wait_for 60 decided a $last && pause_ms $round ;;
	esac
	stop KILL
	wait $later_pid
	case $(weights a) in
	"[$last]" | "[$answered]") ;;
	*) bad="$bad file:$round:$(weights a)" ;;
	esac
	wait_for 30 ended "$pid" || bad="$bad writer:$round"
done
is "kill -9 of the daemon: the old record or the new one, $round times" "$bad" ""
is "and each start could use it" "$(logged 'cannot use the state file')" 0
finish
