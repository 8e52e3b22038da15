# lab: -t 400
# t_unit.sh: the systemd units, run by systemd, in a guest of its own kind: a process
# namespace where systemd is number 1. Every kind of check, the kernel settings, the state
# file, a reload, a death and a new start, all within the sandbox.
. "$(dirname "$0")/test.sh"

lab_up
start_backends
start_nginx rs1
modprobe -a ip_vs_wlc ip_vs_wrr
top=$(dirname "$0")/../..

# ---- a system with these units ----

mkdir -p /run/units/lvsd.service.d /run/programs /run/checks
cp "$BUILDDIR/lvsd" "$BUILDDIR/lvsctl" "$BUILDDIR/lvsd-tls.so" /run/programs
sed -e "s,@sbindir@,/run/programs," -e "s,@sysconfdir@/lvs.conf,$LVSD_CONF," \
	"$top/dist/systemd/lvsd.service.in" >/run/units/lvsd.service
printf '[Service]\nStandardError=append:%s\n' "$LVSD_LOG" >/run/units/lvsd.service.d/log.conf
for unit in lab basic sysinit shutdown network nss-user-lookup; do
	printf '[Unit]\nDefaultDependencies=no\n' >/run/units/$unit.target
done
cat >/run/system <<'END'
mount -t proc proc /proc
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t tmpfs -o mode=1777 tmp /tmp
mount -t tmpfs -o mode=1777 tmp /var/tmp
container=lab SYSTEMD_UNIT_PATH=/run/units
export container SYSTEMD_UNIT_PATH
exec /lib/systemd/systemd --system --unit=lab.target --log-target=kmsg --show-status=no
END
: >"$LVSD_LOG"
ip netns exec director unshare --pid --fork --mount --kill-child sh /run/system </dev/null >/run/system.log 2>&1 &
outer=$!
systemctl() { nsenter -t "$systemd" -a systemctl "$@"; }
systemd_answers() { systemd=$(pgrep -P $outer) && systemctl show -p Version; }
check "systemd runs" wait_for 60 systemd_answers
property() { systemctl show --value -p "$1" lvsd; }
state_is() { [ "$(property ActiveState)" = "$1" ]; }

# ---- start: every kind of check ----

printf '#!/bin/sh\necho seen by $(id -un)\n' >/run/checks/look
chmod 755 /run/checks/look
checks()
{
	cat <<-END
	global
	 user daemon
	 status /run/lvsd/status.sock group mail
	director tcp $VIP:80
	 option persistence
	 option tcpcheck
	 server rs1 10.2.0.11:80 weight $1 check
	 server rs2 10.2.0.12:80 check
	director icmp $VIP:81
	 server rs1 10.2.0.11:80 check
	director icmp6 [$VIP6]:81
	 server rs1 [fd02::11]:80 check
	director arp $VIP:82
	 option arpcheck
	 server rs1 10.2.0.11:80 check
	director nd [$VIP6]:82
	 option arpcheck
	 server rs1 [fd02::11]:80 check
	director https $VIP:83
	 option httpscheck sni lab.example verify required cafile /run/lab/nginx/cert.pem
	 server rs1 10.2.0.11:8443 check
	director program $VIP:84
	 option externalcheck "/run/checks/look"
	 server rs1 10.2.0.11:80 check
	director marked
	 server rs1 10.2.0.11
	flow marked director marked
	 match proto tcp dst 192.0.2.9 dstport 80
	END
}
checks 1 | lvsd_conf
check "systemctl start returns when lvsd is ready" systemctl start lvsd
is "it is active" "$(property ActiveState)" active
health() { lvsctl --json status | jq -r ".directors[] | select(.name == \"$1\") | .servers[0].health"; }
is_up() { [ "$(health "$1")" = up ]; }
for director in tcp icmp icmp6 arp nd https program; do
	check "$director: its check passes in the sandbox" wait_for 30 is_up $director
done
like "the program ran as the checker's user" \
	"$(lvsctl --json status | jq -r '.directors[] | select(.name == "program") | .servers[0].check.text')" \
	'^seen by daemon$'
is "the kernel setting of persistence" "$(ns director sysctl -n net.ipv4.vs.expire_quiescent_template)" 1
check "the state file" wait_for 60 test -s /var/lib/lvsd/state

