# lab: -t 120 --no-ipvs
# t_noipvs.sh: a kernel without IPVS is said so, and nothing is begun.
. "$(dirname "$0")/test.sh"

ip netns add director
ns director ip link set lo up
lvsd_conf <<END
director web 10.9.9.1:80
 server rs1 10.2.0.11:80
END
said=$(lvsd_run 2>&1)
is "exit status" $? 3
like "it says so, and what to do" "$said" 'this kernel has no IPVS: .*ip_vs .*--dry-run'
is "no socket is left" "$(ls /run/lvsd/*.sock 2>/dev/null)" ""
lvsd_start --dry-run
is "with --dry-run it works" "$(lvsctl table)" \
	"-A -t 10.9.9.1:80 -s wlc
-a -t 10.9.9.1:80 -r 10.2.0.11:80 -m -w 1"
fails "doctor finds that" 1 ns director lvsctl doctor
like "and says what to type" "$(echo "$tap_said" | paste -sd' ')" \
	'^IPVS is not in this kernel, or .* nothing is balanced     modprobe ip_vs( |$)'
lvsd_stop
fails "without a daemon, too" 3 ns director lvsctl doctor
like "that and what to type" "$(echo "$tap_said" | paste -sd' ')" \
	'no lvsd answers at .*     modprobe ip_vs$'
fails "examples/quickstart --host says it, too" 3 sh "$(dirname "$0")/../../examples/quickstart" --host
like "and what to do" "$tap_said" 'this kernel has no IPVS.* without --host'
finish
