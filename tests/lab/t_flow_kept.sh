# lab: -t 300
# t_flow_kept.sh: servers that take no new clients keep those they have, over UDP, too: of
# several directors at a time, of more clients than are remembered, and where these cannot
# be known.
. "$(dirname "$0")/test.sh"

lab_up 2
start_backends -u 53
ip -n router route add 192.0.2.0/24 via 10.2.0.2

conf()
{
	cat <<-END
		director one
		 server rs1 10.2.0.11
		director two
		 server rs1 10.2.0.11 weight 3
		 server rs2 10.2.0.12:53
		director sticky
		 option persistence
		 server rs2 10.2.0.12
		flow one director one
		 match proto udp dst 192.0.2.0/28 dstport 53
		flow two director two
		 match proto udp dst 192.0.2.16/28 dstport 53
		flow sticky director sticky
		 match proto udp dst 192.0.2.32/28 dstport 53
	END
	printf '%s\n' "$@"
}

# client NAME CLIENT ADDRESS: one that sends datagrams from one port of its own.
client()
{
	mkfifo "/run/$1.in" "/run/$1.out"
	# Both ends are ours, too, so that neither waits to be opened, or ends.
	eval "exec {$1_in}<>/run/$1.in {$1_out}<>/run/$1.out"
	ip netns exec client socat -t 200 - "UDP4:$3:53,bind=$2" <"/run/$1.in" >"/run/$1.out" &
}
# talk NAME: who answers its next datagram.
talk()
{
	local in=$1_in out=$1_out answer

	echo x >&"${!in}" && read -r -t 10 answer <&"${!out}"
	echo "$answer"
}
# how ADDRESS: what a datagram of a new client comes to. Answers of the kernel have a
# limit of rate for each client, so every question is another one's.
echo 0 >/run/asked
how()
{
	local n_asked

	n_asked=$(($(</run/asked) % 200 + 1))
	echo $n_asked >/run/asked # this may be a subshell
	ns client hammer -u -c 1 -n 1 -t "${2:-3000}" -b "10.1.1.$n_asked/1" "$1" 53 >/run/how 2>&1
	sed -n 's/^from_\(.*\)=1$/\1/p; s/^failed_\(.*\)=1$/\1/p' /run/how
}
says() { [ "$(how "$2")" = "$1" ]; }
mark() { lvsctl --json status | jq -r ".directors[] | select(.name == \"$1\").mark"; }
# kept DIRECTOR [ADDRESS]: how many clients (of this address) its set has.
kept()
{
	local set

	set=$(ns director iptables-legacy-save -t mangle | grep -- "-A LVSD-M-$(printf %08x "$(mark "$1")") " |
		sed -n 's/.* \(LVSD-4-KEPT-[0-9]*\) .*/\1/p')
	ns director ipset save "$set" | grep -c "^add.*,udp:[0-9]*,$2"
}
kept_is() { [ "$(kept "$2")" = "$1" ]; }
no_new() { ! ns director ipvsadm -Ln -f "$(mark "$1")" | grep -q ' Masq *[1-9]'; }

lvsd_start < <(conf)
client one 10.1.1.251 192.0.2.3
client two 10.1.1.252 192.0.2.19
client sticky 10.1.1.253 192.0.2.35
is "each talks to a server" "$(talk one)$(talk sticky)" rs1rs2
server=$(talk two)
like "of two as well" "$server" '^rs[12]$'
for i in one/rs1 two/rs1 two/rs2 sticky/rs2; do
	check "an operator takes $i out" lvsctl drain $i
done
check "new clients of the first are refused" wait_for 30 says refused 192.0.2.4
check "and of the second" wait_for 30 says refused 192.0.2.20
check "to the address that is talked to, too" wait_for 30 says refused 192.0.2.19
is "who talks goes on" "$(talk one)$(talk two)$(talk sticky)" "rs1${server}rs2"
check "who is kept of one is known" [ "$(kept one 192.0.2.3)" = 1 ]
check "and of the other" [ "$(kept two 192.0.2.19)" = 1 ]
check "persistence might let others begin: they are not refused" no_new sticky
is "they get no answer" "$(how 192.0.2.36 1000)" timeout
is "nobody is in their set" "$(kept sticky)" 0
lvsctl ready one/rs1
check "a server of one is back" wait_for 30 says rs1 192.0.2.4
check "nobody is kept any more" wait_for 30 kept_is 0 one
check "of the other as before" says refused 192.0.2.20
is "who talks goes on" "$(talk one)$(talk two)" "rs1$server"
is "the audit finds nothing" "$(lvsctl audit >/run/audit; logged 'rules of flows:')" 0

# Another mark, so that policy rules change, and a director that goes.
lvsd_reload < <(conf 'director given fwmark 7' ' server rs2 10.2.0.12' 'flow given director given' \
	' match proto udp dst 192.0.2.48/28 dstport 53' | sed '1,2d;/^flow one/,+1d') >/run/reload
is "a reload: the audit finds nothing" "$(lvsctl audit >/run/audit; logged 'rules of flows:')" 0
is "who talks goes on" "$(talk two)" "$server"
check "new ones are refused as before" says refused 192.0.2.20
lvsd_reload < <(conf) >/run/reload

# A director of connections of another machine: those could come at any time.
lvsd_reload < <(printf '%s\n' global ' sync backup interface eth0 syncid 7'; conf) >/run/reload
check "with sync: nobody is kept in a set" wait_for 30 kept_is 0 two
is "with sync: new clients get no answer" "$(how 192.0.2.20 1000)" timeout
is "who talks goes on" "$(talk one)$(talk two)" "rs1$server"
lvsd_reload < <(conf) >/run/reload
check "without it they are refused again" wait_for 30 says refused 192.0.2.20
is "who talks goes on" "$(talk two)" "$server"

# More than are remembered, or, on a slow machine, than can be read in time.
lvsctl ready two/rs2
check "a server is back" wait_for 30 says rs2 192.0.2.20
hammer_run many -u -c 200 -n 68000 -t 5000 192.0.2.21 53
lvsctl drain two/rs2
too_many() { [ "$(logged 'director two: .* cannot be told from those .* (more than 65536|cannot be read: Timer expired)')" -ge 1 ]; }
check "too many are told of" wait_for 90 too_many
is "new clients get no answer" "$(how 192.0.2.20 1000)" timeout
is "who talks goes on" "$(talk one)$(talk two)" "rs1$server"
is "none of them is in the set" "$(kept two)" 0
is "that was told once" "$(logged 'cannot be told from')" 1
lvsctl ready two/rs2
check "a server is back" wait_for 30 says rs2 192.0.2.20
lvsd_stop
lvsd_start -x </dev/null
lvsd_stop
is "nothing is left" "$(ns director iptables-legacy-save | grep LVSD; ns director ipset list -n)" ""
finish
