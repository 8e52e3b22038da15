# web_big.sh: lvsweb for ten thousand directors with ten servers each: no answer has no
# end, and who does not read what he asked for is in nobody's way.
. "$SRCDIR/tests/dry/weblib"

readable_conf <<END
$(seq 0 9998 | awk '{
	printf "director d%d 10.%d.%d.1:80\n", $1, 100 + $1 / 200, $1 % 200
	for (i = 0; i < 10; i++)
		printf " server s%d 10.9.%d.%d:80\n", i, $1 % 250, i + 1
}')
director wide 10.9.9.1:80
$(seq 0 999 | awk '{ printf " server w%d 10.8.%d.%d:80\n", $1, $1 / 200, $1 % 200 + 1 }')
END
check "lvsd" start
check "lvsweb" start_web
check "has read it all" wait_for 120 health 200

size() { get "$1" | wc -c; }
at_most "a page" "$(size "$url/")" 1000000
at_most "the last one" "$(size "$url/?page=1000000")" 1000000
at_most "of what matches a search" "$(size "$url/?q=s1")" 1000000
at_most "of a state" "$(size "$url/?state=unchecked")" 1000000
at_most "of a director with 1,000 servers" "$(size "$url/?q=wide")" 1000000
check "which says so" has '?q=wide' '500 of its 1000 servers are shown'
check "they are found, too" has '?q=w999' '<th scope="row">w999<'
check "there are as many pages as it takes" has '' 'Page 1 of 201<'
check "the last one has the last director" has '?page=201' '<h2>wide</h2>'
is "all pages have all directors" \
	"$(for i in 1 2 3; do get "$url/?q=d12&page=$i"; done | grep -o '<header id="h[^>]*><h2>[^<]*' | sort -u | wc -l)" 111

get "$url/status.json" >"$dir/status"
is "status.json is whole" "$(jq '[.directors[].servers[]] | length' "$dir/status")" 100990
is "csv, too" "$(get "$url/;csv" | wc -l)" $((100990 + 10000 + 1))
get "$url/metrics" >"$dir/metrics"
at_most "metrics have a bound" "$(grep -vc '^#' "$dir/metrics")" 101000
told=$(grep -c '^lvsd_server_up{' "$dir/metrics")
is "and say what is missing" "$((told + $(sed -n 's/^lvsweb_servers_left_out //p' "$dir/metrics")))" 100990
is "directors come first" "$(grep -c '^lvsd_director_up{' "$dir/metrics")" 10000
is "each metric is in one piece" "$(grep '^# TYPE' "$dir/metrics" | sort | uniq -d)" ""

# ---- who does not read ----

timeout 100 visitor "$at" /status.json 40 >"$dir/deaf" &
servers="$servers $!"
is_settled() { grep -q '^open' "$dir/$1"; }
check "40 who ask for all and read nothing" wait_for 60 is_settled deaf
is "are 4 of one address" "$(cat "$dir/deaf")" "open 4"
timeout 100 visitor "$at" /events 20 >"$dir/feeds" &
servers="$servers $!"
check "20 who follow and read nothing" wait_for 60 is_settled feeds
is "are followers" "$(cat "$dir/feeds")" "open 20"
other() { get --interface 127.0.0.2 -o "$dir/none" -w '%{http_code}' "$url$1"; }
is "others are served" "$(other /) $(other /metrics) $(other /status.json)" "200 200 200"
is "with all of it" "$(get --interface 127.0.0.2 "$url/status.json" | jq '.directors | length')" 10000
note "lvsweb has $(ps -o rss= -p "$web" | awk '{ print int($1 / 1024) }') MB"
kill "$web"
wait "$web"
is "it ends as asked" $? 0
finish
