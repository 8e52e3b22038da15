# lab: -t 400 --virtual-time
# t_time_health.sh: which check makes a server go and come, when each of them
# is, and when a check that gets no answer has failed. In virtual time.
. "$(dirname "$0")/test.sh"
. "$(dirname "$0")/time.sh"

lab_up 2
start_backend rs2

# ---- rise, fall and the intervals between ----

server_is rs1
lvsd_start <<END
director web $VIP:80
 option httpcheck interval 10s fastinter 1s downinter 30s rise 3 fall 4
 server rs1 10.2.0.11:80 check
# never rests, so that no wait is a long one
director metronome $VIP:81
 option tcpcheck interval 200ms
 server rs2 10.2.0.12:80 check
END
rs1=tcp:$VIP:80,10.2.0.11:80

# when VALUE: the moment when the table has it for rs1; looked at every millisecond
when()
{
	ns director ipvswait -t 400 "$rs1=$1"
}

# nth N FROM: the moment of the Nth check after FROM
nth()
{
	arrivals "$2" 1000000 | sed -n "$1p"
}

from=$(settle)
until_moment "$(later "$from" 60)"
is "up: every interval" "$(gaps "$from" "$(now)")" "10000 10000 10000 10000 10000"
up_phase=$(phases "$from" "$(now)" 10000)

from=$(settle)
server_is rs1 -s 503
down=$(when absent)
is "fall 4: down after four failures" "$(arrivals "$from" "$down" | wc -l)" 4
at_most "with the fourth" "$(ms_between "$(nth 4 "$from")" "$down")" 3
is "the first of them came when it was due" \
	"$(phases "$from" "$(later "$(nth 1 "$from")" 0.001)" 10000)" "$up_phase"
like "the others by fastinter" "$(gaps "$from" "$down")" '^([1-9][0-9]{0,2}0|1000) 1000 1000$'
until_moment "$(later "$down" 100)"
like "then by downinter" "$(gaps "$(nth 4 "$from")" "$(now)")" '^[0-9]+ 30000 30000$'
at_most "beginning within one" "$(gaps "$(nth 4 "$from")" "$(now)" | cut -d' ' -f1)" 30000
down_phase=$(phases "$down" "$(now)" 30000)
is "in a phase of that interval" "$(echo "$down_phase" | wc -l)" 1

from=$(settle)
server_is rs1
up=$(when 1)
is "rise 3: up after three successes" "$(arrivals "$from" "$up" | wc -l)" 3
at_most "with the third" "$(ms_between "$(nth 3 "$from")" "$up")" 3
is "the first of them came when it was due" \
	"$(phases "$from" "$(later "$(nth 1 "$from")" 0.001)" 30000)" "$down_phase"
like "the others by fastinter" "$(gaps "$from" "$up")" '^([1-9][0-9]{0,2}0|1000) 1000$'
until_moment "$(later "$up" 40)"
is "then every interval, in the phase of before" "$(phases "$up" "$(now)" 10000)" "$up_phase"

# Results that are too few in a row.
from=$(settle)
server_is rs1 -s 503
arrived "$from" 3
server_is rs1
until_moment "$(later "$from" 100)"
is "fewer than fall decide nothing" "$(logged 'server web/rs1 ')" 3
like "the next success ends the haste" \
	"$(gaps "$from" "$(now)")" '^[0-9]+ 1000 1000 [0-9]+( 10000){7,8}$'
is "and the phase is that of before" "$(phases "$(later "$from" 24)" "$(now)" 10000)" "$up_phase"
from=$(settle)
server_is rs1 -s 503
down=$(when absent)
is "they do not count for the next fall" "$(arrivals "$from" "$down" | wc -l)" 4
server_is rs1
arrived "$down" 2
server_is rs1 -s 503
until_moment "$(later "$down" 100)"
is "fewer than rise decide nothing" "$(logged 'server web/rs1 ')" 4
like "the next failure ends the haste" \
	"$(gaps "$down" "$(now)")" '^[0-9]+ 1000 [0-9]+ 30000'
lvsd_stop
finish
