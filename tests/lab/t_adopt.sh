# lab: -t 300
# t_adopt.sh: a start, or a reload that adds a director, finds a table that is
# filled already and takes it over without taking weight from anyone before a
# check has spoken; and what a stranger did to the table with ipvsadm is put
# right when the kernel refuses what he made impossible.
. "$(dirname "$0")/test.sh"

lab_up 4
start_backends
# What the checks ask answers when it is let; the service itself always does.
asked=''
for rs in rs1 rs2 rs3; do
	start_backend $rs -p 8080
	asked="$asked ${backend_pid[$rs]##* }"
done
no_answers() { kill -STOP $asked; }
answers() { kill -CONT $asked; }
slow=" check interval 60 timeout 60 port 8080
 option httpcheck"
table()
{
	ns director ipvsadm -Sn | sort
}
# rs SERVER PORT: the server of VIP:PORT, for ipvswait; server NAME WORDS: a
# line of the configuration.
rs() { echo "tcp:$VIP:$2,$(rs_addr $1):80"; }
server() { echo " server $1 $(rs_addr $1):80 $2"; }
# reasons DIRECTORS: what the checks of their servers said, each once
reasons()
{
	jq -r --arg d "$1" '.directors[] | select(.name | test($d)) | .servers[].check.reason' \
		/run/status | sort -u | xargs
}
reasons_are()
{
	lvsctl --json status >/run/status && [ "$(reasons "$1")" = "$2" ]
}

# never CONDITION: watches the table from now on; never_ends tells whether it
# ever was so.
declare -A watcher
never()
{
	ip netns exec director ipvswait -t 600 -i 4000 "$1" >>/run/never 2>&1 &
	watcher[$1]=$!
}
never_ends()
{
	local condition

	for condition in "${!watcher[@]}"; do
		kill "${watcher[$condition]}" 2>/dev/null
		is "$1: never $condition" $? 0
		wait "${watcher[$condition]}" 2>/dev/null
	done
	watcher=()
}

# ---- the start ----

ns director ipvsadm -R <<END
-A -t $VIP:80 -s wrr -p 60
-a -t $VIP:80 -r 10.2.0.11:80 -m -w 1
-a -t $VIP:80 -r 10.2.0.12:80 -m -w 3
-a -t $VIP:80 -r 10.2.0.13:80 -m -w 0
-a -t $VIP:80 -r 10.2.0.14:80 -m -w 1
-A -t $VIP:81 -s rr
-a -t $VIP:81 -r 10.2.0.11:80 -m -w 1
-A -t $VIP:82 -s sh
-a -t $VIP:82 -r 10.2.0.11:82 -g -w 1
-a -t $VIP:82 -r 10.2.0.12:80 -m -w 1
-A -t $VIP:83 -s wlc
-a -t $VIP:83 -r 10.2.0.11:80 -m -w 1
-a -t $VIP:83 -r 10.2.0.14:80 -m -w 1
-A -t $VIP:85 -s wrr
-a -t $VIP:85 -r 10.2.0.14:80 -m -w 1
-A -t $VIP:99 -s sed -p 77
-a -t $VIP:99 -r 10.2.0.11:80 -m -w 7
-a -t $VIP:99 -r 10.2.0.12:80 -m -w 0
END
hammer_start extra -k -c 10 -r 300 $VIP 80
hammer_start kept -k -c 4 -r 100 $VIP 81
hammer_start new -c 4 -r 300 $VIP 80
hammer_start page -c 2 -r 100 $VIP 85
has_connections() { ns director ipvsadm -Ln | grep -q "$1 *Masq *[0-9]* *[1-9]"; }
check "a server that the file does not name has connections" wait_for 30 has_connections 10.2.0.14:80
for i in "rs1 80" "rs2 80" "rs1 81" "rs2 82" "rs1 83"; do
	never "$(rs $i)=0"
	never "$(rs $i)=absent"
done
never "$(rs rs3 80)=absent"
no_answers
lvsd_start <<END
director web $VIP:80
 balance roundrobin
