# lab: -t 180
# t_sorry.sh: the sorry page steps in when the last server is down and out when
# the first is back; no request goes unanswered in between. Servers without a
# check are always in, and nobody gets traffic before he was seen healthy.
. "$(dirname "$0")/test.sh"

lab_up 4
SERVERS='rs1 rs2' start_backends
start_backend rs4
refuse rs1
refuse rs2
lvsd_start <<END
director web $VIP:80
 check interval 1 timeout 1 fall 3
 option tcpcheck
 server rs1 10.2.0.11:80 check
 server rs2 10.2.0.12:80 check
 server page 10.2.0.14:80 sorry
director plain $VIP:81
 server rs1 10.2.0.11:80
 server rs3 10.2.0.13:80
director all-sorry $VIP:82
 option tcpcheck
 server rs1 10.2.0.11:80 check
 server dead 10.2.0.13:80 check sorry
END
rs() { echo "tcp:$VIP:80,$(rs_addr $1):80"; }
ns director ipvswait "$(rs rs4)=1" "$(rs rs1)=absent" >/run/in
is "all are down at the start: the page serves" $? 0
is "no dead server was ever in the table" "$(logged '(unknown|down) -> up')" 0
is "servers without a check are in" \
	"$(ns director ipvsadm -Sn | grep -c "$VIP:81 -r")" 2
is "a sorry server that is down is not used" \
	"$(ns director ipvsadm -Sn | grep -c "$VIP:82 -r")" 0
like "status says who serves" "$(lvsctl status)" '^web .* sorry'

hammer_start web -c 4 -r 500 "$VIP" 80
heal rs1
ns director ipvswait "$(rs rs1)=1" >/run/up
ns director ipvswait "$(rs rs4)=absent" >/run/out
is "the first is back: the page leaves" $? 0
heal rs2
ns director ipvswait "$(rs rs2)=1" >/run/up
hammer_stop web
is "no request failed on the way" "$(hammer_get web failed)" 0
like "both were seen" "$(hammer_get web from_rs1) $(hammer_get web from_rs4)" '^[1-9].* [1-9]'
lvsd_stop
finish
