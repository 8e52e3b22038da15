# lab: -t 60
. "$(dirname "$0")/test.sh"

lab_up 2
start_backends
ip -n router route add 192.0.2.0/28 via 10.2.0.2
lvsd_start <<END
director web
 mode nat
 balance roundrobin
 option tcpcheck
 server rs1 10.2.0.11 check port 80
 server rs2 10.2.0.12 check port 80
flow w director web
 match proto tcp dst 192.0.2.0/28 dstport 80
END
ns director ipset list
ns director iptables-legacy -t mangle -S
ns director ip rule
ns director ip route show table 19542
cat /var/lib/lvsd/state
lvsctl status
ns director ipvsadm -Ln
hammer_run one -c 2 -n 20 192.0.2.3 80
cat /run/hammer/one
cat $LVSD_LOG
ok x
lvsd_stop
finish
