# lab: -t 400
# t_audit.sh: what a stranger does to our services with ipvsadm is found, told and
# mended: at once by "lvsctl audit", and by itself once a minute. His own
# services are left alone, and the clients of the others notice nothing.
. "$(dirname "$0")/test.sh"

lab_up 3
start_backends
table() { ns director ipvsadm -Sn | sort; }
told() { logged "audit: someone else changed TCP $VIP:80 in the kernel: $1"; }
audit_says() { is "$1: lvsctl audit" "$(lvsctl audit)" "$2"; }
one="looked at 2 services, 1 changed by someone else and mended: see the log"
none="looked at 2 services, the kernel has what it should"

lvsd_start <<END
director web $VIP:80
 balance roundrobin
 server rs1 10.2.0.11:80
 server rs2 10.2.0.12:80 weight 3 maxconn 5000
 server rs3 10.2.0.13:80 weight 0
director quiet $VIP:81
 balance source
 option persistence timeout 100
 server rs1 10.2.0.11:80
END
table >/run/right
hammer_start quiet -c 4 -r 200 "$VIP" 81
audit_says "nobody did anything" "$none"

# stranger TEXT LINE ARGUMENT...: runs ipvsadm; the audit mends it, and logs LINE.
stranger()
{
	local text=$1 line=$2 said

	shift 2
	check "a stranger $text" ns director ipvsadm "$@"
	said=$(lvsctl audit)
	# The pass of the minute may just have been there.
	[ "$said" != "$none" ] || [ "$(told "$line")" = 0 ] || said=$one
	is "$text: lvsctl audit" "$said" "$one"
	check "$text: what is not wanted goes" ns director ipvswait "tcp:$VIP:80,10.2.0.14:80=absent"
	is "$text: it is mended" "$(table)" "$(cat /run/right)"
	is "$text: it is told" "$(told "$line")" 1
}
stranger "changes a weight" "0 servers missing, 0 added, 1 changed" -e -t "$VIP:80" -r 10.2.0.12:80 -m -w 9 -x 5000
stranger "deletes servers" "2 servers missing, 0 added, 0 changed" -R <<-END
	-d -t $VIP:80 -r 10.2.0.11:80
	-d -t $VIP:80 -r 10.2.0.13:80
END
stranger "adds a server" "0 servers missing, 1 added, 0 changed" -a -t "$VIP:80" -r 10.2.0.14:80 -m -w 5
stranger "changes the scheduler" "scheduler, flags or persistence" -E -t "$VIP:80" -s lc -p 50
stranger "deletes the service" "it was deleted" -D -t "$VIP:80"

# ipvsadm -Sn does not print thresholds.
thresholds() { ns director ipvsadm -Ln --thresholds | awk '/10.2.0.12:80/ { print $3 }'; }
ns director ipvsadm -e -t "$VIP:80" -r 10.2.0.12:80 -m -w 3 -x 17
is "he changes a threshold" "$(thresholds)" 17
audit_says "a threshold" "$one"
is "a threshold: it is mended" "$(thresholds)" 5000

ns director ipvsadm -A -t 192.0.2.1:1 -s wrr
audit_says "a service of his own" "$none"
is "a service of his own: it stays" "$(table | grep -c 192.0.2.1:1)" 1
is "and is counted" "$(lvsctl --json status | jq .foreign)" 1

hammer_stop quiet
is "nobody else noticed" "$(hammer_get quiet failed)" 0

# ---- by itself ----

since=$(now)
ns director ipvsadm -C
at=$(ns director ipvswait -t 120 services=2 dests=4)
check "ipvsadm -C is mended" test -n "$at"
note "after $(ms_between "$since" "$at") ms"
is "all of it" "$(table)" "$(cat /run/right)"
is "both services are told" "$(logged 'someone else changed TCP .*: it was deleted')" 3
like "status has the figures" "$(lvsctl --json status | jq -c .audit)" \
	'"passes":1?[0-9],"changes_found":8,"services":2,"pass_s":[0-9.e-]+,"pass_cpu_s":'

# ---- a service of so many servers that it is read in pieces ----
many()
{
	echo "director many $VIP:82"
	for i in $(seq 0 1499); do
		echo " server s$i 10.3.$((i / 250)).$((i % 250 + 1)):80"
	done
}
check "a director with 1,500 servers" lvsd_reload < <(many)
check "the others leave" ns director ipvswait services=1 dests=1500
table >/run/right
one="looked at 1 service, 1 changed by someone else and mended: see the log"
none="looked at 1 service, the kernel has what it should"
audit_says "nobody did anything to it" "$none"
ns director ipvsadm -R <<-END
	-d -t $VIP:82 -r 10.3.0.1:80
	-e -t $VIP:82 -r 10.3.5.250:80 -m -w 9
	-a -t $VIP:82 -r 10.4.0.1:80 -m -w 1
END
said=$(lvsctl audit)
line="audit: someone else changed TCP $VIP:82 in the kernel: 1 servers missing, 1 added, 1 changed"
# The pass of the minute may just have been there.
[ "$said" != "$none" ] || [ "$(logged "$line")" = 0 ] || said=$one
is "three of its servers: lvsctl audit" "$said" "$one"
is "it is told" "$(logged "$line")" 1
check "what is not wanted goes" ns director ipvswait "tcp:$VIP:82,10.4.0.1:80=absent"
is "it is mended" "$(table)" "$(cat /run/right)"
audit_says "once more" "$none"

# It is not read as a whole when an operation is refused: the answer tells.
ns director ipvsadm -d -t "$VIP:82" -r 10.3.0.6:80
lvsctl weight many/s5 7
is "an operation on a server that somebody deleted: it is taken" $? 0
weight() { ns director ipvsadm -Sn | sed -n "s/.* -r 10.3.0.6:80 -m -w //p"; }
is "the server is there, as it was decided" "$(weight)" 7
ns director ipvsadm -D -t "$VIP:82"
lvsctl weight many/s5 auto
is "on a service that somebody deleted: it is taken" $? 0
check "all of it comes back" ns director ipvswait services=1 dests=1500
is "as it was" "$(table)" "$(cat /run/right)"
ns director ipvsadm -R <<-END
	-D -t $VIP:82
	-A -t $VIP:82 -s wlc
END
lvsctl weight many/s5 7
is "on one that somebody emptied: it is taken" $? 0
lvsctl weight many/s5 auto
is "and another" $? 0
# An audit follows at once; the next of its own is up to a minute away.
check "all of it comes back" ns director ipvswait -t 20 services=1 dests=1500
is "as it was" "$(table)" "$(cat /run/right)"
lvsd_stop
finish