ip -n router route add 192.0.2.0/24 via 10.2.0.2
hammer_run marked -n 40 -c 2 192.0.2.9 80
is "sets and rules for a director without an address" "$(hammer_get marked ok) $(hammer_get marked failed)" "40 0"
rights() { sed -n "s/^$1:[[:blank:]]*//p" "/proc/$(pgrep -o -x lvsd)/status"; }
is "no more rights than lvsd(8) tells" "$(rights CapBnd) $(rights CapEff)" "00000000000031e1 00000000000031e1"
is "none to gain, and calls are filtered" "$(rights NoNewPrivs) $(rights Seccomp)" "1 2"
writer=/proc/$(pgrep -f '^lvsd: writer')
is "the process that writes has none" \
	"$(sed -n 's/^Cap\(Eff\|Prm\|Inh\|Amb\|Bnd\):[[:blank:]]*//p' "$writer/status" | sort -u)" 0000000000000000

# ---- the web page ----

if [ -x "$BUILDDIR/lvsweb" ]; then
	cp "$BUILDDIR/lvsweb" /run/programs
	mkdir -p /run/units/lvsweb.service.d
	sed "s,@sbindir@,/run/programs," "$top/dist/systemd/lvsweb.service.in" >/run/units/lvsweb.service
	# Users that are here in place of those that sysusers makes.
	printf '[Service]\nUser=games\nSupplementaryGroups=\nSupplementaryGroups=mail\nStandardError=append:/run/lvsweb.log\n' \
		>/run/units/lvsweb.service.d/lab.conf
	systemctl daemon-reload
	check "systemctl start lvsweb" systemctl start lvsweb
	page_is() { [ "$(ns director curl -s -m 60 http://127.0.0.1:8404/healthz)" = "$1" ]; }
	check "it reads the status as another user, by its group" wait_for 60 page_is ok
	web=/proc/$(pgrep -o -x lvsweb)
	is "without rights" "$(sed -n 's/^Cap\(Eff\|Prm\|Inh\|Amb\|Bnd\):[[:blank:]]*//p' "$web/status" | sort -u)" 0000000000000000
	is "nor a way to any, and calls are filtered" "$(sed -n 's/^\(NoNewPrivs\|Seccomp\):[[:blank:]]*//p' "$web/status" | xargs)" "1 2"
	like "rates of what the kernel forwards" "$(ns director curl -s -m 60 http://127.0.0.1:8404/metrics)" \
		'^lvsd_server_connections_total\{director="tcp",server="rs1"\} [0-9]+$'
	check "systemctl stop lvsweb" systemctl stop lvsweb
	is "as asked" "$(systemctl show --value -p Result lvsweb)" success
	[ "$tap_failed" = 0 ] || sed 's/^/# /' /run/lvsweb.log
fi

# ---- reload, a broken file, death, stop ----

hammer_start bg -c 4 -r 200 -b 10.1.1.1/50 "$VIP" 80
weight() { ns director ipvsadm -Sn | sed -n "s/.*-t $VIP:80 -r 10.2.0.11:80 .* -w \([0-9]*\).*/\1/p"; }
checks 5 | lvsd_conf
check "systemctl reload" systemctl reload lvsd
is "has the new weight" "$(weight)" 5
checks six | lvsd_conf
fails "systemctl reload of a broken file" 1 systemctl reload lvsd
is "what ran goes on" "$(property ActiveState) $(weight)" "active 5"

checks 7 | lvsd_conf
first=$(property MainPID)
systemctl kill -s KILL --kill-who=main lvsd
another_runs() { state_is active && [ "$(property MainPID)" != "$first" ]; }
check "killed, it is started again" wait_for 60 another_runs
has_weight() { [ "$(weight)" = "$1" ]; }
check "and goes on" wait_for 30 has_weight 7
check "systemctl restart" systemctl restart lvsd
check "systemctl stop" systemctl stop lvsd
is "it is stopped" "$(property ActiveState)" inactive
is "the table forwards on" "$(weight)" 7
hammer_stop bg
is "none of the requests meanwhile failed" "$? $(hammer_get bg failed)" "0 0"
kill -9 "$systemd"
wait "$outer" 2>/dev/null
finish
