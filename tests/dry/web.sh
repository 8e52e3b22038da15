# web.sh: what lvsweb tells browsers, Prometheus and scripts, and what it refuses.
. "$SRCDIR/tests/dry/weblib"
dead=$((port + 1)) out=$((port + 3))
backends="$(backend -n a -p "$port")"
servers=$backends
several()
{
	readable_conf <<-END
	director web 10.9.9.1:80
	 check interval 500ms timeout 500ms
	 option httpcheck
	 server a 127.0.0.1:$port check
	 server dead 127.0.0.1:$dead check
	 server out 127.0.0.1:$out check
	 server page 127.0.0.1:$((port + 2)) sorry
	director lonely 10.9.9.2:80
	 check interval 500ms timeout 500ms
	 server gone 127.0.0.1:$dead check
	 option tcpcheck
	director names [2001:db8::53]:53 UDP
	 server ns [::1]:53 weight 7
	$1
	END
}
several
check "lvsd" start
check "a is up" wait_for 30 health_is a up
check "dead is down" wait_for 30 health_is dead down
check "gone, too" wait_for 30 health_is gone down
lvsctl -s "$dir/control.sock" maint web/out >/dev/null
check "lvsweb" start_web
check "it is healthy when lvsd has answered" wait_for 30 health 200
is "and says so" "$(get "$url/healthz")" ok
like "root's becomes somebody else" "$(ps -o user= -p "$web")" "$([ "$(id -u)" = 0 ] && echo '^(lvsweb|nobody)' || id -un)"
is "without a capability" "$(sed -n 's/^Cap\(Eff\|Prm\|Inh\|Amb\):[[:blank:]]*//p' "/proc/$web/status" | sort -u)" 0000000000000000
is "nor a way to one" "$(sed -n 's/^NoNewPrivs:[[:blank:]]*//p' "/proc/$web/status")" 1

# ---- the page ----

says_maint() { has '' 'out</th>.*>maint<'; }
check "the page tells what operators decided" wait_for 30 says_maint
get "$url/" >"$dir/page"
text() { tr '\n' ' ' <"$dir/page" | sed 's/<[^>]*>/ /g; s/  */ /g'; }
like "how many of each" "$(text)" 'directors 3 1 down 2 up servers 6 2 down 1 maint 1 up 2 unchecked'
like "first what is down, and why" "$(text)" \
	'Not as it should be down lonely TCP 10.9.9.2:80 nobody serves: 0 of 1 usable down web/dead 127.0.0.1:'"$dead"' http: connection refused'
like "then what was taken out" "$(text)" 'Taken out maint web/out 127.0.0.1:'"$out"' taken out by an operator'
like "then what happened" "$(text)" 'Last changes [^a-z]* s ago web/out an operator says maint .* s ago web/dead unknown → down: connection refused'
like "directors" "$(text)" 'names up UDP \[2001:db8::53\]:53 leastconn [^ ]* nat 1 of 1 usable'
like "servers with their weight" "$(text)" 'ns \[::1\]:53 unchecked [^a-z]* s no check 7 0 0'
is "as many rows as there are servers" "$(grep -o '<tr id=' "$dir/page" | wc -l)" 6
like "a browser without scripts loads it again" "$(cat "$dir/page")" \
	'<noscript><meta http-equiv="refresh" content="[0-9]+"></noscript>'
