# lab: -t 120
# t_flow_random.sh: random flows, one file after the other, and for each of them random
# packets whose way a model in flowmodel.c knows. FLOW_SEED runs one seed again.
. "$(dirname "$0")/test.sh"

seed=${FLOW_SEED:-$RANDOM} rounds=30 packets=40
note "FLOW_SEED=$seed"
lab_up 4
ports=$(printf -- '-p %d -u %d ' $(for p in {5000..5007}; do echo $p $p; done))
start_backends $ports
# What no flow takes is for the director itself, which says "none".
ns director backend -n none $ports >/run/none
ip -n router route add 192.0.2.0/24 via 10.2.0.2
ip -n router route add fd92::/64 via fd02::2
ip -n director route add local 192.0.2.0/24 dev lo
add_vip fd92::{0..9} fd92::{a..f}
asked=0 marked=0 wrong=
for ((round = 0; round < rounds; round++)); do
	flowmodel $seed $round conf >/run/random.conf
	if [ $round = 0 ]; then
		lvsd_start </run/random.conf
	else
		lvsd_reload </run/random.conf >/run/reload || cat /run/reload
	fi
	lvsctl audit >/run/audit
	if ! ns client flowmodel $seed $round ask $packets >/run/asked; then
		wrong=$round
		break
	fi
	while IFS='= ' read -r _ n _ n_marked _; do
		asked=$((asked + n)) marked=$((marked + n_marked))
	done </run/asked
done
note "packets=$asked marked=$marked"
is "every packet of $rounds files went its way" \
	"$([ -z "$wrong" ] || { echo "round $wrong"; cat /run/asked $LVSD_CONF; })" ""
check "a fair share was for a director" [ $((marked * 20)) -gt "$asked" ]
is "and a fair share was not" "$((marked * 20 < asked * 19))" 1
is "and an audit found it all as it was made" "$(grep 'rules of flows' $LVSD_LOG)" ""
is "no rule failed" "$(logged 'failed=[1-9]')" 0
finish
