# checks.sh: what the daemon tells of its checker, and what a reload does to it.
. "$SRCDIR/tests/dry/lib"

# A slow server, checked by five probes of which one may be under way.
slow=$port
servers=$(backend -n slow -p $slow -d 60000)
five()
{
	conf <<-END
	 checks max-in-flight $1
	director web 10.9.9.1:80
	 check interval 300ms timeout 250ms
	 option httpcheck
	 server a 127.0.0.1:$slow check
	 server b 127.0.0.2:$slow check
	 server c 127.0.0.3:$slow check
	 server d 127.0.0.4:$slow check
	 server e 127.0.0.5:$slow check
	END
}
five 1
check "it starts" start
has() { [ "$(json ".checker.$1")" "$2" "$3" ]; }
check "status --json: the budget" wait_for 30 has max_in_flight -eq 1
check "checks that had to wait" wait_for 30 has late -ge 4
check "rounds that passed meanwhile" wait_for 30 has skipped -ge 5
check "checks that were made" wait_for 30 has checks -ge 5
is "no local trouble" "$(json .checker.local)" 0
checks=$(json .checker.checks)
like "a warning, once a minute" "$(logged 'checks begin late.* max_in_flight=1 late=1 ')" '^1$'
like "the same budget: checks go on" "$(ctl reload)" 'checks go on'
five 5
like "another budget: another checker" "$(ctl reload)" 'checks restart'
check "the new budget" wait_for 30 has max_in_flight -eq 5
check "the counts go on" wait_for 30 has checks -gt "$checks"
late=$(json .checker.late)
checks=$(json .checker.checks)
check "and with room for all" wait_for 30 has checks -gt $((checks + 20))
is "none waits any more" "$(json .checker.late)" "$late"
stop

# 500 directors with the same 20 servers, with other names.
{
	for d in $(seq 500); do
		echo "director d$d 10.9.$((d / 250)).$((d % 250 + 1)):80"
		echo " check interval 1 timeout 1"
		echo " option tcpcheck"
		for s in $(seq 20); do
			echo " server s$d-$s 127.0.1.$s:$slow check"
		done
	done
} | conf
check "500 directors with 20 servers start" start
is "20 probes check all 10,000" "$(json .checker.probes)" 20
all_up() { [ "$(json '[.directors[].servers[] | select(.health == "up")] | length')" = 10000 ]; }
check "and all 10,000 are up" wait_for 30 all_up
stop
finish