$slow
$(server rs1 check)
$(server rs2 check)
$(server rs3 check)
director sched $VIP:81
 balance leastconn
$slow
$(server rs1 check)
director flags $VIP:82
 balance source
$slow
 server rs1 10.2.0.11:82 check
$(server rs2 check)
director dead $VIP:83
$slow
$(server rs1 check)
 server gone 10.2.0.14:80 check port 9999 fall 1
director page $VIP:85
 balance roundrobin
$slow
$(server rs1 check)
$(server rs4 sorry)
END
lvsctl --json status >/run/status
table >/run/table
is "all services of the file are adopted" "$(logged 'adopted from the kernel services=5')" 1
is "no check of these has spoken yet" "$(reasons 'web|sched|flags')" none
is "who has weight counts as up, who has none as down" \
	"$(jq -r '.directors[0].servers[].health' /run/status | xargs)" "up up down"
cat >/run/want <<END
-A -t $VIP:80 -s wrr
-A -t $VIP:81 -s wlc
-A -t $VIP:82 -s sh -b sh-fallback
-A -t $VIP:85 -s wrr
-A -t $VIP:99 -s sed -p 77
-a -t $VIP:80 -r 10.2.0.11:80 -m -w 1
-a -t $VIP:80 -r 10.2.0.12:80 -m -w 1
-a -t $VIP:80 -r 10.2.0.13:80 -m -w 0
-a -t $VIP:80 -r 10.2.0.14:80 -m -w 0
-a -t $VIP:81 -r 10.2.0.11:80 -m -w 1
-a -t $VIP:82 -r 10.2.0.11:82 -m -w 1
-a -t $VIP:82 -r 10.2.0.12:80 -m -w 1
-a -t $VIP:85 -r 10.2.0.14:80 -m -w 1
-a -t $VIP:99 -r 10.2.0.11:80 -m -w 7
-a -t $VIP:99 -r 10.2.0.12:80 -m -w 0
END
is "what is different is set in place, the extra one gets weight 0, nobody is lost" \
	"$(grep -v $VIP:83 /run/table)" "$(cat /run/want)"
like "status tells of the extra one" "$(lvsctl status)" "leaving .*$VIP:80 .*1 server"
hammer_run after -n 300 -c 4 $VIP 80
is "it gets no new connection" \
	"$(hammer_get after from_rs4) $(hammer_get after failed)" "0 0"

ns director ipvswait "tcp:$VIP:83,10.2.0.14:80=absent" >/run/out
is "who was found with weight is out when his check fails" $? 0
check "who was found at weight 0 is still there" ns director ipvswait -t 0 "$(rs rs3 80)=0"
answers
check "and is back when his check is answered" ns director ipvswait "$(rs rs3 80)=1"
is "by that check" "$(logged 'server web/rs3 down -> up: .*reason=ok')" 1
ns director ipvswait "$(rs rs1 85)=1" "$(rs rs4 85)=absent" >/run/out
is "a sorry page that serves does so until a server is up" $? 0
hammer_stop page
is "no request went unanswered" "$(hammer_get page failed)" 0
like "the page answered" "$(hammer_get page from_rs4)" '^[1-9]'
check "all of them have spoken" wait_for 30 reasons_are 'web|sched|flags' ok
never_ends "start"
is "who was up stays up without a word" "$(logged 'server (web|sched|flags|dead)/rs[12] ')" 0
is "the extra one is there as long as it has connections" \
	"$(table | grep -c "$VIP:80 -r 10.2.0.14")" 1
hammer_stop extra
is "they went on" "$(hammer_get extra failed) $(hammer_get extra connections)" "0 10"
like "some of them were with it" "$(hammer_get extra from_rs4)" '^[1-9]'
hammer_stop new
is "no new connection failed" "$(hammer_get new failed)" 0
ns director ipvswait "$(rs rs4 80)=absent" >/run/out
is "it is gone after the last one" $? 0
hammer_stop kept
is "connections live through another scheduler" \
	"$(hammer_get kept failed) $(hammer_get kept connections)" "0 4"
