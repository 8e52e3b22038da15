# upgrade.sh THIS NEXT: a package of lvsd, and one after it that is installed over it while
# requests go through the table. Run by tests/package, in a guest whose $OUT is
# a fresh system that may be written to; THIS and NEXT are files in its /tmp.
. "$(dirname "$0")/test.sh"
this=$1 next=$2

lab_up
start_backends
modprobe -a ip_vs_wlc ip_vs_wrr
for dir in proc sys dev; do
	mount --rbind /$dir "$OUT/$dir"
done
mount -t tmpfs -o mode=755 run "$OUT/run"
printf '#!/bin/sh\nexit 0\n' >"$OUT/usr/sbin/policy-rc.d"
in_system()
{
	ns director chroot "$OUT" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
		DEBIAN_FRONTEND=noninteractive "$@"
}
# The file of the new package is another one; the operator's stays.
dpkg_install() { in_system dpkg --force-confold -i "/tmp/$1"; }
status() { in_system lvsctl --json status; }
pid() { status | jq .pid; }
table() { ns director ipvsadm -Sn | sort; }
is_up() { [ "$(status | jq '[.directors[].servers[] | select(.health == "up")] | length')" = 3 ]; }

check "install" dpkg_install "$this"
check "it runs" wait_for 60 in_system lvsctl status
cat >"$OUT/etc/lvs.conf" <<END
director web $VIP:80
 balance roundrobin
 check interval 200ms timeout 100ms
 option tcpcheck
 server rs1 10.2.0.11:80 weight 2 check
 server rs2 10.2.0.12:80 weight 2 check
 server rs3 10.2.0.13:80 weight 2 check
END
check "reload" in_system /etc/init.d/lvsd reload
check "three servers serve" wait_for 60 is_up
check "an operator's decision" in_system lvsctl weight web/rs3 5
table >/run/table
first=$(pid)
hammer_start new -c 4 -r 300 "$VIP" 80
hammer_start kept -k -c 10 -r 100 "$VIP" 80
check "install the next version" dpkg_install "$next"
is "it is another process" "$([ "$(pid)" != "$first" ] && echo yes)" yes
is "the version that dpkg has" "$(in_system dpkg-query -W -f '${Version}' lvsd)" \
	"$(dpkg-deb -f "$OUT/tmp/$next" Version)"
check "three servers serve" wait_for 60 is_up
is "the table is as it was" "$(table | diff /run/table -)" ""
hammer_stop new
is "no new connection failed" "$? $(hammer_get new failed)" "0 0"
hammer_stop kept
is "no connection of before was lost" "$? $(hammer_get kept failed)" "0 0"
note "upgrade_requests=$(($(hammer_get new ok) + $(hammer_get kept ok)))"
is "who wrote the file, keeps it" "$(grep -c 'server rs3' "$OUT/etc/lvs.conf")" 1
check "stop" in_system /etc/init.d/lvsd stop
check "purge" in_system dpkg --purge lvsd
for dir in run dev sys proc; do
	umount -l "$OUT/$dir"
done
finish
