# lab: -t 200
# t_detect.sh: how soon a dead server is out of the table, and a live one back.
# The limits are those of the interval and the timeout, plus a second of
# slack for a busy machine, and the best of three counts; the figures are printed.
. "$(dirname "$0")/test.sh"

lab_up 3
start_backends
lvsd_start <<END
director web $VIP:80
 balance roundrobin
 check interval 1 timeout 500ms fall 1 rise 1
 option tcpcheck
 server rs1 10.2.0.11:80 check
 server rs2 10.2.0.12:80 check
 server rs3 10.2.0.13:80 check inhibit
END
rs() { echo "tcp:$VIP:80,$(rs_addr $1):80"; }
# changed CONDITION: milliseconds since $since until the table is so
changed()
{
	local at

	at=$(ns director ipvswait "$@") || { echo 999999; return; }
	ms_between "$since" "${at%% *}"
}
ns director ipvswait "$(rs rs1)=1" "$(rs rs2)=1" "$(rs rs3)=1" >/run/ready
is "all three are in the table after their first check" $? 0

# took KIND MS LIMIT: notes it, and keeps the best of each kind.
declare -A best
took()
{
	note "$1 after $2 ms (limit $3)"
	[ "${best[$1]:-$2}" -lt "$2" ] || best[$1]=$2
}
for try in 1 2 3; do
	since=$(now)
	refuse rs2
	took "refused: out" "$(changed "$(rs rs2)=absent")" 1100
	since=$(now)
	heal rs2
	took "answers again: back" "$(changed "$(rs rs2)=1")" 1100
	since=$(now)
	silence rs2
	took "silent: out" "$(changed "$(rs rs2)=absent")" 1600
	heal rs2
	changed "$(rs rs2)=1" >/run/back
done
at_most "refused: out of the table in time" "${best["refused: out"]}" 2100
at_most "answers again: back in time" "${best["answers again: back"]}" 2100
at_most "silent: out in time" "${best["silent: out"]}" 2600
refuse rs3
changed "$(rs rs3)=0" >/run/inhibited
is "inhibit: weight 0 instead of gone" $? 0
heal rs3
changed "$(rs rs3)=1" >/run/back
is "inhibit: its weight again" $? 0
# A busy machine may see more changes, and never one of them twice.
changes() { sed -n 's,.*server web/rs2 \(up -> down\|down -> up\):.*,\1,p' $LVSD_LOG; }
at_most "all changes of rs2 are in the log" 12 "$(changes | wc -l)"
is "one line for each" "$(changes | wc -l)" "$(changes | uniq | wc -l)"
like "with the reason" "$(cat $LVSD_LOG)" \
	'server web/rs2 up -> down: connection refused .*reason=refused .*duration_us='
like "and the other reason" "$(cat $LVSD_LOG)" 'server web/rs2 up -> down: timeout .*reason=timeout'
lvsd_stop
finish
