# agents.sh: what servers say of themselves, from a file that a scripted agent reads
# out, to the table, the status and the log.
. "$SRCDIR/tests/dry/lib"

a=$port b=$((port + 1)) agent=$((port + 2))
said=$dir/said
say() { printf '%s\r\n' "$1" >"$said.new" && mv "$said.new" "$said"; }
say "up ready 100%"
# Both servers have their agent at one port, but of two addresses.
servers="$(backend -n a -p $a) $(backend -n b -p $b) $(scripted $agent "file $said")"
file()
{
	conf <<-END
	director web 10.9.9.1:80
	 check interval 500ms timeout 500ms fall 3
	 option httpcheck
	 option agentcheck port $agent
	 server a 127.0.0.1:$a weight 10 check
	 server b 127.0.0.2:$b weight 4
	director other 10.9.9.2:80
	 check interval 500ms timeout 500ms fall 3
	 option tcpcheck
	 server c 127.0.0.1:$a weight 7 check
	$*
	END
}
file
op() { lvsctl -s "$dir/control.sock" "$@"; }
weights() { ctl table | sed -n 's/.*127.0.0.\([0-9]:[0-9]*\) .*-w/\1/p' |
	sed "s/^1:$a/a/; s/^2:$b/b/" | xargs; }
weights_are() { [ "$(weights)" = "$1" ]; }
field() { json ".directors[0].servers[] | select(.name == \"$1\") | .$2"; }
field_is() { [ "$(field "$1" "$2")" = "$3" ]; }
is_logged() { [ "$(logged "$1")" -ge 1 ]; }
says() { say "$1" && wait_for 30 is_logged "$2"; }

check "it starts" start
check "all are up" wait_for 30 weights_are "a 10 b 4 a 7"
check "the agent was heard" wait_for 30 field_is a agent.percent 100
is "status --json: what it said" "$(op --json status | jq -r '.directors[0].servers[0].agent |
		"\(.method) \(.interval_ms) \(.reason) \(.admin) \(.service) \(.text)"')" \
	"agent 500 ok ready up up ready 100%"
is "a director without agents has none" "$(json '.directors[1].servers[0].agent')" null
is "checks and agents: four probes" "$(json .checker.probes)" 4

say "50%"
check "half the weight, of one that nobody checks, too" wait_for 30 weights_are "a 5 b 2 a 7"
check "what it did not say stays" field_is a agent.admin ready
is "the log" "$(grep -o 'server web/a agent ready up 100% -> ready up 50% director=web server=a' "$log")" \
	"server web/a agent ready up 100% -> ready up 50% director=web server=a"
like "with the line as it came" "$(grep 'web/a agent .* -> ready up 50%' "$log")" 'duration_us=[0-9]+ text="50%"$'
like "as people see it" "$(ctl status)" '^    its agent says 50% of its weight$'
check "an operator's weight" op weight web/a 60
is "has its share, too" "$(weights)" "a 30 b 2 a 7"
check "back to the file's" op weight web/a auto
say "1%"
check "a share is never rounded to nothing" wait_for 30 weights_are "a 1 b 1 a 7"
say "0%"
check "0%: no new connections" wait_for 30 weights_are "a 0 b 0 a 7"
say "100%"
check "and all of it" wait_for 30 weights_are "a 10 b 4 a 7"

say "down # out of disk"
check "down: out of the table" wait_for 30 weights_are "a 7"
is "though its check is content" "$(field a health)" up
like "lvsctl status" "$(ctl status)" ' a +127.0.0.1:[0-9]+ +down '
like "the log tells the reason that it gave" "$(grep 'web/a agent .* down 100%' "$log")" 'text="down # out of disk"$'
like "lvsctl explain, too" "$(op explain web/a)" '^ +its agent says that it is down$'
say "up"
check "up again" wait_for 30 weights_are "a 10 b 4 a 7"

