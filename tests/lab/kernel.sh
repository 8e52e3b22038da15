#!/bin/sh
# kernel.sh: the lab's own kernel as its caller sees it: it is built when it is
# not there, has what it is built for, and its time can be virtual. On the host.
cd "$(dirname "$0")" || exit
. ./tap.sh
scratch=$(mktemp -d /tmp/lvsd-kernel.XXXXXX) || exit
trap 'rm -rf "$scratch"' EXIT
trap 'exit 143' TERM INT HUP

begun=$(date +%s)
check "it is there or is built" ./kernel
note "it was there after $(($(date +%s) - begun)) s"
[ $tap_failed = 0 ] || finish
kernel=$tap_said
check "that is one file" test -x "$kernel"
is "the next time it is the same" "$(./kernel)" "$kernel"
is "a guest runs it" "$(./lab --own-kernel -- uname -r)" "$("$kernel" --version)"
for scheduler in rr wrr lc wlc fo ovf lblc lblcr dh sh mh sed nq twos; do
	echo "ipvsadm -A -f 1 -s $scheduler && ipvsadm -D -f 1 || echo no $scheduler"
done >"$scratch/schedulers"
is "it has every scheduler" "$(./lab --own-kernel -- sh "$scratch/schedulers" 2>&1)" ""
check "it has nftables" ./lab --own-kernel -- iptables-nft -A INPUT -m mark --mark 1 -j ACCEPT
fails "a module cannot be missing" 125 ./lab --own-kernel --no-ipvs -- true

is "in virtual time a day passes at once" \
	"$(./lab -t 300 --virtual-time -- sh -c 'sleep 86400; cut -d. -f1 /proc/uptime')" 86400
begun=$(date +%s%N)
check "and without it" ./lab --own-kernel -- sleep 3
at_most "three seconds are that" 3000 $((($(date +%s%N) - begun) / 1000000))
is "programs that wait for each other do so in order" "$(./lab --virtual-time -- \
	sh -c '(sleep 30; echo second) & sleep 20; echo first; wait')" "first
second"
fails "who waits by looping is ended by the host" 124 \
	./lab -t 2 --virtual-time -- sh -c 'while :; do :; done'

# What cannot be built is told of, and gets no place among the kernels.
cp kernel kernel.config "$scratch"
echo CONFIG_IP_VS_TWO=y >>"$scratch/kernel.config"
fails "an option that there is not is an error" 1 \
	env XDG_CACHE_HOME="$scratch/cache" "$scratch/kernel"
like "that is said" "$tap_said" 'without effect in kernel.config: CONFIG_IP_VS_TWO=y'
is "nothing of it stays" "$(ls "$scratch/cache/lvsd-lab")" lock
finish