is "nothing comes from elsewhere" "$(grep -oE '(src|href|action)="[^/#]*"' "$dir/page")" ""
is "nor does the policy of browsers forbid what is in it" "$(grep -ciE ' style=|<style|<script>| on[a-z]+=' "$dir/page")" 0
rows() { get "$url/?$1" | grep -o '<tr id="[^"]*" class="[a-z]*"><th scope="row">[a-z]*' | sed 's/.*>//' | xargs; }
is "a search by a server's name" "$(rows q=DEAD)" dead
is "by a director's" "$(rows q=lonely)" gone
is "by an address" "$(rows q=2001:db8)" ns
is "nothing like it" "$(rows q=nowhere)" ""
is "by state" "$(rows state=down)" "dead gone"
is "by both" "$(rows 'state=down&q=web')" dead
is "whatever is wrong" "$(rows state=wrong)" "dead out gone"
like "what was typed comes back as text" "$(get "$url/?q=%22%3E%3Cscript%3E")" 'value="&quot;&gt;&lt;script&gt;"'
is "HEAD" "$(get -I "$url/" | tr -d '\r' | sed -n '1p')" "HTTP/1.1 200 OK"

# ---- headers ----

headers() { get -D - -o "$dir/none" "$@" | tr -d '\r' | grep -viE '^(date|connection|$)' | sort; }
policy="Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
common="Cross-Origin-Opener-Policy: same-origin
Cross-Origin-Resource-Policy: same-origin
Referrer-Policy: no-referrer
X-Content-Type-Options: nosniff
$policy"
is "headers of the page" "$(headers "$url/" | sed 's/\(Length:\).*/\1 N/')" "$(sort <<END
HTTP/1.1 200 OK
Cache-Control: no-store
Content-Length: N
Content-Type: text/html; charset=utf-8
$common
END
)"
etag=$(headers "$url/style.css" | sed -n 's/^ETag: //p')
is "headers of a file" "$(headers "$url/style.css")" "$(sort <<END
HTTP/1.1 200 OK
Cache-Control: no-cache
Content-Length: $(wc -c <"$SRCDIR/src/lvsweb/style.css")
Content-Type: text/css; charset=utf-8
ETag: $etag
$common
END
)"
like "its tag" "$etag" '^"[0-9a-f]{16}"$'
is "is enough for who has it" "$(status -H "If-None-Match: $etag" "$url/style.css")" 304
is "another is not" "$(status -H 'If-None-Match: "0"' "$url/style.css")" 200
for name in style.css script.js icon.svg; do
	get "$url/$name" >"$dir/body"
	check "$name" cmp "$dir/body" "$SRCDIR/src/lvsweb/$name"
done

# ---- for machines ----

same='[.directors[] | del(.servers[] | (.since_s, .check.age_s?, .check.duration_us?))]'
get "$url/status.json" >"$dir/status"
is "status.json is what lvsd says" "$(jq -cS "$same" "$dir/status")" \
	"$(echo show rates | socat -t 30 - "UNIX-CONNECT:$dir/status.sock" | jq -cS "$same")"
like "is JSON" "$(headers "$url/status.json")" '^Content-Type: application/json$'

get "$url/;csv" >"$dir/csv"
cell() { awk -F, -v name="$1" -v server="$2" -v column="$3" 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i }
	$1 == name && $2 == server { print $at[column] }' "$dir/csv"; }
like "the first line of csv" "$(head -n 1 "$dir/csv")" '^# pxname,svname,qcur,qmax,scur,.*,status,weight,act,bck,'
is "a line a server and a director" "$(tail -n +2 "$dir/csv" | cut -d, -f1,2 | xargs)" \
	"web,a web,dead web,out web,page web,BACKEND lonely,gone lonely,BACKEND names,ns names,BACKEND"
is "every line has all columns" "$(awk -F, '{ print NF }' "$dir/csv" | sort -u)" 78
is "states" "$(for s in a dead out page BACKEND; do cell web $s status; done | xargs)" "UP DOWN MAINT no check UP"
is "a director that is down" "$(cell lonely BACKEND status)" DOWN
is "weight" "$(cell names ns weight) $(cell names BACKEND weight)" "7 7"
is "why" "$(cell web dead last_chk)" "connection refused"
is "type" "$(cell web a type) $(cell web BACKEND type)" "2 1"