say "drain"
check "drain: without connections gone" wait_for 30 weights_are "a 7"
like "lvsctl status" "$(ctl status)" ' a +127.0.0.1:[0-9]+ +drained '
is "the check goes on" "$(field a operator)" ready
check "an operator's ready" op ready web/a
is "does not overrule it" "$(weights)" "a 7"
say "ready"
check "ready: back" wait_for 30 weights_are "a 10 b 4 a 7"
check "an operator's drain" op drain web/b
say "up ready 50%"
check "is not overruled by its ready" wait_for 30 weights_are "a 5 a 7"
check "ready" op ready web/b
check "back" wait_for 30 weights_are "a 5 b 2 a 7"

# The check rests while the agent has its server in maint, the agent does not.
say "maint"
check "maint" wait_for 30 weights_are "a 7"
older() { jq -en "$(field "$1" "$2") > $3" >/dev/null; }
younger() { jq -en "$(field "$1" "$2") < $3" >/dev/null; }
check "the check is not made" wait_for 30 older a check.age_s 2.5
check "the agent is asked on" wait_for 30 younger a agent.age_s 1.5
is "what was known stays" "$(field a health)" up
say "ready"
check "and back when it says so" wait_for 30 weights_are "a 5 b 2 a 7"
check "an operator's maint" op maint web/a
check "agent and check rest" wait_for 30 older a agent.age_s 2.5
check "and ready" op ready web/a
check "both go on" wait_for 30 weights_are "a 5 b 2 a 7"

# What is no word of an agent, and no agent at all: what was said stands.
say "please"
check "nonsense" wait_for 30 is_logged 'server web/a: no word from its agent.*reason=malformed code=0 .*text="please"'
is "changes nothing" "$(weights)" "a 5 b 2 a 7"
status_says() { op status | grep -Eq "$1"; }
check "lvsctl status" wait_for 30 status_says '^    agent check: malformed answer .*: please$'
say "80%"
check "a good answer" wait_for 30 is_logged 'server web/a: its agent answers again'
check "is heard" wait_for 30 weights_are "a 8 b 3 a 7"
kill "${servers##* }"
servers=${servers% *}
check "it dies" wait_for 30 is_logged 'server web/a: no word from its agent.*reason=refused code=111'
is "which is no failure of the server" "$(weights)" "a 8 b 3 a 7"

# Nobody there, and the words outlive reloads and a kill -9.
file "# as before"
like "reload" "$(ctl reload)" 'checks go on'
is "the share stays" "$(weights)" "a 8 b 3 a 7"
file "director third 10.9.9.3:80
	 server x 127.0.0.1:$a"
like "a reload that changes nothing of the checks" "$(ctl reload)" 'checks go on'
is "the share stays" "$(weights)" "a 8 b 3 a 7 a 1"
file "director third 10.9.9.3:80
	 server x 127.0.0.1:$a check"
like "one that restarts the checks" "$(ctl reload)" 'checks restart'
check "the share stays" wait_for 30 weights_are "a 8 b 3 a 7 a 1"
sed "s/agentcheck port $agent/agentcheck port $((agent + 1))/" "$conf" >"$conf.new"
mv "$conf.new" "$conf"
ctl reload >/dev/null
is "another agent that says nothing: the share stays" "$(weights)" "a 8 b 3 a 7 a 1"
sed "/agentcheck/d" "$conf" >"$conf.new"
mv "$conf.new" "$conf"
ctl reload >/dev/null
is "no agent: all of the weight" "$(weights)" "a 10 b 4 a 7 a 1"
stop

file
check "it starts again" start
is "and knows no word that was taken out of the file" "$(field a agent.percent)" null
servers="$servers $(scripted $agent "file $said")"
say "drain 30%"
check "drain" wait_for 30 weights_are "a 7"
op weight other/c 7 >/dev/null # is answered when the state is on disk
kill "${servers##* }"
servers=${servers% *}
stop KILL
check "after a kill -9" start
is "what it said is known" "$(field a agent.admin) $(field a agent.percent)" "drain 30"
check "before anybody answers" wait_for 30 weights_are "a 7"
stop
is "exit status" "$stop_status" 0
finish