is "the service of another is as it was" "$(table | grep $VIP:99)" "$(grep $VIP:99 /run/want)"

# ---- a reload that finds a service ----

ns director ipvsadm -R <<END
-A -t $VIP:84 -s wrr
-a -t $VIP:84 -r 10.2.0.12:80 -m -w 1
-a -t $VIP:84 -r 10.2.0.13:80 -m -w 1
END
hammer_start new -c 4 -r 300 $VIP 84
for rs in rs2 rs3; do
	never "$(rs $rs 84)=0"
	never "$(rs $rs 84)=absent"
done
# Another uri, so that nothing is known of these checks.
no_answers
cp $LVSD_CONF /run/longer
cat >>/run/longer <<END
director found $VIP:84
 balance roundrobin
$slow uri /found
$(server rs2 check)
$(server rs3 "weight 2 check")
END
lvsd_reload </run/longer >/run/said
is "a reload adopts what it names" "$(logged 'adopted from the kernel services=1')" 1
is "and changes what is different only" "$(cat /run/said)" \
	"ipvsadm -e -t $VIP:84 -r 10.2.0.13:80 -m -w 2
reloaded, 1 operation, checks restarted"
lvsctl --json status >/run/status
is "its checks have not spoken" "$(reasons found)" none
answers
check "then they have" wait_for 30 reasons_are found ok
never_ends "reload"
hammer_stop new
is "no connection failed" "$(hammer_get new failed)" 0
lvsd_stop
ns director ipvsadm -C

# ---- a stranger at the table ----

