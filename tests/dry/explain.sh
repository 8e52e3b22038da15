# explain.sh: why a server is where it is, in each of the cases.
. "$SRCDIR/tests/dry/lib"

a=$port gone=$((port + 1))
servers=$(backend -n a -p $a)
conf <<END
defaults
 check interval 2s timeout 2s rise 3 fall 2 downinter 200ms
 option tcpcheck
director web 10.9.9.1:80
 server up 127.0.0.1:$a weight 3 check
 server down 127.0.0.1:$gone check
 server kept 127.0.0.2:$gone check inhibit
 server plain 127.0.0.3:$gone
 server sorry 127.0.0.4:$gone sorry
director few 10.9.9.2:80
 option quorum 2
 server up 127.0.0.1:$a check
 server down 127.0.0.1:$gone check
 server sorry 127.0.0.4:$gone sorry
director panic 10.9.9.3:80
 option panic 60%
 server up 127.0.0.1:$a check
 server down 127.0.0.1:$gone check
END
op() { lvsctl -s "$dir/control.sock" "$@"; }
verdict() { op --json explain "$1" | jq -r .verdict; }
check "it starts" start
settled()
{
	[ "$(json '[.directors[].servers[].health] | map(select(. == "unknown")) | length')" = 0 ]
}
check "every check has spoken" wait_for 30 settled
is "up" "$(verdict web/up)" "it takes traffic"
is "down" "$(verdict web/down)" "it is down: it is not in the table"
is "inhibit" "$(verdict web/kept)" \
	"it is down: it gets no new connections and keeps those it has (inhibit)"
is "without a check" "$(verdict web/plain)" "it takes traffic"
like "sorry" "$(verdict web/sorry)" "^it is a sorry server and waits"
is "quorum" "$(verdict few/up)" \
	"it is usable, but too few are: the sorry servers serve (quorum)"
is "then the sorry server serves" "$(verdict few/sorry)" "it takes traffic"
is "panic" "$(verdict panic/down)" \
	"it takes traffic although it is down: too few others are usable (panic)"
op weight web/plain 0
is "weight 0" "$(verdict web/plain)" "it gets no new connections: its weight is 0"
op drain web/up
is "drain" "$(verdict web/up)" "an operator took it out: it keeps the connections it has"
op maint web/up --now
is "maint, now" "$(verdict web/up)" "an operator took it out"

op ready web/up
op weight web/down 7
page() { op explain "$1" | sed -E "s/$gone/PORT/g; s/[0-9.]+ ms/MS/; s/, [0-9]+m?s ago/, AGE ago/; s/ for [0-9]+m?s,/ for AGE,/; s/[0-9-]+T[0-9:]+Z/TIME/"; }
is "the page" "$(page web/down)" \
	"web/down  127.0.0.1:PORT
          it is down: it is not in the table
check     tcp every 2s for at most 2s, one for 3 servers
          down for AGE, 0 of 3 successes to come up
          last: connection refused (MS, AGE ago)
operator  ready
weight    7, an operator gave it 7 in place of the file's 1
director  TCP 10.9.9.1:80 is up: 1 of 4 ready servers usable, it needs 1
kernel    it is not in the table
before    TIME  unknown -> down: connection refused
          TIME  an operator said weight 7"
is "the numbers, for machines" "$(op --json explain few/up |
	jq -c '[.usable, .planned_weight, .kernel.server.weight, .director.quorum, .check.fall]')" \
	'[true,0,0,2,2]'
fails "no such server" 1 op explain web/none
like "what to write" "$tap_said" 'name it as director/server'
fails "no server" 1 op explain web
fails "nothing" 2 op explain
check "readers may ask, too" lvsctl -s "$dir/status.sock" explain web/up
stop
finish
