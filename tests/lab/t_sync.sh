# lab: -t 200
# t_sync.sh: the kernel's daemons that copy connections run as file and operator have
# it, over restarts; and what is not ours in the table is shown apart.
. "$(dirname "$0")/test.sh"

lab_up 1
conf()
{
	lvsd_conf <<-END
	global
	 $1
	director web $VIP:80
	 server rs1 10.2.0.11:80
	END
}
runs() { ns director ipvsadm -L --daemon | sed -E 's/ daemon.*mcast=([^,]*), syncid=([0-9]+).*/ \1 \2/' | sort | xargs; }

conf "sync backup interface eth0 syncid 7"
lvsd_start </dev/null
is "what the file says runs" "$(runs)" "backup sync eth0 7"
is "status knows" "$(lvsctl --json status | jq -c '[.sync.master, .sync.backup.syncid, .sync.backup.ours]')" '[null,7,true]'
check "sync master" lvsctl sync master
is "with the settings of the file, and nothing else" "$(runs)" "master sync eth0 7"
check "reload" lvsctl reload
is "the operator's word stands" "$(runs)" "master sync eth0 7"
lvsd_stop KILL
is "lvsd is dead: it runs on" "$(runs)" "master sync eth0 7"
lvsd_start </dev/null
is "after a restart it is as he said" "$(runs)" "master sync eth0 7"
check "sync both" lvsctl sync both
is "both" "$(runs)" "backup sync eth0 7 master sync eth0 7"
conf "sync both interface eth0 syncid 8"
check "other settings" lvsctl reload
is "both run with these" "$(runs)" "backup sync eth0 8 master sync eth0 8"
check "sync off" lvsctl sync off
is "none" "$(runs)" ""
check "off again" lvsctl sync off
conf "sync both interface nosuch syncid 8"
check "an interface that is not there" lvsctl reload
fails "cannot start" 1 lvsctl sync master
like "the reason" "$tap_said" 'master: No such device'
ip -n director link add nosuch type dummy
ip -n director link set nosuch up
check "the audit tries again" lvsctl audit
is "now it runs" "$(runs)" "master sync nosuch 8"
conf "empty yes"
check "no sync in the file" lvsctl reload
fails "then an operator cannot start it" 1 lvsctl sync master
like "he is told why" "$tap_said" 'it has no "sync" under "global"'
fails "a word that is none" 1 lvsctl sync up

conf "sync master interface eth0 syncid 9"
lvsctl sync master >/run/said 2>&1
check "reload" lvsctl reload
check "sync master" lvsctl sync master
is "the master" "$(runs)" "master sync eth0 9"

# ---- what is not ours ----

is "nothing is foreign" "$(lvsctl table --foreign)" ""
ns director ipvsadm -A -t 10.9.9.7:80 -s rr
ns director ipvsadm -a -t 10.9.9.7:80 -r 10.2.0.11:80 -m -w 5
is "foreign is what someone else made" "$(lvsctl table --foreign)" \
	"-A -t 10.9.9.7:80 -s rr
-a -t 10.9.9.7:80 -r 10.2.0.11:80 -m -w 5"
is "and what is ours is not" "$(lvsctl table)" \
	"-A -t $VIP:80 -s wlc
-a -t $VIP:80 -r 10.2.0.11:80 -m -w 1"
lvsctl stop --clear
wait $lvsd_pid
is "with the table what we started goes" "$(runs)" ""
finish