# conf LINE...: a configuration with these servers of web; other_weight and
# balance are those of the moment.
balance=roundrobin other_weight=1
conf()
{
	cat <<-END
		director web $VIP:80
		 balance $balance
		 check interval 500ms timeout 500ms fall 3
		 option tcpcheck
	END
	printf '%s\n' "$@"
	cat <<-END
		director other $VIP:81
		 server rs1 10.2.0.11:80 weight $other_weight
	END
}
# want SERVER WEIGHT...: the table that goes with it
want()
{
	{
		echo "-A -t $VIP:80 -s $([ $balance = leastconn ] && echo wlc || echo wrr)"
		echo "-A -t $VIP:81 -s wlc"
		echo "-a -t $VIP:81 -r 10.2.0.11:80 -m -w $other_weight"
		while [ $# -gt 0 ]; do
			echo "-a -t $VIP:80 -r $(rs_addr $1):80 -m -w $2"
			shift 2
		done
	} | sort
}
stranger()
{
	ns director ipvsadm "$@"
}
# mended TEXT TIMES SERVER WEIGHT...: the last reload met what a stranger did that
# many times, said so, and made the table right; no director failed.
told=0
mended()
{
	local text=$1 times=$2 before=$told

	shift 2
	told=$(logged 'changed by someone else; mending director web')
	is "$text: the table is right" "$(table)" "$(want "$@")"
	is "$text: the log says that someone else was there" $((told - before)) "$times"
	like "$text: nothing failed" "$(grep ' reloaded ' $LVSD_LOG | tail -n 1)" 'failed=0 '
}
: >$LVSD_LOG
conf "$(server rs1 check)" "$(server rs2 check)" "$(server rs3 check)" >/run/three
lvsd_start </run/three
ns director ipvswait live=4 >/run/in
is "web has three servers" "$(table)" "$(want rs1 1 rs2 1 rs3 1)"

stranger -d -t $VIP:80 -r 10.2.0.11:80
conf "$(server rs1 "weight 2 check")" "$(server rs2 check)" "$(server rs3 check)" |
	lvsd_reload >/run/said
mended "a server was deleted, its weight changes" 1 rs1 2 rs2 1 rs3 1
is "lvsctl tells both attempts" "$(grep ^ipvsadm /run/said)" \
	"ipvsadm -e -t $VIP:80 -r 10.2.0.11:80 -m -w 2
ipvsadm -a -t $VIP:80 -r 10.2.0.11:80 -m -w 2"

stranger -d -t $VIP:80 -r 10.2.0.13:80
conf "$(server rs1 check)" "$(server rs2 check)" | lvsd_reload >/run/said
mended "a server was deleted, and leaves the file" 1 rs1 1 rs2 1

stranger -a -t $VIP:80 -r 10.2.0.13:80 -g -w 9
stranger -a -t $VIP:80 -r 10.2.0.14:80 -m -w 9
conf "$(server rs1 check)" "$(server rs2 check)" "$(server rs3)" | lvsd_reload >/run/said
ns director ipvswait "$(rs rs4 80)=absent" >/run/out
mended "two servers were added, one of them comes into the file" 1 rs1 1 rs2 1 rs3 1

stranger -D -t $VIP:80
conf "$(server rs1 check)" "$(server rs2 "weight 4 check")" "$(server rs3)" |
	lvsd_reload >/run/said
mended "the service was deleted, a weight changes" 1 rs1 1 rs2 4 rs3 1

stranger -D -t $VIP:80
balance=leastconn
conf "$(server rs1 check)" "$(server rs2 "weight 4 check")" "$(server rs3)" |
	lvsd_reload >/run/said
mended "the service was deleted, its scheduler changes" 1 rs1 1 rs2 4 rs3 1

stranger -E -t $VIP:80 -s rr -p 5
balance=roundrobin
conf "$(server rs1 check)" "$(server rs2 "weight 4 check")" "$(server rs3)" |
	lvsd_reload >/run/said
mended "the service was changed, and changes" 0 rs1 1 rs2 4 rs3 1

# The same when it is a check that changes something.
stranger -D -t $VIP:80
refuse rs1
ns director ipvswait "$(rs rs2 80)=4" "$(rs rs3 80)=1" "$(rs rs1 80)=absent" >/run/in
is "the service was deleted, a server goes down: it is there again, without him" \
	"$(table)" "$(want rs2 4 rs3 1)"
stranger -a -t $VIP:80 -r 10.2.0.11:80 -m -w 9
heal rs1
ns director ipvswait "$(rs rs1 80)=1" >/run/in
is "a server was added that comes back: it has its own weight" \
	"$(table)" "$(want rs1 1 rs2 4 rs3 1)"
stranger -d -t $VIP:80 -r 10.2.0.12:80
refuse rs2
is_logged() { [ "$(logged "$1")" -gt 0 ]; }
check "a server was deleted that goes down" wait_for 30 is_logged 'server web/rs2 up -> down'
heal rs2
ns director ipvswait "$(rs rs2 80)=4" >/run/in
is "and comes back" "$(table)" "$(want rs1 1 rs2 4 rs3 1)"

told=$(logged 'changed by someone else; mending director web')
stranger -C
other_weight=3
conf "$(server rs1 check)" "$(server rs2 "weight 6 check")" "$(server rs3)" |
	lvsd_reload >/run/said
mended "the whole table was deleted, both directors change" 1 rs1 1 rs2 6 rs3 1
stranger -D -t $VIP:81
conf "$(server rs1 check)" "$(server rs2 "weight 6 check")" "$(server rs3)" |
	sed '/^director other/,$d' | lvsd_reload >/run/said
is "a service was deleted, and its director leaves the file: it stays away" \
	"$(table)" "$(want rs1 1 rs2 6 rs3 1 | grep -v $VIP:81)"
lvsd_reload </run/three >/run/said
ns director ipvswait services=2 >/run/in
stranger -d -t $VIP:81 -r 10.2.0.11:80
sed '/^director other/,$d' /run/three | lvsd_reload >/run/said
ns director ipvswait "tcp:$VIP:81=absent" >/run/out
is "a server was deleted, and its director leaves the file: the service goes" $? 0
is "none of this was a failure of a director" "$(logged ' failed: |cannot read')" 0
lvsd_stop
is "lvsd ends well" $? 0
finish