get "$url/metrics" >"$dir/metrics"
metric() { grep -v '^#' "$dir/metrics" | grep -F "$1" | sed 's/.* //'; }
like "metrics are in text format 0.0.4" "$(headers "$url/metrics")" '^Content-Type: text/plain; version=0.0.4; charset=utf-8$'
is "lvsd is up" "$(metric 'lvsd_up ')" 1
is "directors" "$(metric 'lvsd_director_up{director="web"}') $(metric 'lvsd_director_up{director="lonely"}')" "1 0"
is "a state is a label" "$(metric 'lvsd_server_state{director="web",server="out",address="127.0.0.1:'"$out"'",state="maint"}')" 1
is "a reason, too" "$(metric 'lvsd_server_check_failed{director="web",server="dead",method="http",reason="refused"}')" 1
is "weight in the table" "$(metric 'lvsd_server_weight{director="names",server="ns"}')" 7
is "none of one that is not in it" "$(metric 'lvsd_server_weight{director="web",server="dead"}')" ""
is "nothing is left out" "$(metric 'lvsweb_servers_left_out ')" 0
is "no sample twice" "$(grep -v '^#' "$dir/metrics" | sed 's/ [^ ]*$//' | sort | uniq -d)" ""
# The package that has promtool starts a Prometheus; so only where it is.
if command -v promtool >/dev/null; then
	check "Prometheus has nothing to say of them" promtool check metrics <"$dir/metrics"
	is "at all" "$tap_said" ""
fi
# parses FORMAT FILE: another's parser takes all of it.
parses()
{
	/usr/bin/python3 -c "import sys
from prometheus_client.$1 import text_string_to_metric_families as parse
assert len(list(parse(sys.stdin.read()))) > 30" <"$2"
}
check "a parser takes all of it" parses parser "$dir/metrics"
open='Accept: application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.2'
get -H "$open" "$url/metrics" >"$dir/open"
like "OpenMetrics when it is asked for" "$(headers -H "$open" "$url/metrics")" \
	'^Content-Type: application/openmetrics-text; version=1.0.0; charset=utf-8$'
is "has an end" "$(tail -n 1 "$dir/open")" "# EOF"
like "counters by their family's name" "$(cat "$dir/open")" '^# TYPE lvsd_server_in_bytes counter$'
like "and units" "$(cat "$dir/open")" '^# UNIT lvsd_server_in_bytes bytes$'
check "and a parser takes all of that" parses openmetrics.parser "$dir/open"

# ---- refusals ----

for method in POST PUT DELETE OPTIONS PATCH TRACE; do
	is "$method" "$(status -X $method "$url/")" 405
done
is "what is allowed" "$(headers -X POST "$url/" | sed -n 's/^Allow: //p')" "GET, HEAD"
is "a body" "$(status -X GET -d x=1 "$url/")" 413
is "what is not there" "$(status "$url/nothing")" 404
is "a way out of a directory that is not there" "$(status --path-as-is "$url/../../etc/passwd")" 404
is "a long URL" "$(status "$url/?q=$(printf 'x%.0s' $(seq 20000))")" 414
is "long headers" "$(status -H "X: $(printf 'x%.0s' $(seq 20000))" "$url/")" 431
for host in evil.example 10.9.9.1 localhost.evil.example 127.0.0.1.evil.example '[2001:db8::1]' ''; do
	is "another host: \"$host\"" "$(status -H "Host:${host:+ }$host$([ -n "$host" ] || echo ' ,')" "$url/")" 421
done
for host in localhost LOCALHOST:1 127.0.0.1 127.9.9.9:8404 '[::1]:8404'; do
	is "this one: $host" "$(status -H "Host: $host" "$url/")" 200
done

# ---- live ----

