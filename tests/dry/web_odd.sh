# web_odd.sh: lvsweb and a daemon that says odd things: hostile names, members that are
# missing or of another type, answers that are none. And how often it asks.
. "$SRCDIR/tests/dry/weblib"

# A daemon that answers with what stands in a file, and writes down that it was asked.
printf 'read -r line\necho "$line" >>%s\ncat %s\n' "$dir/asked" "$dir/answer" >"$dir/daemon"
# say <<END: from now on
say() { cat >"$dir/answer.new" && mv "$dir/answer.new" "$dir/answer"; }
cp "$SRCDIR/tests/status/web.json" "$dir/answer"
: >"$dir/asked"
chmod 666 "$dir/asked"
socat "UNIX-LISTEN:$dir/status.sock,fork,mode=666" "EXEC:sh $dir/daemon" 2>>"$log" &
servers=$!
wait_for 30 listens "$dir/status.sock"
begun=$(date +%s)
check "lvsweb" start_web
check "reads an answer" wait_for 30 health 200
like "each with its state" "$(get "$url/" | tr '\n' ' ' | sed 's/<[^>]*>/ /g; s/  */ /g')" \
	'web3 10.2.0.13:80 drain [^/]* taken out by an operator, keeps its connections until ..:..:.. UTC'

for i in $(seq 40); do get -o "$dir/none" "$url/" && get -o "$dir/none" "$url/status.json"; done
# One at the beginning, and one under way at the end.
at_most "many who ask are one who asks" "$(grep -c '^show' "$dir/asked")" $(($(date +%s) - begun + 2))
is "for what happened only when something did" "$(sort "$dir/asked" | uniq -c | grep -c ' 1 events$') $(sort -u "$dir/asked" | wc -l)" "1 2"

# ---- names ----

say <<'END'
{"ok":true,"version":"<u>1</u>","uptime_s":5,"directors":[{"name":"a\"b\\c,\n<script>alert(1)</script>&[{}]","service":"TCP '10.9.9.1':80",
"balance":"rr","mode":"nat","state":"up","fault":null,"total":1,"ready":1,"usable":1,"quorum":1,"answers":true,
"servers":[{"name":"}]\"},{","address":"1\n2","weight":1,"sorry":false,"health":"up","since_s":1.5,"table_weight":1,"active":1,"inactive":2,
"operator":"ready","check":{"method":"http","reason":"x\ny","means":"<i>","code":200,"duration_us":5}}]}],"complete":true}
END
shows() { has '' "$1"; }
check "a hostile name is text" wait_for 30 shows '<h2>a&quot;b\\c,'
is "and nothing else" "$(get "$url/" | grep -ciE '<script>|<u>|<i>')" 0
get "$url/metrics" >"$dir/metrics"
get -H 'Accept: application/openmetrics-text' "$url/metrics" >"$dir/open"
parses() { /usr/bin/python3 -c "import sys
from prometheus_client.$1 import text_string_to_metric_families as parse
for family in parse(sys.stdin.read()):
	for sample in family.samples:
		if sample.name == 'lvsd_server_up':
			print(repr(sample.labels['director']), repr(sample.labels['server']))" <"$2"; }
want="'a\"b\\\\c,\\n<script>alert(1)</script>&[{}]' '}]\"},{'"
is "metrics tell it whole" "$(parses parser "$dir/metrics")" "$want"
is "OpenMetrics, too" "$(parses openmetrics.parser "$dir/open")" "$want"
is "csv" "$(get "$url/;csv" | /usr/bin/python3 -c 'import csv, sys
for row in csv.reader(sys.stdin):
	print(len(row), repr(row[1]))' | tail -n 2)" "78 '}]\"},{'
78 'BACKEND'"
curl -sN "$url/events" >"$dir/events" 2>/dev/null &
servers="$servers $!"
told() { grep -q -- "$1" "$dir/events"; }
check "events" wait_for 30 told '^event: tick'
is "are lines of events" "$(grep -vcE '^(event: (put|tick|layout)|data: .*|id: [0-9]+|)$' "$dir/events")" 0

# ---- what is no answer ----

bad() { [ "$(get "$url/healthz")" = "$1" ]; }
echo '{"ok":false,"error":"not <b>today</b>"}' | say
check "a refusal" wait_for 30 bad 'not <b>today</b>'
check "is text on the page" shows 'not &lt;b&gt;today'
check "with what was known" shows '<h2>a&quot;b'
echo '{"ok":true,"directors":[],"complete":false}' | say
check "half an answer" wait_for 30 bad 'lvsd was reloaded while it answered'
echo 'What?' | say
check "no JSON" wait_for 30 bad "lvsd's answer cannot be read"
printf '{"ok":true,"directors":[{"name":"x",}],"complete":true}' | say
check "a director that is none" wait_for 30 bad "a director in lvsd's answer cannot be read"
printf '{"ok":true,"directors":[{"name":"x"' | say
check "an answer that was cut off" wait_for 30 bad "lvsd's answer cannot be read"
: >"$dir/answer"
check "none at all" wait_for 30 bad 'lvsd closed the connection without an answer'
{ printf '{"ok":true,"x":'; head -c 100000 /dev/zero | tr '\0' '['; } | say
check "too deep" wait_for 30 bad "lvsd's answer cannot be read"
echo '{"ok":true}' | say
check "no directors" wait_for 30 health 200
check "is a page, too" shows 'The configuration has no director'
echo '{"ok":true,"directors":[{},{"name":7,"servers":"x","state":null},{"name":"z","servers":[1,null,{},{"name":"q","check":[],"rate":3,"since_s":-1e300,"active":1e300}]}],"checker":3,"reload":[],"kernel":null,"leaving":{}}' | say
check "other types" wait_for 30 shows '<h2>z</h2>'
is "everything is still answered" "$(for p in / /metrics '/;csv' /status.json; do status "$url$p"; done)" 200200200200
kill "$web"
wait "$web"
is "it ends as asked" $? 0
is "and nothing was wrong" "$(grep -cE 'ERROR|runtime error|leak' "$dir/web.log")" 0
finish
