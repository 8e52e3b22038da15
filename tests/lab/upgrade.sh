# upgrade.sh: the packages on a system with systemd, and those after them, which are installed
# over them while requests go through the table. Run by tests/package, in a guest whose $OUT
# is a fresh system that may be written to; in its /root are PACKAGE-this.deb and -next.deb.
. "$(dirname "$0")/test.sh"

lab_up
start_backends
modprobe -a ip_vs_wlc ip_vs_wrr
# Its own kernel file systems, and systemd as its first process, with little else to start.
mkdir -p /run/units
for unit in lab basic sysinit shutdown network nss-user-lookup; do
	printf '[Unit]\nDefaultDependencies=no\n' >/run/units/$unit.target
done
cat >/run/system <<END
mount -t proc proc "$OUT/proc"
mount --rbind /sys "$OUT/sys"
mount -t cgroup2 cgroup2 "$OUT/sys/fs/cgroup"
mount --rbind /dev "$OUT/dev"
mount -t tmpfs -o mode=755 run "$OUT/run"
mkdir "$OUT/run/units"
mount --bind /run/units "$OUT/run/units"
container=lab SYSTEMD_UNIT_PATH=/run/units:
export container SYSTEMD_UNIT_PATH
# Not a chroot, in which there are no user namespaces.
cd "$OUT" && pivot_root . mnt && umount -l mnt
exec /lib/systemd/systemd --system --unit=lab.target --log-target=kmsg --show-status=no
END
printf '#!/bin/sh\nexit 0\n' >"$OUT/usr/sbin/policy-rc.d"
ip netns exec director unshare --pid --fork --mount --kill-child sh /run/system </dev/null >/run/system.log 2>&1 &
outer=$!
in_system()
{
	nsenter -t "$systemd" -m -p -n -r -w env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
		DEBIAN_FRONTEND=noninteractive "$@"
}
systemd_answers() { systemd=$(pgrep -P $outer) && in_system systemctl show -p Version; }
check "systemd runs" wait_for 60 systemd_answers
# The file of the new package is another one; the operator's stays.
dpkg_install() { in_system dpkg --force-confold -i "/root/lvsd-$1.deb" "/root/lvsweb-$1.deb"; }
status() { in_system lvsctl --json status; }
pid() { status | jq .pid; }
table() { ns director ipvsadm -Sn | sort; }
is_up() { [ "$(status | jq '[.directors[].servers[] | select(.health == "up")] | length')" = 3 ]; }

page_has() { page=$(ns director curl -s -m 60 "http://127.0.0.1:8404/$1") && echo "$page" | grep -q "$2"; }

check "install" dpkg_install this
[ "$tap_failed" = 0 ] || finish
check "it runs" wait_for 60 in_system lvsctl status
check "so does the page, which reads the status" wait_for 60 page_has healthz '^ok$'
web_pid() { in_system systemctl show --value -p MainPID lvsweb; }
is "as a user of its own" "$(stat -c %u "/proc/$(pgrep -x lvsweb)")" "$(in_system id -u lvsweb)"
cat >"$OUT/etc/lvs.conf" <<END
director web $VIP:80
 balance roundrobin
 check interval 200ms timeout 100ms
 option tcpcheck
 server rs1 10.2.0.11:80 weight 2 check
 server rs2 10.2.0.12:80 weight 2 check
 server rs3 10.2.0.13:80 weight 2 check
END
check "reload" in_system systemctl reload lvsd
check "three servers serve" wait_for 60 is_up
check "the page has them" wait_for 60 page_has '' rs3
check "an operator's decision" in_system lvsctl weight web/rs3 5
table >/run/table
first=$(pid) first_web=$(web_pid)
hammer_start new -c 4 -r 300 "$VIP" 80
hammer_start kept -k -c 10 -r 100 "$VIP" 80
check "install the next version" dpkg_install next
is "it is another process" "$([ "$(pid)" != "$first" ] && echo yes)" yes
is "the version that dpkg has" "$(in_system dpkg-query -W -f '${Version}' lvsd)" \
	"$(dpkg-deb -f "$OUT/root/lvsd-next.deb" Version)"
check "three servers serve" wait_for 60 is_up
check "the page is there" wait_for 60 page_has healthz '^ok$'
is "by another process, too" "$([ "$(web_pid)" != "$first_web" ] && echo yes)" yes
is "the table is as it was" "$(table | diff /run/table -)" ""
hammer_stop new
is "no new connection failed" "$? $(hammer_get new failed)" "0 0"
hammer_stop kept
is "no connection of before was lost" "$? $(hammer_get kept failed)" "0 0"
note "upgrade_requests=$(($(hammer_get new ok) + $(hammer_get kept ok)))"
is "who wrote the file, keeps it" "$(grep -c 'server rs3' "$OUT/etc/lvs.conf")" 1
first=$(pid)
check "restart by the init script" in_system /etc/init.d/lvsd restart
is "which leaves it to systemd" "$([ "$(pid)" != "$first" ] && in_system systemctl show --value -p MainPID lvsd)" "$(pid)"
check "purge" in_system dpkg --purge lvsd lvsweb
is "neither runs" "$(pgrep -x 'lvsd|lvsweb')" ""
is "systemd knows neither" "$(in_system systemctl list-unit-files 'lvs*' --no-legend)" ""
is "the table forwards on" "$(table | diff /run/table -)" ""
kill -9 "$systemd"
wait "$outer" 2>/dev/null
finish
