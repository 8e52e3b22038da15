# lab: -t 400 --virtual-time
# t_time_weights.sh: what happens in the table by the clock: slow start, the
# deadlines of drain, maint and "option drain", and the audit. In virtual time.
. "$(dirname "$0")/test.sh"
. "$(dirname "$0")/time.sh"

lab_up 3
server_is rs1
server_is rs2 -l /run/rs2
start_backend rs3
web=tcp:$VIP:80

# The weight that the table has for a server, or nothing.
weight()
{
	ns director ipvsadm -Ln -t $VIP:80 | awk -v rs="$(rs_addr "$1"):80" '$2 == rs { print $4 }'
}

# when SERVER VALUE [MILLISECONDS]: the moment when the table has it; looked at
# as often, every millisecond when not told otherwise
when()
{
	ns director ipvswait -t 7200 -i "${3:-1}000" "$web,$(rs_addr "$1"):80=$2"
}

# weights SERVER MOMENT N: its weight at N moments that are a second apart
weights()
{
	local i

	for ((i = 0; i < $3; i++)); do
		until_moment "$(later "$2" $i)"
		weight "$1"
	done | xargs
}

# ---- slow start ----

slow()
{
	cat <<-END
	director web $VIP:80
	 option httpcheck interval 1s
	 option slowstart $1
	 server rs1 10.2.0.11:80 check weight $2
	 server rs2 10.2.0.12:80 check weight 100
	# never rests, so that no wait is a long one
	director metronome $VIP:81
	 option tcpcheck interval 200ms
	 server rs3 10.2.0.13:80 check
	END
}

# back: rs1 fails, and comes back at $up
back()
{
	server_is rs1 -s 503
	when rs1 absent >/run/said
	server_is rs1
	up=$(when rs1 present)
}

slow 10s 100 >/run/conf
lvsd_start </run/conf
when rs1 present >/run/said
is "the first verdict: no slow start" "$(weights rs1 "$(now)" 3)" "100 100 100"
back
is "slow start 10s, weight 100: a tenth a second" \
	"$(weights rs1 "$(later "$up" 0.5)" 12)" "1 10 20 30 40 50 60 70 80 90 100 100"
is "others are as they were" "$(weight rs2)" 100
slow 40s 3 | lvsd_reload >/run/said
back
is "slow start 40s, weight 3: never less than 1" "$(weights rs1 "$(later "$up" 0.5)" 42)" \
	"$(printf '1 %.0s' {1..27})$(printf '2 %.0s' {1..13})3 3"
slow 20s 100 | lvsd_reload >/run/said
back
until_moment "$(later "$up" 3.25)"
slow 20s 200 | lvsd_reload >/run/said
is "a reload does not begin it again, and another weight counts at once" \
	"$(weights rs1 "$(later "$up" 3.9)" 3)" "32 40 50"
ended=$(later "$up" 20.5)
until_moment "$(later "$up" 10.2)"
server_is rs1 -s 503
when rs1 absent >/run/said
server_is rs1
up=$(when rs1 present)
is "one that fails meanwhile begins again" "$(weights rs1 "$(later "$up" 0.5)" 3)" "1 10 20"
until_moment "$ended"
at_most "and is not at its weight at the end of the first" "$(weight rs1)" 199
until_moment "$(later "$up" 20.5)"
is "but at its own" "$(weight rs1)" 200

# ---- deadlines ----

plain()
{
	cat <<-END
	director web $VIP:80
	 option httpcheck interval 2s
	 option drain 5m
	 balance roundrobin
	 server rs1 10.2.0.11:80 check
	 $1
	END
}
rs2='server rs2 10.2.0.12:80 check'

# hold: connections of a client to each server, until release
hold()
{
	ip netns exec client sh -c 'for i in 1 2 3 4; do
		sleep 100000 | socat - TCP:'$VIP':80 & done; wait' >/run/socat 2>&1 &
	holder=$!
	wait_for 30 held
}

held()
{
	ns director ipvsadm -Ln -t $VIP:80 | awk '/Masq/ && $5 < 2 { few = 1 } END { exit few }'
}

release()
{
	pkill -x sleep
	pkill -x socat
	wait $holder
}

# seconds FROM TO: whole ones
seconds()
{
	awk -v from="$1" -v to="$2" 'BEGIN { print int(to - from) }'
}

plain "$rs2" | lvsd_reload >/run/said
when rs2 1 >/run/said
for word in drain maint; do
	hold
	from=$(settle)
	check "$word" lvsctl $word web/rs2 --deadline 5m
	is "$word: no new connections" "$(weight rs2)" 0
	gone=$(when rs2 absent 50)
	is "$word: its connections have 5 minutes" "$(seconds "$from" "$gone")" 300
	held=$(now)
	release
	until_moment "$(later "$held" 3600)"
	count=$(awk -v from="$from" -v to="$(later "$from" 3600)" \
		'$1 >= from && $1 < to { n++ } END { print n + 0 }' /run/rs2)
	[ $word = drain ] && want=1800 || want=0
	is "$word: checks in an hour" "$count" $want
	check "$word: and ready" lvsctl ready web/rs2
	ready=$(now)
	at_most "$word: back with its next check" "$(ms_between "$ready" "$(when rs2 1)")" 20
done

hold
from=$(settle)
check "drain" lvsctl drain web/rs2 --deadline 30m
pause 60
release
at_most "it leaves with its last connection, not at the deadline" \
	"$(seconds "$from" "$(when rs2 absent 50)")" 62
lvsctl ready web/rs2 >/run/said
when rs2 1 >/run/said

hold
from=$(settle)
check "drain, and then another daemon" lvsctl drain web/rs2 --deadline 10m
until_moment "$(later "$from" 120)"
lvsd_stop
until_moment "$(later "$from" 180)"
lvsd_start <$LVSD_CONF
is "the deadline is that of the order" "$(seconds "$from" "$(when rs2 absent 50)")" 600
release
lvsctl ready web/rs2 >/run/said
when rs2 1 >/run/said

hold
from=$(settle)
plain | lvsd_reload >/run/said
is "removed from the file: no new connections" "$(weight rs2)" 0
is "option drain 5m: its connections have as long" \
	"$(seconds "$from" "$(when rs2 absent 50)")" 300
release
plain "$rs2" | lvsd_reload >/run/said
when rs2 1 >/run/said

# ---- audit ----

passes()
{
	lvsctl --json status | jq .audit.passes
}

from=$(settle)
before=$(passes)
until_moment "$(later "$from" 3600)"
is "an hour: sixty passes of the audit" $(($(passes) - before)) 60
at_first=
for after in 1 17 34 51; do
	from=$(settle)
	until_moment "$(later "$from" $after)"
	edited=$(now)
	ns director ipvsadm -e -t $VIP:80 -r 10.2.0.12:80 -m -w 77
	mended=$(when rs2 1 50)
	at_most "edited by someone else, mended within a minute" \
		"$(ms_between "$edited" "$mended")" 60100
	at_first=${at_first:-$mended}
	is "by a pass that begins a minute after another" \
		"$(awk -v a="$at_first" -v b="$mended" 'BEGIN {
			off = (b - a) % 60
			print (off < 0.5 || off > 59.5 ? "yes" : off)
		}')" yes
done
is "each is told once" "$(logged 'audit: someone else changed TCP')" 4
lvsd_stop
finish
