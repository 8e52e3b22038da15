# lab: -t 150
# t_status.sh: the status of many directors has the connections of all of them, as ipvsadm
# has them, and does not ask for each; what another program changed meanwhile is told as
# it is in the kernel.
. "$(dirname "$0")/test.sh"

DIRECTORS=400
lab_up 2
start_backends
{
	for ((i = 0; i < DIRECTORS; i++)); do
		printf 'director d%d %s:%d\n balance roundrobin\n' $i "$VIP" $((1000 + i))
		printf ' server a 10.2.0.11:80\n server b 10.2.0.12:80\n server c 10.2.0.13:80 weight 0\n'
	done
	cat <<-END
	director six [fd09::1]:80
	 server a [fd02::11]:80
	director one fwmark 76
	 server a 10.2.0.11:80
	director both fwmark 77
	 server a 10.2.0.11:80
	 server b [fd02::11]:80
	END
} >"$LVSD_CONF"
lvsd_start

# told: what lvsctl says of each server, and kernel: what ipvsadm does, in the same words.
told()
{
	lvsctl --json status | jq -r '.directors[] | .vip as $vip | .name as $name | .servers[] |
		[$name, .address, .table_weight, .active, .inactive] | map(tostring) | join(" ")' | sort
}
page() { lvsctl status | awk '
	/^[a-z]/ { name = $1 }
	/^  [a-z] / { print name, $2, $5, $6, $7 }' | sort; }
kernel()
{
	ns director ipvsadm -Ln --exact | sed -E 's/:http/:80/' | awk -v vip="$VIP" '
		$1 == "TCP" { split($2, a, ":"); name = $2 ~ /^\[/ ? "six" : "d" (a[2] - 1000) }
		$1 == "FWM" { name = $2 == 76 ? "one" : "both" }
		$1 == "->" && $2 ~ /[0-9]:/ || $2 ~ /\]:/ && $1 == "->" { print name, $2, $4, $5, $6 }' | sort
}
is_told() { kernel >/run/kernel; told >/run/told; cmp -s /run/kernel /run/told; }
reads() { lvsctl --json status d0/a | jq .kernel.reads; }

for i in 3 63 64 65 200 399; do
	hammer_start "kept$i" -k -c $((i % 7 + 2)) -r 50 "$VIP" $((1000 + i))
done
hammer_run six -n 20 -c 2 "$VIP6" 80
check "all connections, as ipvsadm has them" wait_for 30 is_told
is "servers" "$(wc -l </run/told)" $((3 * DIRECTORS + 4))
is "with connections" "$(awk '$4 > 0' /run/told | wc -l)" 12
is "and closed ones" "$(awk '/^six/ && $5 > 0' /run/told | wc -l)" 1
check "an audit: the next one is a minute away" lvsctl audit
before=$(reads)
page >/run/page
asked=$(($(reads) - before))
check "the page has the same" diff -u /run/told /run/page
# Those that are there before the others are counted, those whose mark has two families, and our own question.
is "services that were asked for" $asked $((64 + 2 + 1))

# What is not as the daemon knows it is asked for.
ns director ipvsadm -e -t "$VIP:1300" -r 10.2.0.11:80 -m -w 7
ns director ipvsadm -d -t "$VIP:1301" -r 10.2.0.12:80
told >/run/changed
is "another's weight" "$(grep '^d300 ' /run/changed | sort)" "d300 10.2.0.11:80 7 0 0
d300 10.2.0.12:80 1 0 0
d300 10.2.0.13:80 0 0 0"
is "another's deletion" "$(grep '^d301 ' /run/changed | sort)" "d301 10.2.0.11:80 1 0 0
d301 10.2.0.12:80 null null null
d301 10.2.0.13:80 0 0 0"
ns director ipvsadm -e -t "$VIP:1300" -r 10.2.0.11:80 -m -w 1
ns director ipvsadm -a -t "$VIP:1301" -r 10.2.0.12:80 -m -w 1

for i in 3 63 64 65 200 399; do
	hammer_stop "kept$i"
	is "no connection broke" "$(hammer_get "kept$i" failed)" 0
done
check "all are gone, and are seen to be" wait_for 60 is_told

# One with more servers than are read in one go: connections, and what went through them.
{
	printf 'director large %s:80\n balance roundrobin\n server a 10.2.0.11:80\n' "$VIP"
	for ((i = 1; i < 1500; i++)); do
		printf ' server s%d 10.2.0.12:%d weight 0\n' $i $((2000 + i))
	done
} >"$LVSD_CONF"
check "a large one" lvsctl reload
hammer_run large -n 30 -c 3 "$VIP" 80
rates() { socat - UNIX:/run/lvsd/status.sock <<<'show rates large' |
	jq -r '.directors[].servers[] | "\(.address) \(.rate.conns) \(.rate.in_bytes) \(.rate.out_bytes)"' | sort; }
stats() { ns director ipvsadm -Ln --stats --exact | awk '/-> 10/ { sub(":http$", ":80", $2); print $2, $3, $6, $7 }' | sort; }
are_the_same() { stats >/run/stats; rates >/run/rates; cmp -s /run/stats /run/rates; }
counted() { rates | grep -q '^10.2.0.11:80 30 '; }
check "all that went through it was counted" wait_for 30 counted
check "as ipvsadm has it" wait_for 30 are_the_same
is "for all servers" "$(wc -l </run/rates)" 1500
told >/run/told
is "and connections" "$(grep -c '^large .* [01] 0 [0-9]*$' /run/told)" 1500
lvsd_stop
finish
