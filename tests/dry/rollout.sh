# rollout.sh: lvsctl rollout, step by step: what it runs, what it says, where it stops,
# and how it leaves the servers then.
. "$SRCDIR/tests/dry/lib"

a=$port b=$((port + 1)) c=$((port + 2))
servers="$(backend -n a -p $a) $(backend -n b -p $b) $(backend -n c -p $c)"
conf <<-END
director web 10.9.9.1:80
 check interval 500ms timeout 500ms fall 3
 option tcpcheck
 server a 127.0.0.1:$a check
 server b 127.0.0.1:$b check
 server c 127.0.0.1:$c check
 server d 127.0.0.1:8
 server page 127.0.0.1:9 sorry
director lonely 10.9.9.2:80
 server x 127.0.0.1:$a
 server page 127.0.0.1:9 sorry
END
rollout() { lvsctl -s "$dir/control.sock" rollout "$@"; }
op() { lvsctl -s "$dir/control.sock" "$@"; }
# said: without times
said() { sed -E 's/after [0-9]+(ms|s|m[0-9]+s)$/after T/' "$dir/said"; }
decisions() { json '[.directors[0].servers[] | select(.operator != "ready") | .name + " " + .operator] | join(", ")'; }
check "it starts" start
for name in a b c; do
	check "$name is up" wait_for 30 health_is $name up
done
check "d is taken out by an operator" op maint web/d --now

rollout web --batch 1 --command 'echo "$LVSD_DIRECTOR $LVSD_SERVER $LVSD_ADDRESS $LVSD_PORT" '"'$dir'" >"$dir/said" 2>&1
is "all of it: status" $? 0
is "all of it" "$(said)" "d: left out, an operator said maint
web: 3 servers, 1 at a time
a: drained, after T
web a 127.0.0.1 $a $dir
a: command done, after T
a: in service, after T
b: drained, after T
web b 127.0.0.1 $b $dir
b: command done, after T
b: in service, after T
c: drained, after T
web c 127.0.0.1 $c $dir
c: command done, after T
c: in service, after T
web: done, after T"
is "decisions are as before" "$(decisions)" "d maint"

# Two at once meet each other: the second of the batch waits for the first.
mkfifo "$dir/meet"
rollout web --batch 67% --command "case \$LVSD_SERVER in a) echo x >$dir/meet ;; b) read -r x <$dir/meet ;; esac" >"$dir/said" 2>&1
is "two thirds of three: status" $? 0
is "two thirds of three" "$(said | grep -v left)" "web: 3 servers, 2 at a time
a, b: drained, after T
a, b: command done, after T
a, b: in service, after T
c: drained, after T
c: command done, after T
c: in service, after T
web: done, after T"

rollout web --batch 1 --command '[ "$LVSD_SERVER" = a ] || exit 7' >"$dir/said" 2>&1
is "a command that fails: status" $? 1
is "a command that fails" "$(said | tail -n 3)" "b: drained, after T
lvsctl: web/b: the command ended with status 7
lvsctl: web/b stays drained: \"lvsctl ready web/b\" brings it back"
is "b stays drained, c was not touched" "$(decisions)" "b drain, d maint"
check "what it says brings it back" op ready web/b

# The server does not come back.
pid=$(echo "$servers" | cut -d' ' -f2)
rollout web --batch 1 --timeout 10s --command "[ \$LVSD_SERVER != b ] || kill $pid" >"$dir/said" 2>&1
is "one that is not healthy again: status" $? 1
is "one that is not healthy again" "$(said | tail -n 3)" "b: command done, after T
lvsctl: web: not healthy after 10 s
lvsctl: web/b stays drained: \"lvsctl ready web/b\" brings it back"
servers="$servers $(backend -n b -p $b)"
check "b is brought back" op ready web/b
check "b is up" wait_for 30 health_is b up

# Interrupted while the command runs.
mkfifo "$dir/runs"
setsid lvsctl -s "$dir/control.sock" rollout web --batch 1 --command "echo x >$dir/runs; exec sleep 100" >"$dir/said" 2>&1 &
pid=$!
read -r word <"$dir/runs"
kill -TERM $pid
wait $pid
is "interrupted: status" $? 1
is "interrupted" "$(said | tail -n 3)" "lvsctl: web/a: the command was ended by signal 15
lvsctl: interrupted
lvsctl: web/a stays drained: \"lvsctl ready web/a\" brings it back"
check "a is brought back" op ready web/a

# Somebody else has other plans.
rollout web --batch 1 --command "lvsctl -s $dir/control.sock ready web/a" >"$dir/said" 2>&1
is "another operator: status" $? 1
is "another operator" "$(said | sed -n 's/^lvsctl: //p' | head -n 1)" \
	"web/a: another operator decided otherwise meanwhile"
check "a is ready" op ready web/a

fails "none would be left" 1 rollout web --batch 100% --command true
is "says so" "$(echo "$tap_said" | tail -n 1)" \
	"lvsctl: web: without this batch 0 of its servers would be usable, and it needs 1; a smaller --batch may do"
fails "the only one" 1 rollout lonely --batch 1 --command true
is "says so, too" "$(echo "$tap_said" | tail -n 1)" \
	"lvsctl: lonely: without this batch 0 of its servers would be usable, and it needs 1"
fails "no such director" 1 rollout nobody --batch 1 --command true
is "nothing was decided" "$(decisions)" "d maint"
for words in "web --batch 1" "web --command true" "web --batch 0 --command true" "web --batch 101% --command true" \
	"web --batch x --command true" "web/a --batch 1 --command true" "--batch 1 --command true" \
	"web --batch 1 --command true --timeout soon" "web --batch 1 --command true --wait"; do
	# shellcheck disable=SC2086 # words
	fails "wrong usage: $words" 2 rollout $words
done

# What a terminal shows: a bar that passes.
script -qec "lvsctl -s $dir/control.sock rollout web --batch 1 --command true" /dev/null </dev/null >"$dir/shown"
is "on a terminal: status" $? 0
shown=$(tr '\r' '\n' <"$dir/shown")
like "on a terminal: a bar" "$shown" '^\[#{6}\.{14}\] 1 of 3, [0-9]+m?s: b: '
stop
finish