# follow ARGUMENTS: events go to $dir/events; $follower is who reads them.
follow()
{
	curl -sN "$url/events$1" >"$dir/events" 2>/dev/null &
	follower=$!
	servers="$servers $follower"
}
told() { grep -q -- "$1" "$dir/events"; }
follow
check "who follows gets all of it first" wait_for 30 told 'data: <tr id="s0-1" class="down">'
check "and a tick" wait_for 30 told '^event: tick'
lines=$(grep -c 's2-0' "$dir/events")
lvsctl -s "$dir/control.sock" drain web/a >/dev/null
check "what changed comes by itself" wait_for 30 told 'data: <tr id="s0-0" class="drain">'
check "that it did" wait_for 30 told 'id="changes".*<span class="who">web/a</span><span class="what ">an operator says drain'
check "the figures, too" wait_for 30 told '<b>1</b> drain</a>'
is "what did not change comes once" "$(grep -c 's2-0' "$dir/events")" "$lines"
curl -sN --max-time 5 "$url/events?number=1" >"$dir/older" 2>/dev/null
like "who comes back with what was before gets the page again" "$(sed -n 1p "$dir/older")" '^event: layout$'
several "director new 10.9.9.3:80
 server n 127.0.0.1:1"
sed -i "s,^director new,&," "$conf"
check "a reload" ctl reload
check "a new director: the page is to be loaded again" wait_for 30 told '^event: layout'
check "it is there" has '' '<h2>new</h2>'

# ---- lvsd goes, and comes back ----

kill -STOP "$daemon"
check "lvsd hangs: the page is there at once" has '' '<h2>new</h2>'
check "after a while it says so" wait_for 60 has '' 'lvsd does not answer</strong> lvsd does not answer'
kill -CONT "$daemon"
check "lvsd goes on" wait_for 60 health 200
: >"$dir/events"
stop KILL
check "lvsd is killed" wait_for 30 health 503
like "why" "$(get "$url/healthz")" "$dir/status.sock: (Connection refused|No such file)"
check "the page says so" has '' 'class="alarm"><strong>lvsd does not answer</strong>'
check "and what was known" has '' 'out</th>.*>maint<'
check "who follows is told" wait_for 30 told '^data: [0-9]* gone'
is "a metric says so" "$(get "$url/metrics" | grep -v '^#')" "lvsd_up 0"
is "no old figures for machines" "$(status "$url/;csv") $(status "$url/status.json")" "503 503"
is "but a reason" "$(jq -r .ok "$dir/body")" false
start
check "lvsd comes back" wait_for 30 health 200
is "without an alarm" "$(get "$url/" | grep -c 'class="alarm"')" 0

# ---- who does not behave ----

# From another address, as there is a limit for each.
other() { [ "$(get --interface 127.0.0.2 -o "$dir/none" -w '%{http_code}' "$url/healthz")" = 200 ]; }
visitor "$at" half 1000 >"$dir/crowd" &
crowd=$!
servers="$servers $crowd"
settled() { grep -q '^open' "$dir/crowd"; }
check "1,000 connections that never finish their request" wait_for 60 settled
is "are 64 from one address, with that of who follows" "$(head -n 1 "$dir/crowd")" "open 63"
check "others are served meanwhile" other
wait $crowd
is "they are all ended after a while" "$(tail -n 1 "$dir/crowd")" "open 0"
check "then this address is served again" wait_for 60 health 200
is "a byte now and then does not help" "$(visitor "$at" drip 10 | tail -n 1)" "open 0"

# ---- the end ----

kill "$web"
wait "$web"
is "it ends as asked, with a page that is followed" $? 0
servers=$backends
is "its log tells when lvsd answered, and when not" "$(sed -n 's/^lvsweb: \(no answer\|lvsd answers\).*/\1/p' "$dir/web.log" | xargs)" \
	"lvsd answers no answer lvsd answers no answer lvsd answers"
is "nothing was wrong" "$(grep -cE 'ERROR|runtime error|leak' "$dir/web.log")" 0
is "options: none it knows" "$(lvsweb -x 2>/dev/null; echo $?)" 2
for bad in 8404 127.0.0.1 127.0.0.1:0 127.0.0.1:65536 localhost:80 ::1:80 '[::1]' '[127.0.0.1]:80' ''; do
	is "no address: \"$bad\"" "$(lvsweb -l "$bad" 2>&1 >/dev/null | head -n 1 | cut -d, -f1); $?" \
		"lvsweb: \"$bad\" is no address and port; 0"
done
finish
