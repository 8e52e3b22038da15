# life.sh: start, checks, reload, refusals and stop, without a kernel.
. "$SRCDIR/tests/dry/lib"

a=$port b=$((port + 1)) dead=$((port + 2))
servers="$(backend -n a -p $a) $(backend -n b -p $b)"
b_pid=${servers#* }
two()
{
	conf <<-END
	director web 10.9.9.1:80
	 balance ${1:-roundrobin}
	 check interval 500ms timeout 500ms fall 3
	 option httpcheck
	 server a 127.0.0.1:$a check
	 server b 127.0.0.1:$b weight ${2:-1} check
	 server dead 127.0.0.1:$dead check
	 server page 127.0.0.1:$((port + 3)) sorry
	END
}
two
check "lvsd -c takes the file" lvsd -c -f "$conf"
check "it starts" start
check "a is up" wait_for 30 health_is a up
check "b is up" wait_for 30 health_is b up
check "dead is down" wait_for 30 health_is dead down
table="-A -t 10.9.9.1:80 -s wrr
-a -t 10.9.9.1:80 -r 127.0.0.1:$a -m -w 1
-a -t 10.9.9.1:80 -r 127.0.0.1:$b -m -w"
is "lvsctl table" "$(ctl table)" "$table 1"
like "lvsctl status says why dead is down" "$(ctl status)" 'http check: connection refused'
is "status is at most 80 columns wide" "$(ctl status | awk 'length > 80' | grep -v "$conf")" ""
like "one line in the log" "$(cat "$log")" \
	'server web/dead unknown -> down: connection refused director=web server=dead address=127.0.0.1:.* reason=refused code=111'

# ---- reload ----

is "the same file: nothing is sent, checks go on" "$(ctl reload)" \
	"reloaded, 0 operations, checks go on"
two roundrobin 7
is "another weight" "$(ctl reload)" \
	"ipvsadm -e -t 10.9.9.1:80 -r 127.0.0.1:$b -m -w 7
reloaded, 1 operation, checks go on"
is "it is in the table" "$(ctl table)" "$table 7"
two roundrobbin
said=$(ctl reload 2>&1)
is "a typo: exit status" $? 1
like "a typo: the place" "$said" '^.*/lvs.conf:[0-9]*:10: error: .*did you mean "roundrobin"'
like "a typo: the caret" "$said" '^ *\^~+$'
is "a typo: the table is as it was" "$(ctl table)" "$table 7"
like "a typo: status tells that file and table differ" "$(ctl status)" 'REFUSED'
two "$(printf 'caf\351')"
like "bytes that are no UTF-8 come back as an answer all the same" "$(ctl reload 2>&1)" \
	'unknown balance "caf\?"'
two roundrobin 7
truncate -s -1 "$conf"
like "no last newline" "$(ctl reload 2>&1)" 'newline'
: >"$conf"
like "an empty file" "$(ctl reload 2>&1)" 'director'
is "still the same table" "$(ctl table)" "$table 7"
two roundrobin 7
check "the good file again" ctl reload
is "status is content" "$(ctl status | grep -c REFUSED)" 0
two leastconn 7
kill -HUP $daemon
scheduler_is() { ctl table | grep -q -- "-s $1"; }
check "SIGHUP reloads, too" wait_for 30 scheduler_is wlc

conf <<END
director byname 10.9.9.1:80
 balance kernel rr
 server a 127.0.0.1:$a
END
ctl reload >"$dir/said"
is "a scheduler by its kernel name: status says so" "$(json '.directors[0].balance')" "kernel rr"

# A new service is there before the old one leaves.
conf <<END
director web 10.9.9.1:80
 server a 127.0.0.1:$a
END
ctl reload >"$dir/said"
conf <<END
director web 10.9.9.1 TCP
 option persistence
 server a 127.0.0.1:$a
END
is "another address: added, filled, and only then the old one leaves" "$(ctl reload)" \
	"ipvsadm -A -t 10.9.9.1:0 -s wlc -p 360
ipvsadm -a -t 10.9.9.1:0 -r 127.0.0.1:$a -m -w 1
ipvsadm -e -t 10.9.9.1:80 -r 127.0.0.1:$a -m -w 0
reloaded, 3 operations, checks go on"
left() { [ "$(ctl table | grep -c 10.9.9.1:80)" = 0 ]; }
check "it has left" wait_for 30 left
two leastconn 7
ctl reload >"$dir/said"
check "all are checked again" wait_for 30 eval \
	'health_is a up && health_is b up && health_is dead down'
kill -USR1 $daemon
told() { [ "$(logged 'director web TCP 10.9.9.1:80 is up .*up=2 down=1 unknown=0')" = 1 ]; }
check "SIGUSR1 logs how it is" wait_for 30 told

# ---- who asks is stopped and goes on ----

kill -STOP $daemon
lvsctl -s "$dir/status.sock" status >"$dir/said" 2>&1 &
asks=$!
is_at() { case $(ps -o stat= -p $asks) in $1*) ls -l /proc/$asks/fd | grep -q socket: ;; *) false ;; esac; }
wait_for 30 is_at S
kill -STOP $asks
wait_for 30 is_at T
kill -CONT $asks
wait_for 30 is_at S
kill -CONT $daemon
wait $asks
is "lvsctl waits on for its answer: exit status" $? 0

# ---- servers and the checker die ----

kill "$b_pid"
check "b dies" wait_for 30 health_is b down
is "it is out of the table" "$(ctl table | grep -c "127.0.0.1:$b")" 0
servers="$servers $(backend -n b -p $b)"
check "b is back" wait_for 30 health_is b up
is "and in the table" "$(ctl table | grep -c "127.0.0.1:$b -m -w 7")" 1
checker=$(json .checker.pid)
kill -9 "$checker"
another() { [ "$(json .checker.pid)" != "$checker" ] && [ "$(json .checker.pid)" != 0 ]; }
check "kill -9 of the checker: there is another" wait_for 30 another
is "nobody's health was lost" "$(logged 'b up -> ')" 1
is "death is told" "$(json .checker.deaths)" 1
checker=$(json .checker.pid)
stop KILL
check "kill -9 of lvsd: the checker ends, too" wait_for 30 ended "$checker"
check "and another lvsd can start on its sockets" start
stop
is "SIGTERM: exit status" $? 0

# A log that nobody reads costs log lines, not the daemon.
mkfifo "$dir/stuck"
exec 9<>"$dir/stuck"
lvsd --dry-run -v -f "$conf" 2>"$dir/stuck" &
daemon=$!
check "it starts with a log that nobody reads" wait_for 30 answers
two roundrobbin
# A refused reload logs some 200 bytes, a pipe holds 65,536.
for i in $(seq 600); do
	ctl reload >"$dir/said" 2>&1
	[ $? = 1 ] || break
done
check "the log is full: it still answers" ctl status
stop
is "the log is full: SIGTERM ends it" $? 0
exec 9<&-
is "the sockets are gone" "$(ls "$dir"/*.sock 2>/dev/null)" ""
is "no sanitizer complained" "$(logged 'ERROR: AddressSanitizer|runtime error|LeakSanitizer')" 0
finish
